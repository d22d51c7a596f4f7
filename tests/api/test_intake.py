"""One way in: who is meant is found, what is said is kept, what is urgent is open, and what nobody can tell waits."""

from datetime import date
from typing import Any

import pytest

from pathways.errors import Conflict, Refused
from store import entries, journeys, merges, patients, quarantine, returns, separations, tables, transmissions
from store.database import Database, Session
from store.notices import AnswersNotice, AnyNotice, ConsentNotice, EntryNotice, MergeNotice, Unreadable
from store.record import Coding, ConditionContent, NewEntry
from tests.api.hall import Hall, calls, known, measured, named, person, told
from tests.store.builders import NOW, at


@pytest.fixture
def hall(database: Database) -> Hall:
    return Hall(database=database)


def held(session: Session) -> list[str]:
    """Why what is in quarantine is there."""
    return sorted(row.reason for row in quarantine.list_(session))


def diagnosis(code: str = "E11", *, of: str = "his:1") -> EntryNotice:
    entry = NewEntry(
        kind="condition",
        source_system="emr",
        source_id=f"D-{code}",
        status="active",
        code=Coding(system="icd-10", code=code),
        content=ConditionContent(),
    )
    return EntryNotice(subject=named(of), entry=entry)


def consent(*, of: str) -> ConsentNotice:
    return ConsentNotice(subject=named(of), source_system="emr", source_id="1", purpose="care", granted=True, at=NOW)


def answers(*, of: str) -> AnswersNotice:
    return AnswersNotice(subject=named(of), source_system="emr", source_id="1", form="no-such", at=NOW)


# --- a message ----------------------------------------------------------------------------------------------------


def test_what_is_urgent_is_there_with_the_commit(hall: Hall) -> None:
    """The message, the result, its event and the open task stand in one transaction; one that fails leaves nothing."""
    patient = hall.admit("his:1")
    with hall.database.write() as session:
        hall.intake.take_in(session, [measured(2.1)], transmission=None, now=hall.now)
        assert len(calls(session, patient)) == 1
        session.rollback()
    with hall.database.read() as session:
        assert (calls(session, patient), known(session, patient)) == ([], [])
    taking = hall.take(measured(2.1))
    with hall.database.read() as session:
        (task,) = calls(session, patient)
        assert (task.status, task.provisional is not None, told(session, patient)) == (
            "open",
            True,
            ["result-received"],
        )
        assert transmissions.read(session, taking.transmission).state == "taken"


def test_the_same_message_again_is_answered_as_before(hall: Hall) -> None:
    """By its sender's own id and its content; another content under that id is another message."""
    patient = hall.admit("his:1")
    first = hall.take(measured(2.1), control="M1", body=b"one")
    again = hall.take(measured(2.1), control="M1", body=b"one")
    other = hall.take(measured(2.0, status="corrected"), control="M1", body=b"other")
    assert (again.again, again.transmission, again.answer, again.outcomes) == (True, first.transmission, "AA", ())
    assert (other.again, other.outcomes[0].state) == (False, "accepted")
    with hall.database.read() as session:
        assert len(transmissions.list_(session)) == 2
        assert len(known(session, patient)) == 2


def test_what_is_refused_waits_and_its_neighbours_are_taken(hall: Hall) -> None:
    """A number that counts twice, a version with two contents: a person looks, and the rest of the message stands."""
    patient = hall.admit("his:1")
    hall.take(measured(5.0, version=3))
    taking = hall.take(measured(6.0, version=3), measured(2.1, source="R-2"), measured(5.0, source="R-3", version=0))
    assert [(one.state, one.reason) for one in taking.outcomes] == [
        ("quarantined", "conflict"),
        ("accepted", None),
        ("quarantined", "invalid"),
    ]
    with hall.database.read() as session:
        assert held(session) == ["conflict", "invalid"]
        assert len(calls(session, patient)) == 1


def test_who_is_strict_keeps_nothing_of_what_is_refused(hall: Hall) -> None:
    """The whole message is refused, and the refusal says which result it was and nothing of it."""
    patient = hall.admit("his:1")
    hall.take(measured(5.0, version=3))
    with pytest.raises(Conflict, match="Result 2: ") as refused:
        hall.take(measured(2.1, source="R-2"), measured(6.66, version=3), strict=True)
    assert "6.66" not in str(refused.value)
    with hall.database.read() as session:
        assert (calls(session, patient), held(session), len(known(session, patient))) == ([], [], 1)


