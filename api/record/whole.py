"""The whole record of a patient, in its sections."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.record.measurements import Series, series_of
from api.record.medicines import Medication, medications_of
from api.record.problems import Allergy, Condition, allergies_of, conditions_of
from api.record.questionnaires import Questionnaire, questionnaires_of
from api.record.sources import Section, section_of
from api.record.stays import Visit, days_in_hospital, visits_of
from pathways.errors import NotFound
from pathways.language.schedule import zone_named
from store import patients
from store.database import Session
from store.identities import survivor_of


class Lifestyle(BaseModel):
    """How the patient lives: what was observed of it, and what they answered."""

    results: Section[Series]
    answers: Section[Questionnaire]


class Record(BaseModel):
    """What is known of a patient beside journeys and tasks."""

    patient: str
    merged_into: str | None = Field(
        description="The record that was asked for went into this patient's, which is shown in its place."
    )
    as_of: datetime
    visits: Section[Visit]
    conditions: Section[Condition]
    medications: Section[Medication]
    allergies: Section[Allergy]
    results: Section[Series] = Field(description="By what was measured; of each code at most `limit`.")
    lifestyle: Lifestyle


def record_of(session: Session, patient: str, *, now: datetime, zone: str, limit: int) -> Record:
    """The record of the patient, or of the one whose record theirs went into; at most `limit` in each section.

    Raises:
        NotFound: there is no such patient.
    """
    survivor = survivor_of(session, patient)
    if survivor is None:
        raise NotFound("There is no such patient.", hint="Find the patient with POST /api/v1/patients/search.")
    row = patients.read(session, survivor)
    today = now.astimezone(zone_named(zone)).date()
    stays = days_in_hospital(session, survivor, last=today, zone=zone)
    return Record(
        patient=survivor,
        merged_into=None if survivor == patient else survivor,
        as_of=now,
        visits=section_of(visits_of(session, survivor, limit=limit), limit),
        conditions=section_of(conditions_of(session, row), limit),
        medications=section_of(medications_of(session, survivor, today=today, zone=zone, stays=stays), limit),
        allergies=section_of(allergies_of(session, survivor), limit),
        results=section_of(series_of(session, survivor, lifestyle=False, limit=limit), limit),
        lifestyle=Lifestyle(
            results=section_of(series_of(session, survivor, lifestyle=True, limit=limit), limit),
            answers=section_of(questionnaires_of(session, survivor), limit),
        ),
    )
