"""What happens to a patient, told once by the hospital: every journey hears of it, and pathways that enrol on it do."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api import fields
from api.errors import InTheFuture
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.tasks import CLOCK_SKEW
from pathways.engine.events import Happened
from pathways.errors import Conflict
from store import audit, enrolments, foresights, inbox, journeys, patients
from store.database import Session
from store.enrolments import Tried
from store.ids import new_id

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])


class PatientEvent(Given):
    """Something that happened to the patient."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "visit-kept",
                "at": "2026-01-05T10:30:00+08:00",
                "data": {"visit": "V-0001", "department": "stomatology"},
            }
        }
    )

    name: fields.Slug
    at: fields.Instant | None = Field(None, description="When it happened; now where left out.")
    data: dict[fields.DataSlug, fields.Scalar] = Field(
        default={}, max_length=50, description="What pathways may use of it, and the episode by its name."
    )


class Enrolled(Given):
    """What became of an enrolment on a pathway."""

    pathway: str
    journey: str | None
    created: bool = Field(description="Whether this event started the journey; else it was open already.")
    code: str | None = Field(description="Why the patient was not enrolled.")
    message: str | None


class Heard(Given):
    """Who was told of the event."""

    event: str
    journeys: list[str] = Field(description="Open journeys that were told.")
    enrolled: list[Enrolled] = Field(description="One entry for each pathway that enrols on the event.")


@router.post("/{patient}/events", status_code=202, summary="Tell what happened to a patient")
def tell(patient: fields.IdInPath, given: PatientEvent, house: HouseOf, actor: PersonOrSystem, once: OnceOf) -> Heard:
    """Tell every open journey of the patient, and enrol the patient where a pathway begins with this event.

    A pathway that refuses the patient does not stop the others; its answer says why.
    """
    now = house.clock()
    at = now if given.at is None else house.aware(given.at)
    if at > now + CLOCK_SKEW:
        raise InTheFuture(hint="Tell of it when it has happened.")
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            row = patients.lock(session, patient)
            if row.died_at is not None:
                raise Conflict("The patient has died.", hint="If that is wrong, correct it first.")
            event = new_id()
            told = _tell_journeys(session, patient, given, at=at, now=now)
            tried = enrolments.by_event(
                session, patient, given.name, id=event, at=min(at, now), data=given.data, policy=house.policy, now=now
            )
            foresights.look_ahead_of(session, patient, house.policy, now=now)
            audit.record(session, at=now, actor=actor, action="patient-event", subject=patient)
            heard = Heard(event=event, journeys=told, enrolled=[_shown(one) for one in tried])
            answer = Answer(status=202, body=heard.model_dump(mode="json"))
            once.remember(session, answer, now=now)
    house.engine.prompt()
    return Heard.model_validate(answer.body)


def _tell_journeys(session: Session, patient: str, given: PatientEvent, *, at: datetime, now: datetime) -> list[str]:
    told: list[str] = []
    for journey in journeys.find_open(session, patient):
        event = Happened(id=new_id(), received=now, name=given.name, at=at, data=dict(given.data))
        inbox.add(session, journey=journey, event=event)
        told.append(journey.id)
    return told


def _shown(one: Tried) -> Enrolled:
    return Enrolled(pathway=one.pathway, journey=one.journey, created=one.created, code=one.code, message=one.message)
