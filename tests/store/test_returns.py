"""Ends that were a mistake: what is told to whom, and what makes it impossible."""

from datetime import timedelta

import pytest

from pathways.engine.actions import EndJourney
from pathways.engine.events import Died, Reinstated, ResultReceived
from pathways.errors import Conflict, NotFound
from store import inbox, journeys, observations, patients, returns, tables
from store.database import Database, Session
from tests.store import builders
from tests.store.builders import NOW, at
from tests.store.test_observations import result


def ended(session: Session, row: tables.Journey, reason: str) -> None:
    """The journey as the store shows it after that end, an hour ago."""
    assert reason in {"died", "lost", "withdrawn"}
    journeys.end(session, row, EndJourney(reason="died", at=at(hours=-1)))
    row.status, row.exit_reason = "ended", reason
    inbox.mark_reflected(session, [one.id for one in inbox.of_journey(session, row.id)])
    session.flush()


def kinds(session: Session, row: tables.Journey) -> list[str]:
    """What waits for the journey, in the order of receipt."""
    return [one.kind for one in inbox.of_journey(session, row.id)]


def test_a_death_on_the_wrong_patient_is_cleared_and_its_journeys_go_on(database: Database) -> None:
    """Those that it ended are told and take their place again; one that was left before stays ended."""
    with database.write() as session:
        who = builders.patient(session)
        one, other = (builders.journey(session, who, builders.release(name)) for name in ("one", "other"))
        patients.record_death(session, who.id, at(hours=-1), now=NOW)
        ended(session, one, "died")
        ended(session, other, "withdrawn")
        version = who.version
        (told,) = returns.withdraw_death(session, who.id, by="nurse-1", now=NOW)
        assert (who.died_at, who.version) == (None, version + 1)
        event = inbox.event_of(told)
        assert isinstance(event, Reinstated)
        assert (told.journey, event.by, event.received) == (one.id, "nurse-1", NOW)
        assert (one.status, other.status) == ("starting", "ended")
        with pytest.raises(Conflict, match="No death"):
            returns.withdraw_death(session, who.id, by="nurse-1", now=NOW)
        with pytest.raises(NotFound):
            returns.withdraw_death(session, "nobody", by="nurse-1", now=NOW)


def test_a_death_that_no_journey_has_taken_in_yet_is_followed_by_its_withdrawal(database: Database) -> None:
    """Both wait in the inbox, in their order."""
    with database.write() as session:
        who = builders.patient(session)
        one = builders.journey(session, who)
        patients.record_death(session, who.id, at(hours=-1), now=at(seconds=1))
        assert len(returns.withdraw_death(session, who.id, by="nurse-1", now=at(minutes=1))) == 1
        assert kinds(session, one) == ["enrolled", "died", "reinstated"]
        assert one.status == "starting"


def test_a_death_may_come_after_one_that_was_withdrawn(database: Database) -> None:
    """It is told anew, also at the very same time: told again without a withdrawal it is the same death."""
    with database.write() as session:
        who = builders.patient(session)
        one = builders.journey(session, who)
        (first,) = patients.record_death(session, who.id, at(hours=-1), now=at(seconds=1))
        (again,) = patients.record_death(session, who.id, at(hours=-1), now=at(seconds=2))
        assert again.id == first.id
        returns.withdraw_death(session, who.id, by="nurse-1", now=at(minutes=1))
        (second,) = patients.record_death(session, who.id, at(hours=-1), now=at(minutes=2))
        assert second.id != first.id
        assert kinds(session, one) == ["enrolled", "died", "reinstated", "died"]
        event = inbox.event_of(second)
        assert isinstance(event, Died)
        assert event.at == at(hours=-1)


def test_a_journey_that_goes_on_hears_what_it_missed(database: Database) -> None:
    """Results that nobody told it, and those that came too late for its workflow, follow the event; others do not."""
    with database.write() as session:
        who = builders.patient(session)
        one = builders.journey(session, who)
        told = observations.take_in(session, result(who.id), now=NOW).events
        ended(session, one, "died")
        inbox.mark_reflected(session, told)
        observations.take_in(session, result(who.id, source_id="18"), now=NOW)
        observations.take_in(session, result(who.id, source_id="19", effective=at(days=-40)), now=NOW)
        returns.make_way(session, one, now=NOW)
        (missed,) = inbox.of_journey(session, one.id)
        event = inbox.event_of(missed)
        assert isinstance(event, ResultReceived)
        assert event.received > NOW
        ended(session, one, "died")
        missed.state, missed.signalled_at = "refused", NOW
        session.flush()
        returns.make_way(session, one, now=at(hours=1))
        assert [row.id for row in inbox.of_journey(session, one.id)] == [missed.id]
        assert missed.signalled_at is None


def test_a_place_that_is_taken_is_not_given_back(database: Database) -> None:
    """Who started anew on the pathway has one journey; after a wrong death the others still go on."""
    with database.write() as session:
        who = builders.patient(session)
        one, other = (builders.journey(session, who, builders.release(name)) for name in ("one", "other"))
        ended(session, one, "lost")
        again = builders.journey(session, who, builders.release("one"))
        assert again.id != one.id
        with pytest.raises(Conflict, match="started anew"):
            returns.make_way(session, one, now=NOW)
        one.exit_reason = "died"
        ended(session, other, "died")
        who.died_at = at(hours=-1)
        with pytest.raises(Conflict, match="has died"):
            returns.make_way(session, other, now=NOW)
        told = returns.withdraw_death(session, who.id, by="nurse-1", now=NOW)
        assert [row.journey for row in told] == [other.id]
        assert (one.status, other.status) == ("ended", "starting")


@pytest.mark.parametrize(
    ("reason", "days", "listens"),
    [("withdrawn", 29, True), ("lost", 29, True), ("lost", 31, False), ("died", 1, False)],
)
def test_a_journey_that_ended_lately_still_listens(database: Database, reason: str, days: int, listens: bool) -> None:
    """For thirty days what was taken before the end may still reach a person, but not after a death."""
    with database.write() as session:
        who = builders.patient(session)
        one = builders.journey(session, who)
        ended(session, one, reason)
        now = at(hours=-1) + timedelta(days=days)
        taken = observations.take_in(session, result(who.id), now=now)
        assert bool(taken.events) is listens
