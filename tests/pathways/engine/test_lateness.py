"""Lateness is declared per step: run, skip, collapse or ask."""

import pytest

from tests.pathways.engine.build import Player, at

STEPS = {
    "send": "send: n",
    "urgent-send": "send: n, urgent: yes",
    "notify": "notify: head-nurse, message: n",
    "task": "task: call, role: ward-nurse, due: 1d, ladder: routine",
}


@pytest.mark.parametrize(
    ("step", "late", "hours", "brought"),
    [
        ("send", "", 2, ["send n"]),
        ("send", "", 3, []),
        ("send", ", late: run", 3, ["send n"]),
        ("send", ", late_after: 4h", 3, ["send n"]),
        ("urgent-send", "", 3, ["send n"]),
        ("urgent-send", ", late: skip", 3, []),
        ("notify", "", 3, ["notify head-nurse n"]),
        ("task", "", 3, ["open call"]),
        ("task", ", late: skip", 2, ["open call"]),
        ("task", ", late: skip", 3, []),
        ("task", ", late: collapse", 3, ["open call"]),
        ("task", ", late: skip, late_after: 4h", 3, ["open call"]),
        ("task", ", late: ask", 3, ["open decide-late"]),
    ],
)
def test_what_becomes_of_a_step_that_is_served_late(step: str, late: str, hours: int, brought: list[str]) -> None:
    """Messages skip unless urgent, work is done, two hours late are not late, and the step may say otherwise."""
    play = Player(f"t: {{when: {{at: enrolled + 1d}}, steps: [{{{STEPS[step]}{late}}}]}}")
    assert play.outage(f"2026-01-06 {9 + hours:02}:00") == brought
    if not brought:
        assert play.why[-1].startswith("t too-late")


def test_a_planned_task_that_is_served_late_is_due_from_its_opening() -> None:
    """What was planned and is served late counts from the opening, so nobody is late before they could begin."""
    play = Player(f"t: {{when: {{at: enrolled + 1d}}, steps: [{{{STEPS['task']}}}]}}")
    play.outage("2026-01-08 12:00")
    assert play.due("call") == "2026-01-09 12:00"


def test_a_task_that_an_event_caused_is_due_from_its_receipt() -> None:
    """A task that an event caused counts from the event's receipt, however late it is served."""
    play = Player(
        'low: {safety: yes, when: {observed: glucose, if: "glucose <= low"}, '
        "steps: [{task: call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]}"
    )
    play.now = at("2026-01-05 12:00")
    assert play.result(3.0, received="2026-01-05 09:00") == [
        "open call",
        "escalate call head-nurse",
        "escalate call attending-doctor last",
        "notify attending-doctor page",
        "alarm last-rung",
    ]
    assert play.due("call") == "2026-01-05 09:30"


@pytest.mark.parametrize(
    ("outcome", "brought"),
    [("run", ["open call"]), ("skip", []), ("not-needed", []), ("not-possible", [])],
)
def test_a_person_decides_whether_a_late_step_is_done(outcome: str, brought: list[str]) -> None:
    """`late: ask` waits for a person: `run` does the step, every other end skips it, and the track goes on."""
    play = Player(
        "t: {when: {at: enrolled + 1d}, "
        f"steps: [{{{STEPS['task']}, late: ask}}, {{notify: head-nurse, message: m}}]}}"
    )
    assert play.outage("2026-01-08 12:00") == ["open decide-late"]
    assert play.outage("2026-01-08 13:00") == []
    after = [] if brought else ["notify head-nurse m"]
    assert play.complete("decide-late", outcome) == [
        "close decide-late done".replace("done", _end(outcome)),
        *brought,
        *after,
    ]


def _end(outcome: str) -> str:
    return outcome if outcome.startswith("not-") else "done"


def test_a_question_about_lateness_that_its_cause_left_is_cancelled() -> None:
    """A stopped track takes the question whether its step is still to be done with it."""
    play = Player(f"t: {{when: {{at: enrolled + 1d}}, steps: [{{{STEPS['task']}, late: ask}}]}}")
    play.outage("2026-01-08 12:00")
    assert play.stop("t") == ["close decide-late cancelled stopped"]


@pytest.mark.parametrize(
    ("late", "brought", "codes"),
    [
        ("", ["open call"], ["collapsed", "collapsed", "started"]),
        (", late: skip", [], ["too-late", "too-late", "too-late"]),
        (", late: run", ["open call", "open call", "open call"], ["started", "started", "started"]),
        (", late: ask", ["open decide-late"], ["collapsed", "collapsed", "started"]),
    ],
)
def test_a_series_that_was_missed_collapses(late: str, brought: list[str], codes: list[str]) -> None:
    """Of the occurrences that came due during an outage the last is done alone, unless the step says otherwise."""
    play = Player(
        "t: {when: {every: 1d, from: enrolled}, while_running: parallel, "
        f"steps: [{{task: call, role: ward-nurse{late}}}]}}"
    )
    assert play.outage("2026-01-08 12:00") == brought
    assert [why.split()[1] for why in play.why if len(why.split()) == 2] == codes


def test_a_series_that_is_served_in_time_is_not_collapsed() -> None:
    """An occurrence that is served within two hours starts although a later one has begun."""
    play = Player(
        "t: {when: {every: 1h, from: enrolled}, while_running: parallel, steps: [{task: call, role: ward-nurse}]}"
    )
    assert play.outage("2026-01-05 11:00") == ["open call", "open call"]


def test_a_deferred_message_that_was_served_late_is_skipped() -> None:
    """A message that waited for the morning is skipped where the morning was missed, and its activation ends."""
    play = Player("t: {when: {event: fell}, steps: [{send: n}]}")
    play.until("2026-01-05 22:00")
    play.happen("fell")
    assert play.outage("2026-01-06 12:00") == []
    assert play.why == ["t too-late n"]
    assert play.wakeup is None


def test_a_reminder_that_was_served_late_is_left_out() -> None:
    """Reminders that an outage overtook are not sent together afterwards; the form still expires."""
    play = Player("t: {when: {event: fell}, steps: [{ask: f, message: n, remind: [1d, 2d], expires: 4d}]}")
    play.happen("fell")
    assert play.outage("2026-01-07 15:00") == []
    assert play.why == ["t too-late f", "t too-late f"]
    assert play.until("2026-01-09 09:00") == ["close f missed"]


def test_a_late_start_by_an_effect_follows_the_same_policy() -> None:
    """What follows a wait that ended during an outage is late as well."""
    play = Player("t: {when: {event: fell}, steps: [{wait: 1d}, {send: n}, {task: call, role: ward-nurse}]}")
    play.happen("fell")
    assert play.outage("2026-01-07 09:00") == ["open call"]
    assert play.why == ["t too-late n"]


def test_a_message_kept_for_the_morning_is_late_by_its_own_measure() -> None:
    """What quiet hours deferred and an outage delayed is left out only where it is later than its step allows."""
    for after, brought in (("", []), (", late_after: 12h", ["send n"])):
        play = Player(f"t: {{when: {{event: fell}}, steps: [{{send: n{after}}}]}}")
        play.until("2026-01-05 22:00")
        play.happen("fell")
        assert play.outage("2026-01-06 11:00") == brought
