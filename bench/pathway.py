"""What both programs do: 42 days of messages, three tasks with a ladder, one of them left alone, and one bad result."""

from pathways.language.reading import read
from pathways.language.release import Release

DAYS = 42
TASK_DAYS = (7, 21, 35)
IGNORED_DAY = 35
RESULT_DAY = 14
CODE, UNIT, STRONG = "72514-3", "{score}", 7.0
RUNGS = ("head-nurse", "attending-doctor", "quality-office")
RUNG_HOURS = (24, 48, 72)

_PATHWAY = f"""
pathway: bench
title: {{zh: 测量, en: Bench}}
owner: ward-nurse
evidence: [bench]
anchors: {{enrolled: {{}}}}
data:
  pain: {{observation: [{CODE}], unit: "{UNIT}", plausible: [0, 10]}}
ladders:
  urgent: [{{after: 24h, to: head-nurse}}, {{after: 48h, to: attending-doctor}}, {{after: 72h, to: quality-office}}]
  routine: [{{after: 1 working day, to: head-nurse}}]
tracks:
  daily:
    when: {{every: 1 day, from: enrolled, times: {DAYS}, time: "09:00"}}
    steps: [{{send: advice}}]
{{tasks}}
  strong-pain:
    safety: yes
    when: {{observed: pain, if: "pain >= {STRONG}"}}
    steps:
      - {{send: heard, urgent: yes}}
      - {{task: call, role: ward-nurse, clock: elapsed, due: 12h, ladder: urgent, outcomes: {{reached: []}}}}
"""
_TASK = """  check-{day}:
    safety: no
    when: {{at: enrolled + {day} days, time: "09:00"}}
    steps:
      - {{task: check, role: ward-nurse, clock: elapsed, due: 12h, ladder: urgent, outcomes: {{reached: []}}}}"""
_WORDS = "{{{{ hospital }}}} {name}"
_MESSAGE = f'message: {{name}}\nvariables: [hospital]\ntext: {{{{zh: "{_WORDS}", en: "{_WORDS}"}}}}\n'


def release() -> Release:
    """The pathway, read as a lead's file is."""
    text = _PATHWAY.replace("{tasks}", "\n".join(_TASK.format(day=day) for day in TASK_DAYS))
    texts = {f"messages/{name}.yaml": _MESSAGE.format(name=name) for name in ("advice", "heard")}
    return read({"pathway.yaml": text} | texts)
