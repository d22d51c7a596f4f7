"""What can happen to a journey: frozen values in one tagged union. `received` is when it was accepted, in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Discriminator

from pathways.engine.journey import Origin, ResultStatus, Scalar
from pathways.language.written import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The journey begins: tracks that start at enrolment do so."""

    id: str
    received: datetime
    kind: Literal["enrolled"] = "enrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReceived:
    """A version of a result; the same `result` and `version` twice is one.

    `value` is in `unit`, with a comparator where it is a bound; `text` is what a device printed instead of a number.
    """

    id: str
    received: datetime
    result: str
    version: int
    status: ResultStatus
    code: str
    effective: datetime
    value: float | None = None
    comparator: Literal["<", "<=", ">", ">="] | None = None
    unit: str | None = None
    text: str | None = None
    panel: str | None = None
    """What it was measured together with, such as one blood pressure."""
    origin: Origin = "unknown"
    kind: Literal["result-received"] = "result-received"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswered:
    """Answers to a form; `ask` names the question they answer, else they go to the oldest open one of that form."""

    id: str
    received: datetime
    form: str
    answers: str
    """The id of the answers; a later `version` of the same id corrects them."""
    version: int = 1
    withdrawn: bool = False
    at: datetime | None = None
    """When they were given, where that is not their receipt."""
    ask: str | None = None
    items: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    kind: Literal["form-answered"] = "form-answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed:
    """A person began the task."""

    id: str
    received: datetime
    task: str
    by: str
    kind: Literal["task-claimed"] = "task-claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReleased:
    """The holder gave the task back."""

    id: str
    received: datetime
    task: str
    by: str
    kind: Literal["task-released"] = "task-released"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHandedOver:
    """The task went from one person to another."""

    id: str
    received: datetime
    task: str
    by: str
    to: str
    kind: Literal["task-handed-over"] = "task-handed-over"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted:
    """A person ended the task with an outcome; `at` is when it was really done, `items` what its form reports."""

    id: str
    received: datetime
    task: str
    by: str
    outcome: str
    at: datetime
    items: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    kind: Literal["task-completed"] = "task-completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAttempted:
    """A person tried to reach the patient; the task stays open. `again_at` is when the patient asked to be called."""

    id: str
    received: datetime
    task: str
    by: str
    result: Literal["no-answer", "call-back"]
    at: datetime
    again_at: datetime | None = None
    kind: Literal["task-attempted"] = "task-attempted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSuspended:
    """The task waits for what it declares, until that instant or until it is continued."""

    id: str
    received: datetime
    task: str
    by: str
    until: datetime | None = None
    kind: Literal["task-suspended"] = "task-suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContinued:
    """The task waits no more."""

    id: str
    received: datetime
    task: str
    by: str
    kind: Literal["task-continued"] = "task-continued"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReported:
    """The hospital said what became of a visit; without `visit` it is the oldest open one of that name."""

    id: str
    received: datetime
    name: str
    state: Literal["booked", "kept", "cancelled", "missed"]
    at: datetime
    visit: str | None = None
    department: str | None = None
    kind: Literal["visit-reported"] = "visit-reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A named event from outside, with its data; `at` is when it happened, where that is not its receipt."""

    id: str
    received: datetime
    name: str
    at: datetime | None = None
    data: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    kind: Literal["happened"] = "happened"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackStarted:
    """A person started a track by hand."""

    id: str
    received: datetime
    track: str
    by: str
    kind: Literal["track-started"] = "track-started"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackStopped:
    """A person stopped a track; what it did is undone."""

    id: str
    received: datetime
    track: str
    by: str
    kind: Literal["track-stopped"] = "track-stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Routine work and contact stop until resumed."""

    id: str
    received: datetime
    by: str
    kind: Literal["paused"] = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The journey goes on."""

    id: str
    received: datetime
    by: str
    kind: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The patient leaves the pathway, or what it does for one purpose."""

    id: str
    received: datetime
    by: str
    purpose: Purpose | None = None
    kind: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """The patient died at `at`."""

    id: str
    received: datetime
    at: datetime
    kind: Literal["died"] = "died"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The journey ends for a reason that is neither the patient's wish nor a death."""

    id: str
    received: datetime
    by: str
    reason: Literal["transferred", "lost", "merged", "entered-in-error"]
    kind: Literal["left"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    """The end was a mistake, such as a death on the wrong patient: the journey goes on from where it stood."""

    id: str
    received: datetime
    by: str
    kind: Literal["reinstated"] = "reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorSet:
    """An anchor is known, corrected or planned; `at` None takes it back."""

    id: str
    received: datetime
    anchor: str
    at: datetime | None
    by: str
    tentative: bool = False
    kind: Literal["anchor-set"] = "anchor-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """A parameter as this patient has it; `value` None goes back to the pathway's."""

    id: str
    received: datetime
    parameter: str
    value: float | tuple[str, ...] | None
    by: str
    kind: Literal["parameter-set"] = "parameter-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """A hospital system answered a call, or could not."""

    id: str
    received: datetime
    call: str
    outcome: Literal["answered", "failed"]
    data: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    kind: Literal["call-answered"] = "call-answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRefused:
    """The other pathway did not take the patient: `code` says why."""

    id: str
    received: datetime
    enrolment: str
    code: str
    kind: Literal["enrolment-refused"] = "enrolment-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RungUnattended:
    """Nobody who holds the rung's role was on duty."""

    id: str
    received: datetime
    task: str
    rung: int
    kind: Literal["rung-unattended"] = "rung-unattended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed."""

    id: str
    received: datetime
    kind: Literal["tick"] = "tick"


AnyEvent = (
    Enrolled
    | ResultReceived
    | FormAnswered
    | TaskClaimed
    | TaskReleased
    | TaskHandedOver
    | TaskCompleted
    | TaskAttempted
    | TaskSuspended
    | TaskContinued
    | VisitReported
    | Happened
    | TrackStarted
    | TrackStopped
    | Paused
    | Resumed
    | Withdrawn
    | Died
    | Left
    | Reinstated
    | AnchorSet
    | ParameterSet
    | CallAnswered
    | EnrolmentRefused
    | RungUnattended
    | Tick
)
Event = Annotated[AnyEvent, Discriminator("kind")]
