"""Transactions, the schema, waiting for a change, and what a caller sees when the database is away."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from pathways.engine.actions import OpenAsk
from pathways.engine.events import Happened
from pathways.errors import Conflict, Misconfigured, StoreUnavailable
from store import asks, audit, inbox, journeys, patients, tables
from store.database import Database, StoreDefect, open_database, wait_for_sequence
from tests.database_fixtures import PostgreSQL
from tests.store import builders
from tests.store.builders import NOW

WRITES = 500


def test_a_migrated_schema_is_the_one_of_the_tables(database: Database) -> None:
    """The migrations and the tables never drift apart."""
    assert database.schema_current()
    with database.connected() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Base.metadata) == []


def test_migrating_twice_and_at_once_is_migrating_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`up` and a worker that start together find one schema, whatever their working directory is."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    stores = [open_database(url) for _ in range(2)]
    assert not stores[0].schema_current()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Database.migrate, stores))
    assert all(store.schema_current() for store in stores)
    for store in stores:
        store.close()


def test_a_block_that_fails_leaves_nothing_behind(database: Database) -> None:
    """A write happens as a whole or not at all."""

    def fail() -> None:
        with database.write() as session:
            builders.patient(session)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with database.read() as session:
        assert patients.find(session) == []


def test_what_is_changed_while_looking_is_forgotten(database: Database) -> None:
    """A read never writes."""
    with database.read() as session:
        builders.patient(session)
    with database.read() as session:
        assert patients.find(session) == []


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    """Every instant in the store is one, and comes back in UTC."""
    with pytest.raises(StoreDefect), database.write() as session:
        audit.record(session, at=NOW.replace(tzinfo=None), actor="a", action="b", subject="c")
    shanghai = datetime.fromisoformat("2026-03-04T10:00:00+08:00")
    with database.write() as session:
        audit.record(session, at=shanghai, actor="a", action="b", subject="c")
    with database.read() as session:
        line = audit.list_(session)[0]
        assert (line.at, line.at.isoformat()) == (NOW, "2026-03-04T02:00:00+00:00")


def test_writing_the_same_thing_twice_is_a_conflict_that_names_no_value(database: Database) -> None:
    """An error text holds no SQL and nothing of a patient."""

    def write_twice() -> None:
        with database.write() as session:
            who = builders.patient(session, "secret-number")
            session.add(tables.Identifier(system="hospital", value="secret-number-2", patient=who.id))
            session.flush()
            session.expunge_all()
            session.add(tables.Identifier(system="hospital", value="secret-number-2", patient=who.id))

    with pytest.raises(Conflict) as clash:
        write_twice()
    assert "secret" not in str(clash.value)
    assert clash.value.__cause__ is None


def test_a_statement_that_the_database_refuses_is_a_defect_without_its_values(database: Database) -> None:
    """A row that points at nothing is a defect of the program, and is told without what was in it."""
    with pytest.raises(StoreDefect) as defect, database.write() as session:
        session.add(tables.Identifier(system="hospital", value="secret-number", patient="nobody"))
    assert "secret" not in str(defect.value)


def test_what_was_committed_survives_a_power_cut(database: Database) -> None:
    """What the API answers with success is promised: each commit waits for the disk."""
    asked, full = ("PRAGMA synchronous", 2) if database.sqlite else ("SHOW synchronous_commit", "on")
    with database.connected() as connection:
        assert connection.exec_driver_sql(asked).scalar() == full


def _write_many(url: str, name: str, failed: "multiprocessing.Queue[str]") -> None:
    database = open_database(url)
    try:
        for number in range(WRITES):
            with database.write() as session:
                # Reads before it writes, as everything here does: what a deferred transaction dies of.
                audit.list_(session, limit=1)
                audit.record(session, at=NOW, actor=name, action=str(number), subject=name)
    except Exception as error:  # whatever it is, the test must know
        failed.put(repr(error))
    database.close()


def test_two_processes_write_at_once_without_an_error_reaching_anyone(database_url: str) -> None:
    """API and worker write to one store: no one ever sees 'database is locked'."""
    context = multiprocessing.get_context("spawn")
    failed: multiprocessing.Queue[str] = context.Queue()
    writers = [context.Process(target=_write_many, args=(database_url, name, failed)) for name in ("api", "worker")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert failed.empty()
    assert [writer.exitcode for writer in writers] == [0, 0]
    database = open_database(database_url)
    with database.read() as session:
        assert len(audit.list_(session, limit=10 * WRITES)) == 2 * WRITES
    database.close()


def test_threads_of_one_process_queue_for_their_turn(database: Database) -> None:
    """Many requests at once all succeed."""

    def write(number: int) -> None:
        with database.write() as session:
            audit.record(session, at=NOW, actor="api", action=str(number), subject="s")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(200)))
    with database.read() as session:
        assert len(audit.list_(session, limit=1000)) == 200


def test_a_lock_held_for_too_long_is_the_store_being_away(migrated_sqlite: Path, tmp_path: Path) -> None:
    """Somebody who stops the file for long is an outage, which can be tried again."""
    file = tmp_path / "locked.sqlite"
    file.write_bytes(migrated_sqlite.read_bytes())
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = open_database(f"sqlite:///{file}", wait_seconds=0.05)
    with pytest.raises(StoreUnavailable) as away, database.write() as session:
        builders.patient(session)
    assert away.value.retryable
    holder.close()
    with database.write() as session:
        builders.patient(session)
    database.close()


def test_a_server_that_is_gone_is_the_store_being_away(tmp_path: Path) -> None:
    """A PostgreSQL that does not answer, and a folder that is not there, can be tried again."""
    for url in (f"postgresql://nobody@/none?host={tmp_path}", f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}"):
        database = open_database(url, wait_seconds=0.1)
        with pytest.raises(StoreUnavailable), database.read() as session:
            patients.find(session)
        with pytest.raises(StoreUnavailable):
            database.migrate()
        database.close()


def test_a_connection_that_the_server_ended_is_replaced(database: Database, database_url: str) -> None:
    """A restart of PostgreSQL between two requests is not noticed by the second one."""
    with database.write() as session:
        builders.patient(session)
    if not database.sqlite:
        other = open_database(database_url)
        with other.connected() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        other.close()
    with database.read() as session:
        assert len(patients.find(session)) == 1


def test_a_server_that_hangs_is_the_store_being_away(postgresql: PostgreSQL) -> None:
    """A server that is stopped, and a statement that takes too long, hold no thread; afterwards all is well again."""
    database = open_database(postgresql.url(postgresql.template), answer_seconds=0.2)
    with database.connected() as connection:
        server = connection.scalar(select(func.pg_backend_pid()))
    assert isinstance(server, int)
    os.kill(server, signal.SIGSTOP)
    stopped = {server}

    def hang() -> None:
        with database.write() as session:
            hanging = session.scalars(select(func.pg_backend_pid())).one()
            os.kill(hanging, signal.SIGSTOP)
            stopped.add(hanging)
            patients.find(session)

    began = time.monotonic()
    try:
        with database.read() as session:  # the connection that hangs is found dead and replaced
            assert session.scalar(select(func.pg_backend_pid())) not in stopped
        with pytest.raises(StoreUnavailable), database.read() as session:
            session.execute(select(func.pg_sleep(60)))
        with pytest.raises(StoreUnavailable):
            hang()
        with database.read() as session:
            assert patients.find(session) == []
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    assert time.monotonic() - began < 20
    database.close()


def test_a_migration_takes_as_long_as_it_takes(postgresql: PostgreSQL) -> None:
    """No statement of it is ended for being slow, and it waits for another migration."""
    database = open_database(postgresql.url(postgresql.template), answer_seconds=0.1)
    with database.connected() as other:
        other.exec_driver_sql("SELECT pg_advisory_xact_lock(7466737)")
        later = threading.Timer(1.5, other.rollback)
        later.start()
        began = time.monotonic()
        database.migrate()
        assert time.monotonic() - began > 1.2
        later.join()
    database.close()


@pytest.mark.parametrize("url", ["", "not an address", "mysql://somewhere/x", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    """An operator is told how an address is written, never what was in it."""
    with pytest.raises(Misconfigured) as wrong:
        open_database(url)
    assert "TONGXING_DATABASE_URL" in str(wrong.value)
    assert "somewhere" not in str(wrong.value)


def test_waiting_for_a_turn_ends_when_the_store_shows_it(database: Database) -> None:
    """The API answers as soon as a change shows, and says so when it does not in time."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
    assert wait_for_sequence(database, journey.id, 0, 1)
    assert not wait_for_sequence(database, journey.id, 1, 0.05)
    assert not wait_for_sequence(database, "nothing", 1, 0)

    def show() -> None:
        with database.write() as session:
            journeys.read(session, journey.id).sequence = 1

    later = threading.Timer(0.1, show)
    began = time.monotonic()
    later.start()
    assert wait_for_sequence(database, journey.id, 1, 10)
    assert time.monotonic() - began < 5
    later.join()


def test_who_tells_a_journey_and_who_shows_it_do_not_wait_for_each_other(database: Database) -> None:
    """Taking in a result holds the patient and adds to the journey; a projection holds the journey and adds to both."""
    with database.write() as session:
        who = builders.patient(session)
        patient, journey = who.id, builders.journey(session, who).id
    both = threading.Barrier(2)

    def take_in() -> None:
        with database.write() as session:
            patients.lock(session, patient)
            _meet(both, database)
            event = Happened(id="told", received=NOW, name="surgery-booked")
            inbox.add(session, journey=journeys.read(session, journey), event=event)

    def show() -> None:
        with database.write() as session:
            row = journeys.lock(session, journey)
            assert row is not None
            _meet(both, database)
            asks.open_(session, row, OpenAsk(ask="ask", form="symptoms", track="call", opened=NOW, expires=None))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take_in), pool.submit(show)]:
            done.result(timeout=30)


def _meet(both: threading.Barrier, database: Database) -> None:
    """Both have their lock, where a store lets two write at once."""
    if not database.sqlite:
        both.wait(timeout=10)
