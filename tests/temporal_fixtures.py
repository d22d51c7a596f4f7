"""Real Temporal servers for tests: the durable one of an installation, and the one that skips time.

A `conftest.py` imports the fixtures that its tests use.
"""

import os
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from workflows.client import connect, data_converter
from workflows.embedded import answers, free_ports, temporal_binary, temporal_command, time_skipping_binary
from workflows.keyring import StaticKeyring

NAMESPACE = "tests"
START_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class DevServer:
    """A running Temporal server, its database file and its process."""

    address: str
    namespace: str
    database: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_dev_server(folder: Path, *, port: int | None = None) -> Generator[DevServer]:
    """Run the server of a one-machine installation with its database in `folder`; a second run there resumes."""
    chosen, http_port, metrics_port = free_ports(3)
    port = port or chosen
    database = folder / "temporal.sqlite"
    command = temporal_command(
        binary=temporal_binary(),
        database=database,
        namespace=NAMESPACE,
        port=port,
        ui_port=None,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    with (folder / "temporal.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_WITHIN.total_seconds()
        while not answers(port):
            assert process.poll() is None, (folder / "temporal.log").read_text()
            assert time.monotonic() < deadline, "the Temporal server did not start"
            time.sleep(0.02)
        yield DevServer(address=f"127.0.0.1:{port}", namespace=NAMESPACE, database=database, process=process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def dev_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """One durable server for the whole test run: tests keep apart by their workflow ids and task queues."""
    with running_dev_server(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture
def keyring() -> StaticKeyring:
    """A keyring with one random key."""
    return StaticKeyring({"test-key": os.urandom(32)}, "test-key")


@pytest.fixture
async def client(dev_server: DevServer, keyring: StaticKeyring) -> Client:
    """An encrypting client of the durable server."""
    return await connect(dev_server.address, dev_server.namespace, keyring, within=START_WITHIN)


@pytest.fixture
async def time_skipping(keyring: StaticKeyring) -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of this test's own, as one stuck workflow would stop the clock of every later test."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(keyring),
        test_server_existing_path=str(time_skipping_binary()),
        test_server_startup_timeout=START_WITHIN,
    ) as environment:
        yield environment


@pytest.fixture
def task_queue() -> str:
    """A task queue that no other test listens on."""
    return f"tests-{uuid.uuid4()}"
