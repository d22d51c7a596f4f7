"""What hospitals tell of stays, visits, appointments and diagnoses reaches the journeys that it concerns, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from pathways.engine.actions import BookVisit
from pathways.engine.events import AnyEvent, Happened, VisitReported
from store import consequences, entries, inbox, journeys, patients, releases, tables, visits
from store.database import Database, Session
from store.entries import Kept
from store.facts import Policy
from store.record import (
    AllergyContent,
    AppointmentContent,
    Coding,
    ConditionContent,
    Content,
    EncounterContent,
    EntryKind,
    NewEntry,
)
from tests.store import builders
from tests.store.builders import NOW, at

Setting = Literal["inpatient", "ambulatory", "emergency", "home", "virtual", "unknown"]


def follow(
    session: Session, patient: str, kind: EntryKind, status: str, content: Content, *, now: datetime = NOW, **more: Any
) -> Kept:
    """An entry is told and what it changes is followed."""
    given: dict[str, Any] = {"source_system": "his", "source_id": "1"}
    told = NewEntry(kind=kind, status=status, content=content, **(given | more))
    kept = entries.keep(session, told, patient=patient, now=now)
    consequences.follow(session, kept, Policy(), now=now)
    return kept


def encounter(session: Session, patient: str, status: str, setting: Setting = "inpatient", **more: Any) -> Kept:
    """A stay of three days that began two days ago, but for what a test varies."""
    content = EncounterContent(setting=setting, department=more.pop("department", None), visit=more.pop("visit", None))
    times: dict[str, Any] = {"start": at(days=-2), "end": at(days=1) if status == "finished" else None}
    return follow(session, patient, "encounter", status, content, **(times | more))


def appointment(session: Session, patient: str, status: str, day: int = 2, **more: Any) -> Kept:
    """An appointment for a recheck so many days from now."""
    content = AppointmentContent(visit=more.pop("visit", "recheck"), planned=more.pop("planned", None))
    return follow(session, patient, "appointment", status, content, start=at(days=day), **more)


def condition(session: Session, patient: str, status: str, code: str = "E11", **more: Any) -> Kept:
    """A diagnosis."""
    content = ConditionContent(verification=more.pop("verification", "confirmed"))
    system = more.pop("system", "icd-10")
    return follow(session, patient, "condition", status, content, code=Coding(system=system, code=code), **more)


def waiting(session: Session, patient: str) -> list[AnyEvent]:
    rows = session.query(tables.Inbox).where(tables.Inbox.patient == patient, tables.Inbox.kind != "enrolled")
    return [inbox.event_of(row) for row in rows.order_by(tables.Inbox.received, tables.Inbox.id)]


def heard(session: Session, patient: str) -> list[str]:
    """What the patient's journeys are told, in short, and not that something is known anew."""
    told = waiting(session, patient)
    happened = [one.name for one in told if isinstance(one, Happened)]
    return happened + [f"{one.name} {one.state}" for one in told if isinstance(one, VisitReported)]


def travelling(session: Session, number: str = "1") -> str:
    """A patient with one journey."""
    who = builders.consented(session, number)
    builders.journey(session, who)
    return who.id


def planned(session: Session, patient: str, *, id: str = "v1", name: str = "recheck", day: int = 2) -> tables.Visit:
    """A visit that a pathway planned."""
    (journey,) = journeys.find_open(session, patient)
    when = at(days=day)
    span = timedelta(days=1)
    book = BookVisit(visit=id, name=name, track="t", planned=when, earliest=when - span, latest=when + span)
    visits.book(session, journey, book)
    return visits.read(session, id)


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


