"""What fits a search, on both databases: dates, states, and an order in which nothing is skipped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pathways.errors import NotFound
from store import entries, matches, searches, shelves
from store.database import Database
from store.matches import Dated, Prefix, Token, Wanted
from store.observations import Result, take_in
from store.record import ConditionContent, EncounterContent, NewEntry
from tests.store.builders import NOW, at, consented, journey, patient


def _entry(id: str, start: datetime | None, end: datetime | None = None) -> NewEntry:
    return NewEntry(
        kind="encounter",
        source_system="his",
        source_id=id,
        status="in-progress",
        content=EncounterContent(),
        start=start,
        end=end,
    )


def _glucose(who: str, value: float) -> Result:
    return Result(
        source_system="lis",
        source_id="R",
        patient=who,
        code="14771-0",
        effective=NOW,
        status="final",
        value=value,
        unit="mmol/L",
    )


STAYS = (("past", at(days=-9), at(days=-5)), ("open", at(days=-7), None), ("undated", None, None))
FITS: list[tuple[Prefix, datetime, set[str]]] = [
    ("eq", at(days=-9), set()),
    ("gt", at(days=-5), {"open"}),
    ("ge", at(days=-5), {"past", "open"}),
    ("lt", at(days=-7), {"past"}),
    ("le", at(days=-7), {"past", "open"}),
    ("ne", at(days=-7), {"past", "open"}),
]


def _on(prefix: Prefix, low: datetime) -> Wanted:
    return Wanted(dates=((Dated(prefix=prefix, low=low, high=low + timedelta(hours=1)),),))


def test_what_lasts_is_compared_by_both_its_ends(database: Database) -> None:
    """What has no start fits nothing, what has no end lasts."""
    shelf = shelves.entries_of("encounter", lasts=True)
    with database.write() as session:
        who = patient(session)
        for id, start, end in STAYS:
            entries.keep(session, _entry(id, start, end), patient=who.id, now=NOW)
    with database.read() as session:
        for prefix, low, expected in FITS:
            found = matches.find(session, shelf, _on(prefix, low), limit=9)
            assert {row.source_id for row, _ in found} == expected, prefix


def test_pages_go_on_where_the_last_one_ended(database: Database) -> None:
    """Also where rows changed within the same millisecond, or were written by the database's own clock."""
    shelf = shelves.entries_of("encounter")
    with database.write() as session:
        who = patient(session)
        for number in range(9):
            received = NOW + timedelta(microseconds=number // 3)
            entries.keep(session, _entry(str(number), NOW), patient=who.id, now=received)
        for number in range(4):
            patient(session, f"other-{number}")
    with database.read() as session:
        kept: matches.Shelf[Any]
        for kept, count in ((shelf, 9), (shelves.PATIENTS, 5)):
            seen: list[str] = []
            place: tuple[datetime, str] | None = None
            while found := matches.find(session, kept, Wanted(), after=place, limit=2):
                seen += [row.id for row, _ in found]
                place = (found[-1][1], found[-1][0].id)
            assert len(seen) == len(set(seen)) == count


def test_conditions_are_all_asked(database: Database) -> None:
    """Identifier, state, code and patient; what a shelf does not know fits nothing."""
    told = NewEntry(
        kind="condition", source_system="emr", source_id="C-1", status="active", content=ConditionContent(), start=NOW
    )
    with database.write() as session:
        who = consented(session)
        entries.keep(session, told, patient=who.id, now=NOW)
        journey(session, who)
        take_in(session, _glucose(who.id, 5.0), now=NOW)
    condition = shelves.entries_of("condition")
    cases: list[tuple[matches.Shelf[Any], Wanted, int]] = [
        (condition, Wanted(identifiers=((Token(value="C-1", system="emr"),),)), 1),
        (condition, Wanted(identifiers=((Token(value="C-1", system="his"),),)), 0),
        (condition, Wanted(states=(("active", "inactive"),), patients=((who.id,),)), 1),
        (condition, Wanted(states=(("active",), ("inactive",))), 0),
        (condition, Wanted(states=((),)), 0),
        (condition, Wanted(others={"shoe": (("42",),)}), 0),
        (shelves.RESULTS, Wanted(codes=((Token(value="14771-0", system="loinc"),),)), 1),
        (shelves.RESULTS, Wanted(codes=((Token(value="14771-0", system="atc"),),)), 0),
        (shelves.PATIENTS, Wanted(identifiers=((Token(value="1", system="hospital"),),)), 1),
        (shelves.PATIENTS, Wanted(others={"born": (("1961-03-02",),), "name": (("王",),)}), 1),
        (shelves.RESULTS, Wanted(others={"panel": (("nothing",),), "category": (("survey",),)}), 0),
        (shelves.CONSENTS, Wanted(states=(("active",),)), 1),
        (shelves.CONSENTS, Wanted(ids=(("consent-0",),)), 0),
        (shelves.ANSWERS, Wanted(states=(("completed",),), ids=(("nothing",),)), 0),
        (shelves.JOURNEYS, Wanted(states=(("starting",),)), 1),
        (shelves.TASKS, Wanted(states=(("open",),)), 0),
        (shelves.MESSAGES, _on("ge", NOW), 0),
        (shelves.VISITS, Wanted(states=(("planned",),)), 0),
        (shelves.RELEASES, Wanted(states=(("active",),), others={"pathway": (("checks",),)}), 1),
    ]
    with database.read() as session:
        for shelf, wanted, count in cases:
            assert len(matches.find(session, shelf, wanted, limit=9)) == count, (shelf.table, wanted)


def test_a_result_is_its_newest_version(database: Database) -> None:
    """Under the id that all its versions share."""
    with database.write() as session:
        who = patient(session)
        for value in (5.0, 2.8):
            take_in(session, _glucose(who.id, value), now=NOW)
    with database.read() as session:
        ((row, updated),) = matches.find(session, shelves.RESULTS, Wanted(), limit=9)
        assert (row.value, row.version, updated) == (2.8, 2, NOW)
        assert matches.read(session, shelves.RESULTS, row.result) is not None
        assert matches.read(session, shelves.RESULTS, "nothing") is None


def test_a_search_is_kept_for_an_hour(database: Database) -> None:
    """Then nobody may ask for it, and it is forgotten."""
    with database.write() as session:
        first = searches.keep(session, resource="Patient", parameters={"told": []}, now=NOW)
    with database.read() as session:
        assert searches.read(session, first, now=at(minutes=59)).resource == "Patient"
        with pytest.raises(NotFound):
            searches.read(session, first, now=at(minutes=60))
    with database.write() as session:
        later = searches.keep(session, resource="Task", parameters={"told": []}, now=at(hours=1))
        searches.forget(session, now=at(hours=1))
        assert searches.read(session, later, now=at(hours=1)).resource == "Task"
        with pytest.raises(NotFound):
            searches.read(session, first, now=NOW)
    assert NOW.tzinfo is UTC
