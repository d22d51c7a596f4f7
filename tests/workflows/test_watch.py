"""Nothing is silently late: a lost workflow comes back from the store, and an operator hears of one that cannot."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus

from activities.clock import utc_now
from pathways.engine.events import TaskCompleted
from pathways.engine.journey import FORMAT, write_journey
from store import alarms, journeys, overdue
from store.database import Database
from store.facts import Policy
from tests.temporal_fixtures import START_WITHIN, running_dev_server
from tests.workflows.ward import Ward, settings_of
from workflows.client import connect
from workflows.keyring import StaticKeyring
from workflows.runs import Runs, workflow_id
from workflows.watch import Watch

FIRST_RUNG = timedelta(minutes=30)


@dataclass
class Look:
    """A watch whose clock the test sets ahead, so that it does not have to wait for what is late."""

    ward: Ward
    ahead: timedelta = timedelta()
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        ward = self.ward
        runs = Runs(ward.client, ward.database, task_queue=ward.settings.task_queue, policy=Policy(), clock=self._now)
        self.watch = Watch(runs, ward.database, clock=self._now)

    def _now(self) -> datetime:
        return utc_now() + self.ahead

    async def after(self, **ahead: float) -> list[str]:
        """Look that long from now; the codes of all alarms."""
        self.ahead = timedelta(**ahead)
        await self.watch.look()
        with self.ward.database.read() as session:
            return [alarm.code for alarm in alarms.list_(session)]


def ward_of(client: Client, store: Database, task_queue: str) -> Ward:
    return Ward(client=client, database=store, settings=settings_of(task_queue))


async def begin(ward: Ward, *, rung_in: timedelta) -> tuple[str, str]:
    """A journey whose urgent task climbs to its first rung so soon from now; its id and that of its task."""
    then = utc_now() - FIRST_RUNG + rung_in
    ward.now = lambda: then
    journey = ward.enrol()
    pain = ward.pain(8)
    ward.now = utc_now
    await ward.deliver(journey, pain, ward.ping())  # what comes first is taken in at its own instant
    (task,) = ward.tasks(journey)
    return journey, task.id


async def lose_temporal(folder: Path, store: Database, keyring: StaticKeyring, task_queue: str) -> tuple[str, str]:
    """Run a journey on a server whose database is deleted then."""
    with running_dev_server(folder) as server:
        client = await connect(server.address, server.namespace, keyring, within=START_WITHIN)
        ward = ward_of(client, store, task_queue)
        async with ward.working():
            begun = await begin(ward, rung_in=timedelta(seconds=10))
    delete_database(folder)
    return begun


def delete_database(folder: Path) -> None:
    for file in folder.glob("temporal.sqlite*"):
        file.unlink()


async def test_a_lost_temporal_database_costs_nothing(
    tmp_path: Path, store: Database, keyring: StaticKeyring, task_queue: str
) -> None:
    """A journey that is due goes on from the store, whichever watch is first; its rung passes, nothing repeats."""
    journey, task = await lose_temporal(tmp_path, store, keyring, task_queue)
    with running_dev_server(tmp_path) as server:
        ward = ward_of(await connect(server.address, server.namespace, keyring, within=START_WITHIN), store, task_queue)
        before = ward.messages(journey)
        assert ward.roles(task) == ["diabetes-nurse"]
        async with ward.working():
            looks = await asyncio.gather(*(Look(ward).after(minutes=3) for _ in range(2)))
            await ward.until(lambda: ward.roles(task) == ["diabetes-nurse", "head-nurse"])
            assert looks == [[], []]
            assert [row.id for row in ward.tasks(journey)] == [task]
            assert [row.id for row in ward.messages(journey) if row.template] == [row.id for row in before]
            await ward.deliver(journey, completed(ward, task))
            assert [row.end for row in ward.tasks(journey, "closed")] == ["done"]
            assert await ward.state(journey) == ward.shown(journey)


async def test_what_arrives_for_a_lost_journey_brings_it_back(
    tmp_path: Path, store: Database, keyring: StaticKeyring, task_queue: str
) -> None:
    """The delivery of the inbox does not wait for the journey to be late."""
    journey, task = await lose_temporal(tmp_path, store, keyring, task_queue)
    with running_dev_server(tmp_path) as server:
        ward = ward_of(await connect(server.address, server.namespace, keyring, within=START_WITHIN), store, task_queue)
        async with ward.working():
            ward.ids = 100  # its first ward counted from zero
            await ward.deliver(journey, completed(ward, task), ward.pain(9))
            assert [(row.id, row.end) for row in ward.tasks(journey, "closed")] == [(task, "done")]
            assert len(ward.tasks(journey, "open")) == 1


def completed(ward: Ward, task: str) -> TaskCompleted:
    return TaskCompleted(
        id="done", received=ward.now(), task=task, by="diabetes-nurse-1", outcome="reached", at=ward.now()
    )


async def test_a_journey_that_was_stopped_is_left_to_an_operator(
    client: Client, store: Database, task_queue: str
) -> None:
    """What was terminated is told once and not started again; once it is reset, it goes on."""
    ward = ward_of(client, store, task_queue)
    async with ward.working():
        journey, task = await begin(ward, rung_in=timedelta(seconds=2))
        await ward.until(lambda: len(ward.roles(task)) == 2)
        await ward.handle(journey).terminate()
        ping = ward.ping()
        ward.accept(journey, ping)
        await ward.delivery.sweep()
        look = Look(ward)
        assert await look.after(minutes=3) == ["journey-stopped"]
        assert await look.after(minutes=30) == ["journey-stopped"]
        assert (await ward.handle(journey).describe()).status == WorkflowExecutionStatus.TERMINATED
        assert ward.pending(journey) == [ping.id]
        await reset(client, journey)
        assert await look.after(minutes=60) == ["journey-stopped"]
        await asyncio.sleep(0.3)
        await ward.deliver(journey)
        assert await ward.state(journey) == ward.shown(journey)


async def reset(client: Client, journey: str) -> None:
    """What `temporal workflow reset --type LastWorkflowTask` asks for."""
    history = await client.get_workflow_handle(workflow_id(journey)).fetch_history()
    done = [event.event_id for event in history.events if event.HasField("workflow_task_completed_event_attributes")]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(journey)),
            reason="stopped",
            workflow_task_finish_event_id=done[-1],
            request_id="reset",
        )
    )


async def test_a_worker_that_was_away_catches_up_without_an_alarm(
    client: Client, store: Database, task_queue: str
) -> None:
    """Nobody is alarmed by what was late and is served before the second look."""
    ward = ward_of(client, store, task_queue)
    async with ward.working():
        journey, task = await begin(ward, rung_in=timedelta(seconds=3))
    look = Look(ward)
    assert await look.after(minutes=20) == []
    async with ward.working():
        await ward.until(lambda: len(ward.roles(task)) == 2)
        assert await look.after(minutes=25) == []
        assert await ward.state(journey) == ward.shown(journey)


async def test_a_journey_that_stays_late_is_told_once(client: Client, store: Database, task_queue: str) -> None:
    """It was woken, two minutes later it still stands still: an operator hears of it, however often it is seen."""
    ward = ward_of(client, store, task_queue)
    async with ward.working():
        journey, task = await begin(ward, rung_in=timedelta(seconds=3))
    look, another = Look(ward), Look(ward)
    assert [await look.after(minutes=minutes) for minutes in (3, 4)] == [[], []]
    assert await another.after(minutes=4) == []
    assert await look.after(minutes=6) == ["journey-overdue"]
    assert await look.after(minutes=7) == ["journey-overdue"]
    assert await another.after(minutes=7) == ["journey-overdue"]
    with store.read() as session:
        assert overdue.count(session, at=utc_now() + timedelta(minutes=3)) == 1
    async with ward.working():
        await ward.until(lambda: len(ward.roles(task)) == 2)
    with store.read() as session:
        assert overdue.read(session, journey, at=utc_now() + timedelta(minutes=3)) is None


async def test_one_that_cannot_be_read_keeps_nobody_waiting(client: Client, store: Database, task_queue: str) -> None:
    """A journey that never began is begun, whatever is wrong with the others; a state of a newer version stays."""
    ward = ward_of(client, store, task_queue)
    journey = ward.enrol()
    with store.write() as session:
        start = journeys.Start(patient=ward.another(session), pathway="shell", enrolled=ward.now())
        newer = journeys.begin(session, start, by="nurse-1", now=ward.now()).journey
        state = newer.state = write_journey(replace(journeys.state_of(newer), format=FORMAT + 1)).decode()
    async with ward.working():
        assert await Look(ward).after(minutes=3) == []
        await ward.settled(journey)
    assert ward.row(journey).status == "active"
    assert (ward.row(newer.id).status, ward.row(newer.id).state) == ("starting", state)
