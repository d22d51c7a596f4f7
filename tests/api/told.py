"""What two hospital systems tell of a patient, for tests of the record."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api.intake import Arrived, Taking
from store.notices import AnyNotice, EntryNotice, ResultNotice, Subject
from store.observations import Result
from store.patients import Identifier
from store.record import (
    AllergyContent,
    AppointmentContent,
    Coding,
    ConditionContent,
    Content,
    EncounterContent,
    EntryKind,
    MedicationContent,
    NewEntry,
)
from tests.api.clinic import GLUCOSE, Desk

NOW = datetime(2026, 6, 30, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
METFORMIN = Coding(system="atc", code="A10BA02", display="二甲双胍片")
DIABETES = Coding(system="icd-10", code="E11", display="2 型糖尿病")
PENICILLIN = Coding(system="atc", code="J01CE01", display="青霉素")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def entry(
    kind: EntryKind,
    id: str,
    content: Content,
    *,
    number: str = "P-1",
    system: str = "his",
    status: str = "active",
    code: Coding | None = None,
    **more: Any,
) -> EntryNotice:
    told = NewEntry(kind=kind, source_system=system, source_id=id, status=status, content=content, code=code, **more)
    return EntryNotice(subject=_subject(number), entry=told)


def dispense(id: str, days: float, supply: float | None, *, system: str = "his", **more: Any) -> EntryNotice:
    content = MedicationContent(days_supply=supply, quantity=supply)
    given: dict[str, Any] = {"status": "completed", "code": METFORMIN, "start": ago(days), "system": system}
    return entry("medication-dispense", id, content, **(given | more))


def measured(id: str, value: float, *, number: str = "P-1", system: str = "his", **more: Any) -> ResultNotice:
    given: dict[str, Any] = {
        "source_system": "lis",
        "source_id": id,
        "patient": None,
        "code": GLUCOSE,
        "effective": ago(1),
        "status": "final",
        "value": value,
        "unit": "mmol/L",
        "reference_low": 3.9,
        "reference_high": 6.1,
    }
    return ResultNotice(subject=_subject(number, system), result=Result(**(given | more)))


def _subject(number: str, system: str = "his") -> Subject:
    return Subject(identifiers=(Identifier(system=system, value=number),))


def tell(desk: Desk, notices: Sequence[AnyNotice], *, sender: str = "his", now: datetime = NOW) -> Taking:
    """Take a message in that says this."""
    body = f"{sender} {now.isoformat()} {len(notices)}".encode()
    intake = desk.app.state.house.intake
    with desk.database.write() as session:
        arrived = Arrived(channel="hl7", sender=sender, message="ADT^A08", body=body, control=body.decode())
        return intake.take(session, arrived, notices, answer="AA", now=now)


def tell_all(desk: Desk, number: str = "P-1") -> None:
    """Something of everything, by two systems that agree in part."""
    stay = EncounterContent(setting="inpatient", department="ward", doctor="王医生")
    mine = "" if number == "P-1" else f"{number}/"  # no laboratory has one number for two people
    tell(
        desk,
        [
            entry("condition", "C-1", ConditionContent(), code=DIABETES, start=ago(900), number=number),
            entry("condition", "C-2", ConditionContent(), code=Coding(display="失眠"), number=number),
            entry(
                "allergy",
                "A-1",
                AllergyContent(criticality="high", reactions=("皮疹",)),
                code=PENICILLIN,
                number=number,
            ),
            entry("encounter", "V-1", stay, status="finished", start=ago(40), end=ago(35), number=number),
            entry(
                "appointment",
                "B-1",
                AppointmentContent(department="ward"),
                status="booked",
                start=NOW + timedelta(days=3),
                number=number,
            ),
            entry(
                "medication-request",
                "M-1",
                MedicationContent(dosage="0.5 g 一日两次", days_supply=30),
                code=METFORMIN,
                start=ago(100),
                number=number,
            ),
            dispense("D-1", 99, 30, number=number),
            dispense("D-2", 60, 60, number=number),
            measured(f"{mine}R-1", 7.8, number=number),
            measured(f"{mine}R-2", 5.1, effective=ago(8), number=number),
            measured(f"{mine}R-30", 2.1, effective=ago(2), interpretation="LL", number=number),
            measured(
                f"{mine}S-1",
                1.0,
                code="72166-2",
                unit="{score}",
                category="social-history",
                name="吸烟状况",
                coded=True,
                reference_low=None,
                reference_high=None,
                number=number,
            ),
        ],
    )
    tell(
        desk,
        [
            entry("condition", "X-1", ConditionContent(), code=DIABETES, system="emr", start=ago(800), number=number),
            entry("allergy", "X-2", AllergyContent(), status="inactive", code=PENICILLIN, system="emr", number=number),
            entry("encounter", "X-3", stay, status="finished", system="emr", start=ago(40), end=ago(35), number=number),
            dispense("X-4", 60, 60, system="pharmacy", number=number),
            measured("X-5", 7.8, source_system="emr", unit="mmol/l", number=number),
        ],
        sender="emr",
        now=NOW + timedelta(minutes=1),
    )
