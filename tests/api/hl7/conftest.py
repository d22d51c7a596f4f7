"""A store with two patients; each test has a copy of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import Database, open_database
from tests.api.hl7.ward import admit


@pytest.fixture(scope="session")
def admitted(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the patients of the messages are known."""
    file = tmp_path_factory.mktemp("ward") / "ward.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    database = open_database(f"sqlite:///{file}")
    admit(database)
    database.close()
    return file


@pytest.fixture
def ward(admitted: Path, tmp_path: Path) -> Iterator[Database]:
    """The store, for this test alone."""
    shutil.copyfile(admitted, tmp_path / "ward.sqlite")
    database = open_database(f"sqlite:///{tmp_path / 'ward.sqlite'}")
    yield database
    database.close()
