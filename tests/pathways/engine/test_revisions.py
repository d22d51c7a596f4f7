"""Revisions are evaluated again; undo runs backwards and stops at a human decision."""

from typing import Literal

import pytest

from pathways.engine.journey import ResultStatus
from tests.pathways.engine.build import Player, at


def low(steps: str, *, safety: str = "yes", more: str = "") -> str:
    return f"""
low:
  safety: {safety}
  when: {{observed: glucose, if: "glucose <= low", worse: lower, by: 0.5{more}}}
  steps: {steps}
other: {{when: by-hand, steps: [{{task: check, role: ward-nurse}}]}}
"""


CALL = "{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}"


@pytest.mark.parametrize(
    ("safety", "status", "why"),
    [
        ("yes", "preliminary", "started"),
        ("yes", "final", "started"),
        ("no", "preliminary", "not-final"),
        ("no", "final", "started"),
        ("no", "amended", "started"),
        ("no", "corrected", "started"),
        ("no", "entered-in-error", "false"),
        ("no", "cancelled", "false"),
    ],
)
def test_safety_tracks_act_on_preliminary_results_and_others_on_final_ones(
    safety: str, status: ResultStatus, why: str
) -> None:
    """A safety track acts on what is preliminary; every other track waits for what is settled."""
    play = Player(low(f"[{CALL}]", safety=safety))
    play.result(3.0, "r1", 1, status)
    assert play.why == [f"low {why}"]


@pytest.mark.parametrize(
    ("value", "status", "brought", "why"),
    [
        (3.0, "final", ["note call annotated"], "annotated"),
        (2.5, "final", ["note call worse due", "escalate call head-nurse"], "worse"),
        (6.0, "corrected", ["close call cancelled undone"], "undone"),
        (2.5, "entered-in-error", ["close call cancelled undone"], "undone"),
        (2.5, "cancelled", ["close call cancelled undone"], "undone"),
        (0.1, "corrected", ["note call unreadable flag"], "unreadable"),  # implausible: kept and flagged
    ],
)
def test_a_revision_is_evaluated_again(value: float, status: ResultStatus, brought: list[str], why: str) -> None:
    """Still true annotates, worse counts as worse, false and withdrawn undo, and what cannot be read is kept."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0, "r1", 1, "preliminary")
    assert play.result(value, "r1", 2, status) == brought
    assert play.why == [f"low {why}"]


def test_a_value_that_becomes_unknown_undoes() -> None:
    """What was true and cannot be known any more no longer carries the activation."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0, "r1")
    assert play.result(2.0, "r1", 2, "corrected", comparator=">") == ["close call cancelled undone"]


@pytest.mark.parametrize(("version", "why"), [(2, "duplicate"), (1, "superseded")])
def test_a_version_that_is_not_newer_changes_nothing(version: int, why: str) -> None:
    """The same version twice is one, and an earlier one that comes late is not believed."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0, "r1", 2)
    assert play.result(6.0, "r1", version) == []
    assert play.why == [f"low {why}"]


def test_a_result_that_turns_true_starts() -> None:
    """A revision that is newly true starts the track as any result does."""
    play = Player(low(f"[{CALL}]"))
    play.result(6.0, "r1")
    assert play.result(3.0, "r1", 2, "corrected") == ["open call"]


def test_a_begun_task_is_flagged_and_served_with_its_outcomes() -> None:
    """Undo leaves work that somebody has begun, flags it, serves its outcome and not what came after it."""
    play = Player(
        low("""
    - task: call
      role: diabetes-nurse
      outcomes: {reached: [{notify: head-nurse, message: under-outcome}]}
    - {notify: head-nurse, message: later-sibling}""")
    )
    play.result(3.0, "r1")
    play.claim("call")
    assert play.result(6.0, "r1", 2, "corrected") == ["note call undone flag"]
    assert play.complete("call", "reached") == ["close call done", "notify head-nurse under-outcome"]


def test_the_holder_of_an_undone_task_hears_of_every_turn() -> None:
    """True again shows on the begun task of an undone activation, and false again is told to its holder."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0, "r1")
    play.claim("call")
    play.result(6.0, "r1", 2, "corrected")
    assert play.result(3.0, "r1", 3, "corrected") == ["note call annotated"]
    assert play.result(6.0, "r1", 4, "corrected") == ["note call undone flag"]
    assert play.open == ["call"]


