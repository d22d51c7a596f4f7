"""A cohort is enrolled when its time of the year has come, once."""

from datetime import UTC, datetime

import pytest

from activities.cohorts import Cohorts, due
from store import journeys, releases
from store.database import Database
from store.facts import Policy
from tests.store import builders
from tests.store.builders import NOW

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("yearly", "now", "episode"),
    [
        ("first-fu - 2 months", (2026, 5, 14, 15, 59), None),
        ("first-fu - 2 months", (2026, 5, 14, 16, 0), "2026"),
        ("first-fu - 2 months", (2026, 7, 14, 15, 59), "2026"),
        ("first-fu - 2 months", (2026, 7, 14, 16, 0), None),
        ("minor-cold - 1 month", (2026, 12, 10, 0, 0), "2027"),
        ("extra-fu - 2 months", (2027, 6, 10, 0, 0), None),
        ("first-fu", (2026, 7, 15, 0, 0), "2026"),
        ("first-fu", (2026, 7, 16, 0, 0), None),
        ("first-fu + 1 week", (2026, 7, 22, 0, 0), "2026"),
    ],
)
def test_the_time_of_a_cohort(yearly: str, now: tuple[int, int, int, int, int], episode: str | None) -> None:
    """From the moment until the season, on the hospital's days; a year without the season has no cohort."""
    assert due(yearly, datetime(*now, tzinfo=UTC), SHANGHAI) == episode


def test_who_belongs_is_enrolled_once_and_who_comes_later_on_the_next_day(database: Database) -> None:
    """A second look on the same day is none, a look on the next day finds who was added."""
    with database.write() as session:
        release = builders.release("plasters", enrol={"yearly": "first-fu - 2 months", "when": "diagnosed('J45')"})
        releases.publish(session, release, by="lead-1", now=NOW)
        releases.publish(session, builders.release("others"), by="lead-1", now=NOW)
        builders.patient(session, "1", diagnoses=["J45"])
        builders.patient(session, "2", diagnoses=["E11"])
    at = datetime(2026, 5, 20, tzinfo=UTC)
    cohorts = Cohorts(database, Policy(), clock=lambda: at)
    assert [cohorts.look(), cohorts.look()] == [1, 0]
    with database.write() as session:
        builders.patient(session, "3", diagnoses=["J45"])
    assert cohorts.look() == 0
    at = datetime(2026, 5, 21, tzinfo=UTC)
    assert cohorts.look() == 1
    assert Cohorts(database, Policy(), clock=lambda: at).look() == 0
    with database.read() as session:
        assert [row.episode for row in journeys.list_(session)] == ["2026", "2026"]
