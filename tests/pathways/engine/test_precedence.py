"""What gives way to a more urgent track comes back or is dropped; what interrupts stops others until it is undone."""

import pytest

from tests.pathways.engine.build import Player

BOTH = """
a:
  when: {observed: glucose, if: "glucose <= low"}
  yields_to: [b]
  steps: [{task: call, role: diabetes-nurse, due: 1d, ladder: routine}]
b:
  safety: yes
  when: {observed: glucose, if: "glucose <= 3.0"}
  steps: [{task: urgent-call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
"""


def test_what_the_same_event_would_start_gives_way() -> None:
    """Where one result would start both, the track that yields does not start, although it comes first in the file."""
    play = Player(BOTH)
    assert play.result(2.5) == ["open urgent-call"]
    assert play.why == ["b started", "a yielded"]


def test_a_track_gives_way_to_an_open_task() -> None:
    """While the other one has an open task a new cause gives way; once it is done a later cause starts."""
    play = Player(BOTH)
    play.result(2.5, "r1")
    play.after("10m")
    assert play.result(3.5, "r2") == ["note urgent-call yielded"]
    assert play.why == ["b false", "a yielded"]
    assert play.complete("urgent-call") == ["close urgent-call done"]
    assert play.why == ["a satisfied", "a satisfied"]
    assert play.result(3.4, "r3") == ["open call"]


def test_what_gave_way_comes_when_the_other_is_undone() -> None:
    """The other one is undone by a correction: what gave way is admitted again, once."""
    play = Player(BOTH)
    play.result(2.5, "r1")
    assert play.result(3.5, "r1", 2, "corrected") == ["close urgent-call cancelled undone", "open call"]
    assert play.after("2h") == []
    assert play.open == ["call"]


def test_what_gave_way_to_a_value_that_was_wrong_comes() -> None:
    """The value that came first was wrong: the other one, which gave way to it, starts the track."""
    play = Player(BOTH)
    play.result(2.5, "r1")
    play.after("10m")
    assert play.result(3.5, "r2") == ["note urgent-call yielded"]
    brought = play.result(6.0, "r1", 2, "corrected", effective="2026-01-05 09:00")
    assert brought == ["close urgent-call cancelled undone", "open call"]


def test_what_gave_way_and_is_no_longer_true_does_not_come() -> None:
    """A value that gave way and was corrected is forgotten; one that has a later false one is dropped."""
    play = Player(BOTH)
    play.result(2.5, "r1")
    play.result(3.5, "r2")
    play.after("10m")
    play.result(8.0, "r3")
    play.result(7.0, "r2", 2, "corrected")
    assert play.result(7.0, "r1", 2, "corrected") == ["close urgent-call cancelled undone"]
    assert play.open == []
    play.result(2.5, "r4")
    play.result(3.5, "r5")
    play.after("10m")
    play.result(8.0, "r6")
    assert play.result(8.0, "r4", 2, "corrected") == ["close urgent-call cancelled undone"]
    assert play.why.count("a false") == 2


def test_what_a_person_starts_gives_way_to_nothing() -> None:
    """A start by hand passes."""
    play = Player(BOTH)
    play.result(2.5)
    assert play.start("a") == ["open call"]


def test_a_track_without_open_work_is_not_given_way_to() -> None:
    """A track that only waits holds nobody back; one that has only sent something at this instant does."""
    tracks = """
a: {when: {event: fell}, yields_to: [b], steps: [{task: call, role: diabetes-nurse, due: 1d, ladder: routine}]}
b: {when: {event: fell}, while_running: ignore, steps: [{send: n}, {wait: 3d}]}
"""
    play = Player(tracks)
    assert play.happen("fell") == ["send n"]
    play.after("1d")
    assert play.happen("fell") == ["open call"]
    play = Player(tracks.replace(", {wait: 3d}", ""))
    assert play.happen("fell") == ["send n"]
    assert play.why == ["b started", "a yielded", "a satisfied"]


def test_planned_tracks_give_way_at_the_same_instant() -> None:
    """Of two that are planned for one instant the one that yields is served second, through more than one track."""
    play = Player("""
a: {when: {at: enrolled + 1d}, yields_to: [b], steps: [{task: x, role: ward-nurse, due: 1d, ladder: routine}]}
b: {when: {at: enrolled + 1d}, yields_to: [c], steps: [{task: y, role: ward-nurse, due: 1d, ladder: routine}]}
c: {when: {at: enrolled + 1d}, steps: [{task: z, role: ward-nurse, due: 1d, ladder: routine}]}
""")
    assert play.after("1d") == ["open z", "open x"]
    assert play.why == ["c started", "b yielded", "a started"]
    assert play.stop("c") == ["close z cancelled stopped", "open y"]


def test_a_pause_holds_what_is_let_through() -> None:
    """What may come again during a pause is held as anything else."""
    play = Player(BOTH)
    play.result(2.5, "r1")
    play.pause()
    assert play.result(3.5, "r1", 2, "corrected") == ["close urgent-call cancelled undone"]
    assert "a held" in play.why
    assert play.resume() == ["open call"]


