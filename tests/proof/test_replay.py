"""Histories of a year and of journeys that were killed replay in every build."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

from tests.proof.plays import FOLDERS
from tests.proof.recording import FOLDER, recorded
from worker import sandbox
from workflows.client import PayloadConverter
from workflows.dispatcher import Dispatcher
from workflows.journey import PatientJourney

HISTORIES = sorted(FOLDER.rglob("*.json.gz"))
NAMES = ["a-year", "death-half-way", "dispatcher-killed", "journey-killed", "withdrawal-half-way"]


def name(file: Path) -> str:
    """What the history is called."""
    return file.name.removesuffix(".json.gz")


def replayer() -> Replayer:
    return Replayer(
        workflows=[PatientJourney, Dispatcher],
        data_converter=DataConverter(payload_converter_class=PayloadConverter),
        workflow_runner=sandbox(),
    )


def test_histories_were_recorded() -> None:
    """A year, both ways out of it, and what lived through kills."""
    assert [name(file) for file in HISTORIES if file.parent == FOLDER] == NAMES


def test_every_pathway_has_a_history() -> None:
    """The most telling scenario of each pathway in the library, as workflows ran it."""
    kept = [name(file) for file in HISTORIES if file.parent == FOLDER / "library"]
    assert kept == sorted(FOLDERS), "RECORD_HISTORIES=1 python -m pytest tests/proof/test_scenarios.py"


@pytest.mark.parametrize("file", HISTORIES, ids=name)
async def test_a_recorded_history_replays(file: Path) -> None:
    """Where it does not, running journeys would stop at the roll-out of this build."""
    await replayer().replay_workflow(recorded(file))


async def test_another_history_is_noticed() -> None:
    """Negative control: a journey that asked its inbox where it showed a turn is no history of this program."""
    history: dict[str, Any] = json.loads(recorded(FOLDER / "a-year.json.gz").to_json())
    marker = next(event for event in history["events"] if event["eventType"] == "EVENT_TYPE_MARKER_RECORDED")
    (payload,) = marker["markerRecordedEventAttributes"]["details"]["data"]["payloads"]
    told = base64.b64decode(payload["data"]).replace(b'"project"', b'"undelivered"')
    payload["data"] = base64.b64encode(told).decode()
    other = WorkflowHistory.from_json("a-year", json.dumps(history))
    result = await replayer().replay_workflow(other, raise_on_replay_failure=False)
    assert result.replay_failure is not None
