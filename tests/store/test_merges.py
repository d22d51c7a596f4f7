"""Two records that are one person's: what goes over, what ends, and what comes back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from pathways.engine.actions import EndJourney
from pathways.engine.events import ResultReceived
from pathways.errors import Conflict, Invalid, NotFound
from store import (
    alarms,
    audit,
    entries,
    inbox,
    journeys,
    merges,
    observations,
    patients,
    returns,
    separations,
    tables,
)
from store.database import Database, Session
from store.observations import Provenance
from store.patients import Contact
from store.record import ConditionContent, ConsentContent, EntryKind, NewEntry
from tests.store import builders
from tests.store.builders import NOW, at
from tests.store.test_observations import result


def merge(session: Session, survivor: tables.Patient, retired: tables.Patient, *, now: datetime = NOW) -> tables.Merge:
    return merges.merge(session, survivor=survivor.id, retired=retired.id, by="nurse-1", now=now)


def undo(session: Session, row: tables.Merge) -> tables.Merge:
    return separations.undo(session, row.id, by="nurse-2", now=at(hours=1))


def two(session: Session, **of_the_second: Any) -> tuple[tables.Patient, tables.Patient]:
    """Two records; the second, by the number 2, is the one that goes."""
    return builders.patient(session), builders.patient(session, "2", **of_the_second)


def told(session: Session, journey: tables.Journey) -> list[Any]:
    """What waits for the journey after its enrolment: results by value and status, other things by their kind."""
    events = [inbox.event_of(row) for row in inbox.of_journey(session, journey.id)]
    return [
        (event.value, event.status) if isinstance(event, ResultReceived) else event.kind
        for event in events
        if event.kind not in ("enrolled", "tick")
    ]


def take(session: Session, who: tables.Patient, id: str, value: float, **more: Any) -> observations.Taken:
    intake = observations.Intake(session, [told := result(who.id, source_id=id, value=value)])
    taken = intake.take(told, now=NOW, came=Provenance(**more))
    session.flush()
    return taken


def entry(
    session: Session, who: tables.Patient, id: str, *, via: str | None = None, now: datetime = NOW, **more: Any
) -> tables.Entry:
    given: dict[str, Any] = {
        "kind": "condition",
        "source_system": "emr",
        "source_id": id,
        "status": "active",
        "content": ConditionContent(),
    }
    return entries.keep(session, NewEntry(**(given | more)), patient=who.id, now=now, via=via).row


def of(session: Session, who: tables.Patient) -> dict[str, Any]:
    """What the record of a patient shows, as far as a merge could change it."""
    session.refresh(who)
    kinds: Sequence[EntryKind] = ("condition", "consent")
    return {
        "identifiers": [one.value for one in patients.identifiers_of(session, who.id)],
        "contacts": [one.value for one in patients.contacts_of(session, who.id)],
        "consents": [(one.purpose, one.granted) for one in patients.consents_of(session, who.id)],
        "results": sorted(one.source_id for one in observations.list_(session, patient=who.id)),
        "entries": sorted(one.source_id for kind in kinds for one in entries.of_patient(session, who.id, kind)),
        "journeys": sorted(one.pathway for one in journeys.list_(session, patient=who.id)),
        "diagnoses": who.diagnoses,
        "inpatient": who.inpatient,
        "department": who.department,
        "team": who.team,
        "died_at": who.died_at,
        "merged_into": who.merged_into,
    }


def furnished(session: Session) -> tuple[tables.Patient, tables.Patient]:
    """Two records with something of everything in each."""
    builders.staff(session)
    first = builders.patient(
        session, contacts=[Contact(kind="sms", value="1")], consents=[builders.yes()], diagnoses=["E11"]
    )
    second = builders.patient(
        session,
        "2",
        contacts=[Contact(kind="sms", value="2"), Contact(kind="phone", value="3")],
        consents=[builders.yes(granted=False, when=at(hours=-2))],
        diagnoses=["I10"],
        inpatient=True,
    )
    patients.set_team(session, second.id, department="ward", team={"surgeon": "nurse-2"})
    for who, name in ((first, "one"), (second, "other")):
        builders.journey(session, who, builders.release(name))
        take(session, who, f"R-{name}", 5.0)
        entry(session, who, f"C-{name}")
    return first, second


def test_everything_goes_over(database: Database) -> None:
    """The survivor has what both had; of the other nothing is left but who it is, and whose it is now."""
    with database.write() as session:
        first, second = furnished(session)
        row = merge(session, first, second)
        assert of(session, first) == {
            "identifiers": ["1", "2"],
            "contacts": ["1", "2", "3"],
            "consents": [("care", True), ("care", False)],
            "results": ["R-one", "R-other"],
            "entries": ["C-one", "C-other"],
            "journeys": ["one", "other"],
            "diagnoses": ["E11", "I10"],
            "inpatient": True,
            "department": "ward",
            "team": {"surgeon": "nurse-2"},
            "died_at": None,
            "merged_into": None,
        }
        assert (second.merged_into, of(session, second)["identifiers"], of(session, second)["results"]) == (
            first.id,
            [],
            [],
        )
        (line,) = audit.list_(session, subject=row.id)
        assert (line.action, line.actor) == ("patients-merged", "nurse-1")


def test_undone_it_is_as_it_was(database: Database) -> None:
    """On both sides, in all that a merge changes."""
    with database.write() as session:
        first, second = furnished(session)
        before = of(session, first), of(session, second)
        row = undo(session, merge(session, first, second))
        assert (of(session, first), of(session, second)) == before
        assert (row.undone_by, row.undone_at) == ("nurse-2", at(hours=1))
        assert audit.list_(session, subject=row.id)[0].action == "merge-undone"


def test_what_came_since_goes_to_whom_it_was_told_of(database: Database) -> None:
    """By the identifier under which it came: results, conditions and their codes, a no; the rest stays."""
    with database.write() as session:
        first, second = two(session)
        row = merge(session, first, second)
        take(session, first, "R-1", 5.0, via="hospital|1")
        take(session, first, "R-2", 5.0, via="hospital|2")
        take(session, first, "R-3", 5.0)
        coding = {"code_system": "icd-10", "code": "I10"}
        condition = entry(session, first, "C-2", via="hospital|2", now=at(minutes=1))
        condition.code_system, condition.code = coding["code_system"], coding["code"]
        patients.set_diagnoses(session, first.id, ["I10"])
        no = ConsentContent(purpose="care", granted=False)
        entry(session, first, "N-2", kind="consent", content=no, start=NOW, via="hospital|2", now=at(minutes=1))
        patients.record_consents(session, first.id, [builders.yes(granted=False)])
        undo(session, row)
        stays, goes = of(session, first), of(session, second)
        assert (stays["results"], goes["results"]) == (["R-1", "R-3"], ["R-2"])
        assert (stays["entries"], goes["entries"]) == ([], ["C-2", "N-2"])
        assert (stays["diagnoses"], goes["diagnoses"]) == (None, ["I10"])
        assert (stays["consents"], goes["consents"]) == ([], [("care", False)])


@pytest.mark.parametrize(("episodes", "open_after"), [(("", ""), 1), (("left", "right"), 2), (("left", "left"), 1)])
def test_of_two_journeys_that_are_one_the_survivors_goes_on(
    database: Database, episodes: tuple[str, str], open_after: int
) -> None:
    """On the same pathway and episode; the other is told that it was merged, and its tasks are the survivor's."""
    with database.write() as session:
        first, second = two(session)
        stays = builders.journey(session, first, episode=episodes[0])
        goes = builders.journey(session, second, episode=episodes[1])
        merge(session, first, second)
        assert len(journeys.find_open(session, first.id)) == open_after
        clash = open_after == 1
        assert (goes.superseded_by, told(session, goes)) == ((stays.id, ["left"]) if clash else (None, []))
        assert (goes.patient, stays.superseded_by) == (first.id, None)


