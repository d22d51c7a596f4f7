"""The scenarios of every pathway in the library, by their folders: a new pathway needs no line here."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pathways.engine.actions import CallSystem, EnrolPatient
from pathways.language.release import Release
from pathways.proof.reading import read_scenario
from pathways.proof.rehearse import rehearse
from pathways.proof.scenario import Scenario
from store import library

FULL = os.environ.get("PROOF_SIZE") == "full"
A_PATHWAY = 3
"""How many scenarios of each pathway are played where the proof is not full, beside the most telling one."""
MOST_TURNS = 100
"""Of the most telling one, so that replaying it takes no longer than a second."""
FOLDERS = {folder.name: folder for folder in library.pathway_folders(library.built_in())}


@cache
def release_of(pathway: str) -> Release:
    """The release that a pathway's folder makes."""
    return library.release(FOLDERS[pathway])


@cache
def scenarios_of(pathway: str) -> Sequence[Path]:
    """The scenario files of a pathway, by name."""
    return tuple(library.scenario_files(FOLDERS[pathway]))


def read(file: Path) -> Scenario:
    """A scenario of the library."""
    return read_scenario(str(file), file.read_bytes(), release_of(file.parent.parent.name))


@cache
def most_telling(pathway: str) -> Path:
    """The scenario with the most turns, up to a hundred, of those in which no other system has a part."""

    def turns(file: Path) -> int:
        timeline = rehearse(release_of(pathway), read(file)).timeline
        alone = not any(isinstance(action, CallSystem | EnrolPatient) for turn in timeline for action in turn.actions)
        return len(timeline) if alone and len(timeline) <= MOST_TURNS else 0

    return max(scenarios_of(pathway), key=turns)


def chosen() -> list[Path]:
    """What is played: everything, or of each pathway a few from the whole of its list."""
    files: list[Path] = []
    for pathway in FOLDERS:
        own = scenarios_of(pathway)
        some = own if FULL else {*own[:: max(1, len(own) // A_PATHWAY)][:A_PATHWAY], most_telling(pathway)}
        files.extend(sorted(some))
    return files
