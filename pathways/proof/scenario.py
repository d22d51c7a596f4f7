"""A scenario, read: a short play that says what a pathway does with one patient.

Every time in it is an instant already and every result has its version, so a player has nothing left to work out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pathways.engine.context import Facts
from pathways.engine.events import AnyEvent
from pathways.engine.journey import ExitReason, Patient, Scalar
from pathways.engine.reasons import Code
from pathways.proof.days import Days

PERSON = "staff"
"""Who does what the lines let a person do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTask:
    """Something that befalls the open task of that name which was opened last: its id is known only in the play."""

    id: str
    act: Literal["claim", "release", "complete", "attempt", "suspend", "continue", "unattended"]
    task: str
    outcome: str = ""
    """Of a completion its outcome, of an attempt its result."""
    items: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Of a completion what was filled in on the task's form."""
    at: datetime | None = None
    """When it was really done, is to be tried again, or is to go on; None where the line does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """A hospital system answers the call of that name which was made last, or cannot do it."""

    id: str
    call: str
    outcome: Literal["answered", "failed"]
    data: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True, slots=True, kw_only=True)
class OnEnrolment:
    """The pathway does not take the patient whom it was last asked to."""

    id: str
    pathway: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """From `at` on these are the facts; the journey is told so."""

    at: datetime
    facts: Facts


Thing = AnyEvent | OnTask | OnCall | OnEnrolment | Learnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What must be so; what is None or empty is not looked at."""

    task: str | None = None
    role: str | None = None
    department: str | None = None
    person: str | None = None
    due: datetime | Literal["never"] | None = None
    urgent: bool | None = None
    escalated_to: str | None = None
    flagged: bool | None = None
    open: tuple[str, ...] | None = None
    closed: Mapping[str, str] = field(default_factory=dict[str, str])
    visit: Mapping[str, str] = field(default_factory=dict[str, str])
    waiting: str | None = None
    tags: tuple[str, ...] | None = None
    anchors: Mapping[str, datetime | None] = field(default_factory=dict[str, "datetime | None"])
    """What is known of anchors; None where that is nothing."""
    ended: ExitReason | Literal["nothing"] | None = None
    called: tuple[str, ...] = ()
    not_called: tuple[str, ...] | Literal["anything"] = ()
    enrolled: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    not_sent: tuple[str, ...] | Literal["anything"] = ()
    notified: tuple[str, ...] = ()
    reason: Mapping[str, Code] = field(default_factory=dict[str, Code])
    alarm: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the play: the clock moves to `at`, then `does` is done, or `then` is looked at."""

    number: int
    """The line of the file."""
    at: datetime
    does: Thing | None = None
    then: Then | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A play with its patient and site."""

    file: str
    sentence: str
    """The rule that it keeps."""
    pathway: str
    patient: Patient
    enrolled: datetime
    anchors: Mapping[str, datetime]
    """All of them, `enrolled` among them."""
    parameters: Mapping[str, float | tuple[str, ...]]
    facts: Facts
    play: tuple[Line, ...]

    @property
    def days(self) -> Days:
        """How the scenario writes times."""
        return Days(enrolled=self.enrolled, zone=self.patient.zone)
