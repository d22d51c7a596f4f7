"""What an operator types for HL7: send, replay, check."""

import asyncio
import shutil
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from settings import PREFIX, read_settings
from store import tables
from store.database import Database, open_database
from tests.api.hl7.ward import MAPPING, MESSAGES, admit, mailroom_on
from tests.api.hl7.wire import serving
from tests.cli.conftest import Tongxing
from tests.cli.test_operator_commands import started, wait_for
from workflows.embedded import free_ports


@pytest.fixture
def store(tongxing: Tongxing, monkeypatch: pytest.MonkeyPatch) -> Generator[Database]:
    """The store of the settings, with the patients whom the messages know, and the sample of a mapping."""
    monkeypatch.setenv(f"{PREFIX}MAPPING_FILE", str(MAPPING))
    assert tongxing("migrate").status == 0
    database = open_database(read_settings().database_url)
    admit(database)
    yield database
    database.close()


@contextmanager
def listener(database: Database) -> Generator[int]:
    """A listener in a thread of its own, on the port that is given."""
    ready, done = threading.Event(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with serving(mailroom_on(database)) as port:
            ports.append(port)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield ports[0]
    finally:
        done.set()
        thread.join()


def held(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.scalars(select(tables.Quarantine).where(tables.Quarantine.state == "held"))
        return [row.reason for row in rows]


def test_messages_of_a_file_are_sent_and_told(tongxing: Tongxing, store: Database, tmp_path: Path) -> None:
    """Each message of a file gets its line in both languages; one that is not taken is status 1."""
    file = tmp_path / "several.hl7"
    names = ("oru-final-glucose", "oru-version-2.6", "enhanced-al-al", "enhanced-ne-ne")
    file.write_bytes(b"FHS|^~\\&|LIS\r" + b"\r".join((MESSAGES / f"{name}.hl7").read_bytes() for name in names))
    with listener(store) as port:
        told = tongxing("hl7", "send", file, "--port", port)
        assert told.status == 0, told
        assert "M1: AA 已接收 · accepted" in told.out
        assert "E1: AA" in told.out
        assert "E4: CA" in told.out
        assert "消息 4 条，未被接收 0 条" in told.out
        refused = tongxing("hl7", "send", MESSAGES / "refused-version.hl7", "--port", port)
    assert refused.status == 1
    assert "R1: AR 被拒绝 · rejected" in refused.out
    assert "仅支持 2.3 至 2.6" in refused.out
    with store.read() as session:
        assert len(session.scalars(select(tables.Observation)).all()) == 4


def test_a_receiver_that_is_away_is_told(tongxing: Tongxing, tmp_path: Path) -> None:
    """Nobody there, or no message in the file, is status 2."""
    away = tongxing("hl7", "send", MESSAGES / "oru-final-glucose.hl7", "--port", free_ports(1)[0])
    assert away.status == 2
    assert "Nothing that can be spoken to" in away.err
    empty = tmp_path / "empty.hl7"
    empty.write_text("hello")
    assert tongxing("hl7", "send", empty).status == 2


def test_a_message_is_taken_in_again_with_todays_mapping(
    tongxing: Tongxing, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an unknown code kept out is taken in once the mapping has it, and lies in quarantine no more."""
    body = (MESSAGES / "oru-final-glucose.hl7").read_bytes().replace(b"14749-6^Glucose^LN", b"XGLU^x^L")
    mailroom_on(store).answer(body)
    assert held(store) == ["unknown-code"]
    with store.read() as session:
        id = session.scalars(select(tables.Transmission.id)).one()
    told = tongxing("hl7", "replay", id)
    assert told.status == 1
    assert "duplicate" in told.out
    assert held(store) == ["unknown-code"]

    mapping = shutil.copyfile(MAPPING, tmp_path / "mapping.yaml")
    mapping.write_text(mapping.read_text("utf-8").replace("  GLU: {", "  XGLU: 14749-6\n  GLU: {"), "utf-8")
    monkeypatch.setenv(f"{PREFIX}MAPPING_FILE", str(mapping))
    told = tongxing("hl7", "replay", id)
    assert told.status == 0, told
    assert f"{id}: AA → AA: stored" in told.out
    assert held(store) == []
    with store.read() as session:
        last = session.scalars(select(tables.Observation).order_by(tables.Observation.version.desc())).first()
        assert last is not None
        assert (last.code, last.state, last.value) == ("14749-6", "stored", 5.6)


def test_all_that_failed_is_taken_in_again(
    tongxing: Tongxing, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that could not be read, and no others; what is understood now is not taken in a third time."""
    mailroom = mailroom_on(store)
    for name in ("oru-final-glucose", "broken-no-message"):
        mailroom.answer((MESSAGES / f"{name}.hl7").read_bytes())
    mailroom.answer((MESSAGES / "oru-version-2.6.hl7").read_bytes().replace(b"|P|2.6", b"|T|2.6"))
    mapping = shutil.copyfile(MAPPING, tmp_path / "mapping.yaml")
    mapping.write_text(mapping.read_text("utf-8").replace("processing: [P]", "processing: [P, T]"), "utf-8")
    monkeypatch.setenv(f"{PREFIX}MAPPING_FILE", str(mapping))
    told = tongxing("hl7", "replay", "--failed")
    assert told.status == 1
    assert "消息 2 条，仍未理解 1 条" in told.out
    assert "AR → AA: stored" in told.out
    again = tongxing("hl7", "replay", "--failed")
    assert "消息 1 条，仍未理解 1 条" in again.out
    assert "unreadable" not in again.err
    since = tongxing("hl7", "replay", "--since", "2026-01-01")
    assert "消息 3 条" in since.out


def test_nothing_to_take_in_is_told(tongxing: Tongxing, store: Database) -> None:
    """Without a choice, or with an id that is none, it is status 2."""
    assert tongxing("hl7", "replay").status == 2
    assert tongxing("hl7", "replay", "nothing").status == 2


def test_the_api_listens_with_temporal_away(
    tongxing: Tongxing, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says on which port, takes a message in while nothing else runs, and ends in order."""
    monkeypatch.setenv(f"{PREFIX}TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv(f"{PREFIX}API_PORT", "0")
    monkeypatch.setenv(f"{PREFIX}HL7_PORT", "0")
    log = tmp_path / "api.log"
    with started(log, "api") as api:
        wait_for(log, "HL7 (MLLP): 127.0.0.1:")
        port = int(log.read_text("utf-8").split("HL7 (MLLP): 127.0.0.1:")[1].split()[0])
        told = tongxing("hl7", "send", MESSAGES / "oru-final-glucose.hl7", "--port", port)
        assert told.status == 0, told
        page = int(log.read_text("utf-8").split("http://127.0.0.1:")[1].split()[0])
        figures = httpx.get(f"http://127.0.0.1:{page}/metrics", trust_env=False).text
        assert 'tongxing_hl7_messages_total{answer="AA",message="ORU^R01"} 1.0' in figures
        assert "tongxing_mapping_current 1.0" in figures
        api.send_signal(signal.SIGTERM)
        assert api.wait(60) == 0
    assert "Traceback" not in log.read_text("utf-8")
    with store.read() as session:
        assert session.scalars(select(tables.Observation.value)).all() == [5.6]


def test_a_broken_mapping_file_stops_the_start(
    tongxing: Tongxing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every problem is told, and nothing is started."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("codes: {A: 1-1, B: 2-2}")
    monkeypatch.setenv(f"{PREFIX}MAPPING_FILE", str(wrong))
    for command in ("api", "up"):
        told = tongxing(command)
        assert told.status == 2
        assert told.err.count(str(wrong)) == 2


def test_a_mapping_file_is_checked(tongxing: Tongxing, tmp_path: Path) -> None:
    """In order it is status 0; each problem is told at its place, and status 1."""
    assert tongxing("hl7", "check", MAPPING).status == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("codes:\n  GLU: 14749-7\n")
    told = tongxing("hl7", "check", wrong)
    assert told.status == 1
    assert f"{wrong}:2:8: '14749-7' is no LOINC code" in told.out
