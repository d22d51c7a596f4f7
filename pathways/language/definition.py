"""What a clinical lead writes, as frozen values: a pathway, its tracks, what starts them and their steps.

The shapes are the shapes of the YAML file, so this module is also the source of the published JSON Schema. What a file
means beyond its shape (a name that exists, a condition that compiles) is decided in `check.py`.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal, assert_never, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    Tag,
    WithJsonSchema,
    field_validator,
)

from pathways.language.schedule import (
    DURATION_PATTERN,
    MOMENT_PATTERN,
    Duration,
    Moment,
    parse_duration,
    parse_moment,
)
from pathways.language.texts import Text

NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DATA_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
_TIMES_PATTERN = "(once|[1-9][0-9]{0,2})"
AT_MOST_PATTERN = f"^{_TIMES_PATTERN} per {DURATION_PATTERN[1:-1]}$"
TIME_OF_DAY_PATTERN = "^([01][0-9]|2[0-3]):[0-5][0-9]$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=60)]
"""What the pathway calls a track, step, role, form, message, ladder or outcome: `call-patient`."""
DataName = Annotated[str, StringConstraints(pattern=DATA_NAME_PATTERN, max_length=40)]
"""What conditions call a value: `urgent_low`."""
ConditionText = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    return parse_duration(str(value))


def _moment(value: object) -> Moment:
    return parse_moment(str(value))


def _clock_time(value: object) -> time:
    text = str(value)
    if re.fullmatch(TIME_OF_DAY_PATTERN[1:-1], text) is None:
        raise ValueError(f"'{text}' is not a time of day; write HH:MM, from '00:00' to '23:59'")
    return time.fromisoformat(text)


def _yes_no(value: object) -> object:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


Span = Annotated[
    Duration,
    PlainValidator(_duration),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN}),
]
"""A length of time: `30m`, `14d`, `2 weeks`, `6 months`, `2 working days`."""
Instant = Annotated[
    Moment,
    PlainValidator(_moment),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": MOMENT_PATTERN}),
]
"""A date of the patient, moved: `enrolled + 2 weeks`."""
TimeOfDay = Annotated[
    time,
    PlainValidator(_clock_time),
    PlainSerializer(lambda value: f"{value:%H:%M}"),
    WithJsonSchema({"type": "string", "pattern": TIME_OF_DAY_PATTERN}),
]
YesNo = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"enum": [True, False, "yes", "no"]})]
Number = Annotated[float, Field(allow_inf_nan=False)]
Lateness = Literal["run", "skip", "collapse", "ask"]


class Written(BaseModel):
    """A part of a pathway file: frozen, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


# --- what is known of the patient -------------------------------------------------------------------------------


class Anchor(Written):
    """A named date of the patient; `enrolled` is always there."""

    required: YesNo = True


class Data(Written):
    """A value that results carry: its codes (LOINC), the unit of measure (UCUM) that conditions are written in."""

    observation: tuple[str, ...] = Field(min_length=1)
    unit: str
    plausible: tuple[Number, Number] | None = None
    text: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Words that this site's devices print instead of a number, each standing for a comparator (`LO: "<1.1"`)."""


class Parameter(Written):
    """A number that a clinician owns, with its source; only `confirmed` ones may serve patients."""

    value: Number
    unit: str | None = None
    evidence: str = Field(min_length=1)
    source: Literal["primary", "secondary", "expert", "product"]
    confirmed: YesNo = False
    per_patient: tuple[Number, Number] | None = None
    """The range that a patient's own value may take; without it every patient has the same."""


class Enrolment(Written):
    """Who belongs on the pathway."""

    when: ConditionText | None = None
    unless: ConditionText | None = None
    not_with: tuple[Name, ...] = ()


# --- ladders ----------------------------------------------------------------------------------------------------


class Rung(Written):
    """Who gets a late task next; `after` counts from the instant from which the task is due."""

    after: Span
    to: Name
    page: YesNo = False


# --- steps ------------------------------------------------------------------------------------------------------


class StepBase(Written):
    """What every step may say."""

    name: Name | None = None
    """Its name in paths and on the timeline, where the same thing is done twice."""
    late: Lateness | None = None
    """What becomes of it when it is served more than `late_after` past its due time."""
    late_after: Span | None = None


class Send(StepBase):
    """A message to the patient."""

    send: Name
    urgent: YesNo = False


class Notify(StepBase):
    """A message to the staff who hold a role."""

    notify: Name
    message: Name


class Ask(StepBase):
    """A form for the patient, announced by a message."""

    ask: Name
    message: Name
    remind: tuple[Span, ...] = ()
    expires: Span | None = None
    answered: "Steps" = ()
    unanswered: "Steps" = ()


