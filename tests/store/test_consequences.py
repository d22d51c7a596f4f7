"""What hospitals tell of stays and diagnoses reaches the journeys that it concerns, once."""

from collections.abc import Sequence
from typing import Any

import pytest

from pathways.engine.events import Happened
from store import journeys, patients, releases
from store.database import Database
from store.record import AllergyContent
from tests.store import builders
from tests.store.builders import NOW, at
from tests.store.told import Setting, condition, encounter, follow, heard, travelling, waiting

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is asked of the store here is asked on each database elsewhere."""

# --- stays --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "told", "inside"),
    [
        pytest.param(["planned"], [], False, id="planned"),
        pytest.param(["in-progress"], ["admitted"], True, id="admitted"),
        pytest.param(["arrived", "in-progress"], ["admitted"], True, id="one-admission"),
        pytest.param(["in-progress", "onleave"], ["admitted"], True, id="on-leave"),
        pytest.param(["in-progress", "finished"], ["admitted", "discharged"], False, id="discharged"),
        pytest.param(["finished"], ["discharged"], False, id="the-discharge-alone"),
        pytest.param(["finished", "finished"], ["discharged"], False, id="a-discharge-is-told-once"),
        pytest.param(["in-progress", "cancelled"], ["admitted", "admission-cancelled"], False, id="no-admission"),
        pytest.param(
            ["in-progress", "entered-in-error"], ["admitted", "admission-cancelled"], False, id="admitted-in-error"
        ),
        pytest.param(["planned", "cancelled"], [], False, id="never-came"),
        pytest.param(
            ["in-progress", "finished", "in-progress"],
            ["admitted", "discharged", "discharge-cancelled"],
            True,
            id="no-discharge",
        ),
        pytest.param(["entered-in-error"], [], False, id="entered-in-error"),
    ],
)
def test_a_stay_is_told_by_what_changed(
    database: Database, statuses: Sequence[str], told: list[str], inside: bool
) -> None:
    """Whether somebody is in hospital is known from the stays that are open."""
    with database.write() as session:
        patient = travelling(session)
        for minute, status in enumerate(statuses):
            encounter(session, patient, status, now=at(minutes=minute))
        assert heard(session, patient) == told
        assert bool(patients.read(session, patient).inpatient) is inside


def test_a_transfer_is_no_second_admission(database: Database) -> None:
    """Another bed or department is another version of the same stay."""
    with database.write() as session:
        patient = travelling(session)
        encounter(session, patient, "in-progress", department="ward")
        moved = encounter(session, patient, "in-progress", department="icu", now=at(minutes=1))
        assert (moved.state, heard(session, patient)) == ("changed", ["admitted"])
        (event,) = [one for one in waiting(session, patient) if isinstance(one, Happened)]
        assert (event.data["visit"], event.data["department"], event.at) == (moved.row.id, "ward", at(days=-2))


def test_in_hospital_as_long_as_one_stay_is_open(database: Database) -> None:
    """The end of one of two does not send anybody home; a visit of an outpatient says nothing of it."""
    with database.write() as session:
        patient = travelling(session)
        encounter(session, patient, "in-progress", source_id="1")
        encounter(session, patient, "in-progress", source_id="2")
        encounter(session, patient, "finished", source_id="1", now=at(minutes=1))
        assert patients.read(session, patient).inpatient is True
        encounter(session, patient, "finished", source_id="2", now=at(minutes=2))
        assert patients.read(session, patient).inpatient is False
        other = travelling(session, "2")
        encounter(session, other, "finished", "ambulatory", source_id="3")
        assert patients.read(session, other).inpatient is None


@pytest.mark.parametrize(("days", "told"), [(-2, ["discharged"]), (-4, [])])
def test_what_lies_further_back_is_history(database: Database, days: int, told: list[str]) -> None:
    """It is kept, and no journey asks or begins because of it."""
    with database.write() as session:
        patient = travelling(session)
        kept = encounter(session, patient, "finished", start=at(days=days - 3), end=at(days=days))
        assert (kept.state, heard(session, patient)) == ("created", told)


@pytest.mark.parametrize(
    ("setting", "told"),
    [("ambulatory", ["visit-kept"]), ("emergency", ["visit-kept"]), ("inpatient", ["discharged"])],
)
def test_a_visit_that_is_over_was_kept(database: Database, setting: Setting, told: list[str]) -> None:
    """Only a stay ends with a discharge."""
    with database.write() as session:
        patient = travelling(session)
        encounter(session, patient, "finished", setting)
        encounter(session, patient, "finished", setting)
        assert heard(session, patient) == told


def test_nothing_begins_for_who_has_died(database: Database) -> None:
    """Their record is kept, and no pathway is told."""
    with database.write() as session:
        patient = travelling(session)
        releases.publish(session, builders.release("after", enrol={"on": "discharged"}), by="lead-1", now=NOW)
        patients.record_death(session, patient, NOW, now=NOW)
        encounter(session, patient, "finished")
        assert heard(session, patient) == []
        assert {row.pathway for row in journeys.list_(session, patient=patient)} == {"checks"}


def test_an_event_enrols_where_a_pathway_begins_with_it(database: Database) -> None:
    """The stay is the episode: told twice, it is one journey."""
    with database.write() as session:
        release = builders.release("after", enrol={"on": "discharged"}, episode="visit")
        releases.publish(session, release, by="lead-1", now=NOW)
        patient = builders.consented(session).id
        encounter(session, patient, "in-progress")
        kept = encounter(session, patient, "finished", now=at(minutes=1))
        encounter(session, patient, "in-progress", now=at(minutes=2))
        encounter(session, patient, "finished", now=at(minutes=3))
        assert [row.episode for row in journeys.list_(session, patient=patient)] == [kept.row.id]


# --- diagnoses ----------------------------------------------------------------------------------------------------


PLAIN: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("told", "known"),
    [
        pytest.param([("active", PLAIN)], ["I10", "E11"], id="comes"),
        pytest.param([("active", PLAIN), ("resolved", PLAIN)], ["I10"], id="goes"),
        pytest.param([("active", PLAIN), ("resolved", PLAIN), ("relapse", PLAIN)], ["I10", "E11"], id="comes-back"),
        pytest.param([("active", {"verification": "provisional"})], ["I10"], id="not-sure"),
        pytest.param(
            [("active", {"verification": "provisional"}), ("active", PLAIN)], ["I10", "E11"], id="confirmed-later"
        ),
        pytest.param([("active", PLAIN), ("active", {"verification": "refuted"})], ["I10"], id="refuted"),
        pytest.param([("active", PLAIN), ("active", {"code": "E10"})], ["I10", "E10"], id="another-code"),
        pytest.param([("active", {"system": "snomed"})], ["I10"], id="another-system"),
        pytest.param(
            [("active", PLAIN), ("active", {"source_id": "2"}), ("resolved", PLAIN)], ["I10", "E11"], id="of-two"
        ),
        pytest.param([("active", {"code": "I10"}), ("resolved", {"code": "I10"})], [], id="one-known-before"),
    ],
)
def test_diagnoses_come_and_go(database: Database, told: list[tuple[str, dict[str, Any]]], known: list[str]) -> None:
    """Confirmed and current ones are known beside those that came another way."""
    with database.write() as session:
        patient = travelling(session)
        patients.set_diagnoses(session, patient, ["I10"])
        for minute, (status, more) in enumerate(told):
            condition(session, patient, status, now=at(minutes=minute), **more)
        assert patients.read(session, patient).diagnoses == known


def test_a_change_of_diagnoses_wakes_journeys_and_enrols(database: Database) -> None:
    """Once for each change, and not for a word that changes nothing."""
    with database.write() as session:
        release = builders.release("sugar", enrol={"on": "diagnosed", "when": "diagnosed('E11')"})
        releases.publish(session, release, by="lead-1", now=NOW)
        patient = travelling(session)
        woken: list[int] = []
        for minute, status in enumerate(("active", "active", "recurrence", "resolved")):
            condition(session, patient, status, now=at(minutes=minute))
            woken.append(len([one for one in waiting(session, patient) if one.kind == "tick"]))
        assert woken[0] == woken[1] == woken[2] == 1
        assert woken[3] > woken[2]
        assert {row.pathway for row in journeys.list_(session, patient=patient)} == {"checks", "sugar"}


def test_who_has_died_is_enrolled_by_no_diagnosis(database: Database) -> None:
    """It is known, and nothing begins."""
    with database.write() as session:
        release = builders.release("sugar", enrol={"on": "diagnosed", "when": "diagnosed('E11')"})
        releases.publish(session, release, by="lead-1", now=NOW)
        patient = builders.patient(session).id
        patients.record_death(session, patient, NOW, now=NOW)
        condition(session, patient, "active")
        assert patients.read(session, patient).diagnoses == ["E11"]
        assert journeys.list_(session, patient=patient) == []


def test_a_diagnosis_of_somebody_else_goes_with_its_correction(database: Database) -> None:
    """Both patients are looked at when an entry changes hands."""
    with database.write() as session:
        first, second = travelling(session), travelling(session, "2")
        condition(session, first, "active")
        condition(session, second, "active", now=at(minutes=1))
        found = [patients.read(session, one).diagnoses for one in (first, second)]
        assert found == [[], ["E11"]]


def test_a_stay_of_somebody_else_goes_with_its_correction(database: Database) -> None:
    """The one is at home, the other in hospital."""
    with database.write() as session:
        first, second = travelling(session), travelling(session, "2")
        encounter(session, first, "in-progress")
        encounter(session, second, "in-progress", now=at(minutes=1))
        assert [patients.read(session, one).inpatient for one in (first, second)] == [False, True]
        assert heard(session, first) == ["admitted", "admission-cancelled"]
        assert heard(session, second) == ["admitted"]


# --- what changes nothing -----------------------------------------------------------------------------------------


def test_an_outdated_word_and_a_repeat_have_no_consequence(database: Database) -> None:
    """What the source said before it said better is in the record, and no journey hears of it."""
    with database.write() as session:
        patient = travelling(session)
        encounter(session, patient, "finished", issued=at(minutes=5))
        late = encounter(session, patient, "in-progress", issued=at(minutes=1), now=at(minutes=6))
        again = encounter(session, patient, "finished", issued=at(minutes=5), now=at(minutes=7))
        assert [late.state, again.state] == ["outdated", "duplicate"]
        assert heard(session, patient) == ["discharged"]
        assert patients.read(session, patient).inpatient is False


def test_an_allergy_is_kept_and_tells_nobody(database: Database) -> None:
    """Journeys read it where they need it."""
    with database.write() as session:
        patient = travelling(session)
        kept = follow(session, patient, "allergy", "active", AllergyContent(criticality="high"))
        assert (kept.state, waiting(session, patient)) == ("created", [])