def test_journeys_that_go_on_hear_of_the_others_results(database: Database) -> None:
    """Each is told what it did not know, in the order of their times; the journey that ended is told nothing."""
    with database.write() as session:
        first, second = two(session)
        own = builders.journey(session, first)
        other = builders.journey(session, second, builders.release("other"))
        gone = builders.journey(session, second)
        take(session, first, "1", 4.1)
        take(session, second, "2", 4.2)
        for journey in (own, other, gone):
            inbox.mark_reflected(session, [one.id for one in inbox.of_journey(session, journey.id)])
        merge(session, first, second)
        assert (told(session, own), told(session, other)) == ([(4.2, "final")], [(4.1, "final")])
        assert told(session, gone) == ["left"]


def test_undone_a_journey_forgets_the_other_persons_results(database: Database) -> None:
    """What it was told of them is void; its own stand."""
    with database.write() as session:
        first, second = two(session)
        own = builders.journey(session, first)
        other = builders.journey(session, second, builders.release("other"))
        take(session, first, "1", 4.1)
        take(session, second, "2", 4.2)
        row = merge(session, first, second)
        for journey in (own, other):
            inbox.mark_reflected(session, [one.id for one in inbox.of_journey(session, journey.id)])
        undo(session, row)
        assert told(session, own) == [(4.2, "entered-in-error")]
        assert told(session, other) == [(4.1, "entered-in-error")]
        assert other.patient == second.id


