"""What a result is worth: stale, unreadable, implausible, ahead of its time, bounded; and what is not known at all."""

from dataclasses import replace

import pytest

from pathways.engine.context import Facts
from tests.pathways.engine.build import FACTS, Player

SAFETY = """
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= low", worse: lower, fresh: 24h}
  steps:
    - {send: advice, urgent: yes}
    - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}
"""
ROUTINE = SAFETY.replace("safety: yes", "safety: no")


@pytest.mark.parametrize(
    ("value", "text", "why"),
    [
        (3.0, None, "started"),
        (5.0, None, "false"),
        (None, "LO", "started"),
        (None, "HI", "false"),
        (None, "3.0", "started"),
        (None, " < 2 ", "started"),
        (None, "> 2", "unknown"),
        (None, "<=5", "unknown"),
        (None, ">=5", "false"),
    ],
)
def test_a_value_is_read_as_it_was_printed(value: float | None, text: str | None, why: str) -> None:
    """A number, a bound and a declared word are all values; a bound decides where every value within it agrees."""
    play = Player(SAFETY)
    play.result(value, text=text)
    assert play.why == [f"low {why}"]


@pytest.mark.parametrize(
    ("value", "text", "unit"),
    [
        (None, None, "mmol/L"),
        (None, "?", "mmol/L"),
        (None, "9" * 400, "mmol/L"),
        (3.0, None, None),
        (None, "3", None),
        (3.0, None, "furlong"),
        (float("nan"), None, "mmol/L"),
        (float("inf"), None, "mmol/L"),
        (0.5, None, "mmol/L"),  # below what is plausible
        (70.0, None, "mmol/L"),
    ],
)
def test_what_cannot_be_read_opens_the_first_task_of_a_safety_track(
    value: float | None, text: str | None, unit: str | None
) -> None:
    """What stays unreadable or implausible is kept and opens a safety track's first task; no message is sent."""
    play = Player(SAFETY)
    assert play.result(value, text=text, unit=unit) == ["open call"]
    assert list(play.journey.readings) == ["r1"]


def test_what_cannot_be_read_opens_a_review_on_any_other_track() -> None:
    """Without a safety track a person of the first role reviews the value within a working day."""
    play = Player(ROUTINE)
    assert play.result(None, text="?") == ["open review-result"]
    assert (play.task("review-result").role, play.due("review-result")) == ("diabetes-nurse", "2026-01-06 09:00")
    assert play.result(None, "r2", text="?") == ["note review-result unreadable flag"]


def test_what_cannot_be_read_asks_once_though_several_tracks_watch() -> None:
    """One track asks, a safety track before others; the others say that they do not know."""
    play = Player("""
first: {safety: no, when: {observed: glucose, if: "glucose > 10"}, steps: [{task: check, role: ward-nurse}]}
low: {safety: yes, when: {observed: glucose, if: "glucose <= low"}, steps: [{task: call, role: ward-nurse}]}
""")
    assert play.result(None, text="?") == ["open call"]
    assert play.why == ["first unknown", "low started"]


def test_a_safety_track_without_a_task_asks_for_a_review() -> None:
    """A safety track that has no task of its own has the value reviewed by the owner of the pathway."""
    play = Player('low: {safety: yes, when: {observed: glucose, if: "glucose <= low"}, steps: [{send: advice}]}')
    assert play.result(None, text="?") == ["open review-result"]
    assert play.task("review-result").role == "clinical-lead"


def test_an_old_value_is_reviewed_and_never_pages() -> None:
    """A value older than `fresh` whose condition is true opens one review a track, never the track's own work."""
    play = Player(SAFETY)
    assert play.result(3.0, "r1", effective="2026-01-04 08:59") == ["open review-result"]
    assert play.why == ["low stale"]
    assert not play.task("review-result").urgent
    assert play.result(2.0, "r2", effective="2026-01-04 08:59") == ["note review-result stale flag"]


def test_a_value_just_fresh_enough_starts() -> None:
    """A value exactly as old as `fresh` allows starts the track."""
    assert Player(SAFETY).result(3.0, effective="2026-01-04 09:00") == ["send advice", "open call"]


def test_an_old_value_that_is_false_is_only_false() -> None:
    """Age matters only to what would start the track."""
    play = Player(SAFETY)
    assert play.result(6.0, effective="2026-01-01 09:00") == []
    assert play.why == ["low false"]


