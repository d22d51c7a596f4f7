"""A small release and plays of it."""

from functools import cache

from pathways.errors import PathwayProblems
from pathways.language.definition import Pathway
from pathways.language.documents import read_document
from pathways.language.forms import Form
from pathways.language.release import Contents, Release, make_release
from pathways.language.shapes import fit
from pathways.proof.reading import read_scenario
from pathways.proof.scenario import Scenario

PATHWAY = """\
pathway: knee
title: {zh: 膝关节, en: Knee}
owner: head-nurse
evidence: [Clinical experience]
anchors: {enrolled: {}, surgery: {}, discharge: {required: no}}
data:
  glucose: {observation: [2345-7], unit: mmol/L, plausible: [0.6, 60], text: {LO: "<1.1"}}
  hba1c: {observation: [4548-4, 59261-8], unit: "%"}
parameters:
  low: {value: 3.9, unit: mmol/L, evidence: Clinical experience, source: expert, confirmed: yes}
  own: {value: 7, unit: "%", evidence: Clinical experience, source: expert, confirmed: yes, per_patient: [6, 8]}
values: {at_risk: {type: tag}}
times:
  doses: {value: ["08:00"], evidence: Clinical experience, source: expert, confirmed: yes, per_patient: yes}
ladders:
  urgent: [{after: 30m, to: head-nurse}, {after: 1h, to: attending-doctor}]
  routine: [{after: 1 working day, to: clinical-lead}]
tracks:
  low-glucose:
    safety: yes
    when: {observed: glucose, if: "glucose <= low"}
    steps:
      - {send: advice, urgent: yes}
      - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent, outcomes: {reached: [], lost: []}}
  above-goal:
    when: {observed: hba1c, if: "hba1c >= own"}
    steps: [{task: review, role: attending-doctor, due: 1 working day, ladder: routine}]
  wound:
    when: {event: wound-opened}
    steps:
      - ask: wound-form
        message: wound-question
        expires: 1d
        answered: [{task: read-answers, role: diabetes-nurse, due: 1d, ladder: routine}]
        unanswered: [{task: call-about-form, role: diabetes-nurse, due: 1d, ladder: routine}]
  recheck:
    when: {at: surgery + 2 weeks}
    steps:
      - visit: x-ray
        window: {late: 7d}
        remind: [1d]
        reminder: visit-reminder
        missed: [{task: rebook, role: diabetes-nurse, due: 1d, ladder: routine}]
  at-home:
    when: {event: at-home}
    steps:
      - task: ring
        role: diabetes-nurse
        of: patient.department
        to: patient.surgeon
        clock: working
        due: 4 working hours
        ladder: routine
        attempts: {max: 1, spaced: 10m}
        suspended_while: waiting-for-patient
  offer: {purpose: marketing, when: {event: asked}, steps: [{task: interview, role: head-nurse, due: 1d}]}
  seen: {when: {event: seen}, steps: [{task: letter, role: head-nurse, of: visit.department, due: 1d}]}
  transport:
    when: {event: ride-needed}
    steps:
      - call: book-ride
        bind: {ride: text}
        undo: cancel-ride
        within: 2h
        answered: [{task: tell-patient, role: diabetes-nurse}]
        failed: [{task: find-ride, role: diabetes-nurse}]
  rehabilitation: {when: {event: walks}, steps: [{enrol: knee-school}]}
  discharged: {when: {event: discharged}, steps: [{set: discharge, to: at}, {set: at_risk, to: true}]}
  by-hand: {when: by-hand, steps: [{task: open-end, role: diabetes-nurse}]}
  tell: {when: by-hand, steps: [{notify: head-nurse, message: note}]}
"""
HEAD = """\
scenario: a rule
pathway: knee
patient: {born: "1961-03-02", sex: female}
enrolled: "2026-01-05 09:00"
anchors: {surgery: "2026-01-06 08:00"}
"""


@cache
def knee() -> Release:
    """The release."""
    pathway, misfits = fit(read_document("pathway.yaml", PATHWAY), Pathway)
    assert pathway is not None, misfits
    form = Form.model_validate(
        {
            "form": "wound-form",
            "title": {"zh": "伤口", "en": "Wound"},
            "items": [{"code": "red", "text": {"zh": "红", "en": "Red?"}, "type": "boolean"}],
        }
    )
    return make_release(Contents(pathway=pathway, forms={"wound-form": form}, messages={}))


def of_lines(*lines: str) -> str:
    """A file that plays the lines; the first stands in line 7."""
    return HEAD + "play:\n" + "".join(f"  - {line}\n" for line in lines)


def read(text: str) -> Scenario:
    """The scenario of a file `knee.yaml`."""
    return read_scenario("knee.yaml", text, knee())


def problems(text: str) -> list[str]:
    """What is wrong with the file."""
    try:
        read(text)
    except PathwayProblems as error:
        return [str(problem) for problem in error.problems]
    return []
