"""Which journeys are late, and since when."""

from datetime import datetime
from typing import get_args

import pytest

from pathways.engine.events import Happened
from store import alarms, inbox, overdue
from store.database import Database
from store.overdue import Overdue
from tests.store import builders
from tests.store.builders import NOW, at

LATE: dict[str, tuple[datetime | None, datetime | None, datetime | None]] = {
    "nothing is due": (None, None, None),
    "its wake-up comes": (at(hours=1), None, None),
    "a moment late": (at(minutes=-1), None, None),
    "its wake-up passed": (at(minutes=-3), None, at(minutes=-3)),
    "an event is not shown": (None, at(minutes=-4), at(minutes=-4)),
    "an event came just now": (at(hours=1), at(seconds=-5), None),
    "what is older counts": (at(minutes=-3), at(minutes=-4), at(minutes=-4)),
}
"""The wake-up, the receipt of an event that is not shown, and since when it is late."""


@pytest.mark.parametrize("case", LATE)
def test_what_is_late(database: Database, case: str) -> None:
    """A wake-up that passed or an event that is not shown, two minutes ago or more."""
    wakeup, received, due = LATE[case]
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        inbox.mark_reflected(session, [row.id for row in inbox.of_journey(session, journey.id)])
        journey.wakeup = wakeup
        if received is not None:
            inbox.add(session, journey=journey, event=Happened(id="event", received=received, name="ping"))
        session.flush()
        found = None if due is None else Overdue(journey=journey.id, due=due)
        assert overdue.read(session, journey.id, at=NOW) == found
        assert overdue.list_(session, at=NOW, limit=5) == ([] if found is None else [found])
        assert overdue.count(session, at=NOW) == (found is not None)
        inbox.mark_reflected(session, ["event"])
        journey.wakeup = None
        session.flush()
        assert overdue.count(session, at=NOW) == 0


def test_overdue_journeys_are_read_in_pages(database: Database) -> None:
    """Each once, however many events wait."""
    with database.write() as session:
        ids = sorted(builders.journey(session, builders.patient(session, number)).id for number in "123")
    with database.read() as session:
        first = overdue.list_(session, at=at(hours=1), limit=2)
        rest = overdue.list_(session, at=at(hours=1), after=first[-1].journey, limit=2)
        assert [one.journey for one in (*first, *rest)] == ids
        assert overdue.list_(session, at=at(hours=1), after=ids[-1], limit=2) == []


def test_an_alarm_on_a_run_is_raised_once_an_incident(database: Database) -> None:
    """The same incident is the same alarm, another one or another code is not."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        for incident in ("1", "1", "2"):
            for code in get_args(alarms.RunCode):
                alarms.raise_for_run(session, journey, code, incident=incident, now=NOW)
        assert sorted(row.code for row in alarms.list_(session)) == sorted(2 * get_args(alarms.RunCode))
