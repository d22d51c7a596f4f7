"""What of an event's or an answer's data is bound to names: values of the declared types alone."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TypeGuard, assert_never

from pathways.engine.journey import Scalar
from pathways.language.written import BoundType


def bound_of(declared: Mapping[str, BoundType], data: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The data under the names that are declared; what is missing or of another type is left out, and so unknown."""
    found = {name: _as(kind, data.get(name)) for name, kind in declared.items()}
    return {name: value for name, value in found.items() if value is not None}


def _as(kind: BoundType, value: Scalar | None) -> Scalar | None:
    match kind:
        case "boolean":
            return value if isinstance(value, bool) else None
        case "number":
            return float(value) if is_number(value) else None
        case "text":
            return value if isinstance(value, str) else None
        case "date":
            return value if isinstance(value, str) and _is_date(value) else None
        case _:
            assert_never(kind)


def is_number(value: Scalar | None) -> TypeGuard[float]:
    """Whether the value is a number that can be compared: a boolean, NaN and the infinities are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
