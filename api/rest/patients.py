"""Patients: who they are, how to reach them, what they agreed to, and their death."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api import fields
from api.acts import Act, shown
from api.fields import Given
from api.house import House, HouseOf, Person, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, MOST, Page, page_of, read_text_cursor
from pathways.errors import Invalid
from store import audit, identities, journeys, patients, returns, tables
from store.database import Session
from store.patients import Sex

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])


class Identifier(Given):
    """What another system calls the patient."""

    system: fields.Word = Field(examples=["his"])
    value: fields.Word = Field(examples=["P-0001"])


class Contact(Given):
    """A way to reach the patient."""

    kind: Literal["phone", "sms", "wechat", "app"]
    value: fields.Word
    preferred: fields.YesNo = False


class Consent(Given):
    """A yes or a no of the patient; `at` is when it was given, now where it is left out."""

    purpose: Literal["care", "marketing", "research"]
    granted: fields.YesNo
    at: fields.Instant | None = None


class NewPatient(Given):
    """A patient to be known from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "identifiers": [{"system": "his", "value": "P-0001"}],
                "name": "王秀英",
                "born": "1961-03-02",
                "sex": "female",
                "zone": "Asia/Shanghai",
                "language": "zh-CN",
                "contacts": [{"kind": "wechat", "value": "wx-openid-1", "preferred": True}],
                "consents": [{"purpose": "care", "granted": True}],
                "diagnoses": ["E11"],
            }
        }
    )

    identifiers: list[Identifier] = Field(min_length=1, max_length=20)
    name: fields.Word
    born: date
    sex: Sex = "unknown"
    zone: fields.Word | None = Field(None, description="IANA time zone; the hospital's where it is left out.")
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] = "zh-CN"
    contacts: list[Contact] = Field(default=[], max_length=20)
    consents: list[Consent] = Field(default=[], max_length=20)
    diagnoses: list[fields.Word] | None = Field(
        None, max_length=100, description="ICD-10 codes; left out where nobody has told."
    )
    inpatient: fields.YesNo | None = None


class Search(Given):
    """What is known of the patient who is looked for; all of it must fit."""

    model_config = ConfigDict(json_schema_extra={"example": {"identifier": {"system": "his", "value": "P-0001"}}})

    identifier: Identifier | None = None
    name: fields.Word | None = None
    born: date | None = None
    contact: fields.Word | None = None
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=500)

    @model_validator(mode="after")
    def _says_something(self) -> "Search":
        if self.identifier is None and self.name is None and self.born is None and self.contact is None:
            raise ValueError("give at least one of identifier, name, born and contact")
        return self


class Contacts(Given):
    """All contacts of the patient from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"contacts": [{"kind": "phone", "value": "13800000000"}]}})

    contacts: list[Contact] = Field(max_length=20)


class Consents(Given):
    """What the patient said; for each purpose the latest holds."""

    model_config = ConfigDict(json_schema_extra={"example": {"consents": [{"purpose": "care", "granted": False}]}})

    consents: list[Consent] = Field(min_length=1, max_length=20)


class Team(Given):
    """Whose patient it is from now on."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"department": "endocrinology", "team": {"surgeon": "nurse-zhang"}}}
    )

    department: fields.OpaqueId | None = None
    team: dict[fields.Slug, fields.OpaqueId] = Field(
        default={}, max_length=50, description="Staff by what they are to the patient."
    )


class Death(Given):
    """When the patient died."""

    model_config = ConfigDict(json_schema_extra={"example": {"at": "2026-01-05T09:00:00+08:00"}})

    at: fields.Instant


class ShownIdentifier(Identifier):
    """What another system calls the patient."""


class ShownConsent(Given):
    """A recorded yes or no."""

    purpose: str
    granted: bool
    at: datetime
    by: str


