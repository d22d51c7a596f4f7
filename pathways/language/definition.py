"""What a clinical lead writes, as frozen values: a pathway, what is known of its patient, its ladders and tracks.

The shapes are the shapes of the YAML file, so this module, with `step.py` and `trigger.py`, is also the source of the
published JSON Schema. What a file means beyond its shape (a name that exists, a condition that compiles) is decided in
`check.py`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema, field_validator

from pathways.language.schedule import SEASONAL_PATTERN, Season
from pathways.language.step import Steps
from pathways.language.texts import Text
from pathways.language.trigger import AT_MOST_PATTERN, AtMost, Trigger, read_at_most
from pathways.language.written import (
    ConditionText,
    DataName,
    Department,
    Instant,
    Name,
    Number,
    Purpose,
    Span,
    TimeOfDay,
    Written,
    YesNo,
)


class Anchor(Written):
    """A named date of the patient; `enrolled` is always there."""

    required: YesNo = True
    estimate: Instant | None = None
    """Where it is not known: when it is expected, counted from another anchor. Nothing is planned from an estimate."""
    overdue_after: Span | None = None
    """How long after its estimate or its tentative date it is overdue."""
    season: Season | None = None
    """A date that the calendar gives: the first one from enrolment on, within a year."""


class Keep(Written):
    """What stays of values that are older than results may be revised: daily figures, later rolled into months."""

    per: Literal["day"]
    as_: tuple[Literal["mean", "min", "max", "last"], ...] = Field(alias="as", min_length=1)


class Data(Written):
    """A value that results carry: its codes (LOINC), the unit of measure (UCUM) that conditions are written in."""

    observation: tuple[str, ...] = Field(min_length=1)
    unit: str
    plausible: tuple[Number, Number] | None = None
    text: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Words that this site's devices print instead of a number, each standing for a comparator (`LO: "<1.1"`)."""
    keep: Keep | None = None


class Parameter(Written):
    """A number that a clinician owns, with its source; only `confirmed` ones may serve patients."""

    value: Number
    unit: str | None = None
    evidence: str = Field(min_length=1)
    source: Literal["primary", "secondary", "expert", "product"]
    confirmed: YesNo = False
    per_patient: tuple[Number, Number] | None = None
    """The range that a patient's own value may take; without it every patient has the same."""


class Times(Written):
    """A list of times of day that a clinician owns, such as those of a pill; each patient may have others."""

    value: tuple[TimeOfDay, ...] = Field(min_length=1, max_length=12)
    evidence: str = Field(min_length=1)
    source: Literal["primary", "secondary", "expert", "product"]
    confirmed: YesNo = False
    per_patient: YesNo = False


class Enrolment(Written):
    """Who belongs on the pathway, and what enrols them."""

    when: ConditionText | None = None
    unless: ConditionText | None = None
    not_with: tuple[Name, ...] = ()
    on: Name | None = None
    """The event of a patient that enrols."""
    yearly: Annotated[str, StringConstraints(pattern=SEASONAL_PATTERN)] | None = None
    """When in each year everybody who belongs here is enrolled: a season, alone or moved."""


class Rung(Written):
    """Who gets a late task next; `after` counts from the instant from which the task is due."""

    after: Span
    to: Name
    of: Department | None = None
    page: YesNo = False


class Track(Written):
    """A part of a pathway that something starts."""

    when: Trigger
    unless: ConditionText | None = None
    defer: Instant | None = None
    """Until when a start waits that `unless` excludes; without it such a start is dropped."""
    at_most: (
        Annotated[
            AtMost,
            PlainValidator(read_at_most),
            PlainSerializer(lambda cap: f"{cap.times} per {cap.per}"),
            WithJsonSchema({"type": "string", "pattern": AT_MOST_PATTERN}),
        ]
        | None
    ) = None
    while_running: Literal["join", "restart", "parallel", "ignore"] = "join"
    yields_to: tuple[Name, ...] = ()
    """Tracks that are started instead where the same turn would start both."""
    interrupts: Literal["all"] | tuple[Name, ...] = ()
    """Tracks that are stopped when this one starts: `all` is every other one that is not a safety track."""
    purpose: Purpose = "care"
    safety: YesNo | None = None
    """A safety track runs through a pause and acts on preliminary results."""
    steps: Steps = Field(min_length=1)


class Value(Written):
    """A value that `set` may set."""

    type: Literal["number", "text", "boolean", "tag"]
    """A tag is a boolean that is false until it is set, and is shown with the patient."""


class Pathway(Written):
    """A care pathway."""

    pathway: Name
    title: Text
    evidence: tuple[str, ...] = Field(min_length=1)
    owner: Name
    """The role that is asked where a track names none."""
    enrol: Enrolment = Enrolment()
    episode: Name | None = None
    """What makes two journeys of one patient different: a tooth, a pregnancy, a visit. Without it there is one."""
    anchors: Mapping[Name, Anchor] = Field(
        default_factory=lambda: {"enrolled": Anchor()}, json_schema_extra={"required": ["enrolled"]}
    )
    data: Mapping[DataName, Data] = Field(default_factory=dict[str, Data])
    values: Mapping[DataName, Value] = Field(default_factory=dict[str, Value])
    parameters: Mapping[DataName, Parameter] = Field(default_factory=dict[str, Parameter])
    times: Mapping[DataName, Times] = Field(default_factory=dict[str, Times])
    lexicons: Mapping[Name, Mapping[Name, tuple[Annotated[str, Field(min_length=1, max_length=40)], ...]]] = Field(
        default_factory=dict[str, "Mapping[str, tuple[str, ...]]"]
    )
    """Words by tier, the gravest tier first: what `tier()` looks for in an answer."""
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
