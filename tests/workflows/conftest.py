"""Real Temporal servers and stores for the tests of the durable shell."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from store.database import Database, open_database
from tests.database_fixtures import migrated_sqlite
from tests.temporal_fixtures import client, dev_server, keyring, task_queue, time_skipping
from tests.workflows.ward import Clock, Ward, settings_of

__all__ = ["client", "dev_server", "keyring", "migrated_sqlite", "task_queue", "time_skipping"]


@pytest.fixture
def store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated store in `store.sqlite`."""
    shutil.copyfile(migrated_sqlite, tmp_path / "store.sqlite")
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield database
    database.close()


@pytest.fixture
async def clock(time_skipping: WorkflowEnvironment) -> Clock:
    """The time-skipping server's time."""
    clock = Clock(time_skipping)
    await clock.ask()
    return clock


@pytest.fixture
async def idle_ward(time_skipping: WorkflowEnvironment, clock: Clock, store: Database, task_queue: str) -> Ward:
    """A ward on the time-skipping server, whose worker does not run yet; nobody is head nurse."""
    return Ward(
        client=time_skipping.client,
        database=store,
        settings=settings_of(task_queue),
        now=lambda: clock.at,
        unstaffed=frozenset({"head-nurse"}),
    )


@pytest.fixture
async def ward(idle_ward: Ward) -> AsyncIterator[Ward]:
    """A ward on the time-skipping server, with its worker."""
    async with idle_ward.working():
        yield idle_ward