def test_a_result_that_is_true_again_after_its_task_ended_starts_anew() -> None:
    """An undone activation whose begun task has ended holds nothing: the value that is true again starts."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0, "r1")
    play.claim("call")
    play.result(6.0, "r1", 2, "corrected")
    play.complete("call", "not-needed")
    assert play.result(3.0, "r1", 3, "corrected") == ["open call"]


def test_steps_under_a_chosen_outcome_are_never_undone() -> None:
    """What a person chose stays: open work under it is flagged, visits and forms under it are left alone."""
    play = Player(
        low("""
    - task: call
      role: diabetes-nurse
      outcomes:
        refer:
          - {send: referred}
          - {start: other}
          - {task: letter, role: ward-nurse}
    - {notify: head-nurse, message: later-sibling}""")
    )
    play.result(3.0, "r1")
    assert play.complete("call", "refer") == ["close call done", "send referred", "open letter", "open check"]
    assert play.result(6.0, "r1", 2, "corrected") == [
        "note letter undone flag",
        "note call undone flag",
        "open review-decision",
    ]
    assert play.open == ["letter", "check", "review-decision"]
    assert play.complete("letter") == ["close letter done"]


def test_undo_takes_back_the_latest_first() -> None:
    """Undo runs backwards: forms and visits close, values return, a person corrects a message that was untrue."""
    play = Player(
        low("""
    - {set: level, to: 1}
    - {set: level, to: 2}
    - {send: told}
    - {notify: head-nurse, message: noted}
    - {start: other}
    - {visit: v, window: {late: 3d}, kept: [{ask: f, message: m}]}""")
    )
    play.result(3.0, "r1")
    assert play.journey.values == {"level": 2.0}
    assert play.result(6.0, "r1", 2, "corrected") == [
        "close v cancelled",
        "recall noted",
        "open correct-message",
        "recall told",
        "open correct-message",
        "close check cancelled undone",
    ]
    assert play.journey.values == {}
    assert [task.about for task in play.tasks.values()] == ["noted", "told"]


def test_an_open_form_is_closed_and_its_message_taken_back() -> None:
    """A form that nobody has answered yet is closed when what asked for it is undone."""
    play = Player(low("[{ask: f, message: m}, {wait: 1d}]"))
    play.result(3.0, "r1")
    assert play.result(6.0, "r1", 2, "corrected") == ["close f cancelled", "recall m"]


def test_what_a_stop_took_away_becomes_a_task() -> None:
    """A track that was stopped by an error does not come back by itself: a person is asked."""
    play = Player(low("[{stop: other}]"))
    play.start("other")
    assert play.result(3.0, "r1") == ["close check cancelled stopped"]
    assert play.result(6.0, "r1", 2, "corrected") == ["open correct-message"]


def test_a_correction_is_not_needed_when_the_value_is_true_again() -> None:
    """A correction that nobody has begun is cancelled when the value turns true again; the message goes out anew."""
    play = Player(low("[{send: told}]"))
    assert play.result(3.0, "r1") == ["send told"]
    assert play.result(6.0, "r1", 2, "corrected") == ["recall told", "open correct-message"]
    assert play.result(3.0, "r1", 3, "corrected") == ["close correct-message cancelled restarted", "send told"]


@pytest.mark.parametrize("order", ["low high", "high low"])
def test_a_correction_stays_where_another_track_starts_by_the_right_value(order: str) -> None:
    """What was told on the wrong value is still to be corrected when the right one starts another track."""
    tracks = {
        "low": 'low: {when: {observed: glucose, if: "glucose <= low"}, steps: [{send: eat-sugar}]}',
        "high": 'high: {when: {observed: glucose, if: "glucose > 16"}, steps: [{task: call, role: diabetes-nurse}]}',
    }
    play = Player("\n".join(tracks[name] for name in order.split()))
    play.result(2.8)
    play.result(20.0, version=2, status="corrected")
    assert sorted(play.open) == ["call", "correct-message"]


def test_a_begun_correction_goes_on() -> None:
    """A correction that somebody has begun is flagged to its holder and stays."""
    play = Player(low("[{send: told}]"))
    play.result(3.0, "r1")
    play.result(6.0, "r1", 2, "corrected")
    play.claim("correct-message")
    assert play.result(3.0, "r1", 3, "corrected") == ["note correct-message restarted flag", "send told"]


def test_a_message_that_has_not_left_needs_no_correction() -> None:
    """A message that quiet hours still held is only dropped."""
    play = Player(low("[{send: told}]"))
    play.until("2026-01-05 22:00")
    assert play.result(3.0, "r1") == []
    assert play.result(6.0, "r1", 2, "corrected") == []
    assert play.until("2026-01-07 09:00") == []


def test_a_track_that_two_started_is_undone_with_the_second() -> None:
    """A started track stands on everything that started it; losing one leaves it, losing the last undoes it."""
    play = Player("""
