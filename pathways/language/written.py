"""The scalars and the base of everything that a lead writes: names, spans, moments, times of day."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from pathways.language.schedule import (
    DURATION_PATTERN,
    MOMENT_PATTERN,
    Duration,
    Moment,
    parse_duration,
    parse_moment,
)

NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DATA_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
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


def yes_no(value: object) -> object:
    """`yes` and `no` as a boolean; everything else as it is."""
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
YesNo = Annotated[bool, BeforeValidator(yes_no), WithJsonSchema({"enum": [True, False, "yes", "no"]})]
Number = Annotated[float, Field(allow_inf_nan=False)]
BoundType = Literal["number", "text", "boolean", "date"]
"""What a name may stand for that is bound to the data of an event or an answer."""
DEPARTMENT_PATTERN = r"^(visit\.department|patient\.department|[a-z][a-z0-9_]*)$"
Department = Annotated[str, StringConstraints(pattern=DEPARTMENT_PATTERN, max_length=60)]
"""Which department: of the last visit, of the patient, or the one that a bound name holds."""
TeamMember = Annotated[str, StringConstraints(pattern=r"^patient\.[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
"""A person of the patient's team: `patient.surgeon`."""
Purpose = Literal["care", "marketing", "research"]
"""What contact with a patient is for; each has a consent of its own."""
Lateness = Literal["run", "skip", "collapse", "ask"]


class Written(BaseModel):
    """A part of a pathway file: frozen, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def kind_of(value: Any, kinds: Mapping[str, type[Written]]) -> str | None:
    """The tag of a step or trigger, told by the key that it is written with; None where no key is known."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return next((kind for kind in kinds if kind in value), None)
    return next((kind for kind, model in kinds.items() if isinstance(value, model)), None)
