"""The kinds of fields that requests are made of."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pathways.language.written import DATA_NAME_PATTERN, NAME_PATTERN

_UNKEEPABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")

ID_PATTERN = r"^[\w.:@-]{1,64}$"


class Given(BaseModel):
    """The body of a request; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _keepable(text: str) -> str:
    # No database keeps a null character, and no encoding half of a surrogate pair.
    if _UNKEEPABLE.search(text):
        raise ValueError("text without control characters is expected")
    return text


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time written as text is expected, such as 2026-01-05T09:00:00+08:00")
    return value


def in_our_time(value: datetime) -> datetime:
    """The instant; ValueError for one that no clock here can mean."""
    if not 1850 <= value.year <= 2200:
        raise ValueError("a time between the years 1850 and 2200 is expected")
    return value


Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_keepable)]
"""A short text."""
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_keepable)]
"""A longer text, which may be empty."""
Instant = Annotated[
    datetime,
    BeforeValidator(_written),
    AfterValidator(in_our_time),
    Field(description="ISO 8601; without a zone it is read in the hospital's.", examples=["2026-01-05T09:00:00+08:00"]),
]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Slug = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=60)]
"""What a pathway calls a thing: `call-patient`."""
DataSlug = Annotated[str, StringConstraints(pattern=DATA_NAME_PATTERN, max_length=40)]
OpaqueId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
YesNo = Annotated[bool, Field(strict=True)]
"""`true` or `false`: nobody's "yes" is guessed."""
Scalar = Annotated[YesNo | Number | Prose, Field(union_mode="left_to_right")]

IdInPath = Annotated[str, Path(pattern=ID_PATTERN)]


def wanted(description: str) -> Any:
    """A part of a query that narrows a list."""
    return Query(pattern=ID_PATTERN, description=description)
