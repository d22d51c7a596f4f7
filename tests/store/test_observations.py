"""Results: versions, journeys that watch them, and what is not understood."""

from typing import Any

import pytest
from sqlalchemy import event

from pathways.engine.events import ResultReceived
from pathways.errors import Conflict, Invalid, NotFound
from store import inbox, observations, quarantine
from store.database import Database, Session
from store.observations import Result, Taken
from tests.store import builders
from tests.store.builders import NOW, at


def result(patient: str | None, **more: Any) -> Result:
    """A glucose of 3.1 mmol/L, but for what a test varies."""
    given: dict[str, Any] = {
        "source_system": "lis",
        "source_id": "17",
        "patient": patient,
        "code": "14771-0",
        "effective": at(hours=-1),
        "status": "final",
        "value": 3.1,
        "unit": "mmol/L",
        "origin": "laboratory",
    }
    return Result(**(given | more))


def take(session: Session, patient: str | None, **more: Any) -> Taken:
    """It alone is taken in."""
    return observations.take_in(session, result(patient, **more), now=NOW)


def test_a_result_reaches_each_open_journey_that_watches_its_code(database: Database) -> None:
    """The journeys are told in the transaction that accepts it; one that ended or watches other things is not."""
    with database.write() as session:
        who = builders.patient(session)
        watching = builders.journey(session, who)
        builders.journey(session, who, builders.release("blind", data={}, parameters={}))
        builders.journey(session, who, episode="over").status = "ended"
        session.flush()
        taken = take(session, who.id)
        assert (taken.state, taken.version, taken.duplicate) == ("accepted", 1, False)
        row = inbox.read(session, taken.events[0])
        assert row is not None
        event = inbox.event_of(row)
        assert isinstance(event, ResultReceived)
        assert (row.journey, event.value, event.origin, event.status) == (watching.id, 3.1, "laboratory", "final")
        assert len(taken.events) == 1


def test_results_of_one_measurement_share_a_panel_that_says_nothing(database: Database) -> None:
    """The engine learns that they belong together, and nothing of the source's id; each system has its own."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        panels: list[str | None] = []
        for system, source, panel in (
            ("lis", "1", "EX-7"),
            ("lis", "2", "EX-7"),
            ("pda", "1", "EX-7"),
            ("lis", "3", None),
        ):
            taken = take(session, who.id, source_system=system, source_id=source, panel=panel)
            row = inbox.read(session, taken.events[0])
            assert row is not None
            event = inbox.event_of(row)
            assert isinstance(event, ResultReceived)
            assert event.panel == observations.read(session, taken.id).panel
            panels.append(event.panel)
        first, second, other, none = panels
        assert first == second != other
        assert none is None
        assert first is not None
        assert "EX-7" not in first
        assert take(session, who.id, source_id="1", panel="EX-7").duplicate
        assert take(session, who.id, source_id="1", panel="EX-8").version == 2


def test_a_result_that_nobody_watches_is_stored(database: Database) -> None:
    """It is there for a journey that starts later."""
    with database.write() as session:
        assert take(session, builders.patient(session).id).state == "stored"


def test_the_same_source_id_with_the_same_content_is_the_same_result(database: Database) -> None:
    """A message sent again changes nothing and is told apart from news."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        first = take(session, who.id)
        again = take(session, who.id)
        assert (again.id, again.version, again.duplicate, again.events) == (first.id, 1, True, ())
        assert (again.state, len(observations.list_(session, patient=who.id))) == ("accepted", 1)


def test_other_content_is_the_next_version(database: Database) -> None:
    """A revision is a version of the same result to the engine."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        take(session, who.id)
        second = take(session, who.id, status="corrected", value=5.5)
        assert (second.version, second.duplicate) == (2, False)
        rows = observations.list_(session, patient=who.id, code="14771-0")
        assert {row.version for row in rows} == {1, 2}
        assert len({row.result for row in rows}) == 1


def test_older_content_that_comes_again_is_no_duplicate(database: Database) -> None:
    """A value that holds again, or a repeat that came late: a person decides, and nothing is dropped meanwhile."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        take(session, who.id)
        other = take(session, who.id, value=5.5)
        again = take(session, who.id)
        assert (again.version, again.state, again.reason, again.events) == (3, "quarantined", "older-version-again", ())
        assert (take(session, who.id).id, take(session, who.id, value=5.5).id) == (again.id, other.id)
        assert quarantine.count(session) == 1
        held = again.quarantine
        assert held is not None
        released = observations.readmit(session, held, by="nurse-1", now=NOW)
        assert (released.state, released.version, len(released.events)) == ("accepted", 3, 1)
        assert take(session, who.id).duplicate
        assert take(session, who.id, value=5.5).reason == "older-version-again"


