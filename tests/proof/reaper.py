"""Kills the processes of a house by pid while results are streaming in, and says what was in flight when it did."""

import random
import time
from dataclasses import dataclass, field

from tests.proof.house import House
from tests.proof.ledger import Ledger, pending
from tests.proof.site import Program, until

LIFE_SECONDS = 0.3
STALLED_SECONDS = 300.0
INTO_ITS_PART = 0.3
"""How far the part of the stream that belongs to a kill has come when it strikes."""
IN_FLIGHT_WITHIN_SECONDS = 10.0


@dataclass(kw_only=True)
class Pace:
    """Lets a stream go on no further than its kills have come, so that they are spread over all of it."""

    size: int
    kills: int
    sent: int = 0
    struck: int = 0

    @property
    def may_go_on(self) -> bool:
        """Whether the next one may be sent."""
        return self.sent * (self.kills + 1) < self.size * (self.struck + 1)

    @property
    def is_time(self) -> bool:
        """Whether the next kill is due."""
        return self.sent * (self.kills + 1) >= self.size * (self.struck + INTO_ITS_PART)


@dataclass(kw_only=True)
class Reaper:
    """Kills by pid at seeded points."""

    house: House
    ledger: Ledger
    pace: Pace
    chance: random.Random
    kills: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def in_flight(self) -> int:
        """How many kills hit something under way."""
        return sum(what != "nothing" for _, what in self.kills)

    def strike(self, victim: Program) -> None:
        """When its time has come kill it in the middle of something, and start it again."""
        until(lambda: self.pace.is_time, within=STALLED_SECONDS, what="the stream goes on")
        time.sleep(self.chance.uniform(0, LIFE_SECONDS))
        before = self._await_flight(victim)
        victim.kill()
        self.kills.append((victim.name, self._hit(victim, before)))
        self.pace.struck += 1
        victim.start()
        victim.wait_ready()

    def _await_flight(self, victim: Program) -> frozenset[str]:
        deadline = time.monotonic() + IN_FLIGHT_WITHIN_SECONDS
        while not (flying := self._flying(victim)) and time.monotonic() < deadline:
            time.sleep(0.001)
        return flying

    def _flying(self, victim: Program) -> frozenset[str]:
        """What is under way in the victim: requests, or turns that were asked for and are not shown."""
        if victim is self.house.api:
            with self.ledger.lock:
                return frozenset(self.ledger.under_way)
        with self.house.database.read() as session:
            return pending(session)

    def _hit(self, victim: Program, before: frozenset[str]) -> str:
        """Whether the kill left some of it undone: a request that broke, a row that is still there."""
        if victim is self.house.api:
            while before & self.ledger.under_way:
                time.sleep(0.01)
            return "a request" if before & self.ledger.broken else "nothing"
        return "a turn" if before & self._flying(victim) else "nothing"
