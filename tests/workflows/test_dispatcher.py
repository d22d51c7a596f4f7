"""Bulk messages leave in batches, by a workflow that sleeps while nothing waits."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from pathways.engine.actions import SendMessage
from store import messages
from store.facts import Policy
from tests.workflows.ward import Clock, Ward, settings_of
from workflows.contracts import DispatcherInput
from workflows.dispatcher import Dispatcher
from workflows.nudges import dispatcher_id, nudge_loop

GENEROUS = Policy(contacts_a_day=999, contacts_a_week=999)
GIVEN = DispatcherInput(channel="preview", history_length=100)


def put(ward: Ward, journey: str, count: int, *, start: int = 0, after: timedelta = timedelta()) -> None:
    """Messages that may leave `after` from now."""
    row, at = ward.row(journey), ward.now() + after
    with ward.database.write() as session:
        for number in range(start, start + count):
            send = SendMessage(message=f"m{number}", template="greeting", track="greeting", urgent=False, not_before=at)
            messages.send(session, row, send)


def sent(ward: Ward, journey: str) -> int:
    with ward.database.read() as session:
        return len(messages.list_(session, journey=journey, state="sent", limit=1000))


def without_quiet_hours(ward: Ward) -> Ward:
    """The same ward, whose dispatchers may send as much as they like at any hour."""
    quiet = replace(GENEROUS.quiet, start=GENEROUS.quiet.end)
    again = replace(ward, settings=settings_of(ward.settings.task_queue, history_length=100))
    again.outbox = replace(again.outbox, policy=replace(GENEROUS, quiet=quiet), batch=50)
    return again


async def test_what_waits_leaves_in_batches(idle_ward: Ward) -> None:
    """One nudge sends all that waits, in a few events of history a batch."""
    ward = without_quiet_hours(idle_ward)
    async with ward.working():
        journey = ward.enrol()
        put(ward, journey, 220)
        nudging = asyncio.ensure_future(nudge_loop(ward.client, ward.outbox, task_queue=ward.settings.task_queue))
        await ward.until(lambda: sent(ward, journey) == 220)
        nudging.cancel()
        with suppress(asyncio.CancelledError):
            await nudging
        history = await ward.client.get_workflow_handle(dispatcher_id(GIVEN)).fetch_history()
    assert len(history.events) < 60


async def test_a_dispatcher_wakes_by_the_clock_and_lasts(idle_ward: Ward, clock: Clock) -> None:
    """What is due later leaves then without a nudge; a long history is continued in a new run."""
    ward = without_quiet_hours(idle_ward)
    here = asyncio.get_running_loop()

    def server_time() -> datetime:
        """Ask from the thread of an activity, as time passes while the test waits."""
        return asyncio.run_coroutine_threadsafe(clock.environment.get_current_time(), here).result(10)

    ward.outbox = replace(ward.outbox, clock=server_time)
    async with ward.working():
        journey = ward.enrol()
        handle = await ward.client.start_workflow(
            Dispatcher.run, GIVEN, id=dispatcher_id(GIVEN), task_queue=ward.settings.task_queue
        )
        first = handle.first_execution_run_id
        for hour in range(1, 8):
            put(ward, journey, 10, start=hour * 10, after=timedelta(minutes=5))
            await handle.signal(Dispatcher.nudge)
            await clock.pass_(minutes=30)
            await ward.until(lambda until=hour * 10: sent(ward, journey) == until)
        await clock.pass_(hours=3)
        described = await ward.client.get_workflow_handle(dispatcher_id(GIVEN)).describe()
    assert described.run_id != first
