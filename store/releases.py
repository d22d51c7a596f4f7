"""Published releases: immutable, addressed by their checksum."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select

from pathways.errors import Invalid, NotFound
from pathways.language.release import Release, load_release
from store import tables
from store.database import Session


def publish(
    session: Session, release: Release, *, by: str, now: datetime, demonstration: bool = False
) -> tables.Release:
    """Publish a release; one that is published already is given back, for patients from now on where that is wanted.

    Raises:
        Invalid: it has unconfirmed parameters and is not for demonstration data alone.
    """
    if release.unconfirmed and not demonstration:
        raise Invalid(
            f"No clinician has confirmed: {', '.join(release.unconfirmed)}.",
            hint="Have them confirmed in the pathway file, or publish it for demonstration data alone.",
        )
    known = session.get(tables.Release, release.checksum)
    if known is not None:
        known.demonstration = known.demonstration and demonstration
        return known
    last = session.scalar(select(func.max(tables.Release.number))) or 0
    row = tables.Release(
        checksum=release.checksum,
        number=last + 1,
        pathway=release.pathway.pathway,
        text=release.text,
        published_at=now,
        by=by,
        demonstration=demonstration,
    )
    session.add(row)
    session.flush()
    return row


def read(session: Session, checksum: str) -> tables.Release:
    """The release of that checksum; NotFound where it was never published."""
    row = session.get(tables.Release, checksum)
    if row is None:
        raise NotFound("There is no such release.", hint="GET /api/v1/releases lists them.")
    return row


def latest(session: Session, pathway: str) -> tables.Release:
    """The release of the pathway that was published last; NotFound where there is none."""
    rows = select(tables.Release).where(tables.Release.pathway == pathway).order_by(tables.Release.number.desc())
    row = session.scalar(rows.limit(1))
    if row is None:
        raise NotFound(f"There is no pathway '{pathway[:60]}'.", hint="GET /api/v1/releases lists the published ones.")
    return row


def list_(
    session: Session, *, pathway: str | None = None, after: int | None = None, limit: int = 50
) -> Sequence[tables.Release]:
    """Releases, the last published first; `after` is the number of the last one seen."""
    rows = select(tables.Release)
    if pathway is not None:
        rows = rows.where(tables.Release.pathway == pathway)
    if after is not None:
        rows = rows.where(tables.Release.number < after)
    return session.scalars(rows.order_by(tables.Release.number.desc()).limit(limit)).all()


def current(session: Session) -> Sequence[tables.Release]:
    """The latest release of each pathway."""
    newest = select(func.max(tables.Release.number)).group_by(tables.Release.pathway)
    rows = select(tables.Release).where(tables.Release.number.in_(newest))
    return session.scalars(rows.order_by(tables.Release.pathway)).all()


def load(row: tables.Release) -> Release:
    """The release, ready to run."""
    return load_release(row.text)


@lru_cache(maxsize=256)
def seasons_of(text: str) -> frozenset[str]:
    """The seasons that anchors of a release are taken from."""
    return frozenset(one.season for one in load_release(text).pathway.anchors.values() if one.season is not None)


@lru_cache(maxsize=256)
def codes_of(text: str) -> frozenset[str]:
    """The codes of the results that a release watches."""
    return frozenset(code for data in load_release(text).pathway.data.values() for code in data.observation)