a: {safety: no, when: {observed: glucose, if: "glucose <= low"}, steps: [{start: other}]}
b: {safety: no, when: {observed: pulse, if: "pulse > 100"}, steps: [{start: other}]}
other: {when: by-hand, steps: [{task: check, role: ward-nurse}]}
""")
    assert play.result(3.0, "r1") == ["open check"]
    assert play.result(120, "r2", data="pulse") == ["note check joined"]
    assert play.result(6.0, "r1", 2, "corrected") == []
    assert play.result(80, "r2", 2, "corrected", data="pulse") == ["close check cancelled undone"]


def test_results_out_of_order_open_the_same_work() -> None:
    """The same results in another order leave the same kinds of work open."""
    orders = [[("r1", 3.0), ("r2", 2.4)], [("r2", 2.4), ("r1", 3.0)]]
    opened: list[list[str]] = []
    for order in orders:
        play = Player(low(f"[{CALL}]"))
        for name, value in order:
            play.result(value, name)
        opened.append(play.open)
    assert opened == [["call"], ["call"]]


def test_worse_again_after_everything_ended_starts_again() -> None:
    """A revision that is worse when no task is left open opens one."""
    play = Player(low(f"[{CALL}, {{wait: 1d}}]"))
    play.result(3.0, "r1")
    play.complete("call")
    assert play.result(2.0, "r1", 2, "corrected") == ["open call"]


def test_a_value_that_came_late_changes_what_others_mean() -> None:
    """A condition that counts is judged again when a value comes late, and when that one is withdrawn."""
    play = Player("""
high:
  safety: no
  when: {observed: glucose, if: "glucose > 10 && count(glucose, 7d) >= 2"}
  steps: [{task: call, role: ward-nurse}]
""")
    assert play.result(11.0, "r1") == []
    assert play.result(9.0, "r0", effective="2026-01-04 09:00") == ["open call"]
    assert play.why == ["high false", "high started"]
    assert play.result(9.0, "r0", 2, "cancelled", effective="2026-01-04 09:00") == ["close call cancelled undone"]


def test_a_value_that_another_track_has_set_since_is_left() -> None:
    """Undo puts back what a step replaced, unless a later step of another track has set it."""
    play = Player(
        low("[{set: level, to: 1}]").replace(
            "{when: by-hand, steps: [{task: check",
            "{when: by-hand, steps: [{set: flag, to: true}, {set: level, to: 2}, {task: check",
        )
    )
    play.result(3.0, "r1")
    play.start("other")
    play.result(6.0, "r1", 2, "corrected")
    assert play.journey.values == {"flag": True, "level": 2.0}


def test_everything_open_under_a_choice_is_served_on() -> None:
    """A message that waits and a task under one choice both outlive the undo."""
    play = Player(
        low("[{task: call, role: ward-nurse, outcomes: {refer: [{send: n}, {task: letter, role: ward-nurse}]}}]")
    )
    play.until("2026-01-05 22:00")
    play.result(3.0, "r1")
    assert play.complete("call", "refer") == ["close call done", "open letter"]
    play.result(6.0, "r1", 2, "corrected")
    assert play.until("2026-01-06 08:00") == ["send n"]


def test_a_task_that_was_skipped_needs_no_undo() -> None:
    """A step that was too late to be done is nothing to take back."""
    play = Player(low("[{task: call, role: ward-nurse, late: skip}, {task: check, role: ward-nurse}]"))
    play.now = at("2026-01-05 13:00")
    assert play.result(3.0, "r1", received="2026-01-05 09:00") == ["open check"]
    assert play.result(6.0, "r1", 2, "corrected") == ["close check cancelled undone"]


@pytest.mark.parametrize("data", ["pulse", "height"])
def test_a_result_that_was_of_other_data_all_along_is_taken_back(data: str) -> None:
    """A corrected code makes it a result of other data, watched or not: what stood on it is undone."""
    play = Player(low(f"[{CALL}]"))
    play.result(3.0)
    assert play.result(3.0, version=2, status="corrected", data=data) == ["close call cancelled undone"]
    assert play.why[0] == "low undone"
    assert play.open == []


@pytest.mark.parametrize("result", ["no-answer", "call-back"])
def test_a_task_that_somebody_works_at_is_not_taken_away(result: Literal["no-answer", "call-back"]) -> None:
    """A task with an attempt, or with a call that was agreed, is begun although nobody holds it: flagged and served."""
    task = "{task: call, role: diabetes-nurse, attempts: {max: 3}, outcomes: {reached: [STEP]}}"
    task = task.replace("STEP", "{notify: head-nurse, message: n}")
    play = Player(low(f"[{task}]", safety="no"))
    play.result(3.0)
    play.attempt("call", result, "2026-01-05 15:00")
    assert play.result(6.0, version=2, status="corrected") == ["note call undone flag"]
    assert play.complete("call", "reached") == ["close call done", "notify head-nurse n"]
