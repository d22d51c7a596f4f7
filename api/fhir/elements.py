"""An element of a resource with the place where it stands, so that a refusal can name it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NoReturn, TypeVar, cast

from api import fields
from api.outcomes import Issue, IssueCode, ResourceRefused
from pathways.language.schedule import on_date
from pathways.language.texts import Text

Meant = TypeVar("Meant")

LONGEST_WORD = 200
LONGEST_PROSE = 4000

_LONG = Text(zh="文本过长。", en="The text is too long.")
_REQUIRED = Text(zh="此项必填。", en="This element is required.")
_YEARS = Text(zh="年份应在 1850 与 2200 之间。", en="A time between the years 1850 and 2200 is expected.")
_WHOLE_DAY = Text(zh="应为完整日期，例如 1961-03-02。", en="A whole date is expected, such as 1961-03-02.")
_ONE_OF = Text(zh="应为其中之一：{}。", en="One of these is expected: {}.")


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a resource that was checked against its model; `path` is its FHIRPath."""

    value: Mapping[str, Any]
    path: str

    def has(self, name: str) -> bool:
        """Whether it was told."""
        return name in self.value

    def at(self, name: str) -> str:
        """The FHIRPath of an element of it."""
        return f"{self.path}.{name}"

    def one(self, name: str) -> "Element | None":
        """The element of that name; None where it was not told."""
        found = self.value.get(name)
        return Element(cast(Mapping[str, Any], found), self.at(name)) if isinstance(found, Mapping) else None

    def many(self, name: str) -> "list[Element]":
        """The elements of that name, in order."""
        return [
            Element(cast(Mapping[str, Any], one), f"{self.at(name)}[{place}]")
            for place, one in enumerate(self._list(name))
            if isinstance(one, Mapping)
        ]

    def word(self, name: str) -> str | None:
        """A short text; None where there is none."""
        return self._text(name, LONGEST_WORD)

    def prose(self, name: str) -> str | None:
        """A longer text; None where there is none."""
        return self._text(name, LONGEST_PROSE)

    def words(self, name: str) -> list[str]:
        """The texts of that name."""
        found = [one.strip() for one in self._list(name) if isinstance(one, str) and one.strip()]
        if any(len(one) > LONGEST_WORD for one in found):
            self.refuse(name, _LONG, code="too-long")
        return found

    def number(self, name: str) -> float | None:
        """A number; None where there is none."""
        found = self.value.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    def flag(self, name: str) -> bool | None:
        """True or false; None where neither was told."""
        found = self.value.get(name)
        return found if isinstance(found, bool) else None

    def meant(self, name: str, words: Mapping[str, Meant]) -> Meant:
        """What a code of a closed set stands for; ResourceRefused where it is missing, or not in the set."""
        return words[self.code(name, words)]

    def code(self, name: str, allowed: Collection[str]) -> str:
        """A code of a closed set.

        Raises:
            ResourceRefused: it is missing, or not in the set.
        """
        found = self.word(name)
        if found is None:
            self.refuse(name, _REQUIRED, code="required")
        if found not in allowed:
            listed = ", ".join(allowed)
            self.refuse(name, Text(zh=_ONE_OF.zh.format(listed), en=_ONE_OF.en.format(listed)), code="value")
        return found

    def instant(self, name: str, zone: str) -> datetime | None:
        """An instant; a date alone begins with its day in the zone, a month or year with its first."""
        found = self.word(name)
        if found is None:
            return None
        try:
            if "T" in found:
                at = datetime.fromisoformat(found)
                return fields.in_our_time(at).astimezone(UTC)
            parts = [int(part) for part in found.split("-")]
            year, month, day, *_ = [*parts, 1, 1]
            return fields.in_our_time(on_date(date(year, month, day), time(), zone))
        except (ValueError, OverflowError):
            self.refuse(name, _YEARS, code="value")

    def day(self, name: str) -> date | None:
        """A whole date; ResourceRefused for a year or month alone."""
        found = self.word(name)
        if found is None:
            return None
        try:
            return fields.in_our_time(datetime.combine(date.fromisoformat(found), time())).date()
        except ValueError:
            self.refuse(name, _WHOLE_DAY, code="value")

    def refuse(self, name: str | None, what: Text, *, code: IssueCode = "processing") -> NoReturn:
        """Raise ResourceRefused for an element of it, or for itself."""
        raise ResourceRefused(Issue(code=code, what=what, expression=self.path if name is None else self.at(name)))

    def require(self, name: str) -> NoReturn:
        """Raise ResourceRefused for an element that is missing."""
        self.refuse(name, _REQUIRED, code="required")

    def _text(self, name: str, longest: int) -> str | None:
        found = self.value.get(name)
        if not isinstance(found, str) or not found.strip():
            return None
        if len(found) > longest:
            self.refuse(name, _LONG, code="too-long")
        return found.strip()

    def _list(self, name: str) -> Iterator[object]:
        found = self.value.get(name)
        return iter(cast(list[object], found) if isinstance(found, list) else [])
