"""The pathways that come with the product."""

from pathlib import Path

import pytest

from pathways.language.documents import read_document
from pathways.language.reading import examine

LIBRARY = Path("pathways/library")
FOLDERS = sorted(path.parent for path in LIBRARY.glob("*/pathway.yaml"))
SCENARIOS = sorted(LIBRARY.glob("*/scenarios/*.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_pathway_of_the_library_has_neither_errors_nor_warnings(folder: Path) -> None:
    """What the product brings is what a lead may take for a model."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}
    reading = examine(files)
    assert [str(problem) for problem in reading.problems] == []
    assert reading.release is not None
    assert reading.release.pathway.pathway == folder.name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_forms_and_messages_are_used(folder: Path) -> None:
    """A text that nothing uses is never reviewed."""
    pathway = (folder / "pathway.yaml").read_text()
    parts = [path.stem for kind in ("forms", "messages") for path in (folder / kind).glob("*.yaml")]
    assert [name for name in parts if f": {name}" not in pathway] == []


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
def test_a_scenario_is_of_its_pathway_and_looks_at_something(file: Path) -> None:
    """A play without a `then` proves nothing."""
    document = read_document(file.name, file.read_bytes())
    assert document.problems == []
    assert document.value["pathway"] == file.parent.parent.name
    assert any("then" in line for line in document.value["play"])


def test_there_are_enough_scenarios() -> None:
    """Twelve at the least for diabetes, thirty for mothers, and two for the demonstration."""
    counts = {folder.name: len(list(folder.glob("scenarios/*.yaml"))) for folder in FOLDERS}
    assert counts["diabetes-management"] >= 12
    assert counts["maternity-to-day-42"] >= 30
    assert counts["demonstration"] >= 2
