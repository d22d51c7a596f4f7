"""An end that was a mistake is taken back: the journey goes on in place from what the end had cancelled."""

from dataclasses import replace

import pytest

from pathways.engine.actions import HoldTask
from pathways.engine.journey import ExitReason
from tests.pathways.engine.build import FACTS, Player, at, local
from tests.pathways.engine.test_exits import EVERYTHING, everything, leave


def returned(play: Player, span: str, reason: ExitReason = "died") -> list[str]:
    """What the way back brings after so long."""
    leave(play, reason)
    play.after(span)
    return play.reinstate()


def test_what_the_end_cancelled_is_open_again() -> None:
    """Tasks, forms and visits are back, the holder holds the task, and the owner looks at what was undone."""
    play = everything()
    assert returned(play, "10m") == [
        "reopen",
        "open call",
        "open check",
        "open letter",
        "hold letter anna",
        "ask f",
        "book v 2026-01-05 22:00",
        "open review-return",
    ]
    assert play.open == ["call", "check", "letter", "review-return", "f", "v"]
    assert play.task("review-return").role == "clinical-lead"
    assert play.task("review-return").about == "died"
    assert play.journey.status == "active"
    assert play.journey.exit is None


def test_what_is_open_again_has_ids_of_its_own() -> None:
    """A task or form that was closed stays closed: it comes anew. A visit is the one that the hospital knows."""
    play = everything()
    tasks, asks, visits = {*play.tasks}, {*play.asks}, {*play.visits}
    returned(play, "10m")
    assert not tasks & {*play.tasks}
    assert not asks & {*play.asks}
    assert visits == {*play.visits}


def test_each_thing_that_is_back_leaves_a_reason() -> None:
    """The timeline tells what came back, step by step."""
    play = everything()
    returned(play, "10m")
    assert [why for why in play.why if "reinstated" in why] == [
        "reinstated",
        "urgent reinstated call",
        "routine reinstated check",
        "begun reinstated letter",
        "form reinstated f",
        "visit reinstated v",
        "waiting reinstated wait",
    ]


@pytest.mark.parametrize(
    ("reason", "accepted"),
    [
        ("died", True),
        ("lost", True),
        ("transferred", True),
        ("entered-in-error", True),
        ("completed", False),
        ("withdrawn", False),
        ("merged", True),
    ],
)
def test_only_an_end_that_can_be_a_mistake_is_taken_back(reason: ExitReason, accepted: bool) -> None:
    """A wish of the patient and a pathway that is done stand."""
    play = everything()
    assert bool(returned(play, "1d", reason)) is accepted
    assert (play.why[:1] == ["refused"]) is not accepted
    assert (play.journey.status == "active") is accepted


def test_a_running_journey_is_not_reinstated() -> None:
    """There must be an end to take back."""
    play = everything()
    assert play.reinstate() == []
    assert play.why == ["refused"]


def test_an_urgent_ladder_has_not_stood_still() -> None:
    """The rungs that passed pass again for the task that is back, and those that became due meanwhile too."""
    play = everything()
    play.after("40m")
    assert returned(play, "3h")[-1:] == ["alarm last-rung"]
    assert [line for line in play.brought if line.startswith("escalate call")] == [
        "escalate call head-nurse",
        "escalate call attending-doctor last",
    ]
    assert play.due("call") == "2026-01-05 22:30"


def test_a_routine_clock_stood_still() -> None:
    """Of a routine task the time in which the journey was over does not count, as in a pause."""
    play = Player("t: {when: {event: fell}, steps: [{task: check, role: ward-nurse, due: 4 working hours}]}")
    play.happen("fell")
    play.after("1h")
    returned(play, "1d")
    assert play.due("check") == "2026-01-06 13:00"


def test_a_task_that_a_pause_had_stopped_runs_again() -> None:
    """The journey is active again, whatever it was: the clock that the pause had stopped runs on."""
    play = Player("t: {when: {event: fell}, steps: [{task: check, role: ward-nurse, due: 4 working hours}]}")
    play.happen("fell")
    play.after("1h")
    play.pause()
    play.after("1h")
    returned(play, "1d")
    assert play.due("check") == "2026-01-06 14:00"


