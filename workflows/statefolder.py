"""The folder in which an installation on one machine keeps everything: databases, keys and logs."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pathways.errors import Conflict, Misconfigured, TongxingError
from workflows.embedded import DATABASE

STORE = "tongxing.sqlite"
KEYS = "keys.json"
LOCK = "lock"
LOGS = "logs"
BEGUN = "begun.json"
_SQLITE_BESIDE = ("", "-wal", "-shm", "-journal")


class AlreadyRunning(Conflict):
    """Tongxing runs already on this state folder."""

    code = "already-running"


class StateUnusable(TongxingError):
    """The state folder cannot be used."""

    code = "state-unusable"


class Running(BaseModel):
    """What runs on a state folder: the process that holds it and, once they are known, its addresses."""

    pid: int
    api: str | None = None
    temporal: str | None = None


class StateFolder:
    """A folder by its path; nothing is made before it is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporal = path / DATABASE
        self.keys = path / KEYS
        self.logs = path / LOGS
        self.begun = path / BEGUN
        self._lock = path / LOCK

    @contextmanager
    def held(self) -> Generator[None]:
        """Have the folder for oneself, made where it is missing; a process that dies lets it go.

        Raises:
            AlreadyRunning: another process has it.
            StateUnusable: it may not be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as refused:
            raise StateUnusable(
                f"The state folder {self.path} cannot be used: {refused.strerror}.",
                hint="Give another one with --state or TONGXING_STATE_DIR, or correct its permissions.",
            ) from None
        try:
            if not _try_lock(lock, fcntl.LOCK_EX):
                raise self._already_running()
            self.tell(Running(pid=os.getpid()))
            yield
        finally:
            os.close(lock)

    def tell(self, running: Running) -> None:
        """Write down what runs on the folder, for other commands; only while it is held."""
        self._lock.write_text(running.model_dump_json())

    def running(self) -> Running | None:
        """What runs on the folder now, if anything does."""
        try:
            lock = os.open(self._lock, os.O_RDONLY)
        except OSError:
            return None
        try:
            return None if _try_lock(lock, fcntl.LOCK_SH) else Running.model_validate_json(self._lock.read_bytes())
        except ValidationError:
            return None
        finally:
            os.close(lock)

    def check_keys(self) -> None:
        """Refuse a folder whose journeys could not be read: its Temporal database is there and its keys are not.

        Raises:
            Misconfigured: it is so.
        """
        if self.temporal.exists() and not self.keys.exists():
            raise Misconfigured(
                f"The encryption keys {self.keys} are missing beside {self.temporal.name}.",
                hint="Restore the file from a backup: without it the running journeys cannot be read."
                " `tongxing up --fresh` sets this state aside and begins a new one.",
            )

    def set_aside(self, now: datetime) -> Path | None:
        """Rename the folder, so that the next start begins with nothing; where it went, None where nothing was there.

        Raises:
            StateUnusable: something else is kept in it, or it may not be renamed.
        """
        if not self.path.exists() or not any(self.path.iterdir()):
            return None
        known = {KEYS, LOCK, LOGS, BEGUN} | {name + end for name in (STORE, DATABASE) for end in _SQLITE_BESIDE}
        strangers = sorted(entry.name for entry in self.path.iterdir() if entry.name not in known)
        if strangers:
            raise StateUnusable(
                f"{self.path} holds what is not of Tongxing: {', '.join(strangers[:5])}.",
                hint="Name a folder of its own with --state, or move those files away.",
            )
        aside = self.path.with_name(f"{self.path.name}-old-{now:%Y%m%d-%H%M%S}")
        with self.held():
            try:
                if aside.exists():
                    raise FileExistsError(0, "File exists")
                self.path.rename(aside)
            except OSError as refused:
                raise StateUnusable(
                    f"{self.path} could not be renamed to {aside.name}: {refused.strerror}.",
                    hint="Correct the permissions of the folder around it, or rename it by hand.",
                ) from None
        return aside

    def _already_running(self) -> AlreadyRunning:
        running = self.running()
        who = "" if running is None else f" (process {running.pid}{f', {running.api}' if running.api else ''})"
        return AlreadyRunning(
            f"Tongxing runs already on {self.path}{who}.",
            hint="Use that one, end it with Ctrl-C in its terminal, or name another folder with --state.",
        )


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
