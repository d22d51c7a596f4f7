"""Who patients are, how to reach them, what they agreed to, and that they died."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pathways.engine.events import Died
from pathways.engine.journey import Patient
from pathways.errors import Conflict, Invalid, NotFound
from store import inbox, patients
from store.database import Database
from store.patients import Contact, Identifier
from tests.store import builders
from tests.store.builders import NOW, at, yes


def test_a_known_identifier_answers_with_the_patient_who_has_it(database: Database) -> None:
    """Telling of the same patient twice, also with one more identifier, makes no second one and changes nothing."""
    told = [Identifier(system="hospital", value="1"), Identifier(system="insurance", value="9")]
    with database.write() as session:
        first = patients.create(session, identifiers=told[:1], name="王芳", born=date(1961, 3, 2), now=NOW)
        again = patients.create(session, identifiers=told, name="other", born=date(1990, 1, 1), now=NOW)
    assert (first.created, again.created) == (True, False)
    assert (again.patient.id, again.patient.name) == (first.patient.id, "王芳")


def test_identifiers_of_two_patients_are_a_conflict(database: Database) -> None:
    """Nobody becomes a mixture of two people."""
    both = [Identifier(system="hospital", value="1"), Identifier(system="hospital", value="2")]
    with database.write() as session:
        builders.patient(session, "1")
        builders.patient(session, "2")
        with pytest.raises(Conflict):
            patients.create(session, identifiers=both, name="x", born=date(1961, 3, 2), now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"born": date(2026, 3, 5)},
        {"born": date(1850, 1, 1)},
        {"zone": "Mars/Base"},
        {"identifiers": []},
    ],
)
def test_a_patient_who_cannot_be_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    """A birth in the future or long ago, an unknown zone and a patient without an identifier change nothing."""
    with pytest.raises(Invalid), database.write() as session:
        builders.patient(session, **wrong)
    with database.read() as session:
        assert patients.find(session) == []


def test_a_birth_today_is_judged_in_the_patients_own_zone(database: Database) -> None:
    """At 17:00 UTC a child can be born tomorrow in Shanghai."""
    with database.write() as session:
        builders.patient(session, born=date(2026, 3, 5), now=NOW.replace(hour=17))


def test_patients_are_found_by_all_that_is_told(database: Database) -> None:
    """Name, birth, contact and identifier narrow the search; pages follow by id."""
    with database.write() as session:
        one = builders.patient(session, "1", contacts=[Contact(kind="phone", value="13800000001")])
        two = builders.patient(session, "2", born=date(1970, 1, 1))
    with database.read() as session:
        assert patients.find(session, identifier=Identifier(system="hospital", value="2"))[0].id == two.id
        assert patients.find(session, identifier=Identifier(system="hospital", value="3")) == []
        assert [found.id for found in patients.find(session, contact="13800000001")] == [one.id]
        assert [found.id for found in patients.find(session, name="王芳", born=date(1970, 1, 1))] == [two.id]
        first = patients.find(session, name="王芳", limit=1)
        rest = patients.find(session, name="王芳", after=first[0].id)
        assert {found.id for found in (*first, *rest)} == {one.id, two.id}
        assert [told.value for told in patients.identifiers_of(session, one.id)] == ["1"]


def test_contacts_are_replaced_as_a_whole_and_the_preferred_come_first(database: Database) -> None:
    """What is told last is what there is."""
    with database.write() as session:
        who = builders.patient(session, contacts=[Contact(kind="phone", value="1")])
        patients.set_contacts(
            session, who.id, [Contact(kind="sms", value="2"), Contact(kind="wechat", value="3", preferred=True)]
        )
        assert [told.kind for told in patients.contacts_of(session, who.id)] == ["wechat", "sms"]
        assert who.version == 2


def test_of_consents_the_latest_holds(database: Database) -> None:
    """A consent is of its own purpose, and the latest by when it was given; without a record nothing is known."""
    with database.write() as session:
        who = builders.patient(session)
        assert patients.consent(session, who.id) is None
        patients.record_consents(session, who.id, [yes(when=NOW), yes(granted=False, when=at(hours=1))])
        assert patients.consent(session, who.id) is False
        patients.record_consents(session, who.id, [yes(when=at(minutes=30))])
        assert patients.consent(session, who.id) is False
        patients.record_consents(session, who.id, [yes(when=at(hours=1))])
        assert patients.consent(session, who.id) is True
        assert patients.consent(session, who.id, "marketing") is None
        assert len(patients.consents_of(session, who.id)) == 4


def test_a_death_is_told_to_every_open_journey_once(database: Database) -> None:
    """Recording it again changes nothing; another time is refused, also one in the future or before the birth."""
    with database.write() as session:
        who = builders.patient(session)
        journeys = [builders.journey(session, who), builders.journey(session, who, builders.release("other"))]
        for wrong in (at(hours=1), datetime(1961, 3, 1, tzinfo=UTC)):
            with pytest.raises(Invalid):
                patients.record_death(session, who.id, wrong, now=NOW)
        died = NOW - timedelta(hours=3)
        rows = patients.record_death(session, who.id, died, now=NOW)
        again = patients.record_death(session, who.id, died, now=NOW)
        with pytest.raises(Conflict, match="recorded already"):
            patients.record_death(session, who.id, NOW, now=NOW)
        assert who.died_at == died
        assert {row.journey for row in rows} == {row.id for row in journeys}
        assert [row.id for row in rows] == [row.id for row in again]
        event = inbox.event_of(rows[0])
        assert isinstance(event, Died)
        assert event.at == died


def test_the_engine_learns_neither_name_nor_number(database: Database) -> None:
    """The engine's patient is birth, sex, zone and language."""
    with database.write() as session:
        who = builders.patient(session, sex="female")
        patients.set_diagnoses(session, who.id, ["E11.9"])
        patients.set_inpatient(session, who.id, True)
        assert patients.as_engine(who) == Patient(born=date(1961, 3, 2), sex="female")
        assert (who.diagnoses, who.inpatient) == (["E11.9"], True)


def test_a_patient_who_is_not_there_is_said_so(database: Database) -> None:
    """Reading and locking an unknown id say that it does not exist."""
    with database.read() as session:
        for look in (patients.read, patients.lock):
            with pytest.raises(NotFound):
                look(session, "nobody")