# --- visits and appointments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "reports", "linked"),
    [
        pytest.param([("booked", 2)], ["booked"], True, id="booked"),
        pytest.param([("booked", 2), ("booked", 2)], ["booked"], True, id="the-same-again"),
        pytest.param([("booked", 2), ("booked", 3)], ["booked", "booked"], True, id="moved"),
        pytest.param([("pending", 2), ("booked", 2)], ["booked"], True, id="confirmed"),
        pytest.param([("booked", 2), ("cancelled", 2)], ["booked", "cancelled"], False, id="cancelled"),
        pytest.param(
            [("booked", 2), ("cancelled", 2), ("booked", 4)], ["booked", "cancelled", "booked"], True, id="booked-anew"
        ),
        pytest.param([("booked", -1), ("noshow", -1)], ["booked", "missed"], True, id="no-show"),
        pytest.param([("booked", -1), ("fulfilled", -1)], ["booked", "kept"], True, id="kept"),
        pytest.param([("booked", 2), ("checked-in", 2)], ["booked", "kept"], True, id="came-early"),
        pytest.param([("booked", 2), ("entered-in-error", 2)], ["booked", "cancelled"], False, id="in-error"),
        pytest.param([("proposed", 2), ("waitlist", 2)], [], False, id="nothing-is-agreed"),
    ],
)
def test_an_appointment_stands_for_a_planned_visit(
    database: Database, told: list[tuple[str, int]], reports: list[str], linked: bool
) -> None:
    """The journey that planned it hears what became of it, each news once and never of the future as done."""
    with database.write() as session:
        patient = travelling(session)
        visit = planned(session, patient)
        for minute, (status, day) in enumerate(told):
            appointment(session, patient, status, day, now=at(minutes=minute))
        said = [one for one in waiting(session, patient) if isinstance(one, VisitReported)]
        assert [one.state for one in said] == reports
        assert all(one.visit == visit.id for one in said)
        assert all(one.at <= one.received for one in said if one.state != "booked")
        assert (visit.entry is not None, visit.reported) == (linked, reports[-1] if reports else None)


def test_two_appointments_are_two_visits(database: Database) -> None:
    """Each takes the next planned one of its name that no other stands for; a third finds none."""
    with database.write() as session:
        patient = travelling(session)
        first, second = planned(session, patient, day=2), planned(session, patient, id="v2", day=9)
        for source, day in (("a", 2), ("b", 9), ("c", 16)):
            appointment(session, patient, "booked", day, source_id=source, now=at(minutes=day))
        said = [one for one in waiting(session, patient) if isinstance(one, VisitReported)]
        assert [one.visit for one in said] == [first.id, second.id]


@pytest.mark.parametrize(
    ("more", "visit"),
    [
        pytest.param({"planned": "v2"}, "v2", id="by-its-id"),
        pytest.param({"planned": "of-another", "visit": None}, None, id="another-patients"),
        pytest.param({"planned": "nothing"}, "v1", id="unknown-id-by-name"),
        pytest.param({"visit": "eye-check"}, None, id="no-such-name"),
        pytest.param({"visit": None}, None, id="no-name"),
    ],
)
def test_which_visit_it_is(database: Database, more: dict[str, Any], visit: str | None) -> None:
    """The one whose id the sender was given, else the next of that name; nobody else's, and none by guessing."""
    with database.write() as session:
        patient, other = travelling(session), travelling(session, "2")
        planned(session, patient)
        planned(session, patient, id="v2", day=5)
        planned(session, other, id="of-another")
        appointment(session, patient, "booked", **more)
        said = [one.visit for one in waiting(session, patient) if isinstance(one, VisitReported)]
        assert said == ([] if visit is None else [visit])
        assert heard(session, other) == []


def test_an_encounter_keeps_the_visit_for_which_it_was_planned(database: Database) -> None:
    """Who came is not missed, whether or not anybody booked."""
    with database.write() as session:
        patient = travelling(session)
        visit = planned(session, patient)
        encounter(session, patient, "arrived", "ambulatory", visit="recheck")
        encounter(session, patient, "finished", "ambulatory", visit="recheck", now=at(minutes=9))
        assert heard(session, patient) == ["visit-kept", "recheck kept"]
        assert (visit.reported, visit.entry is not None) == ("kept", True)


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