@pytest.mark.parametrize(("effective", "clamped"), [("2026-01-05 09:10", False), ("2026-01-05 09:11", True)])
def test_a_time_ahead_of_its_receipt_is_set_to_it_and_urgent_work_is_not_withheld(
    effective: str, clamped: bool
) -> None:
    """A time more than ten minutes ahead is set to the receipt and flagged; the track starts either way."""
    play = Player(SAFETY)
    assert play.result(3.0, effective=effective) == ["send advice", "open call"]
    reading = play.journey.readings["r1"]
    assert (reading.clamped, reading.effective == play.now) == (clamped, clamped)
    assert play.task("call").values == ({"glucose": 3.0, "time": "clamped"} if clamped else {"glucose": 3.0})


def test_a_result_that_no_track_knows_leaves_a_reason() -> None:
    """A code that is none of the pathway's data changes nothing and says so."""
    play = Player(SAFETY)
    assert play.result(3.0, data="sodium") == []
    assert play.why == ["not-watched"]


def test_a_value_that_no_track_watches_is_kept() -> None:
    """Data of the pathway that no trigger looks at is kept for conditions and says so."""
    play = Player(SAFETY)
    play.result(80, data="pulse")
    assert (play.why, list(play.journey.readings)) == (["not-watched"], ["r1"])


def test_a_patients_own_parameter_counts() -> None:
    """A parameter with a value of the patient's own is compared with that one."""
    play = Player(SAFETY, parameters={"low": 3.2})
    play.result(3.5)
    assert play.why == ["low false"]


@pytest.mark.parametrize(
    ("safety", "inpatient", "brought", "why"),
    [
        ("yes", True, [], "excluded"),
        ("yes", False, ["open call"], "started"),
        ("yes", None, ["open call"], "started"),
        ("no", True, [], "excluded"),
        ("no", False, ["open call"], "started"),
        ("no", None, ["open decide-start"], "asked"),
    ],
)
def test_an_unknown_exclusion_asks_a_person_and_never_holds_safety_back(
    safety: str, inpatient: bool | None, brought: list[str], why: str
) -> None:
    """An exclusion that cannot be known asks a person; a safety track starts and says so on the task."""
    play = Player(
        f'low: {{safety: {safety}, when: {{observed: glucose, if: "glucose <= low"}}, unless: inpatient, '
        "steps: [{task: call, role: ward-nurse}]}",
        facts=replace(FACTS, inpatient=inpatient),
    )
    assert play.result(3.0) == brought
    assert play.why == [f"low {why}"]
    notes = {task.note for task in play.tasks.values()}
    assert notes == ({"exclusion-unknown"} if (safety, inpatient) == ("yes", None) else {None} if brought else set())


ASKED = """
low:
  safety: no
  when: {observed: glucose, if: "glucose <= low", worse: lower, by: 0.5}
  unless: inpatient
  at_most: once per 14d
  steps: [{task: call, role: ward-nurse}]
"""
UNKNOWN = replace(FACTS, inpatient=None)


@pytest.mark.parametrize(
    ("outcome", "opened"), [("start", ["open call"]), ("leave", []), ("not-needed", []), ("not-possible", [])]
)
def test_the_person_who_is_asked_decides(outcome: str, opened: list[str]) -> None:
    """The outcome `start` starts the track although its exclusion is unknown; every other leaves it."""
    play = Player(ASKED, facts=UNKNOWN)
    play.result(3.0)
    assert play.complete("decide-start", outcome)[1:] == opened


@pytest.mark.parametrize("inpatient", [True, None])
def test_what_a_person_starts_passes_exclusions_and_caps(inpatient: bool | None) -> None:
    """A person's start counts although the track is excluded and its cap is used up."""
    play = Player(ASKED)
    play.result(3.0, "r1")
    play.complete("call")
    play.facts = UNKNOWN
    play.result(3.0, "r2")
    play.facts = replace(FACTS, inpatient=inpatient)
    assert play.complete("decide-start", "start") == ["close decide-start done", "open call"]


def test_one_question_a_track_is_open() -> None:
    """Further values attach to the open question; the first worse one makes it due now and passes one rung."""
    play = Player(ASKED, facts=UNKNOWN)
    play.result(3.0, "r1")
    assert play.result(2.9, "r2") == ["note decide-start asked"]
    assert play.result(2.0, "r3") == ["note decide-start worse due", "escalate decide-start head-nurse"]
    assert play.open == ["decide-start"]


def test_a_question_whose_values_are_all_false_is_undone() -> None:
    """A question lives while any value that asked it is true."""
    play = Player(ASKED, facts=UNKNOWN)
    play.result(3.0, "r1")
    play.result(3.0, "r2")
    assert play.result(6.0, "r1", 2, "corrected") == ["note decide-start re-based flag"]
    assert play.result(6.0, "r2", 2, "corrected") == ["close decide-start cancelled undone"]


