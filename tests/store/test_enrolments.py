"""Who comes onto a pathway without a person's start."""

from datetime import date
from typing import Any

import pytest

from store import enrolments, journeys, patients, releases
from store.database import Database
from store.facts import Policy
from tests.store import builders
from tests.store.builders import NOW, at


def _publish(database: Database, name: str, **more: Any) -> None:
    with database.write() as session:
        releases.publish(session, builders.release(name, **more), by="lead-1", now=NOW)


def _tell(database: Database, patient: str, event: str, data: dict[str, Any], id: str = "e-1") -> list[tuple[Any, ...]]:
    with database.write() as session:
        tried = enrolments.by_event(session, patient, event, id=id, at=NOW, data=data, policy=Policy(), now=at(hours=1))
        return [(one.pathway, one.created, one.code) for one in tried]


def test_an_event_enrols_on_each_pathway_that_begins_with_it(database: Database) -> None:
    """Each episode is a journey of its own, the same episode again is the same; one that refuses stops no other."""
    _publish(database, "survey", enrol={"on": "visit-kept"}, episode="visit")
    _publish(database, "adults-not", enrol={"on": "visit-kept", "unless": "age >= 18"})
    _publish(database, "elsewhere", enrol={"on": "discharged"})
    with database.write() as session:
        who = builders.patient(session).id
    assert _tell(database, who, "visit-kept", {"visit": "V-1", "smokes": True}) == [
        ("adults-not", False, "conflict"),
        ("survey", True, None),
    ]
    assert _tell(database, who, "visit-kept", {"visit": "V-1"})[1] == ("survey", False, None)
    assert _tell(database, who, "visit-kept", {"visit": "V-2"})[1] == ("survey", True, None)
    with database.read() as session:
        rows = journeys.list_(session, patient=who)
        assert sorted((row.pathway, row.episode) for row in rows) == [("survey", "V-1"), ("survey", "V-2")]
        values = {row.episode: journeys.state_of(row).values for row in rows}
        assert values == {"V-1": {"smokes": True}, "V-2": {}}
        assert journeys.list_(session, pathway="adults-not") == []


@pytest.mark.parametrize(("told", "known"), [("2026-03-01T08:00:00+08:00", True), ("2026-03-01", False), (7.0, False)])
def test_an_anchor_comes_with_the_event_where_it_is_an_instant(database: Database, told: Any, known: bool) -> None:
    """What is no instant with a zone is not guessed at."""
    _publish(database, "survey", enrol={"on": "operated"})
    with database.write() as session:
        who = builders.patient(session).id
    _tell(database, who, "operated", {"surgery": told})
    with database.read() as session:
        assert ("surgery" in journeys.state_of(journeys.list_(session, patient=who)[0]).anchors) is known


def test_a_year_enrols_who_is_known_to_belong_once(database: Database) -> None:
    """Page by page; nobody who is on it, has died, is excluded or not known to belong, and a second look adds none."""
    _publish(
        database, "plasters", enrol={"yearly": "first-fu - 2 months", "when": "diagnosed('J45')", "unless": "age < 3"}
    )
    with database.write() as session:
        for number, more in enumerate(
            [
                {"diagnoses": ["J45.0"]},
                {"diagnoses": ["E11"]},
                {},
                {"diagnoses": ["J45.9"], "born": date(2025, 1, 1)},
                {"diagnoses": ["J45"]},
            ]
        ):
            builders.patient(session, str(number), **more)
        gone = builders.patient(session, "gone", diagnoses=["J45"])
        patients.record_death(session, gone.id, NOW, now=NOW)
    created = [_sweep(database) for _ in range(2)]
    assert created == [2, 0]
    with database.read() as session:
        assert {row.episode for row in journeys.list_(session, pathway="plasters")} == {"2026"}


def _sweep(database: Database) -> int:
    created, after = 0, ""
    while after is not None:
        with database.write() as session:
            row = releases.latest(session, "plasters")
            tried, after = enrolments.yearly(
                session, row, episode="2026", after=after, limit=2, policy=Policy(), now=NOW
            )
            created += sum(one.created for one in tried)
    return created
