"""Caps defer and never swallow; what is worse gets through."""

import pytest

from tests.pathways.engine.build import Player

LOW = """
low-glucose:
  safety: yes
  when: {observed: glucose, if: "glucose <= low", worse: lower, by: 0.5}
  at_most: once per 4h
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
"""


def test_a_second_value_attaches_to_the_open_task() -> None:
    """A capped value attaches to the running activation and shows on its open task."""
    play = Player(LOW)
    assert play.result(3.0, "r1") == ["open call"]
    play.after("10m")
    assert play.result(2.9, "r2") == ["note call capped"]
    assert play.why == ["low-glucose capped"]
    assert play.open == ["call"]


def test_the_first_worse_value_makes_the_task_due_and_passes_one_rung_once() -> None:
    """The first value that is worse makes the task due now and passes one rung; later ones only annotate."""
    play = Player(LOW)
    play.result(3.0, "r1")
    assert play.due("call") == "2026-01-05 09:30"
    play.after("10m")
    assert play.result(2.5, "r2") == ["note call worse due", "escalate call head-nurse"]
    assert play.due("call") == "2026-01-05 09:10"
    assert play.result(2.0, "r3") == ["note call worse"]
    assert play.until("2026-01-05 10:59") == []
    assert play.until("2026-01-05 11:00") == [
        "escalate call attending-doctor last",
        "notify attending-doctor page",
        "alarm last-rung",
    ]


@pytest.mark.parametrize(
    ("trigger", "first", "second", "code"),
    [
        ("worse: lower, by: 0.5", 3.0, 2.6, "joined"),
        ("worse: lower, by: 0.5", 3.0, 2.5, "worse"),
        ("worse: lower", 3.0, 3.0, "joined"),
        ("worse: lower", 3.0, 2.99, "worse"),
        ("worse: higher, by: 0.5", 3.0, 3.4, "joined"),
        ("worse: higher, by: 0.5", 3.0, 3.5, "worse"),
        ("worse: higher", 3.0, 2.0, "joined"),
    ],
)
def test_worse_is_what_the_trigger_says(trigger: str, first: float, second: float, code: str) -> None:
    """A value is worse in the direction and by the amount that the trigger states, and never when it is equal."""
    play = Player(f"""
t:
  safety: no
  when: {{observed: glucose, if: "glucose <= low", {trigger}}}
  steps: [{{task: call, role: diabetes-nurse, due: 1d, ladder: routine}}]
""")
    play.result(first, "r1")
    play.result(second, "r2")
    assert play.why == [f"t {code}"]


@pytest.mark.parametrize(("bound", "code"), [(3.0, "joined"), (2.6, "joined"), (2.5, "worse")])
def test_a_bound_is_compared_by_the_end_that_is_known(bound: float, code: str) -> None:
    """A value that is known to lie below a bound is as bad as the bound."""
    play = Player(LOW.replace("  at_most: once per 4h\n", ""))
    play.result(3.0, "r1")
    play.result(bound, "r2", comparator="<")
    assert play.why == [f"low-glucose {code}"]


def test_a_value_after_the_task_waits_for_the_window_and_then_starts() -> None:
    """A capped value that is still true when the window ends starts the track."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("1h")
    assert play.result(2.9, "r2") == []
    assert play.why == ["low-glucose capped"]
    assert play.until("2026-01-05 12:59") == []
    assert play.until("2026-01-05 13:00") == ["open call"]
    assert play.due("call") == "2026-01-05 13:30"


def test_a_value_at_the_end_of_the_window_starts() -> None:
    """The window is over at its last instant."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("4h")
    assert play.result(2.9, "r2") == ["open call"]


def test_a_worse_value_breaks_the_cap() -> None:
    """A value worse than the last one acted on starts at once although the window has not ended."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("1h")
    assert play.result(2.4, "r2") == ["open call"]


def test_a_capped_value_with_a_later_false_one_does_not_start() -> None:
    """A later value that does not meet the condition lets a capped one go."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("1h")
    play.result(2.9, "r2")
    play.after("1h")
    assert play.result(6.0, "r3") == []
    assert play.until("2026-01-05 14:00") == []
    assert play.why == ["low-glucose false"]


def test_a_capped_value_that_is_corrected_is_forgotten() -> None:
    """A capped value whose revision is false never starts the track."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.result(2.9, "r2")
    play.result(6.0, "r2", 2, "corrected")
    assert play.until("2026-01-06 09:00") == []


def test_several_capped_values_start_together() -> None:
    """The values that a cap deferred become one activation: the latest starts it, the others join."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.result(2.9, "r2")
    play.result(2.8, "r3")
    assert play.until("2026-01-05 13:00") == ["open call", "note call capped"]
    assert play.complete("call") == ["close call done"]
    assert play.until("2026-01-06 09:00") == []