def test_a_review_of_a_value_that_was_wrong_is_undone() -> None:
    """A review lives while its value is true."""
    play = Player(SAFETY)
    play.result(3.0, effective="2026-01-01 09:00")
    assert play.result(6.0, "r1", 2, "corrected", effective="2026-01-01 09:00") == [
        "close review-result cancelled undone"
    ]


@pytest.mark.parametrize(
    ("condition", "facts", "why"),
    [
        ("glucose <= 4.0 && age >= 64", FACTS, "started"),
        ("glucose <= 4.0 && age >= 65", FACTS, "false"),  # born 1961-03-02: 64 on 2026-01-05
        ("glucose <= 4.0 && sex == 'female'", FACTS, "started"),
        ("glucose <= 4.0 && inpatient", FACTS, "false"),
        ("glucose <= 4.0 && inpatient", UNKNOWN, "unknown"),
        ("glucose <= 4.0 && diagnosed('E11')", FACTS, "started"),
        ("glucose <= 4.0 && diagnosed('I10')", FACTS, "false"),
        ("glucose <= 4.0 && diagnosed('I10')", replace(FACTS, diagnoses=None), "unknown"),
        ("glucose <= 4.0 && flag", FACTS, "unknown"),
        ("glucose <= 4.0 || flag", FACTS, "started"),
        ("count(glucose, 7d) == 3.0", FACTS, "started"),
        ("mean(glucose, 7d) == 5.0", FACTS, "started"),
        ("min(glucose, 7d) == 3.0 && max(glucose, 7d) == 7.0", FACTS, "started"),
        ("mean(glucose, 1d) == 4.0", FACTS, "started"),
        ("previous(glucose) == 5.0 && latest(glucose) == 3.0", FACTS, "started"),
        ("previous(pulse) > 1.0", FACTS, "unknown"),
        ("latest(pulse) == 90.0 && previous(pulse) > 1.0", FACTS, "unknown"),
        ("latest(pulse) == 90.0", FACTS, "started"),
        ("max(pulse, 1d) == 90.0", FACTS, "unknown"),
    ],
)
def test_conditions_see_the_series_the_patient_and_the_facts(condition: str, facts: Facts, why: str) -> None:
    """Windows end with the value that triggered, `previous` is the one before it, and a missing value is unknown."""
    play = Player(
        f'low: {{safety: no, when: {{observed: glucose, if: "{condition}"}}, while_running: parallel, '
        "steps: [{wait: 1d}]}",
        facts=facts,
    )
    play.result(90, "p1", data="pulse", effective="2026-01-03 09:00")
    play.result(7.0, "r1", effective="2026-01-02 09:00")
    play.result(5.0, "r2", effective="2026-01-04 10:00")
    play.result(3.0, "r3")
    assert play.why == [f"low {why}"]


def test_a_bounded_value_in_a_window_has_no_mean() -> None:
    """A mean over a value that is only bounded cannot be known."""
    play = Player('t: {safety: no, when: {observed: glucose, if: "mean(glucose, 7d) < 9.0"}, steps: [{wait: 1d}]}')
    play.result(3.0, "r1", comparator="<")
    assert play.why == ["t unknown"]
    play.result(5.0, "r2")
    assert play.why == ["t unknown"]


def test_a_stale_value_that_is_still_true_stays_with_its_review() -> None:
    """A later version of a value that is being reviewed shows on the same review."""
    play = Player(SAFETY)
    play.result(3.0, "r1", effective="2026-01-01 09:00")
    assert play.result(2.5, "r1", 2, "corrected", effective="2026-01-01 09:00") == ["note review-result stale flag"]
    assert play.open == ["review-result"]


def test_a_lower_bound_shows_as_it_was_printed() -> None:
    """What is known only to lie above a bound is shown with its comparator."""
    play = Player(
        't: {safety: no, when: {observed: glucose, if: "glucose > 10"}, steps: [{task: call, role: ward-nurse}]}'
    )
    play.result(None, text="HI")
    assert play.task("call").values == {"glucose": ">33.3"}


def test_another_value_does_not_bring_back_one_that_was_excluded() -> None:
    """What was decided on a value stays decided when a value comes that does not bear on it."""
    play = Player(ASKED, facts=replace(FACTS, inpatient=True))
    play.result(3.0, "r1")
    play.facts = FACTS
    play.after("1h")
    assert play.result(6.0, "r2") == []
    assert play.result(7.0, "r2", 2, "corrected") == []
