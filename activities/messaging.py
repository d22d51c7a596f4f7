"""Messages leave the outbox: leased in batches, through the gate, worded, handed to a channel, settled.

One message at a time is asked about, sent and settled, so a process that dies leaves at most one in doubt; its lease
ends, and the next sender uses the same key or asks the provider first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Literal, assert_never

import structlog
from temporalio import activity

from activities.channels.channel import Channel, Outcome, OutcomeKind, OutgoingMessage
from activities.wording import text_of
from pathways.engine.actions import RaiseAlarm
from pathways.errors import StoreUnavailable, TongxingError
from pathways.language.texts import Text
from store import alarms, gate, journeys, messages, patients, tables
from store.database import Database, Session, StoreDefect
from store.facts import Policy

GIVE_UP_AFTER = timedelta(days=2)
"""What was tried in vain for this long is given up, visibly; time in which it was not to leave does not count."""
RETRY_AFTER = timedelta(seconds=30)
"""Before the second attempt; twice as long before each one after it, an hour at most."""
RETRY_AFTER_AT_MOST = timedelta(hours=1)
SEND_TAKES_AT_MOST = timedelta(seconds=7)
"""A send is begun only while the lease lasts this long, also where the provider was asked first."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBatch:
    """Whose messages a dispatcher sends."""

    channel: str
    shard: int = 0
    shards: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a batch left in the outbox: whether more may leave now, and when the next one may."""

    taken: int
    more: bool
    next_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """What sending needs."""

    database: Database
    channel: Channel
    policy: Policy
    hospital: Text
    clock: Callable[[], datetime]
    batch: int = 50
    lease: timedelta = timedelta(seconds=15)


def send_batch(
    outbox: Outbox, *, urgent: bool, shard: int = 0, shards: int = 1, alive: Callable[[], None] = lambda: None
) -> Left:
    """Lease messages that may leave now, send and settle each; what the lease is too short for waits for the next one.

    `alive` is called before each message.

    Raises:
        StoreUnavailable: the store is away.
    """
    now = outbox.clock()
    with outbox.database.read() as session:
        due = messages.next_due(session, urgent=urgent, shard=shard, shards=shards)
    if due is None or due > now:
        return Left(taken=0, more=False, next_at=due)
    with outbox.database.write() as session:
        leased = messages.lease(
            session,
            by=token_hex(8),
            now=now,
            lease_seconds=outbox.lease.total_seconds(),
            limit=outbox.batch,
            urgent=urgent,
            shard=shard,
            shards=shards,
        )
    for message in leased:
        alive()
        _send(outbox, message)
    with outbox.database.read() as session:
        due = messages.next_due(session, urgent=urgent, shard=shard, shards=shards)
    return Left(taken=len(leased), more=due is not None and due <= outbox.clock(), next_at=due)


async def urgent_loop(outbox: Outbox, *, every: timedelta) -> None:
    """Send urgent messages for as long as the process lives; it asks nothing of Temporal."""
    while True:
        try:
            left = await asyncio.to_thread(send_batch, outbox, urgent=True)
        except StoreUnavailable:
            left = None
            _log.warning("urgent messages wait for the store")
        except Exception as defect:
            # Nothing else sends what is urgent, so this goes on whatever one message brings about.
            left = None
            _log.error("urgent messages broke off", error=type(defect).__name__)
        if left is None or not left.more:
            await asyncio.sleep(every.total_seconds())


class MessagingActivities:
    """Sends of bulk messages."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    # Who is told that it takes too long goes on all the same: between a send and its record nothing may interrupt.
    @activity.defn(name="send-bulk", no_thread_cancel_exception=True)
    def send_bulk(self, batch: SendBatch) -> Left:
        """Send one batch of routine messages of the shard; it beats before each message."""
        return send_batch(self._outbox, urgent=False, shard=batch.shard, shards=batch.shards, alive=activity.heartbeat)


