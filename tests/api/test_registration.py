"""Who a patient is, where what is told of them does not fit: a death counts all the same, and a merge is one."""

from datetime import date

import pytest

from store import patients
from store.database import Database
from store.notices import MergeNotice, PatientNotice
from tests.api.hall import Hall, named, person, told
from tests.store.builders import at

DIED = at(minutes=-5)


@pytest.fixture
def hall(database: Database) -> Hall:
    """Where messages are taken in, once on each database."""
    return Hall(database=database)


@pytest.mark.parametrize(
    ("notice", "reason"),
    [
        pytest.param(person("his:1", "insurance:7", died_at=DIED), None, id="a-number-without-a-priority-is-anothers"),
        pytest.param(person("his:1", born=date(2206, 1, 1), died_at=DIED), "invalid", id="a-birth-in-the-future"),
    ],
)
def test_a_death_counts_whatever_else_cannot_be(hall: Hall, notice: PatientNotice, reason: str | None) -> None:
    """Nobody writes to the dead because a slip stood beside the word of their death."""
    patient, other = hall.admit("his:1"), hall.admit("his:2", "insurance:7")
    assert hall.one(notice).reason == reason
    with hall.database.read() as session:
        assert patients.read(session, patient).died_at == DIED
        assert told(session, patient) == ["died"]
        assert patients.read(session, other).died_at is None
        assert named("insurance:7").identifiers[0] in patients.named(session, other)


def test_a_card_that_only_the_record_that_goes_has_is_no_conflict(hall: Hall) -> None:
    """The registration tells the person's card with the record that stays: that both are one is what it says."""
    stays, goes = hall.admit("his:1"), hall.admit("his:2", "national:B")
    outcome = hall.one(MergeNotice(survivor=named("his:1", "national:B"), retired=named("his:2")))
    assert (outcome.state, outcome.patient) == ("stored", stays)
    with hall.database.read() as session:
        assert patients.read(session, goes).merged_into == stays
