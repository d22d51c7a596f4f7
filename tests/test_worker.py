"""The worker starts when everything is there, says what it waits for, and refuses what cannot run."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.channels.preview import PreviewChannel
from activities.channels.provider import HttpChannel
from pathways.errors import Misconfigured
from settings import Settings
from store import releases
from store.database import Database, open_database
from tests.database_fixtures import migrated_sqlite
from tests.store import builders
from tests.temporal_fixtures import DevServer, dev_server, task_queue
from tests.workflows.ward import shell_release
from worker import channel_of, keyring_of, load_releases, serve
from workflows.embedded import free_ports

__all__ = ["dev_server", "migrated_sqlite", "task_queue"]


@pytest.fixture
def store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copyfile(migrated_sqlite, tmp_path / "store.sqlite")
    database = open_database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield database
    database.close()


class Said:
    """What the worker said, and when it said something that matters."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.changed = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.changed.set()

    async def heard(self, words: str) -> None:
        """Wait until it said that."""
        async with asyncio.timeout(60):
            while not any(words in line for line in self.lines):
                self.changed.clear()
                await self.changed.wait()


def settings_of(tmp_path: Path, **more: Any) -> Settings:
    return Settings(state_dir=tmp_path, **more)


async def test_a_worker_starts_and_ends(
    dev_server: DevServer, store: Database, tmp_path: Path, task_queue: str
) -> None:
    """It says when it is ready, and ends when it is told to."""
    settings = settings_of(
        tmp_path, temporal_address=dev_server.address, temporal_namespace=dev_server.namespace, task_queue=task_queue
    )
    said, stop = Said(), asyncio.Event()
    with store.write() as session:
        releases.publish(session, shell_release(), by="lead-1", now=builders.NOW)
    serving = asyncio.ensure_future(serve(settings, store, stop=stop, say=said))
    await said.heard("ready")
    assert any("1 releases loaded" in line for line in said.lines)
    stop.set()
    async with asyncio.timeout(60):
        await serving


async def test_a_worker_waits_for_its_neighbours(tmp_path: Path) -> None:
    """Without a schema, and without a Temporal server, it waits, says for what, and can be ended."""
    (port,) = free_ports(1)
    settings = settings_of(tmp_path, temporal_address=f"127.0.0.1:{port}", temporal_wait_seconds=0.5)
    database = open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    said, stop = Said(), asyncio.Event()
    serving = asyncio.ensure_future(serve(settings, database, stop=stop, say=said))
    await said.heard("Waiting for the database")
    await asyncio.to_thread(database.migrate)
    await said.heard("Still waiting")
    stop.set()
    async with asyncio.timeout(60):
        await serving
    database.close()


UNUSABLE: dict[str, tuple[dict[str, str], str]] = {
    "cannot be read": ({"text": "{}"}, "Release 1 of pathway checks cannot run: 3 parts cannot be read."),
    "was changed": ({"checksum": "0" * 32}, "its text is not what was published"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_release_that_cannot_run_stops_the_start(store: Database, case: str) -> None:
    """The worker names the release and what is wrong with it."""
    change, words = UNUSABLE[case]
    with store.write() as session:
        row = releases.publish(session, builders.release(), by="lead-1", now=builders.NOW)
        for name, value in change.items():
            setattr(row, name, value)
    with pytest.raises(Misconfigured, match=re.escape(words)):
        load_releases(store)


def test_a_release_that_does_not_check_stops_the_start(store: Database) -> None:
    """A release from before a check was added is not run either."""
    broken = builders.release(owner="nobody-we-know")
    with store.write() as session:
        releases.publish(session, broken, by="lead-1", now=builders.NOW)
    with pytest.raises(Misconfigured, match="unknown role 'nobody-we-know'"):
        load_releases(store)


def test_the_settings_choose_the_channel(tmp_path: Path) -> None:
    """Preview unless a provider is named."""
    assert isinstance(channel_of(settings_of(tmp_path)), PreviewChannel)
    http = channel_of(settings_of(tmp_path, channel="http", channel_url="http://127.0.0.1:1"))
    assert isinstance(http, HttpChannel)
    http.close()


def test_keys_come_from_the_settings_or_the_state_folder(tmp_path: Path) -> None:
    """Keys that were given go before the file."""
    given = {"a": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
    assert keyring_of(settings_of(tmp_path, encryption_keys=given)).key_for(None)[0] == "a"
    assert not (tmp_path / "keys.json").exists()
    keyring_of(settings_of(tmp_path))
    assert (tmp_path / "keys.json").exists()
