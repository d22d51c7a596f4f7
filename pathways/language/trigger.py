"""What starts a track, as a lead writes it: frozen values in one closed union, told apart by their key."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from pathways.language.schedule import DURATION_PATTERN, parse_duration
from pathways.language.written import (
    BoundType,
    ConditionText,
    DataName,
    Instant,
    Name,
    Number,
    Span,
    TimeOfDay,
    Written,
    kind_of,
)

_TIMES_PATTERN = "(once|[1-9][0-9]{0,2})"
AT_MOST_PATTERN = f"^{_TIMES_PATTERN} per {DURATION_PATTERN[1:-1]}$"


class At(Written):
    """An instant."""

    at: Instant
    time: TimeOfDay | None = None
    redo_if_moved: Span | None = None
    """How far its date must move, once it was done, for it to be done again."""


class Every(Written):
    """A repetition; `from: last_done` counts from when the track was last done, at first from enrolment."""

    every: Span
    from_: Instant = Field(alias="from")
    until: Instant | None = None
    times: Annotated[int, Field(ge=1, le=1000)] | None = None
    time: TimeOfDay | None = None
    redo_if_moved: Span | None = None


class Confirm(Written):
    """How many measurements of a device or of the patient must agree, and within what time."""

    again: Annotated[int, Field(ge=2, le=10)]
    within: Span


class Observed(Written):
    """A result, alone or a panel of several, for which `if` is true."""

    observed: Annotated[
        Annotated[DataName, Tag("one")]
        | Annotated[tuple[DataName, ...], Field(min_length=2, max_length=6), Tag("panel")],
        Discriminator(lambda value: "panel" if isinstance(value, list | tuple) else "one"),
    ]
    if_: ConditionText = Field(alias="if")
    worse: Literal["lower", "higher"] | None = None
    by: Annotated[Number, Field(ge=0)] = 0.0
    fresh: Span | None = None
    confirm: Confirm | None = None

    @property
    def data(self) -> tuple[str, ...]:
        """What it watches, one or several."""
        return (self.observed,) if isinstance(self.observed, str) else self.observed


class Answered(Written):
    """Answers to a form for which `if` is true, asked for or not."""

    answered: Name
    if_: ConditionText | None = Field(default=None, alias="if")


class Silent(Written):
    """No such result for a time, counted from the last one or from the anchor."""

    silent: DataName
    for_: Span = Field(alias="for")
    from_: Name = Field(default="enrolled", alias="from")


class Missed(Written):
    """A visit was missed or a form expired, in any track."""

    missed: Name


class Unanswered(Written):
    """A form expired so many times in a row, in any track."""

    unanswered: Name
    times: Annotated[int, Field(ge=1, le=50)] = 1


class Overdue(Written):
    """An anchor that is not known, or only tentative, although its date passed by its `overdue_after`."""

    overdue: Name


class Becomes(Written):
    """A condition becomes true, by an event or with time; it is looked at with every event and once a day."""

    becomes: ConditionText
    time: TimeOfDay = time(8)
    """When on each day it is looked at, in the patient's zone."""


class Outcome(Written):
    """A task ended with this outcome, in any track."""

    outcome: Name
    of: Name


class Named(Written):
    """A named event from outside, with what of its data the track uses."""

    event: Name
    if_: ConditionText | None = Field(default=None, alias="if")
    bind: Mapping[DataName, BoundType] = Field(default_factory=dict[str, BoundType])


Trigger = Annotated[
    Annotated[Literal["enrolment"], Tag("enrolment")]
    | Annotated[Literal["by-hand"], Tag("by-hand")]
    | Annotated[At, Tag("at")]
    | Annotated[Every, Tag("every")]
    | Annotated[Observed, Tag("observed")]
    | Annotated[Answered, Tag("answered")]
    | Annotated[Silent, Tag("silent")]
    | Annotated[Missed, Tag("missed")]
    | Annotated[Unanswered, Tag("unanswered")]
    | Annotated[Overdue, Tag("overdue")]
    | Annotated[Becomes, Tag("becomes")]
    | Annotated[Outcome, Tag("outcome")]
    | Annotated[Named, Tag("event")],
    Discriminator(lambda value: kind_of(value, TRIGGER_KINDS)),
]
AnyTrigger = (
    Literal["enrolment", "by-hand"]
    | At
    | Every
    | Observed
    | Answered
    | Silent
    | Missed
    | Unanswered
    | Overdue
    | Becomes
    | Outcome
    | Named
)
TRIGGER_KINDS: Mapping[str, type[Written]] = {
    "at": At,
    "every": Every,
    "observed": Observed,
    "answered": Answered,
    "silent": Silent,
    "missed": Missed,
    "unanswered": Unanswered,
    "overdue": Overdue,
    "becomes": Becomes,
    "outcome": Outcome,
    "event": Named,
}


class AtMost(BaseModel):
    """How often a track may start: `once per 4h`, counted by receipt."""

    model_config = ConfigDict(frozen=True)
    times: int
    per: Span


def read_at_most(value: object) -> AtMost:
    """The cap of its text; ValueError says how one is written."""
    times, separator, per = str(value).partition(" per ")
    if not separator or re.fullmatch(_TIMES_PATTERN, times) is None:
        raise ValueError(f"'{value}' is not a cap; write one such as 'once per 4h' or '3 per 7d'")
    return AtMost(times=1 if times == "once" else int(times), per=parse_duration(per))
