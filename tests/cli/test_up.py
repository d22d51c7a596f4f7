"""`tongxing up`: one command runs everything on one machine, and nothing of it is lost or left behind."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from api import demonstration
from tests.cli.conftest import Tongxing
from tests.docs.markdown import ROOT

START_SECONDS = 120
SOON_SECONDS = 30


class Up:
    """A running `tongxing up`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log
        self.url = self._line_of("ready ").removeprefix("ready ")
        self.api = httpx.Client(base_url=f"{self.url}/api/v1", timeout=SOON_SECONDS, trust_env=False)

    @property
    def told(self) -> str:
        return self._log.read_text("utf-8")

    @property
    def tour(self) -> Sequence[str]:
        lines = self.told.splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("PATIENT="))
        return lines[first : lines.index("", first)]

    def tasks(self, **which: str) -> list[dict[str, Any]]:
        return self.api.get("/tasks", params=which).raise_for_status().json()["items"]

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def _line_of(self, words: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while True:
            found = next((line for line in self.told.splitlines() if line.startswith(words)), None)
            if found is not None:
                return found
            assert self.process.poll() is None, self.told
            assert time.monotonic() < deadline, self.told
            time.sleep(0.05)


@contextmanager
def up(folder: Path, *options: str) -> Generator[Up]:
    log = folder / "up.log"
    command = [sys.executable, "-P", "-m", "cli", "up", "--state", str(folder / "state"), "--port", "0", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        running = Up(process, log)
        with running.api:
            yield running
    finally:
        process.kill()
        process.wait()


def eventually(look: Callable[[], Any]) -> Any:
    """What is there within a time that a person waits; the last answer else."""
    deadline = time.monotonic() + SOON_SECONDS
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def paste(lines: Sequence[str]) -> list[Any]:
    """Paste the lines into a shell, one after the other; the answers that it showed."""
    told = "\n".join(lines).encode()
    shell = subprocess.run(
        ["bash"], input=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SOON_SECONDS, check=False
    )
    assert shell.returncode == 0
    return [json.loads(line) for line in shell.stdout.decode().splitlines() if line.strip()]


def list_of(tasks: Sequence[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(task["id"], task["name"], task["due"]) for task in tasks]


def test_one_machine_runs_it_all(tmp_path: Path, tongxing: Tongxing) -> None:
    """The tour works as printed; the end leaves no process; the next start shows the same work; SIGKILL orphans nobody.

    One test, since each start takes seconds: what a person does on the first day, in that order.
    """
    with up(tmp_path) as first:
        _tour(first)
        _systems(first)
        _climb(first)
        _neighbours(first, tmp_path, tongxing)
        family = first.family()
        assert len(family) >= 3
        kept = list_of(first.tasks())
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(SOON_SECONDS) == 0
        assert not any(one.is_running() for one in family)
        assert first.told.rstrip().endswith(str(tmp_path / "state"))
    with up(tmp_path) as second:
        assert list_of(second.tasks()) == kept
        assert second.api.post("/patients/search", json={"name": "陈玉兰"}).json()["next"] is None
        assert len(second.api.post("/patients/search", json={"name": "陈玉兰"}).json()["items"]) == 1
        family = second.family()
        second.process.kill()
        assert eventually(lambda: not any(one.is_running() and one.status() != "zombie" for one in family))
    with up(tmp_path, "--fresh", "--no-demo") as third:
        assert third.tasks() == []
        aside = list(tmp_path.glob("state-old-*"))
        assert [(old / "tongxing.sqlite").is_file() for old in aside] == [True]
        assert str(aside[0]) in third.told


def _tour(running: Up) -> None:
    """A low glucose becomes a nurse's task, which is claimed and completed, and the timeline says why."""
    patient, journey, accepted, *lists, claimed, completed, timeline = paste(running.tour)
    assert journey["patient"] == patient["id"]
    assert accepted["state"] == "accepted"
    task = lists[-1]["items"][0]
    assert (task["name"], task["urgent"], task["values"]["glucose"]) == ("call-patient", True, 2.8)
    assert (claimed["status"], claimed["holder"]) == ("held", "nurse-li")
    assert (completed["status"], completed["outcome"]) == ("closed", "reached")
    assert ("low-glucose", "started") in {(one["track"], one["code"]) for one in timeline["items"]}


def _systems(running: Up) -> None:
    """What the README sends as a laboratory by HL7 and as an EMR by FHIR becomes urgent work of the two patients."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"<!-- systems -->\n```sh\n(.*?)```", readme, re.DOTALL)
    lines = block.replace("http://127.0.0.1:8000", running.url).splitlines()
    port = re.search(r"HL7 \(MLLP\): 127\.0\.0\.1:(\d+)", running.told)
    assert port is not None
    sent = f"PATH={Path(sys.executable).parent}:$PATH"
    script = "\n".join([sent, "cd $(mktemp -d)", *lines]).replace("hl7 send", f"hl7 send --port {port[1]}")
    told = subprocess.run(["bash"], input=script.encode(), capture_output=True, timeout=SOON_SECONDS, check=True)
    *_, observation, found = told.stdout.decode().splitlines()
    assert "AA" in told.stdout.decode()
    assert json.loads(observation)["valueQuantity"]["value"] == 17.2
    assert json.loads(found)["resourceType"] == "Bundle"
    caused = [task for task in running.tasks() if task["urgent"] and task["values"].get("glucose") in (2.6, 17.2)]
    assert {"call-patient", "refer-patient"} <= {task["name"] for task in caused}


def _climb(running: Up) -> None:
    """The demonstration patient's task reaches the next people by itself, within seconds."""

    def reached() -> bool:
        return any(task["name"] == "demonstration-call" for task in running.tasks(role="quality-office"))

    assert eventually(reached)
    enrolled = {one["enrolled_at"] for one in running.api.get("/journeys").json()["items"]}
    assert len(enrolled) == len(demonstration.patients()) + 1


def _neighbours(running: Up, folder: Path, tongxing: Tongxing) -> None:
    """Other commands find what runs; a second start is refused; the pages that are printed are there."""
    state = folder / "state"
    shown = tongxing("tasks", "--state", state, "--role", "diabetes-nurse")
    assert shown.status == 0
    assert "低血糖电话" in shown.out
    assert tongxing("doctor", "--state", state).status == 0
    refused = tongxing("up", "--state", state)
    assert refused.status == 2
    assert running.url in refused.err
    pages = [line.split(": ")[1] for line in running.told.splitlines() if line.startswith("  ") and "http" in line]
    assert len(pages) == 4
    for page in (page for page in pages if not page.endswith("/api/v1")):
        assert httpx.get(page, trust_env=False, timeout=SOON_SECONDS, follow_redirects=True).is_success
