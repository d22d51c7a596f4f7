"""The outbox: intents to tell somebody, leased to those who send them, and what became of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from pathways.engine.actions import NotifyStaff, RecallMessage, SendMessage
from pathways.engine.journey import Scalar
from pathways.errors import NotFound
from store import tables
from store.database import Session

BUCKETS = 64

Settled = Literal["sent", "delivered", "failed", "dropped", "waiting"]
"""What may become of a leased message; `waiting` is to try again later."""


def send(session: Session, journey: tables.Journey, action: SendMessage) -> None:
    """An intent to tell the patient; one that is there is the same."""
    _add(
        session,
        journey,
        id=action.message,
        role=None,
        template=action.template,
        track=action.track,
        urgent=action.urgent,
        purpose=action.purpose,
        own_hour=action.own_hour,
        not_before=action.not_before,
        values=action.values,
    )


def notify(session: Session, journey: tables.Journey, action: NotifyStaff) -> None:
    """An intent to tell the staff who hold a role; one that is there is the same."""
    _add(
        session,
        journey,
        id=action.message,
        role=action.role,
        template=action.template,
        track=action.track,
        urgent=action.urgent,
        not_before=action.at,
        values=action.values,
    )


def recall(session: Session, action: RecallMessage) -> None:
    """The message no longer holds; one that left stays as it is."""
    row = session.get(tables.Message, action.message, with_for_update=True)
    if row is not None and row.state in ("waiting", "leased"):
        # The lease stays on it: who is sending it right now will still tell the truth.
        row.state = "recalled"
        session.flush()


def recall_unsent(session: Session, journey: str) -> None:
    """What the journey had told its patient and has not left yet is not sent any more."""
    unsent = update(tables.Message).where(
        tables.Message.journey == journey,
        tables.Message.role.is_(None),
        tables.Message.state.in_(("waiting", "leased")),
    )
    session.execute(unsent.values(state="recalled").execution_options(synchronize_session="fetch"))


def _add(
    session: Session,
    journey: tables.Journey,
    *,
    id: str,
    role: str | None,
    template: str,
    track: str,
    urgent: bool,
    not_before: datetime,
    values: Mapping[str, Scalar | None],
    purpose: tables.Purpose = "care",
    own_hour: bool = False,
) -> None:
    if session.get(tables.Message, id) is not None:
        return
    session.add(
        tables.Message(
            id=id,
            journey=journey.id,
            patient=journey.patient,
            role=role,
            template=template,
            track=track,
            urgent=urgent,
            purpose=purpose,
            own_hour=own_hour,
            not_before=not_before,
            values=dict(values),
            state="waiting",
            bucket=blake2b(id.encode(), digest_size=1).digest()[0] % BUCKETS,
            created=not_before,
            lease_until=None,
            lease_by=None,
            attempts=0,
            tried_at=None,
            channel=None,
            provider_id=None,
            outcome=None,
            sent_at=None,
            delivered_at=None,
            rendered=None,
            dropped=None,
        )
    )
    session.flush()


def lease(
    session: Session,
    *,
    by: str,
    now: datetime,
    lease_seconds: float,
    limit: int,
    urgent: bool,
    shard: int = 0,
    shards: int = 1,
) -> list[tables.Message]:
    """Take up to `limit` messages that may leave now; they are `by`'s until the lease ends.

    `attempts` above 1 says that an earlier lease may have sent it. Two at once never take the same message.
    """
    rows = (
        select(tables.Message)
        .where(_lane(urgent, shard, shards), _takeable(now))
        .order_by(tables.Message.not_before, tables.Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = list(session.scalars(rows))
    for row in taken:
        row.state, row.lease_by, row.lease_until = "leased", by, now + timedelta(seconds=lease_seconds)
        row.attempts += 1
    session.flush()
    return taken


def next_due(session: Session, *, urgent: bool, shard: int = 0, shards: int = 1) -> datetime | None:
    """When the next message may leave, or a lease ends; None where nothing waits."""
    waiting = select(func.min(tables.Message.not_before)).where(
        _lane(urgent, shard, shards), tables.Message.state == "waiting"
    )
    leased = select(func.min(tables.Message.lease_until)).where(
        _lane(urgent, shard, shards), tables.Message.state == "leased"
    )
    return min((at for at in (session.scalar(waiting), session.scalar(leased)) if at is not None), default=None)


def settle(
    session: Session,
    message: str,
    *,
    by: str,
    state: Settled,
    now: datetime,
    outcome: str | None = None,
    channel: str | None = None,
    provider_id: str | None = None,
    rendered: str | None = None,
    retry_at: datetime | None = None,
) -> bool:
    """Say what became of a leased message; False, and nothing changed, where the lease went to another.

    `outcome` is a code of the channel or of the gate; `waiting` needs `retry_at`, and without an outcome it was not
    handed over, which is no attempt. A message that was recalled while it was being sent is `sent` where it left.
    """
    row = session.get(tables.Message, message, with_for_update=True)
    if row is None:
        raise NotFound("There is no such message.")
    if row.lease_by != by or row.state not in ("leased", "recalled"):
        return False
    row.lease_by, row.lease_until, row.outcome = None, None, outcome
    if row.state == "recalled" and state not in ("sent", "delivered"):
        session.flush()
        return True
    row.state = state
    match state:
        case "sent" | "delivered":
            row.sent_at, row.channel, row.provider_id, row.rendered = now, channel, provider_id, rendered
            row.delivered_at = now if state == "delivered" else None
        case "dropped":
            row.dropped = outcome
        case "waiting":
            row.not_before = retry_at or now
            if outcome is None:
                row.attempts -= 1
            elif row.tried_at is None:
                row.tried_at = now
        case "failed":
            row.channel, row.rendered = channel, rendered
    session.flush()
    return True


def read(session: Session, message: str) -> tables.Message:
    """The message; NotFound where there is none."""
    row = session.get(tables.Message, message)
    if row is None:
        raise NotFound("There is no such message.", hint="GET /api/v1/messages lists them.")
    return row


def list_(
    session: Session,
    *,
    patient: str | None = None,
    journey: str | None = None,
    state: tables.MessageState | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Message]:
    """Messages, the latest first; `before` is (created, id) of the last one seen."""
    rows = select(tables.Message)
    if patient is not None:
        rows = rows.where(tables.Message.patient == patient)
    if journey is not None:
        rows = rows.where(tables.Message.journey == journey)
    if state is not None:
        rows = rows.where(tables.Message.state == state)
    if before is not None:
        created, id = before
        rows = rows.where(
            (tables.Message.created < created) | ((tables.Message.created == created) & (tables.Message.id < id))
        )
    return session.scalars(rows.order_by(tables.Message.created.desc(), tables.Message.id.desc()).limit(limit)).all()


def contacts(session: Session, patient: str, *, since: datetime) -> list[datetime]:
    """When routine messages left for the patient, over all journeys."""
    rows = select(tables.Message.sent_at).where(
        tables.Message.patient == patient,
        tables.Message.role.is_(None),
        tables.Message.urgent.is_(False),
        tables.Message.own_hour.is_(False),
        tables.Message.sent_at > since,
    )
    return [at for at in session.scalars(rows) if at is not None]


def _lane(urgent: bool, shard: int, shards: int) -> ColumnElement[bool]:
    return and_(tables.Message.urgent.is_(urgent), tables.Message.bucket % shards == shard)


def _takeable(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(tables.Message.state == "waiting", tables.Message.not_before <= now),
        and_(tables.Message.state == "leased", tables.Message.lease_until <= now),
    )
