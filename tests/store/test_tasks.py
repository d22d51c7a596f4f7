"""What the engine's decisions make of a task, and the lists that people read."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from pathways.engine.actions import AnnotateTask, CloseTask, EscalateTask, HoldTask, OpenTask
from pathways.errors import Invalid, NotFound
from store import people, tables, tasks
from store.database import Database, Session
from store.tasks import Filter
from tests.store import builders
from tests.store.builders import NOW, at


def opened(session: Session, journey: tables.Journey, task: str, **more: Any) -> tables.Task:
    """A routine call for a nurse that is due in two hours."""
    given: dict[str, Any] = {
        "task": task,
        "name": "call",
        "track": "call",
        "role": "nurse",
        "urgent": False,
        "opened": NOW,
        "due": at(hours=2),
        "outcomes": ("reached", "unreachable"),
    }
    return tasks.open_(session, journey, OpenTask(**(given | more)))


def names(session: Session, which: Filter) -> list[str]:
    """The ids on the list, in order."""
    return [row.id for row in tasks.list_tasks(session, which, at=NOW).tasks]


def test_the_list_is_in_clinical_priority(database: Database) -> None:
    """Urgent first, then flagged or past due, then by due time, then by opening; work without a limit comes last."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        opened(session, journey, "no-limit", due=None)
        opened(session, journey, "later", due=at(hours=3))
        opened(session, journey, "sooner", due=at(hours=1))
        opened(session, journey, "opened-first", due=at(hours=1), opened=at(hours=-1))
        opened(session, journey, "flagged", due=at(hours=9))
        tasks.annotate(session, AnnotateTask(task="flagged", code="undone", at=NOW, flag=True))
        opened(session, journey, "overdue", due=at(hours=-1))
        opened(session, journey, "urgent", urgent=True, due=at(hours=4))
        opened(session, journey, "urgent-overdue", urgent=True, due=at(minutes=-1))
        assert " ".join(names(session, Filter())) == (
            "urgent-overdue urgent overdue flagged opened-first sooner later no-limit"
        )
        assert tasks.counts(session, Filter(), at=NOW) == tasks.Counts(open=8, urgent=2, overdue=2)
        assert tasks.counts(session, Filter(role="pilot"), at=NOW) == tasks.Counts(open=0, urgent=0, overdue=0)


def test_pages_lose_and_repeat_nothing_while_time_goes_on(database: Database) -> None:
    """The cursor keeps the instant of the first page, so no task moves between pages."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        for number in range(7):
            due = None if number == 6 else at(minutes=number - 2)
            opened(session, journey, str(number), due=due, urgent=number == 4)
        whole = names(session, Filter())
        seen: list[str] = []
        cursor = None
        for page in range(4):
            found = tasks.list_tasks(session, Filter(), at=at(hours=page), after=cursor, limit=2)
            seen += [row.id for row in found.tasks]
            cursor = found.next
        assert (seen, cursor) == (whole, None)


def _made_up(at: str = "2026-01-01T00:00:00Z", urgent: object = 1, id: str = "x") -> str:
    return base64.urlsafe_b64encode(json.dumps([at, urgent, 1, at, at, id]).encode()).decode()


CURSORS = {
    "nothing": "",
    "no base64": "x",
    "too short": "W10=",
    "no instants": "WyJhIiwxLDEsImIiLCJjIiwiZCJd",
    "no ASCII": "é",
    "before all time": _made_up(at="0001-01-01T00:00:00+14:00"),
    "a huge number": _made_up(urgent=10**30),
    "no number": _made_up(urgent=[]),
    "an id that no database keeps": _made_up(id="\x00"),
}


@pytest.mark.parametrize("cursor", [pytest.param(text, id=name) for name, text in CURSORS.items()])
def test_a_cursor_that_is_not_ours_is_refused(database: Database, cursor: str) -> None:
    """A made-up cursor never becomes a query."""
    with database.read() as session, pytest.raises(Invalid):
        tasks.list_tasks(session, Filter(), at=NOW, after=cursor)


def test_each_filter_narrows_the_list(database: Database) -> None:
    """By role (also one it climbed to), department, holder, patient, journey, lateness and status."""
    with database.write() as session:
        builders.staff(session)
        one = builders.journey(session, builders.patient(session, "1"))
        two = builders.journey(session, builders.patient(session, "2"))
        opened(session, one, "climbed", due=at(hours=-1))
        tasks.escalate(session, EscalateTask(task="climbed", rung=1, to="head-nurse", at=NOW))
        opened(session, two, "held")
        tasks.hold(session, HoldTask(task="held", holder="nurse-1", at=NOW, by="nurse-1"))
        opened(session, two, "closed")
        tasks.close(session, CloseTask(task="closed", end="cancelled", at=NOW, why="undone"))
        for which, expected in [
            (Filter(role="head-nurse"), ["climbed"]),
            (Filter(role="nurse"), ["climbed", "held"]),
            (Filter(department="ward"), ["climbed", "held"]),
            (Filter(department="house"), ["climbed"]),
            (Filter(assignee="nurse-1"), ["held"]),
            (Filter(patient=two.patient), ["held"]),
            (Filter(journey=one.id), ["climbed"]),
            (Filter(overdue=True), ["climbed"]),
            (Filter(status="closed"), ["closed"]),
            (Filter(status="held"), ["held"]),
        ]:
            assert names(session, which) == expected


def test_a_task_has_its_history(database: Database) -> None:
    """Opened, annotated, escalated, held, given back, closed: each line with who and what, and a new version."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t", values={"glucose": 2.8})
        tasks.annotate(
            session, AnnotateTask(task="t", code="worse", at=at(minutes=1), values={"glucose": 2.1}, due=NOW)
        )
        tasks.escalate(session, EscalateTask(task="t", rung=1, to="head-nurse", at=at(minutes=2), page=True))
        tasks.hold(session, HoldTask(task="t", holder="n", at=at(minutes=3), by="n"))
        assert (row.status, row.holder, row.due) == ("held", "n", NOW)
        tasks.hold(session, HoldTask(task="t", holder=None, at=at(minutes=4), by="n"))
        assert row.status == "open"
        tasks.report(session, "t", answers={"10": "yes"}, note="spoke to the daughter")
        done = CloseTask(task="t", end="done", at=at(minutes=6), outcome="reached", by="n", done_at=at(minutes=5))
        tasks.close(session, done)
        lines = [(line.what, line.by) for line in tasks.history(session, "t")]
        unsigned = [(what, None) for what in ("opened", "annotated", "escalated")]
        assert lines == [*unsigned, *((what, "n") for what in ("held", "released", "closed"))]
        assert (row.version, row.outcome, row.completed_by, row.done_at) == (7, "reached", "n", at(minutes=5))
        assert row.report == {"answers": {"10": "yes"}, "note": "spoke to the daughter"}
        assert [(role.role, role.rung) for role in tasks.roles_of(session, "t")] == [("nurse", 0), ("head-nurse", 1)]


