"""Composition root of an installation on one machine: a Temporal server, the API and the worker in one terminal."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML

from activities.clock import utc_now
from api import demonstration
from api.mapping_reading import MappingFile
from api.tour import tour
from pathways.errors import Invalid, TongxingError
from pathways.language.roles import ROLES
from settings import PREFIX, Settings
from store import library, people, releases
from store.database import Database, open_database
from workflows.embedded import LOOPBACK, answers, free_ports, is_free, temporal_binary, temporal_command
from workflows.statefolder import STORE, Running, StateFolder
from workflows.supervisor import Patience, Program, Supervisor

PUBLISHER = "system"
TEMPORAL_PORT = 7233
PAGES_PORT = 8233
HL7_PORT = 2575
"""The one that is registered for HL7."""
START_SECONDS = 60
_LOOK_SECONDS = 2

Say = Callable[[str], None]


class Begun(BaseModel):
    """When the state was begun: the demonstration patients' times count back from it, so that they arise once."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where things are reached; `own` holds the ports of our own Temporal server, if it is ours."""

    api_port: int
    hl7_port: int
    temporal: str
    own: Sequence[int] | None

    @property
    def api(self) -> str:
        """The address of the API and of the worklist page."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def pages(self) -> str | None:
        """The address of Temporal's pages, if the server is ours."""
        return None if self.own is None else f"http://{LOOPBACK}:{self.own[1]}"


def run(settings: Settings, say: Say, *, fresh: bool, demo: bool) -> None:
    """Run everything until a signal ends it; what was kept in the state folder goes on where it was.

    Raises:
        AlreadyRunning: it runs on that folder already.
        StateUnusable: the folder cannot be used.
        Misconfigured: the keys are missing beside the databases, or the settings do not fit.
        ProgramNotReady: a part did not start; the others were ended again.
    """
    MappingFile(settings.mapping_file)  # one that does not check ends the start here, with its problems
    folder = StateFolder(settings.state_dir)
    if fresh:
        _set_aside(settings, folder, say)
    with folder.held():
        addresses = _addresses(settings, say)
        if addresses.own is not None and settings.current_key_id is None:
            folder.check_keys()
        begun = _begun(folder)
        _prepare_store(settings, say)
        with Supervisor(folder.logs, say, Patience(grace=settings.shutdown_seconds + 4)) as supervisor:
            if all(supervisor.start(program) for program in _programs(settings, folder, addresses)):
                folder.tell(Running(pid=os.getpid(), api=addresses.api, temporal=addresses.temporal))
                if demo:
                    _demonstrate(addresses, begun, supervisor, say)
                _present(settings, addresses, say)
                supervisor.watch()
            say("正在结束 · Ending.")
    say(f"已结束，数据保留在 · Ended; everything is kept in {folder.path}")


def _set_aside(settings: Settings, folder: StateFolder, say: Say) -> None:
    if settings.database_url != f"sqlite:///{folder.path / STORE}":
        raise Invalid(
            "--fresh sets a state folder aside, and the store is not in it.",
            hint=f"Unset {PREFIX}DATABASE_URL, or begin with an empty database and an empty folder by hand.",
        )
    if aside := folder.set_aside(utc_now()):
        say(f"原有数据已移至 · The old state is kept in {aside}")


def _addresses(settings: Settings, say: Say) -> Addresses:
    """The ports that are used now: those wished for, or free ones where these are taken (and 0 for any)."""
    wished = settings.api_port
    if "temporal_address" in settings.model_fields_set:
        api, hl7 = free_ports(2)
        return Addresses(
            api_port=_port(wished, api, "API", say),
            hl7_port=_port(_hl7_wished(settings), hl7, "HL7", say),
            temporal=settings.temporal_address,
            own=None,
        )
    spare = free_ports(6)
    port = _port(wished, spare[0], "API", say)
    hl7_port = _port(_hl7_wished(settings), spare[5], "HL7", say)
    own = (
        _port(TEMPORAL_PORT if wished else 0, spare[1], "Temporal", say),
        _port(PAGES_PORT if wished else 0, spare[2], "Temporal UI", say),
        *spare[3:5],
    )
    return Addresses(api_port=port, hl7_port=hl7_port, temporal=f"{LOOPBACK}:{own[0]}", own=own)


def _hl7_wished(settings: Settings) -> int:
    """The port that is set; else HL7's own, where the API has not taken a free port instead of its own either."""
    if settings.hl7_port is not None:
        return settings.hl7_port
    return HL7_PORT if settings.api_port else 0


