"""Results may come late, shuffled and revised: the same data and the same kinds of open needs as in order.

But for corrections of what was already told, for `fresh`, which is about lateness itself, and for what a cap kept
waiting until a later value was false.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pathways.engine.events import ResultReceived
from pathways.engine.journey import ResultStatus
from pathways.language.release import Release
from tests.pathways.engine.build import BASE, CODES, FACTS, Player, read_yaml, release_of
from tests.pathways.engine.test_properties import sized
from tests.pathways.engine.world import World

CONDITIONS = (
    {"observed": "glucose", "if": "glucose <= low", "worse": "lower"},
    {"observed": "glucose", "if": "glucose <= 3.9", "worse": "lower", "by": 0.5},
    {"observed": "glucose", "if": "glucose > 10", "worse": "higher", "by": 1},
    {"observed": "glucose", "if": "glucose > 10 && count(glucose, 7d) >= 2"},
    {"observed": "glucose", "if": "mean(glucose, 1d) > 9"},
    {"observed": "glucose", "if": "previous(glucose) > 10 && glucose > 10"},
    {"observed": "pulse", "if": "pulse > 20"},
    {"observed": "pulse", "if": "pulse > 20 && latest(glucose) > 5"},
    {"observed": ["glucose", "pulse"], "if": "glucose > 10 || pulse > 20"},
)
VALUES: tuple[float | None, ...] = (2.0, 3.0, 3.8, 5.0, 11.0, 12.5, 25.0, 55.0)
UNREADABLE = (*VALUES, 115.0, None)
"""A revision that cannot be read is not among the others: what stood on a value before it stays, by rule."""
LOW = "t: {safety: yes, when: {observed: glucose, if: 'glucose <= low'}, steps: [{task: check, role: ward-nurse}]}"
ABOUT_LATENESS = frozenset({"correct-message", "contact-patient"})
"""What staff are asked because of what was already told."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a result, taken so many minutes after the start."""

    result: int
    version: int
    status: ResultStatus
    minutes: int
    value: float | None


_RUNNING: tuple[dict[str, str], ...] = (
    {"while_running": "join"},
    {"while_running": "join", "at_most": "once per 4h"},
    {"while_running": "join", "at_most": "2 per 1d"},
    {"while_running": "parallel"},
    {"while_running": "restart"},
)


def _track(when: dict[str, Any], safety: bool, running: dict[str, str]) -> dict[str, Any]:
    return {"when": when, "safety": safety, **running}


_tracks = st.builds(
    _track,
    st.sampled_from(CONDITIONS),
    st.booleans(),
    st.sampled_from(_RUNNING),
)


def _release(tracks: list[dict[str, Any]]) -> Release:
    """Each track opens a task of its own name."""
    steps = [{"send": "n"}, {"task": "look", "role": "ward-nurse"}]
    named = {
        f"t{number}": {**track, "steps": [steps[0], {**steps[1], "task": f"look-{number}"}]}
        for number, track in enumerate(tracks)
    }
    return release_of({**read_yaml(BASE), "tracks": named})


_releases = st.lists(_tracks, min_size=1, max_size=3).map(_release)


@st.composite
def _histories(draw: st.DrawFn) -> list[Version]:
    """Up to eight results of three days, each in up to three versions."""
    found: list[Version] = []
    times = draw(st.lists(st.integers(0, 60 * 72), min_size=2, max_size=8, unique=True))
    for result, minutes in enumerate(times):
        for version in range(1, draw(st.integers(1, 3)) + 1):
            later: list[ResultStatus] = ["final", "corrected", "amended", "corrected", "entered-in-error", "cancelled"]
            first: list[ResultStatus] = ["preliminary", "final", "final"]
            found.append(
                Version(
                    result=result,
                    version=version,
                    status=draw(st.sampled_from(first if version == 1 else later)),
                    minutes=minutes,
                    value=draw(st.sampled_from(VALUES if version > 1 else UNREADABLE)),
                )
            )
    return found


def _told(world: World, one: Version) -> None:
    data = "pulse" if one.result % 3 == 2 else "glucose"
    code, unit = CODES[data]
    world.play(
        ResultReceived(
            id=f"{one.result}-{one.version}",
            received=world.now,
            result=f"r{one.result}",
            version=one.version,
            status=one.status,
            code=code,
            effective=world.begun + timedelta(minutes=one.minutes),
            value=one.value,
            unit=unit,
            text="?" if one.value is None else None,
            origin="laboratory",
        )
    )


def _in_order(of: Release, history: list[Version]) -> World:
    """Each version comes a minute after the one before, the results when they are taken."""
    world = World(of, FACTS)
    for one in sorted(history, key=lambda one: (one.minutes, one.version)):
        at = world.begun + timedelta(minutes=one.minutes)
        if at > world.now:
            world.wait(at)
            world.now = at
        _told(world, one)
    return world


