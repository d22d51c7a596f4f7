"""Keeps watch over urgent work while the engine is away: the rungs of its ladders pass on time all the same.

It reads the store alone, so it works with Temporal and every worker down; where the engine works it finds nothing late.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from pathways.errors import StoreUnavailable, TongxingError
from store import foresights
from store.database import Database
from store.facts import Policy

LOOK_EVERY = timedelta(seconds=0.5)
GRACE = timedelta(seconds=1)
"""What the engine has not served so long after it was due is served here: so long a busy engine may take."""
PAGE = 100

_log = structlog.get_logger(__name__)


class Vigil:
    """Looks for urgent work whose ladder stands still; several processes may do so at once."""

    def __init__(self, database: Database, policy: Policy, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    async def run(self) -> None:
        """Look for as long as the process lives; a store that is away is waited for."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except TongxingError as away:
                _log.warning("urgent work not looked after", error=type(away).__name__)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    def look(self) -> int:
        """Pass every rung of urgent work that is late now; in how many journeys one passed.

        Raises:
            StoreUnavailable: the store is away.
        """
        before, after, passed = self._clock() - GRACE, "", 0
        while page := self._page(before, after):
            passed += sum(self._serve(journey) for journey in page)
            after = page[-1]
        return passed

    def _page(self, before: datetime, after: str) -> list[str]:
        with self._database.read() as session:
            return list(foresights.late(session, before=before, after=after, limit=PAGE))

    def _serve(self, journey: str) -> bool:
        try:
            with self._database.write() as session:
                fired = foresights.fire_rungs(session, journey, self._policy, now=self._clock())
        except StoreUnavailable:
            raise
        except Exception as defect:
            # One journey that cannot be served must not keep the others waiting.
            _log.error("urgent work of a journey not served", journey=journey, error=type(defect).__name__)
            return False
        if fired:
            _log.warning("a rung passed while the engine was away", journey=journey)
        return fired
