"""What a patient has: conditions and allergies, each once, whoever told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.record.sources import Coding, Source, coding_of, of_one_code, said_at, sources_of
from store import entries, tables
from store.consequences import ICD10
from store.database import Session
from store.record import AllergyContent, ConditionContent

_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A diagnosis or problem, as it was last told; `start` is its earliest onset.

    One without a source was told as a code alone, by a person or with the patient.
    """

    code: Coding
    status: str
    verification: str
    start: datetime | None
    end: datetime | None
    sources: list[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    """An allergy or intolerance; it counts as active for as long as any source says so."""

    code: Coding
    status: str
    verification: str
    criticality: str | None
    category: str | None
    reactions: list[str]
    sources: list[Source]


def conditions_of(session: Session, patient: tables.Patient) -> list[Condition]:
    """The patient's conditions: those that go on first, then the ones that began last."""
    rows = [row for row in entries.of_patient(session, patient.id, "condition") if _stands(row)]
    told = [_condition(group) for group in of_one_code(rows)]
    known = {one.code.code for one in told}
    alone = [_told_as_code(code) for code in patient.diagnoses or [] if code not in known]
    return sorted([*told, *alone], key=lambda one: one.status in ("resolved", "inactive", "remission"))


def allergies_of(session: Session, patient: str) -> list[Allergy]:
    """The patient's allergies, the active ones first."""
    rows = [row for row in entries.of_patient(session, patient, "allergy") if _stands(row)]
    return sorted((_allergy(group) for group in of_one_code(rows)), key=lambda one: one.status != "active")


def _stands(row: tables.Entry) -> bool:
    content = entries.content_of(row)
    return not isinstance(content, ConditionContent | AllergyContent) or content.verification != _ERROR


def _condition(rows: Sequence[tables.Entry]) -> Condition:
    last = max(rows, key=said_at)
    content = entries.content_of(last)
    assert isinstance(content, ConditionContent), "of its kind"
    return Condition(
        code=coding_of(rows),
        status=last.status,
        verification=content.verification,
        start=min((row.start for row in rows if row.start is not None), default=None),
        end=last.end,
        sources=sources_of(rows),
    )


def _told_as_code(code: str) -> Condition:
    coding = Coding(system=ICD10, code=code, display=None)
    return Condition(code=coding, status="active", verification="confirmed", start=None, end=None, sources=[])


def _allergy(rows: Sequence[tables.Entry]) -> Allergy:
    ordered = sorted(rows, key=said_at, reverse=True)
    # Who is warned in vain loses less than who is not warned.
    shown = next((row for row in ordered if row.status == "active"), ordered[0])
    content = entries.content_of(shown)
    assert isinstance(content, AllergyContent), "of its kind"
    contents = [one for row in ordered if isinstance(one := entries.content_of(row), AllergyContent)]
    return Allergy(
        code=coding_of(rows),
        status=shown.status,
        verification=content.verification,
        criticality="high" if any(one.criticality == "high" for one in contents) else content.criticality,
        category=content.category,
        reactions=list(dict.fromkeys(said for one in contents for said in one.reactions)),
        sources=sources_of(rows),
    )
