"""The connection to Temporal, and what a reader of its database finds."""

import asyncio
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from pathways.errors import EngineUnavailable
from tests.temporal_fixtures import NAMESPACE, START_WITHIN, DevServer, running_dev_server
from tests.workflows.letterbox import Letter, Letterbox, RefusingLetterbox, SlowLetterbox, Text, refuse, stamp
from workflows.client import connect
from workflows.embedded import free_ports
from workflows.keyring import StaticKeyring

SECRET = "secret-wang-13.9"


def worker(client: Client, task_queue: str) -> Worker:
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[Letterbox, RefusingLetterbox, SlowLetterbox],
        activities=[stamp, refuse],
    )


async def test_nothing_is_in_clear_in_temporal(client: Client, task_queue: str, dev_server: DevServer) -> None:
    """Input, memo, signal, update, summary, activity and result are unreadable in history and on disk."""
    async with worker(client, task_queue):
        handle = await client.start_workflow(
            Letterbox.run,
            Letter(parts=(Text(words=f"{SECRET} input"),)),
            id=f"letterbox/{uuid.uuid4()}",
            task_queue=task_queue,
            memo={"note": f"{SECRET} memo"},
            static_summary=f"{SECRET} summary",
        )
        await handle.signal(Letterbox.put, f"{SECRET} signal")
        assert await handle.query(Letterbox.content, "query") == f"query: {SECRET} signal"
        untyped: Any = handle  # the library leaves one overload of its update methods without types
        assert await untyped.execute_update(Letterbox.close, f"{SECRET} update") == f"closed {SECRET} update"
        result = await handle.result()
    assert result.parts[-1] == Text(words=f"stamped stamped {SECRET} signal")
    assert await (await handle.describe()).memo() == {"note": f"stamped stamped {SECRET} signal"}

    history = await handle.fetch_history()
    assert len(history.events) > 10
    raw = b"".join(event.SerializeToString() for event in history.events)
    files = [*dev_server.database.parent.glob("temporal.*")]
    assert len(files) >= 2
    for found in (raw, *(file.read_bytes() for file in files)):
        assert SECRET.encode() not in found


async def test_a_failure_is_not_in_clear_in_temporal(client: Client, task_queue: str) -> None:
    """Message, details and stack of a failed activity are unreadable in history; a client reads them."""
    async with worker(client, task_queue):
        handle = await client.start_workflow(
            RefusingLetterbox.run, SECRET, id=f"letterbox/{uuid.uuid4()}", task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ActivityError)
    refusal = failed.value.cause.cause
    assert isinstance(refusal, ApplicationError)
    assert (refusal.message, refusal.details) == (f"refused {SECRET}", (SECRET,))
    raw = b"".join(event.SerializeToString() for event in (await handle.fetch_history()).events)
    assert SECRET.encode() not in raw
    assert b"letterbox.py" not in raw


async def test_time_is_skipped(time_skipping: WorkflowEnvironment, task_queue: str) -> None:
    """Forty-two days of timers pass at once on the time-skipping server, through the same converter."""
    started = await time_skipping.get_current_time()
    async with worker(time_skipping.client, task_queue):
        ended = await time_skipping.client.execute_workflow(
            SlowLetterbox.run, 42, id=f"letterbox/{uuid.uuid4()}", task_queue=task_queue
        )
    assert ended - started >= timedelta(days=42)


class TestATemporalThatIsAway:
    async def test_no_server(self, keyring: StaticKeyring) -> None:
        """With nobody at the address the connection fails in the stated time, and says once that it waits."""
        [port] = free_ports(1)
        said: list[str] = []
        before = time.monotonic()
        with pytest.raises(EngineUnavailable, match=f"127.0.0.1:{port} does not answer"):
            await connect(f"127.0.0.1:{port}", "tests", keyring, within=timedelta(seconds=0.5), say=said.append)
        assert time.monotonic() - before < 3
        assert len(said) == 1

    async def test_a_server_that_comes_later(self, tmp_path: Path, keyring: StaticKeyring) -> None:
        """A start while Temporal is away says so, waits, and goes on when the server is there."""
        [port] = free_ports(1)
        waiting = asyncio.Event()
        connecting = asyncio.create_task(
            connect(f"127.0.0.1:{port}", NAMESPACE, keyring, within=START_WITHIN, say=lambda _: waiting.set())
        )
        await waiting.wait()
        with running_dev_server(tmp_path, port=port):
            assert (await connecting).namespace == NAMESPACE

    async def test_no_namespace(self, dev_server: DevServer, keyring: StaticKeyring) -> None:
        """A server without the namespace is named as such, before any worker polls it."""
        with pytest.raises(EngineUnavailable, match="has no namespace elsewhere"):
            await connect(dev_server.address, "elsewhere", keyring, within=timedelta(seconds=0.1))
