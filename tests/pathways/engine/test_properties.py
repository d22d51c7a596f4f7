"""What holds for every pathway that checks and everything that may happen to a journey on it.

A handful of plays runs each time, the same ones; `PROOF_SIZE=full` runs many, each time others.
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways.engine.actions import OpenTask, RaiseAlarm
from pathways.engine.advance import advance, next_wakeup
from pathways.engine.context import Context, Facts
from pathways.engine.events import Paused, Resumed
from pathways.engine.journey import Journey, read_journey, write_journey
from pathways.language.release import Release
from tests.pathways.engine.build import Player, journey, read_yaml, release, release_of
from tests.pathways.engine.generate import DENSE, ITEMS, KNOWN, Move, dense, facts, moves, play, plays, releases
from tests.pathways.engine.world import World, expected, reached

FULL = os.environ.get("PROOF_SIZE") == "full"


def sized(small: int, full: int) -> settings:
    """So many plays: the small number is the same ones each time."""
    return settings(
        max_examples=full if FULL else small,
        derandomize=not FULL,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def run(of: Release, known: Facts, happening: list[Move]) -> None:
    """Plays it to the end and counts what it reached."""
    world = World(of, known)
    for move in happening:
        world.move(move)
    world.wait(world.now + timedelta(days=9))
    world.count()


def test_every_play_keeps_the_rules_and_reaches_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """No turn raises or leaves anything due in the past, and each keeps what `World.play` checks.

    Ids stand for one thing, rungs pass once, contacts keep quiet hours, budget and consent, exits keep what their table
    keeps, each track that watches gives one reason, what a person chose stays, and a journey reads back as it was
    written. The plays reach every kind of event, action, step, trigger, cause, activation, end and status of a result.
    """
    reached.clear()

    @sized(150, 20_000)
    @given(releases(), facts, plays)
    def any_play(of: Release, known: Facts, happening: list[Move]) -> None:
        run(of, known, happening)

    any_play()
    for number in range(2_000 if FULL else 50):
        for tracks in DENSE:
            run(dense(tracks), KNOWN[number % len(KNOWN)], play(number, 50))
    with capsys.disabled():
        told = ", ".join(f"{kind} {times}" for kind, times in sorted(reached.items()))
        sys.stdout.write(f"\nThe plays reached: {told}\n")
    assert sorted(expected() - set(reached)) == []


@sized(30, 4_000)
@given(releases(), facts, plays)
def test_the_same_event_twice_changes_nothing(of: Release, known: Facts, happening: list[Move]) -> None:
    """An event that comes again at once brings no action and leaves the journey as it was."""
    world = World(of, known)
    for move in happening:
        event = world.move(move)
        once = world.journey
        if next_wakeup(of, once, known) == world.now:  # the turn reached its cascade limit
            continue
        twice = advance(of, once, event, Context(now=world.now, facts=known))
        assert twice.actions == ()
        assert replace(twice.journey, sequence=once.sequence) == once


def never_deferring(of: Release) -> Release:
    """The release without what is looked at with every turn, for whatever the turn is."""
    pathway = of.pathway.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    tracks = {
        name: {key: value for key, value in track.items() if key != "defer"}
        for name, track in pathway["tracks"].items()
    }
    for track in tracks.values():
        if "becomes" in track["when"]:
            track["when"] = "by-hand"
    return release_of({**pathway, "tracks": tracks}, items=read_yaml(ITEMS))


@sized(30, 4_000)
@given(
    releases().map(never_deferring),
    facts,
    plays,
    st.sampled_from([timedelta(hours=5), timedelta(hours=31), timedelta(days=3, minutes=7)]),
)
def test_splitting_a_wait_changes_nothing(of: Release, known: Facts, happening: list[Move], extra: timedelta) -> None:
    """Waking when nothing is due brings nothing and changes nothing that comes later."""
    seldom, often = World(of, known), World(of, known)
    for move in happening:
        seldom.move(move)
        often.move(move, extra=extra)
        assert seldom.log == often.log


def all_safe(of: Release) -> Release:
    """The release with every track a safety track."""
    pathway = of.pathway.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    tracks = {name: {**track, "safety": True} for name, track in pathway["tracks"].items()}
    return release_of({**pathway, "tracks": tracks}, items=read_yaml(ITEMS))


@sized(30, 4_000)
@given(releases().map(all_safe), facts, plays, st.integers(0, 19), st.integers(0, 19))
def test_a_pause_takes_nothing_from_safety_tracks(
    of: Release, known: Facts, happening: list[Move], begin: int, end: int
) -> None:
    """A pathway of safety tracks does the very same with a pause as without."""
    through, paused = World(of, known), World(of, known)
    others = [move for move in happening if move.kind not in {"pause", "resume"}]
    for number, move in enumerate(others):
        through.move(move)
        if number == begin and paused.journey.status == "active":
            paused.play(Paused(id="pause", received=paused.now, by="anna"))
        if number == end and paused.journey.status == "paused":
            paused.play(Resumed(id="resume", received=paused.now, by="anna"))
        paused.move(move)
        assert paused.log == through.log


instants = st.datetimes(
    datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("8000-01-01"), timezones=st.just(UTC)
)
jumps = st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000))


@sized(30, 4_000)
@given(releases(), facts, instants, st.lists(st.tuples(moves, jumps, jumps, jumps), max_size=8))
def test_a_turn_is_total_at_any_time(
    of: Release, known: Facts, base: datetime, happening: list[tuple[Move, timedelta, timedelta, timedelta]]
) -> None:
    """Whatever its times, from 1900 to 8000 and in any order, an event gives a journey that reads back."""
    world = World(of, known)
    state: Journey = journey(of, now=base, surgery=base)
    for move, now, received, at in happening:
        world.now = base + now
        event = replace(world.event(move), received=base + received)
        for name in ("effective", "at"):
            if hasattr(event, name):
                event = replace(event, **{name: base + at})
        before = state.sequence
        turn = advance(of, state, event, Context(now=world.now, facts=known))
        state = turn.journey
        assert state.sequence == before + 1
        assert read_journey(write_journey(state)) == state
        alarmed = any(isinstance(action, RaiseAlarm) and action.code == "cascade" for action in turn.actions)
        wake = next_wakeup(of, state, known)
        assert alarmed or wake is None or wake > state.clock


def test_six_thousand_years_are_a_turn() -> None:
    """A journey that nobody woke for ages goes on with its next turn."""
    player = Player(
        release("""
a: {when: {every: 1d, from: enrolled}, steps: [{send: n}]}
b: {when: {silent: glucose, for: 1d}, steps: [{task: call, role: ward-nurse, due: 1 working day, ladder: routine}]}
c: {when: {event: fell}, steps: [{visit: v, window: {late: 900 years}}, {wait: 999 years}, {wait: 999 years}]}
""")
    )
    player.happen("fell")
    player.outage("7999-12-31 09:00")
    assert any(isinstance(action, OpenTask) for action in player.actions)
    assert any(isinstance(action, RaiseAlarm) for action in player.actions)
