"""Each kind of step and of trigger has a scenario that the product does not meet once nothing serves the kind."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from pathways.language.step import STEP_KINDS
from pathways.language.trigger import TRIGGER_KINDS
from tests.proof.mutation import changed, in_tree, put, take_back, tree_of
from tests.proof.plays import FULL
from tests.proof.removals import REMOVALS, STEPS, TRIGGERS

PARTS = ("pathways", "store", "activities", "workflows", "api", "migrations")
SCENARIOS = Path("tests/proof/other-kinds")
WITHOUT_CONDITION = {"enrolment", "by-hand"}
"""Triggers that are a word alone."""
CHOSEN = tuple(REMOVALS) if FULL else ("stop", "outcome")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product, with the scenarios of kinds that no pathway of the library has."""
    return tree_of(tmp_path_factory.mktemp("removals"), (*PARTS, str(SCENARIOS)))


@pytest.fixture(scope="module")
def caught() -> Iterator[dict[str, str]]:
    """The line that was not met, by kind; told at the end with how long it took."""
    began = monotonic()
    lines: dict[str, str] = {}
    yield lines
    told = "\n".join(f"  {kind}: {line}" for kind, line in lines.items())
    sys.stdout.write(f"\nWithout its branch, in {monotonic() - began:.0f} s:\n{told}\n")


def test_every_kind_is_in_the_table() -> None:
    """A new kind of step or trigger needs a scenario that misses it, and its branch stands in its file once."""
    assert set(STEPS) == set(STEP_KINDS)
    assert set(TRIGGERS) == {*TRIGGER_KINDS, *WITHOUT_CONDITION}
    assert all(changed(removal.of(kind)) for kind, removal in REMOVALS.items())


def test_the_scenarios_are_met(tree: Path) -> None:
    """With every branch in its place; else a scenario could fail for something else."""
    for scenario in sorted({REMOVALS[kind].scenario for kind in CHOSEN}):
        played = in_tree(tree, "-m", "cli", "rehearse", scenario, "--durable")
        assert played.returncode == 0, played.stdout[-2000:] + played.stderr[-2000:]


@pytest.mark.parametrize("kind", CHOSEN)
def test_without_its_branch_a_scenario_is_not_met(tree: Path, caught: dict[str, str], kind: str) -> None:
    """A line fails, as a lead would read it; the product neither stops nor breaks."""
    removal = REMOVALS[kind]
    put(tree, removal.of(kind))
    try:
        played = in_tree(tree, "-m", "cli", "rehearse", removal.scenario, "--durable")
    finally:
        take_back(tree, removal.of(kind))
    said = played.stdout[-2000:] + played.stderr[-2000:]
    line = re.search(rf"^{re.escape(removal.scenario)}:[0-9]+: expected .*$", played.stdout, re.MULTILINE)
    assert played.returncode == 1, said
    assert line is not None, said
    caught[kind] = line[0]