def _send(outbox: Outbox, message: tables.Message) -> None:
    if not _lasts(outbox, message):
        _settle(outbox, message, "waiting")
        return
    try:
        with outbox.database.read() as session:
            row = messages.read(session, message.id)
            if row.lease_by != message.lease_by:
                return
            outgoing = _outgoing(session, outbox, row)
    except (StoreUnavailable, StoreDefect):
        raise  # that is not the message's fault
    except Exception as problem:
        # One message must not keep those behind it waiting.
        code = problem.code if isinstance(problem, TongxingError) else type(problem).__name__
        _log.error("a message cannot be written", message=message.id, problem=code)
        outgoing = "unwritable"
    match outgoing:
        case OutgoingMessage():
            outcome = _hand_over(outbox, message, outgoing)
            if outcome is None:
                _settle(outbox, message, "waiting")
            else:
                _record(outbox, message, outcome, outgoing.text)
        case gate.Deferred(until=until):
            _settle(outbox, message, "waiting", retry_at=until)
        case gate.Dropped(reason=reason):
            _settle(outbox, message, "dropped", outcome=reason)
        case "no-address" | "unwritable":
            _settle(outbox, message, "failed", outcome=outgoing)
        case _:
            assert_never(outgoing)


def _outgoing(
    session: Session, outbox: Outbox, message: tables.Message
) -> OutgoingMessage | gate.Deferred | gate.Dropped | Literal["no-address"]:
    verdict = gate.gate(session, message, outbox.clock(), outbox.policy)
    if not isinstance(verdict, gate.Allowed):
        return verdict
    recipient = _recipient(session, message)
    if recipient is None:
        return "no-address"
    text = text_of(session, message, hospital=outbox.hospital, now=outbox.clock())
    if text is None:
        return gate.Dropped(reason="over")
    return OutgoingMessage(key=message.id, recipient=recipient, text=text, urgent=message.urgent)


def _recipient(session: Session, message: tables.Message) -> str | None:
    if message.role is not None:
        return f"role:{message.role}"
    contact = next(iter(patients.contacts_of(session, message.patient)), None)
    return None if contact is None else f"{contact.kind}:{contact.value}"


def _lasts(outbox: Outbox, message: tables.Message) -> bool:
    """Whether the lease is long enough to send: after its end somebody else may."""
    return message.lease_until is not None and outbox.clock() + SEND_TAKES_AT_MOST < message.lease_until


def _hand_over(outbox: Outbox, message: tables.Message, outgoing: OutgoingMessage) -> Outcome | None:
    """Send, but first ask a provider that does not know keys what became of an earlier attempt.

    None, and nothing was sent, where the lease became too short meanwhile.
    """
    channel, earlier = outbox.channel, message.attempts > 1
    try:
        if earlier and not channel.honours_keys and (found := channel.query(outgoing.key)) is not None:
            return found
        return channel.send(outgoing) if _lasts(outbox, message) else None
    except Exception as defect:
        # A channel should raise nothing. Whether the message left is not known, and those behind it must not wait.
        _log.error("a channel broke off", message=message.id, error=type(defect).__name__)
        return Outcome(kind="unknown")


def _record(outbox: Outbox, message: tables.Message, outcome: Outcome, text: str) -> None:
    kind: OutcomeKind = outcome.kind
    match kind:
        case "accepted" | "delivered":
            state: messages.Settled = "delivered" if kind == "delivered" else "sent"
            _settle(outbox, message, state, outcome=kind, provider_id=outcome.provider_id, rendered=text)
        case "bad_address" | "opted_out":
            _settle(outbox, message, "failed", outcome=kind)
        case "retry" | "refresh_token" | "config_error" | "quota" | "unknown":
            now = outbox.clock()
            retry_at = now + (outcome.after or _pause(message))
            if retry_at > (message.tried_at or now) + GIVE_UP_AFTER:
                _settle(outbox, message, "failed", outcome=kind)
            else:
                _settle(outbox, message, "waiting", outcome=kind, retry_at=retry_at)
        case _:
            assert_never(kind)


def _pause(message: tables.Message) -> timedelta:
    first = timedelta(seconds=2) if message.urgent else RETRY_AFTER
    return min(first * 2 ** min(message.attempts - 1, 12), RETRY_AFTER_AT_MOST)


def _settle(
    outbox: Outbox,
    message: tables.Message,
    state: messages.Settled,
    *,
    outcome: str | None = None,
    provider_id: str | None = None,
    rendered: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    with outbox.database.write() as session:
        now = outbox.clock()
        settled = messages.settle(
            session,
            message.id,
            by=message.lease_by or "",
            state=state,
            now=now,
            outcome=outcome,
            channel=outbox.channel.name,
            provider_id=provider_id,
            rendered=rendered,
            retry_at=retry_at or now,
        )
        if settled and state == "failed":
            journey = journeys.read(session, message.journey)
            alarms.raise_(session, journey, RaiseAlarm(alarm=message.id, code="message-failed", at=now))
