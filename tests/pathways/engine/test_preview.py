"""A preview tells what setting an anchor then does."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.engine import plans
from pathways.engine.advance import advance
from pathways.engine.context import Context, Facts
from pathways.engine.events import AnchorSet, Tick
from pathways.engine.journey import Journey, TrackState
from pathways.engine.preview import AnchorPreview, Moved, preview_anchor
from pathways.language.release import Release
from pathways.language.schedule import parse_duration, shift
from pathways.language.trigger import Overdue
from tests.pathways.engine.build import ZONE, Player, at, local, release
from tests.pathways.engine.generate import DENSE, KNOWN, Move, facts, play, plays, releases
from tests.pathways.engine.test_properties import sized
from tests.pathways.engine.world import World

TRACKS = """
day3: {when: {at: surgery + 3 days}, steps: [{task: call, role: ward-nurse, outcomes: {reached: []}}]}
weekly: {when: {every: 7d, from: surgery, times: 4}, steps: [{send: m}]}
redo: {when: {at: surgery + 1 day, redo_if_moved: 2d}, steps: [{send: n}]}
late: {when: {overdue: birth}, steps: [{task: ask, role: ward-nurse, outcomes: {born: []}}]}
own: {when: {every: 30d, from: last_done}, steps: [{send: m}]}
talk: {when: by-hand, steps: [{send: m}]}
"""


def told(preview: AnchorPreview) -> dict[str, list[str]]:
    """The lists that hold anything, a short line an occurrence."""
    lists = {"moved": preview.moved, "cancelled": preview.cancelled}
    lists |= {"done": preview.already_done, "overdue": preview.overdue}
    return {name: [line(moved) for moved in found] for name, found in lists.items() if found}


def line(moved: Moved) -> str:
    return f"{moved.track} {moved.occurrence}: {local(moved.before)[5:10]} -> {local(moved.after)[5:10]}"


def previewed(play: Player, to: str | None, *, anchor: str = "surgery", tentative: bool = False) -> AnchorPreview:
    return preview_anchor(
        play.release,
        play.journey,
        play.facts,
        anchor=anchor,
        at=None if to is None else at(to),
        tentative=tentative,
        now=play.now,
    )


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (
            "2026-01-12 12:00",
            {
                "moved": ["day3 1: 01-13 -> 01-15", "weekly 1: 01-17 -> 01-19", "late 1: 01-22 -> 01-24"],
                "done": ["redo 1: 01-11 -> 01-13"],
            },
        ),
        (
            "2026-01-20 12:00",
            {
                "moved": [
                    "day3 1: 01-13 -> 01-23",
                    "weekly 1: 01-17 -> 01-27",
                    "redo 1: 01-11 -> 01-21",
                    "late 1: 01-22 -> 02-01",
                ]
            },
        ),
        (
            "2025-12-20 12:00",
            {
                "moved": ["day3 1: 01-13 -> 12-23", "weekly 4: 02-07 -> 01-17"],
                "overdue": [
                    "weekly 1: 01-17 -> 12-27",
                    "weekly 2: 01-24 -> 01-03",
                    "weekly 3: 01-31 -> 01-10",
                    "redo 1: 01-11 -> 12-21",
                    "late 1: 01-22 -> 01-01",
                ],
            },
        ),
        (
            None,
            {
                "cancelled": ["day3 1: 01-13 -> ", "weekly 1: 01-17 -> ", "late 1: 01-22 -> "],
                "done": ["redo 1: 01-11 -> "],
            },
        ),
    ],
)
def test_each_occurrence_stands_in_the_list_of_what_becomes_of_it(
    to: str | None, expected: dict[str, list[str]]
) -> None:
    """Moved, cancelled, already done and now overdue, with the dates before and after."""
    play = Player(TRACKS, surgery="2026-01-10 12:00")
    play.until("2026-01-13 13:00")
    assert told(previewed(play, to)) == expected
    assert play.journey.anchors["surgery"] == at("2026-01-10 12:00")


def test_what_an_overdue_date_started_is_cancelled_or_moved() -> None:
    """Known, it is not needed; planned for later, it comes later."""
    play = Player(TRACKS, surgery="2025-12-10 12:00")
    play.until("2026-01-06 09:00")
    assert play.open == ["call", "ask"]
    known = {"cancelled": ["late 1: 12-22 -> "]}
    assert told(previewed(play, "2025-12-24 12:00", anchor="birth")) == known
    later = {"moved": ["late 1: 12-22 -> 01-27"]}
    assert told(previewed(play, "2026-01-24 12:00", anchor="birth", tentative=True)) == later


@pytest.mark.parametrize("anchor", ["strange", "enrolled"])
def test_what_would_be_refused_changes_nothing(anchor: str) -> None:
    """A preview of what cannot be set is empty."""
    play = Player(TRACKS, surgery="2026-01-10 12:00")
    assert previewed(play, None, anchor=anchor) == AnchorPreview()


def test_a_stopped_track_has_no_dates() -> None:
    """What a person stopped is not planned, wherever the anchor moves."""
    play = Player(TRACKS, surgery="2026-01-10 12:00")
    for track in ("day3", "weekly", "redo", "late"):
        play.stop(track)
    assert previewed(play, "2026-02-10 12:00") == AnchorPreview()


def test_what_waits_to_start_stands_in_the_preview() -> None:
    """A deferred occurrence has its date until it lies ahead again."""
    play = Player(
        "t: {when: {at: surgery + 3 days}, unless: flag, defer: enrolled + 90d, steps: [{send: m}]}",
        surgery="2026-01-10 12:00",
    )
    play.journey = replace(play.journey, values={"flag": True})
    play.until("2026-01-13 13:00")
    assert told(previewed(play, "2026-01-20 12:00")) == {"moved": ["t 1: 01-13 -> 01-23"]}


def test_what_was_skipped_as_too_late_is_moved_where_it_lies_ahead_again() -> None:
    """Nothing of it was done, so it comes at the right date; what was left out as too late was not done either."""
    tracks = (
        "t: {when: {at: surgery}, steps: [{send: m}]}\n"
        "u: {when: {every: 1d, from: surgery}, steps: [{send: m, late: skip}]}"
    )
    play = Player(tracks)
    play.anchor("surgery", "2025-12-30 12:00")
    assert told(previewed(play, "2026-01-10 12:00")) == {
        "moved": ["t 1: 12-30 -> 01-10", "u 6: 01-05 -> 01-16"],
    }


@sized(40, 4_000)
@given(releases(), facts, plays, st.integers(0, 11), st.sampled_from(["0s", "3d", "9d", "40d"]))
def test_the_preview_equals_what_committing_then_does(
    of: Release, known: Facts, happening: list[Move], which: int, gap: str
) -> None:
    """Every date that the commit moves stands in the preview, and every line of the preview is so after the commit."""
    world = World(of, known)
    for move in happening:
        world.move(move)
        compare(world, which, gap)


@pytest.mark.parametrize("seed", range(8))
def test_the_preview_equals_the_commit_where_much_is_planned(seed: int) -> None:
    """The same on a pathway of nothing but dates."""
    world = World(release(DENSE[-1]), KNOWN[seed % len(KNOWN)])
    for number, move in enumerate(play(seed, 50)):
        world.move(move)
        compare(world, number % 12, ("0s", "3d", "9d", "40d")[number % 4])


def compare(world: World, which: int, gap: str) -> None:
    """Tries the commit on the state as it is, beside the play, and holds it against the preview."""
    of, context = world.release, Context(now=world.now, facts=world.facts)
    anchor, tentative = ("surgery", "birth")[which % 2], which % 5 == 4
    to = None if which == 10 else shift(world.now, parse_duration(gap), ZONE, 1 if which % 3 else -1)
    preview = preview_anchor(of, world.journey, world.facts, anchor=anchor, at=to, tentative=tentative, now=world.now)
    before = advance(of, world.journey, Tick(id="before", received=world.now), context).journey
    event = AnchorSet(id="commit", received=world.now, anchor=anchor, at=to, by="anna", tentative=tentative)
    turn = advance(of, before, event, context)
    if turn.reasons[0].code == "refused":
        assert preview == AnchorPreview()
        return
    lines = {(moved.track, moved.occurrence): moved for moved in (*preview.moved, *preview.cancelled, *preview.overdue)}
    for reason in turn.reasons:
        if reason.code == "moved" and reason.track is not None and reason.occurrence is not None:
            number = str(plans.number_of(reason.occurrence))
            stays = open_for(turn.journey, reason.track, number)
            assert (reason.track, number) in lines or stays == open_for(before, reason.track, number)
    for moved in preview.moved:
        at_once = open_for(turn.journey, moved.track, moved.occurrence)
        assert at_once == {moved.after} or moved.after == comes(turn.journey, world, moved)
    for moved in preview.cancelled:
        assert moved.after is None
        assert not open_for(turn.journey, moved.track, moved.occurrence)
        assert comes(turn.journey, world, moved) is None
    for moved in preview.overdue:
        assert comes(before, world, moved) is not None or not open_for(before, moved.track, moved.occurrence)
        assert moved.after is not None
    for moved in preview.already_done:
        assert open_for(before, moved.track, moved.occurrence) == open_for(turn.journey, moved.track, moved.occurrence)
    unchanged = before.tracks.keys() - {name for name, _ in lines}
    for name in unchanged:
        track = of.pathway.tracks[name]
        old, new = (
            plans.planned(track, j.tracks.get(name, TrackState()), j, world.facts) for j in (before, turn.journey)
        )
        assert old == new, f"the next date of {name} moved and is in no list"


def open_for(journey: Journey, track: str, number: str) -> set[datetime | None]:
    """The dates for which the occurrence is open."""
    return {
        activation.planned_for
        for activation in journey.activations.values()
        if activation.track == track
        and activation.state == "running"
        and activation.planned_for is not None
        and plans.number_of(activation.occurrence) == int(number)
    }


def comes(journey: Journey, world: World, moved: Moved) -> datetime | None:
    """The date at which the occurrence comes, as the journey asks to be woken for it."""
    track = world.release.pathway.tracks[moved.track]
    state = journey.tracks.get(moved.track, TrackState())
    if isinstance(track.when, Overdue):
        at_ = plans.overdue_at(world.release.pathway, journey, world.facts, track.when.overdue)
        return None if state.holds or state.stopped else at_
    state = plans.current(track, state, journey)
    ahead = not state.stopped and int(moved.occurrence) >= state.next
    return plans.dated(track, state, int(moved.occurrence), journey, world.facts) if ahead else None
