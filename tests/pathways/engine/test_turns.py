"""A turn: its order, its limit, what it remembers and what it forgets."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pathways.engine.advance import CASCADE_LIMIT, SEEN_LIMIT, advance
from pathways.engine.context import Context
from pathways.engine.events import Happened, ResultReceived, Tick
from pathways.engine.journey import Activation, read_journey, write_journey
from pathways.engine.turn import Turn
from tests.pathways.engine.build import FACTS, START, Player, at

FELL = "t: {when: {event: fell}, while_running: parallel, steps: [{notify: head-nurse, message: n}]}"


def test_what_was_due_comes_before_the_event_and_what_is_due_since_after_it() -> None:
    """A turn serves what was due up to the event's receipt, then the event, then what is due up to now."""
    play = Player("""
first: {when: {at: enrolled + 1h}, steps: [{notify: head-nurse, message: before}]}
second: {when: {at: enrolled + 3h}, steps: [{notify: head-nurse, message: after}]}
fall: {when: {event: fell}, steps: [{notify: head-nurse, message: event}]}
""")
    play.now = at("2026-01-05 12:30")
    event = Happened(id="x", received=at("2026-01-05 11:00"), name="fell")
    assert play.play(event) == ["notify head-nurse before", "notify head-nurse event", "notify head-nurse after"]


def test_an_event_from_the_future_is_from_now() -> None:
    """A receipt that lies ahead of the turn is set to the turn."""
    play = Player("t: {when: {event: fell}, steps: [{task: call, role: ward-nurse, due: 1d}]}")
    play.play(Happened(id="x", received=at("2027-01-05 11:00"), name="fell"))
    assert play.due("call") == "2026-01-06 09:00"


def test_time_does_not_run_backwards() -> None:
    """A turn whose clock lies before the journey's is served at the journey's."""
    play = Player(FELL)
    play.outage("2026-01-06 09:00")
    play.now = START
    play.happen("fell")
    assert play.journey.clock == at("2026-01-06 09:00")


def test_all_triggers_look_at_the_state_before_any_track_acts() -> None:
    """What the first track does to a value does not decide whether the second starts in the same turn."""
    play = Player("""
a: {safety: no, when: {observed: glucose, if: "glucose <= low"}, steps: [{set: flag, to: true}]}
b: {safety: no, when: {observed: glucose, if: "glucose <= low"}, unless: flag, steps: [{wait: 1d}]}
""")
    play.result(6.0)
    play.journey = replace(play.journey, values={"flag": False})
    play.result(3.0, "r2")
    assert play.why == ["a started", "b started"]


def test_activations_start_in_the_order_of_the_file() -> None:
    """Two tracks that start at once act in the order in which they are written."""
    play = Player("""
b: {when: {event: fell}, steps: [{notify: head-nurse, message: first}]}
a: {when: {event: fell}, steps: [{notify: head-nurse, message: second}]}
""")
    assert play.happen("fell") == ["notify head-nurse first", "notify head-nurse second"]


def test_a_turn_has_a_cascade_limit_and_the_next_goes_on() -> None:
    """Beyond the limit the rest is kept for the next turn, an operator hears, and the journey is woken at once."""
    play = Player(
        "t: {when: {every: 1m, from: enrolled}, while_running: parallel, "
        "steps: [{task: call, role: ward-nurse, late: run}]}"
    )
    assert play.outage("2026-01-05 15:00") == ["open call"] * CASCADE_LIMIT + ["alarm cascade"]
    assert play.reasons[-1].code == "cascade"
    assert play.wakeup is not None
    assert play.wakeup <= play.now
    assert play.outage("2026-01-05 15:00") == ["open call"] * (360 - CASCADE_LIMIT)


def test_effects_beyond_the_limit_are_kept() -> None:
    """Effects that a turn could not serve are served by the next, in order."""
    starts = ", ".join(f"{{start: t{number}}}" for number in range(CASCADE_LIMIT + 1))
    tracks = "\n".join(
        f"t{number}: {{when: by-hand, steps: [{{notify: head-nurse, message: n}}]}}"
        for number in range(CASCADE_LIMIT + 1)
    )
    play = Player(f"all: {{when: {{event: fell}}, steps: [{starts}]}}\n{tracks}")
    assert play.happen("fell") == ["notify head-nurse n"] * CASCADE_LIMIT + ["alarm cascade"]
    assert play.wakeup == play.now
    assert read_journey(write_journey(play.journey)) == play.journey
    assert play.outage("2026-01-05 09:00") == ["notify head-nurse n"]
    assert play.journey.pending == ()


def test_the_same_event_twice_is_one() -> None:
    """An event that was taken in before changes nothing but serves what is due."""
    play = Player(FELL + "\nlater: {when: {at: enrolled + 1h}, steps: [{notify: head-nurse, message: later}]}")
    event = Happened(id="x", received=START, name="fell")
    assert play.play(event) == ["notify head-nurse n"]
    assert play.play(event) == []
    assert play.why == ["duplicate"]
    play.now = at("2026-01-05 10:00")
    assert play.play(event) == ["notify head-nurse later"]


def test_ticks_and_results_are_not_among_the_remembered_events() -> None:
    """The events that are remembered are bounded, and neither ticks nor results crowd them out."""
    play = Player(FELL)
    play.play(Happened(id="x", received=START, name="fell"))
    for number in range(2 * SEEN_LIMIT):
        play.play(Tick(id=f"tick-{number}", received=START))
    play.result(6.0)
    assert play.journey.seen == ("enrolled", "x")
    for number in range(2 * SEEN_LIMIT):
        play.play(Happened(id=f"h{number}", received=START, name="strange"))
    assert len(play.journey.seen) == SEEN_LIMIT


