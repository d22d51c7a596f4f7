"""A pause is the pathway's: routine work stops, events are remembered, safety runs on."""

import pytest

from tests.pathways.engine.build import FACTS, Player

TRACKS = """
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{task: call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]
high:
  safety: no
  when: {observed: glucose, if: "glucose > 10"}
  steps: [{task: check, role: ward-nurse, due: 4 working hours, ladder: routine}]
fall: {when: {event: fell}, steps: [{task: visit-home, role: ward-nurse, due: 1d}, {notify: head-nurse, message: n}]}
hot:
  safety: no
  when: {event: fell}
  steps: [{task: hot-call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]
daily: {when: {every: 1d, from: enrolled}, steps: [{notify: family-doctor, message: n}]}
"""


def test_safety_tracks_run_through_a_pause() -> None:
    """A safety track starts, and its ladder climbs, as if there were no pause."""
    play = Player(TRACKS)
    play.pause()
    assert play.result(3.0) == ["open call"]
    assert play.after("30m") == ["escalate call head-nurse"]


def test_what_happens_in_a_pause_is_decided_at_resume() -> None:
    """Values and events of a pause are held and start their tracks when the journey goes on."""
    play = Player(TRACKS)
    play.pause()
    assert play.result(12.0) == []
    assert play.why == ["low false", "high held"]
    assert play.happen("fell") == []
    play.after("1h")
    assert play.resume() == ["open check", "open visit-home", "open hot-call"]
    assert play.due("hot-call") == "2026-01-05 10:30"  # from the resume: it could not begin before


def test_a_held_value_that_is_corrected_or_followed_by_a_false_one_does_not_start() -> None:
    """At resume a held value must still be true and have no later false one."""
    corrected, followed = Player(TRACKS), Player(TRACKS)
    for play in (corrected, followed):
        play.pause()
        play.result(12.0)
        play.after("1h")
    corrected.result(6.0, "r1", 2, "corrected")
    followed.result(6.0, "r2")
    assert corrected.resume() == []
    assert followed.resume() == []
    assert "high false" in followed.why


def test_a_held_value_that_cannot_be_read_is_decided_at_resume() -> None:
    """An unreadable value is not lost by a pause."""
    play = Player('high: {safety: no, when: {observed: glucose, if: "glucose > 10"}, steps: [{send: n}]}')
    play.pause()
    assert play.result(None, text="?") == []
    assert play.resume() == ["open review-result"]


def test_what_a_person_starts_in_a_pause_passes_its_exclusion_at_resume() -> None:
    """A track that a person started while the journey was paused is not asked about again."""
    play = Player("t: {when: by-hand, unless: inpatient, steps: [{task: call, role: ward-nurse}]}")
    play.facts = FACTS.__class__(calendar=FACTS.calendar, consent=True, inpatient=True)
    play.pause()
    assert play.start("t") == []
    assert play.resume() == ["open call"]


def test_routine_ladders_stand_still_and_restart() -> None:
    """A routine ladder does not climb in a pause; at resume the working time that had run is kept."""
    play = Player(TRACKS)
    play.result(12.0)
    assert play.due("check") == "2026-01-05 13:00"
    play.until("2026-01-05 11:00")
    play.pause()
    assert play.until("2026-01-12 09:00") == []
    assert play.resume() == ["note check resumed due", "notify family-doctor n"]
    assert play.due("check") == "2026-01-12 11:00"
    # Two of nine working hours of the first rung had run.
    assert play.until("2026-01-12 15:59") == []
    assert play.until("2026-01-12 16:00") == ["escalate check head-nurse"]


def test_open_urgent_ladders_run_on() -> None:
    """An urgent task climbs through a pause even where its track is not for safety."""
    play = Player(TRACKS)
    play.happen("fell")
    play.pause()
    assert play.after("30m") == ["escalate hot-call head-nurse"]


def test_work_is_completed_in_a_pause_and_goes_on_at_resume() -> None:
    """What people do counts in a pause; the steps after it wait for the resume."""
    play = Player(TRACKS)
    play.happen("fell")
    play.pause()
    assert play.complete("visit-home") == ["close visit-home done"]
    assert play.resume() == ["notify head-nurse n"]


def test_a_series_is_late_after_a_pause() -> None:
    """What was planned in a pause follows its lateness at resume: of a series the last alone is done."""
    play = Player(TRACKS)
    play.pause()
    assert play.until("2026-01-08 12:00") == []
    assert play.resume() == ["notify family-doctor n"]


