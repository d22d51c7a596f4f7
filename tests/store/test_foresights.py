"""Alarms do not wait for the engine: urgent work is opened from the store alone, and is adopted later."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from pathways.engine.context import Facts
from pathways.engine.events import AnyEvent, Withdrawn
from pathways.engine.foresight import Foreseen, foresee
from pathways.engine.journey import Journey
from pathways.language.release import Release
from store import foresights, inbox, journeys, tables
from store.database import Database, Session
from tests.store import ahead, builders
from tests.store.ahead import POLICY, begin, come_back, lines_of, roles_of, say, started, tasks_of, the_call
from tests.store.builders import NOW, at


def look(session: Session, journey: str, *, now: datetime = NOW) -> bool:
    return foresights.look_ahead(session, journey, POLICY, now=now)


def fire(session: Session, journey: str, now: datetime) -> bool:
    return foresights.fire_rungs(session, journey, POLICY, now=now)


def kept(session: Session, journey: str) -> list[str] | None:
    """The events of what is kept of what was foreseen; None where nothing is."""
    row = session.get(tables.Foresight, journey)
    return None if row is None else row.events


# --- opened ahead -------------------------------------------------------------------------------------------------


def test_urgent_work_is_there_before_its_journey_knows(database: Database) -> None:
    """In the transaction that accepts the result, with everything that the journey would give it."""
    journey = started(database)
    with database.write() as session:
        event = say(session, journey, 2.1)
        assert look(session, journey)
        task = the_call(session, journey)
        assert (task.provisional, task.status, task.urgent, task.name) == (event, "open", True, "call")
        assert (task.due, task.values, roles_of(session, task.id)) == (
            at(minutes=30),
            {"glucose": 2.1},
            ["diabetes-nurse"],
        )
        before = task.id, task.due, task.opened
    come_back(database, journey, now=at(minutes=1))
    with database.read() as session:
        task = the_call(session, journey)
        assert ((task.id, task.due, task.opened), task.provisional, task.flagged) == (before, None, False)
        assert lines_of(session, task.id) == ["opened"]
        assert inbox.of_journey(session, journey) == []


@pytest.mark.parametrize(
    ("values", "opened"),
    [
        pytest.param([6.0], 0, id="normal"),
        pytest.param([12.0], 0, id="routine-work-waits"),
        pytest.param([12.0, 3.2], 1, id="urgent-behind-routine"),
        pytest.param([3.2, 3.1], 1, id="a-second-cause-joins"),
    ],
)
def test_only_what_is_urgent_is_opened_ahead(database: Database, values: Sequence[float], opened: int) -> None:
    """What can wait is the journey's own."""
    journey = started(database)
    with database.write() as session:
        for number, value in enumerate(values):
            say(session, journey, value, source=str(number), now=at(seconds=number))
            assert look(session, journey, now=at(seconds=number)) is (opened == 1 and value == 3.2)
        assert [task.name for task in tasks_of(session, journey)] == ["call"] * opened


def test_a_worse_value_passes_a_rung_ahead(database: Database) -> None:
    """It is on the next person's list at once, once a task, and the journey passes the same rung."""
    journey = started(database)
    with database.write() as session:
        for number, value in enumerate((3.6, 3.4, 2.9, 2.0)):
            say(session, journey, value, source=str(number), now=at(minutes=number))
            assert look(session, journey, now=at(minutes=number)) is (value in (3.6, 2.9))
        task = the_call(session, journey)
        assert (task.rung, roles_of(session, task.id)) == (1, ["diabetes-nurse", "head-nurse"])
    come_back(database, journey, now=at(minutes=5))
    with database.read() as session:
        assert lines_of(session, task.id).count("escalated") == 1


def test_what_was_corrected_before_anybody_looked_opens_nothing(database: Database) -> None:
    """A value and its correction in one message: nobody is called for what does not hold."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        say(session, journey, 6.1, status="corrected", now=at(seconds=1))
        assert not look(session, journey, now=at(seconds=1))
        assert tasks_of(session, journey) == []


def test_what_is_corrected_later_is_marked_and_closed_by_its_journey(database: Database) -> None:
    """Who sees the task meanwhile sees that something changed; the journey says why it is over."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
        say(session, journey, 6.1, status="corrected", now=at(minutes=1))
        look(session, journey, now=at(minutes=1))
        assert (the_call(session, journey).flagged, the_call(session, journey).status) == (True, "open")
    come_back(database, journey, now=at(minutes=2))
    with database.read() as session:
        task = the_call(session, journey)
        assert (task.status, task.end, task.provisional) == ("closed", "cancelled", None)
        assert task.why not in (None, "not-adopted")
        assert "undone" in {row.code for row in journeys.timeline(session, journey)}


