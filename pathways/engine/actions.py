"""What must happen outside as a consequence of a turn, as data; the shell performs it, idempotent by the ids.

Ids are derived (`ids.py`), so an action that is issued again is the same action.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Discriminator

from pathways.engine.journey import End, ExitReason, Scalar
from pathways.language.written import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """Work for a person appears on the list of `role`. `due` None is work without a limit."""

    task: str
    name: str
    track: str
    role: str
    urgent: bool
    opened: datetime
    due: datetime | None
    outcomes: tuple[str, ...]
    form: str | None = None
    department: str | None = None
    """Where the role is looked for; None everywhere."""
    person: str | None = None
    """The person of the patient's team whose task it is."""
    attempts: int | None = None
    """How many attempts to reach the patient it allows."""
    suspended_while: str | None = None
    about: str | None = None
    """The message, step or track that a review, question, correction or contact is about."""
    values: Mapping[str, Scalar | None] = field(default_factory=dict[str, "Scalar | None"])
    """What caused it, by its name in the pathway: the nurse's `why`."""
    note: str | None = None
    kind: Literal["open-task"] = "open-task"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotateTask:
    """Something new shows on an open task; with `due` it is due then, with `flag` its holder must look."""

    task: str
    code: str
    at: datetime
    values: Mapping[str, Scalar | None] = field(default_factory=dict[str, "Scalar | None"])
    due: datetime | None = None
    waiting: str | None = None
    """With the code `suspended`: what it waits for."""
    again_at: datetime | None = None
    """With the code `attempted`: when it is to be tried again."""
    flag: bool = False
    kind: Literal["annotate-task"] = "annotate-task"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTask:
    """A rung passed: the role joins those who may complete the task. `last` rungs stay open and never pass."""

    task: str
    rung: int
    to: str
    at: datetime
    department: str | None = None
    page: bool = False
    last: bool = False
    kind: Literal["escalate-task"] = "escalate-task"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTask:
    """Who holds the task now; None when it was given back."""

    task: str
    holder: str | None
    at: datetime
    by: str
    kind: Literal["hold-task"] = "hold-task"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTask:
    """The task ended: completed by a person, or cancelled with a reason code."""

    task: str
    end: End
    at: datetime
    outcome: str | None = None
    by: str | None = None
    done_at: datetime | None = None
    why: str | None = None
    kind: Literal["close-task"] = "close-task"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """An intent to tell the patient; the text is made when it is sent, after death and consent are asked again."""

    message: str
    template: str
    track: str
    urgent: bool
    not_before: datetime
    purpose: Purpose = "care"
    """Which consent it needs."""
    own_hour: bool = False
    """The patient chose its hour: neither quiet hours nor the contact budget hold it."""
    values: Mapping[str, Scalar | None] = field(default_factory=dict[str, "Scalar | None"])
    kind: Literal["send-message"] = "send-message"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyStaff:
    """An intent to tell the staff who hold a role."""

    message: str
    template: str
    track: str
    role: str
    at: datetime
    urgent: bool = False
    values: Mapping[str, Scalar | None] = field(default_factory=dict[str, "Scalar | None"])
    kind: Literal["notify-staff"] = "notify-staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallMessage:
    """The message no longer holds: it is not sent if it has not left yet."""

    message: str
    at: datetime
    kind: Literal["recall-message"] = "recall-message"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAsk:
    """A form waits for the patient's answers."""

    ask: str
    form: str
    track: str
    opened: datetime
    expires: datetime | None
    kind: Literal["open-ask"] = "open-ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAsk:
    """The form no longer waits."""

    ask: str
    end: End
    at: datetime
    kind: Literal["close-ask"] = "close-ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookVisit:
    """A visit is planned within its window; the same id again after a reopening puts it back."""

    visit: str
    name: str
    track: str
    planned: datetime
    earliest: datetime
    latest: datetime
    kind: Literal["book-visit"] = "book-visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseVisit:
    """What became of the visit."""

    visit: str
    end: End
    at: datetime
    kind: Literal["close-visit"] = "close-visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSystem:
    """A call to a hospital system; with `undoes` it takes that call back. The same id again is the same call."""

    call: str
    name: str
    track: str
    at: datetime
    arguments: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    undoes: str | None = None
    kind: Literal["call-system"] = "call-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPatient:
    """The patient is enrolled on another pathway."""

    enrolment: str
    pathway: str
    at: datetime
    anchors: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    values: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    episode: str | None = None
    kind: Literal["enrol-patient"] = "enrol-patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlarm:
    """An operator must look: nobody is left above, too much came at once, the calendar ran out, a message failed."""

    alarm: str
    code: Literal["last-rung", "cascade", "calendar-exhausted", "message-failed"]
    at: datetime
    task: str | None = None
    kind: Literal["raise-alarm"] = "raise-alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndJourney:
    """The journey ended; what the exit keeps stays open."""

    reason: ExitReason
    at: datetime
    kind: Literal["end-journey"] = "end-journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenJourney:
    """The journey goes on after an end that was a mistake."""

    at: datetime
    kind: Literal["reopen-journey"] = "reopen-journey"


AnyAction = (
    OpenTask
    | AnnotateTask
    | EscalateTask
    | HoldTask
    | CloseTask
    | SendMessage
    | NotifyStaff
    | RecallMessage
    | OpenAsk
    | CloseAsk
    | BookVisit
    | CloseVisit
    | CallSystem
    | EnrolPatient
    | RaiseAlarm
    | EndJourney
    | ReopenJourney
)
Action = Annotated[AnyAction, Discriminator("kind")]
