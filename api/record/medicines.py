"""What a patient takes: prescriptions, what was handed over, and how far that covers the days."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Literal

from api.record.sources import Coding, Source, coding_of, of_one_code, said_at, sources_of, told_once
from pathways.engine.refills import Dispense, coverage, window_of
from pathways.language.schedule import zone_named
from store import entries, tables
from store.database import Session
from store.record import MedicationContent

MOST_SUPPLIES = 20
"""Of a medication shown, the latest; all count."""
_ENDED = frozenset({"stopped", "cancelled"})
_HANDED_OVER = frozenset({"completed", "unknown"})

CoverageState = Literal["enough", "gaps", "unknown", "stopped", "never-dispensed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """A prescription, or what was handed over for one."""

    status: str
    at: datetime | None
    dosage: str | None
    quantity: float | None
    unit: str | None
    days_supply: float | None
    sources: list[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillCoverage:
    """How far what was handed over covers the days from `first` to `last`.

    `enough`: four days of five or more; `gaps`: fewer; `unknown`: a supply does not say how long it lasts, or every
    day was one in hospital. Days in hospital are left out.
    """

    state: CoverageState
    share: float | None = None
    covered: int | None = None
    days: int | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """A medication, whoever prescribed or handed it over, with the latest of its supplies."""

    code: Coding
    prescriptions: list[Supply]
    dispenses: list[Supply]
    coverage: RefillCoverage


def medications_of(
    session: Session, patient: str, *, today: date, zone: str, stays: Collection[date]
) -> list[Medication]:
    """The patient's medications, the one that was prescribed or handed over last first."""
    rows = [
        *entries.of_patient(session, patient, "medication-request"),
        *entries.of_patient(session, patient, "medication-dispense"),
    ]
    rows.sort(key=lambda row: (row.start or row.received, row.id), reverse=True)
    return [_medication(group, today, zone, stays) for group in of_one_code(rows)]


def _medication(rows: Sequence[tables.Entry], today: date, zone: str, stays: Collection[date]) -> Medication:
    same = partial(_same, zone=zone)
    prescribed = told_once([row for row in rows if row.kind == "medication-request"], same)
    handed_over = told_once([row for row in rows if row.kind == "medication-dispense"], same)
    return Medication(
        code=coding_of(rows),
        prescriptions=[_supply(group) for group in prescribed[:MOST_SUPPLIES]],
        dispenses=[_supply(group) for group in handed_over[:MOST_SUPPLIES]],
        coverage=_coverage(prescribed, handed_over, today, zone, stays),
    )


def _coverage(
    prescribed: Sequence[Sequence[tables.Entry]],
    handed_over: Sequence[Sequence[tables.Entry]],
    today: date,
    zone: str,
    stays: Collection[date],
) -> RefillCoverage:
    told = [row for group in prescribed for row in group]
    # One that was cancelled never began, and says nothing of another one that did.
    began = [row for row in told if row.status != "cancelled"]
    latest = max(began or told, key=said_at, default=None)
    if latest is not None and latest.status in _ENDED:
        return RefillCoverage(state="stopped")
    dispenses = [_dispense(group, zone) for group in handed_over if group[0].status in _HANDED_OVER]
    window = window_of(dispenses, last=today)
    if window is None:
        return RefillCoverage(state="never-dispensed")
    found = coverage(dispenses, window, in_hospital=stays)
    if found is None:
        return RefillCoverage(state="unknown", first=window.first, last=window.last)
    return RefillCoverage(
        state="enough" if found.adherent else "gaps",
        share=round(found.share, 4),
        covered=found.covered,
        days=found.days,
        first=window.first,
        last=window.last,
    )


def _dispense(rows: Sequence[tables.Entry], zone: str) -> Dispense:
    row = rows[0]
    supply = _content(row).days_supply if row.status == "completed" else None
    return Dispense(on=_day(row, zone), days_supply=supply)


def _day(row: tables.Entry, zone: str) -> date:
    return (row.start or row.received).astimezone(zone_named(zone)).date()


def _same(row: tables.Entry, *, zone: str) -> Hashable:
    """The pharmacy and the hospital's own system tell of the same supply of a day."""
    content = _content(row)
    if row.start is None:
        return row.id
    return _day(row, zone), row.status, content.quantity, content.days_supply


def _supply(rows: Sequence[tables.Entry]) -> Supply:
    row = max(rows, key=said_at)
    content = _content(row)
    return Supply(
        status=row.status,
        at=row.start,
        dosage=content.dosage,
        quantity=content.quantity,
        unit=content.unit,
        days_supply=content.days_supply,
        sources=sources_of(rows),
    )


def _content(row: tables.Entry) -> MedicationContent:
    content = entries.content_of(row)
    assert isinstance(content, MedicationContent), "of its kind"
    return content
