"""What an operator types: migrate, worker, api, tasks, doctor, and how mistakes are told."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer.main

from cli import app
from settings import PREFIX, read_settings
from store.database import open_database
from tests.cli.conftest import Tongxing
from workflows.embedded import free_ports

WAIT_SECONDS = 60


@contextmanager
def started(log: Path, *arguments: str) -> Generator["subprocess.Popen[bytes]"]:
    """A command in a process of its own, which ends with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-P", "-m", "cli", *arguments], stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(log: Path, words: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while words not in log.read_text("utf-8"):
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.05)


def test_migrate_makes_the_store(tongxing: Tongxing, state: Path) -> None:
    """The state folder is made where it is missing; doing it again changes nothing."""
    assert tongxing("migrate").status == tongxing("migrate").status == 0
    database = open_database(read_settings().database_url)
    assert database.schema_current()
    database.close()
    assert (state / "tongxing.sqlite").is_file()


def test_a_worker_waits_for_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database, then without Temporal, it says what it waits for; a signal ends it in order."""
    monkeypatch.setenv(f"{PREFIX}TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    log = tmp_path / "worker.log"
    with started(log, "worker") as worker:
        wait_for(log, "tongxing migrate")
        database = open_database(read_settings().database_url)
        database.migrate()
        database.close()
        wait_for(log, "等待 Temporal")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(WAIT_SECONDS) == 0
    assert "Traceback" not in log.read_text("utf-8")


def test_an_api_lives_without_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Temporal it listens on loopback, on the port that it says; a signal ends it in order."""
    monkeypatch.setenv(f"{PREFIX}TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv(f"{PREFIX}API_PORT", "0")
    log = tmp_path / "api.log"
    with started(log, "api") as api:
        wait_for(log, "接口 · API: http://127.0.0.1:")
        port = int(log.read_text("utf-8").split("http://127.0.0.1:")[1].split()[0])
        # The port is open from the first moment on; what asks before the app is there waits for its answer.
        assert httpx.get(f"http://127.0.0.1:{port}/live", trust_env=False, timeout=WAIT_SECONDS).is_success
        api.send_signal(signal.SIGTERM)
        assert api.wait(WAIT_SECONDS) == 0
    assert "Traceback" not in log.read_text("utf-8")


def test_a_taken_port_is_refused_by_the_api(tongxing: Tongxing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts the API alone wants that port: another one would not be found."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv(f"{PREFIX}API_PORT", str(taken.getsockname()[1]))
        ran = tongxing("api")
    assert ran.status == 2
    assert f"{PREFIX}API_PORT" in ran.err


@pytest.mark.parametrize("language", ["zh_CN.UTF-8", "en_GB.UTF-8"])
def test_a_server_that_is_away_is_told(language: str, tongxing: Tongxing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worklist says that nothing answers and what to do, in the language of the terminal."""
    monkeypatch.setenv("LANG", language)
    ran = tongxing("tasks", "--url", f"http://127.0.0.1:{free_ports(1)[0]}")
    assert ran.status == 2
    assert ran.err.startswith("系统暂时不可用: " if language.startswith("zh") else "A part of the system is away: ")
    assert "tongxing up" in ran.err


@pytest.mark.parametrize("url", ["127.0.0.1:1", "http://[", "ftp://127.0.0.1"])
def test_what_is_no_address_is_told(url: str, tongxing: Tongxing) -> None:
    """A slip in --url is refused in words."""
    ran = tongxing("tasks", "--url", url)
    assert ran.status == 2
    assert url in ran.err


def test_a_wrong_setting_is_named(tongxing: Tongxing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a traceback, by the name that the operator wrote."""
    monkeypatch.setenv(f"{PREFIX}API_PORT", "eight")
    for command in ("up", "worker", "api", "migrate", "tasks", "doctor"):
        ran = tongxing(command)
        assert ran.status == 2
        assert f"{PREFIX}API_PORT" in ran.err
        assert "Traceback" not in ran.err


def test_doctor_finds_a_fresh_machine_in_order(tongxing: Tongxing, state: Path) -> None:
    """What is only not begun yet is no fault, and looking makes nothing."""
    ran = tongxing("doctor")
    assert ran.status == 0, ran.out
    assert "一切就绪" in ran.out
    assert "tongxing up" in ran.out
    assert not state.exists()


def test_doctor_misses_keys_beside_a_temporal_database(tongxing: Tongxing, state: Path) -> None:
    """Without them nothing that runs can be read; new ones would be no help."""
    state.mkdir()
    (state / "temporal.sqlite").touch()
    ran = tongxing("doctor")
    assert ran.status == 1
    assert "--fresh" in ran.out
    assert not (state / "keys.json").exists()


def test_doctor_says_that_a_database_must_be_migrated(tongxing: Tongxing, state: Path) -> None:
    """An empty or old one is told with the command that helps."""
    state.mkdir()
    (state / "tongxing.sqlite").touch()
    ran = tongxing("doctor")
    assert ran.status == 1
    assert "tongxing migrate" in ran.out
    assert tongxing("migrate").status == tongxing("doctor").status == 0


def test_doctor_asks_the_server_that_the_settings_name(tongxing: Tongxing, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is configured and does not answer is a fault; so is a database."""
    monkeypatch.setenv(f"{PREFIX}TEMPORAL_ADDRESS", f"127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", f"postgresql://127.0.0.1:{free_ports(1)[0]}/tongxing")
    monkeypatch.setenv(f"{PREFIX}ENCRYPTION_KEYS", '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}')
    ran = tongxing("doctor")
    assert ran.status == 1
    assert "missing: 2" in ran.out


def test_doctor_sees_keys_that_others_may_read(tongxing: Tongxing, state: Path) -> None:
    """Whoever reads them reads every journey."""
    state.mkdir()
    (state / "keys.json").write_text('{"current": "k", "keys": {"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}')
    (state / "keys.json").chmod(0o644)
    ran = tongxing("doctor")
    assert ran.status == 1
    assert "chmod 600" in ran.out


def test_a_state_folder_that_cannot_be_made_is_told(tongxing: Tongxing, tmp_path: Path) -> None:
    """A file in its place is named, by doctor and by up."""
    file = tmp_path / "file"
    file.touch()
    assert tongxing("doctor", "--state", file / "state").status == 1
    ran = tongxing("up", "--state", file / "state", "--port", 0)
    assert ran.status == 2
    assert str(file) in ran.err


def test_up_refuses_a_state_without_its_keys(tongxing: Tongxing, state: Path) -> None:
    """Nothing starts, and no new keys are made."""
    state.mkdir()
    (state / "temporal.sqlite").touch()
    ran = tongxing("up", "--port", 0)
    assert ran.status == 2
    assert "keys.json" in ran.err
    assert not (state / "keys.json").exists()


def test_fresh_leaves_alone_what_is_not_of_tongxing(
    tongxing: Tongxing, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with other files, or a store that is elsewhere, is not set aside."""
    state.mkdir()
    (state / "thesis.txt").touch()
    ran = tongxing("up", "--fresh", "--port", 0)
    assert ran.status == 2
    assert "thesis.txt" in ran.err
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", f"sqlite:///{state.parent / 'other.sqlite'}")
    ran = tongxing("up", "--fresh", "--port", 0)
    assert ran.status == 2
    assert f"{PREFIX}DATABASE_URL" in ran.err
    assert [entry.name for entry in state.iterdir()] == ["thesis.txt"]


def test_what_the_machine_refuses_is_told(tongxing: Tongxing, state: Path) -> None:
    """A folder where a file is written, as on any trouble with the disk, is named without a traceback."""
    (state / "begun.json").mkdir(parents=True)
    ran = tongxing("up", "--port", 0)
    assert ran.status == 2
    assert "begun.json" in ran.err
    assert "tongxing doctor" in ran.err


def test_every_command_and_option_has_help() -> None:
    """Chinese first, English beside it."""
    group = typer.main.get_group(app)
    told = {name: command.help for name, command in group.commands.items()}
    told |= {
        f"{name} {one.name}": getattr(one, "help", None)
        for name, command in group.commands.items()
        for one in command.params
    }
    assert [name for name, words in told.items() if not words or " · " not in words] == []
