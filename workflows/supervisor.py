"""Child processes under one terminal: started in order, restarted when they die, ended together, never orphaned."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from pathways.errors import Unavailable

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_SECONDS = 0.05
_TAIL_LINES = 5


class ProgramNotReady(Unavailable):
    """A program that Tongxing needs did not start."""

    code = "program-not-ready"


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, and how to see that it works."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    ready_within_seconds: float = 30
    environment: Mapping[str, str] = field(default_factory=dict[str, str])  # beside our own


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a supervisor waits, in seconds."""

    grace: float = 10  # from SIGTERM to SIGKILL
    first_restart: float = 0.5  # doubled each time
    last_restart: float = 30
    steady: float = 60  # a program that lived this long starts again at first_restart


@dataclass(kw_only=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    restarts: int = 0
    restart_at: float | None = None  # set while it is down


class Supervisor:
    """Runs programs for as long as the `with` block lasts; SIGINT, SIGTERM and SIGHUP end the block's waits.

    Each program has its own process group and writes to `<logs>/<name>.log`. On leaving the block they end in reverse
    order of their start: SIGTERM, a grace time, SIGKILL; a second signal shortens the grace time to nothing. On Linux
    they also die when the supervisor itself is killed. Use it from the main thread alone.
    """

    def __init__(self, logs: Path, say: Callable[[str], None], patience: Patience | None = None) -> None:
        self._logs = logs
        self._say = say
        self._patience = patience or Patience()
        self._children: list[_Child] = []
        self._signals = 0
        self._woken, self._waker = -1, -1
        self._handlers_before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Listen for signals."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers_before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every program, the last started first, then listen no more."""
        try:
            for child in reversed(self._children):
                self._end(child)
        finally:
            for number, handler in self._handlers_before.items():
                signal.signal(number, handler)
            os.close(self._woken)
            os.close(self._waker)

    @property
    def stopping(self) -> bool:
        """Whether a signal asked to stop."""
        return self._signals > 0

    def pid(self, name: str) -> int:
        """Give the process id of a program."""
        return next(child.process.pid for child in self._children if child.program.name == name)

    def log(self, name: str) -> Path:
        """Give the file to which a program writes."""
        return self._logs / f"{name}.log"

    def start(self, program: Program) -> bool:
        """Start a program and wait until it is ready; false when a signal asked to stop before that.

        Raises:
            ProgramNotReady: it could not be run, ended at once, or was not ready in its time.
        """
        if self.stopping:
            return False
        self._say(f"{program.name}: 启动中，日志 · starting, log {self.log(program.name)}")
        child = _Child(program=program, process=self._spawn(program), started_at=time.monotonic())
        self._children.append(child)
        while not program.ready():
            if child.process.poll() is not None:
                raise self._not_ready(program, f"ended with {_exit(child.process.returncode)}")
            if time.monotonic() - child.started_at > program.ready_within_seconds:
                raise self._not_ready(program, f"was not ready within {program.ready_within_seconds:g} s")
            if self._pause(_LOOK_EVERY_SECONDS):
                return False
        return True

    def watch(self) -> None:
        """Start again what dies, until a signal asks to stop."""
        while not self.stopping:
            for child in self._children:
                self._look_after(child)
            self._pause(_LOOK_EVERY_SECONDS)

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is None and child.process.poll() is not None:
            _kill_group(child.process, signal.SIGKILL)  # what it may have left behind
            if now - child.started_at >= self._patience.steady:
                child.restarts = 0
            self._restart_later(child, f"ended with {_exit(child.process.returncode)}")
        elif child.restart_at is not None and now >= child.restart_at:
            try:
                child.process, child.started_at, child.restart_at = self._spawn(child.program), now, None
            except ProgramNotReady:
                self._restart_later(child, "could not be run")

    def _restart_later(self, child: _Child, what: str) -> None:
        pause = min(self._patience.first_restart * 2**child.restarts, self._patience.last_restart)
        child.restarts += 1
        child.restart_at = time.monotonic() + pause
        name, log = child.program.name, self.log(child.program.name)
        self._say(f"{name}: 已停止，{pause:g} 秒后重启 · {what}, restarts in {pause:g} s, log {log}")

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self.log(program.name).open("ab") as log:
            try:
                return subprocess.Popen(
                    program.command,
                    env={**os.environ, **program.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    process_group=0,  # Ctrl-C in the terminal reaches the supervisor alone
                    preexec_fn=die_with_parent(),
                )
            except OSError as refused:
                raise self._not_ready(program, "could not be run") from refused

    def _not_ready(self, program: Program, what: str) -> ProgramNotReady:
        log = self.log(program.name)
        tail = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if log.exists() else []
        return ProgramNotReady("\n".join([f"{program.name} {what}.", *tail, ""]), hint=f"The whole log is {log}.")

    def _end(self, child: _Child) -> None:
        process = child.process
        if child.restart_at is not None:  # it is down, and its number may be another's by now
            return
        _kill_group(process, signal.SIGTERM)
        deadline = time.monotonic() + self._patience.grace
        while process.poll() is None and time.monotonic() < deadline and self._signals < 2:
            self._pause(_LOOK_EVERY_SECONDS)
        _kill_group(process, signal.SIGKILL)
        process.wait()

    def _pause(self, seconds: float) -> bool:
        """Wait, less when a signal comes; true when one asked to stop."""
        readable, _, _ = select.select([self._woken], [], [], seconds)
        if readable:
            os.read(self._woken, 64)
        return self.stopping

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # Only what is safe between any two instructions: a lock taken here could already be held.
        self._signals += 1
        with suppress(BlockingIOError):
            os.write(self._waker, b"\0")


def _exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _kill_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def die_with_parent() -> Callable[[], None] | None:
    """What a child process calls before it begins, so that the system kills it when its parent dies; Linux alone."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

    return ask
