"""What was measured, as OBX tells it: numbers with their comparators, texts, ranges and units."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.hl7.message import Repetition, Segment
from api.mapping import SiteMapping
from pathways.language.units import normalise_unit
from store.observations import Comparator

_COMPARATORS: Mapping[str, Comparator | None] = {
    "": None,
    "=": None,
    "<": "<",
    ">": ">",
    **dict.fromkeys(("<=", "=<", "≤", "≦", "⩽"), "<="),
    **dict.fromkeys((">=", "=>", "≥", "≧", "⩾"), ">="),
}
_NUMBER = r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][+-]?[0-9]{1,2})?"
_MEASURED = re.compile(rf"([<>=≤≦⩽≥≧⩾]*) *({_NUMBER}) *([↑↓HL]*)")
_RANGE = re.compile(rf"({_NUMBER}) *(?:-{{1,2}}|\^|~|—{{1,2}}|–|−|到|至) *({_NUMBER})")
_BOTH = re.compile(r"([0-9]{2,3}) */ *([0-9]{2,3})")
_NARROW = {0x3000: " "} | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_ARROWS = {"↑": "H", "↓": "L", "↑↑": "HH", "↓↓": "LL", "H": "H", "L": "L", "HH": "HH", "LL": "LL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number with its comparator, or a text; neither where nothing is told."""

    number: float | None = None
    comparator: Comparator | None = None
    text: str | None = None
    flag: str | None = None
    """An arrow that stood beside the number."""

    @property
    def told(self) -> bool:
        """Whether it says anything."""
        return self.number is not None or self.text is not None


def narrow(text: str) -> str:
    """Full-width characters as the plain ones, and nothing else: folding more would make 52 of a raised two."""
    return text.translate(_NARROW).strip()


def value_of(segment: Segment, *, measured: bool) -> Value:
    """The value of OBX-5 by its type (OBX-2); `measured` says that a text which is a number is meant as one."""
    repetitions = segment.repeats(5)
    told = [one for one in repetitions if not one.deleted]
    if not told:
        return Value()
    kind = (segment.text(2) or "").upper()
    match kind:
        case "SN":
            return _structured(told[0])
        case "CE" | "CWE" | "CF" | "CNE" | "IS" | "ID":
            text = _lines(one.text(2) or one.text(9) or one.text(1) for one in told)
        case _:
            # A text that holds a bare separator is the whole of it.
            text = _lines("^".join(one.texts).rstrip("^") or None for one in told)
    if text is None:
        return Value()
    number = _number(text) if kind == "NM" or measured else None
    return number or Value(text=text)


def _lines(texts: Iterable[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None


def _structured(one: Repetition) -> Value:
    """SN: comparator, number, separator, number; a ratio or a range is a text."""
    comparator, first, between, second = (narrow(one.text(component) or "") for component in range(1, 5))
    if between or second or comparator not in _COMPARATORS:
        return Value(text=f"{comparator}{first}{between}{second}" or None)
    return _number(f"{comparator}{first}") or Value(text=f"{comparator}{first}" or None)


def _number(text: str) -> Value | None:
    found = _MEASURED.fullmatch(narrow(text))
    if found is None or found[1] not in _COMPARATORS or found[3] not in ("", *_ARROWS):
        return None
    return Value(number=float(found[2]), comparator=_COMPARATORS[found[1]], flag=_ARROWS.get(found[3]))


def pressures_of(value: Value) -> tuple[float, float] | None:
    """The two numbers of a blood pressure that was written as one text, `128/82`."""
    found = None if value.text is None else _BOTH.fullmatch(narrow(value.text))
    return None if found is None else (float(found[1]), float(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A reference range: two numbers, or a text."""

    low: float | None = None
    high: float | None = None
    text: str | None = None


def range_of(segment: Segment) -> Range:
    """The range of OBX-7. A tilde between two numbers is no repetition, nor a caret a component."""
    text = "~".join("^".join(one.texts).rstrip("^") for one in segment.repeats(7) if not one.deleted)
    if not text:
        return Range()
    found = _RANGE.fullmatch(narrow(text))
    if found is not None and float(found[1]) <= float(found[2]):
        return Range(low=float(found[1]), high=float(found[2]))
    return Range(text=text)


def unit_of(segment: Segment, mapping: SiteMapping) -> str | None:
    """The unit of OBX-6: as the site maps it, else in UCUM, else as it is written. A bare `10^9/L` is one text."""
    one = segment.first(6)
    first, second = one.text(1), one.text(2)
    if first is None:
        return None if second is None else _known_unit(second, mapping)
    if second is not None and re.match(r"-?[0-9]", second) and re.search(r"(10|m)$", first):
        return _known_unit(f"{first}^{second}", mapping)
    return _known_unit(first, mapping)


def _known_unit(text: str, mapping: SiteMapping) -> str:
    return mapping.units.get(text) or mapping.units.get(narrow(text)) or normalise_unit(text) or text