def test_the_exit_drops_what_gave_way() -> None:
    """After the end nothing comes."""
    play = Player(BOTH)
    play.result(2.5)
    play.withdraw()
    assert play.complete("urgent-call") == ["close urgent-call done"]
    assert play.open == []


LOSS = """
loss:
  when: {observed: pulse, if: "pulse < 10"}
  interrupts: all
  steps: [{task: visit-her, role: ward-nurse, due: 1d, ladder: routine}]
baby: {when: {at: enrolled + 7d}, steps: [{task: check, role: ward-nurse, due: 1d, ladder: routine}]}
weekly: {when: {every: 7d, from: enrolled, times: 3}, steps: [{send: n}]}
quiet: {when: {silent: glucose, for: 10d}, steps: [{task: outreach, role: ward-nurse, due: 1d, ladder: routine}]}
fall: {when: {event: fell}, steps: [{task: call, role: ward-nurse, due: 3d, ladder: routine}]}
low:
  safety: yes
  when: {observed: glucose, if: "glucose < 3"}
  steps: [{task: urgent, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]
"""


def test_an_interruption_stops_every_other_track_but_safety() -> None:
    """What runs is undone, what time would start does not come; safety tracks and what happens later go on."""
    play = Player(LOSS)
    play.happen("fell")
    play.result(2.5, "g1")
    assert play.result(5, "p1", data="pulse") == ["close call cancelled interrupted", "open visit-her"]
    assert play.why == ["loss started", "fall interrupted loss"]
    assert play.open == ["urgent", "visit-her"]
    play.until("2026-01-20 09:00")
    assert "check" not in play.open
    assert "outreach" not in play.open
    assert "quiet stopped" in play.why
    assert play.happen("fell") == ["open call"]


def test_what_a_person_began_is_served_after_an_interruption() -> None:
    """A begun task is flagged to its holder and stays."""
    play = Player(LOSS)
    play.happen("fell")
    play.claim("call")
    assert play.result(5, "p1", data="pulse") == ["note call interrupted flag", "open visit-her"]
    assert play.complete("call") == ["close call done"]


def test_an_interruption_that_was_wrong_is_taken_back() -> None:
    """The value is corrected: plans go on, and a person reviews what was undone; true again, nobody need."""
    play = Player(LOSS)
    play.result(5, "p1", data="pulse")
    play.after("1d")
    play.result(80, "p1", 2, "corrected", data="pulse")
    assert play.brought == ["close visit-her cancelled undone", "open review-interruption"]
    assert play.open == ["review-interruption"]
    play.result(5, "p1", 3, "corrected", data="pulse")
    assert play.brought == ["close review-interruption cancelled restarted", "open visit-her"]
    play.result(80, "p1", 4, "corrected", data="pulse")
    play.until("2026-01-12 09:01")
    assert "check" in play.open


def test_an_interruption_that_starts_anew_stays() -> None:
    """Restarted, the interrupting track takes nothing back in between; stopped later, plans go on."""
    play = Player(LOSS.replace("interrupts: all", "interrupts: [baby]\n  while_running: restart"))
    play.result(5, "p1", data="pulse")
    play.after("1h")
    assert play.result(4, "p2", data="pulse") == ["close visit-her cancelled restarted", "open visit-her"]
    assert play.stop("loss") == ["close visit-her cancelled stopped", "open review-interruption"]
    play.until("2026-01-12 09:01")
    assert "check" in play.open


def test_a_track_that_was_stopped_before_stays_stopped() -> None:
    """What a person stopped does not come back because an interruption is taken back."""
    play = Player(LOSS)
    play.stop("baby")
    play.result(5, "p1", data="pulse")
    play.result(80, "p1", 2, "corrected", data="pulse")
    play.until("2026-01-13 09:00")
    assert "check" not in play.open


def test_a_start_by_hand_ends_an_interruption() -> None:
    """A person may start what was interrupted."""
    play = Player(LOSS)
    play.result(5, "p1", data="pulse")
    assert play.start("baby") == ["open check"]


@pytest.mark.parametrize("first", ["loss", "other"])
def test_what_one_event_starts_together_goes_on(first: str) -> None:
    """An interruption does not reach what the very same event starts beside it, whichever comes first in the file."""
    tracks = {
        "loss": "loss: {when: {event: lost}, interrupts: all, steps: [{task: x, role: ward-nurse, due: 1d}]}\n",
        "other": "other: {when: {event: lost}, steps: [{task: y, role: ward-nurse, due: 1d}]}\n",
    }
    play = Player(tracks.pop(first) + "".join(tracks.values()))
    play.happen("lost")
    assert sorted(play.open) == ["x", "y"]


def test_what_waits_is_dropped_by_an_interruption() -> None:
    """A capped value does not come after an interruption."""
    play = Player("""
t:
  when: {observed: glucose, if: "glucose < 5"}
  at_most: once per 1d
  while_running: parallel
  steps: [{task: call, role: ward-nurse, due: 1d, ladder: routine}]
loss: {when: {event: lost}, interrupts: [t], steps: [{send: n}]}
""")
    play.result(4, "r1")
    play.result(4, "r2")
    assert play.why == ["t capped"]
    play.happen("lost")
    assert play.why == ["loss started", "t interrupted loss", "t interrupted loss"]
    assert play.after("3d") == []
