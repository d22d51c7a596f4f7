"""What a play does, and what a `then` finds."""

from datetime import datetime

import pytest

from pathways.engine.events import Enrolled, Tick
from pathways.proof import rehearse as rehearsing
from pathways.proof.rehearse import rehearse
from tests.pathways.proof.plays import knee, of_lines, read

LOW = "{on: day 1 10:00, observe: {glucose: 3.0 mmol/L, as: one, from: laboratory}}"


def failures(*lines: str) -> list[str]:
    found = rehearse(knee(), read(of_lines(*lines))).failures
    return [str(failure) for failure in found]


MET = {
    "a task with all that can be said of it": (
        LOW,
        "then: {task: call, role: diabetes-nurse, due: day 1 10:30, urgent: yes, escalated_to: nobody, flagged: no}",
        "then: {open: [call], alarm: none, not_sent: anything}",
    ),
    "what happened counts since the previous look": (
        LOW,
        "then: {sent: advice, not_sent: visit-reminder, reason: {low-glucose: started}}",
        "then: {not_sent: [advice, visit-reminder]}",
    ),
    "what is due exactly at the new time is served": (
        LOW,
        "{after: 30m}",
        "then: {escalated_to: head-nurse, task: call}",
    ),
    "a message to staff": (
        "{start: tell}",
        "then: {notified: note, not_sent: anything}",
    ),
    "attempts that leave a task as it is": (
        "{happened: at-home}",
        "{attempt: ring, result: no-answer}",
        "{attempt: ring, result: call-back, again: day 1 16:00}",
        "then: {task: ring, due: day 0 13:00, department: nobody, person: nobody}",
    ),
    "a task that waits": (
        "{happened: at-home}",
        "{on: day 0 10:00, suspend: ring, until: day 1 09:00}",
        "then: {task: ring, due: day 1 12:00}",
        "{on: day 1 09:00}",
        "{suspend: ring}",
        "{on: day 2 09:00, continue: ring}",
        "then: {task: ring, due: day 2 12:00}",
    ),
    "a parameter of the patient's own": (
        "{parameter: own, to: 8}",
        "{observe: {hba1c: 7.5 %}}",
        "then: {open: nothing}",
        "{parameter: own, to: none}",
        "{observe: {hba1c: 7.5 %}}",
        "then: {open: [review]}",
    ),
    "a task of a department and of a person": (
        "{fact: {department: surgery, team: {surgeon: s1}}}",
        "{happened: at-home}",
        "then: {task: ring, department: surgery, person: s1}",
        "{on: day 15 09:00}",
        "{visit: x-ray, state: kept, department: imaging}",
        "{happened: seen}",
        "then: {task: letter, department: imaging, person: nobody}",
    ),
    "a purpose that the patient leaves": (
        "{happened: asked}",
        "{withdraw: marketing}",
        "then: {closed: {interview: cancelled}, ended: nothing}",
    ),
    "a claim and a release": (
        LOW,
        "{claim: call}",
        "{after: 1m, release: call}",
        "{after: 1m, complete: call, outcome: lost, at: day 1 10:01}",
        "then: {open: nothing, closed: {call: lost}}",
    ),
    "a task may be closed as its outcome or its end": (
        LOW,
        "{complete: call, outcome: reached}",
        "then: {closed: {call: done}}",
        "then: {closed: {call: reached}}",
    ),
    "a correction flags the task of a nurse who began": (
        LOW,
        "{claim: call}",
        "{after: 5m, observe: {glucose: 6.0 mmol/L, as: one, from: laboratory, status: corrected}}",
        "then: {task: call, flagged: yes, open: [call, correct-message]}",
    ),
    "a call is answered": (
        "{happened: ride-needed}",
        "then: {called: book-ride, not_called: cancel-ride, enrolled: []}",
        "{call: book-ride, outcome: answered, data: {ride: r1}}",
        "then: {open: [tell-patient], not_called: anything}",
        "{stop: transport}",
        "then: {called: [cancel-ride], not_called: book-ride, open: nothing}",
        "{call: cancel-ride, outcome: failed}",
        "then: {open: [undo-by-hand]}",
    ),
    "a call fails": (
        "{happened: ride-needed}",
        "{call: book-ride, outcome: failed}",
        "then: {open: [find-ride], reason: {transport: failed}}",
    ),
    "another pathway does not take the patient": (
        "{happened: walks}",
        "then: {enrolled: knee-school}",
        "{refuse: knee-school, code: not-eligible}",
        "then: {task: enrol-by-hand}",
    ),
    "nobody is on duty": (
        LOW,
        "{unattended: call}",
        "then: {task: call, escalated_to: head-nurse}",
        "{unattended: call}",
        "{unattended: call}",
        "then: {task: call, escalated_to: attending-doctor, alarm: last-rung}",
    ),
    "tags and anchors as they stand": (
        "then: {tags: [], anchor: {discharge: none, surgery: day 1 08:00}}",
        "{on: day 2 10:00, happened: discharged}",
        "then: {tags: [at_risk], anchor: {discharge: day 2 10:00}}",
    ),
    "answers, with items and without": (
        "{happened: wound-opened}",
        "then: {waiting: wound-form, sent: [wound-question]}",
        "{after: 1h, answer: wound-form, items: {pain: true}}",
        "then: {waiting: nothing, open: [read-answers]}",
        "{happened: wound-opened}",
        "{after: 1h, answer: wound-form}",
        "then: {waiting: nothing}",
    ),
    "a visit is planned, reported and done": (
        "{on: day 14 09:00}",
        "then: {visit: {x-ray: planned}, sent: visit-reminder}",
        "{visit: x-ray, state: booked}",
        "{visit: x-ray, state: cancelled}",
        "{after: 1d, visit: x-ray, state: kept}",
        "then: {visit: {x-ray: done}}",
    ),
    "a track is started and stopped": (
        "{start: by-hand}",
        "then: {task: open-end, due: never, role: diabetes-nurse}",
        "{stop: by-hand}",
        "then: {open: nothing, closed: {open-end: cancelled}}",
        "{start: tell}",
        "then: {open: nothing, not_sent: anything}",
    ),
    "a pause and a withdrawal": (
        "{pause: yes}",
        "{after: 1d, resume: yes}",
        "{withdraw: yes}",
        "then: {ended: withdrawn}",
    ),
    "a death": (LOW, "{die: yes}", "then: {ended: died, open: nothing}"),
    "a death on the wrong patient": (
        LOW,
        "{die: yes}",
        "then: {ended: died}",
        "{after: 1h, reinstate: yes}",
        "then: {ended: nothing, open: [call, review-return]}",
    ),
    "a patient who is lost": (LOW, "{leave: lost}", "then: {ended: lost, open: [call]}"),
    "a journey that was entered in error": (
        LOW,
        "{claim: call}",
        "{leave: entered-in-error}",
        "then: {ended: entered-in-error, open: [call, correct-message]}",
    ),
    "the last task of a name is meant": (
        "{start: by-hand}",
        "{complete: open-end, outcome: not-needed}",
        "{start: by-hand}",
        "{complete: open-end, outcome: done}",
        "then: {closed: {open-end: done}, open: nothing}",
    ),
}

