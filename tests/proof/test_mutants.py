"""Each listed change of a rule is found by the tests that are named for it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.proof.mutants import MUTANTS
from tests.proof.mutation import Mutant, changed, judge, run, tree_of

PARTS = ("pathways", "store", "migrations", "tests")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the named tests need."""
    return tree_of(tmp_path_factory.mktemp("mutants"), PARTS)


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    """How many there are and how long they took, for who runs the proof."""
    began = monotonic()
    yield
    sys.stdout.write(f"\n{len(MUTANTS)} mutants judged in {monotonic() - began:.0f} s\n")


def test_the_list_is_whole() -> None:
    """Each has a name of its own, and its piece stands in its file once."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
    assert all(changed(mutant) for mutant in MUTANTS)


def test_without_a_change_the_named_tests_pass(tree: Path) -> None:
    """Else a mutant could die of something else."""
    tests = sorted({test for mutant in MUTANTS for test in mutant.tests})
    verdict = run(tree, tests)
    assert not verdict.killed, verdict.said


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(tree: Path, mutant: Mutant) -> None:
    """By one of the tests that are named for it, and no others are run."""
    verdict = judge(tree, mutant)
    assert verdict.killed, f"{mutant.name} lives:\n{verdict.said}"