class Patient(Given):
    """A person in care."""

    id: str
    identifiers: list[ShownIdentifier]
    name: str
    born: date
    sex: str
    zone: str
    language: str
    contacts: list[Contact]
    consents: list[ShownConsent] = Field(description="The latest first.")
    diagnoses: list[str] | None
    inpatient: bool | None
    department: str | None
    team: dict[str, str] = Field(description="Staff by what they are to the patient.")
    died_at: datetime | None
    merged_into: str | None = Field(description="The patient whose record this one went into; that one is cared for.")
    existing: bool = Field(False, description="Of a creation: the patient was known by one of the identifiers.")


class Died(Given):
    """The death as it is recorded, and what each open journey was told."""

    patient: str
    died_at: datetime
    journeys: list[Act]


class Alive(Given):
    """The death is withdrawn; what each journey that it had ended was told."""

    patient: str
    journeys: list[Act]


@router.post(
    "",
    status_code=201,
    summary="Create a patient",
    responses={200: {"model": Patient, "description": "One of the identifiers is known: the patient who has it."}},
)
def create_patient(
    given: NewPatient, house: HouseOf, actor: PersonOrSystem, once: OnceOf, response: Response
) -> Patient:
    """Make a patient; a known identifier gives the patient who has it, unchanged, with `existing`."""
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            named = [patients.Identifier(system=one.system, value=one.value) for one in given.identifiers]
            identities.claim(session, named)
            created = patients.create(
                session,
                identifiers=named,
                name=given.name,
                born=given.born,
                now=now,
                sex=given.sex,
                zone=given.zone or house.settings.zone,
                language=given.language,
                contacts=_contacts(given.contacts),
                consents=_consents(house, given.consents, by=actor, now=now),
                diagnoses=given.diagnoses,
                inpatient=given.inpatient,
            )
            if created.created:
                house.intake.welcome(session, created.patient.id, by=actor, now=now)
            shown = show(session, created.patient, existing=not created.created)
            answer = Answer(status=201 if created.created else 200, body=shown.model_dump(mode="json"))
            once.remember(session, answer, now=now)
            audit.record(session, at=now, actor=actor, action="patient-created", subject=shown.id)
    house.engine.prompt()
    shown = Patient.model_validate(answer.body)
    response.status_code = answer.status
    response.headers["Location"] = f"{router.prefix}/{shown.id}"
    return shown


@router.post("/search", summary="Find patients")
def find_patients(given: Search, house: HouseOf) -> Page[Patient]:
    """Patients who fit all of it, exactly. It is a POST so that nothing about a person stands in an address."""
    known = given.identifier
    with house.database.read() as session:
        rows = patients.find(
            session,
            identifier=None if known is None else patients.Identifier(system=known.system, value=known.value),
            name=given.name,
            born=given.born,
            contact=given.contact,
            after=read_text_cursor(given.cursor),
            limit=given.limit + 1,
        )
        return page_of(rows, given.limit, lambda row: show(session, row), lambda row: (row.id,))


@router.get("/{patient}", summary="Read a patient")
def read_patient(patient: fields.IdInPath, house: HouseOf) -> Patient:
    """The patient by the id that creation or a search gave."""
    with house.database.read() as session:
        return show(session, patients.read(session, patient))


@router.put("/{patient}/contacts", summary="Change the contacts")
def change_contacts(patient: fields.IdInPath, given: Contacts, house: HouseOf, actor: PersonOrSystem) -> Patient:
    """These are all contacts of the patient from now on."""
    with house.database.write() as session:
        patients.set_contacts(session, patient, _contacts(given.contacts))
        audit.record(session, at=house.clock(), actor=actor, action="contacts-changed", subject=patient)
        return show(session, patients.read(session, patient))


