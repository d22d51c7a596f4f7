"""The database: transactions whose only commit is at their edge, its schema, and waiting for a change.

SQLite (one machine) and PostgreSQL behave alike here: a write is one transaction that nobody else's write interrupts,
and everything that can be tried again later is `StoreUnavailable`. No error text holds SQL or a value.
"""

import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib.resources import files
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import ForUpdateArg

from pathways.errors import Conflict, Misconfigured, StoreUnavailable, TongxingError
from store import tables

__all__ = ["LOCKED", "Database", "Session", "StoreDefect", "open_database", "wait_for_sequence"]

LOCKED = ForUpdateArg(key_share=True)
"""How a row is locked that others refer to: who adds a row that names it need not wait, and so cannot deadlock."""
ANSWER_SECONDS = 5.0
"""How long a statement may take; lists and writes take milliseconds."""
_CONNECT_SECONDS = 3
_GRACE_SECONDS = 1.0
"""A server that works ends a statement itself; one that has not said so this long after is hung."""
POOL_SIZE = 10
POOL_OVERFLOW = 30
_READ = "tongxing_read"
_SQLITE_POLL_SECONDS = 0.005
_POSTGRESQL_POLL_SECONDS = 0.02
_MIGRATION_LOCK = 7_466_737
"""Any number that nothing else on this PostgreSQL uses as an advisory lock."""


class StoreDefect(TongxingError):
    """The database refused a statement: the schema is not current, or the program is wrong."""

    code = "store-defect"


