"""A pathway that watches glucose with a ladder of seconds, and the people of its ladder."""

from activities.clock import utc_now
from pathways.language.reading import read
from store import people, releases
from store.database import Database

GLUCOSE, UNIT = "14749-6", "mmol/L"
LOW = 2.1
RUNG_SECONDS = (3, 6, 9)
ROLES = ("diabetes-nurse", "head-nurse", "attending-doctor", "quality-office")
_RUNGS = ", ".join(f"{{after: {after}s, to: {to}}}" for after, to in zip(RUNG_SECONDS, ROLES[1:], strict=True))
_PATHWAY = f"""
pathway: watching
title: {{zh: 观察, en: Watching}}
owner: diabetes-nurse
evidence: [test]
anchors: {{enrolled: {{}}}}
data:
  glucose: {{observation: [{GLUCOSE}], unit: {UNIT}}}
ladders:
  urgent: [{_RUNGS}]
  routine: [{{after: 1 working day, to: head-nurse}}]
tracks:
  low:
    safety: yes
    when: {{observed: glucose, if: "glucose <= 3.9", worse: lower, by: 0.5, fresh: 48h}}
    steps:
      - task: call
        role: diabetes-nurse
        clock: elapsed
        due: {RUNG_SECONDS[0]}s
        ladder: urgent
        outcomes: {{reached: []}}
words:
  low: {{zh: 低血糖, en: Low}}
  call: {{zh: 致电, en: Call}}
  reached: {{zh: 已联系, en: Reached}}
"""


def open_ward(database: Database) -> None:
    """Publish the pathway and hire one person for each role."""
    with database.write() as session:
        people.load_seed(
            session,
            {
                "roles": [{"id": role, "zh": role, "en": role} for role in ROLES],
                "staff": [{"id": f"{role}-1", "name": role, "roles": [role]} for role in ROLES],
            },
        )
        releases.publish(session, read({"pathway.yaml": _PATHWAY}), by="proof", now=utc_now())
