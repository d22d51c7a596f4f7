"""What a lead is told about a file that is wrong: every row of refusals.yaml, word for word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pathways.language.problems import Problem
from pathways.language.reading import examine
from tests.pathways.language.sample import FILES, changed


def rows() -> Iterator[Any]:
    table: Any = YAML(typ="safe", pure=True)
    for group, entries in table.load(Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8")).items():
        for number, row in enumerate(entries):
            file = row.get("file", "pathway.yaml")
            yield pytest.param(file, row["old"], row["new"], row["problems"], id=f"{group}-{number}")


def test_the_sample_has_no_problems() -> None:
    """What is told below is told of the change alone."""
    reading = examine(FILES)
    assert reading.problems == ()
    assert reading.release is not None


@pytest.mark.parametrize(("file", "old", "new", "problems"), list(rows()))
def test_each_problem_is_told_at_its_place(file: str, old: str, new: str, problems: list[str]) -> None:
    """Every problem is `file:line:column: what is wrong; what was expected`, and nothing else is told."""
    reading = examine(changed(old, new, file))
    assert [str(problem) for problem in reading.problems] == problems
    assert (reading.release is None) == any(": warning: " not in problem for problem in problems)


def test_a_warning_says_that_it_is_one() -> None:
    """A warning is told from an error by its prefix."""
    problem = Problem(file="a.yaml", line=2, column=3, what="odd", expected="expected even", severity="warning")
    assert str(problem) == "a.yaml:2:3: warning: odd; expected even"