def test_the_same_decision_again_changes_nothing(database: Database) -> None:
    """An id that is there is the same task, a rung passes once, an end stays."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t")
        rung = EscalateTask(task="t", rung=1, to="nurse", at=NOW)
        tasks.escalate(session, rung)
        tasks.close(session, CloseTask(task="t", end="done", at=NOW, outcome="reached", by="n"))
        version = row.version
        opened(session, journey, "t", name="other")
        tasks.escalate(session, rung)
        tasks.close(session, CloseTask(task="t", end="cancelled", at=at(hours=1)))
        tasks.hold(session, HoldTask(task="t", holder="late", at=NOW, by="late"))
        assert (row.name, row.status, row.end, row.version) == ("call", "closed", "done", version + 1)
        assert not tasks.stands_on(session, "t", 1)


def test_what_was_opened_ahead_is_adopted_or_closed(database: Database) -> None:
    """A task that the intake opened stays once its journey opens it too, and ends with a reason where it does not."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        action = OpenTask(
            task="kept", name="call", track="call", role="nurse", urgent=True, opened=NOW, due=NOW, outcomes=()
        )
        kept = tasks.open_(session, journey, action, provisional="event-1")
        assert kept.provisional == "event-1"
        left = opened(session, journey, "left")
        left.provisional = "event-1"
        other = opened(session, journey, "other")
        other.provisional = "event-2"
        session.flush()
        tasks.open_(session, journey, action)
        tasks.close_unadopted(session, ["event-1"], now=at(minutes=1))
        assert (kept.status, kept.provisional) == ("open", None)
        assert (left.status, left.end, left.why) == ("closed", "cancelled", "not-adopted")
        assert other.status == "open"


