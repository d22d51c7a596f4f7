"""Patients: who they are, how to reach them, what they agreed to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select

from pathways.engine.events import Died
from pathways.engine.journey import Patient
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.schedule import known_zone, zone_named
from store import inbox, tables
from store.database import LOCKED, Session
from store.ids import new_id

Sex = Literal["female", "male", "other", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """What another system (a URI or short name) calls the patient."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to reach the patient: `phone`, `sms`, `wechat`, `app` and its number or id."""

    kind: str
    value: str
    preferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A yes or a no; `at` is when it was given and `by` who recorded it."""

    purpose: tables.Purpose
    granted: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The patient, and whether this request made the row."""

    patient: tables.Patient
    created: bool


def create(
    session: Session,
    *,
    identifiers: Sequence[Identifier],
    name: str,
    born: date,
    now: datetime,
    sex: Sex = "unknown",
    zone: str = "Asia/Shanghai",
    language: str = "zh-CN",
    contacts: Sequence[Contact] = (),
    consents: Sequence[Consent] = (),
    diagnoses: Sequence[str] | None = None,
    inpatient: bool | None = None,
    demonstration: bool = False,
) -> Created:
    """Make a patient; where one of the identifiers is known already, the patient who has it, unchanged.

    Raises:
        Invalid: a birth in the future, an unknown zone, no identifier.
        Conflict: the identifiers belong to different patients.
    """
    if not identifiers:
        raise Invalid("A patient needs an identifier.", hint="Give the number that the hospital's own system uses.")
    _check(born, zone, now)
    known = {owner for told in identifiers if (owner := _owner(session, told)) is not None}
    if len(known) > 1:
        raise Conflict("The identifiers belong to different patients.", hint="Merge them in the hospital's system.")
    if known:
        return Created(patient=read(session, known.pop()), created=False)
    row = tables.Patient(
        id=new_id(),
        name=name,
        born=born,
        sex=sex,
        zone=zone,
        language=language,
        diagnoses=None if diagnoses is None else list(diagnoses),
        inpatient=inpatient,
        department=None,
        team={},
        died_at=None,
        demonstration=demonstration,
        created=now,
        version=1,
    )
    session.add(row)
    session.flush()
    unique = {(told.system, told.value) for told in identifiers}
    session.add_all(tables.Identifier(system=system, value=value, patient=row.id) for system, value in sorted(unique))
    _write_contacts(session, row.id, contacts)
    _write_consents(session, row.id, consents)
    session.flush()
    return Created(patient=row, created=True)


def _check(born: date, zone: str, now: datetime) -> None:
    try:
        tz = known_zone(zone)
    except ValueError as unknown:
        raise Invalid(f"{unknown}.") from None
    if born > now.astimezone(tz).date():
        raise Invalid("The birth date lies in the future.", hint="Correct it.")
    if now.astimezone(tz).date() - born > timedelta(days=366 * 130):
        raise Invalid("The birth date lies more than 130 years ago.", hint="Correct it.")


def _owner(session: Session, identifier: Identifier) -> str | None:
    row = session.get(tables.Identifier, (identifier.system, identifier.value))
    return None if row is None else row.patient


def read(session: Session, patient: str) -> tables.Patient:
    """The patient; NotFound where there is none."""
    row = session.get(tables.Patient, patient)
    if row is None:
        raise NotFound("There is no such patient.", hint="Find the patient with POST /api/v1/patients/search.")
    return row


def lock(session: Session, patient: str) -> tables.Patient:
    """The patient, whom no other transaction touches until this one ends: starts and results take it first.

    Raises:
        NotFound: there is no such patient.
        Conflict: the record went into another one, which is to be written instead.
    """
    row = session.get(tables.Patient, patient, with_for_update=LOCKED, populate_existing=True)
    if row is None:
        raise NotFound("There is no such patient.", hint="Find the patient with POST /api/v1/patients/search.")
    if row.merged_into is not None:
        raise Conflict("The record went into another patient's.", hint="`merged_into` of the patient says whose it is.")
    return row


def lock_all(session: Session, ids: Iterable[str]) -> None:
    """Lock these patients, in the one order that everybody keeps."""
    rows = (
        select(tables.Patient)
        .where(tables.Patient.id.in_(set(ids)))
        .order_by(tables.Patient.id)
        .with_for_update(key_share=LOCKED.key_share)
        .execution_options(populate_existing=True)
    )
    session.scalars(rows).all()


