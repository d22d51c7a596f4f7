"""Entries of the record: Encounter, Appointment, Condition, AllergyIntolerance, MedicationRequest and -Dispense."""

from datetime import datetime

from api.fhir.incoming.visits import PLANNED
from api.fhir.outgoing.parts import (
    Resource,
    Showing,
    coded,
    concept_of,
    identifiers,
    instant,
    not_stated,
    patient,
    period,
    resource,
    without_nothing,
)
from api.fhir.told import UCUM
from store import entries, tables
from store.record import AllergyContent, AppointmentContent, ConditionContent, EncounterContent, MedicationContent

_HL7 = "http://terminology.hl7.org/CodeSystem"
_CLASSES = {
    "inpatient": ("v3-ActCode", "IMP"),
    "ambulatory": ("v3-ActCode", "AMB"),
    "emergency": ("v3-ActCode", "EMER"),
    "home": ("v3-ActCode", "HH"),
    "virtual": ("v3-ActCode", "VR"),
    "unknown": ("v3-NullFlavor", "UNK"),
}


def encounter(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A visit that takes place or took place."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, EncounterContent)
    system, code = _CLASSES[content.setting]
    type_ = concept_of(row)
    bed = None if content.bed is None else {"location": {"display": content.bed}, "physicalType": _place("bd")}
    return _begun("Encounter", row, updated) | without_nothing(
        {
            "status": row.status,
            "class": {"system": f"{_HL7}/{system}", "code": code},
            "type": [type_] if type_ is not None else _visit(content.visit),
            "subject": patient(row.patient),
            "participant": [{"individual": {"display": content.doctor}}] if content.doctor else None,
            "period": period(row.start, row.end),
            "hospitalization": {"dischargeDisposition": {"text": content.discharge}} if content.discharge else None,
            "location": [bed] if bed is not None else None,
            "serviceProvider": {"display": content.department} if content.department else None,
        }
    )


def appointment(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A visit that is agreed; one whose end nobody told ends when it begins."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, AppointmentContent)
    told = _begun("Appointment", row, updated)
    if content.planned is not None:
        told["identifier"] = [*told.get("identifier", []), {"system": PLANNED, "value": content.planned}]
    actors = [patient(row.patient)]
    actors += [{"type": "Practitioner", "display": content.doctor}] if content.doctor else []
    actors += [{"type": "HealthcareService", "display": content.department}] if content.department else []
    end = row.end or row.start
    code = concept_of(row)
    return told | without_nothing(
        {
            "status": row.status,
            "serviceType": [code] if code is not None else _visit(content.visit),
            "start": None if row.start is None else instant(row.start),
            "end": None if end is None or row.start is None else instant(end),
            "participant": [{"actor": actor, "status": "accepted"} for actor in actors],
        }
    )


def condition(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A diagnosis or problem."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, ConditionContent)
    in_error = content.verification == "entered-in-error"
    return _begun("Condition", row, updated) | without_nothing(
        {
            "clinicalStatus": None if in_error else coded(f"{_HL7}/condition-clinical", row.status),
            "verificationStatus": coded(f"{_HL7}/condition-ver-status", content.verification),
            "code": concept_of(row),
            "subject": patient(row.patient),
            "onsetDateTime": None if row.start is None else instant(row.start),
            "abatementDateTime": None if row.end is None else instant(row.end),
            "recordedDate": None if row.issued is None else instant(row.issued),
        }
    )


def allergy(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """An allergy or intolerance."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, AllergyContent)
    in_error = content.verification == "entered-in-error"
    criticality = content.criticality if content.criticality in ("low", "high", "unable-to-assess") else None
    category = content.category if content.category in ("food", "medication", "environment", "biologic") else None
    return _begun("AllergyIntolerance", row, updated) | without_nothing(
        {
            "clinicalStatus": None if in_error else coded(f"{_HL7}/allergyintolerance-clinical", row.status),
            "verificationStatus": coded(f"{_HL7}/allergyintolerance-verification", content.verification),
            "category": [category] if category else None,
            "criticality": criticality,
            "code": concept_of(row),
            "patient": patient(row.patient),
            "onsetDateTime": None if row.start is None else instant(row.start),
            "recordedDate": None if row.issued is None else instant(row.issued),
            "reaction": [{"manifestation": [{"text": words}]} for words in content.reactions],
        }
    )


def request(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A prescription."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, MedicationContent)
    supply = {"quantity": _quantity(content), "expectedSupplyDuration": _days(content)}
    return _begun("MedicationRequest", row, updated) | without_nothing(
        {
            "status": row.status,
            "intent": "order",
            "medicationCodeableConcept": concept_of(row) or not_stated(),
            "subject": patient(row.patient),
            "authoredOn": None if row.start is None else instant(row.start),
            "dosageInstruction": [{"text": content.dosage}] if content.dosage else None,
            "dispenseRequest": without_nothing(supply),
        }
    )


def dispense(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """What was handed over, and for how many days it lasts."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, MedicationContent)
    prescription = content.prescription
    return _begun("MedicationDispense", row, updated) | without_nothing(
        {
            "status": row.status,
            "medicationCodeableConcept": concept_of(row) or not_stated(),
            "subject": patient(row.patient),
            "authorizingPrescription": [{"identifier": {"value": prescription}}] if prescription else None,
            "quantity": _quantity(content),
            "daysSupply": _days(content),
            "whenHandedOver": None if row.start is None else instant(row.start),
            "dosageInstruction": [{"text": content.dosage}] if content.dosage else None,
        }
    )


def _begun(type: str, row: tables.Entry, updated: datetime) -> Resource:
    told = resource(type, row.id, updated=updated, version=row.version)
    return told | without_nothing({"identifier": identifiers(row.source_system, row.source_id)})


def _visit(name: str | None) -> list[Resource]:
    return [] if name is None else [{"text": name}]


def _place(code: str) -> Resource:
    return coded(f"{_HL7}/location-physical-type", code)


def _quantity(content: MedicationContent) -> Resource:
    return without_nothing({"value": content.quantity, "unit": content.unit if content.quantity is not None else None})


def _days(content: MedicationContent) -> Resource:
    if content.days_supply is None:
        return {}
    return {"value": content.days_supply, "unit": "天", "system": UCUM, "code": "d"}
