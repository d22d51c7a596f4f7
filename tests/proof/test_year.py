"""A year of the diabetes pathway on a real workflow and a real store, in virtual time."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import time

import pytest
from temporalio.testing import WorkflowEnvironment

from pathways.engine.events import FormAnswered, Withdrawn
from pathways.engine.journey import Scalar
from store import alarms, asks, gate, journeys, messages, patients, tables
from store.database import Database
from store.facts import Policy
from tests.proof.clinic import Clinic
from tests.proof.recording import record
from tests.workflows.ward import Clock, ServerStandsStill, settings_of
from workflows.runs import workflow_id

HALF, WHOLE, AFTER_EXIT = 182, 371, 31
pytestmark = pytest.mark.flaky(reruns=1, only_rerun=[ServerStandsStill.__name__])


@pytest.fixture
async def clinic(time_skipping: WorkflowEnvironment, database: Database, task_queue: str) -> AsyncIterator[Clinic]:
    clock = Clock(time_skipping)
    await clock.ask()
    clinic = Clinic(
        client=time_skipping.client,
        database=database,
        settings=settings_of(task_queue),
        now=lambda: clock.at,
        clock=clock,
    )
    async with clinic.working():
        await clinic.open_()
        yield clinic


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_year(clinic: Clinic) -> None:
    """Tasks done and tasks left alone, abnormal results, visits kept and missed: each has its consequence, once."""
    clinic.missed = {"nutrition-assessment"}
    await clinic.on(45, time(21, 40))
    await _a_low_value_that_nobody_answers(clinic)
    await clinic.on(60, time(15))
    await _a_very_high_value_and_its_referral(clinic)
    clinic.uploads = False
    await clinic.on(77)
    clinic.uploads = True
    await clinic.on(85)
    await _a_review_that_nobody_makes(clinic)
    await clinic.on(240, time(11))
    await _two_high_values(clinic)
    clinic.laboratory |= {"acr": 45.0, "ldl": 3.1}
    await clinic.on(WHOLE)
    await _all_is_as_it_should_be(clinic)
    await _leave(clinic)
    await record(clinic.client, workflow_id(clinic.journey), "a-year")


async def _a_low_value_that_nobody_answers(clinic: Clinic) -> None:
    """Every rung brings in another person, on whose list the task then stands; the last one calls an operator."""
    clinic.ignored = {"call-patient"}
    await clinic.observe("glucose", 2.8)
    task = clinic.find("call-patient").id
    await clinic.send()
    lists = ["nurse-li"]
    assert clinic.on_whose_lists(task) == lists
    for minutes, person in ((30, "head-nurse-wang"), (90, "doctor-zhang"), (120, "quality-zhou")):
        await clinic.after(minutes=minutes - 1)
        assert clinic.on_whose_lists(task) == lists
        await clinic.after(minutes=1, seconds=1)
        lists.append(person)
        assert clinic.on_whose_lists(task) == lists
    assert _alarms(clinic)["last-rung"] == 1
    await clinic.on(clinic.day + 1)
    await clinic.complete(clinic.find("call-patient"), "reached")
    clinic.ignored = set()


async def _a_very_high_value_and_its_referral(clinic: Clinic) -> None:
    await clinic.observe("glucose", 18.2)
    await clinic.after(minutes=10)
    await clinic.complete(clinic.find("refer-patient"), "referred")
    assert [visit.name for visit in clinic.open_visits() if visit.name == "endocrinology"] == ["endocrinology"]
    clinic.find("referral-follow-up")


async def _a_review_that_nobody_makes(clinic: Clinic) -> None:
    """A routine ladder climbs in working days."""
    clinic.ignored, clinic.laboratory["hba1c"] = {"review-treatment"}, 8.1
    await clinic.until_true(lambda: "review-treatment" in _open(clinic), days=60)
    task = clinic.find("review-treatment").id
    assert clinic.on_whose_lists(task) == ["doctor-zhang"]
    await clinic.until_true(lambda: len(clinic.roles(task)) == 2, days=15)
    assert clinic.on_whose_lists(task) == ["doctor-zhang", "head-nurse-wang"]
    await clinic.until_true(lambda: len(clinic.roles(task)) == 3, days=15)
    assert clinic.on_whose_lists(task) == ["doctor-zhang", "head-nurse-wang", "lead-chen"]
    assert _alarms(clinic)["last-rung"] == 1  # an urgent task's alone
    clinic.ignored, clinic.laboratory["hba1c"] = set(), 6.4


async def _two_high_values(clinic: Clinic) -> None:
    await clinic.observe("glucose", 14.1)
    await clinic.after(hours=1)
    await clinic.observe("glucose", 14.9)  # capped: asked about again when the cap ends, and then nobody answers
    await clinic.send()
    assert {"same-day-call", "high-glucose-call"} <= _open(clinic)
    with clinic.database.read() as session:
        (ask,) = asks.list_(session, journey=clinic.journey, open_only=True)
    items: dict[str, Scalar] = {sign: False for sign in DANGER_SIGNS}
    id, now = clinic.new_id(), clinic.now()
    await clinic.do(FormAnswered(id=id, received=now, form="symptoms", answers=id, ask=ask.id, items=items))
    await clinic.complete(clinic.find("read-symptoms"), "no-danger-signs")


DANGER_SIGNS = ("altered-consciousness", "acetone-breath", "palpitations-sweating", "stomach", "deep-breathing")
WANTED = {
    "call-patient": 1,
    "review-low-glucose": 1,
    "refer-patient": 1,
    "referral-follow-up": 1,
    "outreach-call": 1,
    "nutrition-call": 1,
    "review-treatment": 1,
    "same-day-call": 1,
    "high-glucose-call": 1,
    "read-symptoms": 1,
    "symptom-call": 1,
    "review-kidneys": 1,
    "review-lipids": 1,
    "record-eyes": 1,
    "record-feet": 1,
}


async def _all_is_as_it_should_be(clinic: Clinic) -> None:
    """Every task once and done, every message told, the workflow's state the store's, one reason for each decision."""
    closed = clinic.tasks(clinic.journey, "closed")
    assert Counter(task.name for task in closed) == WANTED
    assert {task.end for task in closed} == {"done"}
    assert _open(clinic) == set()
    assert set(_messages(clinic)) == {"sent"}
    with clinic.database.read() as session:
        sent = Counter(row.template for row in messages.list_(session, journey=clinic.journey, limit=1000))
        assert sent["low-glucose-advice"] == sent["high-glucose-advice"] == 1
        assert sent["visit-reminder"] >= 8
        reasons = Counter(
            (row.event, row.track, row.occurrence)
            for row in journeys.timeline(session, clinic.journey, limit=100_000)
            if row.step is None and row.track is not None
        )
    assert {key: times for key, times in reasons.items() if times > 1} == {}
    assert await clinic.state(clinic.journey) == clinic.shown(clinic.journey)


@on_sqlite
async def test_withdrawal_half_way(clinic: Clinic) -> None:
    """The journey ends with what was open taken back; nothing starts or is sent any more, and the workflow ends."""
    clinic.ignored = {"high-glucose-call"}
    await clinic.on(HALF)
    await clinic.observe("glucose", 11.0)
    assert _open(clinic) == {"high-glucose-call"}
    await _leave(clinic)
    assert [task.end for task in clinic.tasks(clinic.journey, "closed") if task.name == "high-glucose-call"] == [
        "cancelled"
    ]
    await record(clinic.client, workflow_id(clinic.journey), "withdrawal-half-way")


@on_sqlite
async def test_death_half_way(clinic: Clinic) -> None:
    """Every task and visit is closed, and what waits to be sent never leaves."""
    clinic.ignored = {"high-glucose-call"}
    await clinic.on(HALF, time(22))
    await clinic.observe("glucose", 11.0)
    await clinic.observe("glucose", 2.9)
    assert _open(clinic) == {"high-glucose-call", "call-patient"}
    with clinic.database.write() as session:
        (advice,) = messages.list_(session, journey=clinic.journey, state="waiting")
        patients.record_death(session, clinic.patient, clinic.now(), now=clinic.now())
        assert gate.gate(session, advice, clinic.now(), Policy()) == gate.Dropped(reason="died")
    await clinic.rest()
    await clinic.send()
    assert clinic.row(clinic.journey).exit_reason == "died"
    assert _open(clinic) == set()
    assert clinic.open_visits() == []
    assert _messages(clinic)["recalled"] == 1
    assert _messages(clinic)["waiting"] == 0
    await _is_over(clinic)
    await record(clinic.client, workflow_id(clinic.journey), "death-half-way")


async def _leave(clinic: Clinic) -> None:
    await clinic.do(Withdrawn(id=clinic.new_id(), received=clinic.now(), by="nurse-li"))
    assert clinic.row(clinic.journey).exit_reason == "withdrawn"
    assert _open(clinic) == set()
    assert clinic.open_visits() == []
    await _is_over(clinic)


async def _is_over(clinic: Clinic) -> None:
    """What still comes changes nothing; after the horizon the workflow has ended and the store shows all of it."""
    before = _messages(clinic)
    await clinic.observe("glucose", 6.0)
    clinic.uploads = False
    await clinic.on(clinic.day + AFTER_EXIT)
    await clinic.handle(clinic.journey).result()
    assert _messages(clinic) == before
    assert clinic.row(clinic.journey).status == "ended"
    assert await clinic.state(clinic.journey) == clinic.shown(clinic.journey)


def _open(clinic: Clinic) -> set[str]:
    return {task.name for task in clinic.tasks(clinic.journey)}


def _messages(clinic: Clinic) -> Counter[tables.MessageState]:
    with clinic.database.read() as session:
        return Counter(row.state for row in messages.list_(session, journey=clinic.journey, limit=1000))


def _alarms(clinic: Clinic) -> Counter[str]:
    with clinic.database.read() as session:
        return Counter(row.code for row in alarms.list_(session, acknowledged=None, limit=1000))
