"""The files of a small pathway without problems, for tests to break."""

from collections.abc import Mapping

PATHWAY = """\
pathway: sample
title: {zh: 示例, en: Sample}
evidence: [A guideline]
owner: diabetes-nurse
enrol: {when: "diagnosed('E11')", unless: "age < 18"}
anchors: {enrolled: {}, surgery: {required: no}}
data:
  glucose:
    observation: [14771-0, 2345-7]
    unit: mmol/L
    plausible: [0.6, 60]
    text: {LO: "<1.1"}
values:
  symptoms: {type: boolean}
  stage: {type: text}
  marks: {type: number}
parameters:
  low: {value: 3.9, unit: mmol/L, evidence: A guideline, source: secondary, per_patient: [3.5, 5.0]}
ladders:
  urgent: [{after: 30m, to: head-nurse}, {after: 2h, to: attending-doctor, page: yes}]
  routine: [{after: 1 working day, to: head-nurse}, {after: 3 working days, to: clinical-lead}]
tracks:
  low-glucose:
    safety: yes
    when: {observed: glucose, if: "glucose <= low", worse: lower, by: 0.5, fresh: 24h}
    at_most: once per 4h
    steps:
      - {send: advice, urgent: yes}
      - task: call-patient
        role: diabetes-nurse
        clock: elapsed
        due: 30m
        ladder: urgent
        form: call
        outcomes:
          reached: [{set: symptoms, to: true}, {set: stage, to: "'seen'"}, {set: marks, to: low + 1}]
          unreachable: [{start: visit-at-home}]
          not-possible: []
  visit-at-home:
    when: by-hand
    steps: [{task: home-visit, role: community-nurse, due: 2 working days, ladder: routine}]
  recheck:
    when: {at: enrolled + 2 weeks, time: "09:00"}
    unless: inpatient
    steps:
      - visit: glucose-recheck
        window: {early: 3d, late: 7d}
        remind: [3d]
        reminder: reminder
        satisfied_by: {data: glucose, from: laboratory}
        kept: [{notify: head-nurse, message: advice}]
        missed: [{wait: 1 working day}, {task: home-visit, role: community-nurse, due: 2d, ladder: routine}]
  questions:
    when: {every: 1 month, from: last_done, until: surgery, time: "09:00"}
    steps:
      - ask: call
        message: reminder
        remind: [1d]
        expires: 3d
        answered:
          - choose: how
            cases:
              - if: symptoms
                steps: [{task: home-visit, role: community-nurse, due: 2d, ladder: routine}]
            otherwise: [{stop: recheck}]
            unknown: []
        unanswered: [{end: completed}]
  silent: {when: {silent: glucose, for: 14d}, steps: [{start: visit-at-home}]}
  missed: {when: {missed: glucose-recheck}, steps: [{start: visit-at-home}]}
  unanswered: {when: {missed: call}, steps: [{start: visit-at-home}]}
  reached: {when: {outcome: reached, of: call-patient}, steps: [{wait: 1d}]}
  done: {when: {outcome: done, of: home-visit}, steps: [{wait: 1d}]}
  moved: {when: {event: ward-changed}, steps: [{start: visit-at-home}]}
  first: {when: enrolment, steps: [{start: visit-at-home}]}
words:
  low-glucose: {zh: 低, en: Low}
  visit-at-home: {zh: 访, en: Visit}
  recheck: {zh: 复查, en: Recheck}
  questions: {zh: 问, en: Questions}
  silent: {zh: 无, en: Silent}
  missed: {zh: 未, en: Missed}
  unanswered: {zh: 未答, en: Unanswered}
  reached: {zh: 到, en: Reached}
  done: {zh: 完, en: Done}
  moved: {zh: 转, en: Moved}
  first: {zh: 初, en: First}
  call-patient: {zh: 电话, en: Call}
  home-visit: {zh: 上门, en: Home visit}
  glucose-recheck: {zh: 血糖, en: Glucose}
  unreachable: {zh: 不通, en: Unreachable}
"""
FORM = """\
form: call
title: {zh: 电话, en: Call}
items:
  - {code: symptoms, text: {zh: 症状, en: Symptoms}, type: boolean, required: yes}
  - {code: glucose, text: {zh: 血糖, en: Glucose}, type: number, unit: mmol/L, range: [0, 60]}
  - code: how
    text: {zh: 如何, en: How}
    type: choice
    options: [{code: well, text: {zh: 好, en: Well}, score: 0}, {code: ill, text: {zh: 差, en: Ill}, score: 1}]
"""
ADVICE = """\
message: advice
variables: [patient_name]
text:
  zh: "{{ patient_name }}，请补充糖分。"
  en: "{{ patient_name }}, please take sugar."
"""
REMINDER = """\
message: reminder
text: {zh: 请来复查。, en: Please come.}
"""
FILES: Mapping[str, str] = {
    "pathway.yaml": PATHWAY,
    "forms/call.yaml": FORM,
    "messages/advice.yaml": ADVICE,
    "messages/reminder.yaml": REMINDER,
}


def changed(old: str, new: str, file: str = "pathway.yaml") -> dict[str, str | bytes]:
    """The files with one text of one of them replaced; it must stand there once."""
    assert FILES[file].count(old) == 1, f"{old!r} stands {FILES[file].count(old)} times in {file}"
    return {**FILES, file: FILES[file].replace(old, new)}