def test_an_event_that_no_track_waits_for_says_so() -> None:
    """A named event without a track leaves its reason."""
    play = Player(FELL)
    assert (play.happen("strange"), play.why) == ([], ["not-watched"])


def test_the_format_of_a_journey_is_checked() -> None:
    """A journey of a format that this engine does not know is refused."""
    text = json.loads(write_journey(Player(FELL).journey))
    with pytest.raises(ValueError, match="journey format 2 is not known"):
        read_journey(json.dumps(text | {"format": 2}))


LOW = """
low:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{task: call, role: ward-nurse}]
mean: {safety: no, when: {observed: pulse, if: "mean(glucose, 90d) > 100"}, steps: [{task: check, role: ward-nurse}]}
"""


def test_results_are_kept_for_the_longest_window_and_two_of_each_for_good() -> None:
    """What no window and no revision needs is let go, except the latest two values of each data."""
    play = Player(LOW)
    for number in range(5):
        play.result(6.0, f"r{number}")
        play.after("1h")
    play.until("2026-04-05 09:00")
    play.outage("2026-04-05 10:00")
    assert list(play.journey.readings) == ["r1", "r2", "r3", "r4"]
    play.outage("2026-04-06 12:00")
    assert list(play.journey.readings) == ["r3", "r4"]


def test_values_that_open_work_stands_on_are_kept() -> None:
    """A value is kept as long as an activation, a cap or a pause stands on it."""
    play = Player(LOW)
    play.result(3.0, "low")
    for number in range(3):
        play.result(6.0, f"r{number}")
    play.outage("2027-01-05 09:00")
    assert list(play.journey.readings) == ["low", "r1", "r2"]


@pytest.mark.parametrize(
    ("completed", "brought", "why"),
    [
        (False, ["close call cancelled undone"], ["low undone"]),
        (True, ["open review-result"], ["low beyond-the-horizon"]),
    ],
)
def test_a_revision_of_a_value_that_was_used_always_reaches_a_person(
    completed: bool, brought: list[str], why: list[str]
) -> None:
    """While its work is open the value is kept and revised; afterwards a person reviews the revision."""
    play = Player(LOW)
    play.result(3.0, "low")
    if completed:
        play.complete("call")
    for number in range(3):
        play.result(6.0, f"r{number}")
    play.outage("2027-01-05 09:00")
    assert play.result(6.0, "low", 2, "corrected", effective="2026-01-05 09:00") == brought
    assert play.why == why
    assert play.result(6.0, "r0", 2, "corrected", effective="2026-01-05 09:00") == []
    assert play.why == ["low beyond-the-horizon"]


def test_an_old_result_that_is_new_is_taken_in() -> None:
    """A first version is never beyond the horizon, however old it is."""
    play = Player(LOW)
    for number in range(4):
        play.result(6.0, f"r{number}")
    play.outage("2027-01-05 09:00")
    assert play.result(3.0, "old", effective="2026-02-05 09:00") == ["open call"]


def test_beyond_the_horizon_after_the_exit_is_only_recorded() -> None:
    """An ended journey does not review what it had let go."""
    play = Player(LOW)
    play.result(3.0, "low")
    play.complete("call")
    for number in range(3):
        play.result(6.0, f"r{number}")
    play.outage("2027-01-05 09:00")
    play.withdraw()
    assert play.result(6.0, "low", 2, "corrected", effective="2026-01-05 09:00") == []


def test_the_state_stays_small() -> None:
    """After five hundred values and their work the journey is not larger than after a hundred."""
    play = Player(LOW)
    sizes: list[int] = []
    for number in range(500):
        play.now += timedelta(hours=12)
        play.result(3.0 if number % 10 == 0 else 6.0, f"result-{number}")
        if number % 10 == 0:
            play.complete("call")
        if number % 100 == 99:
            play.outage(play.now.astimezone().strftime("%Y-%m-%d %H:%M"))
            sizes.append(len(write_journey(play.journey)))
    assert sizes[-1] < 1.6 * sizes[1]


def test_a_turn_never_raises_for_what_the_pathway_does_not_know() -> None:
    """A result of a code that is not the pathway's, of any shape, is a turn as any other."""
    play = Player(LOW)
    event = ResultReceived(
        id="x", received=START, result="r", version=-3, status="final", code="?", effective=START, value=float("nan")
    )
    turn = advance(play.release, play.journey, event, Context(now=START, facts=FACTS))
    assert [reason.code for reason in turn.reasons] == ["not-watched"]


def test_the_same_occurrence_again_is_told_apart() -> None:
    """Two activations of a track never share an id, though the same thing started both."""
    play = Player("t: {when: by-hand, steps: [{notify: head-nurse, message: n}]}")
    turn = Turn(play.release, play.journey, "e", Context(now=play.now, facts=FACTS))
    assert turn.unused("t", "steps", "o") == "o"
    turn.put(Activation(track="t", occurrence="o", started=play.now, received=play.now))
    assert turn.unused("t", "steps", "o") == "o+"
    turn.put(Activation(track="t", occurrence="o+", started=play.now, received=play.now))
    assert [turn.unused("t", "steps", "o"), turn.unused("t", "review", "o")] == ["o++", "o"]