def test_what_was_taken_back_from_a_journey_is_for_a_person_when_records_are_merged_again(database: Database) -> None:
    """The journey takes them for void; a result that is new to it is told, and raises no alarm."""
    with database.write() as session:
        first, second = two(session)
        own = builders.journey(session, first)
        take(session, second, "2", 4.2)
        undo(session, merge(session, first, second))
        assert alarms.list_(session) == []
        inbox.mark_reflected(session, [one.id for one in inbox.of_journey(session, own.id)])
        take(session, second, "3", 4.3)
        merge(session, first, second, now=at(hours=2))
        assert told(session, own) == [(4.3, "final")]
        (alarm,) = alarms.list_(session)
        assert (alarm.code, alarm.journey) == ("merged-again", own.id)


def test_undone_the_living_do_not_get_the_death_of_a_third_record(database: Database) -> None:
    """It came to the survivor with that one, and stays with both; who is parted from them goes on."""
    with database.write() as session:
        stays, alive = two(session)
        dead = builders.patient(session, "3")
        patients.record_death(session, dead.id, DEAD, now=NOW)
        journey = builders.journey(session, alive)
        row = merge(session, stays, alive)
        merge(session, stays, dead)
        assert told(session, journey) == ["died"]
        undo(session, row)
        assert (stays.died_at, alive.died_at, dead.died_at) == (DEAD, None, DEAD)
        assert told(session, journey) == ["died", "reinstated"]


def ended(session: Session, journey: tables.Journey, reason: Any) -> None:
    """The journey has taken in what it was told, and has ended so."""
    journeys.end(session, journey, EndJourney(reason=reason, at=at(minutes=1)))
    journey.status = "ended"
    inbox.mark_reflected(session, [one.id for one in inbox.of_journey(session, journey.id)])


@pytest.mark.parametrize("taken_in", [True, False])
def test_undone_a_journey_that_had_ended_goes_on_and_hears_what_it_missed(database: Database, taken_in: bool) -> None:
    """Whether it had taken its end in or not; the result that came meanwhile under its patient's number is told."""
    with database.write() as session:
        first, second = two(session)
        stays, goes = builders.journey(session, first), builders.journey(session, second)
        row = merge(session, first, second)
        if taken_in:
            ended(session, goes, "merged")
        take(session, first, "2", 4.2, via="hospital|2")
        assert told(session, stays) == [(4.2, "final")]
        undo(session, row)
        expected = ["reinstated", (4.2, "final")]
        assert told(session, goes) == (expected if taken_in else ["left", *expected])
        assert (goes.patient, goes.superseded_by, goes.status) == (second.id, None, "starting")
        assert told(session, stays)[-1] == (4.2, "entered-in-error")
        assert {one.id for one in journeys.find_open(session, second.id)} == {goes.id}


def test_undone_a_journey_that_had_ended_otherwise_stays_ended(database: Database) -> None:
    """It had been left before it heard of the merge."""
    with database.write() as session:
        first, second = two(session)
        builders.journey(session, first)
        goes = builders.journey(session, second)
        row = merge(session, first, second)
        ended(session, goes, "withdrawn")
        undo(session, row)
        assert (goes.status, goes.superseded_by, told(session, goes)) == ("ended", None, [])


DEAD = at(hours=-3)


@pytest.mark.parametrize("which", ["survivor", "retired"])
def test_a_death_on_either_is_one_of_both(database: Database, which: str) -> None:
    """Every journey that is open then is told; undone, the one who lives goes on."""
    with database.write() as session:
        first, second = two(session)
        dead, alive = (first, second) if which == "survivor" else (second, first)
        journey = builders.journey(session, alive)
        patients.record_death(session, dead.id, DEAD, now=NOW)
        row = merge(session, first, second)
        assert (first.died_at, told(session, journey)) == (DEAD, ["died"])
        ended(session, journey, "died")
        undo(session, row)
        assert (dead.died_at, alive.died_at) == (DEAD, None)
        assert (journey.patient, journey.status, told(session, journey)) == (alive.id, "starting", ["reinstated"])


def test_a_death_that_was_told_since_stands_for_both(database: Database) -> None:
    """Nobody knows whose it is: nothing is sent to either until it is withdrawn of the one who lives."""
    with database.write() as session:
        first, second = two(session)
        own, other = builders.journey(session, first), builders.journey(session, second)
        row = merge(session, first, second)
        ended(session, other, "merged")
        patients.record_death(session, first.id, at(minutes=2), now=at(minutes=3))
        ended(session, own, "died")
        undo(session, row)
        assert first.died_at == second.died_at == at(minutes=2)
        assert (own.status, other.status) == ("ended", "ended")
        returns.withdraw_death(session, second.id, by="nurse-1", now=at(hours=2))
        assert (first.died_at, second.died_at) == (at(minutes=2), None)


