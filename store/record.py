"""The record of a patient beside results: visits, conditions, medications, allergies ...; each with its source.

An entry is one thing under its source's own id; a later version of it replaces what is shown and is kept beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

EntryKind = Literal[
    "encounter",
    "appointment",
    "condition",
    "allergy",
    "medication-request",
    "medication-dispense",
    "diagnostic-report",
    "consent",
    "questionnaire-response",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A code of a code system (`icd-10`, `loinc`, `atc`, or what the sender calls its own), and its words."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterContent:
    """A visit that takes place or took place. Entry status: FHIR's of Encounter; `start` to `end` is its period."""

    setting: Literal["inpatient", "ambulatory", "emergency", "home", "virtual", "unknown"] = "unknown"
    department: str | None = None
    """Of this house, as mapped; the sender's own word where it is not mapped."""
    doctor: str | None = None
    visit: str | None = None
    """The name of the planned visit that it is, as mapped from the sender's type of visit."""
    bed: str | None = None
    discharge: str | None = None
    """How the patient left, as the sender codes it."""
    kind: Literal["encounter"] = "encounter"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentContent:
    """A visit that is agreed. Entry status: FHIR's of Appointment; `start` to `end` is its time."""

    visit: str | None = None
    """The name of the planned visit that it is, as mapped from the sender's type of appointment."""
    planned: str | None = None
    """The id of the planned visit, where the sender was given it."""
    department: str | None = None
    doctor: str | None = None
    kind: Literal["appointment"] = "appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionContent:
    """A diagnosis or problem. Entry status: FHIR's clinical status; `start` is its onset, `end` its abatement."""

    verification: str = "confirmed"
    """FHIR's verification status; `refuted` and `entered-in-error` are no diagnoses."""
    kind: Literal["condition"] = "condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllergyContent:
    """An allergy or intolerance. Entry status: FHIR's clinical status."""

    verification: str = "confirmed"
    criticality: str | None = None
    category: str | None = None
    reactions: tuple[str, ...] = ()
    kind: Literal["allergy"] = "allergy"


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationContent:
    """A prescription or a dispense. Entry status: FHIR's; `start` is when it was written or handed over."""

    dosage: str | None = None
    quantity: float | None = None
    unit: str | None = None
    days_supply: float | None = None
    """For how many days it lasts."""
    prescription: str | None = None
    """Of a dispense: the source's id of its prescription."""
    kind: Literal["medication"] = "medication"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """A report that holds results. Entry status: FHIR's of DiagnosticReport."""

    results: tuple[str, ...] = ()
    """Ids here of the results (`Observation.result` of the store), in order."""
    conclusion: str | None = None
    kind: Literal["diagnostic-report"] = "diagnostic-report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentContent:
    """What the patient agreed to or refused."""

    purpose: str
    granted: bool
    kind: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseContent:
    """Answers as they came, in words, where no journey asked for them; those of a journey stand there too."""

    form: str
    items: Mapping[str, str | float | bool | int]
    kind: Literal["questionnaire-response"] = "questionnaire-response"


Content = (
    EncounterContent
    | AppointmentContent
    | ConditionContent
    | AllergyContent
    | MedicationContent
    | ReportContent
    | ConsentContent
    | ResponseContent
)
CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A version of an entry as its source told it; the same source id is the same entry."""

    kind: EntryKind
    source_system: str
    source_id: str
    status: str
    content: Content
    code: Coding | None = None
    start: datetime | None = None
    end: datetime | None = None
    issued: datetime | None = None
    """When the source said so: where it has said something newer, this is outdated."""
