"""What the tests of the store put into it; a builder takes only what a test varies."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pathways.language.release import Contents, Release, make_release
from store import journeys, patients, people, releases, tables
from store.database import Session

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Shanghai."""


def at(**later: float) -> datetime:
    """An instant after NOW."""
    return NOW + timedelta(**later)


def release(name: str = "checks", *, confirmed: bool = True, **more: Any) -> Release:
    """A small pathway that watches glucose."""
    pathway: dict[str, Any] = {
        "pathway": name,
        "title": {"zh": "检查", "en": "Checks"},
        "evidence": ["test"],
        "owner": "nurse",
        "anchors": {"enrolled": {}, "surgery": {"required": False}},
        "data": {"glucose": {"observation": ["14771-0"], "unit": "mmol/L"}},
        "values": {"smokes": {"type": "boolean"}},
        "parameters": {
            "low": {
                "value": 3.9,
                "unit": "mmol/L",
                "evidence": "test",
                "source": "product",
                "confirmed": confirmed,
                "per_patient": [3.5, 5.0],
            }
        },
        "tracks": {"call": {"when": "by-hand", "steps": [{"task": "call", "role": "nurse", "outcomes": {"done": []}}]}},
    }
    contents = Contents.model_validate({"pathway": pathway | more, "forms": {}, "messages": {}})
    return make_release(contents)


def patient(session: Session, number: str = "1", **more: Any) -> tables.Patient:
    """A patient whose number at the hospital is `number`."""
    given: dict[str, Any] = {
        "identifiers": [patients.Identifier(system="hospital", value=number)],
        "name": "王芳",
        "born": date(1961, 3, 2),
        "now": NOW,
    }
    return patients.create(session, **(given | more)).patient


def consented(session: Session, number: str = "1") -> tables.Patient:
    """A patient who said yes to care contact."""
    return patient(session, number, consents=[yes()])


def yes(granted: bool = True, when: datetime = NOW) -> patients.Consent:
    """A consent to care contact."""
    return patients.Consent(purpose="care", granted=granted, at=when, by="nurse-1")


def journey(session: Session, who: tables.Patient, pathway: Release | None = None, **more: Any) -> tables.Journey:
    """A journey of the patient that begins now."""
    named: dict[str, Any] = {"episode": "case"} if more.get("episode") else {}
    chosen = pathway or release(**named)
    row = releases.publish(session, chosen, by="lead-1", now=NOW, demonstration=bool(chosen.unconfirmed))
    start = journeys.Start(patient=who.id, pathway=row.pathway, enrolled=NOW, **more)
    return journeys.begin(session, start, by="nurse-1", now=NOW).journey


def staff(session: Session) -> None:
    """Two nurses of a ward and the head nurse of the house."""
    people.load_seed(
        session,
        {
            "departments": [{"id": "ward", "zh": "病房", "en": "Ward"}],
            "roles": [
                {"id": "nurse", "zh": "护士", "en": "Nurse"},
                {"id": "head-nurse", "zh": "护士长", "en": "Head nurse"},
            ],
            "staff": [
                {"id": "nurse-1", "name": "李娜", "department": "ward", "roles": ["nurse"]},
                {"id": "nurse-2", "name": "张敏", "department": "ward", "roles": ["nurse"]},
                {"id": "head-1", "name": "陈静", "roles": ["head-nurse"]},
            ],
        },
    )
