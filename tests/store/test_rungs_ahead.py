"""Urgent work climbs without the engine, on time and once, and only work whose ladder stands still is looked at."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from pathways.engine.events import TaskCompleted
from store import alarms, foresights, inbox, journeys
from store.database import Database, Session
from tests.store import ahead, builders
from tests.store.ahead import POLICY, ROLES, begin, come_back, lines_of, roles_of, say, started, the_call
from tests.store.builders import NOW, at

RUNG_MINUTES = (30, 120, 240)


def look(session: Session, journey: str, *, now: datetime = NOW) -> bool:
    return foresights.look_ahead(session, journey, POLICY, now=now)


def fire(session: Session, journey: str, now: datetime) -> bool:
    return foresights.fire_rungs(session, journey, POLICY, now=now)


def reached(session: Session, journey: str, *, minute: int, by: str = "diabetes-nurse-1") -> None:
    """The only task was completed then, and the engine has not heard of it."""
    then = at(minutes=minute)
    task = the_call(session, journey).id
    done = TaskCompleted(id=f"done-{minute}", received=then, task=task, by=by, outcome="reached", at=then)
    inbox.add(session, journey=journeys.read(session, journey), event=done)


# --- rungs --------------------------------------------------------------------------------------------------------


def test_rungs_pass_on_time_and_come_but_once(database: Database) -> None:
    """Each brings the next role, the page calls, the last one tells an operator; the journey repeats none of it."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
        for rung, minute in enumerate(RUNG_MINUTES, start=1):
            assert not fire(session, journey, at(minutes=minute - 1))
            assert fire(session, journey, at(minutes=minute))
            assert not fire(session, journey, at(minutes=minute, seconds=1))
            task = the_call(session, journey)
            assert (task.rung, roles_of(session, task.id)) == (rung, list(ROLES[: rung + 1]))
    come_back(database, journey, now=at(hours=5))
    with database.read() as session:
        task = the_call(session, journey)
        assert (task.provisional, lines_of(session, task.id)) == (None, ["opened", *["escalated"] * 3])
        assert ahead.pages_of(session, journey) == ["attending-doctor"]
        assert [alarm.code for alarm in alarms.list_(session)] == ["last-rung"]


def test_a_late_look_passes_every_rung_that_is_due(database: Database) -> None:
    """Who comes late finds the ladder where it should be."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
        assert fire(session, journey, at(hours=3))
        assert roles_of(session, the_call(session, journey).id) == list(ROLES[:3])


@pytest.mark.parametrize(("minute", "rungs"), [(20, 0), (40, 1)])
def test_a_completion_that_waits_lets_no_further_rung_pass(database: Database, minute: int, rungs: int) -> None:
    """The work is done, whether or not its journey knows yet; the journey ends it by that completion."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
        fire(session, journey, at(minutes=min(minute, 30)))
        reached(session, journey, minute=minute)
        assert not fire(session, journey, at(hours=9))
        assert the_call(session, journey).rung == rungs
    come_back(database, journey, now=at(hours=10))
    with database.read() as session:
        task = the_call(session, journey)
        assert (task.outcome, task.completed_by, task.rung) == ("reached", "diabetes-nurse-1", rungs)
        assert (task.done_at, alarms.list_(session)) == (at(minutes=minute), [])


@pytest.mark.parametrize(
    ("roles", "rung", "called"),
    [
        pytest.param(ROLES, 0, False, id="somebody-is-there"),
        pytest.param(ROLES[1:], 1, False, id="nobody-on-the-first"),
        pytest.param(ROLES[2:], 2, False, id="nobody-on-two"),
        pytest.param((), 3, True, id="nobody-at-all"),
        pytest.param(ROLES[:1], 0, False, id="the-first-alone"),
    ],
)
def test_a_role_with_nobody_on_duty_passes_at_once(
    database: Database, roles: Sequence[str], rung: int, called: bool
) -> None:
    """The task comes to the next person without waiting; where nobody is left, an operator is told."""
    journey = started(database, roles=roles)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
        assert the_call(session, journey).rung == rung
        assert bool(alarms.list_(session)) is called
    come_back(database, journey, now=at(minutes=1))
    with database.read() as session:
        task = the_call(session, journey)
        assert (task.rung, lines_of(session, task.id).count("escalated")) == (rung, rung)
        assert len(alarms.list_(session)) == called


def test_rungs_of_work_that_its_journey_opened_pass_too(database: Database) -> None:
    """The engine went away after it had opened the task."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
    come_back(database, journey, now=NOW)
    with database.write() as session:
        assert fire(session, journey, at(minutes=31))
        assert the_call(session, journey).rung == 1
    come_back(database, journey, now=at(minutes=32))
    with database.read() as session:
        assert lines_of(session, the_call(session, journey).id) == ["opened", "escalated"]


# --- whose turn it is ---------------------------------------------------------------------------------------------


def test_late_journeys_are_those_whose_urgent_work_stands_still(database: Database) -> None:
    """One without urgent work, or whose next rung is still to come, is left to its engine."""
    with database.write() as session:
        begin(session)
        quiet = builders.journey(session, builders.consented(session, "2"), ahead.watch()).id
        busy = builders.journey(session, builders.consented(session, "3"), ahead.watch()).id
    for journey in (quiet, busy):
        come_back(database, journey, now=NOW)

    def late(minute: int, *, limit: int = 10, after: str = "") -> Sequence[str]:
        with database.read() as session:
            return foresights.late(session, before=at(minutes=minute), limit=limit, after=after)

    with database.write() as session:
        say(session, busy, 2.1)
        say(session, quiet, 12.0, source="2")
        look(session, busy)
        look(session, quiet)
    assert [late(minute) for minute in (-1, 29, 30)] == [[], [], [busy]]
    with database.write() as session:
        fire(session, busy, at(minutes=30))
    assert [late(minute) for minute in (31, 119, 120)] == [[], [], [busy]]
    assert late(120, after=busy) == []
    assert late(120, limit=0) == []
    come_back(database, busy, now=at(minutes=31))
    assert [late(minute) for minute in (32, 119, 120)] == [[], [], [busy]]


def test_something_unheard_makes_a_journey_late_whose_work_is_open(database: Database) -> None:
    """Nothing was foreseen of it: it is looked at once, and then its next rung tells when."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
    come_back(database, journey, now=NOW)
    with database.write() as session:
        say(session, journey, 2.0, source="2", now=at(minutes=1))
    with database.read() as session:
        assert foresights.late(session, before=at(minutes=1), limit=10) == [journey]
    with database.write() as session:
        fire(session, journey, at(minutes=2))
    with database.read() as session:
        assert foresights.late(session, before=at(minutes=29), limit=10) == []
