"""How it stands with a patient: whether in hospital, which diagnoses; every journey looks at it at once."""

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api import fields
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.rest.patients import Patient, show
from store import audit, enrolments, foresights, journeys, patients
from store.consequences import DIAGNOSED
from store.ids import new_id

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])


class Inpatient(Given):
    """Whether the patient is in hospital now."""

    model_config = ConfigDict(json_schema_extra={"example": {"inpatient": True}})

    inpatient: fields.YesNo | None = Field(description="Null where nobody knows.")


class Diagnoses(Given):
    """All diagnoses that are known from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"diagnoses": ["E11.9", "I10"]}})

    diagnoses: list[fields.Word] | None = Field(max_length=100, description="ICD-10 codes; null where nobody knows.")


@router.put("/{patient}/inpatient", summary="Say whether the patient is in hospital")
def set_inpatient(patient: fields.IdInPath, given: Inpatient, house: HouseOf, actor: PersonOrSystem) -> Patient:
    """What pathways defer until a discharge is looked at again at once."""
    now = house.clock()
    with house.database.write() as session:
        patients.set_inpatient(session, patient, given.inpatient)
        journeys.wake(session, patient, now=now)
        audit.record(session, at=now, actor=actor, action="inpatient-changed", subject=patient)
        shown = show(session, patients.read(session, patient))
    house.engine.prompt()
    return shown


@router.put("/{patient}/diagnoses", summary="Record the diagnoses")
def set_diagnoses(patient: fields.IdInPath, given: Diagnoses, house: HouseOf, actor: PersonOrSystem) -> Patient:
    """These are known from now on; a pathway that enrols on the event `diagnosed` takes in whom it is for."""
    now = house.clock()
    with house.database.write() as session:
        patients.set_diagnoses(session, patient, given.diagnoses)
        journeys.wake(session, patient, now=now)
        enrolments.by_event(session, patient, DIAGNOSED, id=new_id(), at=now, data={}, policy=house.policy, now=now)
        foresights.look_ahead_of(session, patient, house.policy, now=now)
        audit.record(session, at=now, actor=actor, action="diagnoses-changed", subject=patient)
        shown = show(session, patients.read(session, patient))
    house.engine.prompt()
    return shown