def update(
    session: Session,
    patient: str,
    *,
    now: datetime,
    name: str | None = None,
    born: date | None = None,
    sex: Sex | None = None,
    language: str | None = None,
    contacts: Sequence[Contact] | None = None,
    contacts_whole: bool = False,
    identifiers: Sequence[Identifier] = (),
    issued: datetime | None = None,
) -> bool:
    """Write what is told anew; whether anything changed. What is None stays, identifiers are added.

    Of what was said before what is known (`issued`), the identifiers alone count.

    Contacts that are new stand in the place of those of their kind; so do all that are told where they are the whole.

    Raises:
        Invalid: a birth in the future, or too long ago.
        Conflict: an identifier is another patient's.
    """
    row = lock(session, patient)
    if issued is not None:
        if row.told is not None and issued < row.told:
            name = born = sex = language = contacts = None
        row.told = issued if row.told is None else max(row.told, issued)
    _check(born or row.born, row.zone, now)
    told = {"name": name, "born": born, "sex": sex, "language": language}
    changes = {key: value for key, value in told.items() if value is not None and getattr(row, key) != value}
    for key, value in changes.items():
        setattr(row, key, value)
    added = [one for one in dict.fromkeys(identifiers) if _owner(session, one) != patient]
    if any(_owner(session, one) is not None for one in added):
        raise Conflict("An identifier belongs to another patient.", hint="Merge them in the hospital's system.")
    session.add_all(tables.Identifier(system=one.system, value=one.value, patient=patient) for one in added)
    known = [Contact(kind=one.kind, value=one.value, preferred=one.preferred) for one in contacts_of(session, patient)]
    kinds = {one.kind for one in contacts or ()}
    reached = _are_new(contacts or (), [one for one in known if one.kind in kinds], whole=contacts_whole)
    if contacts is not None and reached:
        set_contacts(session, patient, [*contacts, *(one for one in known if one.kind not in kinds)])
    if changes or added:
        row.version += 1
    session.flush()
    return bool(changes or added or reached)


def _are_new(told: Sequence[Contact], known: Sequence[Contact], *, whole: bool) -> bool:
    """Whether what is told of some kinds of contacts is other than what is known of these."""
    ways, ours = ({(one.kind, one.value) for one in contacts} for contacts in (told, known))
    if not whole:
        return not ways <= ours
    first, our_first = ({(one.kind, one.value) for one in some if one.preferred} for some in (told, known))
    return ways != ours or bool(first and first != our_first)


