"""What hospitals tell of a patient's record, told and followed, for tests of what it means to journeys."""

from datetime import datetime, timedelta
from typing import Any, Literal

from pathways.engine.actions import BookVisit
from pathways.engine.events import AnyEvent, Happened, VisitReported
from store import consequences, entries, inbox, journeys, tables, visits
from store.database import Session
from store.entries import Kept
from store.facts import Policy
from store.record import (
    AppointmentContent,
    Coding,
    ConditionContent,
    Content,
    EncounterContent,
    EntryKind,
    NewEntry,
)
from tests.store import builders
from tests.store.builders import NOW, at

Setting = Literal["inpatient", "ambulatory", "emergency", "home", "virtual", "unknown"]


def follow(
    session: Session, patient: str, kind: EntryKind, status: str, content: Content, *, now: datetime = NOW, **more: Any
) -> Kept:
    """An entry is told and what it changes is followed."""
    given: dict[str, Any] = {"source_system": "his", "source_id": "1"}
    told = NewEntry(kind=kind, status=status, content=content, **(given | more))
    kept = entries.keep(session, told, patient=patient, now=now)
    consequences.follow(session, kept, Policy(), now=now)
    return kept


def encounter(session: Session, patient: str, status: str, setting: Setting = "inpatient", **more: Any) -> Kept:
    """A stay of three days that began two days ago, but for what a test varies."""
    content = EncounterContent(setting=setting, department=more.pop("department", None), visit=more.pop("visit", None))
    times: dict[str, Any] = {"start": at(days=-2), "end": at(days=1) if status == "finished" else None}
    return follow(session, patient, "encounter", status, content, **(times | more))


def appointment(session: Session, patient: str, status: str, day: int = 2, **more: Any) -> Kept:
    """An appointment for a recheck so many days from now."""
    content = AppointmentContent(visit=more.pop("visit", "recheck"), planned=more.pop("planned", None))
    return follow(session, patient, "appointment", status, content, start=at(days=day), **more)


def condition(session: Session, patient: str, status: str, code: str = "E11", **more: Any) -> Kept:
    """A diagnosis."""
    content = ConditionContent(verification=more.pop("verification", "confirmed"))
    system = more.pop("system", "icd-10")
    return follow(session, patient, "condition", status, content, code=Coding(system=system, code=code), **more)


def waiting(session: Session, patient: str) -> list[AnyEvent]:
    rows = session.query(tables.Inbox).where(tables.Inbox.patient == patient, tables.Inbox.kind != "enrolled")
    return [inbox.event_of(row) for row in rows.order_by(tables.Inbox.received, tables.Inbox.id)]


def heard(session: Session, patient: str) -> list[str]:
    """What the patient's journeys are told, in short, and not that something is known anew."""
    told = waiting(session, patient)
    happened = [one.name for one in told if isinstance(one, Happened)]
    return happened + [f"{one.name} {one.state}" for one in told if isinstance(one, VisitReported)]


def travelling(session: Session, number: str = "1") -> str:
    """A patient with one journey."""
    who = builders.consented(session, number)
    builders.journey(session, who)
    return who.id


def planned(session: Session, patient: str, *, id: str = "v1", name: str = "recheck", day: int = 2) -> tables.Visit:
    """A visit that a pathway planned."""
    (journey,) = journeys.find_open(session, patient)
    when = at(days=day)
    span = timedelta(days=1)
    book = BookVisit(visit=id, name=name, track="t", planned=when, earliest=when - span, latest=when + span)
    visits.book(session, journey, book)
    return visits.read(session, id)
