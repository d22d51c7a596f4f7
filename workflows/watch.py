"""Nothing is silently late: an overdue journey is woken, or goes on from the store, or an operator is told."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from temporalio.service import RPCError

from activities.clock import utc_now
from pathways.engine.events import Tick
from pathways.engine.ids import derive
from pathways.errors import StoreUnavailable, TongxingError
from store import alarms, journeys, overdue
from store.database import Database
from store.overdue import Overdue
from workflows.runs import Runs

LOOK_EVERY = timedelta(seconds=30)
PAGE = 200
AT_ONCE = 10
PATIENCE = timedelta(minutes=2)
"""How long a journey that was woken may take: whoever was away catches up first."""
ALARM_AFTER = timedelta(minutes=5)
"""A journey that was late for less is nobody's trouble."""
WAKE_AGAIN = timedelta(minutes=10)
"""How often a journey is woken of which an operator knows."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An overdue journey as this process has seen it."""

    due: datetime
    since: datetime
    woken: datetime | None = None
    told: bool = False

    def rests(self, now: datetime) -> bool:
        """Whether nothing is to be done for now."""
        return self.told and self.woken is not None and now < self.woken + WAKE_AGAIN

    def is_stuck(self, now: datetime) -> bool:
        """Whether waking it has not helped."""
        return not self.told and now >= self.since + PATIENCE and now >= self.due + ALARM_AFTER


class Watch:
    """Looks for overdue journeys; several processes may do so at once.

    What it saw before lives with the process: one that starts, perhaps after an outage, waits anew.
    """

    def __init__(self, runs: Runs, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._runs = runs
        self._database = database
        self._clock = clock
        self._known: Mapping[str, _Known] = {}

    async def run(self) -> None:
        """Look for as long as the process lives; a neighbour that is away is waited for."""
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                await self.look()
            except (TongxingError, RPCError) as away:
                _log.warning("late journeys not looked for", error=type(away).__name__)

    async def look(self) -> None:
        """See to every journey that is overdue now.

        Raises:
            StoreUnavailable: the store is away.
            RPCError: Temporal is away.
        """
        now = self._clock()
        known, self._known = self._known, {}  # where a neighbour is away, what was seen before counts no more
        seen: dict[str, _Known] = {}
        limit = asyncio.Semaphore(AT_ONCE)

        async def see_to(one: Overdue) -> None:
            async with limit:
                seen[one.journey] = await self._see_to(one, known.get(one.journey), now)

        after = ""
        while page := await asyncio.to_thread(self._page, now, after):
            for failed in await asyncio.gather(*map(see_to, page), return_exceptions=True):
                if isinstance(failed, RPCError | StoreUnavailable):
                    raise failed
                if isinstance(failed, BaseException):
                    # One journey that cannot be read must not keep the others waiting.
                    _log.error("a late journey could not be seen to", error=type(failed).__name__)
            after = page[-1].journey
        self._known = seen

    def _page(self, now: datetime, after: str) -> list[Overdue]:
        with self._database.read() as session:
            return list(overdue.list_(session, at=now, after=after, limit=PAGE))

    async def _see_to(self, one: Overdue, known: _Known | None, now: datetime) -> _Known:
        if known is None or known.due != one.due:
            known = _Known(due=one.due, since=now)
        if known.rests(now):
            return known
        # The same id for as long as it is late on the same account: the journey takes it in once in a while.
        tick = Tick(id=derive(one.journey, "overdue", one.due.isoformat()), received=now)
        run = await self._runs.tell(one.journey, [tick])
        if run == "running" and known.is_stuck(now):
            await asyncio.to_thread(self._tell, one, now)
            return replace(known, woken=now, told=True)
        return replace(known, woken=now, told=known.told or run == "stopped")

    def _tell(self, one: Overdue, now: datetime) -> None:
        with self._database.write() as session:
            row = journeys.lock(session, one.journey)
            if row is None or overdue.read(session, one.journey, at=now) != one:
                return  # it has moved meanwhile
            alarms.raise_for_run(session, row, "journey-overdue", incident=one.due.isoformat(), now=now)
        _log.error("a journey is overdue although it was woken", journey=one.journey)
