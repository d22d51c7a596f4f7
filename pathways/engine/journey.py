"""The state of a journey: one frozen value that a turn replaces, small enough to travel with every continue-as-new.

Instants are aware UTC datetimes. What can be derived is not kept: ids come from `ids.py`, due times from `clocks.py`,
the next wake-up from `wakes.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Literal

from pydantic import TypeAdapter

from pathways.language.written import Purpose

FORMAT = 1
"""The format of `Journey`; a reader refuses one that it does not know."""

Status = Literal["active", "paused", "ended"]
ExitReason = Literal["completed", "withdrawn", "transferred", "lost", "merged", "died", "entered-in-error"]
ResultStatus = Literal["preliminary", "final", "amended", "corrected", "entered-in-error", "cancelled"]
End = Literal["done", "not-needed", "not-possible", "missed", "cancelled", "skipped"]
"""How a step ended. The first four are different things and none implies another; the engine cancels and skips."""
ActivationKind = Literal[
    "steps",
    "first-task",
    "review",
    "question",
    "look",
    "booking",
    "decision",
    "correction",
    "interruption",
    "contact",
    "urgent-contact",
    "follow-up",
    "unfinished",
    "return",
]
"""What an activation walks: the track's steps, its first task alone, or what the engine itself asks of a person."""
ActivationState = Literal["running", "done", "undone"]
Origin = Literal["laboratory", "device", "patient", "unknown"]
Unread = Literal["unreadable", "implausible"]
CauseKind = Literal[
    "planned",
    "observed",
    "answered",
    "silent",
    "missed",
    "unanswered",
    "overdue",
    "becomes",
    "outcome",
    "event",
    "by-hand",
    "step",
    "enrolment",
]
Scalar = float | bool | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What the engine may know of a person: no name, no identifier."""

    born: date
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    zone: str = "Asia/Shanghai"
    language: str = "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One version of a result, in the unit of its data; `low` and `high` are equal unless it came with a comparator."""

    id: str
    version: int
    status: ResultStatus
    data: str
    effective: datetime
    received: datetime
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    unread: Unread | None = None
    origin: Origin = "unknown"
    panel: str | None = None
    """What it was measured together with: the id of the panel, else of its first result; None where it is its own."""
    clamped: bool = False
    """Its time lay more than ten minutes ahead of its receipt."""

    @property
    def void(self) -> bool:
        """Whether the result was taken back."""
        return self.status in {"entered-in-error", "cancelled"}

    @property
    def settled(self) -> bool:
        """Whether the result is more than preliminary."""
        return self.status in {"final", "amended", "corrected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One version of the answers to a form: only what conditions of the pathway look at is kept of them."""

    id: str
    version: int
    form: str
    at: datetime
    received: datetime
    score: float | None = None
    """The sum of what was chosen; None where an item that counts was not answered."""
    items: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    tiers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By `lexicon/item`: the gravest tier of which a word was found, else `none`."""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What is kept of the values of one day or month, in the patient's zone."""

    since: date
    until: date
    """The last day, included."""
    count: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A parameter as this patient has it, and who set it."""

    value: float | tuple[str, ...]
    """A number, or times of day as HH:MM."""
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What made a track start or attach: the occurrence it stands for and, of a result, the value."""

    kind: CauseKind
    occurrence: str
    received: datetime
    result: str | None = None
    """The result, of a panel what its results share."""
    answers: str | None = None
    low: float | None = None
    high: float | None = None
    bound: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    """What of an event's data the track uses, and `at`, its time."""
    planned: datetime | None = None
    planned_for: datetime | None = None
    chosen: bool = False
    """A person chose it: exclusions and caps are passed, also after a pause."""

    @property
    def subject(self) -> str | None:
        """What it stands on that may be corrected: its result, or its answers."""
        return self.answers if self.result is None else self.result


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step that was entered. `order` numbers the nodes of a journey, so undo can run backwards."""

    kind: str
    order: int
    entered: datetime
    since: datetime
    """The instant from which due times and rungs count."""
    planned: datetime | None = None
    """Of a visit, the date for which it is needed."""
    booked: datetime | None = None
    """Of a visit, the date that the hospital gave."""
    end: End | None = None
    ended: datetime | None = None
    """When the end was told: what follows is due from then."""
    done_at: datetime | None = None
    """When it was really done, where it was told later."""
    way: str | None = None
    """The branch that the end leads into."""
    chosen: bool = False
    """A person chose the way: nothing under it is ever undone."""
    result: str | None = None
    """The result that stands for the visit."""
    holder: str | None = None
    rung: int = 0
    """How many rungs of the ladder have passed."""
    raised: bool = False
    """A worse value has already made the task due now."""
    due_now: datetime | None = None
    consumed: float = 0.0
    """Seconds of working time that ran before `since`: a pause suspends routine clocks."""
    suspended: bool = False
    waiting: str | None = None
    """What a person said the task waits for: its working clock stands still."""
    waiting_until: datetime | None = None
    attempts: int = 0
    """How often somebody tried to reach the patient in vain."""
    next_attempt: datetime | None = None
    """When it is to be tried again."""
    department: str | None = None
    """Of a visit, where it is or was; of a task, where its role was looked for."""
    left: ExitReason | None = None
    """The exit that cancelled it: a reinstatement opens it again."""
    reminded: int = 0
    told: bool = False
    """The message left the engine."""
    contact: datetime | None = None
    """When the contact that quiet hours or the budget deferred is tried again."""
    flagged: bool = False
    before: Scalar | None = None
    """What a `set` replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One time that a track was started, with the steps entered so far by their path."""

    track: str
    occurrence: str
    kind: ActivationKind = "steps"
    state: ActivationState = "running"
    started: datetime
    received: datetime
    """Receipt of what caused it: caps count by it."""
    planned: datetime | None = None
    """When a planned one was to start: ahead of its date where something is announced."""
    planned_for: datetime | None = None
    """The date that it is planned for."""
    about: str | None = None
    """What a review, question, correction, contact or follow-up is about: a message, track, task or outcome."""
    causes: tuple[Cause, ...] = ()
    bound: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    """What its event and its calls gave it, by name."""
    left: ActivationState | None = None
    """What it was when the journey ended: a reinstatement goes on from there."""
    chosen: bool = False
    """A person decided that it starts: a value that is taken back does not undo it."""
    base: float | None = None
    """The value that later ones are compared with to be worse."""
    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])
    served: tuple[str, ...] = ()
    """Paths of tasks that were begun when the activation was undone: they are still served with their outcomes."""
    again: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often a path was taken back because a step before it was open again: each time has ids of its own."""
    note: str | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackState:
    """What a track remembers between its activations."""

    starts: tuple[datetime, ...] = ()
    """Receipts of the starts that an `at_most` window still counts."""
    next: int = 1
    """The number of the next planned occurrence."""
    origin: datetime | None = None
    """Where a repetition counts from, once it was last done; of `done(...)`, the last one that was served."""
    anew: int = 0
    """How often its occurrences were counted anew, because their dates moved: each time has ids of its own."""
    stopped: bool = False
    """A person or step stopped it: what was planned does not come any more, until it is started by hand."""
    silences: int = 0
    """How often the present silence has already started the track."""
    capped: tuple[Cause, ...] = ()
    held: tuple[Cause, ...] = ()
    """What happened during a pause, to be decided at resume."""
    deferred: tuple[Cause, ...] = ()
    """What an exclusion moved to later."""
    deferred_at: datetime | None = None
    """When what is deferred was last looked at by the clock."""
    yielded: tuple[Cause, ...] = ()
    """What gave way to a more urgent track; it comes if that one is undone."""
    unconfirmed: tuple[Cause, ...] = ()
    """Values of a device that wait for a second one to agree."""
    holds: bool = False
    """Of `becomes`, whether its condition held when it was last looked at; of `overdue`, whether it has started."""
    looked: datetime | None = None
    """Of `becomes`: when it was last looked at."""
    interrupted: str | None = None
    """The activation that stopped it."""
    dates: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Of a planned track with `redo_if_moved`: the date that each occurrence was done for."""
    used: tuple[str, ...] = ()
    """Results that activations stood on which were let go, oldest first: their revision still reaches a person."""
    last_base: float | None = None
    """The worst value that was last acted on; a worse one may break the cap."""

    @property
    def unstarted(self) -> tuple[Cause, ...]:
        """What has not started yet: capped, held by a pause, deferred, given way or not confirmed."""
        return (*self.capped, *self.held, *self.deferred, *self.yielded, *self.unconfirmed)

    def keeping(self, keep: Callable[[Cause], bool]) -> "TrackState":
        """The same, of what waits with that alone for which `keep` holds."""
        return replace(
            self,
            capped=tuple(filter(keep, self.capped)),
            held=tuple(filter(keep, self.held)),
            deferred=tuple(filter(keep, self.deferred)),
            yielded=tuple(filter(keep, self.yielded)),
            unconfirmed=tuple(filter(keep, self.unconfirmed)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Why and when the journey ended."""

    reason: ExitReason
    at: datetime
    told: datetime | None = None
    """When its turn came, where that is later."""
    before: "Exit | None" = None
    """Of a death that became known after another exit: that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something a turn did that other tracks may react to; kept for the next turn beyond the cascade limit."""

    kind: Literal["missed", "unanswered", "outcome", "unmissed", "start", "unstart", "stop", "end"]
    activation: str
    path: str
    at: datetime
    name: str
    outcome: str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A patient on a release."""

    format: int = FORMAT
    id: str
    release: str
    patient: Patient
    anchors: Mapping[str, datetime]
    tentative: tuple[str, ...] = ()
    """Anchors that are plans: nothing is started from them."""
    episode: str | None = None
    parameters: Mapping[str, Own] = field(default_factory=dict[str, Own])
    """The patient's own values of parameters and times that may differ from patient to patient."""
    status: Status = "active"
    exit: Exit | None = None
    clock: datetime
    """The latest instant that a turn has served."""
    sequence: int = 0
    """How many turns; the store's projection is idempotent by it."""
    order: int = 0
    """How many nodes were ever entered."""
    values: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    readings: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """The latest version of each result, by its id."""
    answers: Mapping[str, Answers] = field(default_factory=dict[str, Answers])
    """The latest version of answers, by their id."""
    unanswered: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict[str, "tuple[datetime, ...]"])
    """By form, when it expired in a row without answers in between."""
    happened: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict[str, "tuple[datetime, ...]"])
    """By name, when events happened that conditions look at."""
    done: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """By the name of the step, when it was last done: what `done(...)` counts from."""
    aggregates: Mapping[str, tuple[Aggregate, ...]] = field(default_factory=dict[str, "tuple[Aggregate, ...]"])
    """By data, what is kept of values that were let go, oldest first."""
    withdrawn: tuple[Purpose, ...] = ()
    """Purposes that the patient has left."""
    horizon: datetime | None = None
    """Results with an earlier effective time were let go."""
    tracks: Mapping[str, TrackState] = field(default_factory=dict[str, TrackState])
    activations: Mapping[str, Activation] = field(default_factory=dict[str, Activation])
    contacts: tuple[datetime, ...] = ()
    """Routine contacts of the last week, for the contact budget."""
    exhausted: int = 0
    """The latest year of which an operator was told that its working days are not announced; 0 before."""
    pending: tuple[Effect, ...] = ()
    seen: tuple[str, ...] = ()
    """The latest event ids that were taken in, oldest first."""

    @property
    def dates(self) -> tuple[Mapping[str, datetime], tuple[str, ...], Mapping[str, datetime]]:
        """What planned dates count from."""
        return self.anchors, self.tentative, self.done


@cache
def adapter() -> TypeAdapter[Journey]:
    """Reads and writes a journey at the edge."""
    return TypeAdapter(Journey)


def write_journey(journey: Journey) -> bytes:
    """The journey as JSON, without what has its default."""
    return adapter().dump_json(journey, exclude_defaults=True)


def read_journey(text: bytes | str) -> Journey:
    """A journey from its JSON; ValueError where the format is unknown."""
    journey = adapter().validate_json(text)
    if journey.format != FORMAT:
        raise ValueError(f"journey format {journey.format} is not known; this engine reads format {FORMAT}")
    return journey
