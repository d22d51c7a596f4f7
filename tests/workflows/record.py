"""Records workflow histories of real runs, to be replayed by every later build: `python -m tests.workflows.record`.

Record again only where the change of a workflow's commands is meant, and journeys that run are moved over it.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from pathways.engine.events import TaskClaimed, TaskCompleted, Withdrawn
from store.database import open_database
from tests.workflows.golden import lines
from tests.workflows.test_dispatcher import GIVEN, put, without_quiet_hours
from tests.workflows.test_outage import give_back, take_away
from tests.workflows.ward import Clock, Ward, settings_of
from workflows.acts import act
from workflows.client import data_converter
from workflows.dispatcher import Dispatcher
from workflows.embedded import time_skipping_binary
from workflows.keyring import StaticKeyring
from workflows.nudges import dispatcher_id
from workflows.runs import workflow_id

HISTORIES = Path(__file__).parent / "histories"
GOLDEN = HISTORIES / "turns.txt"
KEYRING = StaticKeyring({"histories": bytes(range(32))}, "histories")

Recording = Callable[[Ward, Clock, Path], Awaitable[None]]


async def climbed(ward: Ward, clock: Clock, folder: Path) -> None:
    """A task climbs to the top of its ladder, past a rung with nobody, and is done."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    for _ in range(5):
        await clock.pass_(hours=1)
    await act(ward.client, journey, completed(ward, task))
    await ward.deliver(journey, ward.pain(3))
    await keep(ward.client, "climbed", workflow_id(journey))


async def ended(ward: Ward, clock: Clock, folder: Path) -> None:
    """People act, the patient leaves, and the journey is over."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    await act(ward.client, journey, TaskClaimed(id="claim", received=ward.now(), task=task, by="diabetes-nurse-1"))
    await act(ward.client, journey, completed(ward, task))
    await clock.pass_(days=3)
    await act(ward.client, journey, Withdrawn(id="withdrawn", received=ward.now(), by="diabetes-nurse-1"))
    await clock.pass_(days=31)
    await ward.handle(journey).result()
    await keep(ward.client, "ended", workflow_id(journey))


async def continued(ward: Ward, clock: Clock, folder: Path) -> None:
    """A burst, over several runs: the first of them, and the one after it."""
    ward = replace(ward, settings=settings_of(ward.settings.task_queue, history_length=100))
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    first = (await ward.handle(journey).describe()).run_id
    ward.accept(journey, *(ward.ping() for _ in range(150)))
    while await ward.delivery.sweep():
        pass
    await ward.settled(journey)
    await keep(ward.client, "continued-first", workflow_id(journey), first)
    await keep(ward.client, "continued-last", workflow_id(journey))


async def store_away(ward: Ward, clock: Clock, folder: Path) -> None:
    """The store is away for a while: what was decided is shown by an ordinary activity."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    ward.database.close()
    take_away(folder / "store.sqlite")
    await act(ward.client, journey, completed(ward, task))
    await asyncio.sleep(1)
    taken = await act(ward.client, journey, ward.ping())
    give_back(folder / "store.sqlite")
    await ward.until(lambda: ward.row(journey).sequence == taken.sequence)
    await keep(ward.client, "store-away", workflow_id(journey))


async def dispatched(ward: Ward, clock: Clock, folder: Path) -> None:
    """Messages leave in batches, by a nudge and by the clock."""
    ward.outbox = without_quiet_hours(ward).outbox
    async with ward.working():
        journey = ward.enrol()
        put(ward, journey, 60)
        handle = await ward.client.start_workflow(
            Dispatcher.run, GIVEN, id=dispatcher_id(GIVEN), task_queue=ward.settings.task_queue
        )
        await ward.until(lambda: all(message.state == "sent" for message in ward.messages(journey)))
        put(ward, journey, 5, start=60)
        await handle.signal(Dispatcher.nudge)
        await ward.until(lambda: all(message.state == "sent" for message in ward.messages(journey)))
        await clock.pass_(minutes=30)
        await keep(ward.client, "dispatched", dispatcher_id(GIVEN))


RECORDINGS: Mapping[str, Recording] = {
    "climbed": climbed,
    "ended": ended,
    "continued": continued,
    "store-away": store_away,
}


def completed(ward: Ward, task: str) -> TaskCompleted:
    """The open task is done now."""
    return TaskCompleted(
        id="complete", received=ward.now(), task=task, by="diabetes-nurse-1", outcome="reached", at=ward.now()
    )


async def keep(client: Client, name: str, workflow: str, run: str | None = None) -> None:
    """Write one run's history."""
    history = await client.get_workflow_handle(workflow, run_id=run).fetch_history()
    told = re.sub(r'("(?:identity|workerInstanceKey)": ")[^"]*', r"\1recorder", history.to_json())
    (HISTORIES / f"{name}.json").write_text(told + "\n")


async def record(recording: Recording, *, working: bool) -> None:
    """Make one recording with a server and a store of its own."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        async with await WorkflowEnvironment.start_time_skipping(
            data_converter=data_converter(KEYRING),
            test_server_existing_path=str(time_skipping_binary()),
            test_server_startup_timeout=timedelta(seconds=60),
        ) as environment:
            clock = Clock(environment)
            await clock.ask()
            database = open_database(f"sqlite:///{folder / 'store.sqlite'}")
            database.migrate()
            ward = Ward(
                client=environment.client,
                database=database,
                settings=settings_of("record"),
                now=lambda: clock.at,
                unstaffed=frozenset({"head-nurse"}),
            )
            if working:
                async with ward.working():
                    await recording(ward, clock, folder)
            else:
                await recording(ward, clock, folder)
            database.close()


async def main() -> None:
    """Record everything anew."""
    shutil.rmtree(HISTORIES, ignore_errors=True)
    HISTORIES.mkdir()
    for recording in RECORDINGS.values():
        await record(recording, working=True)
    await record(dispatched, working=False)
    GOLDEN.write_text("\n".join(lines()) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
