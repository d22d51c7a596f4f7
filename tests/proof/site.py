"""A site of real processes: Temporal with its file, worker, intake and provider, each killed by its own pid."""

import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from settings import Settings, read_settings
from store.database import Database, open_database
from workflows.client import connect
from workflows.embedded import answers, free_ports, temporal_binary, temporal_command
from workflows.keyring import StaticKeyring
from workflows.supervisor import die_with_parent

ROOT = Path(__file__).parents[2]
NAMESPACE = "proof"
READY_WITHIN_SECONDS = 90.0
KEY_ID = "proof"


def until(true: Callable[[], object], *, within: float, what: str) -> None:
    """Wait for what other processes do."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.02)


@dataclass(kw_only=True)
class Program:
    """One process: started, killed and started again with the same command."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    ready: Callable[[], bool]
    options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def dead(self) -> bool:
        """Whether it ended without being killed here."""
        return self.process is not None and self.process.poll() is not None

    def start(self) -> None:
        """Start it; it may not be ready yet."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, *self.options],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
            )

    def wait_ready(self) -> None:
        """Wait until it serves."""
        until(lambda: self.dead or self.ready(), within=READY_WITHIN_SECONDS, what=f"{self.name} is ready")
        assert not self.dead, f"{self.name} ended: {self.log.read_text()[-2000:]}"

    def kill(self) -> None:
        """SIGKILL, by its own process id."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass(kw_only=True)
class Site:
    """The processes of a site, its store, and clients of both HTTP programs."""

    folder: Path
    environment: dict[str, str]
    settings: Settings
    database: Database
    temporal: Program
    recorder: Program
    worker: Program
    intake: Program
    intake_url: str
    recorder_url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    @property
    def programs(self) -> tuple[Program, ...]:
        """In the order in which they start."""
        return (self.temporal, self.recorder, self.worker, self.intake)

    def start(self) -> None:
        """Start everything and wait until it serves."""
        for program in self.programs:
            program.start()
        for program in self.programs:
            program.wait_ready()

    def restart(self, program: Program, *options: str) -> None:
        """Kill a program where it runs, and start it with these options from now on."""
        program.kill()
        program.options = options
        program.start()
        program.wait_ready()

    def end(self) -> None:
        """Kill everything that was started here."""
        for program in reversed(self.programs):
            program.kill()
        self.http.close()
        self.database.close()

    async def connect(self) -> Client:
        """A client of the Temporal server."""
        keyring = StaticKeyring(self.settings.keys, KEY_ID)
        return await connect(self.settings.temporal_address, NAMESPACE, keyring, within=timedelta(seconds=60))

    def requests(self) -> list[dict[str, Any]]:
        """What the provider recorded."""
        return self.http.get(f"{self.recorder_url}/requests").json()

    def sending(self) -> int:
        """How many requests the provider is answering now."""
        return int(self.http.get(f"{self.recorder_url}/open").json())

    def hold_provider(self) -> None:
        """The provider records and answers nothing."""
        self.http.post(f"{self.recorder_url}/hold")

    def release_provider(self) -> None:
        """The provider answers again."""
        self.http.post(f"{self.recorder_url}/resume")

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Ask the intake; httpx.HTTPError where it is away or dies."""
        return self.http.post(f"{self.intake_url}{path}", json=body)


@contextmanager
def running_site(
    folder: Path, *, honours_keys: bool, seed: int, slow: float = 0.0, drop: float = 0.0
) -> Generator[Site]:
    """A site that serves, with an empty store."""
    site = _site(folder, honours_keys=honours_keys, seed=seed, slow=slow, drop=drop)
    site.database.migrate()
    try:
        site.start()
        yield site
    finally:
        site.end()


def _site(folder: Path, *, honours_keys: bool, seed: int, slow: float, drop: float) -> Site:
    temporal_port, http_port, metrics_port, recorder_port, intake_port = free_ports(5)
    environment = common_environment(folder, temporal_port) | {
        "TONGXING_CHANNEL": "http",
        "TONGXING_CHANNEL_URL": f"http://127.0.0.1:{recorder_port}",
        "TONGXING_CHANNEL_HONOURS_KEYS": str(honours_keys).lower(),
        "TONGXING_DISPATCHER_LEASE_SECONDS": "10",
        "TONGXING_DISPATCHER_POLL_SECONDS": "0.2",
    }
    settings = settings_in(environment)

    def python(name: str, *command: str, ready: Callable[[], bool]) -> Program:
        return python_program(folder, environment, name, *command, ready=ready)

    temporal = temporal_program(folder, temporal_port, http_port, metrics_port)
    keys = "honoured" if honours_keys else "ignored"
    trouble = ("--seed", str(seed), "--slow", str(slow), "--drop", str(drop))
    book = ("--port", str(recorder_port), "--file", str(folder / "recorder.sqlite"), "--keys", keys)
    worker_log = folder / "worker.log"
    return Site(
        folder=folder,
        environment=environment,
        settings=settings,
        database=open_database(settings.database_url),
        temporal=temporal,
        recorder=python("recorder", "tests.proof.recorder", *book, *trouble, ready=lambda: answers(recorder_port)),
        # Whether it polls shows in what it does; that it is alive is enough to go on.
        worker=python("worker", "tests.proof.working", ready=worker_log.exists),
        intake=python("intake", "tests.proof.intake", "--port", str(intake_port), ready=lambda: answers(intake_port)),
        intake_url=f"http://127.0.0.1:{intake_port}",
        recorder_url=f"http://127.0.0.1:{recorder_port}",
    )


def common_environment(folder: Path, temporal_port: int) -> dict[str, str]:
    """The settings of every site: its folder, its own key, and nothing that holds a message back."""
    return {
        "TONGXING_STATE_DIR": str(folder),
        "TONGXING_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal_port}",
        "TONGXING_TEMPORAL_NAMESPACE": NAMESPACE,
        "TONGXING_ENCRYPTION_KEYS": f'{{"{KEY_ID}": "{base64.b64encode(secrets.token_bytes(32)).decode()}"}}',
        "TONGXING_QUIET_HOURS_START": "00:00",
        "TONGXING_QUIET_HOURS_END": "00:00",
        "TONGXING_CONTACTS_PER_DAY": "1000",
        "TONGXING_CONTACTS_PER_WEEK": "1000",
    }


def temporal_program(folder: Path, port: int, http_port: int, metrics_port: int) -> Program:
    """The Temporal server with its file in the folder."""
    command = temporal_command(
        binary=temporal_binary(),
        database=folder / "temporal.sqlite",
        namespace=NAMESPACE,
        port=port,
        ui_port=None,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    log = folder / "temporal.log"
    return Program(name="temporal", command=command, environment={}, log=log, ready=lambda: answers(port))


def python_program(
    folder: Path, environment: dict[str, str], name: str, *command: str, ready: Callable[[], bool]
) -> Program:
    """A module of this repository, run with these settings."""
    whole = [sys.executable, "-m", *command]
    return Program(name=name, command=whole, environment=environment, log=folder / f"{name}.log", ready=ready)


def settings_in(environment: dict[str, str]) -> Settings:
    """The settings that a program reads in this environment."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        return read_settings()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
