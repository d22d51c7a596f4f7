"""A pathway in which everything happens within seconds, and the people on it, made through the ways that users have."""

from dataclasses import dataclass
from datetime import date

from activities.clock import utc_now
from pathways.language.reading import read
from store import patients, people, releases
from store.database import Database

CODE, UNIT = "72514-3", "{score}"
STRONG = 100
ROLES = ("diabetes-nurse", "head-nurse", "attending-doctor", "quality-office")
TOP = len(ROLES) - 1

PATHWAY = f"""
pathway: proof
title: {{zh: 证明, en: Proof}}
owner: diabetes-nurse
evidence: [test]
anchors: {{enrolled: {{}}}}
data:
  pain: {{observation: [{CODE}], unit: "{UNIT}", plausible: [0, 100000]}}
ladders:
  urgent:
    - {{after: 2s, to: head-nurse}}
    - {{after: 3s, to: attending-doctor}}
    - {{after: 5s, to: quality-office}}
  routine: [{{after: 1 working day, to: head-nurse}}]
tracks:
  welcome:
    when: enrolment
    steps:
      - {{send: welcome}}
      - {{wait: 1s}}
      - {{task: first-call, role: diabetes-nurse, due: 1 working day, ladder: routine, outcomes: {{reached: []}}}}
  strong-pain:
    safety: yes
    while_running: parallel
    when: {{observed: pain, if: "pain >= {STRONG}.0", fresh: 24h}}
    steps:
      - {{send: heard, urgent: yes}}
      - {{task: call, role: diabetes-nurse, clock: elapsed, due: 2s, ladder: urgent, outcomes: {{reached: []}}}}
  mild-pain:
    while_running: parallel
    when: {{observed: pain, if: "pain < {STRONG}.0", fresh: 24h}}
    steps: [{{send: noted}}]
words:
  welcome: {{zh: 欢迎, en: Welcome}}
  strong-pain: {{zh: 疼痛, en: Strong pain}}
  mild-pain: {{zh: 轻度疼痛, en: Mild pain}}
  first-call: {{zh: 首次致电, en: First call}}
  call: {{zh: 致电, en: Call}}
  reached: {{zh: 已联系, en: Reached}}
"""


def _message(name: str) -> str:
    words = f"{name} {{{{ patient_name }}}}" + ("" if name == "welcome" else " {{ value }}")
    variables = "patient_name" if name == "welcome" else "patient_name, value"
    return f'message: {name}\nvariables: [{variables}]\ntext: {{zh: "{words}", en: "{words}"}}\n'


def text_of(template: str, name: str, value: int | None) -> str:
    """What the person of that name reads."""
    return f"{template} {name}" if value is None else f"{template} {name} {value}"


FILES = {"pathway.yaml": PATHWAY} | {f"messages/{name}.yaml": _message(name) for name in ("welcome", "heard", "noted")}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A patient of the proof: where messages go, and what they say, is hers alone."""

    id: str
    name: str
    phone: str


def open_ward(database: Database, count: int) -> list[Person]:
    """Publish the pathway, hire one person a role, and admit patients."""
    now = utc_now()
    with database.write() as session:
        people.load_seed(
            session,
            {
                "roles": [{"id": role, "zh": role, "en": role} for role in ROLES],
                "staff": [{"id": f"{role}-1", "name": role, "roles": [role]} for role in ROLES],
            },
        )
        releases.publish(session, read(FILES), by="proof", now=now)
        admitted: list[Person] = []
        for number in range(count):
            name, phone = f"Patient-{number}", f"+86-{number:08}"
            row = patients.create(
                session,
                identifiers=[patients.Identifier(system="proof", value=str(number))],
                name=name,
                born=date(1961, 3, 2),
                now=now,
                contacts=[patients.Contact(kind="sms", value=phone)],
                consents=[patients.Consent(purpose="care", granted=True, at=now, by="proof")],
            ).patient
            admitted.append(Person(id=row.id, name=name, phone=f"sms:{phone}"))
        return admitted
