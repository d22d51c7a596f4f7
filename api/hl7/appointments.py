"""Visits that are agreed: SIU^S12 S13 S14 S15 S26."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from api.hl7.diagnoses import coding_of
from api.hl7.faults import Fault
from api.hl7.identifiers import subject_of
from api.hl7.message import Message, Segment
from api.hl7.sources import Source, bounded, mapped
from api.hl7.times import instant
from store.notices import EntryNotice
from store.record import AppointmentContent, NewEntry

STATUSES: Mapping[str, str] = {
    "S12": "booked",
    "S13": "booked",
    "S14": "booked",
    "S15": "cancelled",
    "S26": "noshow",
}
_STARTS: Mapping[str, int] = {"AIS": 4, "AIG": 8, "AIL": 6, "AIP": 6}
"""Where the segments of resources tell when they are needed; the offset, how long and its unit stand behind it."""
_MINUTES: Mapping[str, float] = {"": 1, "M": 1, "MIN": 1, "S": 1 / 60, "SEC": 1 / 60, "H": 60, "HR": 60, "D": 1440}


def appointments_of(message: Message, event: str, source: Source) -> Iterator[EntryNotice | Fault]:
    """The appointment, for each patient that it is with."""
    schedule = next(message.named("SCH"), None)
    if schedule is None:
        yield Fault(reason="missing-segment", segment="SCH")
        return
    people = list(message.named("PID"))
    id = schedule.text(2) or schedule.text(1)
    start, end = _times(message, schedule, source)
    if id is None or not people:
        yield schedule.fault("no-identity", 2) if people else Fault(reason="missing-segment", segment="PID")
        return
    if start is None and STATUSES[event] == "booked":
        yield schedule.fault("unreadable-time", 11)
        return
    for number, person in enumerate(people, start=1):
        entry = NewEntry(
            kind="appointment",
            source_system=source.system,
            source_id=bounded(id if number == 1 else f"{id}|#{number}"),
            status=STATUSES[event],
            content=_content(message, schedule, source),
            code=coding_of(schedule.first(8)) or coding_of(schedule.first(7)),
            start=start,
            end=end,
            issued=source.issued,
        )
        yield EntryNotice(subject=subject_of(person, source), entry=entry)


def _times(message: Message, schedule: Segment, source: Source) -> tuple[datetime | None, datetime | None]:
    """From when to when: of the appointment (SCH-11, TQ1), else of the first resource that tells it."""
    timing = schedule.first(11)
    start, end = instant(timing.text(4), source.zone), instant(timing.text(5), source.zone)
    for segment in message.named("TQ1"):
        start = start or source.time(segment, 7)
        end = end or source.time(segment, 8)
    minutes = _minutes(schedule, 9)
    for segment in message.named(*_STARTS):
        place = _STARTS[segment.name]
        start = start or source.time(segment, place)
        minutes = minutes or _minutes(segment, place + 3)
    if start is not None and end is None and minutes is not None:
        with suppress(OverflowError):  # it would end after the last year that there is
            end = start + timedelta(minutes=minutes)
    return start, end


def _minutes(segment: Segment, place: int) -> float | None:
    told = segment.text(place) or ""
    factor = _MINUTES.get((segment.text(place + 1) or "").upper())
    if not told.isdecimal() or len(told) > 5 or factor is None:
        return None
    return int(told) * factor


def _content(message: Message, schedule: Segment, source: Source) -> AppointmentContent:
    words = source.mapping
    services = [segment.first(3) for segment in message.named("AIS")]
    kinds = [schedule.first(7), schedule.first(8), *services]
    places = [text for one in message.named("AIL") for at in (1, 4) if (text := one.text(3, at)) is not None]
    doctors = [text for one in message.named("AIP") if (text := one.text(3)) is not None]
    return AppointmentContent(
        visit=mapped(words.visits, *(one.text(at) for one in kinds for at in (1, 2))),
        department=mapped(words.departments, *places) or next(iter(places), None),
        doctor=mapped(words.doctors, *doctors) or next(iter(doctors), None),
    )
