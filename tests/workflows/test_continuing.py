"""A journey that lasts: it goes on in new workflow runs, and loses and repeats nothing on the way."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from temporalio.client import Client

from pathways.engine.events import TaskClaimed, TaskReleased
from store.database import Database
from tests.workflows.ward import Ward, settings_of
from workflows.acts import act

SIGNALS = 2000
ACTS = 40


async def deliver(ward: Ward) -> None:
    while await ward.delivery.sweep():
        pass


def started(ward: Ward, journey: str) -> list[str]:
    return sorted(ward.reasons(journey, "started", track="counting"))


async def test_thousands_of_events_are_each_taken_once(idle_ward: Ward) -> None:
    """Every signal has one turn, through many runs."""
    ward = replace(idle_ward, settings=settings_of(idle_ward.settings.task_queue, history_length=200))
    async with ward.working():
        journey = ward.enrol()
        await ward.deliver(journey)
        first = (await ward.handle(journey).describe()).run_id
        pings = [replace(ward.ping(), name="unheard") for _ in range(SIGNALS)]
        ward.accept(journey, *pings)
        await deliver(ward)
        await ward.settled(journey, within=180)
        taken = ward.reasons(journey, "not-watched")
        assert sorted(taken[1:]) == sorted(ping.id for ping in pings)
        assert ward.row(journey).sequence == 1 + SIGNALS
        assert (await ward.handle(journey).describe()).run_id != first


async def test_acts_that_meet_a_new_run_are_taken_once(client: Client, store: Database, task_queue: str) -> None:
    """Acts are answered while the journey goes from run to run under signals, and each has one turn."""
    ward = Ward(client=client, database=store, settings=settings_of(task_queue, history_length=100))
    async with ward.working():
        journey = ward.enrol()
        await ward.deliver(journey, ward.pain(8))
        task = ward.tasks(journey)[0].id
        pings = [ward.ping() for _ in range(300)]
        ward.accept(journey, *pings)
        delivering = asyncio.ensure_future(deliver(ward))
        kinds: list[Callable[..., TaskClaimed | TaskReleased]] = [TaskClaimed, TaskReleased]
        for number in range(ACTS):
            kind = kinds[number % 2]
            event = kind(id=f"act-{number}", received=ward.now(), task=task, by="diabetes-nurse-1")
            await act(client, journey, event)
        await delivering
        await ward.settled(journey, within=60)
        assert started(ward, journey) == sorted(ping.id for ping in pings)
        assert (await ward.state(journey)).sequence == 1 + 1 + len(pings) + ACTS
