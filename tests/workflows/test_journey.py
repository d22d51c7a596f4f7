"""A journey on the time-skipping server, with a real store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from pathways.engine.events import TaskClaimed, TaskCompleted, Withdrawn
from pathways.engine.journey import FORMAT
from pathways.errors import Conflict, Invalid, NotFound
from store import patients, returns
from store.facts import Policy, facts_of
from tests.workflows.ward import Clock, Ward, shell_release
from workflows.acts import act
from workflows.contracts import JourneyInput
from workflows.journey import PatientJourney
from workflows.runs import workflow_id


async def test_a_result_opens_a_task(ward: Ward) -> None:
    """A turn becomes a task, a message and reasons in the store, and its inbox row is reflected."""
    journey = ward.enrol()
    result = ward.pain(8)
    await ward.deliver(journey, result)
    (task,) = ward.tasks(journey)
    assert (task.name, task.role, task.urgent, task.due) == (
        "call",
        "diabetes-nurse",
        True,
        result.received + timedelta(minutes=30),
    )
    assert [message.template for message in ward.messages(journey)] == ["received"]
    assert ward.row(journey).status == "active"
    assert (await ward.state(journey)) == ward.shown(journey)


async def test_what_people_do_is_answered_with_its_turn(ward: Ward) -> None:
    """An update gives the sequence that the store comes to show; the same event again gives an answer and no effect."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    await act(ward.client, journey, TaskClaimed(id="claim", received=ward.now(), task=task, by="nurse-1"))
    done = TaskCompleted(id="complete", received=ward.now(), task=task, by="nurse-1", outcome="reached", at=ward.now())
    taken = await act(ward.client, journey, done)
    await ward.until(lambda: ward.row(journey).sequence >= taken.sequence)
    assert [(row.end, row.outcome) for row in ward.tasks(journey, "closed")] == [("done", "reached")]
    assert (await act(ward.client, journey, done)).sequence >= taken.sequence


REFUSED = {
    "unknown task": ("no-such-task", "reached", NotFound),
    "unknown outcome": (None, "eaten", Invalid),
    "done twice": (None, "reached", Conflict),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused(ward: Ward, case: str) -> None:
    """A refusal names its kind, and changes nothing."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    name, outcome, kind = REFUSED[case]
    if case == "done twice":
        await act(ward.client, journey, completed(ward, "first", task))
    before = await ward.state(journey)
    with pytest.raises(kind):
        await act(ward.client, journey, completed(ward, "refused", name or task, outcome))
    assert await ward.state(journey) == before


def completed(ward: Ward, id: str, task: str, outcome: str = "reached") -> TaskCompleted:
    return TaskCompleted(id=id, received=ward.now(), task=task, by="nurse-1", outcome=outcome, at=ward.now())


async def test_late_work_climbs_its_ladder(ward: Ward, clock: Clock) -> None:
    """Each rung passes at its time; one with nobody to take it passes at once; the last one raises an alarm."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    await clock.pass_(minutes=29)
    assert ward.roles(task) == ["diabetes-nurse"]
    await clock.pass_(minutes=2)
    await ward.until(lambda: ward.roles(task) == ["diabetes-nurse", "head-nurse", "attending-doctor"])
    await clock.pass_(hours=4)
    await ward.until(lambda: len(ward.roles(task)) == 4)
    assert ward.roles(task) == ["diabetes-nurse", "head-nurse", "attending-doctor", "quality-office"]


async def test_a_journey_ends_when_nothing_can_come_any_more(ward: Ward, clock: Clock) -> None:
    """After its exit and the horizon the workflow is over, and the store shows all of it."""
    journey = ward.enrol()
    await ward.deliver(journey)
    await act(ward.client, journey, Withdrawn(id="withdrawn", received=ward.now(), by="nurse-1"))
    await clock.pass_(days=31)
    await ward.handle(journey).result()
    assert ward.row(journey).status == "ended"


async def test_a_journey_whose_workflow_is_over_comes_back(ward: Ward, clock: Clock) -> None:
    """A death that is withdrawn after months: the journey goes on from the store in a run of its own."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    patient = ward.row(journey).patient
    with ward.database.write() as session:
        patients.record_death(session, patient, ward.now(), now=ward.now())
    await ward.deliver(journey)
    assert ward.tasks(journey, "open") == []
    await clock.pass_(days=40)
    await ward.handle(journey).result()
    with ward.database.write() as session:
        returns.withdraw_death(session, patient, by="nurse-1", now=ward.now())
    await ward.deliver(journey)
    assert ward.row(journey).status == "active"
    assert ward.row(journey).exit_reason is None
    assert [task.name for task in ward.tasks(journey, "open")] == ["call", "review-return"]
    await ward.deliver(journey, ward.pain(9))
    assert len(ward.reasons(journey, "joined")) == 1


async def test_a_state_of_a_newer_format_waits_for_a_newer_worker(ward: Ward) -> None:
    """A worker that does not know the format fails the task by name, and leaves the journey running."""
    journey = ward.enrol()
    with ward.database.read() as session:
        row = ward.row(journey)
        given = JourneyInput(
            release=shell_release().text,
            journey=replace(ward.shown(journey), format=FORMAT + 1),
            facts=facts_of(session, row.patient, Policy(), now=ward.now()),
        )
    handle = await ward.client.start_workflow(
        PatientJourney.run, given, id=workflow_id(journey), task_queue=ward.settings.task_queue
    )
    failed: list[str] = []
    async with asyncio.timeout(20):
        while not failed:
            history = await handle.fetch_history()
            await asyncio.sleep(0.02)
            failed = [
                event.workflow_task_failed_event_attributes.failure.application_failure_info.type
                for event in history.events
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            ]
    assert failed[0] == "JourneyFormatUnknown"
    await handle.terminate()
