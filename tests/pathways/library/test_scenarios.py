"""Every scenario of the library, played through the engine."""

from functools import cache
from pathlib import Path

import pytest

from pathways.language.reading import read
from pathways.language.release import Release
from pathways.proof.reading import read_scenario
from pathways.proof.rehearse import rehearse

LIBRARY = Path("pathways/library")
SCENARIOS = sorted(LIBRARY.glob("*/scenarios/*.yaml"))


@cache
def release_of(folder: Path) -> Release:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}
    return read(files)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: f"{file.parent.parent.name}/{file.stem}")
def test_a_scenario_is_met(file: Path) -> None:
    """What a lead wrote by hand is what the engine does."""
    release = release_of(file.parent.parent)
    rehearsal = rehearse(release, read_scenario(str(file), file.read_bytes(), release))
    assert "\n".join(map(str, rehearsal.failures)) == ""