def test_the_time_in_which_nobody_could_answer_does_not_count() -> None:
    """A form that was closed for a day waits a day longer."""
    play = Player("t: {when: {event: fell}, steps: [{ask: f, message: n, expires: 3d}, {ask: g, message: n}]}")
    play.happen("fell")
    play.after("1d")
    returned(play, "1d")
    assert [local(ask.expires) for ask in play.asks.values()] == ["2026-01-09 09:00"]
    play.answer("f")
    returned(play, "1d")
    assert [local(ask.expires) for ask in play.asks.values()] == ["never"]


def test_a_wait_goes_on_and_what_is_late_is_done_by_its_policy() -> None:
    """What fell into the time between is served as after an outage: a routine message is too late, a task is not."""
    play = Player(
        "a: {when: {event: fell}, steps: [{wait: 1d}, {send: n}]}\n"
        "b: {when: {event: fell}, steps: [{wait: 1d}, {task: check, role: ward-nurse}]}\n"
        "c: {when: {event: fell}, steps: [{wait: 4d}, {send: m}]}"
    )
    play.happen("fell")
    returned(play, "2d")
    assert [line for line in play.brought if not line.endswith("review-return")] == ["reopen", "open check"]
    assert "send m" in play.until("2026-01-09 09:00")


def test_a_message_that_waited_for_the_morning_still_goes_in_time() -> None:
    """A death that is taken back the same night takes no message away."""
    play = Player("t: {when: {event: fell}, steps: [{send: n}]}")
    play.until("2026-01-05 22:00")
    play.happen("fell")
    assert returned(play, "1h") == ["reopen", "open review-return"]
    assert "send n" in play.until("2026-01-06 08:00")


def test_a_planned_track_comes_again() -> None:
    """Of a series the last occurrence is done, and the next one comes at its time."""
    play = Player("daily: {when: {every: 1d, from: enrolled}, steps: [{notify: head-nurse, message: n}]}")
    play.after("1h")
    assert returned(play, "3d").count("notify head-nurse n") == 1
    assert play.until("2026-01-09 09:00") == ["notify head-nurse n"]


def test_a_value_that_came_meanwhile_is_acted_on() -> None:
    """Nobody looked at it while the patient counted as dead: the track starts now, and its task is due from now."""
    play = Player("""
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{task: low-call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]
""")
    play.die()
    play.after("1h")
    assert play.result(3.0) == []
    play.after("3h")
    assert play.reinstate() == ["reopen", "open low-call", "open review-return"]
    assert play.due("low-call") == "2026-01-05 13:30"


def test_a_value_that_is_corrected_meanwhile_takes_its_track_back() -> None:
    """What came back on a value that was wrong all along is undone in the same turn."""
    play = Player(EVERYTHING)
    play.result(3.0)
    play.die()
    play.result(6.0, "r1", 2, "corrected", effective="2026-01-05 09:00")
    assert play.reinstate() == ["reopen", "open low-call", "close low-call cancelled undone", "open review-return"]


def test_an_old_value_that_came_meanwhile_is_reviewed() -> None:
    """What is no longer fresh is looked at by a person, as always."""
    play = Player("low: {when: {observed: glucose, if: 'glucose <= low', fresh: 1h}, steps: [{send: n}]}")
    play.die()
    play.result(3.0)
    play.after("3h")
    assert play.reinstate() == ["reopen", "open review-result", "open review-return"]


def test_what_waited_for_a_cap_or_a_pause_still_comes() -> None:
    """A mistaken end loses nothing that was held or capped."""
    capped = Player("""
t:
  when: {observed: glucose, if: "glucose > 10"}
  at_most: once per 4h
  while_running: parallel
  steps: [{task: check, role: ward-nurse}]
""")
    capped.result(11.0)
    capped.complete("check")
    capped.after("1h")
    capped.result(12.0, "r2")
    returned(capped, "1h")
    assert capped.until("2026-01-05 13:00") == ["open check"]
    held = Player("t: {when: {event: fell}, steps: [{task: check, role: ward-nurse}]}")
    held.pause()
    held.happen("fell")
    assert "open check" in returned(held, "1h")


def test_what_waits_ends_with_a_reason_where_the_end_stands() -> None:
    """After a withdrawal nothing waits any more, and each thing that did says so."""
    play = Player("t: {when: {event: fell}, steps: [{task: check, role: ward-nurse}]}")
    play.pause()
    play.happen("fell")
    play.withdraw()
    assert play.why == ["ended", "t ended"]
    assert play.journey.tracks["t"].held == ()


