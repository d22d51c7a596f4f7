"""A clinic behind the API: on its own with the engine away, and with a real one."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from settings import Settings
from store.database import Database, open_database
from tests.api.clinic import Desk, Known, copied, furnish, open_desk, seed, working
from tests.database_fixtures import database, database_url, migrated_sqlite, postgresql
from tests.temporal_fixtures import DevServer, client, dev_server, keyring, task_queue
from workflows.client import connect
from workflows.keyring import StaticKeyring

__all__ = [
    "client",
    "database",
    "database_url",
    "dev_server",
    "keyring",
    "migrated_sqlite",
    "postgresql",
    "task_queue",
]


@pytest.fixture(scope="session")
def known(dev_server: DevServer, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A clinic that a real engine served; each test gets a copy of its store."""
    file = tmp_path_factory.mktemp("clinic") / "clinic.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    settings = Settings(task_queue="tests-clinic", state_dir=file.parent, projection_wait_seconds=20)
    database = open_database(f"sqlite:///{file}")

    async def make() -> dict[str, str]:
        ring = StaticKeyring({"test-key": os.urandom(32)}, "test-key")
        engine = await connect(dev_server.address, dev_server.namespace, ring, within=timedelta(seconds=60))
        async with working(engine, database, settings), open_desk(database, settings, engine) as desk:
            await seed(desk)
            return await furnish(desk, settings)

    ids = asyncio.run(make())
    database.close()
    return Known(file=file, ids=ids)


@pytest.fixture
def store(known: Known, tmp_path: Path) -> Iterator[Database]:
    """The clinic's store, for this test alone."""
    database = open_database(copied(known, tmp_path))
    yield database
    database.close()


@pytest.fixture
def settings(tmp_path: Path, task_queue: str) -> Settings:
    """Of a test: its own task queue, and a state folder that goes with it."""
    return Settings(task_queue=task_queue, state_dir=tmp_path, projection_wait_seconds=20)


@pytest.fixture
async def desk(store: Database, settings: Settings) -> AsyncIterator[Desk]:
    """The API of the clinic, with the engine away."""
    async with open_desk(store, settings) as desk:
        yield desk


@pytest.fixture
async def live(migrated_sqlite: Path, tmp_path: Path, settings: Settings, client: Client) -> AsyncIterator[Desk]:
    """The API of a clinic that has people and pathways and no patients yet, with a real engine and worker."""
    shutil.copyfile(migrated_sqlite, tmp_path / "live.sqlite")
    database = open_database(f"sqlite:///{tmp_path / 'live.sqlite'}")
    async with working(client, database, settings), open_desk(database, settings, client) as desk:
        await seed(desk)
        yield desk
    database.close()
