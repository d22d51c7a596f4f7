"""A PlanDefinition carries what a pathway says: every track, every step, and all its timing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.fhir.outgoing import forms
from api.fhir.outgoing.definitions import definition
from api.fhir.outgoing.timing import AS_WRITTEN
from pathways.language.release import Release, every_step
from pathways.language.schedule import Duration
from pathways.language.step import AnyStep, Ask, Call, ForEach, Repeat, Task, Visit, Wait
from pathways.language.trigger import At, Every, Observed, Silent
from store import library
from tests.api.fhir.speaking import Fhir, valid

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FOLDERS = library.pathway_folders(library.built_in())
UNITS = {
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "week": "wk",
    "month": "mo",
    "year": "a",
    "working hour": "h",
    "working day": "d",
}


def _made(folder: Path) -> tuple[Release, dict[str, Any]]:
    release = library.release(folder)
    return release, definition(release, published=NOW, demonstration=True)


def _actions(actions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield action
        yield from _actions(action.get("action", []))


def _kinds(action: dict[str, Any]) -> set[str]:
    return {code["code"] for concept in action["code"] for code in concept["coding"]}


def _span(told: dict[str, Any]) -> tuple[float, str]:
    return told["value"], told["code"]


def _meant(span: Duration) -> tuple[float, str]:
    return span.amount, UNITS[span.unit]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_shipped_pathway_is_fhir(folder: Path) -> None:
    """With its forms; ids of actions are unique, so that each can refer to the one before it."""
    release, told = _made(folder)
    valid(told)
    for id, form in forms.forms_of(release).items():
        valid(forms.show(id, form, release, NOW, demonstration=True))
    ids = [action["id"] for action in _actions(told["action"])]
    assert len(ids) == len(set(ids))
    related = {one["actionId"] for action in _actions(told["action"]) for one in action.get("relatedAction", [])}
    assert related <= set(ids)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_track_and_step_is_there(folder: Path) -> None:
    """As many actions of each kind as the pathway has steps of it."""
    release, told = _made(folder)
    tracks = release.pathway.tracks
    assert [one["code"][0]["coding"][0]["code"] for one in told["action"]] == list(tracks)
    steps = [step for track in tracks.values() for step in every_step(track.steps)]
    shown = [action for action in _actions(told["action"]) if any("step-kind" in str(one) for one in action["code"])]
    rungs = [action for action in shown if "rung" in _kinds(action)]
    assert len(shown) - len(rungs) == len(steps)
    ladders = [step.ladder for step in steps if isinstance(step, Task) and step.ladder is not None]
    assert len(rungs) == sum(len(release.pathway.ladders.get(one, ())) for one in ladders)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_all_timing_is_there(folder: Path) -> None:
    """When a track starts, and when each of its steps is due, in the numbers of the pathway."""
    release, told = _made(folder)
    for action, track in zip(told["action"], release.pathway.tracks.values(), strict=True):
        match track.when:
            case At(at=at, time=None):
                assert action["trigger"][0]["name"].partition(":")[2] == (at.step or at.anchor)
                value, unit = _span(action["timingDuration"])
                offset = at.offset or Duration(amount=0, unit="day")
                assert (abs(value), unit) == _meant(offset)
                assert (value < 0) is (at.sign == -1 and offset.amount > 0)
            case At(time=clock):
                assert clock is not None
                assert action["timingTiming"]["repeat"]["timeOfDay"] == [f"{clock:%H:%M:%S}"]
            case Every(every=span, times=times):
                repeat = action["timingTiming"]["repeat"]
                assert (repeat["period"], repeat["periodUnit"]) == _meant(span)
                assert repeat.get("count") == times
            case Silent(for_=span):
                assert _span(action["timingDuration"]) == _meant(span)
            case Observed(data=watched):
                codes = [one["code"] for data in action["trigger"][0]["data"] for one in data["codeFilter"][0]["code"]]
                assert codes == [code for name in watched for code in release.pathway.data[name].observation]
            case _:
                assert action["trigger"]
    shown = [one for one in _actions(told["action"]) if any("step-kind" in str(code) for code in one["code"])]
    actions = iter(one for one in shown if "rung" not in _kinds(one))
    for track in release.pathway.tracks.values():
        for step in every_step(track.steps):
            _check(next(actions), step, release)


def _check(action: dict[str, Any], step: AnyStep, release: Release) -> None:
    match step:
        case Task(due=Duration() as span) | Wait(wait=span) | Ask(expires=Duration() as span) | Call(within=span):
            assert _span(action["timingDuration"]) == _meant(span)
            assert (AS_WRITTEN in str(action["timingDuration"])) is span.working
        case Visit(window=window):
            low, high = action["timingRange"]["low"], action["timingRange"]["high"]
            assert (-low["value"], low["code"]) == _meant(window.early)
            assert _span(high) == _meant(window.late)
        case Repeat(every=span, times=times):
            repeat = action["timingTiming"]["repeat"]
            assert (repeat["count"], repeat["period"], repeat["periodUnit"]) == (times, *_meant(span))
        case ForEach(for_each=name):
            clock = [f"{one:%H:%M:%S}" for one in release.pathway.times[name].value]
            assert action["timingTiming"]["repeat"]["timeOfDay"] == clock
        case _:
            assert "timingTiming" not in action


async def test_a_release_is_read_by_its_checksum(fhir: Fhir) -> None:
    """And found by the canonical address of its pathway, and its forms by theirs."""
    (found,) = await fhir.search("PlanDefinition", url="urn:tongxing:pathway:clinic", status="active")
    assert await fhir.get(f"/PlanDefinition/{found['version']}") == found
    forms_found = await fhir.search("Questionnaire", version=found["version"])
    assert {one["name"] for one in forms_found} == {"call", "symptoms"}
    call = next(one for one in forms_found if one["name"] == "call")
    assert await fhir.get(f"/Questionnaire/{call['id']}") == call
    assert [one["type"] for one in call["item"]] == ["choice", "boolean", "decimal"]
    assert [one["valueCoding"]["code"] for one in call["item"][0]["answerOption"]] == ["well", "ill"]
    assert await fhir.search("Questionnaire", name="nothing") == []