def test_older_content_that_revises_is_the_next_version(database: Database) -> None:
    """Who says that it is corrected means it: what it says holds from now on."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        for version, value in enumerate((3.1, 5.5, 3.1), start=1):
            taken = take(session, who.id, status="corrected", value=value)
            assert (taken.version, taken.state, taken.duplicate) == (version, "accepted", False)


def test_results_that_come_together_are_taken_in_one_after_the_other(database: Database) -> None:
    """Each finds those before it, as if it had come alone."""
    with database.write() as session:
        first, second = builders.patient(session, "1"), builders.patient(session, "2")
        wrong, right = builders.journey(session, first), builders.journey(session, second)
        together = [
            result(first.id),
            result(first.id),
            result(second.id, status="corrected"),
            result(first.id),
            result(first.id, source_id="18", unit="stones"),
            result("nobody", source_id="19"),
        ]
        intake = observations.Intake(session, together)
        taken = [intake.take(one, now=NOW) for one in together]
        assert [(one.state, one.version, one.duplicate, one.reason) for one in taken] == [
            ("accepted", 1, False, None),
            ("accepted", 1, True, None),
            ("accepted", 2, False, None),
            ("quarantined", 3, False, "older-version-again"),
            ("quarantined", 1, False, "unknown-unit"),
            ("quarantined", 1, False, "unknown-patient"),
        ]
        session.flush()
        assert _told(session, taken[2]) == {right.id: (2, "corrected"), wrong.id: (2, "entered-in-error")}


def test_many_results_hold_the_store_briefly(database: Database) -> None:
    """Nobody else writes to SQLite meanwhile: however many come at once, the statements are a few."""
    with database.write() as session:
        patient = builders.consented(session)
        builders.journey(session, patient)
        many = [result(patient.id, source_id=str(number)) for number in range(500)]
        statements: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *said: statements.append(said[2]))
        intake = observations.Intake(session, many)
        assert {intake.take(one, now=NOW).state for one in many} == {"accepted"}
        session.flush()
        assert len(statements) < 10


def _told(session: Session, taken: Taken) -> dict[str, tuple[int, str]]:
    """The version and status that each journey is told, by journey."""
    told: dict[str, tuple[int, str]] = {}
    for id in taken.events:
        row = inbox.read(session, id)
        assert row is not None
        event = inbox.event_of(row)
        assert isinstance(event, ResultReceived)
        told[row.journey] = (event.version, event.status)
    return told


def test_a_result_that_was_another_patients_is_taken_back_from_the_first(database: Database) -> None:
    """A sample under the wrong name: no journey keeps acting on a value of somebody else, nor learns of it later."""
    with database.write() as session:
        first, second = builders.patient(session, "1"), builders.patient(session, "2")
        wrong, right = builders.journey(session, first), builders.journey(session, second)
        take(session, first.id)
        moved = take(session, second.id, status="corrected")
        assert _told(session, moved) == {right.id: (2, "corrected"), wrong.id: (2, "entered-in-error")}
        since = at(days=-1)
        assert observations.recent(session, first.id, frozenset({"14771-0"}), since=since) == []
        assert [row.id for row in observations.recent(session, second.id, frozenset({"14771-0"}), since=since)] == [
            moved.id
        ]
        back = take(session, first.id, status="amended")
        assert _told(session, back) == {wrong.id: (3, "amended"), right.id: (3, "entered-in-error")}


def test_a_result_that_was_another_code_is_taken_back(database: Database) -> None:
    """A value that turns out to be of something that the journey does not watch is not its value any more."""
    with database.write() as session:
        who = builders.patient(session)
        journey = builders.journey(session, who)
        take(session, who.id)
        assert _told(session, take(session, who.id, code="2345-7")) == {journey.id: (2, "entered-in-error")}


def test_versions_that_the_source_counts_are_kept(database: Database) -> None:
    """They may come out of order; one version with two contents is a conflict."""
    with database.write() as session:
        who = builders.patient(session)
        assert take(session, who.id, version=3).version == 3
        assert take(session, who.id, version=2, value=2.9).version == 2
        assert take(session, who.id, version=3).duplicate
        assert take(session, who.id, value=8.0).version == 4
        with pytest.raises(Conflict):
            take(session, who.id, version=3, value=4.0)
        with pytest.raises(Invalid):
            take(session, who.id, version=0)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"patient": None}, "unknown-patient"),
        ({"patient": "nobody"}, "unknown-patient"),
        ({"code": "0000-0"}, "unknown-code"),
        ({"unit": "stones"}, "unknown-unit"),
        ({"unit": "kg"}, "unknown-unit"),
        ({"unit": None}, "unknown-unit"),
    ],
)
def test_what_is_not_understood_is_quarantined_and_shown(database: Database, more: dict[str, Any], reason: str) -> None:
    """It is accepted, kept as it came, told to no journey, and waits for a person; sent again it is the same one."""
    with database.write() as session:
        who = builders.patient(session)
        journey = builders.journey(session, who)
        taken = take(session, **({"patient": who.id} | more))
        assert (taken.state, taken.reason, taken.events) == ("quarantined", reason, ())
        again = take(session, **({"patient": who.id} | more))
        assert (again.id, again.duplicate) == (taken.id, True)
        held = quarantine.list_(session)
        assert [(row.id, row.reason, row.payload["source"]["id"]) for row in held] == [(taken.quarantine, reason, "17")]
        assert quarantine.count(session) == 1
        assert len(inbox.of_journey(session, journey.id)) == 1


def test_a_word_in_place_of_a_number_needs_no_unit(database: Database) -> None:
    """What a device prints where it printed no number is for the pathway to read."""
    with database.write() as session:
        taken = take(session, builders.patient(session).id, value=None, unit=None, text="LO")
        assert taken.state == "stored"


def test_a_code_that_a_published_pathway_watches_is_known(database: Database) -> None:
    """A site's own code is understood once a pathway names it."""
    own = builders.release(data={"own": {"observation": ["site-1"], "unit": "kg"}})
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who, own)
        assert take(session, who.id, code="site-1", unit="公斤").state == "accepted"


