"""Every scenario of the library is met through the product, by the lines that the engine alone meets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from stage import stage
from tests.proof.plays import FOLDERS, chosen, most_telling, read, release_of
from tests.proof.recording import record
from workflows.rehearsal import Stage
from workflows.runs import workflow_id


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared() -> AsyncIterator[Stage]:
    """One server, worker and store for all of them."""
    async with stage() as set_up:
        yield set_up


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("file", chosen(), ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
async def test_a_scenario_is_met(file: Path, shared: Stage) -> None:
    """Workflow, projection and store show what a lead wrote by hand; the most telling one of a pathway is recorded."""
    pathway = file.parent.parent.name
    rehearsal = await shared.rehearse(release_of(pathway), read(file))
    if file == most_telling(pathway):
        client, workflow = shared.environment.client, workflow_id(rehearsal.journey.id)
        await record(client, workflow, f"library/{pathway}", times=shared.clock.told)
    assert str(rehearsal) == f"{file}: ok"


def test_every_pathway_is_played() -> None:
    """A pathway whose folder holds no scenario would be proven by nothing."""
    assert {file.parent.parent.name for file in chosen()} == set(FOLDERS)