UNMET = {
    "then: {tags: [at_risk]}": "tags at_risk, got nothing",
    "then: {anchor: {discharge: day 2 10:00}}": "anchor discharge day 2 10:00, got none",
    "then: {task: review}": "task review open, got open call",
    "then: {task: call, role: head-nurse}": "call of role head-nurse, got diabetes-nurse",
    "then: {task: call, department: surgery}": "call of surgery, got nobody",
    "then: {task: call, person: s1}": "call for s1, got nobody",
    "{attempt: call, result: no-answer}": "it to be accepted, got refused, no-attempts",
    "{suspend: call}": "it to be accepted, got refused, not-suspendable",
    "{continue: call}": "it to be accepted, got refused, not-suspended",
    "then: {task: call, due: day 1 10:31}": "call due day 1 10:31, got day 1 10:30",
    "then: {task: call, due: never}": "call due never, got day 1 10:30",
    "then: {task: call, urgent: no}": "call urgent no, got yes",
    "then: {task: call, escalated_to: head-nurse}": "call escalated to head-nurse, got nobody",
    "then: {task: call, flagged: yes}": "call flagged yes, got no",
    "then: {open: nothing}": "open nothing, got call",
    "then: {open: [call, call]}": "open call, call, got call",
    "then: {closed: {call: reached}}": "call closed as reached, got none closed",
    "then: {visit: {x-ray: planned}}": "visit x-ray planned, got none booked",
    "then: {waiting: wound-form}": "waiting wound-form, got nothing",
    "then: {ended: died}": "ended died, got not ended",
    "then: {sent: visit-reminder}": "sent visit-reminder, got advice",
    "then: {not_sent: [advice]}": "not sent advice, got advice",
    "then: {not_sent: anything}": "not sent anything, got advice",
    "then: {reason: {low-glucose: capped}}": "reason low-glucose: capped, got started",
    "then: {alarm: last-rung}": "alarm last-rung, got nothing",
    "then: {called: book-ride}": "called book-ride, got nothing",
    "then: {enrolled: knee-school}": "enrolled knee-school, got nothing",
    "{call: book-ride, outcome: failed}": "a call book-ride to be answered, got none made",
    "{refuse: knee-school}": "an enrolment on knee-school to be refused, got none asked for",
    "{claim: review}": "an open task review to claim, got open call",
    "{complete: call, outcome: treated}": "it to be accepted, got refused, unknown-outcome",
    "{resume: yes}": "it to be accepted, got refused, not-paused",
}