def test_an_undone_start_does_not_use_up_the_cap() -> None:
    """A start that was an error neither caps the next value nor is what that one is compared with."""
    play = Player(LOW)
    play.result(2.0, "r1")
    play.result(2.0, "r1", 2, "entered-in-error")
    assert play.result(2.9, "r2") == ["open call"]


def test_a_withdrawn_start_lets_the_capped_values_start() -> None:
    """When the start that caps is undone, what it deferred starts in the same turn."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("1h")
    play.result(2.9, "r2")
    assert "open call" in play.result(6.0, "r1", 2, "corrected", effective="2026-01-05 09:00")


def test_a_cap_counts_so_many_by_receipt() -> None:
    """`2 per 1d` allows two starts in any day, counted by receipt, and the third a day after the first."""
    play = Player("""
t: {safety: no, when: {event: fell}, at_most: 2 per 1d, steps: [{notify: head-nurse, message: n}]}
""")
    brought: list[list[str]] = []
    for _ in range(3):
        brought.append(play.happen("fell"))
        play.after("1h")
    assert brought == [["notify head-nurse n"], ["notify head-nurse n"], []]
    assert play.until("2026-01-06 08:59") == []
    assert play.until("2026-01-06 09:00") == ["notify head-nurse n"]


@pytest.mark.parametrize(
    ("running", "brought", "why"),
    [
        ("join", ["note call joined"], "joined"),
        ("ignore", [], "ignored"),
        ("parallel", ["open call"], "started"),
        ("restart", ["close call cancelled restarted", "open call"], "started"),
    ],
)
def test_what_a_second_start_means_while_the_first_is_running(running: str, brought: list[str], why: str) -> None:
    """`while_running` decides between joining, restarting, running in parallel and doing nothing."""
    play = Player(f"""
t: {{when: {{event: fell}}, while_running: {running}, steps: [{{task: call, role: diabetes-nurse, due: 1d}}]}}
""")
    play.happen("fell")
    assert play.happen("fell") == brought
    assert play.why == [f"t {why}"]


def test_joining_needs_an_open_task_as_urgent_as_the_first() -> None:
    """A track whose urgent task is done, with a routine one still open, starts anew instead of joining that."""
    play = Player("""
t:
  safety: yes
  when: {observed: glucose, if: "glucose <= low"}
  steps:
    - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}
    - {task: check, role: diabetes-nurse, due: 1d, ladder: routine}
""")
    play.result(3.0, "r1")
    play.complete("call")
    assert play.result(3.0, "r2") == ["open call"]


def test_losing_one_cause_rebases_and_losing_the_last_undoes() -> None:
    """An activation stands on all its values: without one it is compared anew, without any it is undone."""
    play = Player(LOW)
    play.result(2.5, "r1")
    play.result(3.5, "r2")
    assert play.result(6.0, "r1", 2, "corrected") == ["note call re-based flag"]
    assert play.why == ["low-glucose re-based"]
    assert play.result(3.0, "r3")[0] == "note call worse due"
    play.result(6.0, "r3", 2, "corrected")
    assert play.result(6.0, "r2", 2, "corrected") == ["close call cancelled undone"]
    assert play.open == []


RESTART = """
t:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  at_most: once per 4h
  while_running: restart
  steps: [{task: call, role: ward-nurse}]
"""


def test_an_older_value_does_not_restart_what_a_newer_one_started() -> None:
    """A value that was taken before the one that runs joins it; a newer one takes its place."""
    play = Player(RESTART.replace("  at_most: once per 4h\n", ""))
    play.result(3.0, "r1")
    assert play.result(3.0, "r0", effective="2026-01-05 08:00") == ["note call joined"]
    play.after("1h")
    assert play.result(3.0, "r2") == ["close call cancelled restarted", "open call"]


def test_several_capped_values_restart_once() -> None:
    """When the window ends the deferred values become one activation, not one that each restarts."""
    play = Player(RESTART.replace("once per", "2 per"))
    for name in ("r1", "r2"):
        play.result(3.0, name)
        play.complete("call")
    play.result(2.9, "r3")
    play.result(2.8, "r4")
    assert play.until("2026-01-05 13:00") == ["open call"]
    assert play.why == ["t started", "t joined"]


def test_a_false_value_that_is_withdrawn_no_longer_overrules_an_earlier_one() -> None:
    """A capped value that a later false one let go starts after all when that one is withdrawn."""
    play = Player(LOW)
    play.result(3.0, "r1")
    play.complete("call")
    play.after("1h")
    play.result(2.9, "r2")
    play.after("1h")
    play.result(6.0, "r3")
    assert play.until("2026-01-05 14:00") == []
    assert play.result(6.0, "r3", 2, "entered-in-error") == ["open call"]
