"""Forms that were put to patients, and the answers that came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from pathways.engine.actions import CloseAsk, OpenAsk
from pathways.engine.journey import Scalar
from pathways.errors import Invalid, NotFound
from store import tables
from store.database import Session
from store.ids import new_id


def open_(session: Session, journey: tables.Journey, action: OpenAsk) -> None:
    """The form waits for answers; one that is there is the same."""
    if session.get(tables.Ask, action.ask) is not None:
        return
    session.add(
        tables.Ask(
            id=action.ask,
            journey=journey.id,
            patient=journey.patient,
            form=action.form,
            track=action.track,
            opened=action.opened,
            expires=action.expires,
            end=None,
            closed_at=None,
        )
    )
    session.flush()


def close(session: Session, action: CloseAsk) -> None:
    """The form waits no longer."""
    row = session.get(tables.Ask, action.ask)
    if row is None:
        raise Invalid("An action names a form that was never asked.")
    row.end, row.closed_at = action.end, action.at
    session.flush()


def read(session: Session, ask: str) -> tables.Ask:
    """The form that was asked; NotFound where there is none."""
    row = session.get(tables.Ask, ask)
    if row is None:
        raise NotFound("This form was not asked.")
    return row


def list_(session: Session, *, journey: str, open_only: bool = False) -> Sequence[tables.Ask]:
    """The forms that were put to the patient on this journey, in order."""
    rows = select(tables.Ask).where(tables.Ask.journey == journey)
    if open_only:
        rows = rows.where(tables.Ask.end.is_(None))
    return session.scalars(rows.order_by(tables.Ask.opened, tables.Ask.id)).all()


def keep_answers(
    session: Session,
    journey: tables.Journey,
    *,
    form: str,
    items: Mapping[str, Scalar],
    by: str,
    now: datetime,
    at: datetime | None = None,
    ask: str | None = None,
    source: str | None = None,
    version: int = 1,
    withdrawn: bool = False,
) -> tables.Answers:
    """Keep what came back, or a later version of it; the journey is told by an event of its own."""
    id = new_id()
    row = tables.Answers(
        id=id,
        source=source or id,
        version=version,
        withdrawn=withdrawn,
        at=at or now,
        patient=journey.patient,
        journey=journey.id,
        form=form,
        ask=ask,
        items=dict(items),
        received=now,
        by=by,
    )
    session.add(row)
    session.flush()
    return row


def versions(session: Session, *, journey: str, source: str) -> Sequence[tables.Answers]:
    """The versions of answers that are kept, in their order."""
    rows = select(tables.Answers).where(tables.Answers.journey == journey, tables.Answers.source == source)
    return session.scalars(rows.order_by(tables.Answers.version)).all()


def answers(
    session: Session, *, patient: str, after: tuple[datetime, str] | None = None, limit: int = 50
) -> Sequence[tables.Answers]:
    """What the patient answered, the latest first; `after` is (received, id) of the last ones seen."""
    rows = select(tables.Answers).where(tables.Answers.patient == patient)
    if after is not None:
        at, id = after
        rows = rows.where((tables.Answers.received < at) | ((tables.Answers.received == at) & (tables.Answers.id > id)))
    return session.scalars(rows.order_by(tables.Answers.received.desc(), tables.Answers.id).limit(limit)).all()
