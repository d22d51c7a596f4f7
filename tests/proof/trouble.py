"""Life at a site, and the one who kills its processes in the middle of it."""

import random
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from activities.clock import utc_now
from store import tables
from store.database import Database
from tests.proof.ledger import Ledger, Result, leased, pending
from tests.proof.pathway import CODE, STRONG, UNIT, Person
from tests.proof.site import Program, Site, until

AWAY_AT_MOST_SECONDS = 120.0
IN_FLIGHT_WITHIN_SECONDS = 15.0
POSTS_A_SECOND = 3.0
RESULTS_BETWEEN_KILLS = (2, 8)


def insist(site: Site, ledger: Ledger, path: str, body: dict[str, Any]) -> httpx.Response:
    """Ask the intake again until it answers, as a hospital's system does."""
    deadline = time.monotonic() + AWAY_AT_MOST_SECONDS
    attempt = 0
    while True:
        attempt += 1
        try:
            with ledger.request(f"{path}/{body.get('id') or body.get('task') or body['patient']}/{attempt}"):
                response = site.post(path, body)
            if response.status_code != 503:
                return response
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"{path} was not answered"
        time.sleep(0.1)


def enrol(site: Site, ledger: Ledger, person: Person) -> str:
    """Start a journey; its id."""
    response = insist(site, ledger, "/journeys", {"patient": person.id, "pathway": "proof"})
    assert response.status_code == 201, response.text
    journey = str(response.json()["journey"])
    ledger.journeys[journey] = person
    return journey


def report(site: Site, ledger: Ledger, person: Person, value: int, **more: Any) -> Result:
    """Send a result until it is accepted."""
    result = Result(id=f"{person.name}-{value}", person=person, value=value)
    body = {
        "id": result.id,
        "patient": person.id,
        "code": CODE,
        "value": float(value),
        "unit": UNIT,
        "effective": utc_now().isoformat(),
    }
    response = insist(site, ledger, "/results", body | more)
    assert response.status_code == 202, response.text
    with ledger.lock:
        ledger.results.append(result)
    return result


@contextmanager
def living(site: Site, ledger: Ledger, persons: Sequence[Person], seed: int) -> Generator[None]:
    """Journeys start, results arrive and half of the calls are made, for as long as the block lasts."""
    stop = threading.Event()
    pause = len(persons) / POSTS_A_SECOND
    with ThreadPoolExecutor(len(persons) + 1) as pool:
        lives = [
            pool.submit(_live, site, ledger, person, stop, seed * 1000 + number, pause)
            for number, person in enumerate(persons)
        ]
        nurse = pool.submit(_nurse, site, ledger, stop)
        try:
            yield
        finally:
            stop.set()
        for life in (*lives, nurse):
            life.result()


def _live(site: Site, ledger: Ledger, person: Person, stop: threading.Event, seed: int, pause: float) -> None:
    chance = random.Random(seed)
    enrol(site, ledger, person)
    for number in range(1, STRONG):
        if stop.wait(chance.uniform(0, 2 * pause)) and number > 1:
            return
        report(site, ledger, person, number + (STRONG if chance.random() < 0.6 else 0))


def _nurse(site: Site, ledger: Ledger, stop: threading.Event) -> None:
    """Make every call about an even value, once."""
    while not stop.is_set():
        for task in _calls(site.database):
            if task not in ledger.completed:
                response = insist(site, ledger, "/completions", {"task": task, "outcome": "reached"})
                assert response.status_code in (200, 202), response.text
                ledger.completed.add(task)
        stop.wait(0.3)


def _calls(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.query(tables.Task).where(tables.Task.name == "call", tables.Task.status == "open")
        return [row.id for row in rows if int(row.values["pain"] or 0) % 2 == 0]


@dataclass(kw_only=True)
class Killer:
    """Kills by pid at seeded points, and says what was in flight when it did."""

    site: Site
    ledger: Ledger
    chance: random.Random
    kills: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def in_flight(self) -> int:
        """How many kills hit something under way."""
        return sum(what != "nothing" for _, what in self.kills)

    def strike(self, victim: Program) -> None:
        """After a while of life kill it, mostly in the middle of something, and start it again."""
        accepted, taken_in = len(self.ledger.results), self._taken_in()
        life = self.chance.randint(*RESULTS_BETWEEN_KILLS)
        until(
            lambda: len(self.ledger.results) >= accepted + life and self._taken_in() > taken_in,
            within=AWAY_AT_MOST_SECONDS,
            what="life goes on",
        )
        if self.in_flight * 2 < len(self.kills) + 2 or self.chance.random() < 0.75:
            self._await_flight(victim)
        before = self._flying(victim)
        victim.kill()
        self.kills.append((victim.name, self._hit(victim, before)))
        victim.start()
        victim.wait_ready()

    def _taken_in(self) -> int:
        with self.site.database.read() as session:
            return session.query(tables.Inbox).where(tables.Inbox.state == "reflected").count()

    def _await_flight(self, victim: Program) -> None:
        deadline = time.monotonic() + IN_FLIGHT_WITHIN_SECONDS
        wanted = self.chance.choice(sorted(self._flying(victim)))
        while not self._flying(victim)[wanted] and time.monotonic() < deadline:
            time.sleep(0.001)

    def _flying(self, victim: Program) -> dict[str, frozenset[str]]:
        """What is under way in the victim, by its kind."""
        if victim is self.site.intake:
            with self.ledger.lock:
                return {"a request": frozenset(self.ledger.under_way)}
        with self.site.database.read() as session:
            turns = {"a turn": pending(session)}
            return turns | {"a send": leased(session)} if victim is self.site.worker else turns

    def _hit(self, victim: Program, before: dict[str, frozenset[str]]) -> str:
        """What of it the kill left undone: a row that is still there, a request that broke."""
        if victim is self.site.intake:
            asked = before["a request"]
            while asked & self.ledger.under_way:
                time.sleep(0.01)
            after = {"a request": self.ledger.broken}
        else:
            after = self._flying(victim)
        return " and ".join(kind for kind, names in before.items() if names & after[kind]) or "nothing"
