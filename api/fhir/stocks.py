"""Where the resources of a type come from: rows of a table, shown when they are asked for, or forms of releases."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from api.fhir.outgoing import forms
from api.fhir.outgoing import observations as shown_observations
from api.fhir.outgoing.parts import Resource, Showing
from store import matches, releases, reports
from store.matches import Dated, Shelf, Wanted

Place = tuple[datetime, str]
"""When a resource last changed, and its id: the order of every search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resource that fits a search."""

    place: Place
    resource: Resource


class Stock(Protocol):
    """Where resources come from."""

    def find(self, showing: Showing, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Found]:
        """Those that fit, in the order of their places."""
        ...


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a shelf, each shown as a resource."""

    shelf: Shelf[Any]
    show: Callable[[Showing, Any, datetime], Resource]
    states: Mapping[str, tuple[str, ...]] | None = None
    """What FHIR's statuses mean here; None where rows have FHIR's own."""

    def find(self, showing: Showing, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Found]:
        """Those that fit, in the order of their places."""
        if self.states is not None:
            meant = tuple(tuple(state for one in told for state in self.states.get(one, ())) for told in wanted.states)
            wanted = replace(wanted, states=meant)
        rows = matches.find(showing.session, self.shelf, wanted, after=after, limit=limit)
        return [_found(self.show(showing, row, updated), updated) for row, updated in rows]


@dataclass(frozen=True, kw_only=True)
class Panels:
    """Observations that were told as several components: found by their id alone, their parts by everything else."""

    def find(self, showing: Showing, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Found]:
        """The panels of these ids."""
        if len(wanted.ids) != 1 or wanted != Wanted(ids=wanted.ids) or after is not None:
            return ()
        found: list[Found] = []
        for rows in reports.of_panels(showing.session, wanted.ids[0]).values():
            updated = max(row.received for row in rows)
            found.append(_found(shown_observations.panel(rows, updated), updated))
        return sorted(found, key=lambda one: one.place)[:limit]


@dataclass(frozen=True, kw_only=True)
class Forms:
    """The forms of every release."""

    def find(self, showing: Showing, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Found]:
        """Those that fit, in the order of their places."""
        found: list[Found] = []
        for row in releases.list_(showing.session, limit=_MOST_RELEASES):
            release = releases.load(row)
            for id, form in forms.forms_of(release).items():
                place = (row.published_at, id)
                told = {"form": form.form, "checksum": row.checksum}
                if _fits(wanted, place, told) and (after is None or place > after):
                    shown = forms.show(id, form, release, row.published_at, demonstration=row.demonstration)
                    found.append(Found(place=place, resource=shown))
        return sorted(found, key=lambda one: one.place)[:limit]


_MOST_RELEASES = 10_000


def find(
    stocks: Sequence[Stock], showing: Showing, wanted: Wanted, *, after: Place | None = None, limit: int
) -> Sequence[Found]:
    """The resources of a type that fit, from all its stocks, in one order."""
    found = [one for stock in stocks for one in stock.find(showing, wanted, after=after, limit=limit)]
    return sorted(found, key=lambda one: one.place)[:limit]


def read(stocks: Sequence[Stock], showing: Showing, ids: Collection[str]) -> Mapping[str, Resource]:
    """Those resources of these ids that are there, by id."""
    found: dict[str, Resource] = {}
    for stock in stocks:
        missing = tuple(id for id in ids if id not in found)
        if missing:
            rows = stock.find(showing, Wanted(ids=(missing,)), after=None, limit=len(missing))
            found |= {one.place[1]: one.resource for one in rows}
    return found


def _found(resource: Resource, updated: datetime) -> Found:
    return Found(place=(updated, str(resource["id"])), resource=resource)


def _fits(wanted: Wanted, place: Place, told: Mapping[str, str]) -> bool:
    updated, id = place
    return (
        all(id in ids for ids in wanted.ids)
        and all("active" in states for states in wanted.states)
        and all(any(_is_so(one, updated) for one in dates) for dates in (*wanted.dates, *wanted.updated))
        and all(told.get(name) in values for name, all_ in wanted.others.items() for values in all_)
        and not (wanted.patients or wanted.codes or wanted.identifiers)
    )


def _is_so(wanted: Dated, at: datetime) -> bool:
    match wanted.prefix:
        case "eq":
            return wanted.low <= at < wanted.high
        case "ne":
            return not wanted.low <= at < wanted.high
        case "gt":
            return at >= wanted.high
        case "ge":
            return at >= wanted.low
        case "lt":
            return at < wanted.low
        case "le":
            return at < wanted.high