def test_what_cannot_be_read_waits_beside_what_can(hall: Hall) -> None:
    """It names its reason, and cannot be taken in by a decision."""
    hall.admit("his:1")
    broken = Unreadable(reason="unreadable-segment", what="OBX 2", payload={"segment": "OBX"}, subject=named("his:1"))
    taking = hall.take(broken, measured(2.1))
    assert [one.state for one in taking.outcomes] == ["quarantined", "accepted"]
    with hall.database.write() as session, pytest.raises(Conflict, match="cannot be read"):
        hall.intake.release(session, taking.outcomes[0].quarantine or "", by="nurse-1", now=hall.now)


# --- whom it means ------------------------------------------------------------------------------------------------


def test_a_result_of_two_people_is_nobodys(hall: Hall) -> None:
    """Identifiers that contradict each other wait for a person, also when either of them is told of again."""
    first, second = hall.admit("his:1", "national:A"), hall.admit("his:2", "national:B")
    outcome = hall.one(measured(2.1, of="his:1 national:B"))
    assert (outcome.state, outcome.reason) == ("quarantined", "identity-conflict")
    hall.take(person("his:1", "national:A"), person("his:2"))
    with hall.database.write() as session:
        assert held(session) == ["identity-conflict"]
        assert (calls(session, first), calls(session, second)) == ([], [])
        released = hall.intake.release(session, outcome.quarantine or "", by="nurse-1", now=hall.now, patient=second)
        assert released.state == "accepted"
        assert len(calls(session, second)) == 1


def test_what_came_before_its_patient_is_taken_in_with_them(hall: Hall) -> None:
    """In its order and with all that follows; what is still not understood stays."""
    patient = hall.admit("his:1")
    early = [
        hall.one(measured(3.5, of="card:9", source="R-1", effective=at(hours=-3))),
        hall.one(measured(2.1, of="card:9", source="R-2", effective=at(hours=-2))),
        hall.one(measured(2.0, of="card:9", source="R-3", unit="stones")),
        hall.one(diagnosis(of="card:9")),
        hall.one(measured(2.0, of="card:8", source="R-4")),
    ]
    assert {one.reason for one in early} == {"unknown-patient"}
    with hall.database.read() as session:
        assert calls(session, patient) == []
    outcome = hall.one(person("his:1", "card:9"))
    assert (outcome.state, outcome.created, outcome.patient) == ("stored", False, patient)
    with hall.database.read() as session:
        assert len(held(session)) == 2
        assert [row.state for row in quarantine.list_(session, state="released")] == ["released"] * 3
        assert [state for *_, state in known(session, patient)] == ["accepted", "accepted"]
        (task,) = calls(session, patient)
        assert (task.rung, task.provisional is not None) == (1, True)  # the second value is worse than the first
        assert patients.read(session, patient).diagnoses == ["E11"]
    hall.take(person("his:1", "card:9"))
    hall.come_back()
    with hall.database.read() as session:
        assert [task.provisional for task in calls(session, patient)] == [None]


def test_a_patient_who_becomes_known_has_what_came_before(hall: Hall) -> None:
    """Kept for the record, and told to a journey that starts later."""
    hall.take(measured(2.1, of="his:7"))
    outcome = hall.one(person("his:7"))
    assert (outcome.created, outcome.patient is not None) == (True, True)
    with hall.database.read() as session:
        assert [state for *_, state in known(session, outcome.patient or "")] == ["stored"]
        assert held(session) == []


@pytest.mark.parametrize(
    ("notice", "reason"),
    [
        (person("his:9", name=None), "incomplete-patient"),
        (person("his:9", born=None), "incomplete-patient"),
        (person(), "incomplete-patient"),
        (person("his:1", "national:B"), "identity-conflict"),
        (measured(2.1, of=""), "unknown-patient"),
        (diagnosis(of="his:9"), "unknown-patient"),
        (consent(of="his:9"), "unknown-patient"),
        (answers(of="his:1"), "no-such-form"),
        (MergeNotice(survivor=named("his:8"), retired=named("his:9")), "unknown-patient"),
        (MergeNotice(survivor=named("his:1", "national:B"), retired=named("his:2")), "identity-conflict"),
        (person("his:1", deceased=False), None),
    ],
)
def test_what_nobody_can_place_waits_with_its_reason(hall: Hall, notice: AnyNotice, reason: str | None) -> None:
    """Nobody is made of half a name, and nothing is given to the wrong one."""
    hall.admit("his:1", "national:A")
    hall.admit("his:2", "national:B")
    outcome = hall.one(notice)
    assert outcome.reason == reason
    with hall.database.read() as session:
        assert held(session) == ([] if reason is None else [reason])


