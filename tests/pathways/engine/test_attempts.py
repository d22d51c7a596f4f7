"""Attempts do not end a task, and what waits for the patient does not run on its working clock."""

import pytest

from tests.pathways.engine.build import Player

CALL = """
t:
  when: {event: fell}
  steps:
    - task: call
      role: diabetes-nurse
      clock: working
      due: 4 working hours
      ladder: routine
      attempts: {max: 2, spaced: 10m}
      suspended_while: waiting-for-patient
      outcomes: {reached: [], unreachable: [{task: visit-her, role: community-nurse, due: 1d, ladder: routine}]}
    - {task: plain, role: diabetes-nurse, due: 1d, ladder: routine, attempts: {max: 1}}
"""


def refused(play: Player) -> object:
    """The code with which the last event was refused."""
    return next((reason.values["code"] for reason in play.reasons if reason.code == "refused"), None)


def node(play: Player, path: str = "call"):
    """The node of the task."""
    return next(a.nodes[path] for a in play.journey.activations.values() if path in a.nodes)


def test_an_attempt_leaves_the_task_open_and_says_when_to_try_again() -> None:
    """The next attempt is `spaced` later; the ladder and the due time go on; the last one is told to end the task."""
    play = Player(CALL)
    play.happen("fell")
    due = play.due("call")
    assert play.attempt("call") == ["note call attempted again 2026-01-05 09:10"]
    play.after("10m")
    assert play.attempt("call") == ["note call attempted again 2026-01-05 09:20"]
    assert play.attempt("call") == []
    assert refused(play) == "no-attempts-left"
    assert node(play).attempts == 2
    assert play.due("call") == due
    assert play.until("2026-01-06 09:00")[-1] == "escalate call head-nurse"
    assert play.complete("call", "unreachable") == ["close call done", "open visit-her"]


def test_a_patient_who_asks_to_be_called_back_was_reached() -> None:
    """It is no attempt in vain, also when none is left, and names its own time."""
    play = Player(CALL)
    play.happen("fell")
    play.attempt("call")
    play.attempt("call")
    assert play.attempt("call", "call-back", "2026-01-05 16:00") == ["note call attempted again 2026-01-05 16:00"]
    assert node(play).attempts == 2


def test_attempts_without_a_distance_name_no_next_time() -> None:
    """Without `spaced` a person tries again when they like; a task without `attempts` counts none."""
    play = Player(CALL)
    play.happen("fell")
    play.complete("call", "reached")
    assert play.attempt("plain") == ["note plain attempted"]
    play = Player("t: {when: {event: fell}, steps: [{task: call, role: ward-nurse, due: 1d, ladder: routine}]}")
    play.happen("fell")
    assert play.attempt("call") == []
    assert refused(play) == "no-attempts"


def test_a_suspended_task_keeps_its_working_time() -> None:
    """Two of four hours passed before it waited; two are left when it goes on, on the next working day."""
    play = Player(CALL)
    play.happen("fell")
    assert play.due("call") == "2026-01-05 13:00"
    play.after("2h")
    assert play.suspend("call") == ["note call suspended"]
    assert play.until("2026-01-08 10:00") == []
    assert play.go_on("call") == ["note call continued due"]
    assert play.due("call") == "2026-01-08 12:00"
    # The rung comes after nine working hours in all: two before the wait, seven after it.
    assert play.until("2026-01-08 17:00") == ["escalate call head-nurse"]


def test_a_task_that_waits_until_a_time_goes_on_by_itself() -> None:
    """The list shows at once when it will be due."""
    play = Player(CALL)
    play.happen("fell")
    play.after("1h")
    assert play.suspend("call", "2026-01-07 09:00") == ["note call suspended due"]
    assert play.due("call") == "2026-01-07 12:00"
    assert play.until("2026-01-07 08:59") == []
    assert play.until("2026-01-07 09:00") == ["note call continued due"]
    assert play.go_on("call") == []
    assert refused(play) == "not-suspended"


@pytest.mark.parametrize(
    ("until", "due"),
    [("2026-01-05 12:00", "2026-01-06 14:00"), ("2026-01-07 11:00", "2026-01-07 13:00"), (None, "2026-01-09 10:00")],
)
def test_a_pause_and_a_wait_together_run_the_clock_once(until: str | None, due: str) -> None:
    """The clock stands still while either of the two does: it runs again after the later end."""
    play = Player(CALL)
    play.happen("fell")
    play.until("2026-01-05 11:00")
    play.suspend("call", until)
    play.until("2026-01-05 11:30")
    play.pause()
    play.until("2026-01-06 12:00")
    play.resume()
    play.until("2026-01-07 12:00")
    if until is None:
        play.until("2026-01-08 17:00")
        play.go_on("call")
    assert play.due("call") == due


def test_a_wait_that_ends_within_a_pause_goes_on_with_the_resume() -> None:
    """A person ends the wait during the pause: nothing runs before the resume."""
    play = Player(CALL)
    play.happen("fell")
    play.pause()
    assert play.suspend("call") == ["note call suspended"]
    assert play.go_on("call") == ["note call continued"]
    play.after("3d")
    assert play.resume() == ["note call resumed due"]
    assert play.due("call") == "2026-01-08 13:00"


@pytest.mark.parametrize(
    ("task", "until", "code"),
    [
        ("plain", None, "not-suspendable"),
        ("call", "2026-01-05 09:00", "until-past"),
        ("call", "2026-01-05 08:00", "until-past"),
    ],
)
def test_a_wait_that_cannot_be_is_refused(task: str, until: str | None, code: str) -> None:
    """Only a task that declares it may wait, and only for what lies ahead."""
    play = Player(CALL)
    play.happen("fell")
    if task == "plain":
        play.complete("call", "reached")
    assert play.suspend(task, until) == []
    assert refused(play) == code


def test_a_task_waits_once() -> None:
    """A second wait is refused while the first lasts."""
    play = Player(CALL)
    play.happen("fell")
    play.suspend("call")
    assert play.suspend("call") == []
    assert refused(play) == "already-suspended"


def test_what_ended_does_not_wait() -> None:
    """Completed while it waited, a task leaves no wake behind; kept by an exit, it goes on."""
    play = Player(CALL)
    play.happen("fell")
    play.suspend("call", "2026-01-20 09:00")
    play.complete("call", "reached")
    assert play.until("2026-01-05 23:00") == []
    ended = Player(CALL + "over: {when: {event: over}, steps: [{end: completed}]}\n")
    ended.happen("fell")
    ended.suspend("call", "2026-01-20 09:00")
    ended.happen("over")
    assert node(ended).waiting is None
    assert not node(ended).suspended
