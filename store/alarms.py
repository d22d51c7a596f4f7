"""Alarms that an operator must look at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select

from pathways.engine.actions import RaiseAlarm
from pathways.engine.ids import derive
from pathways.errors import NotFound
from store import tables
from store.database import Session

RunCode = Literal["journey-stopped", "journey-overdue", "event-unreadable", "journeys-clash", "merged-again"]
"""What is wrong with what runs a journey: it was ended from outside, gives no turn, cannot be told of an event, came
by a merge to a patient who is on a pathway that does not go with its own, or cannot hear again of results that were
taken back from it when a merge was undone."""


def raise_(session: Session, journey: tables.Journey, action: RaiseAlarm) -> None:
    """Raise it; one that is there is the same."""
    _keep(session, tables.Alarm(id=action.alarm, code=action.code, journey=journey.id, task=action.task, at=action.at))


def raise_for_run(session: Session, journey: tables.Journey, code: RunCode, *, incident: str, now: datetime) -> None:
    """Raise what the journey itself cannot tell, once an incident."""
    id = run_alarm_id(journey, code, incident)
    _keep(session, tables.Alarm(id=id, code=code, journey=journey.id, task=None, at=now))


def run_alarm_id(journey: tables.Journey, code: RunCode, incident: str) -> str:
    """The id of the alarm of that incident."""
    return derive(journey.id, code, incident)


def _keep(session: Session, alarm: tables.Alarm) -> None:
    if session.get(tables.Alarm, alarm.id) is None:
        session.add(alarm)
        session.flush()


def acknowledge(session: Session, alarm: str, *, by: str, now: datetime) -> tables.Alarm:
    """Somebody looks at it; the first who does stays. NotFound where there is none."""
    row = session.get(tables.Alarm, alarm)
    if row is None:
        raise NotFound("There is no such alarm.", hint="GET /api/v1/alarms lists them.")
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = now, by
        session.flush()
    return row


def list_(
    session: Session,
    *,
    acknowledged: bool | None = False,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Alarm]:
    """Alarms, oldest first; `after` is (at, id) of the last one seen, None for `acknowledged` is both kinds."""
    rows = select(tables.Alarm)
    if acknowledged is not None:
        rows = rows.where(
            tables.Alarm.acknowledged_at.is_not(None) if acknowledged else tables.Alarm.acknowledged_at.is_(None)
        )
    if after is not None:
        at, id = after
        rows = rows.where((tables.Alarm.at > at) | ((tables.Alarm.at == at) & (tables.Alarm.id > id)))
    return session.scalars(rows.order_by(tables.Alarm.at, tables.Alarm.id).limit(limit)).all()


def count(session: Session) -> int:
    """How many nobody has looked at."""
    unseen = select(func.count()).select_from(tables.Alarm).where(tables.Alarm.acknowledged_at.is_(None))
    return session.scalar(unseen) or 0
