"""Starting a journey once, with what is known of the patient, and what shows of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pathways.engine.events import Enrolled, ResultReceived
from pathways.engine.journey import Own
from pathways.errors import Conflict, Invalid, NotFound, Refused
from store import inbox, journeys, observations, patients, releases, tables
from store.database import Database, Session
from store.journeys import Start
from store.observations import Result
from tests.store import builders
from tests.store.builders import NOW, at


def test_a_start_keeps_the_state_and_the_event_of_its_enrolment(database: Database) -> None:
    """All that its workflow needs is in the transaction that answers."""
    with database.write() as session:
        who = builders.patient(session)
        row = builders.journey(
            session, who, anchors={"surgery": at(days=-2)}, parameters={"low": 4.2}, values={"smokes": True}
        )
    with database.read() as session:
        row = journeys.read(session, row.id)
        state = journeys.state_of(row)
        assert (row.status, row.sequence, row.demonstration, row.started_by) == ("starting", 0, False, "nurse-1")
        assert state.id == row.id
        assert state.anchors == {"enrolled": NOW, "surgery": at(days=-2)}
        own = Own(value=4.2, by="nurse-1", at=NOW)
        assert (state.parameters, state.values) == ({"low": own}, {"smokes": True})
        assert [type(inbox.event_of(kept)) for kept in inbox.of_journey(session, row.id)] == [Enrolled]


def test_one_open_journey_a_patient_pathway_and_episode(database: Database) -> None:
    """Starting again gives the one that is open; another episode, or one after its end, is a new one."""
    with database.write() as session:
        who = builders.patient(session)
        first = builders.journey(session, who, episode="right knee")
        assert builders.journey(session, who, episode="right knee").id == first.id
        other = builders.journey(session, who, episode="left knee")
        assert other.id != first.id
        found = journeys.find(session, patient=who.id, pathway="checks", episode="right knee")
        assert found is not None
        assert found.id == first.id
        first.status = "ended"
        session.flush()
        assert journeys.find(session, patient=who.id, pathway="checks", episode="right knee") is None
        assert builders.journey(session, who, episode="right knee").id not in (first.id, other.id)


@pytest.mark.parametrize(
    ("declared", "episode", "wrong"),
    [
        ({}, "", None),
        ({}, "left knee", "no episodes"),
        ({"episode": "knee"}, "left knee", None),
        ({"episode": "knee"}, "", "which knee"),
        ({"enrol": {"yearly": "first-fu"}}, "", "which year"),
        ({"enrol": {"yearly": "first-fu"}}, "2026", None),
    ],
)
def test_an_episode_is_named_where_it_is_declared(
    database: Database, declared: dict[str, Any], episode: str, wrong: str | None
) -> None:
    """What tells two journeys apart is said by the pathway: a start says which one, and only there."""
    with database.write() as session:
        releases.publish(session, builders.release(**declared), by="lead-1", now=NOW)
        start = Start(patient=builders.patient(session).id, pathway="checks", enrolled=NOW, episode=episode)
        if wrong is None:
            assert journeys.begin(session, start, by="nurse-1", now=NOW).created
        else:
            with pytest.raises(Invalid, match=wrong):
                journeys.begin(session, start, by="nurse-1", now=NOW)


def test_starts_at_the_same_moment_make_one_journey(database: Database) -> None:
    """Two nurses who press the button together, or a request sent again, start one journey."""
    with database.write() as session:
        who = builders.patient(session)
        releases.publish(session, builders.release(), by="lead-1", now=NOW)

    def start(_: int) -> tuple[str, bool]:
        with database.write() as session:
            begun = journeys.begin(
                session, Start(patient=who.id, pathway="checks", enrolled=NOW), by="nurse-1", now=NOW
            )
            return begun.journey.id, begun.created

    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(start, range(8)))
    assert len({id for id, _ in begun}) == 1
    assert sum(created for _, created in begun) == 1


@pytest.mark.parametrize("ours", [True, False])
def test_pathways_that_do_not_go_together_are_refused(database: Database, ours: bool) -> None:
    """Whichever of the two says so, the second one is not started."""
    apart = builders.release("apart", enrol={"not_with": ["checks"]})
    pair = [builders.release(), apart] if ours else [apart, builders.release()]
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who, pair[0])
        with pytest.raises(Conflict, match="does not go with"):
            builders.journey(session, who, pair[1])


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"pathway": "chekcs"}, NotFound, "no pathway 'chekcs'"),
        ({"release": "none"}, NotFound, "no such release"),
        ({"patient": "nobody"}, NotFound, "no such patient"),
        ({"enrolled": at(hours=1)}, Invalid, "future"),
        ({"enrolled": datetime(1961, 3, 1, 9, tzinfo=UTC)}, Invalid, "before the patient's birth"),
        ({"anchors": {"surgery": datetime(1961, 3, 1, 9, tzinfo=UTC)}}, Invalid, "before the patient's birth"),
        ({"anchors": {"surgry": NOW}}, Invalid, "did you mean 'surgery'"),
        ({"anchors": {"surgery": NOW.replace(tzinfo=None)}}, Invalid, "no time zone"),
        ({"parameters": {"low": 9.0}}, Invalid, "from 3.5 to 5"),
        ({"parameters": {"high": 9.0}}, Invalid, "no parameter 'high'"),
        ({"values": {"smoked": True}}, Invalid, "did you mean 'smokes'"),
        ({"values": {"smokes": 1.0}}, Invalid, "must be a boolean"),
    ],
)
def test_a_start_that_cannot_be_is_refused(
    database: Database, more: dict[str, Any], error: type[Refused], says: str
) -> None:
    """The refusal names what is wrong, and nothing was started."""
    with database.write() as session:
        who = builders.patient(session)
        releases.publish(session, builders.release(), by="lead-1", now=NOW)
        given: dict[str, Any] = {"patient": who.id, "pathway": "checks", "enrolled": NOW}
        start = Start(**(given | more))
    with pytest.raises(error, match=says), database.write() as session:
        journeys.begin(session, start, by="nurse-1", now=NOW)
    with database.read() as session:
        assert journeys.list_(session) == []


def test_an_anchor_of_another_century_is_refused(database: Database) -> None:
    """Even where the patient lived then."""
    with database.write() as session:
        who = builders.patient(session, born=date(1900, 1, 1))
        with pytest.raises(Invalid, match="120 years"):
            builders.journey(session, who, anchors={"surgery": datetime(1905, 1, 1, tzinfo=UTC)})


def test_a_required_anchor_is_asked_for(database: Database) -> None:
    """A journey never begins without the dates that it counts from."""
    with database.write() as session:
        who = builders.patient(session)
        with pytest.raises(Invalid, match="birth"):
            builders.journey(session, who, builders.release(anchors={"enrolled": {}, "birth": {}}))


def test_nothing_starts_for_a_patient_who_died(database: Database) -> None:
    """Death ends every start, in one place."""
    with database.write() as session:
        who = builders.patient(session)
        patients.record_death(session, who.id, NOW, now=NOW)
        with pytest.raises(Conflict):
            builders.journey(session, who)


def _observe(session: Session, who: tables.Patient, number: str, **more: Any) -> str:
    given: dict[str, Any] = {
        "source_system": "lis",
        "source_id": number,
        "patient": who.id,
        "code": "14771-0",
        "effective": at(days=-1),
        "status": "final",
        "value": 3.1,
        "unit": "mmol/L",
    }
    now = given.pop("now", NOW)
    return observations.take_in(session, Result(**(given | more)), now=now).id


def test_a_start_is_told_of_recent_results_that_it_watches(database: Database) -> None:
    """The latest version of each result of 30 days, in order, received right after the start."""
    with database.write() as session:
        who = builders.patient(session)
        releases.publish(session, builders.release(), by="lead-1", now=NOW)
        _observe(session, who, "new")
        _observe(session, who, "old", effective=at(days=-31))
        _observe(session, who, "weight", code="29463-7", unit="kg")
        _observe(session, who, "unit", unit="stones")
        _observe(session, who, "twice", effective=at(days=-2))
        _observe(session, who, "twice", effective=at(days=-2), status="corrected", value=7.7)
        row = builders.journey(session, who)
        told = [inbox.event_of(kept) for kept in inbox.of_journey(session, row.id)]
    assert [event.kind for event in told] == ["enrolled", "result-received", "result-received"]
    results = [event for event in told if isinstance(event, ResultReceived)]
    assert [(event.value, event.version) for event in results] == [(7.7, 2), (3.1, 1)]
    assert all(NOW < event.received < at(seconds=1) for event in results)


def test_journeys_are_listed_and_started_ones_become_active(database: Database) -> None:
    """Lists narrow by patient, pathway and status, and go on after the last one seen."""
    with database.write() as session:
        who = builders.patient(session)
        one, two = builders.journey(session, who), builders.journey(session, who, episode="b")
        journeys.mark_started(session, one.id)
        journeys.mark_started(session, "nothing")
        assert [row.id for row in journeys.list_(session, status="starting")] == [two.id]
        first = journeys.list_(session, patient=who.id, pathway="checks", limit=1)
        rest = journeys.list_(session, after=(first[0].created, first[0].id))
        assert {row.id for row in (*first, *rest)} == {one.id, two.id}
        with pytest.raises(NotFound):
            journeys.read(session, "nothing")


def test_a_start_in_the_past_counts_from_its_day(database: Database) -> None:
    """A patient who joined last month is enrolled last month."""
    with database.write() as session:
        who = builders.patient(session)
        row = releases.publish(session, builders.release(), by="lead-1", now=NOW)
        start = Start(patient=who.id, pathway="checks", enrolled=NOW - timedelta(days=30), release=row.checksum)
        begun = journeys.begin(session, start, by="nurse-1", now=NOW)
        assert begun.journey.enrolled_at == NOW - timedelta(days=30)
        with pytest.raises(Invalid):
            journeys.begin(
                session,
                Start(patient=who.id, pathway="other", enrolled=NOW, release=row.checksum),
                by="nurse-1",
                now=NOW,
            )
