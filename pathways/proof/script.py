"""The shapes of a scenario file, as it is written."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from pathways.engine.journey import ExitReason, Scalar
from pathways.engine.reasons import Code
from pathways.language.written import Number, Purpose, Written, YesNo

Names = str | tuple[str, ...]


class WrittenPatient(Written):
    """Who the play is about."""

    born: str
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    zone: str = "Asia/Shanghai"


class WrittenThen(Written):
    """What must be so."""

    task: str | None = None
    role: str | None = None
    department: str | None = None
    person: str | None = None
    due: str | None = None
    urgent: YesNo | None = None
    escalated_to: str | None = None
    flagged: YesNo | None = None
    open: Names | None = None
    closed: Mapping[str, str] = Field(default_factory=dict[str, str])
    visit: Mapping[str, str] = Field(default_factory=dict[str, str])
    waiting: str | None = None
    ended: ExitReason | Literal["nothing"] | None = None
    called: Names | None = None
    not_called: Names | None = None
    enrolled: Names | None = None
    tags: tuple[str, ...] | None = None
    anchor: Mapping[str, str] = Field(default_factory=dict[str, str])
    sent: Names | None = None
    not_sent: Names | None = None
    notified: Names | None = None
    reason: Mapping[str, Code] = Field(default_factory=dict[str, Code])
    alarm: Literal["none", "last-rung", "cascade", "calendar-exhausted"] | None = None


class WrittenFacts(Written):
    """What is known of the patient and the site."""

    consent: YesNo | None = None
    consents: Mapping[Literal["marketing", "research"], YesNo] = Field(
        default_factory=dict[Literal["marketing", "research"], bool]
    )
    inpatient: YesNo | None = None
    diagnoses: tuple[str, ...] | None = None
    department: str | None = None
    team: Mapping[str, str] = Field(default_factory=dict[str, str])
    calendar: Literal["china-2026", "weekends"] | None = None


class WrittenLine(Written):
    """A line: at most one of the things that can be done, with what belongs to it, or a `then`."""

    on: str | None = None
    after: str | None = None
    observe: Mapping[str, Scalar] | None = None
    claim: str | None = None
    release: str | None = None
    complete: str | None = None
    outcome: str | None = None
    at: str | None = None
    answer: str | None = None
    items: Mapping[str, Scalar] | None = None
    id: str | None = None
    version: Annotated[int, Field(ge=1)] | None = None
    withdrawn: YesNo | None = None
    attempt: str | None = None
    result: Literal["no-answer", "call-back"] | None = None
    again: str | None = None
    suspend: str | None = None
    until: str | None = None
    continue_: str | None = Field(default=None, alias="continue")
    visit: str | None = None
    department: str | None = None
    state: Literal["booked", "kept", "cancelled", "missed"] | None = None
    happened: str | None = None
    call: str | None = None
    data: Mapping[str, Scalar] | None = None
    anchor: str | None = None
    parameter: str | None = None
    to: str | Number | tuple[str, ...] | None = None
    tentative: YesNo | None = None
    refuse: str | None = None
    code: str | None = None
    start: str | None = None
    stop: str | None = None
    pause: YesNo | None = None
    resume: YesNo | None = None
    withdraw: YesNo | Purpose | None = None
    die: YesNo | None = None
    leave: Literal["transferred", "lost", "merged", "entered-in-error"] | None = None
    reinstate: YesNo | None = None
    unattended: str | None = None
    fact: WrittenFacts | None = None
    then: WrittenThen | None = None


class WrittenScenario(WrittenFacts):
    """The file."""

    scenario: str = Field(min_length=1)
    pathway: str
    patient: WrittenPatient
    enrolled: str
    anchors: Mapping[str, str] = Field(default_factory=dict[str, str])
    parameters: Mapping[str, Number | tuple[str, ...]] = Field(default_factory=dict[str, "Number | tuple[str, ...]"])
    play: tuple[WrittenLine, ...] = Field(min_length=1)


THINGS: tuple[str, ...] = (
    "observe",
    "claim",
    "release",
    "complete",
    "attempt",
    "suspend",
    "continue",
    "answer",
    "visit",
    "happened",
    "anchor",
    "parameter",
    "call",
    "refuse",
    "start",
    "stop",
    "pause",
    "resume",
    "withdraw",
    "die",
    "leave",
    "reinstate",
    "unattended",
    "fact",
)
"""What a line can do, one of them."""
BESIDE: Mapping[str, tuple[str, ...]] = {
    "outcome": ("complete", "call"),
    "at": ("complete", "happened"),
    "result": ("attempt",),
    "again": ("attempt",),
    "until": ("suspend",),
    "items": ("answer", "complete"),
    "id": ("answer",),
    "version": ("answer",),
    "withdrawn": ("answer",),
    "to": ("anchor", "parameter"),
    "tentative": ("anchor",),
    "state": ("visit",),
    "department": ("visit",),
    "data": ("call", "happened"),
    "code": ("refuse",),
}
"""What may stand only beside a thing, and beside which of them."""
ABOUT_TASK = ("role", "department", "person", "due", "urgent", "escalated_to", "flagged")
"""What a `then` may say only beside `task`."""
