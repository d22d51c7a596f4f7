"""Calendars, facts, releases, the inbox, visits, forms, alarms, kept answers and the audit."""

from datetime import date, time

import pytest

from pathways.engine.actions import BookVisit, CloseAsk, CloseVisit, OpenAsk, RaiseAlarm
from pathways.engine.events import Happened
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.schedule import Calendar
from store import alarms, asks, audit, calendars, idempotency, inbox, patients, releases, visits
from store.database import Database
from store.facts import Policy, facts_of
from tests.store import builders
from tests.store.builders import NOW, at


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 16), False),  # Chinese New Year's Eve
        (date(2026, 2, 28), True),  # a Saturday that makes up for it
        (date(2026, 2, 21), False),  # a Saturday like any other
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2027, 10, 1), True),  # not announced yet: weekends count alone
    ],
)
def test_the_calendar_of_china_has_holidays_and_make_up_days(day: date, works: bool) -> None:
    """As the State Council announced them; nothing is guessed for a year without an announcement."""
    assert calendars.china_calendar(range(2025, 2028)).works(day) is works


def test_the_calendar_says_how_far_it_is_announced() -> None:
    """Beyond it an alarm says that it is exhausted; a year nobody announced covers nothing."""
    known = calendars.china_calendar(range(2025, 2028))
    assert known.covers_until == date(2026, 12, 31)
    assert {day.year for day in known.holidays | known.makeup} == {2025, 2026}
    assert calendars.china_calendar([2027]).covers_until == date(2026, 12, 31)


def test_a_site_changes_its_calendar(database: Database) -> None:
    """What was saved is what journeys are told on their next turn."""
    own = Calendar(zone="Asia/Shanghai", opens=time(7, 30), closes=time(16), makeup=frozenset({date(2026, 3, 7)}))
    with database.write() as session:
        who = builders.consented(session)
        assert calendars.read(session) is None
        before = facts_of(session, who.id, Policy(contacts_a_day=1), now=NOW)
        assert (before.calendar.covers_until, before.consent, before.contacts_a_day) == (date(2026, 12, 31), True, 1)
        assert (before.inpatient, before.diagnoses) == (None, None)
        calendars.save(session, own, now=NOW)
        patients.set_diagnoses(session, who.id, ["E11"])
        after = facts_of(session, who.id, Policy(), now=NOW)
        assert (after.calendar, after.diagnoses) == (own, ("E11",))


def test_the_engine_is_told_of_each_consent_and_of_the_team(database: Database) -> None:
    """The latest word on each purpose, the patient's department and people; those who are not here are refused."""
    with database.write() as session:
        builders.staff(session)
        who = builders.consented(session)
        bare = facts_of(session, who.id, Policy(), now=NOW)
        assert (bare.consents, bare.department, bare.team) == ({}, None, {})
        said = [
            patients.Consent(purpose="marketing", granted=granted, at=at(minutes=minute), by="n")
            for minute, granted in ((2, False), (1, True))
        ]
        patients.record_consents(
            session, who.id, [*said, patients.Consent(purpose="research", granted=True, at=NOW, by="n")]
        )
        patients.set_team(session, who.id, department="ward", team={"surgeon": "nurse-1"})
        told = facts_of(session, who.id, Policy(), now=NOW)
        assert (told.consent, told.consents) == (True, {"marketing": False, "research": True})
        assert (told.department, told.team) == ("ward", {"surgeon": "nurse-1"})
        with pytest.raises(NotFound):
            patients.set_team(session, who.id, department="nowhere", team={})
        with pytest.raises(NotFound):
            patients.set_team(session, who.id, department=None, team={"surgeon": "nobody"})


def test_a_release_is_published_once_and_the_latest_is_known(database: Database) -> None:
    """The same contents are the same release; an edited file is a new one beside it."""
    with database.write() as session:
        first = releases.publish(session, builders.release(), by="lead-1", now=NOW)
        again = releases.publish(session, builders.release(), by="lead-2", now=at(days=1))
        assert (again.checksum, again.by) == (first.checksum, "lead-1")
        edited = releases.publish(session, builders.release(owner="lead"), by="lead-1", now=NOW)
        other = releases.publish(session, builders.release("other"), by="lead-1", now=NOW)
        assert releases.latest(session, "checks").checksum == edited.checksum
        assert [row.checksum for row in releases.current(session)] == [edited.checksum, other.checksum]
        assert [row.number for row in releases.list_(session)] == [3, 2, 1]
        assert [row.number for row in releases.list_(session, pathway="checks", after=2)] == [1]
        assert releases.load(first).checksum == first.checksum


def test_unconfirmed_parameters_serve_demonstration_data_alone(database: Database) -> None:
    """No clinician has confirmed them: the release is refused for patients, and marked where it is let in."""
    unconfirmed = builders.release(confirmed=False)
    with database.write() as session:
        with pytest.raises(Invalid, match="low"):
            releases.publish(session, unconfirmed, by="lead-1", now=NOW)
        assert releases.publish(session, unconfirmed, by="lead-1", now=NOW, demonstration=True).demonstration
        with pytest.raises(Invalid, match="low"):
            releases.publish(session, unconfirmed, by="lead-1", now=NOW)
        assert builders.journey(session, builders.patient(session), unconfirmed).demonstration


def test_a_demonstration_release_can_be_published_for_patients_later(database: Database) -> None:
    """Where its parameters are confirmed, it serves patients from then on, and stays so."""
    with database.write() as session:
        assert releases.publish(session, builders.release(), by="lead-1", now=NOW, demonstration=True).demonstration
        assert not releases.publish(session, builders.release(), by="lead-1", now=NOW).demonstration
        assert not releases.publish(session, builders.release(), by="lead-1", now=NOW, demonstration=True).demonstration


