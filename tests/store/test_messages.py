"""The outbox and the gate that every message passes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from pathways.engine.actions import NotifyStaff, RecallMessage, SendMessage
from pathways.errors import NotFound
from pathways.language.schedule import QuietHours
from store import messages, patients, tables
from store.database import Database, Session
from store.facts import Policy
from store.gate import Allowed, Deferred, Dropped, gate
from store.messages import Settled
from tests.store import builders
from tests.store.builders import NOW, at, yes

NIGHT = NOW.replace(hour=15)
"""23:00 in Shanghai."""
POLICY = Policy()


def waiting(session: Session, journey: tables.Journey, message: str, **more: Any) -> tables.Message:
    """A routine message that may leave now."""
    given: dict[str, Any] = {
        "message": message,
        "template": "advice",
        "track": "call",
        "urgent": False,
        "not_before": NOW,
        "values": {"glucose": 3.1},
    }
    messages.send(session, journey, SendMessage(**(given | more)))
    return messages.read(session, message)


def lease(session: Session, **more: Any) -> list[str]:
    """The ids that a dispatcher takes."""
    given: dict[str, Any] = {"by": "one", "now": NOW, "lease_seconds": 15, "limit": 10, "urgent": False}
    return [row.id for row in messages.lease(session, **(given | more))]


def test_a_lease_takes_what_may_leave_and_nothing_twice(database: Database) -> None:
    """Oldest first, in its own lane, and only for as long as the lease lasts."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        waiting(session, journey, "b", not_before=at(minutes=-1))
        waiting(session, journey, "a")
        waiting(session, journey, "tomorrow", not_before=at(days=1))
        waiting(session, journey, "urgent", urgent=True)
        assert lease(session, limit=1) == ["b"]
        assert lease(session) == ["a"]
        assert lease(session) == []
        assert lease(session, urgent=True) == ["urgent"]
        assert messages.next_due(session, urgent=False) == at(seconds=15)
        assert sorted(lease(session, by="two", now=at(seconds=15))) == ["a", "b"]
        assert messages.read(session, "a").attempts == 2
        assert messages.next_due(session, urgent=False, shard=9, shards=10_000) is None


@pytest.mark.parametrize(("outcome", "attempts"), [(None, 0), ("unknown", 1)])
def test_what_was_not_handed_over_is_no_attempt(database: Database, outcome: str | None, attempts: int) -> None:
    """Pauses grow with attempts: an urgent message must not wait for an hour because its lease was too short."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        waiting(session, journey, "a")
        lease(session)
        assert messages.settle(session, "a", by="one", state="waiting", now=NOW, outcome=outcome, retry_at=NOW)
        assert messages.read(session, "a").attempts == attempts


def test_shards_share_the_outbox(database: Database) -> None:
    """Each message belongs to exactly one shard."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        ids = {waiting(session, journey, str(number)).id for number in range(20)}
        first, second = (lease(session, limit=50, shard=shard, shards=2) for shard in (0, 1))
        assert first
        assert second
        assert set(first) | set(second) == ids
        assert not set(first) & set(second)


def test_dispatchers_at_once_never_take_the_same_message(database: Database) -> None:
    """Nobody is told twice because two processes looked at one moment."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        for number in range(60):
            waiting(session, journey, str(number))
    together = threading.Barrier(3)

    def take(name: str) -> list[str]:
        together.wait(10)
        taken: list[str] = []
        for _ in range(10):
            with database.write() as session:
                taken += lease(session, by=name, limit=3)
        return taken

    with ThreadPoolExecutor(3) as pool:
        taken = [id for ids in pool.map(take, "abc") for id in ids]
    assert len(taken) == len(set(taken)) == 60


@pytest.mark.parametrize(
    ("state", "outcome", "shown"),
    [
        ("sent", "accepted", ("sent", NOW, None, None)),
        ("delivered", "delivered", ("delivered", NOW, NOW, None)),
        ("failed", "bad_address", ("failed", None, None, None)),
        ("dropped", "no-consent", ("dropped", None, None, "no-consent")),
        ("waiting", "retry", ("waiting", None, None, None)),
    ],
)
def test_what_became_of_a_message_is_recorded(
    database: Database, state: Settled, outcome: str, shown: tuple[str, datetime | None, datetime | None, str | None]
) -> None:
    """Only by who holds its lease, and only once."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        row = waiting(session, journey, "m")
        lease(session)
        assert not messages.settle(session, "m", by="two", state=state, now=NOW)
        given: dict[str, Any] = {"by": "one", "state": state, "now": NOW, "retry_at": at(minutes=5)}
        assert messages.settle(session, "m", **given, outcome=outcome, channel="preview", rendered="text")
        assert (row.state, row.sent_at, row.delivered_at, row.dropped) == shown
        assert row.outcome == outcome
        assert not messages.settle(session, "m", **given)
        assert lease(session, now=at(minutes=4)) == []
        assert lease(session, now=at(minutes=5)) == (["m"] if state == "waiting" else [])
        with pytest.raises(NotFound):
            messages.settle(session, "nothing", **given)


