"""What a journey decided is written once, as a whole, and answered with what its next turn needs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import Projected, Projection, Turned, Unattended, fingerprint
from activities.inbox import InboxActivities
from activities.messaging import MessagingActivities
from activities.projection import ProjectionActivities, perform
from pathways.engine.actions import (
    AnnotateTask,
    AnyAction,
    BookVisit,
    CallSystem,
    CloseAsk,
    CloseTask,
    CloseVisit,
    EndJourney,
    EnrolPatient,
    EscalateTask,
    HoldTask,
    NotifyStaff,
    OpenAsk,
    OpenTask,
    RaiseAlarm,
    RecallMessage,
    ReopenJourney,
    SendMessage,
)
from pathways.engine.events import Happened
from pathways.engine.journey import Exit, ExitReason, Journey, write_journey
from pathways.engine.reasons import Reason
from store import alarms, asks, inbox, journeys, messages, people, tasks, visits
from store.database import Database, open_database
from store.facts import Policy
from tests.store import builders
from tests.store.builders import NOW, at

CALL = OpenTask(
    task="t", name="call", track="call", role="nurse", urgent=True, opened=NOW, due=at(minutes=30), outcomes=("done",)
)
RUNG = EscalateTask(task="t", rung=1, to="head-nurse", at=NOW)
SEND = SendMessage(message="m", template="advice", track="call", urgent=False, not_before=NOW)
VISIT = BookVisit(visit="v", name="recheck", track="call", planned=at(days=2), earliest=NOW, latest=at(days=3))

EVERYTHING: tuple[AnyAction, ...] = (
    CALL,
    AnnotateTask(task="t", code="worse", at=NOW, values={"glucose": 2.1}),
    RUNG,
    HoldTask(task="t", holder="nurse-1", at=NOW, by="nurse-1"),
    CloseTask(task="t", end="done", at=NOW, outcome="done", by="nurse-1", done_at=NOW),
    SEND,
    NotifyStaff(message="s", template="look", track="call", role="nurse", at=NOW),
    RecallMessage(message="m", at=NOW),
    OpenAsk(ask="a", form="epds", track="call", opened=NOW, expires=None),
    CloseAsk(ask="a", end="missed", at=NOW),
    VISIT,
    CloseVisit(visit="v", end="done", at=NOW),
    RaiseAlarm(alarm="l", code="last-rung", at=NOW, task="t"),
    CallSystem(call="c", name="book-visit", track="call", at=NOW),
    EnrolPatient(enrolment="p", pathway="after", at=NOW),
    ReopenJourney(at=NOW),
    EndJourney(reason="completed", at=NOW),
)


def begun(database: Database) -> Journey:
    """A journey that has had no turn, of a patient who agreed to contact, in a house with people."""
    with database.write() as session:
        builders.staff(session)
        return journeys.state_of(builders.journey(session, builders.consented(session)))


def turn(sequence: int, *actions: AnyAction, event: str | None = None) -> Turned:
    """A turn that did these things."""
    happened = Happened(id=event or f"e{sequence}", received=NOW, name="ping")
    reason = Reason(code="started", at=NOW, event=happened.id, track="call", values={"glucose": 2.1})
    return Turned(sequence=sequence, event=happened, state="", actions=actions, reasons=(reason, reason))


def after(journey: Journey, *turns: Turned, **more: Any) -> Projection:
    """The projection of these turns."""
    states = [replace(journey, sequence=turn.sequence, clock=NOW, **more) for turn in turns]
    told = tuple(
        replace(turn, state=fingerprint(write_journey(state))) for turn, state in zip(turns, states, strict=True)
    )
    return Projection(journey=states[-1], turns=told, wakeup=at(hours=1))


def project(database: Database, projection: Projection) -> Projected:
    """Run the activity as a worker does."""
    return ActivityEnvironment().run(ProjectionActivities(database, Policy()).project, projection)


def test_every_kind_of_action_shows(database: Database) -> None:
    """Tasks, messages, forms, visits, alarms and the end: each in its table, with the reasons beside them."""
    assert {type(action) for action in EVERYTHING} == set(get_args(AnyAction))
    journey = begun(database)
    projected = project(
        database, after(journey, turn(1, *EVERYTHING), status="ended", exit=Exit(reason="completed", at=NOW))
    )
    assert (projected.sequence, projected.facts.consent, projected.unattended) == (1, True, ())
    with database.read() as session:
        row = journeys.read(session, journey.id)
        assert (row.status, row.exit_reason, row.ended_at, row.sequence) == ("ended", "completed", NOW, 1)
        assert (row.wakeup, journeys.state_of(row).sequence) == (at(hours=1), 1)
        assert tasks.read(session, "t").outcome == "done"
        assert [message.state for message in messages.list_(session, journey=journey.id)] == ["waiting", "recalled"]
        assert asks.read(session, "a").end == "missed"
        assert visits.read(session, "v").end == "done"
        assert [alarm.task for alarm in alarms.list_(session)] == ["t"]
        timeline = journeys.timeline(session, journey.id)
        assert [(reason.sequence, reason.position, reason.code) for reason in timeline] == [
            (1, 0, "started"),
            (1, 1, "started"),
        ]
        assert journeys.timeline(session, journey.id, after=(1, 0)) == [timeline[1]]


@pytest.mark.parametrize(
    ("reason", "states"), [("completed", ["waiting", "waiting"]), ("lost", ["recalled", "waiting"])]
)
def test_an_end_stops_what_has_not_left(database: Database, reason: ExitReason, states: list[str]) -> None:
    """What the last step of a pathway says still leaves; after any other end the patient is told nothing more."""
    journey = begun(database)
    staff = NotifyStaff(message="s", template="look", track="call", role="nurse", at=NOW)
    end = EndJourney(reason=reason, at=NOW)
    project(database, after(journey, turn(1, SEND, staff, end), status="ended", exit=Exit(reason=reason, at=NOW)))
    with database.read() as session:
        shown = {message.id: message.state for message in messages.list_(session, journey=journey.id)}
    assert [shown["m"], shown["s"]] == states


def test_a_journey_that_is_reopened_has_no_end(database: Database) -> None:
    """The end was a mistake: nothing of it shows."""
    journey = begun(database)
    end = turn(1, EndJourney(reason="lost", at=NOW))
    project(database, after(journey, end, status="ended", exit=Exit(reason="lost", at=NOW)))
    project(database, after(journey, turn(2, ReopenJourney(at=NOW))))
    with database.read() as session:
        row = journeys.read(session, journey.id)
        assert (row.status, row.exit_reason, row.ended_at) == ("active", None, None)


def test_a_turn_is_written_once_however_often_it_is_handed_over(database: Database) -> None:
    """A retry of the same turns, alone or with the next one, changes nothing that shows already."""
    journey = begun(database)
    first, second = turn(1, CALL, SEND), turn(2, HoldTask(task="t", holder="nurse-1", at=NOW, by="nurse-1"))
    project(database, after(journey, first))
    assert project(database, after(journey, first)).sequence == 1
    assert project(database, after(journey, first, second)).sequence == 2
    assert project(database, after(journey, first)).sequence == 2
    with database.read() as session:
        assert [line.what for line in tasks.history(session, "t")] == ["opened", "held"]
        assert journeys.read(session, journey.id).sequence == 2
        assert len(journeys.timeline(session, journey.id)) == 4


OTHER = Happened(id="other", received=NOW, name="ping")


def test_turns_that_were_shown_stand_against_others_of_the_same_number(database: Database) -> None:
    """A workflow task that is done again may decide otherwise: it writes nothing, and is told what people saw."""
    journey = begun(database)
    shown = after(journey, turn(1, CALL))
    project(database, shown)
    for other in (
        after(journey, replace(turn(1, SEND), event=OTHER), values={"heard": True}),
        after(journey, replace(turn(1, SEND), event=OTHER), turn(2, VISIT), values={"heard": True}),
    ):
        projected = project(database, other)
        assert (projected.sequence, projected.stands) == (1, shown.journey)
    further = after(journey, turn(1, CALL), turn(2, RUNG))
    project(database, further)
    assert project(database, shown).stands == further.journey
    with database.read() as session:
        assert messages.list_(session, journey=journey.id) == []
        assert visits.list_(session, journey=journey.id) == []
        assert len(journeys.timeline(session, journey.id)) == 4


def test_rungs_of_what_stands_are_told_back(database: Database) -> None:
    """The answer that told of a rung with nobody on duty went to the run that was lost."""
    journey = begun(database)
    with database.write() as session:
        shift = {"starts": at(hours=8), "ends": at(hours=16)}
        people.add_duty(session, staff="head-1", role="head-nurse", department=people.HOUSE, **shift)
    project(database, after(journey, turn(1, CALL, RUNG)))
    other = after(journey, replace(turn(1), event=OTHER), values={"heard": True})
    assert project(database, other).unattended == ON_RUNG_ONE


def test_an_action_whose_id_is_there_is_the_same_action(database: Database) -> None:
    """Everything can be performed twice without a second row."""
    journey = begun(database)
    with database.write() as session:
        row = journeys.read(session, journey.id)
        for action in (*EVERYTHING, *EVERYTHING):
            perform(session, row, action)
        assert len(messages.list_(session, journey=journey.id)) == 2
        assert alarms.count(session) == 1


def test_the_inbox_is_settled_in_the_same_transaction(database: Database) -> None:
    """What a turn took in is not sent to the journey again."""
    journey = begun(database)
    with database.write() as session:
        row = journeys.read(session, journey.id)
        enrolled = inbox.of_journey(session, journey.id)[0].id
        inbox.add(session, journey=row, event=Happened(id="later", received=NOW, name="discharged"))
    project(database, after(journey, turn(1, event=enrolled)))
    with database.read() as session:
        assert [row.id for row in inbox.of_journey(session, journey.id)] == ["later"]


def test_what_was_opened_ahead_and_not_by_the_journey_is_closed(database: Database) -> None:
    """The journey adopts or closes every task that the intake opened for the event it took in."""
    journey = begun(database)
    with database.write() as session:
        row = journeys.read(session, journey.id)
        tasks.open_(session, row, CALL, provisional="result")
        tasks.open_(session, row, replace(CALL, task="other"), provisional="result")
    project(database, after(journey, turn(1, CALL, event="result")))
    with database.read() as session:
        assert tasks.read(session, "t").status == "open"
        assert tasks.read(session, "other").why == "not-adopted"


CLOSED = CloseTask(task="t", end="done", at=NOW)
ON_RUNG_ONE = (Unattended(task="t", rung=1),)


@pytest.mark.parametrize(
    ("away", "actions", "expected"),
    [
        ("head-nurse", (CALL, RUNG), ON_RUNG_ONE),
        ("head-nurse", (CALL, replace(RUNG, last=True)), ON_RUNG_ONE),
        ("head-nurse", (CALL, RUNG, CLOSED), ()),
        ("head-nurse", (CALL,), ()),
        ("nurse", (CALL, RUNG), ()),
        ("nurse", (CALL,), (Unattended(task="t", rung=0),)),
        ("nurse", (replace(CALL, urgent=False),), ()),
    ],
)
def test_a_rung_with_nobody_on_duty_is_told_back(
    database: Database, away: str, actions: tuple[AnyAction, ...], expected: tuple[Unattended, ...]
) -> None:
    """Of an open task the rung on which it stands, an urgent task's own role being rung zero; a lost answer again."""
    journey = begun(database)
    with database.write() as session:
        staff, department = ("head-1", people.HOUSE) if away == "head-nurse" else ("nurse-1", "ward")
        people.add_duty(session, staff=staff, role=away, department=department, starts=at(hours=8), ends=at(hours=16))
    projection = after(journey, turn(1, *actions))
    assert project(database, projection).unattended == expected
    assert project(database, projection).unattended == expected