class Task(StepBase):
    """Work for a person, ended by an outcome that it declares."""

    task: Name
    role: Name
    clock: Literal["elapsed", "working"] | None = None
    due: Span | None = None
    ladder: Name | None = None
    form: Name | None = None
    outcomes: Mapping[Name, "Steps"] = Field(default_factory=dict[str, "Steps"])


class Window(Written):
    """How far before and after its planned date a visit still counts."""

    early: Span = Duration(amount=0, unit="day")
    late: Span


class SatisfiedBy(Written):
    """A value that stands for the visit, whoever ordered it."""

    data: DataName
    from_: Literal["laboratory", "device", "patient", "anywhere"] = Field(default="anywhere", alias="from")


class Visit(StepBase):
    """The patient comes: booked with the hospital, announced, kept or missed."""

    visit: Name
    window: Window
    remind: tuple[Span, ...] = ()
    reminder: Name | None = None
    satisfied_by: SatisfiedBy | None = None
    kept: "Steps" = ()
    missed: "Steps" = ()


class Wait(StepBase):
    """Nothing happens for a time."""

    wait: Span


class Case(Written):
    """One way of a choice."""

    if_: ConditionText = Field(alias="if")
    steps: "Steps"


class Choose(StepBase):
    """The first case that is true; where one before it cannot be known, `unknown` is done instead."""

    choose: Name
    cases: tuple[Case, ...] = Field(min_length=1)
    otherwise: "Steps"
    unknown: "Steps"


class Set(StepBase):
    """A value of the journey, for later conditions."""

    set: DataName
    to: ConditionText | bool | Number


class Start(StepBase):
    """Another track of the journey starts."""

    start: Name


class Stop(StepBase):
    """A track stops, and what it did is undone."""

    stop: Name


class End(StepBase):
    """The journey ends as completed."""

    end: Literal["completed"]