def test_the_same_merge_again_is_the_one_that_is_there(database: Database) -> None:
    """Also after the survivor went on into a third."""
    with database.write() as session:
        first, second = two(session)
        third = builders.patient(session, "3")
        row = merge(session, first, second)
        assert merge(session, first, second).id == row.id
        merge(session, third, first)
        assert merge(session, first, second).id == row.id
        assert merge(session, third, second).id == row.id


def test_a_chain_goes_to_its_end_and_is_undone_from_there(database: Database) -> None:
    """Who merges into a record that is gone means the one that stands for it; the later merge is undone first."""
    with database.write() as session:
        first, second = two(session)
        third, fourth = builders.patient(session, "3"), builders.patient(session, "4")
        into_first = merge(session, first, second)
        into_third = merge(session, third, first)
        assert merge(session, first, fourth).survivor == third.id
        assert of(session, third)["identifiers"] == ["1", "2", "3", "4"]
        with pytest.raises(Conflict):
            undo(session, into_first)
        undo(session, into_third)
        assert of(session, first)["identifiers"] == ["1", "2"]
        undo(session, into_first)
        assert [of(session, who)["identifiers"] for who in (first, second, third)] == [["1"], ["2"], ["3", "4"]]


def test_what_cannot_be_merged(database: Database) -> None:
    """A record into itself, also by way of another; an unknown one; one that went elsewhere; an undoing twice."""
    with database.write() as session:
        first, second = two(session)
        third = builders.patient(session, "3")
        with pytest.raises(Invalid):
            merge(session, first, first)
        for pair in ((first.id, "nobody"), ("nobody", first.id)):
            with pytest.raises(NotFound):
                merges.merge(session, survivor=pair[0], retired=pair[1], by="nurse-1", now=NOW)
        row = merge(session, first, second)
        with pytest.raises(Invalid):
            merge(session, second, first)
        with pytest.raises(Conflict):
            merge(session, third, second)
        undo(session, row)
        with pytest.raises(Conflict):
            undo(session, row)
        with pytest.raises(NotFound):
            separations.undo(session, "nothing", by="nurse-1", now=NOW)


def test_a_record_that_went_into_another_is_not_written_any_more(database: Database) -> None:
    """A no, a death or a start told of it would be lost on the survivor."""
    with database.write() as session:
        first, second = two(session)
        merge(session, first, second)
        with pytest.raises(Conflict):
            patients.record_consents(session, second.id, [builders.yes(granted=False)])
        with pytest.raises(Conflict):
            patients.record_death(session, second.id, DEAD, now=NOW)
        with pytest.raises(Conflict):
            builders.journey(session, second)
        assert (second.died_at, patients.consents_of(session, second.id)) == (None, [])


def test_an_end_by_a_merge_may_be_taken_back_when_nothing_goes_on_for_it(database: Database) -> None:
    """While the other journey is open it has no place; afterwards it counts as open again."""
    with database.write() as session:
        first, second = two(session)
        stays, goes = builders.journey(session, first), builders.journey(session, second)
        merge(session, first, second)
        ended(session, goes, "merged")
        with pytest.raises(Conflict):
            returns.make_way(session, goes, now=NOW)
        ended(session, stays, "withdrawn")
        returns.make_way(session, goes, now=NOW)
        assert [one.id for one in journeys.find_open(session, first.id)] == [goes.id]


def test_journeys_that_do_not_go_together_are_for_a_person(database: Database) -> None:
    """Neither is ended; an alarm is raised."""
    with database.write() as session:
        first, second = two(session)
        builders.journey(session, first, builders.release("one"))
        clashing = builders.journey(session, second, builders.release("two", enrol={"not_with": ["one"]}))
        merge(session, first, second)
        (alarm,) = alarms.list_(session)
        assert (alarm.code, alarm.journey) == ("journeys-clash", clashing.id)
        assert len(journeys.find_open(session, first.id)) == 2


def test_merges_are_listed_the_latest_first(database: Database) -> None:
    """Of all, or of one patient on either side; over pages."""
    with database.write() as session:
        first, second = two(session)
        third, fourth = builders.patient(session, "3"), builders.patient(session, "4")
        rows = [
            merge(session, first, second, now=NOW),
            merge(session, third, fourth, now=NOW + timedelta(minutes=1)),
        ]
        assert [one.id for one in merges.list_(session)] == [rows[1].id, rows[0].id]
        assert [one.id for one in merges.list_(session, patient=second.id)] == [rows[0].id]
        (latest,) = merges.list_(session, limit=1)
        assert [one.id for one in merges.list_(session, after=(latest.at, latest.id))] == [rows[0].id]
