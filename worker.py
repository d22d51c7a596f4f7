"""Composition root of the worker: journeys and dispatchers, the inbox's delivery, what is urgent and what is late."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.channels.channel import Channel
from activities.channels.preview import PreviewChannel
from activities.channels.provider import HttpChannel
from activities.clock import utc_now
from activities.cohorts import Cohorts
from activities.errands import ErrandActivities
from activities.inbox import InboxActivities
from activities.messaging import MessagingActivities, Outbox, urgent_loop
from activities.projection import ProjectionActivities
from activities.vigil import Vigil
from pathways.errors import EngineUnavailable, Misconfigured, StoreUnavailable
from pathways.language.check import check
from pathways.language.draft import Places
from pathways.language.release import load_release
from pathways.language.schedule import QuietHours
from pathways.language.texts import Text
from settings import Settings
from store import releases, tables
from store.database import Database, open_database
from store.facts import Policy
from workflows.client import connect
from workflows.delivery import Delivery
from workflows.dispatcher import Dispatcher
from workflows.journey import PatientJourney
from workflows.keyring import Keyring, StaticKeyring, open_keys_file
from workflows.nudges import nudge_loop
from workflows.runs import Runs
from workflows.watch import Watch

PAUSE_SECONDS = 1.0
PAGE = 100
STORE_TURN_SECONDS = 1.5
"""How long a write waits for its turn: less than a journey's local attempt, which would be over before it."""
PASSED_THROUGH = ("pathways", "store", "activities", "cel_expr_python")
"""What workflows share with their worker instead of loading it again; the conditions' library allows nothing else."""

Say = Callable[[str], None]


def run_worker(settings: Settings, say: Say | None = None) -> None:
    """Run until a signal ends it; what is running then may finish.

    Raises:
        Misconfigured: a published release cannot run here, or the settings do not fit.
    """
    asyncio.run(_until_signalled(settings, say or _to_stderr))


async def _until_signalled(settings: Settings, say: Say) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    database = open_database(settings.database_url, wait_seconds=STORE_TURN_SECONDS)
    try:
        await serve(settings, database, stop=stop, say=say)
    finally:
        database.close()


async def serve(settings: Settings, database: Database, *, stop: asyncio.Event, say: Say) -> None:
    """Wait for the store and for Temporal, saying so, then work until `stop` is set."""
    starting = asyncio.ensure_future(_start(settings, database, say))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        return
    client = starting.result()
    outbox = outbox_of(settings, database)
    with ThreadPoolExecutor(settings.activity_threads * 2, thread_name_prefix="activity") as threads:
        async with make_worker(client, database, outbox, settings, threads):
            say("同行工作进程已就绪 · The worker is ready.")
            await _run_beside(
                stopping,
                delivery_of(client, database, settings).run(),
                watch_of(client, database, settings).run(),
                Cohorts(database, policy_of(settings), clock=utc_now).run(),
                Vigil(database, policy_of(settings), clock=utc_now).run(),
                urgent_loop(outbox, every=timedelta(seconds=settings.dispatcher_poll_seconds)),
                nudge_loop(client, outbox, task_queue=settings.task_queue, history_length=settings.history_length),
            )
            say("同行工作进程正在结束 · The worker is ending.")


async def _run_beside(stopping: asyncio.Future[Any], *loops: Coroutine[Any, Any, None]) -> None:
    """Run loops until it is time to stop; one that breaks ends all of them, and the process with it."""
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def make_worker(
    client: Client,
    database: Database,
    outbox: Outbox,
    settings: Settings,
    threads: ThreadPoolExecutor,
    *,
    runner: WorkflowRunner | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Worker:
    """Build the Temporal worker; `threads` run its activities, twice as many as may run at once of either kind.

    Workflows run in their sandbox unless a `runner` is given.
    """
    policy = policy_of(settings)
    errands = ErrandActivities(database, policy, url=settings.hospital_url)
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[PatientJourney, Dispatcher],
        activities=[
            ProjectionActivities(database, policy).project,
            InboxActivities(database).undelivered,
            MessagingActivities(outbox).send_bulk,
            errands.call,
            errands.enrol,
        ],
        activity_executor=threads,
        max_concurrent_activities=settings.activity_threads,
        max_concurrent_local_activities=settings.activity_threads,
        max_cached_workflows=settings.max_cached_workflows,
        workflow_runner=runner or sandbox(),
        interceptors=interceptors,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_seconds),
    )


