"""Messages of other systems, as they came: kept beside what was read from them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.orm import defer

from pathways.errors import NotFound
from store import tables
from store.database import Session
from store.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it came; `control` is the sender's own id of it."""

    channel: tables.Channel
    sender: str
    message: str
    body: bytes
    control: str | None = None


def known(session: Session, arrived: Arrived) -> tables.Transmission | None:
    """The same message that came before; senders may use a control id again for another one.

    One without a control id is the same only where it could not be read before: so a retry is not held twice.
    """
    rows = select(tables.Transmission).where(
        tables.Transmission.channel == arrived.channel,
        tables.Transmission.sender == arrived.sender,
        tables.Transmission.digest == _digest(arrived.body),
    )
    if arrived.control is None:
        rows = rows.where(tables.Transmission.control.is_(None), tables.Transmission.state == "refused")
    else:
        rows = rows.where(tables.Transmission.control == arrived.control)
    return session.scalar(rows.limit(1))


def keep(
    session: Session, arrived: Arrived, *, state: tables.TransmissionState, answer: str, now: datetime
) -> tables.Transmission:
    """Keep the message in the transaction that keeps what it says."""
    row = tables.Transmission(
        id=new_id(),
        channel=arrived.channel,
        sender=arrived.sender,
        control=arrived.control,
        message=arrived.message,
        received=now,
        body=arrived.body,
        digest=_digest(arrived.body),
        state=state,
        answer=answer,
    )
    session.add(row)
    session.flush()
    return row


def read(session: Session, id: str) -> tables.Transmission:
    """The message; NotFound where there is none."""
    row = session.get(tables.Transmission, id)
    if row is None:
        raise NotFound("There is no such message.")
    return row


def heads(session: Session, ids: Collection[str]) -> Mapping[str, tables.Transmission]:
    """Those of the messages that are known, by id, without their bodies."""
    rows = select(tables.Transmission).options(defer(tables.Transmission.body, raiseload=True))
    return {row.id: row for row in session.scalars(rows.where(tables.Transmission.id.in_(ids)))}


def list_(
    session: Session,
    *,
    channel: tables.Channel | None = None,
    state: tables.TransmissionState | None = None,
    since: datetime | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Transmission]:
    """Messages by their receipt, oldest first, without their bodies; `after` is (received, id) of the last one seen."""
    rows = select(tables.Transmission).options(defer(tables.Transmission.body, raiseload=True))
    if channel is not None:
        rows = rows.where(tables.Transmission.channel == channel)
    if state is not None:
        rows = rows.where(tables.Transmission.state == state)
    if since is not None:
        rows = rows.where(tables.Transmission.received >= since)
    if after is not None:
        received, id = after
        rows = rows.where(
            (tables.Transmission.received > received)
            | ((tables.Transmission.received == received) & (tables.Transmission.id > id))
        )
    return session.scalars(rows.order_by(tables.Transmission.received, tables.Transmission.id).limit(limit)).all()


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()
