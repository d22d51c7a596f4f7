"""Neighbours that are away: nothing is lost, nothing comes twice, and no rung fires on work that was done."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType

from activities.clock import utc_now
from activities.contracts import Turned, fingerprint
from pathways.engine.actions import OpenTask
from pathways.engine.advance import advance
from pathways.engine.context import Context
from pathways.engine.events import AnyEvent, Enrolled, TaskCompleted, Withdrawn
from pathways.engine.journey import write_journey
from pathways.errors import EngineUnavailable, NotReady, StoreUnavailable
from store import alarms, calendars, idempotency, inbox, journeys, patients, searches, tables
from store.database import Database
from store.facts import Policy, facts_of
from tests.workflows.ward import Clock, Ward, shell_release
from workflows.acts import act
from workflows.contracts import JourneyInput
from workflows.journey import PatientJourney
from workflows.runs import workflow_id


def take_away(store: Path) -> None:
    """The store's file is no database any more; one that is open already is gone too."""
    for file in store.parent.glob("store.sqlite*"):
        os.rename(file, file.with_name(f"away-{file.name}"))
    store.mkdir()


def give_back(store: Path) -> None:
    store.rmdir()
    for file in store.parent.glob("away-*"):
        os.rename(file, file.with_name(file.name.removeprefix("away-")))


async def test_a_journey_goes_on_while_the_store_is_away(ward: Ward, clock: Clock, tmp_path: Path) -> None:
    """Acts are answered, later turns wait behind the one that cannot be shown, and all of them are shown in the end."""
    journey = ward.enrol()
    await ward.deliver(journey, ward.pain(8))
    task = ward.tasks(journey)[0].id
    ward.database.close()
    take_away(tmp_path / "store.sqlite")
    with pytest.raises(StoreUnavailable):
        ward.row(journey)
    done = TaskCompleted(
        id="done", received=ward.now(), task=task, by="diabetes-nurse-1", outcome="reached", at=ward.now()
    )
    first = await act(ward.client, journey, done)
    await asyncio.sleep(1)
    second = await act(ward.client, journey, ward.ping())
    assert second.sequence == first.sequence + 1
    give_back(tmp_path / "store.sqlite")
    await ward.until(lambda: ward.row(journey).sequence == second.sequence)
    assert [row.outcome for row in ward.tasks(journey, "closed")] == ["reached"]
    kinds = [event.event_type for event in (await ward.handle(journey).fetch_history()).events]
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in kinds


async def begin_again(ward: Ward, *before: AnyEvent, ago: timedelta) -> tuple[str, str]:
    """A journey whose new run begins that long after its last turn; its id and that of its open task.

    This is a continue-as-new before an outage, seen after it: the turns are carried along, none was shown yet.
    """
    journey = ward.enrol()
    then = ward.now() - ago
    with ward.database.read() as session:
        row = journeys.read(session, journey)
        state = journeys.state_of(row)
        facts = facts_of(session, row.patient, Policy(), now=then)
    turns: list[Turned] = []
    for event in (Enrolled(id=ward.pending(journey)[0], received=then), ward.pain(8, received=then)):
        turn = advance(shell_release(), replace(state, clock=then), event, Context(now=then, facts=facts))
        state = turn.journey
        turns.append(
            Turned(
                sequence=state.sequence,
                event=event,
                state=fingerprint(write_journey(state)),
                actions=turn.actions,
                reasons=turn.reasons,
            )
        )
    given = JourneyInput(
        release=shell_release().text, journey=state, facts=facts, unacknowledged=tuple(turns), events=before
    )
    await ward.client.start_workflow(
        PatientJourney.run, given, id=workflow_id(journey), task_queue=ward.settings.task_queue
    )
    opened = next(action for action in turns[-1].actions if isinstance(action, OpenTask))
    return journey, opened.task


async def test_overdue_rungs_run_after_an_outage(ward: Ward) -> None:
    """Where nothing was accepted meanwhile, every rung that is overdue passes, in one turn."""
    journey, task = await begin_again(ward, ago=timedelta(hours=3))
    await ward.until(lambda: len(ward.tasks(journey)) == 1)
    assert ward.roles(task) == ["diabetes-nurse", "head-nurse", "attending-doctor"]
    assert ward.row(journey).sequence == 3


async def test_what_was_accepted_during_an_outage_goes_before_overdue_rungs(idle_ward: Ward) -> None:
    """A completion that never reached the journey is read from the inbox before its ladder is served.

    An act that comes first after the outage is taken after it too.
    """
    ward = idle_ward
    journey, task = await begin_again(ward, ago=timedelta(hours=3))
    at = ward.now() - timedelta(hours=2, minutes=50)
    done = TaskCompleted(id="done", received=at, task=task, by="diabetes-nurse-1", outcome="reached", at=at)
    ward.accept(journey, done)
    acting = asyncio.ensure_future(act(ward.client, journey, ward.ping()))
    async with ward.working():
        await acting
        await ward.settled(journey)
    assert ward.roles(task) == ["diabetes-nurse"]
    assert [row.end for row in ward.tasks(journey, "closed")] == ["done"]


