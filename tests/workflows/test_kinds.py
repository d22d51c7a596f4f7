"""Every kind of step and trigger, through workflows and a store as through the engine alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pathways.language.step import STEP_KINDS, Steps, branches
from pathways.language.trigger import TRIGGER_KINDS
from pathways.proof.reading import read_scenario
from pathways.proof.rehearse import Player, rehearse
from stage import durable_player
from store import library
from tests.workflows.test_rehearsal import told

FOLDER = Path(__file__).parent / "kinds"
RELEASE = library.release(FOLDER)
SCENARIOS = library.scenario_files(FOLDER)


@pytest.fixture(scope="module")
def durable() -> Iterator[Player]:
    """One stage for all of them."""
    with durable_player() as player:
        yield player


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_both_players_meet_the_same_lines(file: Path, durable: Player) -> None:
    """Whatever the engine alone decides at an instant, a workflow decides then, and the store shows it."""
    scenario = read_scenario(str(file), SCENARIOS[file], RELEASE)
    pure, played = rehearse(RELEASE, scenario), durable(RELEASE, scenario)
    assert str(pure) == str(played) == f"{file}: ok"
    if not any("fact:" in line for line in SCENARIOS[file].decode().splitlines()):
        assert told(played) == told(pure)


def kinds(steps: Steps) -> Iterator[str]:
    for step in steps:
        yield next(kind for kind, model in STEP_KINDS.items() if isinstance(step, model))
        for way in branches(step).values():
            yield from kinds(way)


def test_no_kind_is_left_out() -> None:
    """The pathway has every kind of step and of trigger that the language knows."""
    tracks = RELEASE.pathway.tracks.values()
    triggers = {kind for track in tracks for kind, model in TRIGGER_KINDS.items() if isinstance(track.when, model)}
    assert {kind for track in tracks for kind in kinds(track.steps)} == set(STEP_KINDS)
    assert triggers == set(TRIGGER_KINDS)
