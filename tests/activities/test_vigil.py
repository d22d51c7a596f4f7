"""Urgent work is watched over while the engine is away: its rungs pass on time, whatever is wrong with one journey."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from activities import vigil
from activities.vigil import GRACE, LOOK_EVERY, Vigil
from pathways.errors import Conflict, Invalid, StoreUnavailable
from store import foresights, journeys, tables
from store.database import Database, Session
from store.facts import Policy
from tests.store import ahead, builders
from tests.store.ahead import POLICY, come_back, roles_of, say, the_call
from tests.store.builders import NOW, at

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is asked of the store here is asked on each database elsewhere."""


@dataclass
class Hands:
    """A clock that stands where it was put."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


def waiting(database: Database, count: int) -> list[str]:
    """Journeys with a call that was opened ahead, by their ids."""
    found: list[str] = []
    with database.write() as session:
        ahead.hire(session, *ahead.ROLES)
        for number in range(count):
            found.append(builders.journey(session, builders.consented(session, str(number)), ahead.watch()).id)
    for journey in found:
        come_back(database, journey, now=NOW)
    with database.write() as session:
        for journey in found:
            say(session, journey, 2.1, source=journey)
            foresights.look_ahead(session, journey, POLICY, now=NOW)
    return sorted(found)


def rungs(database: Database, journeys_of: list[str]) -> list[int]:
    with database.read() as session:
        return [the_call(session, journey).rung for journey in journeys_of]


def test_a_rung_passes_a_moment_after_it_was_due(database: Database) -> None:
    """A busy engine has that moment; then the next person is asked, once."""
    clock = Hands()
    found = waiting(database, 1)
    looking = Vigil(database, POLICY, clock=clock)
    assert looking.look() == 0
    clock.at = at(minutes=30) + GRACE - timedelta(milliseconds=1)
    assert (looking.look(), rungs(database, found)) == (0, [0])
    clock.at = at(minutes=30) + GRACE
    assert (looking.look(), rungs(database, found)) == (1, [1])
    assert (looking.look(), rungs(database, found)) == (0, [1])
    with database.read() as session:
        assert roles_of(session, the_call(session, found[0]).id) == ["diabetes-nurse", "head-nurse"]


def test_where_the_engine_works_nothing_is_late(database: Database) -> None:
    """The journey passed its rung itself: there is nothing left to do."""
    clock = Hands()
    (journey,) = waiting(database, 1)
    come_back(database, journey, now=at(minutes=30))
    clock.at = at(minutes=31)
    assert Vigil(database, POLICY, clock=clock).look() == 0


def test_every_page_is_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are late, all of them are served in one look."""
    monkeypatch.setattr(vigil, "PAGE", 2)
    clock = Hands()
    found = waiting(database, 5)
    clock.at = at(minutes=32)
    assert Vigil(database, POLICY, clock=clock).look() == 5
    assert rungs(database, found) == [1] * 5


def test_a_journey_that_cannot_be_served_keeps_no_other_waiting(database: Database) -> None:
    """Its state was damaged, its release is gone, or a newer program wrote it: the next ones are served."""
    clock = Hands()
    found = waiting(database, 4)
    with database.write() as session:
        newer, damaged = journeys.read(session, found[0]), journeys.read(session, found[1])
        newer.state, damaged.state = ahead.newer(newer.state), "{"
        for row in (newer, damaged):
            session.query(tables.Foresight).filter_by(journey=row.id).delete()
    clock.at = at(hours=3)
    assert Vigil(database, POLICY, clock=clock).look() == 2
    assert rungs(database, found) == [0, 0, 2, 2]


@pytest.mark.parametrize("defect", [ZeroDivisionError, Conflict, Invalid])
def test_a_defect_in_one_journey_is_passed_over(
    database: Database, monkeypatch: pytest.MonkeyPatch, defect: type[Exception]
) -> None:
    """Whatever goes wrong there, the others are served."""
    clock = Hands()
    found = waiting(database, 3)
    serve = foresights.fire_rungs

    def broken(session: Session, journey: str, policy: Policy, *, now: datetime) -> bool:
        if journey == found[0]:
            raise defect
        return serve(session, journey, policy, now=now)

    monkeypatch.setattr(foresights, "fire_rungs", broken)
    clock.at = at(minutes=32)
    assert Vigil(database, POLICY, clock=clock).look() == 2
    assert rungs(database, found) == [0, 1, 1]


async def test_it_goes_on_when_the_store_was_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that failed is followed by the next one."""
    clock = Hands()
    found = waiting(database, 1)
    clock.at = at(minutes=32)
    looking, looks = Vigil(database, POLICY, clock=clock), list[bool]()
    look = looking.look

    def first_away() -> int:
        looks.append(True)
        if len(looks) == 1:
            raise StoreUnavailable
        return look()

    monkeypatch.setattr(looking, "look", first_away)
    monkeypatch.setattr(vigil, "LOOK_EVERY", LOOK_EVERY / 100)
    running = asyncio.create_task(looking.run())
    deadline = time.monotonic() + 20
    while rungs(database, found) == [0]:
        assert time.monotonic() < deadline, "it did not go on"
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert rungs(database, found) == [1]
