"""Patients and their visits: ADT^A01 A02 A03 A04 A08 A11 A13 A31."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from api.hl7.diagnoses import record_of
from api.hl7.faults import Fault
from api.hl7.identifiers import subject_of
from api.hl7.message import Message, Segment
from api.hl7.persons import patient_of
from api.hl7.sources import Source, bounded, derived, mapped
from store.notices import EntryNotice, PatientNotice, Subject
from store.record import EncounterContent, NewEntry

Setting = Literal["inpatient", "ambulatory", "emergency", "home", "virtual", "unknown"]

_STATUSES: Mapping[str, str] = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A04": "in-progress",
    "A11": "cancelled",
    "A13": "in-progress",
}
"""What becomes of the visit; A08 and A31 tell of the person."""
_SETTINGS: Mapping[str, Setting] = {
    **dict.fromkeys(("I", "B", "住院"), "inpatient"),
    **dict.fromkeys(("O", "P", "R", "D", "门诊"), "ambulatory"),
    **dict.fromkeys(("E", "急诊"), "emergency"),
}
_OF_EVENTS: Mapping[str, Setting] = {"A01": "inpatient", "A04": "ambulatory"}
_BEGINS = frozenset({"A01", "A04"})


def movements_of(message: Message, event: str, source: Source) -> Iterator[PatientNotice | EntryNotice | Fault]:
    """The patient, the visit where the event is of one, then diagnoses and allergies."""
    person = next(message.named("PID"), None)
    if person is None:
        yield Fault(reason="missing-segment", segment="PID")
        return
    subject = subject_of(person, source)
    event_segment = next(message.named("EVN"), None)
    recorded = None if event_segment is None else source.time(event_segment, 2)
    happened = None if event_segment is None else source.time(event_segment, 6, 2)
    issued = recorded or source.issued
    yield replace(patient_of(person, source), issued=issued)
    visit = next(message.named("PV1"), None)
    status = _status(event, visit)
    if status is not None:
        yield (
            Fault(reason="missing-segment", segment="PV1")
            if visit is None
            else _encounter(person, visit, subject, source, event=event, status=status, at=happened, issued=issued)
        )
    if event != "A11":
        yield from record_of(message, subject, source, issued)


def _status(event: str, visit: Segment | None) -> str | None:
    """What became of the visit; an update of the person ends one where it says when it ended."""
    if event in _STATUSES:
        return _STATUSES[event]
    return "finished" if event == "A08" and visit is not None and visit.text(45) is not None else None


def _encounter(
    person: Segment,
    visit: Segment,
    subject: Subject,
    source: Source,
    *,
    event: str,
    status: str,
    at: datetime | None,
    issued: datetime | None,
) -> EntryNotice | Fault:
    start = source.time(visit, 44) or (at if event in _BEGINS else None)
    id = visit.text(19) or person.text(18) or (None if start is None else derived(subject, source, "visit", start))
    if id is None:
        return visit.fault("no-identity", 19)
    ended = source.time(visit, 45) or (at if event == "A03" else None)
    return EntryNotice(
        subject=subject,
        entry=NewEntry(
            kind="encounter",
            source_system=source.system,
            source_id=bounded(id),
            status=status,
            content=_content(visit, source, event),
            start=start,
            end=ended if status == "finished" else None,
            issued=issued,
        ),
    )


def _content(visit: Segment, source: Source, event: str) -> EncounterContent:
    words = source.mapping
    place, service = visit.text(3), visit.text(10)
    doctor = visit.text(7)
    kinds = (visit.text(4), visit.text(18), visit.text(18, 2), service)
    return EncounterContent(
        setting=_SETTINGS.get((visit.text(2) or "").upper(), _OF_EVENTS.get(event, "unknown")),
        department=mapped(words.departments, place, service, visit.text(3, 4), visit.text(3, 9)) or place or service,
        doctor=mapped(words.doctors, doctor) or doctor,
        visit=mapped(words.visits, *kinds),
        bed=visit.text(3, 3),
        discharge=visit.text(36),
    )