def test_an_outcome_that_staff_followed_up_is_not_done_again() -> None:
    """A kept task that ended meanwhile has its follow-up; only what comes after the task goes on."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - {task: letter, role: ward-nurse, outcomes: {sent: [{notify: head-nurse, message: n}]}}
    - {notify: family-doctor, message: m}
""")
    play.happen("fell")
    play.claim("letter")
    play.leave("lost")
    assert play.complete("letter", "sent") == ["close letter done", "open follow-up-outcome"]
    assert play.reinstate() == ["reopen", "notify family-doctor m", "open review-return"]


@pytest.mark.parametrize("outcome", ["leave", "start"])
def test_a_review_that_was_ended_meanwhile_is_over(outcome: str) -> None:
    """What a person decided on a value while the journey was over stands; what it led to was theirs to follow up."""
    play = Player(EVERYTHING)
    play.until("2026-01-05 22:00")
    play.leave("lost")
    play.result(3.0, effective="2026-01-05 12:00")
    play.complete("review-result", outcome)
    assert play.reinstate() == ["reopen", "open review-return"]


def test_a_task_that_was_kept_goes_on_as_it_is() -> None:
    """Nothing happens to what stayed open; its outcome leads on by itself again."""
    play = everything()
    play.leave("transferred")
    assert "open letter" not in play.reinstate()
    assert play.complete("letter", "sent") == ["close letter done", "notify head-nurse n"]


def test_a_call_that_was_taken_back_is_made_again() -> None:
    """The booking that a mistaken death cancelled is asked for again, under an id of its own."""
    play = Player("t: {when: {event: fell}, steps: [{call: book-room, undo: cancel-room}]}")
    play.happen("fell")
    play.die()
    assert play.reinstate() == ["reopen", "call book-room", "open review-return"]


def test_a_death_after_another_end_gives_back_that_end() -> None:
    """Who had withdrawn before stays so: only the work that the death had cancelled is back."""
    play = everything()
    play.withdraw()
    play.die()
    assert play.reinstate() == [
        "end withdrawn",
        "open call",
        "open letter",
        "hold letter anna",
        "open review-return",
    ]
    assert play.open == ["call", "letter", "review-return"]
    play.play()
    assert play.reinstate() == []


def test_a_review_that_a_death_cancelled_is_back_with_the_end_before() -> None:
    """A value that staff had to look at after a withdrawal is still to be looked at."""
    play = Player(EVERYTHING)
    play.until("2026-01-05 22:00")
    play.withdraw()
    play.result(3.0, effective="2026-01-05 12:00")
    play.die()
    assert play.reinstate() == ["end withdrawn", "open review-result", "open review-return"]
    assert play.complete("review-result", "leave") == ["close review-result done"]


def test_after_more_than_the_horizon_everything_is_still_there() -> None:
    """An end is taken back as completely after months: what it cancelled is kept for as long."""
    play = everything()
    assert "open call" in returned(play, "60d")


def test_what_was_undone_before_the_end_stays_undone() -> None:
    """Only work that was begun and still served comes back of what had been undone."""
    play = everything()
    play.stop("begun")
    play.stop("routine")
    assert "open check" not in returned(play, "10m")
    assert play.complete("letter", "sent") == ["close letter done", "send n"] or "send n" not in play.brought
    assert "notify head-nurse n" not in play.brought


def test_who_holds_a_task_again_is_told_by_whom() -> None:
    """The one who took the end back put the task into the holder's hands."""
    play = everything()
    returned(play, "10m")
    assert [(one.holder, one.by) for one in play.actions if isinstance(one, HoldTask)] == [("anna", "bela")]


def test_without_consent_nothing_is_sent_on_return() -> None:
    """Coming back is no consent: a form that was never told stays with staff."""
    play = Player("t: {when: {event: fell}, steps: [{send: n}]}", facts=replace(FACTS, consent=None))
    play.happen("fell")
    assert returned(play, "1h") == ["reopen", "open contact-patient", "open review-return"]
    assert at("2026-01-05 10:00") == play.now


def test_a_booking_that_a_choice_led_to_is_made_again() -> None:
    """A call under a person's outcome of a stopped track falls with a death on the wrong patient and comes again."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - {task: call, role: ward-nurse, outcomes: {book: [{call: book-room, undo: cancel-room}], leave: []}}
    - {wait: 3d}
""")
    play.happen("fell")
    play.complete("call", "book")
    play.reply("book-room")
    play.stop("t")
    assert play.die() == ["call cancel-room", "end died"]
    assert play.reinstate() == ["reopen", "call book-room", "open review-return"]