@pytest.mark.parametrize("lines", MET.values(), ids=MET)
def test_what_is_so_is_met(lines: tuple[str, ...]) -> None:
    """A play whose lines hold has no failure."""
    assert failures(*lines) == []


@pytest.mark.parametrize("line", UNMET)
def test_what_is_not_so_fails_its_line(line: str) -> None:
    """A line that does not hold says where, what was expected and what is so."""
    assert failures(LOW, line) == [f"knee.yaml:8: expected {UNMET[line]}"]


@pytest.mark.parametrize(
    ("lines", "failure"),
    [
        (("{complete: call, outcome: lost}", "then: {closed: {call: reached}}"), "call closed as reached, got lost"),
        (("{die: yes}", "then: {closed: {call: done}}"), "call closed as done, got cancelled"),
        (("{after: 2h}", "then: {alarm: none}"), "alarm none, got last-rung"),
        (("{happened: wound-opened}", "then: {waiting: nothing}"), "waiting nothing, got wound-form"),
        (("{happened: ride-needed}", "then: {not_called: book-ride}"), "not called book-ride, got book-ride"),
        (("{happened: ride-needed}", "then: {not_called: anything}"), "not called anything, got book-ride"),
        (("{complete: call, outcome: lost}", "{claim: call}"), "an open task call to claim, got open nothing"),
    ],
)
def test_what_is_no_longer_so_fails_its_line(lines: tuple[str, ...], failure: str) -> None:
    """What another line brought about counts."""
    assert failures(LOW, *lines) == [f"knee.yaml:9: expected {failure}"]


def test_a_failure_gives_the_reasons_since_the_previous_look() -> None:
    """Who reads failures sees why the engine did what it did: once, also where a line fails in several ways."""
    lines = ("then: {open: nothing}", LOW, "then: {open: nothing, alarm: last-rung}")
    assert str(rehearse(knee(), read(of_lines(*lines)))) == (
        "knee.yaml:9: expected open nothing, got call\n"
        "knee.yaml:9: expected alarm last-rung, got nothing\n"
        "    day 1 10:00 low-glucose: started low=3.9 glucose=3.0 (line-2)"
    )


def test_every_line_is_played_also_after_a_failure() -> None:
    """One run tells everything that is not so."""
    rehearsal = rehearse(knee(), read(of_lines(LOW, "then: {open: nothing, alarm: last-rung}", "then: {ended: died}")))
    assert [failure.line for failure in rehearsal.failures] == [8, 8, 9]


def test_the_timeline_has_every_turn_at_its_own_time() -> None:
    """Time is not jumped over: each wake-up is a turn at its instant, before the line's own event."""
    scenario = read(of_lines(LOW, "{on: day 1 11:30, complete: call, outcome: reached}"))
    rehearsal = rehearse(knee(), scenario)
    turns = [(scenario.days.written(turn.at), type(turn.event)) for turn in rehearsal.timeline]
    assert turns[0] == ("day 0 09:00", Enrolled)
    assert ("day 1 10:30", Tick) in turns
    assert ("day 1 11:00", Tick) in turns
    assert turns[-1][0] == "day 1 11:30"
    assert rehearsal.journey.clock == rehearsal.timeline[-1].at
    assert str(rehearsal) == "knee.yaml: ok"


def test_an_engine_that_never_stops_asking_fails_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A play ends, whatever the engine does."""
    scenario = read(of_lines("{after: 1h}"))

    def always(*_: object) -> datetime:
        return scenario.enrolled

    monkeypatch.setattr(rehearsing, "next_wakeup", always)
    failed = rehearse(knee(), scenario).failures
    assert [failure.got for failure in failed] == ["turn after turn at 2026-01-05T01:00:00+00:00"]


def test_a_play_can_be_played_twice() -> None:
    """The same play gives the same turns."""
    scenario = read(of_lines(*MET["nobody is on duty"]))
    assert rehearse(knee(), scenario).timeline == rehearse(knee(), scenario).timeline
