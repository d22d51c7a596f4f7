"""What hospitals tell of appointments reaches the journeys that planned the visits, each news once."""

from typing import Any

import pytest

from pathways.engine.events import VisitReported
from store.database import Database
from tests.store.builders import at
from tests.store.told import appointment, encounter, heard, planned, travelling, waiting

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is asked of the store here is asked on each database elsewhere."""


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