def test_what_was_not_adopted_at_first_is_open_again_when_its_journey_comes_to_it(database: Database) -> None:
    """A value that was capped starts later, under the id that was foreseen: its task is on the list."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        action = OpenTask(
            task="call", name="call", track="call", role="nurse", urgent=True, opened=NOW, due=NOW, outcomes=()
        )
        row = tasks.open_(session, journey, action, provisional="event-1")
        for provisional in (None, "event-2"):
            tasks.close_unadopted(session, ["event-1"], now=at(minutes=1))
            assert (row.status, tasks.is_there(session, "call")) == ("closed", False)
            later = replace(action, opened=at(hours=4), due=at(hours=5))
            tasks.open_(session, journey, later, provisional=provisional)
            assert (row.status, row.end, row.why, row.closed_at) == ("open", None, None, None)
            assert (row.opened, row.due, row.provisional) == (at(hours=4), at(hours=5), provisional)
            assert names(session, Filter()) == ["call"]
            row.provisional = "event-1"


def test_who_may_act_holds_the_task_or_one_of_its_roles(database: Database) -> None:
    """A rung brings its role in; nobody else may complete it."""
    with database.write() as session:
        builders.staff(session)
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t")
        assert tasks.may_act(session, row, "nurse-1")
        assert not tasks.may_act(session, row, "head-1")
        tasks.escalate(session, EscalateTask(task="t", rung=1, to="head-nurse", at=NOW))
        assert tasks.may_act(session, row, "head-1")
        assert not tasks.may_act(session, row, "stranger")
        tasks.hold(session, HoldTask(task="t", holder="stranger", at=NOW, by="nurse-1"))
        assert tasks.may_act(session, row, "stranger")


def test_a_role_of_a_department_is_that_departments_alone(database: Database) -> None:
    """Who holds the role elsewhere neither sees the task nor may do it; a role that came twice is everywhere."""
    with database.write() as session:
        builders.staff(session)
        people.save_department(session, id="surgery", zh="外科", en="Surgery")
        people.save_staff(session, id="nurse-3", name="赵敏")
        people.hold(session, staff="nurse-3", role="nurse", department="surgery")
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t", department="surgery")
        assert (names(session, Filter(staff="nurse-3")), names(session, Filter(staff="nurse-1"))) == (["t"], [])
        assert (names(session, Filter(department="surgery")), names(session, Filter(department="ward"))) == (["t"], [])
        assert (tasks.may_act(session, row, "nurse-3"), tasks.may_act(session, row, "nurse-1")) == (True, False)
        tasks.escalate(session, EscalateTask(task="t", rung=1, to="nurse", at=NOW))
        assert names(session, Filter(staff="nurse-1")) == ["t"]
        assert tasks.may_act(session, row, "nurse-1")
        tasks.escalate(session, EscalateTask(task="t", rung=2, to="head-nurse", department="ward", at=NOW))
        assert names(session, Filter(staff="head-1")) == []


def test_a_task_of_a_person_is_on_the_roles_list_while_they_are_away(database: Database) -> None:
    """On duty it is on their list alone; off duty, or once a rung passed, on that of the role too."""
    with database.write() as session:
        builders.staff(session)
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t", person="nurse-2")
        assert (names(session, Filter(staff="nurse-2")), names(session, Filter(staff="nurse-1"))) == (["t"], [])
        assert names(session, Filter(role="nurse")) == []
        assert tasks.may_act(session, row, "nurse-2")
        people.add_duty(
            session, staff="nurse-1", role="nurse", department="ward", starts=at(hours=-1), ends=at(hours=9)
        )
        assert (names(session, Filter(staff="nurse-2")), names(session, Filter(staff="nurse-1"))) == (["t"], ["t"])
        assert names(session, Filter(role="nurse")) == ["t"]
        people.add_duty(
            session, staff="nurse-2", role="nurse", department="ward", starts=at(hours=-1), ends=at(hours=9)
        )
        assert names(session, Filter(role="nurse")) == []
        tasks.escalate(session, EscalateTask(task="t", rung=1, to="head-nurse", at=NOW))
        assert (names(session, Filter(staff="head-1")), names(session, Filter(staff="nurse-1"))) == (["t"], [])


def test_attempts_and_waits_show_on_the_task(database: Database) -> None:
    """How often in vain, when again, and what it waits for; none of it once it has ended."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        row = opened(session, journey, "t", attempts=2, suspended_while="waiting-for-patient")
        assert (row.attempts, row.max_attempts, row.waiting) == (0, 2, None)
        tried = AnnotateTask(
            task="t", code="attempted", at=NOW, values={"result": "no-answer", "attempts": 1.0}, again_at=at(hours=1)
        )
        tasks.annotate(session, tried)
        assert (row.attempts, row.next_attempt) == (1, at(hours=1))
        wait = AnnotateTask(task="t", code="suspended", at=NOW, due=at(hours=9), waiting="waiting-for-patient")
        tasks.annotate(session, wait)
        assert (row.waiting, row.due) == ("waiting-for-patient", at(hours=9))
        tasks.annotate(session, AnnotateTask(task="t", code="continued", at=NOW))
        assert row.waiting is None
        tasks.annotate(session, wait)
        tasks.close(session, CloseTask(task="t", end="done", at=NOW, outcome="reached", by="n"))
        assert (row.waiting, row.next_attempt, row.attempts) == (None, None, 1)


def test_a_task_that_is_not_there_is_said_so(database: Database) -> None:
    """A person reads that it does not exist; a decision on it is a defect that is refused."""
    with database.read() as session:
        with pytest.raises(NotFound):
            tasks.read(session, "nothing")
        with pytest.raises(Invalid):
            tasks.hold(session, HoldTask(task="nothing", holder="n", at=NOW, by="n"))
