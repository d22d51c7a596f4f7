"""How a journey ends, and what becomes of what is open then."""

import pytest

from pathways.engine.actions import CallSystem
from pathways.engine.advance import next_wakeup
from pathways.engine.events import CallAnswered
from pathways.engine.exits import EXITS, finished
from pathways.engine.journey import ExitReason
from tests.pathways.engine.build import FACTS, Player, at

EVERYTHING = """
urgent:
  safety: yes
  when: {event: fell}
  steps: [{task: call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent, outcomes: {refer: [{send: n}]}}]
routine: {when: {event: fell}, steps: [{task: check, role: ward-nurse, due: 1 working day, ladder: routine}]}
begun:
  when: {event: fell}
  steps:
    - task: letter
      role: ward-nurse
      outcomes: {sent: [{send: n}], lost: []}
    - {notify: head-nurse, message: n}
form: {when: {event: fell}, steps: [{ask: f, message: n, expires: 3d}]}
visit: {when: {event: fell}, steps: [{visit: v, window: {late: 9d}}]}
waiting: {when: {event: fell}, steps: [{wait: 1d}, {notify: head-nurse, message: n}]}
daily: {when: {every: 1d, from: enrolled}, steps: [{notify: head-nurse, message: n}]}
low: {safety: yes, when: {observed: glucose, if: "glucose <= low"}, steps: [{task: low-call, role: ward-nurse}]}
high: {safety: no, when: {observed: glucose, if: "glucose > 10"}, steps: [{task: high-call, role: ward-nurse}]}
quiet: {when: {silent: glucose, for: 90d}, steps: [{task: quiet-call, role: ward-nurse}]}
done: {when: by-hand, steps: [{end: completed}]}
"""


def leave(play: Player, reason: ExitReason) -> list[str]:
    match reason:
        case "completed":
            return play.start("done")
        case "withdrawn":
            return play.withdraw()
        case "died":
            return play.die()
        case _:
            return play.leave(reason)


def everything() -> Player:
    play = Player(EVERYTHING)
    play.until("2026-01-05 22:00")
    play.happen("fell")
    play.claim("letter")
    return play


@pytest.mark.parametrize(
    ("reason", "brought", "tasks"),
    [
        (
            "completed",
            [
                "note call journey-ended flag",
                "note check journey-ended flag",
                "note letter journey-ended flag",
                "close f cancelled",
                "end completed",
            ],
            ["call", "check", "letter"],
        ),
        (
            "withdrawn",
            [
                "note call journey-ended flag",
                "close check cancelled journey-ended",
                "note letter journey-ended flag",
                "close f cancelled",
                "close v cancelled",
                "end withdrawn",
            ],
            ["call", "letter"],
        ),
        (
            "died",
            [
                "close call cancelled journey-ended",
                "close check cancelled journey-ended",
                "close letter cancelled journey-ended",
                "close f cancelled",
                "close v cancelled",
                "end died",
            ],
            [],
        ),
        (
            "transferred",
            [
                "note call journey-ended flag",
                "close check cancelled journey-ended",
                "note letter journey-ended flag",
                "close f cancelled",
                "end transferred",
            ],
            ["call", "letter"],
        ),
        (
            "lost",
            [
                "note call journey-ended flag",
                "note check journey-ended flag",
                "note letter journey-ended flag",
                "close f cancelled",
                "close v cancelled",
                "end lost",
            ],
            ["call", "check", "letter"],
        ),
        (
            "merged",
            [
                "note call journey-ended flag",
                "note check journey-ended flag",
                "note letter journey-ended flag",
                "close f cancelled",
                "end merged",
            ],
            ["call", "check", "letter"],
        ),
    ],
)
def test_the_reason_fixes_what_is_kept_and_what_is_cancelled(
    reason: ExitReason, brought: list[str], tasks: list[str]
) -> None:
    """Each kind of open thing is kept or cancelled as the table of exits says; waits and planned tracks just end."""
    play = everything()
    assert leave(play, reason) == brought
    assert [task.name for task in play.tasks.values()] == tasks
    later = play.until("2026-03-05 09:00")
    assert [action for action in later if action.startswith(("send", "notify"))] == (
        ["notify attending-doctor page"] if "call" in tasks else []
    )


