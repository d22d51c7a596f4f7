"""Programs under one supervisor start in order, come back when they die and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from workflows.supervisor import Patience, Program, ProgramNotReady, Supervisor

QUICK = Patience(grace=5, first_restart=0.01)
WAIT_SECONDS = 20

# Each says on its output when it may be stopped; `note` writes to a file that all of them share.
NOTE = """
name, notes = {name!r}, {notes!r}
def note(line):
    with open(notes, "a") as file:
        print(line, file=file)
"""
OBEYS = """
import signal, sys, time
def end(*_):
    note("ended " + name)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
signal.pause()
"""
IGNORES = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""
INSISTS = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), signal.SIGTERM))
print("ready", flush=True)
while True:
    signal.pause()
"""
HAS_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()"])
note(str(child.pid))
child.wait()
"""
STOPS_ITS_SUPERVISOR = """
import os, signal
os.kill(os.getppid(), signal.SIGTERM)
signal.pause()
"""
DIES_TWICE = """
import os, pathlib, signal
note(str(os.getpid()))
print("ready", flush=True)
if len(pathlib.Path(notes).read_text().splitlines()) <= 2:
    os._exit(3)
os.kill(os.getppid(), signal.SIGTERM)
signal.pause()
"""


class Stage:
    """A folder for one test's programs, and what the supervisor said."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self.notes_file = folder / "notes"
        self.said: list[str] = []

    def supervisor(self, patience: Patience = QUICK) -> Supervisor:
        return Supervisor(self.logs, self.said.append, patience)

    def program(self, name: str, code: str, ready: Callable[[], bool] | None = None) -> Program:
        note = NOTE.format(name=name, notes=str(self.notes_file))
        log = self.logs / f"{name}.log"
        return Program(
            name=name,
            command=[sys.executable, "-c", note + code],
            ready=ready or (lambda: "ready" in log.read_text()),
            ready_within_seconds=WAIT_SECONDS,
        )

    def notes(self) -> list[str]:
        return self.notes_file.read_text().splitlines()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_programs_end_in_reverse_order(stage: Stage) -> None:
    """What started last ends first, each by SIGTERM, and each start says where the log is."""
    with stage.supervisor() as supervisor:
        for name in ("engine", "worker", "api"):
            assert supervisor.start(stage.program(name, OBEYS))
            assert str(supervisor.log(name)) in stage.said[-1]
    assert stage.notes() == ["ended api", "ended worker", "ended engine"]


def test_each_program_has_its_own_process_group(stage: Stage) -> None:
    """Ctrl-C in the terminal reaches the supervisor alone, which then ends the others in order."""
    with stage.supervisor() as supervisor:
        supervisor.start(stage.program("api", OBEYS))
        assert os.getpgid(supervisor.pid("api")) == supervisor.pid("api") != os.getpgid(0)


def test_one_that_does_not_end_is_killed(stage: Stage) -> None:
    """After the grace time comes SIGKILL."""
    with stage.supervisor(Patience(grace=0.1)) as supervisor:
        supervisor.start(stage.program("stubborn", IGNORES))
        pid = supervisor.pid("stubborn")
    assert ended(pid)


def test_a_second_signal_ends_the_grace_time(stage: Stage) -> None:
    """Who asks twice does not wait for what does not end."""
    before = time.monotonic()
    with stage.supervisor(Patience(grace=600)) as supervisor:
        supervisor.start(stage.program("insistent", INSISTS))
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.watch()
    assert time.monotonic() - before < WAIT_SECONDS


def test_what_a_program_started_ends_with_it(stage: Stage) -> None:
    """Nothing of a program's process group is left."""
    with stage.supervisor() as supervisor:
        supervisor.start(stage.program("parent", HAS_A_CHILD))
        [child] = map(int, stage.notes())
        assert not ended(child)
    assert soon(lambda: ended(child))


def test_one_that_dies_starts_again(stage: Stage) -> None:
    """Each death is one line: how it ended and when it restarts; the pause doubles; a signal ends the watch."""
    with stage.supervisor() as supervisor:
        supervisor.start(stage.program("worker", DIES_TWICE))
        supervisor.watch()
        assert supervisor.stopping
    assert len(set(stage.notes())) == 3
    deaths = [line for line in stage.said if "exit code 3" in line]
    assert ["in 0.01 s" in deaths[0], "in 0.02 s" in deaths[1]] == [True, True]
    assert len(deaths) == 2


def test_a_signal_while_starting(stage: Stage) -> None:
    """A start that is asked to stop gives up, and nothing after it starts."""
    with stage.supervisor() as supervisor:
        assert not supervisor.start(stage.program("engine", STOPS_ITS_SUPERVISOR, ready=lambda: False))
        assert not supervisor.start(stage.program("api", OBEYS))
    assert not supervisor.log("api").exists()


@pytest.mark.parametrize(
    ("command", "within", "said"),
    [
        ([sys.executable, "-c", "print('the port is taken'); raise SystemExit(4)"], WAIT_SECONDS, "exit code 4"),
        ([sys.executable, "-c", "import signal; signal.pause()"], 0, "not ready within 0 s"),
        (["/nowhere/tongxing"], WAIT_SECONDS, "could not be run"),
    ],
)
def test_one_that_does_not_start(stage: Stage, command: list[str], within: float, said: str) -> None:
    """A program that does not become ready is an error that says why and names its log, and the others end."""
    program = Program(name="api", command=command, ready=lambda: False, ready_within_seconds=within)
    with stage.supervisor() as supervisor:
        supervisor.start(stage.program("engine", OBEYS))
        with pytest.raises(ProgramNotReady) as failure:
            supervisor.start(program)
    assert said in str(failure.value)
    assert str(stage.logs / "api.log") in str(failure.value)
    assert ("the port is taken" in str(failure.value)) is (said == "exit code 4")
    assert stage.notes() == ["ended engine"]


def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    """When the supervisor itself dies by SIGKILL, its programs die with it."""
    script = f"""
import sys
from pathlib import Path
from workflows.supervisor import Program, Supervisor
child = Program(name="child", command=[sys.executable, "-c", {IGNORES!r}], ready=lambda: True)
with Supervisor(Path({str(tmp_path)!r}), lambda line: None) as supervisor:
    supervisor.start(child)
    print(supervisor.pid("child"), flush=True)
    supervisor.watch()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        child = int(supervising.stdout.readline())
        assert not ended(child)
        supervising.kill()
    assert soon(lambda: ended(child))


def test_signal_handlers_are_given_back(stage: Stage) -> None:
    """After the block a signal does what it did before."""
    before = signal.getsignal(signal.SIGINT)
    with stage.supervisor():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