def sandbox() -> SandboxedWorkflowRunner:
    """Build the sandbox in which workflows run."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def delivery_of(client: Client, database: Database, settings: Settings) -> Delivery:
    """Build the delivery of the inbox."""
    return Delivery(
        client,
        database,
        task_queue=settings.task_queue,
        policy=policy_of(settings),
        history_length=settings.history_length,
    )


def watch_of(client: Client, database: Database, settings: Settings) -> Watch:
    """Build what looks for overdue journeys."""
    runs = Runs(
        client,
        database,
        task_queue=settings.task_queue,
        policy=policy_of(settings),
        history_length=settings.history_length,
    )
    return Watch(runs, database)


def outbox_of(settings: Settings, database: Database) -> Outbox:
    """Build what sends messages; the API process uses the same for what is urgent."""
    return Outbox(
        database=database,
        channel=channel_of(settings),
        policy=policy_of(settings),
        hospital=Text(zh=settings.hospital_name_zh, en=settings.hospital_name_en),
        clock=utc_now,
        batch=settings.dispatcher_batch,
        lease=timedelta(seconds=settings.dispatcher_lease_seconds),
    )


def channel_of(settings: Settings) -> Channel:
    """Build the channel that the settings name."""
    if settings.channel == "http" and settings.channel_url is not None:
        return HttpChannel(settings.channel_url, honours_keys=settings.channel_honours_keys)
    return PreviewChannel()


def policy_of(settings: Settings) -> Policy:
    """Read off what the site has settled for contact."""
    return Policy(
        zone=settings.zone,
        quiet=QuietHours(start=settings.quiet_hours_start, end=settings.quiet_hours_end),
        contacts_a_day=settings.contacts_per_day,
        contacts_a_week=settings.contacts_per_week,
    )


def keyring_of(settings: Settings) -> Keyring:
    """Take the keys from the settings, else from the state folder's file, which is made on the first start."""
    if settings.current_key_id is not None:
        return StaticKeyring(settings.keys, settings.current_key_id)
    return open_keys_file(settings.state_dir / "keys.json")


async def _start(settings: Settings, database: Database, say: Say) -> Client:
    await _store_is_there(database, say)
    loaded = await asyncio.to_thread(load_releases, database)
    say(f"已载入 {loaded} 个路径版本 · {loaded} releases loaded.")
    keyring = keyring_of(settings)
    wait = timedelta(seconds=settings.temporal_wait_seconds)
    while True:
        try:
            return await connect(settings.temporal_address, settings.temporal_namespace, keyring, within=wait, say=say)
        except EngineUnavailable as away:
            say(f"仍在等待 Temporal · Still waiting. {away}")


async def _store_is_there(database: Database, say: Say) -> None:
    said = ""
    while True:
        try:
            if await asyncio.to_thread(database.schema_current):
                return
            trouble = "数据库尚未升级 · Waiting for the database to be brought up to date (`tongxing migrate`)."
        except StoreUnavailable as away:
            trouble = f"等待数据库 · Waiting for the database. {away}"
        if trouble != said:
            say(trouble)
            said = trouble
        await asyncio.sleep(PAUSE_SECONDS)


def load_releases(database: Database) -> int:
    """Load every published release, since a journey may run on any of them; how many there are.

    Raises:
        Misconfigured: one does not load or does not check.
    """
    count, after = 0, None
    with database.read() as session:
        while page := releases.list_(session, after=after, limit=PAGE):
            for row in page:
                _check(row)
            count, after = count + len(page), page[-1].number
    return count


def _check(row: tables.Release) -> None:
    try:
        release = load_release(row.text)
    except ValidationError as wrong:
        raise _unusable(row, [f"{wrong.error_count()} parts cannot be read"]) from None
    if release.checksum != row.checksum:
        raise _unusable(row, ["its text is not what was published"])
    problems = [problem for problem in check(release.contents, Places()) if problem.severity == "error"]
    if problems:
        raise _unusable(row, map(str, problems))


def _unusable(row: tables.Release, problems: Iterable[str]) -> Misconfigured:
    return Misconfigured(
        f"Release {row.number} of pathway {row.pathway} cannot run: {'; '.join(problems)}.",
        hint="Run the version of Tongxing that published it, or move its journeys to a release that checks.",
    )


def _to_stderr(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
