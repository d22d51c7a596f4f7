"""Histories of earlier builds replay in this one, and a journey's turns are what they were."""

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.workflows.golden import lines
from tests.workflows.record import GOLDEN, HISTORIES, KEYRING
from worker import sandbox
from workflows.client import data_converter
from workflows.dispatcher import Dispatcher
from workflows.journey import PatientJourney

RECORDED = sorted(HISTORIES.glob("*.json"))


def test_histories_were_recorded() -> None:
    """Each way through the shell has one."""
    assert [file.stem for file in RECORDED] == [
        "climbed",
        "continued-first",
        "continued-last",
        "dispatched",
        "ended",
        "store-away",
    ]


@pytest.mark.parametrize("history", [pytest.param(file.read_text(), id=file.stem) for file in RECORDED])
async def test_a_recorded_history_replays(history: str) -> None:
    """A running journey survives the roll-out of this build: its commands are those of its history."""
    replayer = Replayer(
        workflows=[PatientJourney, Dispatcher], data_converter=data_converter(KEYRING), workflow_runner=sandbox()
    )
    await replayer.replay_workflow(WorkflowHistory.from_json("journey/recorded", history))


def test_turns_are_what_they_were() -> None:
    """A replay sees kinds of commands alone; values, instants, ids and reasons are compared here."""
    assert lines() == GOLDEN.read_text().splitlines()
