"""When a patient was and will be in the hospital: visits that took place, and appointments."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from api.record.sources import Source, sources_of, told_once
from pathways.language.schedule import zone_named
from store import entries, tables
from store.database import Session
from store.record import AppointmentContent, EncounterContent

_TOOK_PLACE = frozenset({"in-progress", "onleave", "arrived", "triaged", "finished"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit or an appointment; `visit` is what pathways call it, where that is known."""

    kind: Literal["encounter", "appointment"]
    status: str
    setting: str | None
    visit: str | None
    department: str | None
    doctor: str | None
    start: datetime | None
    end: datetime | None
    sources: list[Source]


def visits_of(session: Session, patient: str, *, limit: int) -> list[Visit]:
    """The latest first; enough to tell whether there are more than `limit`."""
    # Each may be told by two systems.
    rows = [
        row
        for kind in ("encounter", "appointment")
        for row in entries.of_patient(session, patient, kind, limit=2 * limit + 2)
    ]
    rows.sort(key=lambda row: (row.start or row.received, row.id), reverse=True)
    return [_visit(group) for group in told_once(rows, _same)]


def days_in_hospital(session: Session, patient: str, *, last: date, zone: str) -> set[date]:
    """The days on which the patient stayed as an inpatient, up to `last`; the day of leaving is not one of them."""
    days: set[date] = set()
    for row in entries.of_patient(session, patient, "encounter"):
        content = entries.content_of(row)
        inside = isinstance(content, EncounterContent) and content.setting == "inpatient" and row.status in _TOOK_PLACE
        if not inside or row.start is None or (row.end is None and row.status == "finished"):
            continue
        tz = zone_named(zone)
        day = row.start.astimezone(tz).date()
        until = last + timedelta(days=1) if row.end is None else row.end.astimezone(tz).date()
        while day < min(until, last + timedelta(days=1)):
            days.add(day)
            day += timedelta(days=1)
    return days


def _same(row: tables.Entry) -> Hashable:
    """Two systems that tell the same times and place tell of the same visit."""
    if row.start is None:
        return row.id
    content = asdict(entries.content_of(row))
    return (row.kind, row.start, row.end, *(content.get(name) for name in ("setting", "visit", "department")))


def _visit(rows: Sequence[tables.Entry]) -> Visit:
    row = max(rows, key=lambda one: (one.issued or one.received, one.id))
    content = entries.content_of(row)
    assert isinstance(content, EncounterContent | AppointmentContent), "of its kind"
    return Visit(
        kind=content.kind,
        status=row.status,
        setting=content.setting if isinstance(content, EncounterContent) else None,
        visit=content.visit,
        department=content.department,
        doctor=content.doctor,
        start=row.start,
        end=row.end,
        sources=sources_of(rows),
    )