def test_an_event_waits_in_the_inbox_until_it_shows(database: Database) -> None:
    """Never signalled, or signalled and not shown: it comes up again, oldest receipt first, until it is settled."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        enrolled = inbox.of_journey(session, journey.id)[0].id
        for number in (2, 1):
            happened = Happened(id=f"e{number}", received=at(minutes=number), name="discharged")
            row = inbox.add(session, journey=journey, event=happened)
            assert inbox.add(session, journey=journey, event=happened) is row
            assert inbox.event_of(row) == happened
        assert [row.id for row in inbox.pending(session, before=NOW, limit=9)] == [enrolled, "e1", "e2"]
        inbox.mark_signalled(session, [enrolled, "e1"], now=at(minutes=5))
        assert [row.id for row in inbox.pending(session, before=at(minutes=5), limit=9)] == ["e2"]
        assert [row.id for row in inbox.pending(session, before=at(minutes=6), limit=2)] == [enrolled, "e1"]
        inbox.mark_reflected(session, [enrolled, "e1"])
        inbox.mark_refused(session, ["e1", "e2"])
        assert inbox.of_journey(session, journey.id) == []
        states = [row.state for name in ("e1", "e2") if (row := inbox.read(session, name)) is not None]
        assert states == ["reflected", "refused"]


def test_a_visit_is_planned_closed_and_planned_again(database: Database) -> None:
    """The same visit opens again where its satisfying value was withdrawn; what the hospital said stays beside it."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        planned = BookVisit(
            visit="v", name="recheck", track="t", planned=at(days=2), earliest=at(days=1), latest=at(days=3)
        )
        visits.book(session, journey, planned)
        visits.close(session, CloseVisit(visit="v", end="done", at=NOW))
        assert visits.list_(session, patient=journey.patient, open_only=True) == []
        visits.book(session, journey, planned)
        visits.report(session, "v", "booked", at=NOW)
        row = visits.list_(session, journey=journey.id, open_only=True)[0]
        assert (row.reported, row.end) == ("booked", None)
        assert visits.list_(session, after=(row.planned, row.id)) == []
        with pytest.raises(NotFound):
            visits.read(session, "nothing")
        with pytest.raises(Invalid):
            visits.close(session, CloseVisit(visit="nothing", end="done", at=NOW))


def test_a_form_waits_for_its_answers(database: Database) -> None:
    """It is asked once, and closed; answers are kept as they came."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        asked = OpenAsk(ask="a", form="epds", track="t", opened=NOW, expires=None)
        asks.open_(session, journey, asked)
        asks.open_(session, journey, asked)
        assert [row.id for row in asks.list_(session, journey=journey.id, open_only=True)] == ["a"]
        kept = asks.keep_answers(session, journey, form="epds", items={"10": "no"}, by="patient", now=NOW, ask="a")
        asks.close(session, CloseAsk(ask="a", end="done", at=NOW))
        assert asks.read(session, "a").end == "done"
        assert asks.list_(session, journey=journey.id, open_only=True) == []
        assert [row.id for row in asks.answers(session, patient=journey.patient)] == [kept.id]
        with pytest.raises(NotFound):
            asks.read(session, "nothing")
        with pytest.raises(Invalid):
            asks.close(session, CloseAsk(ask="nothing", end="done", at=NOW))


def test_an_alarm_rings_once_until_somebody_looks(database: Database) -> None:
    """The first who looks stays on it."""
    with database.write() as session:
        journey = builders.journey(session, builders.patient(session))
        for name in ("x", "y", "x"):
            alarms.raise_(session, journey, RaiseAlarm(alarm=name, code="last-rung", at=NOW))
        assert alarms.count(session) == 2
        alarms.acknowledge(session, "x", by="op-1", now=at(minutes=1))
        assert alarms.acknowledge(session, "x", by="op-2", now=at(minutes=2)).acknowledged_by == "op-1"
        assert [row.id for row in alarms.list_(session)] == ["y"]
        assert [row.id for row in alarms.list_(session, acknowledged=True)] == ["x"]
        assert [row.id for row in alarms.list_(session, acknowledged=None, after=(NOW, "x"))] == ["y"]
        with pytest.raises(NotFound):
            alarms.acknowledge(session, "nothing", by="op-1", now=NOW)


def test_a_request_with_a_key_gets_the_answer_it_got(database: Database) -> None:
    """The same key with another request is a conflict; an old answer is let go."""
    key = {"key": "k", "route": "POST /api/v1/patients"}
    with database.write() as session:
        assert idempotency.recall(session, **key, digest="d") is None
        idempotency.remember(session, **key, digest="d", status=201, response={"id": "p"}, now=NOW)
    with database.write() as session:
        kept = idempotency.recall(session, **key, digest="d")
        assert kept is not None
        assert (kept.status, kept.response) == (201, {"id": "p"})
        with pytest.raises(Conflict):
            idempotency.recall(session, **key, digest="other")
        idempotency.forget(session, before=at(days=1))
        session.expire_all()
        assert idempotency.recall(session, **key, digest="other") is None


def test_the_audit_says_who_did_what_to_whom(database: Database) -> None:
    """The latest first, by subject, in pages."""
    with database.write() as session:
        for number in range(3):
            audit.record(session, at=at(minutes=number), actor="nurse-1", action=f"a{number}", subject=str(number % 2))
        assert [line.action for line in audit.list_(session, subject="0")] == ["a2", "a0"]
        last = audit.list_(session, limit=1)[0]
        assert [line.action for line in audit.list_(session, before=last.number)] == ["a1", "a0"]
