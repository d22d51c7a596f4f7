"""What other systems say of patients, as it was read from their messages: frozen values in one tagged union.

A notice names its subject as the sender does; who that is here, and what follows, is decided when it is taken in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pathways.engine.journey import Scalar
from store.observations import Result
from store.patients import Contact, Identifier, Sex
from store.record import NewEntry
from store.tables import ObservationState, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Of whom a notice speaks: identifiers as the sender gave them, or the id here where the sender knows it."""

    identifiers: tuple[Identifier, ...] = ()
    patient: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientNotice:
    """Who the patient is. What is None was not told and stays as it is.

    A patient who is not known yet is made where a name and a birth date are told.
    """

    subject: Subject
    name: str | None = None
    born: date | None = None
    sex: Sex | None = None
    language: str | None = None
    contacts: tuple[Contact, ...] | None = None
    contacts_whole: bool = False
    """Of each kind that is told these are all: another number is the patient's no more."""
    issued: datetime | None = None
    """When it was said: what was said before what is known changes nothing but adds identifiers."""
    died_at: datetime | None = None
    deceased: bool | None = None
    """Said in so many words: True without a time counts from the receipt; False contradicts a death that is known."""
    kind: Literal["patient"] = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultNotice:
    """A version of a result; its own `patient` is None, the subject says whose it is."""

    subject: Subject
    result: Result
    kind: Literal["result"] = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNotice:
    """A version of something in the record: a visit, a condition, a prescription ..."""

    subject: Subject
    entry: NewEntry
    kind: Literal["entry"] = "entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentNotice:
    """What the patient agreed to or refused."""

    subject: Subject
    source_system: str
    source_id: str
    purpose: Purpose
    granted: bool
    at: datetime
    kind: Literal["consent"] = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersNotice:
    """Answers to a form, for the patient's open journey that has it; `withdrawn` takes earlier ones back."""

    subject: Subject
    source_system: str
    source_id: str
    form: str
    at: datetime
    items: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    ask: str | None = None
    journey: str | None = None
    withdrawn: bool = False
    kind: Literal["answers"] = "answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeNotice:
    """Two records are one person: `retired` goes into `survivor`."""

    survivor: Subject
    retired: Subject
    kind: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part of a message that cannot be made a notice; it goes to quarantine as it is.

    `reason` is a code such as `unreadable-segment`; `what` is for the person who looks at it.
    """

    reason: str
    what: str
    payload: Mapping[str, Any]
    subject: Subject | None = None
    kind: Literal["unreadable"] = "unreadable"


AnyNotice = PatientNotice | ResultNotice | EntryNotice | ConsentNotice | AnswersNotice | MergeNotice | Unreadable

NotTaken = Literal["incomplete-patient", "death-contradicted", "no-such-form", "merge-undone"]
"""Why a notice that could be read is for a person to decide, beside what is not understood of a result."""
OutcomeState = Literal["accepted", "stored", "duplicate", "outdated", "quarantined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a notice.

    `accepted`: a journey is told; `stored`: kept in the record, no journey asks for it; `duplicate`: known already;
    `outdated`: the source has said something newer; `quarantined`: a person must look, `reason` says why.
    """

    state: OutcomeState
    id: str | None = None
    """Of what was kept: the patient, the result, the entry, the merge ..."""
    patient: str | None = None
    version: int = 1
    created: bool = False
    reason: str | None = None
    quarantine: str | None = None
    kept: ObservationState | None = None
    """Of a result: what became of the version that is kept, also where this one was a duplicate of it."""