def test_a_persons_own_task_is_attended_by_that_person(database: Database) -> None:
    """Nobody of the role is on duty: the person of the team is, so the first rung does not pass; away, it does."""
    journey = begun(database)
    with database.write() as session:
        for nurse in ("nurse-1", "nurse-2"):
            people.add_duty(
                session, staff=nurse, role="nurse", department="ward", starts=at(hours=8), ends=at(hours=16)
            )
    assert project(database, after(journey, turn(1, replace(CALL, person="head-1")))).unattended == ()
    moved = replace(CALL, task="u", person="nurse-2")
    assert project(database, after(journey, turn(1), turn(2, moved))).unattended == (Unattended(task="u", rung=0),)


def test_a_rung_of_another_department_has_nobody(database: Database) -> None:
    """Who holds the role is on duty in the house; in the ward nobody holds it."""
    journey = begun(database)
    assert project(database, after(journey, turn(1, CALL, replace(RUNG, department="house")))).unattended == ()
    again = after(journey, turn(1), turn(2, replace(CALL, task="u"), replace(RUNG, task="u", department="ward")))
    assert project(database, again).unattended == (Unattended(task="u", rung=1),)


def _one_is_missing(journey: Journey) -> Projection:
    return after(journey, turn(2, CALL))


def _one_in_the_middle_is_missing(journey: Journey) -> Projection:
    return after(journey, turn(1, CALL), turn(3))