async def test_a_signal_that_was_lost_is_sent_again(ward: Ward) -> None:
    """A row that was marked signalled and never arrived is delivered by the sweep."""
    journey = ward.enrol()
    await ward.deliver(journey)
    result = ward.pain(8)
    ward.accept(journey, result)
    with ward.database.write() as session:
        inbox.mark_signalled(session, [result.id], now=utc_now())
    await ward.delivery.sweep()
    assert ward.pending(journey) == [result.id]
    await asyncio.sleep(0.3)
    await ward.delivery.sweep()
    await ward.settled(journey)
    assert len(ward.tasks(journey)) == 1


async def test_an_event_that_cannot_be_read_keeps_nobody_waiting(ward: Ward) -> None:
    """It is refused and an operator is told; what else was accepted, for its journey too, is delivered."""
    journey = ward.enrol()
    await ward.deliver(journey)
    broken, result = ward.ping(), ward.pain(8)
    ward.accept(journey, broken, result)
    with ward.database.write() as session:
        row = inbox.read(session, broken.id)
        assert row is not None
        row.payload = {"kind": "nothing that was ever known"}
    await ward.delivery.sweep()
    await ward.settled(journey)
    assert len(ward.tasks(journey)) == 1
    with ward.database.read() as session:
        states = [session.get_one(tables.Inbox, id).state for id in (broken.id, result.id)]
        assert states == ["refused", "reflected"]
        assert [alarm.code for alarm in alarms.list_(session)] == ["event-unreadable"]


async def test_a_journey_that_cannot_be_read_keeps_no_other_waiting(ward: Ward) -> None:
    """Its events wait in the inbox for a program that can; those of the others are delivered."""
    journey = ward.enrol()
    with ward.database.write() as session:
        row = journeys.read(session, journey)
        start = journeys.Start(patient=ward.another(session), pathway="shell", enrolled=ward.now())
        other = journeys.begin(session, start, by="nurse-1", now=ward.now()).journey.id
        row.state = "of a format to come"
    await ward.delivery.sweep()
    await ward.settled(other)
    assert ward.pending(journey)


async def test_searches_are_kept_for_an_hour(idle_ward: Ward, store: Database) -> None:
    """They may say who is looked for; nobody can ask for the next page after that."""
    with store.write() as session:
        for hours in (2, 0):
            then = utc_now() - timedelta(hours=hours)
            searches.keep(session, resource="Patient", parameters={"told": [["name", "王"]]}, now=then)
    await idle_ward.delivery.sweep()
    with store.read() as session:
        (kept,) = session.scalars(select(tables.Search))
        assert kept.created > utc_now() - timedelta(hours=1)


async def test_answers_are_kept_for_a_week(idle_ward: Ward, store: Database) -> None:
    """They hold names; a request that is sent again comes within days."""
    given = {"route": "POST /api/v1/patients", "digest": "d"}
    with store.write() as session:
        for key, days in (("old", 8), ("young", 6)):
            then = utc_now() - timedelta(days=days)
            idempotency.remember(session, key=key, **given, status=201, response={"name": "王芳"}, now=then)
    await idle_ward.delivery.sweep()
    with store.read() as session:
        assert idempotency.recall(session, key="old", **given) is None
        assert idempotency.recall(session, key="young", **given) is not None


async def test_what_comes_after_the_end_is_refused_visibly(ward: Ward, clock: Clock) -> None:
    """A row for a journey whose workflow is over ends as refused, and an act finds nobody."""
    journey = ward.enrol()
    await ward.deliver(journey, Withdrawn(id="withdrawn", received=ward.now(), by="diabetes-nurse-1"))
    await clock.pass_(days=31)
    await ward.handle(journey).result()
    late = ward.ping()
    ward.accept(journey, late)
    await ward.delivery.sweep()
    with ward.database.read() as session:
        row = inbox.read(session, late.id)
    assert row is not None
    assert row.state == "refused"
    with pytest.raises(NotReady):
        await act(ward.client, journey, ward.ping())


async def test_an_act_without_workers_is_not_answered(idle_ward: Ward) -> None:
    """Where nobody answers, the caller is told in the time that it gave."""
    journey = idle_ward.enrol()
    await idle_ward.delivery.sweep()
    with pytest.raises(EngineUnavailable):
        await act(idle_ward.client, journey, idle_ward.ping(), patience=timedelta(seconds=0.3))


async def test_new_facts_reach_the_next_turn(ward: Ward) -> None:
    """What the store learns comes back with a projection and is used from the next turn on."""
    journey = ward.enrol(consents=False)
    await ward.deliver(journey, ward.pain(8))
    assert ward.messages(journey) == []
    with ward.database.write() as session:
        patient = ward.row(journey).patient
        yes = patients.Consent(purpose="care", granted=True, at=ward.now(), by="diabetes-nurse-1")
        patients.record_consents(session, patient, [yes])
        calendars.save(session, calendars.china_calendar([2026]), now=ward.now())
    await ward.deliver(journey, ward.ping())
    task = next(row.id for row in ward.tasks(journey) if row.name == "call")
    await act(
        ward.client,
        journey,
        TaskCompleted(
            id="done", received=ward.now(), task=task, by="diabetes-nurse-1", outcome="reached", at=ward.now()
        ),
    )
    await ward.deliver(journey, ward.pain(9))
    assert [message.template for message in ward.messages(journey)] == ["received"]
