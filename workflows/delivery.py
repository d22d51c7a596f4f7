"""What was accepted reaches its journey: it is started and signalled from the inbox, and again until it shows it.

The inbox row decides: a signal that was lost is sent again, one that came twice is taken once by its event's id.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.clock import utc_now
from pathways.engine.events import AnyEvent
from pathways.errors import StoreUnavailable, TongxingError
from store import alarms, idempotency, inbox, journeys, searches, tables, tasks
from store.database import Database, Session
from store.facts import Policy
from workflows.contracts import JourneyInput
from workflows.runs import Runs

SWEEP_EVERY = timedelta(seconds=2)
"""How often the inbox is looked at where nobody prompts."""
AGAIN_AFTER = timedelta(seconds=5)
"""What is not shown this long after it was signalled is signalled again, then after twice as long each time."""
AGAIN_AFTER_AT_MOST = timedelta(minutes=10)
ROWS = 200
AT_ONCE = 20
HAND_OVER_WITHIN = timedelta(seconds=30)
"""What was not signalled this long after it was claimed waits for its next turn: a journey knows again what it took
lately, not what it took long ago."""
ANSWERS_KEPT = timedelta(days=7)
"""How long a request with a key can be sent again; its answer holds what was answered, names too."""
FORGET_EVERY = timedelta(hours=1)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Parcel:
    """What goes to one journey: its rows by receipt, and what it is started with where it has not begun."""

    journey: str
    events: tuple[AnyEvent, ...]
    start: JourneyInput | None


class Delivery:
    """Delivers inbox rows, when prompted and every few seconds; several processes may do so at once."""

    def __init__(
        self,
        client: Client,
        database: Database,
        *,
        task_queue: str,
        policy: Policy,
        history_length: int | None = None,
        again_after: timedelta = AGAIN_AFTER,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._clock = clock
        self._runs = Runs(
            client, database, task_queue=task_queue, policy=policy, history_length=history_length, clock=clock
        )
        self._again_after = again_after
        self._forget_at = datetime.min.replace(tzinfo=UTC)
        self._prompted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def prompt(self) -> None:
        """Say that something was committed to the inbox; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._prompted.set)

    async def run(self) -> None:
        """Deliver for as long as the process lives; a neighbour that is away is waited for."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                more = await self.sweep()
            except (TongxingError, RPCError) as away:
                _log.warning("inbox not delivered", error=type(away).__name__)
                more = False
            except Exception as defect:
                # Nothing else delivers, so this goes on whatever one journey brings about.
                _log.error("delivery broke off", error=type(defect).__name__)
                more = False
            if not more:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_EVERY.total_seconds()):
                        await self._prompted.wait()
            self._prompted.clear()

    async def sweep(self) -> bool:
        """Deliver what waits now; True where there may be more.

        Raises:
            StoreUnavailable: the store is away.
            RPCError: Temporal is away; what was claimed is sent again later.
        """
        parcels = await asyncio.to_thread(self._claim)
        limit = asyncio.Semaphore(AT_ONCE)

        async def hand_over(parcel: _Parcel) -> None:
            async with limit, asyncio.timeout_at(deadline):
                await self._hand_over(parcel)

        deadline = asyncio.get_running_loop().time() + HAND_OVER_WITHIN.total_seconds()
        for failed in await asyncio.gather(*map(hand_over, parcels), return_exceptions=True):
            if isinstance(failed, RPCError | StoreUnavailable):
                raise failed
            if isinstance(failed, BaseException) and not isinstance(failed, TimeoutError):
                _log.error("a journey could not be told", error=type(failed).__name__)
        if self._clock() >= self._forget_at:
            await asyncio.to_thread(self._forget)
        return sum(len(parcel.events) for parcel in parcels) >= ROWS

    def _claim(self) -> Sequence[_Parcel]:
        """Take rows and mark them signalled first: what a crash loses in between is sent again."""
        now = self._clock()
        with self._database.read() as session:
            if not self._due(session, now):
                return ()
        with self._database.write() as session:
            rows = _with_earlier(session, self._due(session, now))
            inbox.mark_signalled(session, [row.id for row in rows], now=now)
            by_journey = sorted(rows, key=lambda row: (row.journey, row.received, row.id))
            parcels = [
                self._parcel(session, journey, list(group), now)
                for journey, group in groupby(by_journey, key=lambda row: row.journey)
            ]
        return [parcel for parcel in parcels if parcel is not None]

    def _due(self, session: Session, now: datetime) -> Sequence[tables.Inbox]:
        fresh = inbox.pending(session, before=datetime.min.replace(tzinfo=UTC), limit=ROWS)
        again = inbox.pending(session, before=now - self._again_after, limit=ROWS)
        unshown = [row for row in again if row.signalled_at is not None and row.signalled_at < now - self._wait(row)]
        return [*fresh, *unshown]

    def _wait(self, row: tables.Inbox) -> timedelta:
        return min(self._again_after * 2 ** min(row.attempts - 1, 10), AGAIN_AFTER_AT_MOST)

    def _parcel(self, session: Session, journey: str, rows: Sequence[tables.Inbox], now: datetime) -> _Parcel | None:
        """What goes to the journey; None where nothing of it can be read, which must not keep the others waiting."""
        row = journeys.read(session, journey)
        events = tuple(event for one in rows if (event := _event(session, row, one, now)) is not None)
        start = None
        if row.status == "starting":
            try:
                start = self._runs.given(session, row)
            except ValueError as unreadable:
                _log.error("a journey could not be told", journey=journey, error=type(unreadable).__name__)
                return None
        return _Parcel(journey=journey, events=events, start=start) if events else None

    async def _hand_over(self, parcel: _Parcel) -> None:
        if parcel.start is not None and await self._runs.start(parcel.start):
            return
        if await self._runs.tell(parcel.journey, parcel.events) == "over":
            await asyncio.to_thread(self._refuse, [event.id for event in parcel.events])

    def _forget(self) -> None:
        now = self._clock()
        self._forget_at = now + FORGET_EVERY
        with self._database.write() as session:
            idempotency.forget(session, before=now - ANSWERS_KEPT)
            searches.forget(session, now=now)

    def _refuse(self, events: Sequence[str]) -> None:
        with self._database.write() as session:
            inbox.mark_refused(session, events)
            tasks.close_unadopted(session, events, now=self._clock())


def _with_earlier(session: Session, rows: Sequence[tables.Inbox]) -> Sequence[tables.Inbox]:
    """The rows, and with an act on a task all that its journey has not shown: the task may have come of that."""
    acting = sorted({row.journey for row in rows if row.kind.startswith("task-")})
    unshown = [one for journey in acting for one in inbox.of_journey(session, journey)]
    return list({row.id: row for row in (*rows, *unshown)}.values())


def _event(session: Session, journey: tables.Journey, row: tables.Inbox, now: datetime) -> AnyEvent | None:
    """The event; one that cannot be read is refused, and an operator is told."""
    try:
        return inbox.event_of(row)
    except ValueError:
        inbox.mark_refused(session, [row.id])
        alarms.raise_for_run(session, journey, "event-unreadable", incident=row.id, now=now)
        _log.error("an event cannot be read", journey=journey.id, kind=row.kind)
        return None
