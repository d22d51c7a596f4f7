"""What the README says of the first ten minutes is so."""

import re
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from api import demonstration
from api.pages.phrases import PHRASES
from cli import app
from store.library import built_in, pathway_folders, release
from tests.docs.markdown import ROOT

NUMBERS = {5: "five", 6: "six", 7: "seven"}


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def _edited(folder: Path, old: str, new: str) -> Path:
    """A copy of the shipped pathway in which the text is another one, once."""
    copy = copytree(built_in() / "diabetes-management", folder / "my-pathway")
    file = copy / "pathway.yaml"
    before, text, after = file.read_text("utf-8").partition(old)
    assert text
    file.write_text(f"{before}{new}{after}", "utf-8")
    return copy


def test_a_threshold_that_moves_fails_the_scenarios_that_are_named(tmp_path: Path, readme: str) -> None:
    """The file is in order, and the scenarios that do not hold any more are those of which the README speaks."""
    copy = _edited(tmp_path, "value: 3.9", "value: 4.4")
    assert CliRunner().invoke(app, ["check", str(copy)]).exit_code == 0
    told = CliRunner().invoke(app, ["rehearse", str(copy)])
    assert told.exit_code == 1
    failed = set(re.findall(r"scenarios/([a-z-]+\.yaml):[0-9]+: expected", told.output))
    assert failed == set(re.findall(r"`(low-[a-z-]+\.yaml)`", readme))


def test_a_misspelt_name_is_told_as_it_is_quoted(tmp_path: Path, readme: str) -> None:
    """The line in the README is the line that is printed."""
    copy = _edited(tmp_path, '"glucose <= urgent_low"', '"glucose <= urgent_lo"')
    told = CliRunner().invoke(app, ["check", str(copy)])
    (quoted,) = re.findall(r"`my-pathway/(pathway\.yaml:[^`]+)`", readme)
    assert f"{copy}/{quoted}" in told.output


def test_the_limits_are_counted_right(readme: str) -> None:
    """How many pathways there are, whether most parameters wait for a clinician, and how many patients are made up."""
    releases = [release(folder) for folder in pathway_folders(built_in())]
    clinical = [one for one in releases if one.pathway.pathway != "demonstration"]
    assert f"{NUMBERS[len(clinical)]} pathways" in readme
    assert all(f"| `{one.pathway.pathway}` |" in readme for one in clinical)
    owned = sum(len(one.pathway.parameters) + len(one.pathway.times) for one in clinical)
    assert sum(len(one.unconfirmed) for one in clinical) > owned / 2
    assert "Most of their parameters wait" in readme
    assert f"with {NUMBERS[len(demonstration.patients())]} made-up patients" in readme


@pytest.mark.parametrize("name", ["claim", "release", "complete", "flagged", "messages"])
def test_buttons_are_named_as_on_the_page(name: str, readme: str) -> None:
    """A nurse finds what the README names, in both languages."""
    assert PHRASES[name].en in readme
    assert PHRASES[name].zh in readme
    assert PHRASES[name].zh in (ROOT / "README.zh-CN.md").read_text("utf-8")