class Database:
    """A store. Opening it does not connect; `migrate` before the first use."""

    def __init__(self, engine: Engine, wait_seconds: float) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**{_READ: True})
        self._wait_seconds = wait_seconds
        # SQLite lets one write at a time, and waiting for it by the file's lock is unfair: queue within the process.
        self._turn = threading.Lock() if self.sqlite else None

    @property
    def sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Generator[Session]:
        """One transaction: committed when the block ends well, else nothing of it happened. Not to be nested.

        Raises:
            StoreUnavailable: the database is away, locked for too long or full.
            Conflict: someone else wrote the same thing at the same moment.
        """
        with self._errors(), self._my_turn(), Session(self._engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Generator[Session]:
        """A transaction for looking; what is changed in it is forgotten.

        Raises:
            StoreUnavailable: the database is away.
        """
        with self._errors(), Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema up to date; two processes may do so at once.

        Raises:
            StoreUnavailable: the database is away.
        """
        with self._errors(), self._my_turn(), self._engine.begin() as connection, _unhurried(connection):
            if not self.sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def schema_current(self) -> bool:
        """Whether the schema is the one that this program needs.

        Raises:
            StoreUnavailable: the database is away.
        """
        with self._errors(), self._reading.connect() as connection:
            found = MigrationContext.configure(connection).get_current_heads()
        return set(found) == set(ScriptDirectory.from_config(_alembic()).get_heads())

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()

    @contextmanager
    def connected(self) -> Generator[Connection]:
        """A bare connection for looking."""
        with self._errors(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def _my_turn(self) -> Generator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._wait_seconds):
            raise StoreUnavailable("The database is busy.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (exc.OperationalError, exc.InterfaceError, exc.InternalError) as failed:
            # The cause is left out on purpose: what a driver says can hold the values that it was given.
            if _is_defect(failed.orig):
                raise StoreDefect(_defect(failed.orig)) from None
            raise StoreUnavailable from None
        except exc.TimeoutError:
            raise StoreUnavailable("Every connection to the database is in use.") from None
        except exc.IntegrityError as clash:
            if _is_duplicate(clash.orig):
                raise Conflict("It exists already, or was written at the same moment.", hint="Read it again.") from None
            raise StoreDefect(_defect(clash.orig)) from None
        except exc.StatementError as failed:
            if isinstance(failed, exc.DBAPIError) and failed.connection_invalidated:
                raise StoreUnavailable from None
            raise StoreDefect(_defect(failed.orig)) from None


class _Impatient(psycopg.Connection[Any]):
    """A connection that a server which is hung, and whose host still takes what is sent to it, cannot hold for ever."""

    patience: float | None = None
    """Seconds for an answer; None waits as long as it takes."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server; the connection is of no use any more where it kept silent."""
        try:
            return super().wait(gen, interval, timeout=self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status is TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def open_database(url: str, *, wait_seconds: float = 5.0, answer_seconds: float = ANSWER_SECONDS) -> Database:
    """The store at a SQLAlchemy address (`sqlite:///FILE` or `postgresql://...`).

    `wait_seconds` is how long a write waits for its turn, and `answer_seconds` how long a PostgreSQL may take for a
    statement, before it is `StoreUnavailable`.

    Raises:
        Misconfigured: the address is not one of these.
    """
    try:
        address = make_url(url)
    except exc.ArgumentError:
        address = None
    backend = None if address is None else address.get_backend_name()
    if address is None or backend not in ("sqlite", "postgresql"):
        raise Misconfigured(
            "The address of the database cannot be read.",
            hint="Write TONGXING_DATABASE_URL as sqlite:///FILE or postgresql://USER@HOST/NAME.",
        )
    if backend == "sqlite":
        if address.database in (None, "", ":memory:"):
            raise Misconfigured("The store needs a SQLite file.", hint="Write TONGXING_DATABASE_URL as sqlite:///FILE.")
        connect_args: dict[str, Any] = {"isolation_level": None, "check_same_thread": False, "timeout": wait_seconds}
    else:
        address = address.set(drivername="postgresql+psycopg")
        connect_args = _impatience(wait_seconds, answer_seconds)
    engine = create_engine(
        address,
        connect_args=connect_args,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=wait_seconds,
        pool_pre_ping=backend == "postgresql",
    )
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "do_connect", partial(_connect_postgresql, answer_seconds + _GRACE_SECONDS))
    return Database(engine, wait_seconds)


def wait_for_sequence(database: Database, journey: str, sequence: int, timeout: float) -> bool:
    """Whether the store showed that turn of the journey within `timeout` seconds; it blocks its thread."""
    deadline = time.monotonic() + timeout
    shown = select(tables.Journey.sequence).where(tables.Journey.id == journey)
    with database.connected() as connection:
        seen = None
        while True:
            version = _data_version(connection) if database.sqlite else object()
            if version != seen:
                seen = version
                if (connection.scalar(shown) or 0) >= sequence:
                    return True
                connection.rollback()
            if time.monotonic() >= deadline:
                return False
            time.sleep(_SQLITE_POLL_SECONDS if database.sqlite else _POSTGRESQL_POLL_SECONDS)


def _data_version(connection: Connection) -> object:
    """Changes whenever another connection wrote; far cheaper to ask for than a row."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("PRAGMA data_version")
        return cursor.fetchone()


def _impatience(wait_seconds: float, answer_seconds: float) -> dict[str, Any]:
    """What bounds a wait for PostgreSQL: for a connection, a lock, a statement, and a host that is gone."""
    limits = {"lock_timeout": wait_seconds, "statement_timeout": answer_seconds}
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "options": " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items()),
    }


def _connect_postgresql(
    patience: float, _dialect: object, _record: object, args: Sequence[Any], named: dict[str, Any]
) -> _Impatient:
    connection = _Impatient.connect(*args, **named)
    connection.patience = patience
    return connection


@contextmanager
def _unhurried(connection: Connection) -> Generator[None]:
    """A migration takes as long as it takes."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, _Impatient):
        yield
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    patience, driver.patience = driver.patience, None
    try:
        yield
    finally:
        driver.patience = patience


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # FULL, though each commit then waits for the disk: what was answered with success survives a power cut.
    with closing(connection.cursor()) as cursor:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that comes to write later fails at once where another one wrote in between.
    reading = connection.get_execution_options().get(_READ, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _is_defect(error: BaseException | None) -> bool:
    """Whether SQLite, which has one class for both, means the statement and not the file."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _is_duplicate(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return error.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return getattr(error, "sqlstate", None) == "23505"


def _defect(error: BaseException | None) -> str:
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "without a code"
    return f"The database refused a statement ({type(error).__name__}, {code})."


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config