def test_what_its_journey_does_not_open_is_closed_as_not_adopted(database: Database) -> None:
    """The patient had left, and only the journey knew: the task goes with a reason of its own."""
    journey = started(database)
    with database.write() as session:
        say(session, journey, 2.1)
        look(session, journey)
    left = Withdrawn(id="left", received=NOW - timedelta(seconds=1), by="nurse-1")
    come_back(database, journey, now=at(minutes=2), unheard=[left])
    with database.read() as session:
        task = the_call(session, journey)
        assert (task.status, task.end, task.why, task.provisional) == ("closed", "cancelled", "not-adopted", None)


def test_a_journey_that_has_not_begun_is_foreseen_too(database: Database) -> None:
    """Started with the engine away, its first result is as urgent as any."""
    with database.write() as session:
        journey = begin(session).id
        say(session, journey, 2.1, now=at(seconds=1))
        assert look(session, journey, now=at(seconds=1))
        assert the_call(session, journey).provisional is not None
    come_back(database, journey, now=at(minutes=1))
    with database.read() as session:
        assert the_call(session, journey).provisional is None


def test_a_journey_that_ended_opens_nothing(database: Database) -> None:
    """What comes after the end is no urgent work of its pathway."""
    journey = started(database)
    left = Withdrawn(id="left", received=NOW, by="nurse-1")
    come_back(database, journey, now=NOW, unheard=[left])
    with database.write() as session:
        say(session, journey, 2.1, now=at(minutes=1))
        assert not look(session, journey, now=at(minutes=1))
        assert tasks_of(session, journey) == []


def test_a_state_of_a_newer_format_is_left_alone(database: Database) -> None:
    """A newer program serves it; an older one neither guesses nor breaks the intake."""
    journey = started(database)
    with database.write() as session:
        row = journeys.read(session, journey)
        row.state = ahead.newer(row.state)
        say(session, journey, 2.1)
        assert not look(session, journey)
        assert (tasks_of(session, journey), kept(session, journey)) == ([], None)


def test_a_pathway_without_urgent_work_is_not_looked_at(database: Database) -> None:
    """It costs nothing, and nothing is kept of it."""
    with database.write() as session:
        who = builders.consented(session)
        journey = builders.journey(session, who).id
        say(session, journey, 2.1)
        assert not look(session, journey)
        assert not fire(session, journey, at(hours=9))
        assert kept(session, journey) is None


def test_there_is_nothing_to_foresee_of_nothing(database: Database) -> None:
    """No such journey, or nothing that waits."""
    journey = started(database)
    with database.write() as session:
        assert not look(session, "nobody")
        assert not look(session, journey)


# --- long backlogs ------------------------------------------------------------------------------------------------


def test_a_long_backlog_is_looked_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many results wait, each has one turn: the next one goes on from what was foreseen before."""
    journey = started(database)
    turns: list[int] = []

    def counted(of: Release, since: Journey, events: Sequence[AnyEvent], facts: Facts, *, now: datetime) -> Foreseen:
        turns.append(len(events))
        return foresee(of, since, events, facts, now=now)

    monkeypatch.setattr(foresights, "foresee", counted)
    many = 60
    with database.write() as session:
        for number in range(many):
            say(session, journey, 6.0, source=str(number), now=at(seconds=number))
            look(session, journey, now=at(seconds=number))
        whole = kept(session, journey)
        assert whole is not None
        assert len(whole) == many
    assert sum(turns) <= many + foresights.KEPT_FROM**2
    assert max(turns[foresights.KEPT_FROM :]) == 1


def test_what_was_foreseen_is_forgotten_with_the_journeys_next_turn(database: Database) -> None:
    """It was made of a state that is not the journey's any more."""
    journey = started(database)
    with database.write() as session:
        first = say(session, journey, 2.1)
        look(session, journey)
        assert kept(session, journey) == [first]
    come_back(database, journey, now=at(minutes=1))
    with database.write() as session:
        second = say(session, journey, 2.0, source="2", now=at(minutes=2))
        look(session, journey, now=at(minutes=2))
        row = session.get(tables.Foresight, journey)
        assert row is None or (row.sequence, row.events) != (journeys.read(session, journey).sequence, [first])
        assert second in [one.id for one in inbox.of_journey(session, journey)]
        assert fire(session, journey, at(minutes=30))
        assert kept(session, journey) == [second]


def test_an_event_with_an_earlier_receipt_is_foreseen_anew(database: Database) -> None:
    """Of two requests at once the earlier one may commit last: what it opens is the journey's, the other one goes."""
    journey = started(database)
    with database.write() as session:
        second = say(session, journey, 2.1, now=at(minutes=1))
        look(session, journey, now=at(minutes=1))
        first = say(session, journey, 3.8, source="0", now=NOW)
        look(session, journey, now=at(minutes=1))
        assert [row.id for row in inbox.of_journey(session, journey)] == [first, second]
        calls = {task.provisional: task.id for task in tasks_of(session, journey)}
        assert set(calls) == {first, second}
    come_back(database, journey, now=at(minutes=2))
    with database.read() as session:
        stood = {task.id: (task.status, task.why, task.rung) for task in tasks_of(session, journey)}
        assert stood == {calls[first]: ("open", None, 1), calls[second]: ("closed", "not-adopted", 0)}