def test_a_journey_of_the_wrong_person_keeps_what_was_begun_and_tells_what_was_sent() -> None:
    """Entered in error: only what a person has begun goes on, and staff learn what the wrong person was told."""
    play = Player(EVERYTHING + "told: {when: {event: fell}, steps: [{send: n}]}")
    play.happen("fell")
    play.claim("letter")
    assert play.leave("entered-in-error") == [
        "open correct-message",
        "close call cancelled journey-ended",
        "close check cancelled journey-ended",
        "note letter journey-ended flag",
        "close f cancelled",
        "close v cancelled",
        "end entered-in-error",
    ]
    assert (play.task("correct-message").about, play.task("correct-message").note) == ("n", "entered-in-error")
    assert play.complete("correct-message") == ["close correct-message done"]


def test_a_reminder_that_the_wrong_person_got_is_corrected_too() -> None:
    """Whatever left for the patient counts: a message, a form, the reminder of a visit; each is named once."""
    play = Player("""
a: {when: {event: fell}, steps: [{ask: f, message: n}, {send: n}]}
b: {when: {at: enrolled + 3d}, steps: [{visit: v, window: {late: 1d}, remind: [1d], reminder: m}]}
""")
    play.happen("fell")
    play.after("50h")
    play.pause()
    play.leave("entered-in-error")
    assert play.task("correct-message").about == "n, m"


def test_an_urgent_task_that_was_begun_is_kept_for_its_holder() -> None:
    """Begun comes before urgent: who talks with the patient goes on, also where the journey was entered in error."""
    play = everything()
    play.claim("call")
    assert "note call journey-ended flag" in play.leave("entered-in-error")


@pytest.mark.parametrize(
    ("reason", "brought"),
    [
        ("withdrawn", ["call cancel-room"]),
        ("died", ["call cancel-room"]),
        ("entered-in-error", ["call cancel-room"]),
        ("completed", []),
        ("transferred", []),
        ("lost", []),
        ("merged", []),
    ],
)
def test_a_call_is_taken_back_as_the_table_says(reason: ExitReason, brought: list[str]) -> None:
    """What was booked for somebody who does not come is cancelled, where the call says how."""
    play = Player("""
a: {when: {event: fell}, steps: [{call: book-room, undo: cancel-room}]}
b: {when: {event: fell}, steps: [{call: tell-ward}]}
done: {when: by-hand, steps: [{end: completed}]}
""")
    play.happen("fell")
    assert [action for action in leave(play, reason) if action.startswith("call")] == brought


def test_what_was_answered_and_has_no_undo_stands() -> None:
    """A call that says not how it is taken back is left as it is once it was answered."""
    play = Player("t: {when: {event: fell}, steps: [{call: tell-ward}, {wait: 1d}]}")
    play.happen("fell")
    (call,) = [action for action in play.actions if isinstance(action, CallSystem)]
    play.play(CallAnswered(id="answer", received=play.now, call=call.call, outcome="answered"))
    assert play.die() == ["end died"]


