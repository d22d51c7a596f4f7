"""Where the rows of each kind are that can be searched for, and which of their columns a search means."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import get_args

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, or_, select

from store import tables
from store.matches import Column, Shelf, Token
from store.record import EntryKind

WAITING = "waiting"
"""The state of a task whose clock stands still."""


def _named(token: Token) -> ColumnElement[bool]:
    owners = select(tables.Identifier.patient).where(tables.Identifier.value == token.value)
    if token.system is not None:
        owners = owners.where(tables.Identifier.system == token.system)
    return tables.Patient.id.in_(owners)


def _begins_so(name: str) -> ColumnElement[bool]:
    return tables.Patient.name.istartswith(name, autoescape=True)


def _reached(contact: str) -> ColumnElement[bool]:
    kinds = ("phone", "sms")
    having = select(tables.Contact.patient).where(tables.Contact.value == contact, tables.Contact.kind.in_(kinds))
    return tables.Patient.id.in_(having)


def _born(day: str) -> ColumnElement[bool]:
    return tables.Patient.born == date.fromisoformat(day)


def _equal(column: Column) -> Callable[[str], ColumnElement[bool]]:
    return lambda value: column == value


def _consent_named(token: Token) -> ColumnElement[bool]:
    """What a Consent said to each purpose is kept under its name and the purpose."""
    has = tables.Entry.source_id.in_([f"{token.value}#{purpose}" for purpose in get_args(tables.Purpose)])
    return has if token.system is None else and_(has, tables.Entry.source_system == token.system)


def _sourced(table: type[tables.Entry] | type[tables.Observation]) -> Callable[[Token], ColumnElement[bool]]:
    def by(token: Token) -> ColumnElement[bool]:
        has = table.source_id == token.value
        return has if token.system is None else and_(has, table.source_system == token.system)

    return by


def _newest_results() -> Select[tables.Observation]:
    """The newest version of each result that was told to journeys, or kept for the record."""
    other = tables.Observation.__table__.alias("newer")
    known = ("accepted", "stored")
    newer = select(other.c.id).where(
        other.c.result == tables.Observation.result,
        other.c.version > tables.Observation.version,
        other.c.state.in_(known),
    )
    return select(tables.Observation).where(tables.Observation.state.in_(known), ~newer.exists())


def _consents_of_people() -> Select[tables.Consent]:
    """What a patient last said to each purpose, where no system told it: that stands in the record."""
    other, at = tables.Consent.__table__.alias("later"), tables.Consent.at
    later = select(other.c.number).where(
        other.c.patient == tables.Consent.patient,
        other.c.purpose == tables.Consent.purpose,
        or_(
            other.c.at > tables.Consent.at,
            and_(other.c.at == tables.Consent.at, other.c.number > tables.Consent.number),
        ),
    )
    purpose, granted = tables.Entry.content["purpose"].as_string(), tables.Entry.content["granted"].as_boolean()
    told = _told("consent", tables.Consent.patient, at).where(
        purpose == tables.Consent.purpose, granted == tables.Consent.granted
    )
    return select(tables.Consent).where(~later.exists(), ~told.exists())


def _answers_of_people() -> Select[tables.Answers]:
    """The newest version of answers that no system told: those stand in the record."""
    other = tables.Answers.__table__.alias("later")
    later = select(other.c.id).where(
        other.c.journey == tables.Answers.journey,
        other.c.source == tables.Answers.source,
        other.c.version > tables.Answers.version,
    )
    told = _told("questionnaire-response", tables.Answers.patient, tables.Answers.at).where(
        tables.Entry.content["form"].as_string() == tables.Answers.form
    )
    return select(tables.Answers).where(~later.exists(), ~told.exists())


def _told(kind: EntryKind, patient: Column, at: Column) -> Select[str]:
    entry = tables.Entry
    # What was said to be of the future counts from its receipt.
    told_then = or_(entry.start == at, and_(entry.start > at, entry.received == at))
    return select(entry.id).where(entry.kind == kind, entry.patient == patient, told_then)


_first = tables.Answers.__table__.alias("first")
_first_answers = (
    select(_first.c.id)
    .where(_first.c.journey == tables.Answers.journey, _first.c.source == tables.Answers.source)
    .order_by(_first.c.version)
    .limit(1)
    .scalar_subquery()
)
"""What answers are called: the id of their first version, which stays."""

PATIENTS = Shelf(
    table=tables.Patient,
    id=tables.Patient.id,
    updated=tables.Patient.updated,
    rows=select(tables.Patient),
    patient=tables.Patient.id,
    identified=_named,
    others={"name": _begins_so, "phone": _reached, "born": _born},
)
RESULTS = Shelf(
    table=tables.Observation,
    id=tables.Observation.result,
    updated=tables.Observation.received,
    rows=_newest_results(),
    patient=tables.Observation.patient,
    state=tables.Observation.status,
    start=tables.Observation.effective,
    code=tables.Observation.code,
    systems=("loinc",),
    identified=_sourced(tables.Observation),
    others={
        "category": _equal(tables.Observation.category),
        "panel": _equal(tables.Observation.panel),
    },
)
JOURNEYS = Shelf(
    table=tables.Journey,
    id=tables.Journey.id,
    updated=tables.Journey.updated,
    rows=select(tables.Journey),
    patient=tables.Journey.patient,
    state=case((tables.Journey.status == "ended", tables.Journey.exit_reason), else_=tables.Journey.status),
    start=tables.Journey.enrolled_at,
    end=tables.Journey.ended_at,
    lasts=True,
)
TASKS = Shelf(
    table=tables.Task,
    id=tables.Task.id,
    updated=tables.Task.updated,
    rows=select(tables.Task),
    patient=tables.Task.patient,
    state=func.coalesce(tables.Task.end, case((tables.Task.waiting.is_not(None), WAITING), else_=tables.Task.status)),
    start=tables.Task.opened,
    others={"journey": _equal(tables.Task.journey)},
)
MESSAGES = Shelf(
    table=tables.Message,
    id=tables.Message.id,
    updated=tables.Message.updated,
    rows=select(tables.Message),
    patient=tables.Message.patient,
    state=tables.Message.state,
    start=tables.Message.sent_at,
)
VISITS = Shelf(
    table=tables.Visit,
    id=tables.Visit.id,
    # A visit changes with a turn of its journey alone, so it changed no later than that did.
    updated=tables.Journey.updated,
    rows=select(tables.Visit).join(tables.Journey, tables.Journey.id == tables.Visit.journey),
    patient=tables.Visit.patient,
    state=func.coalesce(tables.Visit.end, tables.Visit.reported, "planned"),
    start=tables.Visit.planned,
)
CONSENTS = Shelf(
    table=tables.Consent,
    id=literal("consent-") + cast(tables.Consent.number, Text()),
    updated=tables.Consent.at,
    rows=_consents_of_people(),
    patient=tables.Consent.patient,
    state=literal("active"),
    start=tables.Consent.at,
)
ANSWERS = Shelf(
    table=tables.Answers,
    id=_first_answers,
    updated=tables.Answers.received,
    rows=_answers_of_people(),
    patient=tables.Answers.patient,
    state=case((tables.Answers.withdrawn, "entered-in-error"), else_="completed"),
    start=tables.Answers.at,
)
RELEASES = Shelf(
    table=tables.Release,
    id=tables.Release.checksum,
    updated=tables.Release.published_at,
    rows=select(tables.Release),
    start=tables.Release.published_at,
    state=literal("active"),
    others={"pathway": _equal(tables.Release.pathway), "checksum": _equal(tables.Release.checksum)},
)


@cache
def entries_of(
    kind: EntryKind, *, period: bool = False, lasts: bool = False, recorded: bool = False
) -> Shelf[tables.Entry]:
    """Entries of the record of a kind; `period`: it has an end, `lasts`: as long as it has none, it lasts.

    `recorded`: its date is that of its record.
    """
    return Shelf(
        table=tables.Entry,
        id=tables.Entry.id,
        updated=tables.Entry.updated,
        rows=select(tables.Entry).where(tables.Entry.kind == kind),
        patient=tables.Entry.patient,
        state=tables.Entry.status,
        start=tables.Entry.issued if recorded else tables.Entry.start,
        end=tables.Entry.end if period or lasts else None,
        lasts=lasts,
        code=tables.Entry.code,
        code_system=tables.Entry.code_system,
        identified=_consent_named if kind == "consent" else _sourced(tables.Entry),
    )