def _port(wished: int, spare: int, what: str, say: Say) -> int:
    if wished and is_free(wished):
        return wished
    if wished:
        say(f"{what}: 端口 {wished} 已被占用，改用 {spare} · port {wished} is taken, {spare} is used instead")
    return spare


def _begun(folder: StateFolder) -> datetime:
    with suppress(OSError, ValidationError):
        return Begun.model_validate_json(folder.begun.read_bytes()).at
    begun = Begun(at=utc_now().replace(microsecond=0))
    folder.begun.write_text(begun.model_dump_json())
    return begun.at


def _prepare_store(settings: Settings, say: Say) -> None:
    say("数据库: 升级中 · store: bringing it up to date")
    database = open_database(settings.database_url)
    try:
        database.migrate()
        seed_people(database)
        count = publish_library(database)
    finally:
        database.close()
    say(f"数据库: 就绪，演示用路径 {count} 个 · store: ready, {count} pathways for demonstration data")


def seed_people(database: Database) -> None:
    """Put made-up people and their departments into a store that has nobody yet."""
    with database.write() as session:
        if not people.staff(session, limit=1):
            reader: Any = YAML(typ="safe", pure=True)
            seed = reader.load(files("store").joinpath("seed.yaml").read_text("utf-8"))
            roles = [{"id": name, **title.model_dump()} for name, title in ROLES.items()]
            people.load_seed(session, {**seed, "roles": roles})


def publish_library(database: Database) -> int:
    """Publish the built-in pathways for demonstration data; how many there are. What is published already stays."""
    built_in = [library.release(folder) for folder in library.pathway_folders(library.built_in())]
    with database.write() as session:
        for release in built_in:
            releases.publish(session, release, by=PUBLISHER, now=utc_now(), demonstration=True)
    return len(built_in)


def _programs(settings: Settings, folder: StateFolder, addresses: Addresses) -> Sequence[Program]:
    """What runs, in the order of its start; the API tells whether the worker works."""
    environment = {
        f"{PREFIX}STATE_DIR": str(folder.path),
        f"{PREFIX}API_HOST": LOOPBACK,
        f"{PREFIX}API_PORT": str(addresses.api_port),
        f"{PREFIX}HL7_PORT": str(addresses.hl7_port),
        f"{PREFIX}TEMPORAL_ADDRESS": addresses.temporal,
        "PYTHONUNBUFFERED": "1",
    }

    def ours(name: str, route: str) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-P", "-m", "cli", name],
            ready=lambda: _is_well(addresses.api + route),
            ready_within_seconds=START_SECONDS,
            environment=environment,
        )

    return (*_temporal(settings, folder, addresses), ours("api", "/live"), ours("worker", "/ready"))


def _temporal(settings: Settings, folder: StateFolder, addresses: Addresses) -> Sequence[Program]:
    if addresses.own is None:
        return ()
    port, ui_port, http_port, metrics_port = addresses.own
    command = temporal_command(
        binary=temporal_binary(),
        database=folder.temporal,
        namespace=settings.temporal_namespace,
        port=port,
        ui_port=ui_port,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    server = Program(name="temporal", command=command, ready=lambda: answers(port), ready_within_seconds=START_SECONDS)
    return (server,)


def _is_well(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_LOOK_SECONDS, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _demonstrate(addresses: Addresses, begun: datetime, supervisor: Supervisor, say: Say) -> None:
    try:
        count = demonstration.send(addresses.api, begun=begun, stopping=lambda: supervisor.stopping)
        say(f"演示患者 {count} 名 · {count} demonstration patients")
    except TongxingError as incomplete:
        say(f"演示患者未全部建立 · {incomplete}")


def _present(settings: Settings, addresses: Addresses, say: Say) -> None:
    places = (
        ("任务列表", "Worklist", addresses.api),
        ("接口", "API", f"{addresses.api}/api/v1"),
        ("接口文档", "API docs", f"{addresses.api}/docs"),
        ("HL7 (MLLP)", "HL7 (MLLP)", f"{settings.hl7_host}:{addresses.hl7_port}"),
        ("Temporal 界面", "Temporal UI", addresses.pages or "-"),
        ("Temporal", "Temporal", addresses.temporal),
        ("数据目录", "State folder", str(settings.state_dir)),
    )
    say("")
    for zh, en, place in places:
        say(f"  {' · '.join(dict.fromkeys((zh, en)))}: {place}")
    say("\n演示数据，勿用于患者 · Demonstration data: not for the care of patients")
    say("体验流程：在另一终端逐行粘贴 · Tour: paste line by line into another terminal\n")
    for line in tour(addresses.api):
        say(line)
    say("\nCtrl-C 结束全部 · Ctrl-C ends everything")
    say(f"ready {addresses.api}")