def test_a_death_counts_at_once_and_is_not_contradicted_by_a_message(hall: Hall) -> None:
    """The journey hears of it; a later word that the patient lives is for a person."""
    patient = hall.admit("his:1")
    hall.take(person("his:1", deceased=True))
    hall.take(person("his:1", deceased=False))
    hall.take(person("his:1", died_at=at(days=-3)))
    with hall.database.read() as session:
        assert patients.read(session, patient).died_at is not None
        assert told(session, patient) == ["died"]
        assert held(session) == ["death-contradicted", "death-contradicted"]


def test_after_a_merge_both_names_mean_the_one_who_stays(hall: Hall) -> None:
    """And what the other had waits for nobody."""
    first = hall.admit("his:1")
    hall.one(person("his:2"))
    merged = hall.one(MergeNotice(survivor=named("his:1"), retired=named("his:2")))
    again = hall.one(MergeNotice(survivor=named("his:1"), retired=named("his:2")))
    assert (merged.state, again.state) == ("stored", "duplicate")
    assert hall.one(measured(2.1, of="his:2")).patient == first
    with hall.database.read() as session:
        assert len(calls(session, first)) == 1


def test_a_merge_with_somebody_who_is_not_known_gives_the_one_both_names(hall: Hall) -> None:
    """What waited under the other's name is taken in."""
    first = hall.admit("his:1")
    hall.take(measured(2.1, of="his:2"))
    hall.take(MergeNotice(survivor=named("his:2"), retired=named("his:1")))
    with hall.database.read() as session:
        assert (held(session), len(calls(session, first))) == ([], 1)


# --- what is understood -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "state", "reason"),
    [
        ({}, "accepted", None),
        ({"code": "718-7", "unit": "g/L"}, "stored", None),
        ({"code": "9999-1", "unit": "x"}, "quarantined", "unknown-code"),
        ({"code": "9999-1", "unit": "x", "coded": True}, "stored", None),
        ({"code": "9999-1", "unit": None, "coded": True}, "stored", None),
        ({"code": "lis:GLU"}, "quarantined", "unknown-code"),
        ({"unit": "stones"}, "quarantined", "unknown-unit"),
        ({"unit": "stones", "coded": True}, "quarantined", "unknown-unit"),
        ({"unit": None}, "quarantined", "unknown-unit"),
    ],
)
def test_a_code_that_nobody_watches_is_kept_for_the_record(
    hall: Hall, more: dict[str, Any], state: str, reason: str | None
) -> None:
    """In whatever unit, where the code is LOINC's; what a pathway reads must be understood to the unit."""
    hall.admit("his:1")
    outcome = hall.one(measured(2.1, **more))
    assert (outcome.state, outcome.reason) == (state, reason)


def test_a_result_that_was_somebody_elses_marks_their_task(hall: Hall) -> None:
    """A sample under the wrong name: the right patient's task opens, and who was called for the other one sees it."""
    wrong, right = hall.admit("his:1"), hall.admit("his:2")
    hall.take(measured(2.1, of="his:1"))
    hall.take(measured(2.1, of="his:2", status="corrected"))
    with hall.database.read() as session:
        (first,), (second,) = calls(session, wrong), calls(session, right)
        assert (first.flagged, second.flagged, second.status) == (True, False, "open")
    hall.come_back()
    with hall.database.read() as session:
        assert [(task.status, task.end) for task in calls(session, wrong)] == [("closed", "cancelled")]
        assert [task.provisional for task in calls(session, right)] == [None]