def _a_task_was_never_opened(journey: Journey) -> Projection:
    return after(journey, turn(1, CALL, replace(RUNG, task="x")))


def _the_journey_was_never_started(journey: Journey) -> Projection:
    return after(replace(journey, id="nothing"), turn(1))


@pytest.mark.parametrize(
    "wrong",
    [_one_is_missing, _one_in_the_middle_is_missing, _a_task_was_never_opened, _the_journey_was_never_started],
)
def test_what_cannot_be_written_is_refused_for_good_and_as_a_whole(
    database: Database, wrong: Callable[[Journey], Projection]
) -> None:
    """No retry can mend a defect; nothing of the turn shows."""
    journey = begun(database)
    with pytest.raises(ApplicationError) as refused:
        project(database, wrong(journey))
    assert (refused.value.type, refused.value.non_retryable) == ("projection-refused", True)
    with database.read() as session:
        assert journeys.read(session, journey.id).sequence == 0
        assert tasks.list_tasks(session, tasks.Filter(), at=NOW).tasks == []


def test_a_store_that_is_away_is_tried_again(tmp_path: Path, database: Database) -> None:
    """A database that cannot be reached is an error of its own name, and one that may be retried."""
    gone = open_database(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}", wait_seconds=0.05)
    journey = begun(database)
    with pytest.raises(ApplicationError) as away:
        project(gone, after(journey, turn(1)))
    assert (away.value.type, away.value.non_retryable) == ("store-unavailable", False)
    gone.close()


def test_a_store_without_its_tables_waits_for_them(tmp_path: Path, database: Database) -> None:
    """An operator can migrate it: the journey must not fail of that."""
    empty = open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    journey = begun(database)
    with pytest.raises(ApplicationError) as defect:
        project(empty, after(journey, turn(1)))
    assert (defect.value.type, defect.value.non_retryable) == ("store-defect", False)
    empty.close()


@pytest.mark.parametrize(
    "method", [ProjectionActivities.project, InboxActivities.undelivered, MessagingActivities.send_bulk]
)
def test_a_time_out_interrupts_no_transaction(method: Callable[..., object]) -> None:
    """An exception thrown into the thread could keep the store's turn: every later write would wait in vain."""
    definition = vars(method)["__temporal_activity_definition"]
    assert definition.no_thread_cancel_exception