def test_the_table_has_a_row_a_reason_and_a_column_a_thing() -> None:
    """Every reason says of every kind of open thing what becomes of it."""
    assert {reason: tuple(row.values()) for reason, row in EXITS.items()} == {
        "completed": ("keep", "keep", "keep", "keep", "cancel", "cancel", "keep", "cancel", "keep"),
        "withdrawn": ("keep", "keep", "keep", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel"),
        "transferred": ("keep", "keep", "keep", "cancel", "cancel", "cancel", "keep", "cancel", "keep"),
        "lost": ("keep", "keep", "keep", "keep", "cancel", "cancel", "cancel", "cancel", "keep"),
        "merged": ("keep", "keep", "keep", "keep", "cancel", "cancel", "keep", "cancel", "keep"),
        "died": ("cancel", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel"),
        "entered-in-error": ("cancel", "keep", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel", "cancel"),
    }
    assert {tuple(row) for row in EXITS.values()} == {
        ("urgent-task", "begun-task", "correction", "routine-task", "message", "form", "visit", "wait", "call")
    }


def test_a_message_that_waits_for_the_morning_dies_with_the_journey() -> None:
    """A message that quiet hours held is not sent after an exit."""
    play = Player("t: {when: {event: fell}, steps: [{send: n}]}")
    play.until("2026-01-05 22:00")
    play.happen("fell")
    assert play.withdraw() == ["end withdrawn"]
    assert play.until("2026-01-10 09:00") == []


def test_nobody_is_reminded_of_a_visit_that_an_exit_kept() -> None:
    """A completed journey leaves the visit to the hospital: it tells the patient nothing more."""
    play = Player("""
t: {when: {event: fell}, steps: [{visit: v, window: {late: 20d}, remind: [1d]}]}
e: {when: {event: over}, steps: [{end: completed}]}
""")
    play.happen("fell")
    play.visit("v", "booked", "2026-01-15 09:00")
    assert play.happen("over") == ["end completed"]
    assert play.until("2026-02-04 09:00") == []


def test_kept_urgent_work_climbs_its_ladder_after_the_exit() -> None:
    """An exit does not stop the ladder of what it keeps."""
    play = everything()
    play.withdraw()
    assert play.after("3h") == [
        "escalate call head-nurse",
        "escalate call attending-doctor last",
        "notify attending-doctor page",
        "alarm last-rung",
    ]


@pytest.mark.parametrize(
    ("task", "outcome", "brought"),
    [
        ("letter", "sent", ["close letter done", "open follow-up-outcome"]),
        ("letter", "lost", ["close letter done"]),  # the outcome leads to nothing
        ("letter", "not-needed", ["close letter not-needed"]),
        ("call", "refer", ["close call done", "open follow-up-outcome"]),
    ],
)
def test_the_outcome_of_a_kept_task_becomes_work_for_staff(task: str, outcome: str, brought: list[str]) -> None:
    """After an exit an outcome does not run its steps: staff are asked to follow up where it would have had some."""
    play = everything()
    play.withdraw()
    assert play.complete(task, outcome) == brought


def test_a_follow_up_says_what_it_is_about_and_ends_alone() -> None:
    """The follow-up names the outcome; completing it opens nothing."""
    play = everything()
    play.withdraw()
    play.complete("letter", "sent")
    assert play.task("follow-up-outcome").about == "sent"
    assert play.complete("follow-up-outcome") == ["close follow-up-outcome done"]


@pytest.mark.parametrize(
    ("reason", "effective", "value", "brought"),
    [
        ("withdrawn", "2026-01-05 12:00", 3.0, ["open review-result"]),
        ("completed", "2026-01-05 12:00", 3.0, ["open review-result"]),
        ("withdrawn", "2026-01-05 12:00", None, ["open review-result"]),  # unreadable
        ("transferred", "2026-01-05 12:00", 3.0, ["open review-result"]),
        ("lost", "2026-01-05 12:00", 3.0, ["open review-result"]),
        ("merged", "2026-01-05 12:00", 3.0, ["open review-result"]),
        ("withdrawn", "2026-01-05 12:00", 6.0, []),
        ("withdrawn", "2026-01-05 12:00", 12.0, []),  # true for a track that is not for safety
        ("withdrawn", "2026-01-06 12:00", 3.0, []),  # taken after the exit
        ("died", "2026-01-05 12:00", 3.0, []),
        ("entered-in-error", "2026-01-05 12:00", 3.0, []),
    ],
)
def test_a_safety_value_from_before_the_exit_is_reviewed(
    reason: ExitReason, effective: str, value: float | None, brought: list[str]
) -> None:
    """What a safety track would have acted on before the exit reaches a person, but not after a death."""
    play = Player(EVERYTHING)
    play.until("2026-01-05 22:00")
    leave(play, reason)
    play.now = at("2026-01-07 09:00")
    assert play.result(value, effective=effective) == brought
    assert set(play.why) == {"low ended", "high ended", "quiet ended"}


def test_a_review_after_the_exit_can_be_ended_and_opens_nothing() -> None:
    """The outcome `start` of a review does not start a track of a journey that has ended."""
    play = Player(EVERYTHING)
    play.until("2026-01-05 22:00")
    play.withdraw()
    play.result(3.0, effective="2026-01-05 12:00")
    assert "open low-call" not in play.complete("review-result", "start")


def test_a_value_that_was_acted_on_is_not_reviewed_again() -> None:
    """A later version of a value that its track acted on before the exit is only recorded."""
    play = Player(EVERYTHING)
    play.result(3.0)
    play.complete("low-call")
    play.until("2026-01-06 09:00")
    play.withdraw()
    assert play.result(2.9, "r1", 2, "corrected", effective="2026-01-05 09:00") == []


def test_a_death_after_another_exit_cancels_what_that_one_kept() -> None:
    """A death that becomes known later ends the work that the earlier exit had kept."""
    play = everything()
    play.withdraw()
    assert play.die() == ["close call cancelled journey-ended", "close letter cancelled journey-ended", "end died"]


def test_a_death_cancels_the_visit_that_a_completed_journey_left_booked() -> None:
    """Nobody waits for a patient who died: the visit that was kept is cancelled with the hospital."""
    play = everything()
    leave(play, "completed")
    assert "close v cancelled" in play.die()
    assert play.open == []


def test_a_death_ends_a_paused_journey() -> None:
    """A pause does not hold a death up."""
    play = everything()
    play.pause()
    assert play.die()[-1] == "end died"


def test_the_end_of_a_track_ends_the_journey_once() -> None:
    """Two tracks that end the journey in one turn end it once."""
    play = Player(
        "a: {when: {event: fell}, steps: [{end: completed}]}\nb: {when: {event: fell}, steps: [{end: completed}]}"
    )
    assert play.happen("fell") == ["end completed"]


def test_an_ended_journey_is_finished_after_its_horizon() -> None:
    """An ended journey takes in what belongs to it for thirty days, wakes a last time, and is finished."""
    play = Player("a: {when: {event: fell}, steps: [{wait: 1d}]}")
    play.withdraw()
    assert play.wakeup == at("2026-02-04 09:00")
    assert not finished(play.journey, play.now)
    play.until("2026-02-04 09:00")
    assert finished(play.journey, play.now)
    assert next_wakeup(play.release, play.journey, FACTS) is None


def test_a_journey_with_kept_work_is_not_finished() -> None:
    """While a kept task is open the journey stays."""
    play = everything()
    play.withdraw()
    play.until("2026-06-01 09:00")
    assert not finished(play.journey, play.now)


def test_a_running_journey_is_not_finished() -> None:
    """Only an exit finishes a journey."""
    assert not finished(Player(EVERYTHING).journey, at("2030-01-01 00:00"))


URGENT_CALL = "{task: call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}"
CAPPED = """
low: {safety: SAFE, when: {observed: glucose, if: "glucose <= low"}, at_most: once per 4h, steps: [STEP]}
done: {when: by-hand, steps: [{end: completed}]}
"""


@pytest.mark.parametrize("reason", ["completed", "withdrawn", "transferred", "lost", "merged"])
def test_a_value_that_waited_for_a_safety_track_is_reviewed(reason: ExitReason) -> None:
    """A capped value that nobody has seen reaches a person when the journey ends, and is not acted on besides."""
    play = Player(CAPPED.replace("SAFE", "yes").replace("STEP", URGENT_CALL))
    play.result(3.0)
    play.complete("call")
    play.result(3.0, "r2")
    assert play.why == ["low capped"]
    assert "open review-result" in leave(play, reason)
    assert play.open == ["review-result"]


@pytest.mark.parametrize(
    ("safety", "second", "reason"),
    [("no", 3.0, "withdrawn"), ("yes", 3.0, "died"), ("yes", 3.0, "entered-in-error"), ("yes", 9.0, "withdrawn")],
)
def test_no_other_value_that_waited_is_reviewed(safety: str, second: float, reason: ExitReason) -> None:
    """Neither one of a track that is none, nor one that a later value overruled, nor one of the dead or of nobody."""
    play = Player(CAPPED.replace("SAFE", safety).replace("STEP", URGENT_CALL))
    play.result(3.0)
    play.complete("call")
    play.result(3.0, "r2")
    play.after("1m")
    play.result(second, "r3")
    assert "open review-result" not in leave(play, reason)


def test_a_booking_of_a_track_that_is_done_is_cancelled() -> None:
    """A call that was answered long ago is taken back when the patient dies, with what it was answered."""
    play = Player("t: {when: {event: fell}, steps: [{call: book-room, undo: cancel-room, bind: {room: text}}]}")
    play.happen("fell")
    play.reply("book-room", room="7")
    play.after("60d")
    assert play.die() == ["call cancel-room", "end died"]
    (cancelled,) = [action for action in play.actions if isinstance(action, CallSystem)]
    assert cancelled.arguments == {"room": "7"}
    assert play.reinstate() == ["reopen", "call book-room", "open review-return"]


def test_a_booking_that_a_completed_journey_left_is_cancelled_by_a_death() -> None:
    """What one exit let stand the death takes back, once."""
    play = Player("""
t: {when: {event: fell}, steps: [{call: book-room, undo: cancel-room}]}
done: {when: by-hand, steps: [{end: completed}]}
""")
    play.happen("fell")
    assert leave(play, "completed") == ["end completed"]
    assert play.die() == ["call cancel-room", "end died"]