def test_a_person_corrects_what_was_not_understood(database: Database) -> None:
    """With the right patient it goes the way of every result; what is still wrong stays; it is decided once."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        held = take(session, None, unit="stones").quarantine
        assert held is not None
    with pytest.raises(Conflict, match="unknown-unit"), database.write() as session:
        observations.readmit(session, held, by="nurse-1", now=NOW, patient=who.id)
    with database.write() as session:
        taken = observations.readmit(session, held, by="nurse-1", now=NOW, patient=who.id, unit="mmol/L")
        assert (taken.state, len(taken.events)) == ("accepted", 1)
        assert quarantine.read(session, held).decided_by == "nurse-1"
        with pytest.raises(Conflict):
            quarantine.decide(session, held, "discarded", by="nurse-1", now=NOW)
        other = quarantine.hold(session, reason="malformed-hl7", payload={"segment": "OBX"}, now=NOW)
        with pytest.raises(NotFound):
            observations.readmit(session, other.id, by="nurse-1", now=NOW)
        with pytest.raises(NotFound):
            quarantine.read(session, "nothing")


def test_results_are_read_latest_first_in_pages(database: Database) -> None:
    """A list goes on after the last one seen."""
    with database.write() as session:
        who = builders.patient(session)
        ids = [take(session, who.id, source_id=str(day), effective=at(days=-day)).id for day in range(3)]
        first = observations.list_(session, patient=who.id, limit=2)
        rest = observations.list_(session, patient=who.id, after=(first[-1].effective, first[-1].id))
        assert [row.id for row in (*first, *rest)] == ids
        assert observations.read(session, ids[0]).value == 3.1
        with pytest.raises(NotFound):
            observations.read(session, "nothing")
