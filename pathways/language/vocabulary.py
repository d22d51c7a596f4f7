"""What a condition may speak of: the names of a pathway, the functions, and the facts that they ask the engine for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ValueType = Literal["number", "text", "boolean"]
FeatureKind = Literal[
    "value",
    "latest",
    "previous",
    "mean",
    "min",
    "max",
    "count",
    "parameter",
    "patient",
    "diagnosed",
    "set",
    "score",
    "item",
    "tier",
    "happened",
    "unanswered",
    "days_since",
    "known",
    "bound",
]
Call = Literal[
    "latest",
    "previous",
    "mean",
    "min",
    "max",
    "count",
    "diagnosed",
    "score",
    "item",
    "tier",
    "happened",
    "unanswered",
    "days_since",
    "known",
]

PATIENT: Mapping[str, ValueType] = {"age": "number", "sex": "text", "inpatient": "boolean"}
CALLS: Mapping[str, Call] = {
    "latest": "latest",
    "previous": "previous",
    "mean": "mean",
    "min": "min",
    "max": "max",
    "count": "count",
    "diagnosed": "diagnosed",
    "score": "score",
    "item": "item",
    "tier": "tier",
    "happened": "happened",
    "unanswered": "unanswered",
    "days_since": "days_since",
    "known": "known",
}
WINDOWED = ("mean", "min", "max", "count")
"""What looks at the values of data within a time."""
EVENT_TIME = "at"
"""What a track calls the time of its event."""
RESERVED = frozenset({*PATIENT, *CALLS, EVENT_TIME, "true", "false", "in"})
"""Names that a pathway cannot give to its data, parameters, values or what it binds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names that a condition of one pathway may use; the mappings are never changed afterwards."""

    data: Mapping[str, ValueType]
    parameters: frozenset[str] = frozenset()
    values: Mapping[str, ValueType]
    """What steps `set`."""
    bound: Mapping[str, ValueType] = field(default_factory=dict[str, ValueType])
    """What of events and calls is bound to a name; each in its own track alone."""
    forms: Mapping[str, Mapping[str, ValueType]] = field(default_factory=dict[str, "Mapping[str, ValueType]"])
    """By form, what its items give."""
    scored: frozenset[str] = frozenset()
    """Forms of which an item has scores."""
    written: frozenset[tuple[str, str]] = frozenset()
    """By form and code, the items that are answered in free text."""
    anchors: frozenset[str] = frozenset()
    lexicons: frozenset[str] = frozenset()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Takes the hash once: a compiled condition is looked up by it each time that it is evaluated."""
        names = (frozenset(self.data.items()), self.parameters, frozenset(self.values.items()))
        object.__setattr__(self, "_hash", hash((*names, frozenset(self.bound.items()), frozenset(self.forms))))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A fact that a condition asks for and the engine supplies.

    `name` is the name of the data, parameter, value, anchor or event, `age`, `sex` or `inpatient`, or the code of a
    diagnosis. `window` is a duration in its canonical text ("7d", "2 weeks"), given for mean, min, max, count and
    happened alone. Of a `score`, `item`, `tier` or `unanswered`, `name` is the form and `item` its item; of a `tier`,
    `lexicon` holds the words that are looked for.
    """

    kind: FeatureKind
    name: str
    window: str | None = None
    item: str | None = None
    lexicon: str | None = None
