"""Which files are scenarios, and what is said of those that are not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pathways.engine.events import AnchorSet, FormAnswered, Happened, ParameterSet, ResultReceived
from pathways.proof.calendars import CALENDARS
from tests.pathways.proof.plays import HEAD, of_lines, problems, read

LINES = {
    "{}": "7:5: a line that does nothing; expected 'on', 'after', a thing that happens or 'then'",
    "then: {}": "7:11: a 'then' that looks at nothing; expected something that must be so",
    "then:": "7:5: 'then' is nothing; expected a value behind it",
    "{on: day 1 09:00, then: {open: nothing}}": "7:5: a 'then' beside something else; expected it in a line of its own",
    "{pause: yes, resume: yes}": "7:5: 'pause' and 'resume' in one line; expected one thing in a line",
    "{pause: no}": "7:13: 'pause' is no; expected yes",
    "{after: 1h, outcome: lost}": "7:17: 'outcome' without 'complete' or 'call'; expected 'complete' or 'call'",
    "{after: 1h, data: {a: 1}}": "7:17: 'data' without 'call' or 'happened'; expected 'call' or",
    "{after: 1h, code: excluded}": "7:17: 'code' without 'refuse'; expected 'refuse' beside it",
    "{call: book-ride}": "7:6: 'call' without 'outcome'; expected 'outcome' beside it",
    "{call: book-rides, outcome: failed}": "7:12: there is no call 'book-rides'; did you mean 'book-ride'?",
    "{call: book-ride, outcome: lost}": "7:32: there is no outcome of a call 'lost'",
    "{refuse: knee-schools}": "7:14: there is no enrolment on 'knee-schools'; did you",
    "then: {tags: [at-risk]}": "7:19: there is no tag 'at-risk'; did you mean 'at_risk'?",
    "then: {anchor: {surgary: none}}": "7:21: there is no anchor 'surgary'; did you mean 'surgery'?",
    "then: {anchor: {surgery: noon}}": "7:30: 'noon' is not a time of the play; write 'day N HH:MM' or 'none'",
    "then: {called: book-rides}": "7:20: there is no call 'book-rides'; did you mean 'book-ride'?",
    "then: {not_called: book-rides}": "7:24: there is no call 'book-rides'; did you mean 'book-ride'?",
    "then: {enrolled: knee-schools}": "7:22: there is no enrolment on 'knee-schools'; did you",
    "{claim: call, at: day 1 09:00}": "7:19: 'at' without 'complete' or 'happened'; expected",
    "{happened: wound-opened, at: noon}": "7:34: 'noon' is not a time of the play; write 'day N HH:MM'",
    "{after: 1h, version: 2}": "7:17: 'version' without 'answer'; expected 'answer' beside it",
    "{anchor: surgery}": "7:6: 'anchor' without 'to'; expected 'to' beside it",
    "{anchor: surgary, to: none}": "7:14: there is no anchor 'surgary'; did you mean 'surgery'?",
    "{anchor: surgery, to: noon}": "7:27: 'noon' is not a time of the play; write 'day N HH:MM'",
    "{parameter: own}": "7:6: 'parameter' without 'to'; expected 'to' beside it",
    "{parameter: won, to: 7}": "7:17: there is no parameter 'won'; did you mean 'own'?",
    "{parameter: own, to: seven}": "7:26: 'seven' is no value; expected a number, a list of times or 'none'",
    "{on: day 1 09:00, to: 7}": "7:23: 'to' without 'anchor' or 'parameter'; expected",
    "{complete: call}": "7:6: 'complete' without 'outcome'; expected 'outcome' beside it",
    "{attempt: call}": "7:6: 'attempt' without 'result'; expected 'result' beside it",
    "{claim: call, again: day 1 09:00}": "7:19: 'again' without 'attempt'; expected 'attempt' beside it",
    "{continue: }": "7:6: 'continue' is nothing; expected a value behind it",
    "{continue: cal}": "7:16: there is no task 'cal'; did you mean 'call'?",
    "{visit: x-ray}": "7:6: 'visit' without 'state'; expected 'state' beside it",
    "{visit: x-rax, state: kept}": "7:13: there is no visit 'x-rax'; did you mean 'x-ray'?",
    "{on: day 1 09:00, after: 1h}": "7:5: 'on' and 'after' in one line; expected one of them",
    "{on: day -1 09:00}": "7:10: 'day -1 09:00' is before the line above; expected day 0 09:00 or later",
    "{on: noon}": "7:10: 'noon' is not a time of the play; write 'day N HH:MM'",
    "{on: day 99999 09:00, pause: yes}": "",
    "{after: 1 month}": "7:13: the clock cannot move by '1 month'; expected seconds to weeks",
    "{after: soon}": "7:13: 'soon' is not a duration; write a whole number and a unit, such as",
    "{claim: cal}": "7:13: there is no task 'cal'; did you mean 'call'?",
    "{answer: wound}": "7:14: there is no form 'wound'; did you mean 'wound-form'?",
    "{happened: wound-open}": "7:16: there is no event 'wound-open'; did you mean 'wound-opened'?",
    "{start: wund}": "7:13: there is no track 'wund'; did you mean 'wound'?",
    "{stop: wund}": "7:12: there is no track 'wund'; did you mean 'wound'?",
    "{clam: call}": "7:6: unknown key 'clam'; did you mean 'claim'?",
    "{observe: {glucos: 3 mmol/L}}": "7:16: 'glucos' is none of the pathway's data; did you mean 'glucose'?",
    "{observe: {as: one}}": "7:15: a result of none; expected one of the pathway's data in each result",
    "{observe: {glucose: LO, hba1c: 7 %, version: 2}}": "7:41: 'version' of several results; expected it in a line of",
    "{observe: {glucose: LO, code: 59261-8, hba1c: 7 %}}": "7:29: 'code' of several results; expected it in a line of",
    "{observe: {glucose: LO, status: finale}}": "7:29: 'status' cannot be 'finale'; did you mean 'final'?",
    "{observe: {glucose: LO, from: home}}": "7:29: 'from' cannot be 'home'; expected one of: device",
    "{observe: {glucose: LO, code: 2345}}": "7:29: 'code' is 2345; expected a text",
    "{observe: {glucose: LO, as: true}}": "7:29: 'as' is true; expected a text",
    "{observe: {glucose: LO, version: 0}}": "7:29: 'version' is 0; expected a whole number from 1",
    "{observe: {glucose: LO, version: new}}": "7:29: 'version' is new; expected a whole number from 1",
    "{observe: {glucose: LO, effective: noon}}": "7:29: 'noon' is not a time of the play; write 'day N HH:MM'",
    "fact: {}": "7:11: a 'fact' that says nothing; expected something that is so now",
    "fact: {inpatint: yes}": "7:12: unknown key 'inpatint'; did you mean 'inpatient'?",
    "fact: {inpatient: }": "7:12: 'inpatient' is nothing; expected a value behind it",
    "then: {tsk: call}": "7:12: unknown key 'tsk'; did you mean 'task'?",
    "then: {task: null}": "7:12: 'task' is nothing; expected a value behind it",
    "then: {role: head-nurse}": "7:12: 'role' without a task; expected 'task' beside it",
    "then: {task: cal}": "7:18: there is no task 'cal'; did you mean 'call'?",
    "then: {task: call, role: head}": "7:30: there is no role 'head'; expected one of: attending-doctor",
    "then: {task: call, escalated_to: noone}": "7:38: there is no role 'noone'; expected one of: attending-doctor",
    "then: {task: call, due: noon}": "7:29: 'noon' is not a time of the play; write 'day N HH:MM' or 'never'",
    "then: {open: [cal]}": "7:19: there is no task 'cal'; did you mean 'call'?",
    "then: {open: cal}": "7:18: 'open' is 'cal'; expected 'nothing' or a list, such as [cal]",
    "then: {waiting: wound}": "7:21: there is no form 'wound'; did you mean 'wound-form'?",
    "then: {visit: {x-rax: done}}": "7:20: there is no visit 'x-rax'; did you mean 'x-ray'?",
    "then: {visit: {x-ray: kept}}": "7:27: there is no state of a visit 'kept'; expected one of: cancelled",
    "then: {closed: {cal: done}}": "7:21: there is no task 'cal'; did you mean 'call'?",
    "then: {closed: {call: reech}}": "7:27: there is no end of call 'reech'; did you mean 'reached'?",
    "then: {reason: {wund: started}}": "7:21: there is no track 'wund'; did you mean 'wound'?",
    "then: {reason: {wound: startd}}": "7:28: 'wound' cannot be 'startd'; expected 'started', 'false'",
    "then: {sent: advise}": "7:18: there is no message 'advise'; did you mean 'advice'?",
    "then: {not_sent: [advise]}": "7:22: there is no message 'advise'; did you mean 'advice'?",
    "then: {notified: notes}": "7:22: there is no message to staff 'notes'; did you mean 'note'?",
    "then: {alarm: first-rung}": "7:19: 'alarm' cannot be 'first-rung'; expected 'none', 'last-rung'",
}


@pytest.mark.parametrize("line", LINES)
def test_what_is_wrong_with_a_line_is_told_at_its_place(line: str) -> None:
    """A lead reads what is wrong and what to write instead, with the nearest name."""
    said = problems(of_lines(line))
    expected = LINES[line]
    assert [one.startswith(f"knee.yaml:{expected}") for one in said] == ([True] if expected else []), said


HEADS = {
    ("pathway: knee", "pathway: hip"): "2:10: this is a scenario of 'hip'; expected one of 'knee'",
    ("scenario: a rule\n", ""): "1:1: 'scenario' is missing; expected it here",
    ('born: "1961-03-02"', 'born: "1961-13-02"'): "3:17: '1961-13-02' is not a date; write 'YYYY-MM-DD'",
    ("sex: female", "sex: femal"): "3:36: 'sex' cannot be 'femal'; expected 'female', 'male'",
    ("sex: female", "zone: Asia/Beijing"): "3:37: 'Asia/Beijing' is not a time zone; write an IANA name",
    (
        'enrolled: "2026-01-05 09:00"',
        "enrolled: today",
    ): "4:11: 'today' is not a date and time; write 'YYYY-MM-DD HH:MM'",
    ("anchors: {surgery", "anchors: {surgary"): "5:11: there is no anchor 'surgary'; did you mean 'surgery'?",
    ("2026-01-06 08:00", "tomorrow"): "5:20: 'tomorrow' is not a date and time; write 'YYYY-MM-DD HH:MM'",
    ("play:", "parameters: {low: 3.5}\nplay:"): "6:14: there is no parameter of the patient's own 'low'; did you mean",
    ("play:", "parameters: {own: 9}\nplay:"): "6:19: 'own' is 9; expected 6 to 8",
    ("play:", "parameters: {own: ['08:00']}\nplay:"): "6:19: 'own' is not that; expected a number",
    ("play:", "parameters: {doses: 8}\nplay:"): "6:21: 'doses' is not that; expected times of day, such as ['08:00']",
    ("play:", "parameters: {doses: ['8']}\nplay:"): "6:22: '8' is not a time of day; write 'HH:MM'",
    ("play:", "calendar: china\nplay:"): "6:11: 'calendar' cannot be 'china'; expected 'china-2026' or 'weekends'",
    ("play:", "pay:"): "6:1: unknown key 'pay'; did you mean 'play'?",
    ("scenario: a rule", "scenario: ["): "3:8: this is not YAML",
}


@pytest.mark.parametrize("change", HEADS, ids=lambda change: change[1])
def test_what_is_wrong_with_the_head_is_told_at_its_place(change: tuple[str, str]) -> None:
    """The head is checked like the lines."""
    said = problems(of_lines("{pause: yes}").replace(*change))
    assert any(one.startswith(f"knee.yaml:{HEADS[change]}") for one in said), said


def test_a_required_anchor_must_be_there() -> None:
    """A journey cannot begin without it."""
    said = problems(of_lines("{pause: yes}").replace('anchors: {surgery: "2026-01-06 08:00"}\n', ""))
    assert said == ["knee.yaml:1:1: the anchor 'surgery' is missing; expected it under 'anchors'"]


def test_every_problem_of_a_file_is_told() -> None:
    """One reading is enough to correct a file."""
    assert len(problems(of_lines("{claim: cal}", "then: {open: [cal], sent: advise}", "{on: noon}"))) == 4


def test_the_head_has_its_defaults() -> None:
    """What a file leaves out is what the format says."""
    scenario = read(of_lines("{pause: yes}"))
    assert scenario.patient.zone == "Asia/Shanghai"
    assert scenario.enrolled == datetime(2026, 1, 5, 1, tzinfo=UTC)
    assert scenario.anchors["surgery"] == datetime(2026, 1, 6, tzinfo=UTC)
    assert scenario.facts.consent is True
    assert scenario.facts.calendar == CALENDARS["china-2026"]
    assert scenario.parameters == {}


def test_a_list_of_times_is_the_patients_own() -> None:
    """It is taken over as it is written."""
    told = of_lines("{pause: yes}").replace("play:", "parameters: {doses: ['05:00', '20:00']}\nplay:")
    assert read(told).parameters == {"doses": ("05:00", "20:00")}


def test_the_head_may_say_more() -> None:
    """What a file states is taken as it stands; anchors may count in days."""
    more = "parameters: {own: 6.5}\nconsent: no\ncalendar: weekends\nplay:"
    text = of_lines("{pause: yes}").replace("play:", more).replace('"2026-01-06 08:00"', "day 2 08:00")
    scenario = read(text)
    assert scenario.anchors["surgery"] == datetime(2026, 1, 7, tzinfo=UTC)
    assert scenario.facts.consent is False
    assert scenario.facts.calendar == CALENDARS["weekends"]
    assert scenario.parameters == {"own": 6.5}


RESULTS: dict[str, dict[str, Any]] = {
    "glucose: 2.8 mmol/L": {"value": 2.8, "unit": "mmol/L", "comparator": None, "text": None, "code": "2345-7"},
    "glucose: <1.1 mmol/L": {"value": 1.1, "unit": "mmol/L", "comparator": "<"},
    "glucose: 70mg/dL": {"value": 70.0, "unit": "mg/dL"},
    "glucose: LO": {"value": None, "unit": None, "text": "LO"},
    "glucose: about 3 or so": {"value": None, "unit": None, "text": "about 3 or so"},
    "glucose: 3": {"value": None, "unit": None, "text": "3"},
    "glucose: true": {"value": None, "unit": None, "text": "true"},
    "glucose: 3 g/L": {"value": 3.0, "unit": "g/L", "code": "2345-7"},
    "hba1c: 53 mmol/mol": {"value": 53.0, "code": "59261-8"},
    'hba1c: "7 %"': {"value": 7.0, "unit": "%", "code": "4548-4"},
    'hba1c: "7 %", code: 59261-8': {"code": "59261-8"},
    "glucose: LO, status: preliminary, from: patient": {"status": "preliminary", "origin": "patient"},
    "glucose: LO, effective: day -1 08:00": {"effective": datetime(2026, 1, 4, tzinfo=UTC)},
    "glucose: LO, version: 4": {"version": 4, "result": "line-1", "id": "line-1"},
}


@pytest.mark.parametrize("written", RESULTS)
def test_a_result_is_read_as_the_format_says(written: str) -> None:
    """What a play observes is what a laboratory or a device would send."""
    event = read(of_lines(f"{{observe: {{{written}}}}}")).play[0].does
    assert isinstance(event, ResultReceived)
    assert {key: getattr(event, key) for key in RESULTS[written]} == RESULTS[written]


def test_several_results_in_one_line_are_a_panel() -> None:
    """Each is a result of its own name; what is said beside them is said of each; a later line may revise one."""
    play = of_lines(
        "{on: day 1 10:00, observe: {glucose: LO, hba1c: 7 %, as: bp, from: patient, effective: day 0 10:00}}",
        "{after: 1h, observe: {hba1c: 8 %, as: bp/hba1c}}",
        "{observe: {glucose: LO, hba1c: 7 %}}",
    )
    events = [line.does for line in read(play).play]
    assert [(e.id, e.result, e.version, e.panel, e.origin) for e in events if isinstance(e, ResultReceived)] == [
        ("line-1/glucose", "bp/glucose", 1, "bp", "patient"),
        ("line-1/hba1c", "bp/hba1c", 1, "bp", "patient"),
        ("line-2", "bp/hba1c", 2, None, "device"),
        ("line-3/glucose", "line-3/glucose", 1, "line-3", "device"),
        ("line-3/hba1c", "line-3/hba1c", 1, "line-3", "device"),
    ]


def test_later_versions_lean_on_earlier_ones() -> None:
    """A version counts on, and keeps the time at which the result was taken unless another is said."""
    lines = ("", "", ", version: 2", ", effective: day 1 09:00")
    play = of_lines(*(f"{{after: 1h, observe: {{glucose: LO, as: one{more}}}}}" for more in lines))
    events = [line.does for line in read(play).play]
    first = datetime(2026, 1, 5, 2, tzinfo=UTC)
    assert [(e.result, e.version, e.effective) for e in events if isinstance(e, ResultReceived)] == [
        ("one", 1, first),
        ("one", 2, first),
        ("one", 2, first),
        ("one", 3, datetime(2026, 1, 6, 1, tzinfo=UTC)),
    ]


def test_the_clock_of_a_play_moves_with_its_lines() -> None:
    """`on` is a wall-clock time of the patient, `after` a span."""
    scenario = read(of_lines("{on: day 1 10:00:05}", "{after: 55s}", "{after: 1d}", "then: {open: nothing}"))
    assert [scenario.days.written(line.at) for line in scenario.play] == [
        "day 1 10:00:05",
        "day 1 10:01",
        "day 2 10:01",
        "day 2 10:01",
    ]
    assert [line.number for line in scenario.play] == [7, 8, 9, 10]


@pytest.mark.parametrize(
    "text", ["", "- a", "play", HEAD, HEAD + "play: []", HEAD + "play: [{observe: {glucose: null}}]"]
)
def test_what_is_no_scenario_is_a_problem_and_never_a_traceback(text: str) -> None:
    """Whatever the file holds, the reader says what is wrong."""
    assert problems(text)


def test_answers_with_an_id_may_be_corrected() -> None:
    """The same id again is the next version, unless the line says which; answers without one are their own."""
    play = of_lines(
        "{answer: wound-form}",
        "{answer: wound-form, id: one}",
        "{answer: wound-form, id: one, withdrawn: yes}",
        "{answer: wound-form, id: one, version: 5}",
    )
    events = [line.does for line in read(play).play]
    assert [(e.answers, e.version, e.withdrawn) for e in events if isinstance(e, FormAnswered)] == [
        ("line-1", 1, False),
        ("one", 1, False),
        ("one", 2, True),
        ("one", 5, False),
    ]


def test_an_event_tells_what_and_when() -> None:
    """What another system sends beside the name is what the line says."""
    play = of_lines("{on: day 2 09:00, happened: wound-opened, at: day 1 08:00, data: {length: 3, deep: true}}")
    (line,) = read(play).play
    assert isinstance(line.does, Happened)
    assert line.does.at == datetime(2026, 1, 6, tzinfo=UTC)
    assert line.does.data == {"length": 3.0, "deep": True}


def test_an_anchor_is_set_planned_or_taken_back() -> None:
    """A person says the date, that it is a plan, or that it is not known."""
    lines = ("to: day 2 08:00", "to: day 3 08:00, tentative: yes", "to: none")
    events = [line.does for line in read(of_lines(*(f"{{anchor: surgery, {more}}}" for more in lines))).play]
    assert [(e.anchor, e.at, e.tentative) for e in events if isinstance(e, AnchorSet)] == [
        ("surgery", datetime(2026, 1, 7, tzinfo=UTC), False),
        ("surgery", datetime(2026, 1, 8, tzinfo=UTC), True),
        ("surgery", None, False),
    ]


def test_a_parameter_is_set_for_the_patient() -> None:
    """A number, times of day, or the pathway's again."""
    lines = ("to: 6.5", 'to: ["08:00", "20:00"]', "to: none")
    events = [line.does for line in read(of_lines(*(f"{{parameter: own, {more}}}" for more in lines))).play]
    assert [e.value for e in events if isinstance(e, ParameterSet)] == [6.5, ("08:00", "20:00"), None]
