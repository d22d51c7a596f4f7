"""The steps of a track, as a lead writes them: frozen values in one closed union, told apart by their key."""

from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

from pydantic import BeforeValidator, Discriminator, Field, Tag

from pathways.language.schedule import Duration
from pathways.language.written import (
    BoundType,
    ConditionText,
    DataName,
    Department,
    Instant,
    Lateness,
    Name,
    Number,
    Span,
    TeamMember,
    Written,
    YesNo,
    kind_of,
    yes_no,
)

Given = Annotated[ConditionText | bool | Number, BeforeValidator(yes_no)]
"""A value, or an expression that gives one."""


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


class Attempts(Written):
    """How often a person tries to reach the patient before the task must end, and how far apart."""

    max: Annotated[int, Field(ge=1, le=20)]
    spaced: Span | None = None


class Task(StepBase):
    """Work for a person, ended by an outcome that it declares."""

    task: Name
    role: Name
    of: Department | None = None
    """Where the role is looked for; without it everywhere."""
    to: TeamMember | None = None
    """The person of the patient's team on whose list it is; everybody of the role where nobody is named there."""
    clock: Literal["elapsed", "working"] | None = None
    due: Span | None = None
    ladder: Name | None = None
    form: Name | None = None
    attempts: Attempts | None = None
    suspended_while: Name | None = None
    """What a person may say that the task waits for: its working clock stands still until then."""
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
    """A value or tag of the journey, for later conditions, or one of its anchors."""

    set: DataName | Name
    to: Given
    tentative: YesNo = False
    """Of an anchor: it is a plan, on which nothing is booked yet."""


class Together(StepBase):
    """Several sequences beside each other; it ends when all of them have."""

    together: Mapping[Name, "Steps"] = Field(min_length=2)


class Repeat(StepBase):
    """Steps that come again, `every` so often, until a condition holds or so many times."""

    repeat: Name
    every: Span
    times: Annotated[int, Field(ge=1, le=366)]
    until: ConditionText | None = None
    steps: "Steps" = Field(min_length=1)


class ForEach(StepBase):
    """Steps once for each time of day of a list, at that time of the day on which the step comes."""

    for_each: DataName
    steps: "Steps" = Field(min_length=1)


class Again(StepBase):
    """The step around it is done once more; used up, the steps after it are done instead."""

    again: Name
    at_most: Annotated[int, Field(ge=1, le=20)]


class Call(StepBase):
    """A call to a hospital system, idempotent by its id, with the call that takes it back."""

    call: Name
    with_: Mapping[DataName, Given] = Field(default_factory=dict[str, "Given"], alias="with")
    bind: Mapping[DataName, BoundType] = Field(default_factory=dict[str, BoundType])
    """What of its answer later steps may use."""
    undo: Name | None = None
    within: Span = Duration(amount=1, unit="hour")
    """After which time without an answer it has failed."""
    answered: "Steps" = ()
    failed: "Steps" = ()


class Enrol(StepBase):
    """The patient is enrolled on another pathway, with what is carried over."""

    enrol: Name
    anchors: Mapping[Name, Instant] = Field(default_factory=dict[str, Instant])
    with_: Mapping[DataName, Given] = Field(default_factory=dict[str, "Given"], alias="with")
    episode: ConditionText | None = None


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
    | Annotated[Together, Tag("together")]
    | Annotated[Repeat, Tag("repeat")]
    | Annotated[ForEach, Tag("for_each")]
    | Annotated[Again, Tag("again")]
    | Annotated[Call, Tag("call")]
    | Annotated[Set, Tag("set")]
    | Annotated[Start, Tag("start")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[Enrol, Tag("enrol")]
    | Annotated[End, Tag("end")],
    Discriminator(lambda value: kind_of(value, STEP_KINDS)),
]
Steps = tuple[Step, ...]
AnyStep = (
    Send
    | Notify
    | Ask
    | Task
    | Visit
    | Wait
    | Choose
    | Together
    | Repeat
    | ForEach
    | Again
    | Call
    | Set
    | Start
    | Stop
    | Enrol
    | End
)
STEP_KINDS: Mapping[str, type[Written]] = {
    "send": Send,
    "notify": Notify,
    "ask": Ask,
    "task": Task,
    "visit": Visit,
    "wait": Wait,
    "choose": Choose,
    "together": Together,
    "repeat": Repeat,
    "for_each": ForEach,
    "again": Again,
    "call": Call,
    "set": Set,
    "start": Start,
    "stop": Stop,
    "enrol": Enrol,
    "end": End,
}

for _model in (Case, *STEP_KINDS.values()):
    _model.model_rebuild()  # Steps hold steps: only now are all of them known.


def is_urgent_ladder(name: str | None) -> bool:
    """Whether tasks on the ladder are urgent: it is called `urgent` or `urgent-...`."""
    return name is not None and (name == "urgent" or name.startswith("urgent-"))


def default_lateness(step: AnyStep, *, in_series: bool) -> Lateness:
    """The policy of a step that states none.

    Routine messages skip, and so does a time of day that has passed; a series collapses, everything else runs.
    """
    if step.late is not None:
        return step.late
    if (isinstance(step, Send) and not step.urgent) or isinstance(step, ForEach):
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
        case Together():
            return step.together
        case Repeat() | ForEach():
            return {"steps": step.steps}
        case Call():
            return {"answered": step.answered, "failed": step.failed}
        case _:
            return {}


def step_names(steps: Steps) -> tuple[str, ...]:
    """One name a step, in order: its own, else what it does; the second of a name is `name#2`."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for step in steps:
        base = name_of(step)
        seen[base] = seen.get(base, 0) + 1
        names.append(base if seen[base] == 1 else f"{base}#{seen[base]}")
    return tuple(names)


def name_of(step: AnyStep) -> str:
    """The name of a step: its own, else what it does."""
    return step.name or _default_name(step)


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
        case Together():
            return "together"
        case Repeat():
            return step.repeat
        case ForEach():
            return f"each-{step.for_each.replace('_', '-')}"
        case Again():
            return f"again-{step.again}"
        case Call():
            return step.call
        case Enrol():
            return f"enrol-{step.enrol}"
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