@router.put("/{patient}/consents", summary="Record consents")
def record_consents(patient: fields.IdInPath, given: Consents, house: HouseOf, actor: PersonOrSystem) -> Patient:
    """Add what the patient said. A no stops messages that have not left yet."""
    now = house.clock()
    with house.database.write() as session:
        patients.record_consents(session, patient, _consents(house, given.consents, by=actor, now=now))
        journeys.wake(session, patient, now=now)
        audit.record(session, at=now, actor=actor, action="consents-recorded", subject=patient)
        told = show(session, patients.read(session, patient))
    house.engine.prompt()
    return told


@router.put("/{patient}/team", summary="Change the team")
def change_team(patient: fields.IdInPath, given: Team, house: HouseOf, actor: PersonOrSystem) -> Patient:
    """The patient's department and the people who care for them from now on; open tasks stay where they are."""
    with house.database.write() as session:
        patients.set_team(session, patient, department=given.department, team=given.team)
        audit.record(session, at=house.clock(), actor=actor, action="team-changed", subject=patient)
        return show(session, patients.read(session, patient))


@router.post("/{patient}/death", summary="Record a death")
def record_death(patient: fields.IdInPath, given: Death, house: HouseOf, actor: Person) -> Died:
    """Every journey of the patient ends, and nothing is sent to them from this moment on; another time is refused."""
    return die(house, patient, given, actor=actor)


@router.post("/{patient}/death/withdraw", summary="Withdraw a death")
def withdraw_death(patient: fields.IdInPath, house: HouseOf, actor: Person) -> Alive:
    """It was recorded of the wrong patient: it is cleared, and every journey that ended by it goes on."""
    now = house.clock()
    with house.database.write() as session:
        told = returns.withdraw_death(session, patient, by=actor, now=now)
        audit.record(session, at=now, actor=actor, action="death-withdrawn", subject=patient)
        for row in told:
            audit.record(session, at=now, actor=actor, action="reinstated", subject=row.journey)
        acts = [shown(session, one) for one in told]
    house.engine.prompt()
    return Alive(patient=patient, journeys=acts)


def die(house: House, patient: str, given: Death, *, actor: str) -> Died:
    """Record the death in its one place, and tell every open journey."""
    now = house.clock()
    with house.database.write() as session:
        told = patients.record_death(session, patient, house.aware(given.at), now=now)
        audit.record(session, at=now, actor=actor, action="death-recorded", subject=patient)
        row = patients.read(session, patient)
        acts = [shown(session, one) for one in told]
    house.engine.prompt()
    return Died(patient=patient, died_at=row.died_at or now, journeys=acts)


def show(session: Session, row: tables.Patient, *, existing: bool = False) -> Patient:
    """The patient as callers see them."""
    return Patient(
        id=row.id,
        identifiers=[
            ShownIdentifier(system=one.system, value=one.value) for one in patients.identifiers_of(session, row.id)
        ],
        name=row.name,
        born=row.born,
        sex=row.sex,
        zone=row.zone,
        language=row.language,
        contacts=[
            Contact.model_validate({"kind": one.kind, "value": one.value, "preferred": one.preferred})
            for one in patients.contacts_of(session, row.id)
        ],
        consents=[
            ShownConsent(purpose=one.purpose, granted=one.granted, at=one.at, by=one.by)
            for one in patients.consents_of(session, row.id)
        ],
        diagnoses=row.diagnoses,
        inpatient=row.inpatient,
        department=row.department,
        team=dict(row.team),
        died_at=row.died_at,
        merged_into=row.merged_into,
        existing=existing,
    )


def _contacts(given: Sequence[Contact]) -> list[patients.Contact]:
    return [patients.Contact(kind=one.kind, value=one.value, preferred=one.preferred) for one in given]


def _consents(house: House, given: Sequence[Consent], *, by: str, now: datetime) -> list[patients.Consent]:
    told = [
        patients.Consent(
            purpose=one.purpose, granted=one.granted, at=now if one.at is None else house.aware(one.at), by=by
        )
        for one in given
    ]
    if any(one.at > now for one in told):
        raise Invalid("A consent lies in the future.", hint="Give the time at which the patient said it.")
    return told