def test_messages_and_forms_wait() -> None:
    """In a pause no message is sent, no form reminds or expires, no visit is missed."""
    play = Player("""
t:
  when: {event: fell}
  while_running: parallel
  steps:
    - {send: n}
    - {ask: f, message: m, remind: [1d], expires: 2d}
v: {when: {event: fell}, steps: [{visit: w, window: {late: 1d}, remind: [1h]}]}
""")
    play.until("2026-01-05 22:00")
    play.happen("fell")
    play.pause()
    assert play.until("2026-01-09 09:00") == []
    assert play.resume() == ["close w missed", "close f missed"]


@pytest.mark.parametrize("value", [3.0, None])
def test_a_review_in_a_pause_opens_at_resume(value: float | None) -> None:
    """A review on a track that is held becomes visible when the journey goes on."""
    play = Player('t: {safety: no, when: {observed: glucose, if: "glucose <= low", fresh: 1h}, steps: [{wait: 1d}]}')
    play.pause()
    play.result(value, effective="2026-01-05 01:00")
    assert play.open == []
    assert play.resume() == ["open review-result"]


def test_a_held_value_whose_version_was_replaced_does_not_start() -> None:
    """A value held in a pause that turned unreadable starts nothing at resume but the review that one track asks."""
    play = Player("""
a: {safety: no, when: {observed: glucose, if: "glucose > 10"}, steps: [{task: call, role: ward-nurse}]}
b: {safety: no, when: {observed: glucose, if: "glucose > 11"}, steps: [{task: check, role: ward-nurse}]}
""")
    play.pause()
    play.result(12.0)
    play.result(None, "r1", 2, text="?")
    assert play.resume() == ["open review-result"]
    assert play.why == ["resumed", "b false"]


def test_a_question_about_lateness_waits_through_a_pause() -> None:
    """A resume does not ask again what a person is being asked."""
    play = Player("t: {when: {at: enrolled + 1d}, steps: [{task: call, role: ward-nurse, late: ask}]}")
    assert play.outage("2026-01-06 12:00") == ["open decide-late"]
    play.pause()
    assert play.resume() == ["note decide-late resumed due"]
    assert play.complete("decide-late", "run") == ["close decide-late done", "open call"]


def test_a_task_that_a_worse_value_made_due_stays_due_through_a_pause() -> None:
    """What is due now does not move by a pause."""
    play = Player("""
low:
  safety: no
  when: {observed: glucose, if: "glucose <= low", worse: lower}
  steps: [{task: call, role: ward-nurse, due: 1 working day, ladder: routine}]
""")
    play.result(3.0, "r1")
    play.result(2.0, "r2")
    play.pause()
    play.until("2026-01-08 09:00")
    play.resume()
    assert play.due("call") == "2026-01-05 09:00"


def test_what_was_reported_in_a_pause_stops_what_would_go_on() -> None:
    """At resume a loss that was held interrupts before the steps of other tracks come."""
    play = Player("""
baby: {when: {event: born}, steps: [{task: call, role: ward-nurse}, {send: day-seven}]}
loss: {when: {event: loss}, interrupts: all, steps: [{task: visit-her, role: ward-nurse}]}
""")
    play.happen("born")
    play.pause()
    play.complete("call")
    play.happen("loss")
    assert "send day-seven" not in play.resume()
    assert play.open == ["visit-her"]


def test_what_was_held_together_gives_way_at_resume() -> None:
    """Of two tracks that one event starts in a pause the one that yields gives way at resume too."""
    play = Player("""
a: {when: {event: fell}, yields_to: [b], steps: [{task: check, role: ward-nurse}]}
b: {when: {event: fell}, steps: [{task: call, role: ward-nurse}]}
""")
    play.pause()
    play.happen("fell")
    assert play.resume() == ["open call"]
    assert play.why == ["resumed", "b started", "a yielded"]


def test_what_a_person_started_in_a_pause_outlives_the_silence() -> None:
    """A value that ends a silence takes nothing that a person has asked for."""
    play = Player("t: {when: {silent: glucose, for: 3d}, steps: [{task: call, role: ward-nurse}]}")
    play.pause()
    play.start("t")
    play.result(5.0)
    assert play.resume() == ["open call"]
