"""The types of resources that are served: one table that routes, searches and the CapabilityStatement are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from api.fhir.outgoing import definitions, observations, patients, record, statements, work
from api.fhir.stocks import Forms, Panels, Rows, Stock
from store import shelves

Means = Literal[
    "id",
    "updated",
    "patient",
    "state",
    "code",
    "identifier",
    "source",
    "date",
    "journey",
    "category",
    "name",
    "phone",
    "born",
    "pathway",
    "form",
    "checksum",
]
"""What a parameter narrows."""
ParameterType = Literal["token", "reference", "date", "string", "uri"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A search parameter. One that says something of a person is taken in the body of a POST alone."""

    name: str
    type: ParameterType
    means: Means
    private: bool = False
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A type of resource: where it comes from, how it is searched, and whether systems may send it."""

    type: str
    stocks: tuple[Stock, ...]
    parameters: tuple[Parameter, ...]
    taken: bool = False
    """Whether it may be created and updated."""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name; None where it is not supported."""
        return next((one for one in (*COMMON, *self.parameters) if one.name == name), None)


COMMON = (
    Parameter(name="_id", type="token", means="id"),
    Parameter(name="_lastUpdated", type="date", means="updated"),
)
"""What every type can be searched by."""
_IDENTIFIER = Parameter(name="identifier", type="token", means="identifier", private=True)
_SOURCE = Parameter(name="identifier", type="token", means="source", private=True)
_PATIENT = Parameter(name="patient", type="reference", means="patient")
_SUBJECT = Parameter(name="subject", type="reference", means="patient")
_STATUS = Parameter(name="status", type="token", means="state")
_CLINICAL = Parameter(name="clinical-status", type="token", means="state")
_CODE = Parameter(name="code", type="token", means="code")
_DIAGNOSIS = Parameter(name="code", type="token", means="code", private=True)
_URL = "The canonical address, without a version."
_PUBLISHED = (
    Parameter(name="version", type="token", means="checksum", says="The checksum of the release."),
    _STATUS,
    Parameter(name="date", type="date", means="date"),
)


def _dated(name: str = "date", says: str = "") -> Parameter:
    return Parameter(name=name, type="date", means="date", says=says)


KINDS: Sequence[Kind] = (
    Kind(
        type="Patient",
        stocks=(Rows(shelf=shelves.PATIENTS, show=patients.show),),
        parameters=(
            _IDENTIFIER,
            Parameter(name="name", type="string", means="name", private=True, says="How the name begins."),
            Parameter(name="birthdate", type="date", means="born", private=True, says="A whole day, without a prefix."),
            Parameter(name="phone", type="token", means="phone", private=True),
        ),
        taken=True,
    ),
    Kind(
        type="Observation",
        stocks=(Rows(shelf=shelves.RESULTS, show=observations.show), Panels()),
        parameters=(
            _PATIENT,
            _SUBJECT,
            _CODE,
            _dated(),
            _STATUS,
            Parameter(name="category", type="token", means="category"),
            _SOURCE,
        ),
        taken=True,
    ),
    Kind(
        type="DiagnosticReport",
        stocks=(Rows(shelf=shelves.entries_of("diagnostic-report", period=True), show=statements.report),),
        parameters=(_PATIENT, _SUBJECT, _CODE, _dated(), _STATUS, _SOURCE),
        taken=True,
    ),
    Kind(
        type="Encounter",
        stocks=(Rows(shelf=shelves.entries_of("encounter", lasts=True), show=record.encounter),),
        parameters=(_PATIENT, _SUBJECT, _dated(), _STATUS, _SOURCE),
        taken=True,
    ),
    Kind(
        type="Appointment",
        stocks=(
            Rows(shelf=shelves.entries_of("appointment"), show=record.appointment),
            Rows(shelf=shelves.VISITS, show=work.visit, states=work.VISITS),
        ),
        parameters=(_PATIENT, _dated(), _STATUS, _SOURCE),
        taken=True,
    ),
    Kind(
        type="Condition",
        stocks=(Rows(shelf=shelves.entries_of("condition"), show=record.condition),),
        parameters=(_PATIENT, _SUBJECT, _CLINICAL, _DIAGNOSIS, _dated("onset-date"), _SOURCE),
        taken=True,
    ),
    Kind(
        type="AllergyIntolerance",
        stocks=(Rows(shelf=shelves.entries_of("allergy", recorded=True), show=record.allergy),),
        parameters=(_PATIENT, _CLINICAL, _DIAGNOSIS, _dated(says="When it was recorded."), _SOURCE),
        taken=True,
    ),
    Kind(
        type="MedicationRequest",
        stocks=(Rows(shelf=shelves.entries_of("medication-request"), show=record.request),),
        parameters=(_PATIENT, _SUBJECT, _STATUS, _DIAGNOSIS, _dated("authoredon"), _SOURCE),
        taken=True,
    ),
    Kind(
        type="MedicationDispense",
        stocks=(Rows(shelf=shelves.entries_of("medication-dispense"), show=record.dispense),),
        parameters=(_PATIENT, _SUBJECT, _STATUS, _DIAGNOSIS, _dated("whenhandedover"), _SOURCE),
        taken=True,
    ),
    Kind(
        type="QuestionnaireResponse",
        stocks=(
            Rows(shelf=shelves.entries_of("questionnaire-response"), show=statements.response),
            Rows(shelf=shelves.ANSWERS, show=statements.answers),
        ),
        parameters=(_PATIENT, _SUBJECT, _STATUS, _dated("authored"), _SOURCE),
        taken=True,
    ),
    Kind(
        type="Consent",
        stocks=(
            Rows(shelf=shelves.entries_of("consent"), show=statements.consent),
            Rows(shelf=shelves.CONSENTS, show=statements.recorded_consent),
        ),
        parameters=(_PATIENT, _STATUS, _dated(), _SOURCE),
        taken=True,
    ),
    Kind(
        type="CarePlan",
        stocks=(Rows(shelf=shelves.JOURNEYS, show=work.plan, states=work.PLANS),),
        parameters=(_PATIENT, _SUBJECT, _STATUS, _dated()),
    ),
    Kind(
        type="Task",
        stocks=(Rows(shelf=shelves.TASKS, show=work.task, states=work.TASKS),),
        parameters=(
            _PATIENT,
            _SUBJECT,
            _STATUS,
            _dated("authored-on"),
            Parameter(name="based-on", type="reference", means="journey", says="A CarePlan."),
        ),
    ),
    Kind(
        type="Communication",
        stocks=(Rows(shelf=shelves.MESSAGES, show=work.communication, states=work.MESSAGES),),
        parameters=(_PATIENT, _SUBJECT, _STATUS, _dated("sent")),
    ),
    Kind(
        type="PlanDefinition",
        stocks=(Rows(shelf=shelves.RELEASES, show=definitions.show),),
        parameters=(
            Parameter(name="url", type="uri", means="pathway", says=_URL),
            Parameter(name="name", type="string", means="pathway", says="The name of the pathway, whole."),
            *_PUBLISHED,
        ),
    ),
    Kind(
        type="Questionnaire",
        stocks=(Forms(),),
        parameters=(
            Parameter(name="url", type="uri", means="form", says=_URL),
            Parameter(name="name", type="string", means="form", says="The name of the form, whole."),
            *_PUBLISHED,
        ),
    ),
)
BY_TYPE: Mapping[str, Kind] = {kind.type: kind for kind in KINDS}
