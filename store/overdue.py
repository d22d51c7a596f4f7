"""Journeys that are late: their wake-up passed without a turn, or they have not shown what was accepted for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, distinct, func, select, union_all

from store import tables
from store.database import Session

OVERDUE_AFTER = timedelta(minutes=2)
"""What is served sooner is not late: so long a restart may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A journey and what it has owed a turn since: its wake-up, or the receipt of an event."""

    journey: str
    due: datetime


def list_(session: Session, *, at: datetime, after: str = "", limit: int) -> Sequence[Overdue]:
    """Journeys that are overdue at that instant, by id; `after` is the id of the last one seen."""
    owed = _owed(at)
    rows = (
        select(owed.c.journey, func.min(owed.c.due))
        .where(owed.c.journey > after)
        .group_by(owed.c.journey)
        .order_by(owed.c.journey)
        .limit(limit)
    )
    return [Overdue(journey=journey, due=due) for journey, due in session.execute(rows)]


def read(session: Session, journey: str, *, at: datetime) -> Overdue | None:
    """Since when the journey is overdue; None where it is not."""
    owed = _owed(at)
    due = session.scalar(select(func.min(owed.c.due)).where(owed.c.journey == journey))
    return None if due is None else Overdue(journey=journey, due=due)


def count(session: Session, *, at: datetime) -> int:
    """How many journeys are overdue."""
    owed = _owed(at)
    return session.scalar(select(func.count(distinct(owed.c.journey)))) or 0


def _owed(at: datetime) -> Subquery:
    """What is owed a turn at that instant: `journey` and `due`, perhaps several a journey."""
    before = at - OVERDUE_AFTER
    wakeups = select(tables.Journey.id.label("journey"), tables.Journey.wakeup.label("due")).where(
        tables.Journey.wakeup < before
    )
    unshown = select(tables.Inbox.journey, tables.Inbox.received).where(
        tables.Inbox.state == "pending", tables.Inbox.received < before
    )
    return union_all(wakeups, unshown).subquery()
