"""What was accepted and not understood: shown until a person decides."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_

from pathways.errors import Conflict, NotFound
from store import tables
from store.database import Session
from store.ids import new_id
from store.patients import Identifier


def hold(
    session: Session,
    *,
    reason: str,
    payload: tables.Json,
    now: datetime,
    observation: str | None = None,
    notice: tables.Json | None = None,
    transmission: str | None = None,
    identifiers: Sequence[Identifier] = (),
) -> tables.Quarantine:
    """Keep what was not understood, as it came; `reason` is a code such as `unknown-unit`.

    `identifiers` name the patient whom it is about; when one of them is known, it can be taken in.
    """
    row = tables.Quarantine(
        id=new_id(),
        reason=reason,
        observation=observation,
        payload=payload,
        notice=notice,
        transmission=transmission,
        received=now,
        state="held",
        decided_by=None,
        decided_at=None,
    )
    session.add(row)
    session.flush()
    named = {(one.system, one.value) for one in identifiers}
    session.add_all(
        tables.QuarantineIdentifier(quarantine=row.id, system=system, value=value) for system, value in sorted(named)
    )
    session.flush()
    return row


def waiting_for(session: Session, identifiers: Sequence[Identifier]) -> Sequence[tables.Quarantine]:
    """What lies there because nobody was known by one of these, oldest first."""
    named = select(tables.QuarantineIdentifier.quarantine).where(
        tuple_(tables.QuarantineIdentifier.system, tables.QuarantineIdentifier.value).in_(
            [(one.system, one.value) for one in identifiers]
        )
    )
    rows = select(tables.Quarantine).where(
        tables.Quarantine.id.in_(named),
        tables.Quarantine.state == "held",
        tables.Quarantine.reason == "unknown-patient",
    )
    return session.scalars(rows.order_by(tables.Quarantine.received, tables.Quarantine.id)).all()


def identifiers_of(session: Session, id: str) -> Sequence[Identifier]:
    """By which identifiers the patient of it was named."""
    rows = select(tables.QuarantineIdentifier).where(tables.QuarantineIdentifier.quarantine == id)
    order = rows.order_by(tables.QuarantineIdentifier.system, tables.QuarantineIdentifier.value)
    return [Identifier(system=row.system, value=row.value) for row in session.scalars(order)]


def read(session: Session, id: str) -> tables.Quarantine:
    """The row; NotFound where there is none."""
    row = session.get(tables.Quarantine, id)
    if row is None:
        raise NotFound("There is nothing in quarantine under that id.")
    return row


def list_(
    session: Session,
    *,
    state: tables.QuarantineState | None = "held",
    reason: str | None = None,
    transmission: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Quarantine]:
    """What lies there, oldest first; `after` is (received, id) of the last one seen."""
    rows = select(tables.Quarantine)
    if state is not None:
        rows = rows.where(tables.Quarantine.state == state)
    if reason is not None:
        rows = rows.where(tables.Quarantine.reason == reason)
    if transmission is not None:
        rows = rows.where(tables.Quarantine.transmission == transmission)
    if after is not None:
        received, id = after
        rows = rows.where(
            (tables.Quarantine.received > received)
            | ((tables.Quarantine.received == received) & (tables.Quarantine.id > id))
        )
    return session.scalars(rows.order_by(tables.Quarantine.received, tables.Quarantine.id).limit(limit)).all()


def count(session: Session) -> int:
    """How much waits for a decision."""
    held = select(func.count()).select_from(tables.Quarantine).where(tables.Quarantine.state == "held")
    return session.scalar(held) or 0


def decide(session: Session, id: str, state: tables.QuarantineState, *, by: str, now: datetime) -> tables.Quarantine:
    """A person released or discarded it; Conflict where that was decided before."""
    row = session.get(tables.Quarantine, id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("There is nothing in quarantine under that id.")
    if row.state != "held":
        raise Conflict("This was decided already.", hint="Read it again.")
    row.state, row.decided_by, row.decided_at = state, by, now
    session.flush()
    return row
