"""The record keeps every version of an entry, and shows the newest that its source told, however they came."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways.errors import NotFound
from store import entries
from store.database import Database, Session
from store.record import Coding, ConditionContent, EncounterContent, NewEntry
from tests.store import builders
from tests.store.builders import NOW, at


def told(status: str = "active", **more: Any) -> NewEntry:
    """A condition, but for what a test varies."""
    given: dict[str, Any] = {
        "kind": "condition",
        "source_system": "his",
        "source_id": "1",
        "code": Coding(system="icd-10", code="E11", display="2型糖尿病"),
        "start": at(days=-9),
        "content": ConditionContent(),
    }
    return NewEntry(status=status, **(given | more))


def keep(session: Session, patient: str, entry: NewEntry, *, now: datetime = NOW) -> entries.Kept:
    return entries.keep(session, entry, patient=patient, now=now, transmission="t1", via="his|1")


def kept_of(session: Session, entry: str) -> list[tuple[int, str, bool]]:
    """Each version: its number, the status that it told, and whether it was outdated when it came."""
    return [(row.version, row.told["status"], row.outdated) for row in entries.versions(session, entry)]


def test_a_version_is_created_changed_or_the_same(database: Database) -> None:
    """The same content is the same version; other content replaces what is shown, and stays beside it."""
    with database.write() as session:
        patient = builders.patient(session).id
        first = keep(session, patient, told())
        assert (first.state, first.before, first.row.version, first.row.via) == ("created", None, 1, "his|1")
        assert keep(session, patient, told()).state == "duplicate"
        second = keep(session, patient, told("resolved", end=NOW), now=at(minutes=1))
        assert (second.state, second.row.id, second.row.version) == ("changed", first.row.id, 2)
        assert second.before == entries.Shown(patient=patient, status="active", code="E11", content=ConditionContent())
        shown = entries.read(session, first.row.id)
        assert (shown.status, shown.end, shown.code, shown.display, shown.updated) == (
            "resolved",
            NOW,
            "E11",
            "2型糖尿病",
            at(minutes=1),
        )
        assert kept_of(session, shown.id) == [(1, "active", False), (2, "resolved", False)]


def test_what_was_so_before_is_a_version_again(database: Database) -> None:
    """Without a word of when, the last told is what holds."""
    with database.write() as session:
        patient = builders.patient(session).id
        states = [keep(session, patient, told(status)).state for status in ("active", "inactive", "active", "active")]
        assert states == ["created", "changed", "changed", "duplicate"]


@pytest.mark.parametrize(
    ("order", "states"),
    [
        ((1, 2, 3), ["created", "changed", "changed"]),
        ((3, 2, 1), ["created", "outdated", "outdated"]),
        ((2, 1, 3), ["created", "outdated", "changed"]),
        ((2, 3, 1), ["created", "changed", "outdated"]),
        ((1, 3, 2), ["created", "changed", "outdated"]),
        ((3, 3, 1, 1), ["created", "duplicate", "outdated", "outdated"]),
    ],
)
def test_what_the_source_said_before_is_kept_and_changes_nothing(
    database: Database, order: tuple[int, ...], states: list[str]
) -> None:
    """It is outdated where the source has said something newer; every version is there, once."""
    statuses = {1: "active", 2: "inactive", 3: "resolved"}
    with database.write() as session:
        patient = builders.patient(session).id
        done = [keep(session, patient, told(statuses[one], issued=at(minutes=one))) for one in order]
        assert [one.state for one in done] == states
        assert all(one.before is None for one in done if one.state in ("created", "duplicate", "outdated"))
        assert done[-1].row.status == "resolved"
        assert len(kept_of(session, done[0].row.id)) == len(set(order))


def test_a_word_that_holds_since_later_outdates_what_was_said_between(database: Database) -> None:
    """The same content again says that it still holds."""
    with database.write() as session:
        patient = builders.patient(session).id
        keep(session, patient, told(issued=at(minutes=1)))
        assert keep(session, patient, told(issued=at(minutes=5))).state == "duplicate"
        assert keep(session, patient, told("inactive", issued=at(minutes=3))).state == "outdated"
        assert keep(session, patient, told(issued=at(minutes=2))).state == "duplicate"
        assert keep(session, patient, told("inactive", issued=at(minutes=4))).state == "outdated"
        assert keep(session, patient, told("inactive", issued=at(minutes=6))).state == "changed"


@pytest.mark.parametrize("first", [None, 1])
def test_one_of_two_without_a_time_is_taken_as_it_comes(database: Database, first: int | None) -> None:
    """Nothing says that it is older."""
    with database.write() as session:
        patient = builders.patient(session).id
        one, other = (None, 1) if first is None else (1, None)
        at_ = {None: None, 1: at(minutes=1)}
        keep(session, patient, told(issued=at_[one]))
        assert keep(session, patient, told("inactive", issued=at_[other])).state == "changed"


_VERSIONS = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["active", "inactive", "resolved"])),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[0],
)


@settings(max_examples=40, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=_VERSIONS, data=st.data())
def test_any_order_and_any_repeat_end_alike(
    database: Database, versions: list[tuple[int, str]], data: st.DataObject
) -> None:
    """What is shown is what the source said last, however its messages were shuffled and sent again."""
    told_all = [told(status, issued=at(minutes=minute)) for minute, status in versions]
    sent = data.draw(st.permutations(told_all + data.draw(st.lists(st.sampled_from(told_all), max_size=4))))
    last = max(told_all, key=lambda one: one.issued or NOW - timedelta(days=1))
    with database.write() as session:
        patient = builders.patient(session).id
        row = [keep(session, patient, one).row for one in sent][-1]
        assert row.status == last.status
        assert {status for _, status, _ in kept_of(session, row.id)} == {one.status for one in told_all}
        session.rollback()


def test_an_entry_that_was_another_patients_says_so(database: Database) -> None:
    """Whose it was is told, so that both are looked at."""
    with database.write() as session:
        first, second = builders.patient(session, "1").id, builders.patient(session, "2").id
        keep(session, first, told())
        moved = keep(session, second, told())
        assert moved.state == "changed"
        assert moved.before is not None
        assert (moved.before.patient, moved.row.patient) == (first, second)
        assert entries.of_patient(session, first, "condition") == []


def test_the_same_id_of_another_system_or_kind_is_another_entry(database: Database) -> None:
    """Ids are their system's own."""
    stay = NewEntry(
        kind="encounter",
        source_system="his",
        source_id="1",
        status="in-progress",
        content=EncounterContent(setting="inpatient", bed="3-12"),
    )
    with database.write() as session:
        patient = builders.patient(session).id
        made = [keep(session, patient, one) for one in (told(), told(source_system="emr"), stay)]
        assert [one.state for one in made] == ["created"] * 3
        assert entries.content_of(made[2].row) == EncounterContent(setting="inpatient", bed="3-12")
        assert entries.find(session, "encounter", "his", "1") is made[2].row
        assert entries.find(session, "encounter", "emr", "1") is None
        with pytest.raises(NotFound):
            entries.read(session, "nothing")


def test_a_record_is_read_page_by_page(database: Database) -> None:
    """The latest first; what has no start counts from its receipt, and what was entered in error is not shown."""
    with database.write() as session:
        patient = builders.patient(session).id
        starts = [at(days=-3), None, at(days=-1), at(days=-1)]
        made = [
            keep(session, patient, told(source_id=str(number), start=start), now=at(days=-2)).row.id
            for number, start in enumerate(starts)
        ]
        keep(session, patient, told("entered-in-error", source_id="9"))
        rows = entries.of_patient(session, patient, "condition")
        assert [row.id for row in rows] == [*sorted(made[2:], reverse=True), made[1], made[0]]
        page = entries.of_patient(session, patient, "condition", limit=2)
        last = page[-1]
        assert last.start is not None
        rest = entries.of_patient(session, patient, "condition", after=(last.start, last.id))
        assert [row.id for row in (*page, *rest)] == [row.id for row in rows]