def test_a_recall_stops_what_has_not_left(database: Database) -> None:
    """One that is being sent right now is recorded as it went; one that left stays."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        for name in ("waiting", "leaving", "stopped", "gone"):
            waiting(session, journey, name)
        assert len(lease(session)) == 4
        messages.read(session, "waiting").state = "waiting"
        assert messages.settle(session, "gone", by="one", state="sent", now=NOW)
        for name in ("waiting", "leaving", "stopped", "gone", "never-there"):
            messages.recall(session, RecallMessage(message=name, at=NOW))
        assert gate(session, messages.read(session, "stopped"), NOW, POLICY) == Dropped(reason="recalled")
        assert messages.settle(session, "leaving", by="one", state="sent", now=NOW)
        assert messages.settle(session, "stopped", by="one", state="dropped", now=NOW, outcome="recalled")
        states = {row.id: row.state for row in messages.list_(session)}
        assert states == {"waiting": "recalled", "leaving": "sent", "stopped": "recalled", "gone": "sent"}
        assert lease(session, now=at(days=1)) == []


def test_messages_are_listed_latest_first(database: Database) -> None:
    """By patient, journey and state, in pages; the same intent again is one message."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        for number in range(3):
            waiting(session, journey, str(number), not_before=at(minutes=number))
        waiting(session, journey, "0", template="other")
        first = messages.list_(session, patient=journey.patient, limit=2)
        last = first[-1]
        rest = messages.list_(session, journey=journey.id, state="waiting", before=(last.created, last.id))
        assert [row.id for row in (*first, *rest)] == ["2", "1", "0"]
        assert rest[0].template == "advice"
        with pytest.raises(NotFound):
            messages.read(session, "nothing")


# --- the gate ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([], Dropped(reason="no-consent")),
        ([yes()], Allowed()),
        ([yes(), yes(granted=False, when=at(seconds=1))], Dropped(reason="no-consent")),
        ([yes(granted=False), yes(when=at(seconds=1))], Allowed()),
        ([patients.Consent(purpose="research", granted=True, at=NOW, by="n")], Dropped(reason="no-consent")),
    ],
)
@pytest.mark.parametrize("urgent", [True, False])
def test_care_contact_needs_a_recorded_yes(
    database: Database, consents: list[patients.Consent], expected: object, urgent: bool
) -> None:
    """The latest care consent decides, also for what is urgent."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session, consents=consents))
        assert gate(session, waiting(session, journey, "m", urgent=urgent), NOW, POLICY) == expected


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([yes()], Dropped(reason="no-consent")),
        ([patients.Consent(purpose="research", granted=True, at=NOW, by="n")], Dropped(reason="no-consent")),
        ([patients.Consent(purpose="marketing", granted=True, at=NOW, by="n")], Allowed()),
    ],
)
def test_contact_for_another_purpose_needs_the_yes_to_it(
    database: Database, consents: list[patients.Consent], expected: object
) -> None:
    """Consent to care is none to marketing, and none to anything else."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session, consents=consents))
        assert gate(session, waiting(session, journey, "m", purpose="marketing"), NOW, POLICY) == expected


@pytest.mark.parametrize("urgent", [True, False])
def test_nothing_is_told_after_a_death(database: Database, urgent: bool) -> None:
    """Death stops every message of the patient, also one that was leased before it was known."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        waiting(session, journey, "m", urgent=urgent)
        row = messages.lease(session, by="one", now=NOW, lease_seconds=15, limit=1, urgent=urgent)[0]
        assert gate(session, row, NOW, POLICY) == Allowed()
        patients.record_death(session, journey.patient, NOW, now=NOW)
        assert gate(session, row, NOW, POLICY) == Dropped(reason="died")


def test_quiet_hours_hold_routine_messages_alone(database: Database) -> None:
    """In the patient's own zone; urgent ones and what is told to staff pass."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        morning = (NIGHT + timedelta(days=1)).replace(hour=0)
        assert gate(session, waiting(session, journey, "m"), NIGHT, POLICY) == Deferred(until=morning)
        assert gate(session, waiting(session, journey, "u", urgent=True), NIGHT, POLICY) == Allowed()
        never = Policy(quiet=QuietHours(start=time(), end=time()))
        assert gate(session, waiting(session, journey, "n"), NIGHT, never) == Allowed()
        messages.notify(session, journey, NotifyStaff(message="s", template="look", track="call", role="nurse", at=NOW))
        assert gate(session, messages.read(session, "s"), NIGHT, POLICY) == Allowed()


def test_an_hour_that_the_patient_chose_is_no_quiet_one_and_costs_no_contact(database: Database) -> None:
    """A pill at night is reminded of at night, also beyond the budget, and leaves the budget to others."""
    with database.write() as session:
        journey = builders.journey(session, builders.consented(session))
        for name in ("a", "b", "c"):
            assert gate(session, waiting(session, journey, name, own_hour=True), NIGHT, POLICY) == Allowed()
        for name in lease(session):
            messages.settle(session, name, by="one", state="sent", now=NOW)
        assert messages.contacts(session, journey.patient, since=NOW - timedelta(days=7)) == []
        assert gate(session, waiting(session, journey, "d"), NOW, POLICY) == Allowed()


def test_the_contact_budget_counts_every_journey_of_the_patient(database: Database) -> None:
    """Two routine contacts a day: the third waits until tomorrow; urgent ones and those to staff do not count."""
    with database.write() as session:
        who = builders.consented(session)
        first, second = builders.journey(session, who), builders.journey(session, who, episode="b")
        waiting(session, first, "a")
        waiting(session, second, "b")
        waiting(session, second, "urgent", urgent=True)
        for name in (*lease(session), *lease(session, urgent=True)):
            assert gate(session, messages.read(session, name), NOW, POLICY) == Allowed()
            messages.settle(session, name, by="one", state="sent", now=NOW)
        third = gate(session, waiting(session, first, "c"), at(hours=1), POLICY)
        assert third == Deferred(until=NOW.replace(hour=0) + timedelta(days=1))
        assert gate(session, messages.read(session, "c"), at(hours=1), Policy(contacts_a_day=3)) == Allowed()
