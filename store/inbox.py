"""Events that were accepted for a journey: kept from the transaction that did so until the journey shows them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy import or_, select, update

from pathways.engine.events import AnyEvent, Event
from store import tables
from store.database import Session


@cache
def _adapter() -> TypeAdapter[AnyEvent]:
    return TypeAdapter(Event)


def add(session: Session, *, journey: tables.Journey, event: AnyEvent) -> tables.Inbox:
    """Keep the event for the journey; the same event again is the row that is there."""
    known = session.get(tables.Inbox, event.id)
    if known is not None:
        return known
    row = add_new(session, journey=journey, event=event)
    session.flush()
    return row


def add_new(session: Session, *, journey: tables.Journey, event: AnyEvent) -> tables.Inbox:
    """Keep an event that cannot be there; it is written with the next flush, so that many are written at once."""
    row = tables.Inbox(
        id=event.id,
        journey=journey.id,
        patient=journey.patient,
        kind=event.kind,
        payload=_adapter().dump_python(event, mode="json"),
        received=event.received,
        state="pending",
        signalled_at=None,
        attempts=0,
    )
    session.add(row)
    return row


def event_of(row: tables.Inbox) -> AnyEvent:
    """The engine's event."""
    return _adapter().validate_python(row.payload)


def pending(session: Session, *, before: datetime, limit: int) -> Sequence[tables.Inbox]:
    """What is to be signalled, oldest receipt first: never signalled, or before `before` and still not shown."""
    rows = (
        select(tables.Inbox)
        .where(
            tables.Inbox.state == "pending",
            or_(tables.Inbox.signalled_at.is_(None), tables.Inbox.signalled_at < before),
        )
        .order_by(tables.Inbox.received, tables.Inbox.id)
        .limit(limit)
    )
    return session.scalars(rows).all()


def of_journey(session: Session, journey: str, *, limit: int | None = None) -> Sequence[tables.Inbox]:
    """What the journey has not shown yet, in the order of receipt; all of it unless there is a limit."""
    rows = (
        select(tables.Inbox)
        .where(tables.Inbox.journey == journey, tables.Inbox.state == "pending")
        .order_by(tables.Inbox.received, tables.Inbox.id)
        .limit(limit)
    )
    return session.scalars(rows).all()


def read(session: Session, event: str) -> tables.Inbox | None:
    """The row of an event id."""
    return session.get(tables.Inbox, event)


def mark_signalled(session: Session, ids: Collection[str], *, now: datetime) -> None:
    """They were handed to their journeys; unless shown, they are handed over again later."""
    session.execute(
        update(tables.Inbox)
        .where(tables.Inbox.id.in_(ids))
        .values(signalled_at=now, attempts=tables.Inbox.attempts + 1)
        .execution_options(synchronize_session="fetch")
    )


def mark_reflected(session: Session, ids: Collection[str]) -> None:
    """Their journeys took them in."""
    _settle(session, ids, "reflected")


def mark_refused(session: Session, ids: Collection[str]) -> None:
    """Their journeys will never take them in: they ended before."""
    _settle(session, ids, "refused")


def _settle(session: Session, ids: Collection[str], state: tables.InboxState) -> None:
    session.execute(
        update(tables.Inbox)
        .where(tables.Inbox.id.in_(ids), tables.Inbox.state == "pending")
        .values(state=state)
        .execution_options(synchronize_session="fetch")
    )
