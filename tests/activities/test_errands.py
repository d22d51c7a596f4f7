"""What a journey has done outside of the store is done once, and what cannot be done is told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errands import AWAY, Call, Enrolment, ErrandActivities, Result
from pathways.engine.actions import CallSystem, EnrolPatient
from store import inbox, journeys, releases
from store.database import Database
from store.facts import Policy
from tests.hospital import hospital_process, visits_at
from tests.store import builders
from tests.store.builders import NOW, at

BOOK = CallSystem(call="c-1", name="book-visit", track="call", at=NOW, arguments={"kind": "implant", "tooth": 26.0})
CANCEL = CallSystem(call="c-2", name="cancel-visit", track="call", at=NOW, undoes="c-1")


@pytest.fixture
def hospital() -> Iterator[str]:
    with hospital_process() as url:
        yield url


def _journey(database: Database) -> str:
    with database.write() as session:
        return builders.journey(session, builders.patient(session)).id


def _run(activity: Any, given: Any) -> Result:
    return ActivityEnvironment().run(activity, given)


def test_a_call_is_made_once_and_taken_back_once(database: Database, hospital: str) -> None:
    """The same id again is the same call; its undo cancels what it booked."""
    journey = _journey(database)
    errands = ErrandActivities(database, Policy(), url=hospital)
    for _ in range(2):
        booked = _run(errands.call, Call(journey=journey, action=BOOK))
        assert booked.outcome == "answered"
        assert booked.data["department"] == "stomatology"
    assert [visit["state"] for visit in visits_at(hospital)] == ["booked"]
    assert visits_at(hospital)[-1]["patient"]["identifiers"] == [{"system": "hospital", "value": "1"}]
    for _ in range(2):
        assert _run(errands.call, Call(journey=journey, action=CANCEL)).outcome == "answered"
    assert [visit["state"] for visit in visits_at(hospital)] == ["cancelled"]


@pytest.mark.parametrize(("status", "again"), [(503, True), (500, True), (429, True), (400, False), (409, False)])
def test_what_the_system_refuses_has_failed_and_what_it_cannot_do_now_is_tried_again(
    database: Database, hospital: str, status: int, again: bool
) -> None:
    """A refusal is final; an outage is not."""
    errands = ErrandActivities(database, Policy(), url=hospital)
    given = Call(journey=_journey(database), action=BOOK)
    httpx.post(f"{hospital}/trouble", json={"status": status, "times": 1}, timeout=5)
    if again:
        with pytest.raises(ApplicationError) as trouble:
            _run(errands.call, given)
        assert trouble.value.type == AWAY
    else:
        assert _run(errands.call, given) == Result(outcome="failed", code="hospital-refused")


def test_a_site_without_a_system_says_so(database: Database) -> None:
    """The call fails at once, and so reaches a person."""
    errands = ErrandActivities(database, Policy(), url=None)
    given = Call(journey=_journey(database), action=BOOK)
    assert _run(errands.call, given) == Result(outcome="failed", code="no-hospital-system")


def test_a_system_that_is_not_there_is_tried_again(database: Database) -> None:
    """Nothing listens: an outage."""
    errands = ErrandActivities(database, Policy(), url="http://127.0.0.1:9")
    with pytest.raises(ApplicationError) as trouble:
        _run(errands.call, Call(journey=_journey(database), action=BOOK))
    assert trouble.value.type == AWAY


def _asked(**more: Any) -> EnrolPatient:
    given: dict[str, Any] = {"enrolment": "e-1", "pathway": "after", "at": NOW, "values": {"low": 4.2, "smokes": True}}
    return EnrolPatient(**(given | more))


def _publish(database: Database, **more: Any) -> None:
    with database.write() as session:
        releases.publish(session, builders.release("after", **more), by="lead-1", now=NOW)


def test_an_enrolment_starts_one_journey_with_what_is_carried_over(database: Database) -> None:
    """Tried again, also after that journey ended, it is the same journey."""
    journey = _journey(database)
    _publish(database)
    errands = ErrandActivities(database, Policy(), url=None)
    surgery = datetime(2026, 3, 1, tzinfo=UTC)
    given = Enrolment(journey=journey, action=_asked(anchors={"surgery": surgery}))
    assert _run(errands.enrol, given) == Result(outcome="answered")
    with database.write() as session:
        row = journeys.list_(session, pathway="after")[0]
        state = journeys.state_of(row)
        assert (state.parameters["low"].value, state.values) == (4.2, {"smokes": True})
        assert state.anchors["surgery"] == surgery
        assert len(inbox.of_journey(session, row.id)) == 1
        row.status = "ended"
    assert _run(errands.enrol, given) == Result(outcome="answered")
    with database.read() as session:
        assert len(journeys.list_(session, pathway="after")) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"pathway": "nowhere"}, "not-found"),
        ({"values": {"unheard-of": 1.0}}, "invalid"),
        ({"anchors": {"birth": NOW}}, "invalid"),
    ],
)
def test_what_the_other_pathway_refuses_is_told_and_leaves_nothing(
    database: Database, changed: dict[str, Any], code: str
) -> None:
    """The journey hears the code, a person gets the task."""
    journey = _journey(database)
    _publish(database)
    errands = ErrandActivities(database, Policy(), url=None)
    refused = _run(errands.enrol, Enrolment(journey=journey, action=_asked(**changed)))
    assert refused == Result(outcome="failed", code=code)
    with database.read() as session:
        assert journeys.list_(session, pathway="after") == []


def test_a_patient_whom_the_pathway_excludes_is_refused(database: Database) -> None:
    """The rows of the start are given up with the transaction."""
    journey = _journey(database)
    _publish(database, enrol={"unless": "age >= 18"})
    errands = ErrandActivities(database, Policy(), url=None)
    refused = _run(errands.enrol, Enrolment(journey=journey, action=_asked(at=at(minutes=1))))
    assert refused == Result(outcome="failed", code="conflict")
    with database.read() as session:
        assert journeys.list_(session, pathway="after") == []