def _in_disorder(of: Release, history: list[Version], seed: int) -> World:
    """All of it comes after the last was taken, in any order."""
    world, shuffled = World(of, FACTS), [*history]
    Random(seed).shuffle(shuffled)
    end = world.begun + timedelta(days=3)
    world.wait(end)
    world.now = end
    for one in shuffled:
        world.now += timedelta(minutes=1)
        _told(world, one)
    return world


def _needs(world: World) -> list[str]:
    """The kinds of what is open once the caps have let go what they held."""
    end = world.begun + timedelta(days=30)
    world.wait(end)
    world.now = end
    return sorted({f"{task.track} {task.name}" for task in world.tasks.values() if task.name not in ABOUT_LATENESS})


def _data(world: World) -> list[Any]:
    """The latest version of each result, whenever it came."""
    readings = world.journey.readings.values()
    return sorted((replace(one, received=world.begun) for one in readings), key=lambda one: (one.effective, one.id))


@sized(100, 10_000)
@given(_releases, _histories(), st.integers(0, 2**32))
def test_shuffled_late_and_revised_results_end_as_in_order(of: Release, history: list[Version], seed: int) -> None:
    """The same versions are known, and the same kinds of work are open."""
    ordered, shuffled = _in_order(of, history), _in_disorder(of, history, seed)
    assert _data(shuffled) == _data(ordered)
    assert _needs(shuffled) == _needs(ordered)


def test_what_a_restart_took_the_place_of_still_counts() -> None:
    """The value that restarted a track is withdrawn: the one before, which still holds, keeps its task open."""
    play = Player(
        "t: {safety: no, when: {observed: glucose, if: 'glucose > 10'}, while_running: restart,"
        " steps: [{task: check, role: ward-nurse}]}"
    )
    play.result(11.0)
    play.result(12.0, "r2")
    assert play.result(5.0, "r2", 2, "corrected") == ["note check re-based flag"]
    assert play.result(5.0, "r1", 2, "corrected") == ["close check cancelled undone"]


def test_what_nobody_could_read_is_still_looked_at_when_what_was_acted_on_is_withdrawn() -> None:
    """An unreadable value opened the first task; one that was acted on took its place and was wrong."""
    play = Player(LOW)
    play.result(None, text="?")
    assert play.result(3.0, "r2") == ["close check cancelled restarted", "open check"]
    assert play.result(6.0, "r2", 2, "corrected") == ["note check re-based flag"]
    assert play.open == ["check"]


def test_a_review_is_about_what_is_not_acted_on() -> None:
    """Of two values under review one can be read and is acted on; taking back the other ends the review."""
    play = Player(
        "t: {safety: no, when: {observed: glucose, if: 'glucose > 10'}, steps: [{task: check, role: ward-nurse}]}"
    )
    play.result(None, text="?")
    play.result(None, "r2", text="?")
    assert play.result(12.0, "r2", 2, "corrected") == ["open check"]
    assert play.result(None, "r1", 2, "cancelled") == ["close review-result cancelled undone"]


def test_a_joined_value_needs_no_review_any_more() -> None:
    """A value that could not be read joins what is open once it can be."""
    play = Player(
        "t: {safety: no, when: {observed: glucose, if: 'glucose > 10'}, steps: [{task: check, role: ward-nurse}]}"
    )
    play.result(12.0)
    play.result(None, "r2", text="?")
    assert play.result(12.0, "r2", 2, "corrected") == ["close review-result cancelled restarted", "note check joined"]


def test_data_that_nobody_watches_is_looked_at_until_it_can_be_read() -> None:
    """The question what an unreadable value means goes away with its correction."""
    play = Player(LOW)
    assert play.result(None, data="pulse", text="?") == ["open review-result"]
    assert play.result(70, "r1", 2, "corrected", data="pulse") == ["close review-result cancelled undone"]


def test_a_condition_sees_what_was_known_when_its_value_was_taken() -> None:
    """A pulse that comes late is judged by the glucose of its own time; a glucose that comes late, from there on."""
    play = Player(
        "t: {safety: no, when: {observed: pulse, if: 'pulse > 100 && latest(glucose) > 10'},"
        " while_running: parallel, steps: [{task: check, role: ward-nurse}]}"
    )
    play.until("2026-01-05 18:00")
    play.result(12.0, "g2", effective="2026-01-05 16:00")
    assert play.result(120, "p1", data="pulse", effective="2026-01-05 12:00") == []
    play.result(120, "p2", data="pulse", effective="2026-01-05 12:30")
    assert play.result(11.0, "g1", effective="2026-01-05 11:00") == ["open check", "open check"]
    assert play.result(5.0, "g3", effective="2026-01-05 12:15") == ["close check cancelled undone"]
