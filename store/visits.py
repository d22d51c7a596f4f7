"""Visits that pathways planned, and what the hospital said of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from pathways.engine.actions import BookVisit, CloseVisit
from pathways.errors import Invalid, NotFound
from store import tables
from store.database import Session

Reported = Literal["booked", "kept", "cancelled", "missed"]


def book(session: Session, journey: tables.Journey, action: BookVisit) -> None:
    """Plan the visit; one that is there is planned anew and open again."""
    row = session.get(tables.Visit, action.visit)
    if row is None:
        row = tables.Visit(
            id=action.visit,
            journey=journey.id,
            patient=journey.patient,
            name=action.name,
            track=action.track,
            reported=None,
            reported_at=None,
            entry=None,
        )
        session.add(row)
    row.planned, row.earliest, row.latest = action.planned, action.earliest, action.latest
    row.end, row.closed_at = None, None
    session.flush()


def close(session: Session, action: CloseVisit) -> None:
    """What became of the visit."""
    row = session.get(tables.Visit, action.visit)
    if row is None:
        raise Invalid("An action names a visit that was never planned.")
    row.end, row.closed_at = action.end, action.at
    session.flush()


def read(session: Session, visit: str) -> tables.Visit:
    """The visit; NotFound where there is none."""
    row = session.get(tables.Visit, visit)
    if row is None:
        raise NotFound("There is no such visit.", hint="GET /api/v1/visits lists them.")
    return row


def find(session: Session, visit: str) -> tables.Visit | None:
    """The visit of that id; None where there is none."""
    return session.get(tables.Visit, visit)


def report(session: Session, visit: str, state: Reported, *, at: datetime) -> tables.Visit:
    """Keep what the hospital said; the journey is told by an event of its own."""
    row = read(session, visit)
    row.reported, row.reported_at = state, at
    session.flush()
    return row


def of_entry(session: Session, entry: str) -> tables.Visit | None:
    """The planned visit that an appointment or encounter of the record was found to be."""
    rows = select(tables.Visit).where(tables.Visit.entry == entry)
    return session.scalar(rows.order_by(tables.Visit.planned.desc()).limit(1))


def to_come(session: Session, patient: str, name: str) -> tables.Visit | None:
    """The patient's open visit of that name that comes first and that no other appointment stands for."""
    rows = select(tables.Visit).where(
        tables.Visit.patient == patient,
        tables.Visit.name == name,
        tables.Visit.end.is_(None),
        tables.Visit.entry.is_(None),
    )
    return session.scalar(rows.order_by(tables.Visit.planned, tables.Visit.id).limit(1))


def link(session: Session, visit: tables.Visit, entry: str | None) -> None:
    """It is that appointment or encounter from now on; None where there is none any more."""
    visit.entry = entry
    session.flush()


def list_(
    session: Session,
    *,
    patient: str | None = None,
    journey: str | None = None,
    open_only: bool = False,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Visit]:
    """Visits by their planned date; `after` is (planned, id) of the last one seen."""
    rows = select(tables.Visit)
    if patient is not None:
        rows = rows.where(tables.Visit.patient == patient)
    if journey is not None:
        rows = rows.where(tables.Visit.journey == journey)
    if open_only:
        rows = rows.where(tables.Visit.end.is_(None))
    if after is not None:
        planned, id = after
        rows = rows.where(
            (tables.Visit.planned > planned) | ((tables.Visit.planned == planned) & (tables.Visit.id > id))
        )
    return session.scalars(rows.order_by(tables.Visit.planned, tables.Visit.id).limit(limit)).all()
