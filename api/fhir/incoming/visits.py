"""Encounter and Appointment: visits that take place, and visits that are agreed."""

from collections.abc import Mapping, Sequence
from typing import Literal

from api.fhir.elements import Element
from api.fhir.told import Planned, Told, coding_of, named, words_of
from pathways.language.texts import Text
from store.notices import EntryNotice, Subject
from store.record import AppointmentContent, Coding, EncounterContent, NewEntry

Setting = Literal["inpatient", "ambulatory", "emergency", "home", "virtual", "unknown"]

ENCOUNTERS = (
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
)
APPOINTMENTS = (
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "entered-in-error",
    "checked-in",
    "waitlist",
)
SETTINGS: Mapping[str, Setting] = {
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "AMB": "ambulatory",
    "SS": "ambulatory",
    "EMER": "emergency",
    "HH": "home",
    "FLD": "home",
    "VR": "virtual",
}
"""By HL7's ActCode of Encounter.class; another one is unknown."""
PLANNED = "urn:tongxing:visit"
"""The system of identifiers that are the ids of planned visits here."""
_OF_ANOTHER = Text(zh="此地址的就诊属于另一患者。", en="The visit at this address is another patient's.")
_NO_PATIENT = Text(zh="参与者中没有患者。", en="None of the participants is a patient.")


def encounter(told: Told) -> Sequence[EntryNotice]:
    """A version of an encounter."""
    resource, mapping, zone = told.resource, told.around.mapping, told.around.zone
    period = resource.one("period")
    type_ = resource.many("type")
    status = resource.code("status", ENCOUNTERS)
    discharge = resource.one("hospitalization")
    content = EncounterContent(
        setting=_setting(resource),
        department=_mapped(_department(resource), mapping.departments),
        doctor=_mapped(_doctor(resource.many("participant"), "individual"), mapping.doctors),
        visit=_visit(type_, mapping.visits) or _visit(_listed(resource.one("serviceType")), mapping.visits),
        bed=_bed(resource),
        discharge=words_of(discharge.one("dischargeDisposition")) if discharge is not None else None,
    )
    entry = NewEntry(
        kind="encounter",
        source_system=told.source.system,
        source_id=told.source.id,
        status=status,
        content=content,
        code=coding_of(type_[0]) if type_ else None,
        start=None if period is None else period.instant("start", zone),
        end=None if period is None else period.instant("end", zone),
    )
    return [EntryNotice(subject=told.subject("subject"), entry=entry)]


def appointment(told: Told, *, planned: Planned | None = None) -> Sequence[EntryNotice]:
    """A version of an appointment; `planned` is the visit here that it is, where its address says so."""
    resource, mapping, zone = told.resource, told.around.mapping, told.around.zone
    actors = [actor for one in resource.many("participant") if (actor := one.one("actor")) is not None]
    concepts = [*_listed(resource.one("appointmentType")), *resource.many("serviceType")]
    places = [one for one in actors if told.is_about(one, "Location") or told.is_about(one, "HealthcareService")]
    doctors = [one for one in actors if told.is_about(one, "Practitioner") or told.is_about(one, "PractitionerRole")]
    content = AppointmentContent(
        visit=_visit(concepts, mapping.visits),
        planned=_planned(resource) if planned is None else planned.id,
        department=_mapped(named(places[0]) if places else None, mapping.departments),
        doctor=_mapped(named(doctors[0]) if doctors else None, mapping.doctors),
    )
    entry = NewEntry(
        kind="appointment",
        source_system=told.source.system,
        source_id=told.source.id,
        status=resource.code("status", APPOINTMENTS),
        content=content,
        code=_first_coding(concepts),
        start=resource.instant("start", zone),
        end=resource.instant("end", zone),
        issued=None,
    )
    subject = _patient(told, actors, {*map(id, places), *map(id, doctors)})
    if planned is not None and told.around.patient_of(subject) != planned.patient:
        resource.refuse("participant", _OF_ANOTHER, code="value")
    return [EntryNotice(subject=subject, entry=entry)]


def _patient(told: Told, actors: Sequence[Element], others: set[int]) -> Subject:
    patients = [one for one in actors if told.is_about(one, "Patient")]
    # A logical reference need not say its type: what is neither a place nor a doctor is the patient.
    patients += [one for one in actors if id(one) not in others and one.has("identifier") and not one.has("type")]
    if not patients:
        told.resource.refuse("participant", _NO_PATIENT, code="required")
    return told.patient(patients[0])


def _setting(resource: Element) -> Setting:
    told = resource.one("class")
    return SETTINGS.get((None if told is None else told.word("code")) or "", "unknown")


def _department(resource: Element) -> str | None:
    """Where it is: the organisation that provides it, else the place where the patient is now, else the service."""
    provider = named(resource.one("serviceProvider"))
    places = [one for one in resource.many("location") if not _is_bed(one)]
    places.sort(key=lambda one: one.word("status") not in (None, "active"))
    return provider or (named(places[0].one("location")) if places else None) or words_of(resource.one("serviceType"))


def _bed(resource: Element) -> str | None:
    beds = [one for one in resource.many("location") if _is_bed(one) and one.word("status") in (None, "active")]
    return named(beds[0].one("location")) if beds else None


def _is_bed(location: Element) -> bool:
    kind = location.one("physicalType")
    return kind is not None and any(one.word("code") == "bd" for one in kind.many("coding"))


def _doctor(participants: Sequence[Element], name: str) -> str | None:
    return next((found for one in participants if (found := named(one.one(name))) is not None), None)


def _planned(resource: Element) -> str | None:
    told = (one.word("value") for one in resource.many("identifier") if one.word("system") == PLANNED)
    return next((value for value in told if value is not None), None)


def _visit(concepts: Sequence[Element], visits: Mapping[str, str]) -> str | None:
    """The name of the planned visit that one of the concepts stands for."""
    for concept in concepts:
        words = [one.word("code") or "" for one in concept.many("coding")] + [concept.word("text") or ""]
        if (found := next((visits[word] for word in words if word in visits), None)) is not None:
            return found
    return None


def _first_coding(concepts: Sequence[Element]) -> Coding | None:
    return next((found for one in concepts if (found := coding_of(one)) is not None), None)


def _mapped(word: str | None, words: Mapping[str, str]) -> str | None:
    return None if word is None else words.get(word, word)


def _listed(element: Element | None) -> list[Element]:
    return [] if element is None else [element]