def test_a_person_decides_what_waits(hall: Hall) -> None:
    """With what was corrected it is as urgent as any; still not understood, nothing changes; decided once."""
    patient = hall.admit("his:1")
    waiting = hall.one(measured(2.1, of="his:9", unit="stones")).quarantine or ""
    for given in ({}, {"patient": patient}, {"unit": "mmol/L"}):
        with pytest.raises(Refused), hall.database.write() as session:
            hall.intake.release(session, waiting, by="nurse-1", now=hall.now, **given)
    with hall.database.write() as session:
        outcome = hall.intake.release(session, waiting, by="nurse-1", now=hall.now, patient=patient, unit="mmol/L")
        assert (outcome.state, len(calls(session, patient))) == ("accepted", 1)
    with pytest.raises(Conflict), hall.database.write() as session:
        hall.intake.release(session, waiting, by="nurse-1", now=hall.now, patient=patient)


def test_a_diagnosis_that_waits_is_given_to_the_patient_whom_a_person_names(hall: Hall) -> None:
    """A merge, which means two, is not decided so."""
    patient = hall.admit("his:1")
    waiting = [
        hall.one(diagnosis(of="his:9")).quarantine or "",
        hall.one(MergeNotice(survivor=named("his:8"), retired=named("his:9"))).quarantine or "",
    ]
    with hall.database.write() as session:
        outcome = hall.intake.release(session, waiting[0], by="nurse-1", now=hall.now, patient=patient)
        assert (outcome.state, outcome.patient) == ("stored", patient)
        assert [row.code for row in entries.of_patient(session, patient, "condition")] == ["E11"]
    with pytest.raises(Conflict), hall.database.write() as session:
        hall.intake.release(session, waiting[1], by="nurse-1", now=hall.now, patient=patient)


def test_results_of_one_message_count_in_the_order_of_their_times(hall: Hall) -> None:
    """However the sender lists them: the fall from 3.5 to 2.1 passes a rung, the rise would not."""
    patient = hall.admit("his:1")
    later = measured(2.1, source="R-2", effective=at(hours=-1))
    earlier = measured(3.5, source="R-1", effective=at(hours=-2))
    hall.take(later, earlier)
    with hall.database.read() as session:
        assert [task.rung for task in calls(session, patient)] == [1]
        (journey,) = journeys.find_open(session, patient)
        assert session.get(tables.Foresight, journey.id) is not None


# --- what a person has decided ------------------------------------------------------------------------------------


def test_a_withdrawn_death_does_not_come_back_with_an_old_message(hall: Hall) -> None:
    """What was told before a person withdrew it waits for a person; what is told anew counts."""
    patient = hall.admit("his:1")
    dead = at(hours=-5)
    hall.take(person("his:1", died_at=dead, issued=at(hours=-4)))
    with hall.database.write() as session:
        returns.withdraw_death(session, patient, by="head-1", now=hall.now)
    hall.take(person("his:1", died_at=dead, issued=at(hours=-4)))
    with hall.database.read() as session:
        assert patients.read(session, patient).died_at is None
        assert held(session) == ["death-contradicted"]
    hall.take(person("his:1", died_at=dead, issued=at(hours=1)))
    with hall.database.read() as session:
        assert patients.read(session, patient).died_at == dead


def test_what_a_person_parted_is_not_merged_by_a_message(hall: Hall) -> None:
    """The same merge told again waits for a person."""
    one, other = hall.admit("his:1"), hall.admit("his:2")
    merge = MergeNotice(survivor=named("his:1"), retired=named("his:2"))
    hall.take(merge)
    with hall.database.write() as session:
        (done,) = merges.list_(session)
        separations.undo(session, done.id, by="head-1", now=hall.now)
    assert hall.one(merge).reason == "merge-undone"
    with hall.database.read() as session:
        assert [patients.read(session, patient).merged_into for patient in (one, other)] == [None, None]


def test_what_was_said_before_changes_no_patient(hall: Hall) -> None:
    """Who a patient is stays as it was last said; an older word adds numbers alone."""
    patient = hall.admit("his:1")
    hall.take(person("his:1", name="李芳", issued=at(hours=2)))
    hall.take(person("his:1", "card:9", name="王旧", born=date(1950, 1, 1), issued=at(hours=1)))
    with hall.database.read() as session:
        row = patients.read(session, patient)
        assert (row.name, row.born) == ("李芳", date(1961, 3, 2))
        assert ("card", "9") in {(one.system, one.value) for one in patients.identifiers_of(session, patient)}
