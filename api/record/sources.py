"""Where a thing in the record comes from. What several systems tell alike is shown once, with each of them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from store import tables

Item = TypeVar("Item")
Row = TypeVar("Row", tables.Entry, tables.Observation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who said so, and when; `id` is that of the entry or the result here, `status` what this source says of it."""

    system: str
    id: str
    received: datetime
    transmission: str | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A code of a code system, and its words."""

    system: str | None
    code: str | None
    display: str | None


class Section(BaseModel, Generic[Item]):
    """A part of the record."""

    items: list[Item]
    more: bool = Field(description="There is more than was asked for.")


def section_of(items: Sequence[Item], limit: int, *, more: bool = False) -> Section[Item]:
    """At most `limit` of the items; `more` where it is known already that some were not even read."""
    return Section(items=list(items[:limit]), more=more or len(items) > limit)


def sources_of(rows: Sequence[Row]) -> list[Source]:
    """Of each system the latest that it said, the latest first."""
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda one: (one.received, one.id), reverse=True):
        latest.setdefault(row.source_system, row)
    return [
        Source(
            system=row.source_system, id=row.id, received=row.received, transmission=row.transmission, status=row.status
        )
        for row in latest.values()
    ]


def coding_of(rows: Sequence[tables.Entry]) -> Coding:
    """What the rows are of, in the latest words that there are for it."""
    said = next((row.display for row in sorted(rows, key=said_at, reverse=True) if row.display), None)
    return Coding(system=rows[0].code_system, code=rows[0].code, display=said)


def said_at(row: tables.Entry) -> tuple[datetime, str]:
    """When its source said so, as far as that is known; by it the latest word is told."""
    return row.issued or row.received, row.id


def of_one_code(rows: Sequence[tables.Entry]) -> list[list[tables.Entry]]:
    """The rows of each code together; of one without a code those with the same words."""
    groups: dict[Hashable, list[tables.Entry]] = {}
    for row in rows:
        named = (row.code_system, row.code) if row.code is not None else (row.display or row.id).casefold()
        groups.setdefault(named, []).append(row)
    return list(groups.values())


def told_once(rows: Sequence[Row], same: Callable[[Row], Hashable]) -> list[list[Row]]:
    """Rows that say the same are one thing where different systems say it; of one system two are two things."""
    groups: dict[Hashable, list[list[Row]]] = {}
    order: list[list[Row]] = []
    for row in rows:
        known = groups.setdefault(same(row), [])
        thing = next((one for one in known if row.source_system not in {other.source_system for other in one}), None)
        if thing is not None:
            thing.append(row)
        else:
            thing = [row]
            known.append(thing)
            order.append(thing)
    return order