def find(
    session: Session,
    *,
    identifier: Identifier | None = None,
    name: str | None = None,
    born: date | None = None,
    contact: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Sequence[tables.Patient]:
    """Patients who match everything that is told (names and contacts exactly), by id; `after` is the last id seen."""
    rows = select(tables.Patient)
    if identifier is not None:
        owner = _owner(session, identifier)
        rows = rows.where(tables.Patient.id == owner)
    if name is not None:
        rows = rows.where(tables.Patient.name == name)
    if born is not None:
        rows = rows.where(tables.Patient.born == born)
    if contact is not None:
        rows = rows.where(tables.Patient.id.in_(select(tables.Contact.patient).where(tables.Contact.value == contact)))
    if after is not None:
        rows = rows.where(tables.Patient.id > after)
    return session.scalars(rows.order_by(tables.Patient.id).limit(limit)).all()


def identifiers_of(session: Session, patient: str) -> Sequence[tables.Identifier]:
    """Every identifier of the patient."""
    rows = select(tables.Identifier).where(tables.Identifier.patient == patient)
    return session.scalars(rows.order_by(tables.Identifier.system, tables.Identifier.value)).all()


def named(session: Session, patient: str) -> Sequence[Identifier]:
    """What other systems call the patient."""
    return [Identifier(system=row.system, value=row.value) for row in identifiers_of(session, patient)]


def contacts_of(session: Session, patient: str) -> Sequence[tables.Contact]:
    """The patient's contacts, the preferred ones first."""
    rows = select(tables.Contact).where(tables.Contact.patient == patient)
    return session.scalars(rows.order_by(tables.Contact.preferred.desc(), tables.Contact.position)).all()


def set_contacts(session: Session, patient: str, contacts: Sequence[Contact]) -> None:
    """These are the patient's contacts from now on."""
    row = lock(session, patient)
    session.execute(delete(tables.Contact).where(tables.Contact.patient == patient))
    session.flush()
    _write_contacts(session, patient, contacts)
    row.version += 1
    session.flush()


def consents_of(session: Session, patient: str) -> Sequence[tables.Consent]:
    """Every consent that was recorded, the latest first."""
    rows = select(tables.Consent).where(tables.Consent.patient == patient)
    return session.scalars(rows.order_by(tables.Consent.at.desc(), tables.Consent.number.desc())).all()


def record_consents(session: Session, patient: str, consents: Sequence[Consent]) -> None:
    """Add what the patient said; for each purpose the latest `at` holds."""
    row = lock(session, patient)
    _write_consents(session, patient, consents)
    row.version += 1
    session.flush()


def consent(session: Session, patient: str, purpose: tables.Purpose = "care") -> bool | None:
    """What the patient last said to this purpose; None where nothing is recorded."""
    latest = (
        select(tables.Consent.granted)
        .where(tables.Consent.patient == patient, tables.Consent.purpose == purpose)
        .order_by(tables.Consent.at.desc(), tables.Consent.number.desc())
        .limit(1)
    )
    return session.scalar(latest)


def consents(session: Session, patient: str) -> Mapping[tables.Purpose, bool]:
    """What the patient last said to each purpose that anything is recorded of."""
    latest_last = reversed(consents_of(session, patient))
    return {row.purpose: row.granted for row in latest_last}


def set_team(session: Session, patient: str, *, department: str | None, team: Mapping[str, str]) -> None:
    """Whose patient it is from now on: a department, and staff by what they are.

    Raises:
        NotFound: there is no such patient, department or member of staff.
    """
    row = lock(session, patient)
    if department is not None and session.get(tables.Department, department) is None:
        raise NotFound(f"There is no department '{department}'.", hint="GET /api/v1/departments lists them.")
    for staff in team.values():
        if session.get(tables.Staff, staff) is None:
            raise NotFound("There is no such member of staff.", hint="GET /api/v1/staff lists them.")
    row.department, row.team = department, dict(team)
    row.version += 1
    session.flush()


def set_diagnoses(session: Session, patient: str, diagnoses: Sequence[str] | None) -> None:
    """The ICD-10 codes that are known; None where nobody has told."""
    row = lock(session, patient)
    row.diagnoses = None if diagnoses is None else list(diagnoses)
    row.version += 1
    session.flush()


def set_inpatient(session: Session, patient: str, inpatient: bool | None) -> None:
    """Whether the patient is in hospital; None where nobody has told."""
    row = lock(session, patient)
    row.inpatient = inpatient
    row.version += 1
    session.flush()


def record_death(session: Session, patient: str, at: datetime, *, now: datetime) -> Sequence[tables.Inbox]:
    """The patient died: nothing is sent from this transaction on, and every open journey is told.

    The same again changes nothing. Gives the inbox rows of the open journeys.

    Raises:
        NotFound: there is no such patient.
        Invalid: the death lies in the future, or before the birth.
        Conflict: a death at another time is recorded.
    """
    row = lock(session, patient)
    if at > now:
        raise Invalid("The time of death lies in the future.", hint="Correct it.")
    if at.astimezone(zone_named(row.zone)).date() < row.born:
        raise Invalid("The time of death lies before the birth.", hint="Correct it.")
    if row.died_at is not None and row.died_at != at:
        raise Conflict(
            "A death at another time is recorded already.",
            hint="Read the patient to see when; it ended the journeys, so nothing is left to be told.",
        )
    if row.died_at is None:
        row.died_at = at
        row.version += 1
    open_journeys = select(tables.Journey).where(tables.Journey.patient == patient, tables.Journey.status != "ended")
    return [
        _told_of_death(session, journey, at=row.died_at, now=now)
        for journey in session.scalars(open_journeys.order_by(tables.Journey.id)).all()
    ]


def _told_of_death(session: Session, journey: tables.Journey, *, at: datetime, now: datetime) -> tables.Inbox:
    """The row that waits for the journey, else a new one: a death that was withdrawn may come again."""
    waiting = [one for one in inbox.of_journey(session, journey.id) if one.kind in ("died", "reinstated")]
    if waiting and waiting[-1].kind == "died":
        return waiting[-1]
    return inbox.add(session, journey=journey, event=Died(id=new_id(), received=now, at=at))


def as_engine(row: tables.Patient) -> Patient:
    """What the engine may know of the patient."""
    return Patient(born=row.born, sex=_sex(row.sex), zone=row.zone, language=row.language)


def _sex(text: str) -> Sex:
    return text if text in ("female", "male", "other") else "unknown"


def _write_contacts(session: Session, patient: str, contacts: Sequence[Contact]) -> None:
    session.add_all(
        tables.Contact(patient=patient, position=position, kind=told.kind, value=told.value, preferred=told.preferred)
        for position, told in enumerate(contacts)
    )


def _write_consents(session: Session, patient: str, consents: Sequence[Consent]) -> None:
    session.add_all(
        tables.Consent(patient=patient, purpose=told.purpose, granted=told.granted, at=told.at, by=told.by)
        for told in consents
    )