Step = Annotated[
    Annotated[Send, Tag("send")]
    | Annotated[Notify, Tag("notify")]
    | Annotated[Ask, Tag("ask")]
    | Annotated[Task, Tag("task")]
    | Annotated[Visit, Tag("visit")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Set, Tag("set")]
    | Annotated[Start, Tag("start")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[End, Tag("end")],
    Discriminator(lambda value: kind_of(value, STEP_KINDS)),
]
Steps = tuple[Step, ...]
AnyStep = Send | Notify | Ask | Task | Visit | Wait | Choose | Set | Start | Stop | End
STEP_KINDS: Mapping[str, type[Written]] = {kind.__name__.lower(): kind for kind in get_args(AnyStep)}

for _model in (Case, *STEP_KINDS.values()):
    _model.model_rebuild()  # Steps hold steps: only now are all of them known.

# --- what starts a track ----------------------------------------------------------------------------------------


class At(Written):
    """An instant."""

    at: Instant
    time: TimeOfDay | None = None


class Every(Written):
    """A repetition; `from: last_done` counts from when the track was last done, at first from enrolment."""

    every: Span
    from_: Instant = Field(alias="from")
    until: Instant | None = None
    times: Annotated[int, Field(ge=1, le=1000)] | None = None
    time: TimeOfDay | None = None


class Observed(Written):
    """A result for which `if` is true."""

    observed: DataName
    if_: ConditionText = Field(alias="if")
    worse: Literal["lower", "higher"] | None = None
    by: Annotated[Number, Field(ge=0)] = 0.0
    fresh: Span | None = None


class Silent(Written):
    """No such result for a time, counted from the last one or from the anchor."""

    silent: DataName
    for_: Span = Field(alias="for")
    from_: Name = Field(default="enrolled", alias="from")


class Missed(Written):
    """A visit was missed or a form expired, in any track."""

    missed: Name


class Outcome(Written):
    """A task ended with this outcome, in any track."""

    outcome: Name
    of: Name


class Named(Written):
    """A named event from outside."""

    event: Name


Trigger = Annotated[
    Annotated[Literal["enrolment"], Tag("enrolment")]
    | Annotated[Literal["by-hand"], Tag("by-hand")]
    | Annotated[At, Tag("at")]
    | Annotated[Every, Tag("every")]
    | Annotated[Observed, Tag("observed")]
    | Annotated[Silent, Tag("silent")]
    | Annotated[Missed, Tag("missed")]
    | Annotated[Outcome, Tag("outcome")]
    | Annotated[Named, Tag("event")],
    Discriminator(lambda value: kind_of(value, TRIGGER_KINDS)),
]
AnyTrigger = Literal["enrolment", "by-hand"] | At | Every | Observed | Silent | Missed | Outcome | Named
TRIGGER_KINDS: Mapping[str, type[Written]] = {
    "at": At,
    "every": Every,
    "observed": Observed,
    "silent": Silent,
    "missed": Missed,
    "outcome": Outcome,
    "event": Named,
}


def kind_of(value: Any, kinds: Mapping[str, type[Written]]) -> str | None:
    """The tag of a step or trigger, told by the key that it is written with; None where no key is known."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return next((kind for kind in kinds if kind in value), None)
    return next((kind for kind, model in kinds.items() if isinstance(value, model)), None)


class AtMost(BaseModel):
    """How often a track may start: `once per 4h`, counted by receipt."""

    model_config = ConfigDict(frozen=True)
    times: int
    per: Span


def _at_most(value: object) -> AtMost:
    times, separator, per = str(value).partition(" per ")
    if not separator or re.fullmatch(_TIMES_PATTERN, times) is None:
        raise ValueError(f"'{value}' is not a cap; write one such as 'once per 4h' or '3 per 7d'")
    return AtMost(times=1 if times == "once" else int(times), per=parse_duration(per))


class Track(Written):
    """A part of a pathway that something starts."""

    when: Trigger
    unless: ConditionText | None = None
    at_most: (
        Annotated[
            AtMost,
            PlainValidator(_at_most),
            PlainSerializer(lambda cap: f"{cap.times} per {cap.per}"),
            WithJsonSchema({"type": "string", "pattern": AT_MOST_PATTERN}),
        ]
        | None
    ) = None
    while_running: Literal["join", "restart", "parallel", "ignore"] = "join"
    safety: YesNo | None = None
    """A safety track runs through a pause and acts on preliminary results."""
    steps: Steps = Field(min_length=1)


class Value(Written):
    """A value that `set` may set."""

    type: Literal["number", "text", "boolean"]


class Pathway(Written):
    """A care pathway."""

    pathway: Name
    title: Text
    evidence: tuple[str, ...] = Field(min_length=1)
    owner: Name
    """The role that is asked where a track names none."""
    enrol: Enrolment = Enrolment()
    anchors: Mapping[Name, Anchor] = Field(
        default_factory=lambda: {"enrolled": Anchor()}, json_schema_extra={"required": ["enrolled"]}
    )
    data: Mapping[DataName, Data] = Field(default_factory=dict[str, Data])
    values: Mapping[DataName, Value] = Field(default_factory=dict[str, Value])
    parameters: Mapping[DataName, Parameter] = Field(default_factory=dict[str, Parameter])
    ladders: Mapping[Name, tuple[Rung, ...]] = Field(default_factory=dict[str, tuple[Rung, ...]])
    tracks: Mapping[Name, Track] = Field(min_length=1)
    words: Mapping[Name, Text] = Field(default_factory=dict[str, Text])
    """What people read for the names of tracks, tasks, visits and outcomes."""

    @field_validator("anchors")
    @classmethod
    def _enrolled_is_an_anchor(cls, anchors: Mapping[str, Anchor]) -> Mapping[str, Anchor]:
        if "enrolled" not in anchors:
            raise ValueError("'enrolled' is not among the anchors; expected it there: the journey counts from it")
        return anchors


def is_urgent_ladder(name: str | None) -> bool:
    """Whether tasks on the ladder are urgent: it is called `urgent` or `urgent-...`."""
    return name is not None and (name == "urgent" or name.startswith("urgent-"))


def default_lateness(step: AnyStep, *, in_series: bool) -> Lateness:
    """The policy of a step that states none: routine messages skip, a series collapses, everything else runs."""
    if step.late is not None:
        return step.late
    if isinstance(step, Send) and not step.urgent:
        return "skip"
    return "collapse" if in_series else "run"


def branches(step: AnyStep) -> Mapping[str, Steps]:
    """The steps under a step, by the name of the way that leads to them."""
    match step:
        case Task():
            return step.outcomes
        case Ask():
            return {"answered": step.answered, "unanswered": step.unanswered}
        case Visit():
            return {"kept": step.kept, "missed": step.missed}
        case Choose():
            cases = {f"case-{number}": case.steps for number, case in enumerate(step.cases, start=1)}
            return cases | {"otherwise": step.otherwise, "unknown": step.unknown}
        case _:
            return {}


def step_names(steps: Steps) -> tuple[str, ...]:
    """One name a step, in order: its own, else what it does; the second of a name is `name#2`."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for step in steps:
        base = step.name or _default_name(step)
        seen[base] = seen.get(base, 0) + 1
        names.append(base if seen[base] == 1 else f"{base}#{seen[base]}")
    return tuple(names)


def _default_name(step: AnyStep) -> str:
    match step:
        case Send():
            return step.send
        case Notify():
            return f"notify-{step.notify}"
        case Ask():
            return step.ask
        case Task():
            return step.task
        case Visit():
            return step.visit
        case Wait():
            return "wait"
        case Choose():
            return step.choose
        case Set():
            return f"set-{step.set.replace('_', '-')}"
        case Start():
            return f"start-{step.start}"
        case Stop():
            return f"stop-{step.stop}"
        case End():
            return "end"
        case _:
            assert_never(step)
