"""Kills the processes of a house by pid while results are streaming in, and says what was in flight when it did."""

import random
import time
from dataclasses import dataclass, field

from store import tables
from tests.proof.house import House
from tests.proof.ledger import Ledger, pending
from tests.proof.site import Program, until

LIFE_SECONDS = (0.5, 2.0)
AWAY_AT_MOST_SECONDS = 120.0
IN_FLIGHT_WITHIN_SECONDS = 10.0


@dataclass(kw_only=True)
class Reaper:
    """Kills by pid at seeded points."""

    house: House
    ledger: Ledger
    chance: random.Random
    kills: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def in_flight(self) -> int:
        """How many kills hit something under way."""
        return sum(what != "nothing" for _, what in self.kills)

    def strike(self, victim: Program) -> None:
        """After a while of life kill it in the middle of something, and start it again."""
        taken_in = self._taken_in()
        until(lambda: self._taken_in() > taken_in, within=AWAY_AT_MOST_SECONDS, what="life goes on")
        time.sleep(self.chance.uniform(*LIFE_SECONDS))
        before = self._await_flight(victim)
        victim.kill()
        self.kills.append((victim.name, self._hit(victim, before)))
        victim.start()
        victim.wait_ready()

    def _taken_in(self) -> int:
        with self.house.database.read() as session:
            return session.query(tables.Inbox).where(tables.Inbox.state == "reflected").count()

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
