"""Clocks and ladders: when work is due, and who gets it when it is late."""

from dataclasses import replace
from datetime import date

import pytest

from pathways.engine.events import RungUnattended
from tests.pathways.engine.build import CALENDAR, FACTS, Player


def task(due: str, *, ladder: str = "routine", clock: str = "", safety: str = "no") -> str:
    clocked = f"clock: {clock}, " if clock else ""
    step = f"{{task: call, role: diabetes-nurse, {clocked}due: {due}, ladder: {ladder}}}"
    return f"t: {{safety: {safety}, when: {{event: fell}}, steps: [{step}]}}"


# Monday 2026-01-05 09:00; the department works 08:00 to 17:00.
@pytest.mark.parametrize(
    ("due", "clock", "when"),
    [
        ("30m", "", "2026-01-05 09:30"),
        ("1d", "elapsed", "2026-01-06 09:00"),
        ("2 working hours", "", "2026-01-05 11:00"),
        ("1 working day", "", "2026-01-06 09:00"),
        ("5 working days", "", "2026-01-12 09:00"),  # over the weekend
        ("9h", "working", "2026-01-06 09:00"),  # nine hours of opening are a working day
        ("10h", "working", "2026-01-06 10:00"),
    ],
)
def test_due_times_count_on_the_clock_of_the_step(due: str, clock: str, when: str) -> None:
    """An elapsed clock runs day and night; a working one in the working hours of the calendar."""
    play = Player(task(due, clock=clock))
    play.happen("fell")
    assert play.due("call") == when


def test_holidays_rest_and_make_up_days_work() -> None:
    """A holiday counts no working time; a make-up day does, although it is a Saturday."""
    calendar = replace(
        CALENDAR, holidays=frozenset({date(2026, 1, 6), date(2026, 1, 7)}), makeup=frozenset({date(2026, 1, 10)})
    )
    play = Player(task("4 working days"), facts=replace(FACTS, calendar=calendar))
    play.happen("fell")
    assert play.due("call") == "2026-01-12 09:00"  # 5th, 8th, 9th, Saturday the 10th


def test_work_that_falls_outside_working_hours_begins_with_the_next_opening() -> None:
    """Working time that is asked for on a Saturday runs from Monday's opening."""
    play = Player(task("1 working hour"))
    play.until("2026-01-10 12:00")
    play.happen("fell")
    assert play.due("call") == "2026-01-12 09:00"


def test_the_ladder_climbs_to_its_top_and_no_further() -> None:
    """Each rung passes once at its time, counted from where the due time counts; the last one stays open."""
    play = Player(task("30m", ladder="urgent", clock="elapsed"))
    play.happen("fell")
    assert play.until("2026-01-05 09:29") == []
    assert play.until("2026-01-05 09:30") == ["escalate call head-nurse"]
    assert play.until("2026-01-05 11:00") == [
        "escalate call attending-doctor last",
        "notify attending-doctor page",
        "alarm last-rung",
    ]
    assert play.until("2026-03-01 00:00") == []
    assert play.open == ["call"]


def test_the_top_of_a_routine_ladder_calls_no_operator() -> None:
    """Only urgent work that reached the top of its ladder raises the alarm."""
    play = Player(task("1 working day"))
    play.happen("fell")
    assert play.until("2026-02-01 00:00") == ["escalate call head-nurse", "escalate call clinical-lead last"]


def test_claiming_does_not_stop_the_ladder_and_completing_does() -> None:
    """A claimed task climbs on; a completed one does not."""
    play = Player(task("30m", ladder="urgent", clock="elapsed"))
    play.happen("fell")
    assert play.claim("call") == ["hold call anna"]
    assert play.after("31m") == ["escalate call head-nurse"]
    assert play.complete("call") == ["close call done"]
    assert play.until("2026-03-01 00:00") == []


def test_a_rung_of_a_task_that_the_same_turn_closes_is_not_issued() -> None:
    """When a completion is taken in late, the rungs of that task that came due meanwhile do not fire."""
    play = Player(task("30m", ladder="urgent", clock="elapsed"))
    play.happen("fell")
    play.now = play.now.replace(hour=5)
    assert play.complete("call") == ["close call done"]


@pytest.mark.parametrize(
    ("ladder", "passed", "rung", "brought"),
    [
        ("urgent", 0, 0, ["escalate call head-nurse"]),
        ("urgent", 1, 1, ["escalate call attending-doctor last", "notify attending-doctor page", "alarm last-rung"]),
        ("urgent", 2, 2, ["alarm last-rung"]),
        ("routine", 2, 2, ["alarm last-rung"]),
        ("urgent", 1, 0, []),  # told too late: that rung has passed already
        ("urgent", 0, 1, []),
    ],
)
def test_a_rung_with_nobody_on_duty_passes_at_once(ladder: str, passed: int, rung: int, brought: list[str]) -> None:
    """The task's own role is rung zero; a rung without anybody passes, the last one stays and calls an operator."""
    play = Player(task("30m", ladder=ladder, clock="elapsed" if ladder == "urgent" else ""))
    play.happen("fell")
    for number in range(passed):
        play.play(RungUnattended(id=f"u{number}", received=play.now, task=play.task("call").task, rung=number))
    assert play.play(RungUnattended(id="u", received=play.now, task=play.task("call").task, rung=rung)) == brought


def test_an_unattended_rung_of_a_task_that_ended_is_nothing() -> None:
    """Word of an empty rung changes nothing once the task is closed or was never there."""
    play = Player(task("30m", ladder="urgent", clock="elapsed"))
    play.happen("fell")
    name = play.task("call").task
    play.complete("call")
    assert play.play(RungUnattended(id="u", received=play.now, task=name, rung=0)) == []
    assert play.play(RungUnattended(id="v", received=play.now, task="none", rung=0)) == []


def test_a_task_without_a_limit_waits_for_good() -> None:
    """A task that states no due time and no ladder is open until a person ends it."""
    play = Player("t: {when: {event: fell}, steps: [{task: call, role: diabetes-nurse}]}")
    play.happen("fell")
    assert play.due("call") == "never"
    assert play.wakeup is None


def test_an_exhausted_calendar_calls_an_operator_once_a_year() -> None:
    """Working time counted beyond the announced days raises one alarm a journey and year."""
    calendar = replace(CALENDAR, covers_until=date(2026, 1, 7))
    play = Player(task("2 working days"), facts=replace(FACTS, calendar=calendar))
    assert play.happen("fell") == ["open call", "alarm calendar-exhausted"]  # its ladder's top is three days away
    play.complete("call")
    assert play.happen("fell") == ["open call"]
    play.complete("call")
    play.until("2027-01-05 09:00")
    assert play.happen("fell") == ["open call", "alarm calendar-exhausted"]


def test_elapsed_time_needs_no_announced_calendar() -> None:
    """Work on an elapsed clock raises no alarm of the calendar."""
    calendar = replace(CALENDAR, covers_until=date(2026, 1, 4))
    play = Player(task("30m", ladder="urgent", clock="elapsed"), facts=replace(FACTS, calendar=calendar))
    assert play.happen("fell") == ["open call"]


def test_a_corrected_calendar_reaches_open_work() -> None:
    """Due times are computed from the calendar as it is known now, not from the one of the opening."""
    play = Player(task("1 working day"))
    play.happen("fell")
    play.facts = replace(FACTS, calendar=replace(CALENDAR, holidays=frozenset({date(2026, 1, 6)})))
    assert play.until("2026-01-07 08:59") == []
    assert play.until("2026-01-07 09:00") == ["escalate call head-nurse"]
