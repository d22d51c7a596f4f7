"""A small pathway, its people and a patient on it, on a real store and a real Temporal server."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.channels.preview import PreviewChannel
from activities.clock import utc_now
from activities.messaging import Outbox
from pathways.engine.events import AnyEvent, Happened, ResultReceived
from pathways.engine.journey import Journey
from pathways.language.reading import read
from pathways.language.release import Release
from pathways.language.texts import Text
from settings import Settings
from store import inbox, journeys, messages, patients, people, releases, tables, tasks
from store.database import Database, Session
from store.facts import Policy
from worker import make_worker
from workflows.delivery import Delivery
from workflows.journey import PatientJourney
from workflows.runs import workflow_id

PATHWAY = """
pathway: shell
title: {zh: 外壳, en: Shell}
owner: diabetes-nurse
evidence: [test]
anchors: {enrolled: {}}
data:
  pain: {observation: [72514-3], unit: "{score}", plausible: [0, 10]}
values:
  heard: {type: boolean}
ladders:
  urgent: [{after: 30m, to: head-nurse}, {after: 2h, to: attending-doctor, page: yes}, {after: 4h, to: quality-office}]
  routine: [{after: 1 working day, to: head-nurse}]
tracks:
  strong-pain:
    safety: yes
    when: {observed: pain, if: "pain >= 7"}
    steps:
      - {send: received, urgent: yes}
      - task: call
        role: diabetes-nurse
        clock: elapsed
        due: 30m
        ladder: urgent
        outcomes: {reached: [], unreachable: []}
  counting:
    when: {event: ping}
    while_running: parallel
    steps: [{set: heard, to: true}]
  greeting:
    when: {at: enrolled + 2 days, time: "10:00"}
    steps: [{send: greeting}]
words:
  strong-pain: {zh: 疼痛, en: Pain}
  counting: {zh: 计数, en: Counting}
  greeting: {zh: 问候, en: Greeting}
  call: {zh: 致电, en: Call}
  reached: {zh: 已联系, en: Reached}
  unreachable: {zh: 未联系到, en: Unreachable}
"""
RECEIVED = """
message: received
variables: [hospital, patient_name]
text: {zh: "{{ hospital }}：{{ patient_name }}，已收到。", en: "{{ hospital }}: {{ patient_name }}, received."}
"""
GREETING = """
message: greeting
variables: [hospital]
text: {zh: "{{ hospital }}问候您。", en: "Greetings from {{ hospital }}."}
"""
ROLES = ("diabetes-nurse", "head-nurse", "attending-doctor", "quality-office")
GO_ON_SECONDS = 30
HOSPITAL = Text(zh="示范医院", en="Demonstration Hospital")


def shell_release() -> Release:
    return read({"pathway.yaml": PATHWAY, "messages/received.yaml": RECEIVED, "messages/greeting.yaml": GREETING})


@dataclass(kw_only=True)
class Ward:
    """What a test of the shell works with; `now` is the server's time."""

    client: Client
    database: Database
    settings: Settings
    now: Callable[[], datetime] = utc_now
    unstaffed: frozenset[str] = frozenset()
    ids: int = 0
    outbox: Outbox = field(init=False)
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        self.delivery = Delivery(
            self.client,
            self.database,
            task_queue=self.settings.task_queue,
            policy=Policy(),
            history_length=self.settings.history_length,
            again_after=timedelta(seconds=0.2),
        )
        self.outbox = Outbox(
            database=self.database, channel=PreviewChannel(), policy=Policy(), hospital=HOSPITAL, clock=self.now
        )

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[Worker]:
        """Run the product's worker."""
        with ThreadPoolExecutor(self.settings.activity_threads * 2) as threads:
            async with make_worker(self.client, self.database, self.outbox, self.settings, threads) as worker:
                yield worker

    def enrol(self, *, consents: bool = True) -> str:
        """Staff, release, patient and the start of a journey, in one transaction; its id."""
        now = self.now()
        with self.database.write() as session:
            people.save_department(session, id="ward", zh="病房", en="Ward")
            for role in ROLES:
                people.save_role(session, name=role, zh=role, en=role)
                people.save_staff(session, id=f"{role}-1", name=role)
                if role not in self.unstaffed:
                    people.hold(session, staff=f"{role}-1", role=role, department="ward")
            releases.publish(session, shell_release(), by="lead-1", now=now)
            patient = patients.create(
                session,
                identifiers=[patients.Identifier(system="hospital", value="1")],
                name="王芳",
                born=date(1961, 3, 2),
                now=now,
                contacts=[patients.Contact(kind="sms", value="13800000000")],
                consents=[patients.Consent(purpose="care", granted=True, at=now, by="nurse-1")] if consents else [],
            ).patient
            start = journeys.Start(patient=patient.id, pathway="shell", enrolled=now)
            return journeys.begin(session, start, by="nurse-1", now=now).journey.id

    def another(self, session: Session) -> str:
        """A second patient; the id."""
        known = [patients.Identifier(system="hospital", value="2")]
        return patients.create(
            session, identifiers=known, name="李强", born=date(1970, 1, 1), now=self.now()
        ).patient.id

    def new_id(self) -> str:
        """An id that no other event of this test has."""
        self.ids += 1
        return f"event-{self.ids}"

    def pain(self, value: float, *, received: datetime | None = None) -> ResultReceived:
        """A final result."""
        at = received or self.now()
        id = self.new_id()
        return ResultReceived(
            id=id,
            received=at,
            result=id,
            version=1,
            status="final",
            code="72514-3",
            effective=at,
            value=value,
            unit="{score}",
            origin="device",
        )

    def ping(self) -> Happened:
        """An event that the journey counts."""
        return Happened(id=self.new_id(), received=self.now(), name="ping")

    def accept(self, journey: str, *events: AnyEvent) -> None:
        """Commit events to the inbox, as the intake does."""
        with self.database.write() as session:
            row = journeys.read(session, journey)
            for event in events:
                inbox.add(session, journey=row, event=event)

    async def deliver(self, journey: str, *events: AnyEvent) -> None:
        """Accept events, hand the inbox over and wait until the store shows it all."""
        self.accept(journey, *events)
        while await self.delivery.sweep():
            pass
        await self.settled(journey)

    async def settled(self, journey: str, within: float = 20) -> None:
        """Wait until nothing in the inbox is pending."""
        await self.until(lambda: not self.pending(journey), within)

    async def until(self, true: Callable[[], bool], within: float = 20) -> None:
        """Wait in real time for what other processes do."""
        deadline = time.monotonic() + within
        while not true():
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.02)

    def pending(self, journey: str) -> list[str]:
        with self.database.read() as session:
            return [row.id for row in inbox.of_journey(session, journey)]

    def row(self, journey: str) -> tables.Journey:
        with self.database.read() as session:
            return journeys.read(session, journey)

    def shown(self, journey: str) -> Journey:
        return journeys.state_of(self.row(journey))

    def tasks(self, journey: str, status: tables.TaskStatus | None = None) -> list[tables.Task]:
        with self.database.read() as session:
            which = tasks.Filter(journey=journey, status=status)
            return list(tasks.list_tasks(session, which, at=self.now()).tasks)

    def roles(self, task: str) -> list[str]:
        with self.database.read() as session:
            return [row.role for row in sorted(tasks.roles_of(session, task), key=lambda row: row.rung)]

    def messages(self, journey: str) -> list[tables.Message]:
        with self.database.read() as session:
            return list(messages.list_(session, journey=journey))

    def reasons(self, journey: str, code: str, track: str | None = None) -> list[str]:
        """The events of which the timeline says that, of the track where one is given."""
        with self.database.read() as session:
            rows = journeys.timeline(session, journey, limit=100_000)
        return [row.event for row in rows if row.code == code and track in (None, row.track)]

    def handle(self, journey: str) -> WorkflowHandle[PatientJourney, None]:
        return self.client.get_workflow_handle_for(PatientJourney.run, workflow_id(journey))

    async def state(self, journey: str) -> Journey:
        return await self.handle(journey).query(PatientJourney.state)


def settings_of(task_queue: str, **more: Any) -> Settings:
    return Settings(task_queue=task_queue, **more)


class ServerStandsStill(Exception):
    """The time-skipping server has lost a workflow task: one that cancels a timer which rang meanwhile.

    That is the server's own (temporalio/sdk-java#3088); no other server does so.
    """


class Clock:
    """The time-skipping server's time, as last asked for."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.environment = environment
        self.at = utc_now()

    async def ask(self) -> None:
        self.at = await self.environment.get_current_time()

    async def pass_(self, **span: float) -> None:
        """Let time pass. A call that the server cut off, as it does after half a minute, goes on there: wait for it."""
        await self.ask()
        until = self.at + timedelta(**span)
        try:
            await self.environment.sleep(timedelta(**span))
        except RPCError:
            deadline = time.monotonic() + GO_ON_SECONDS
            while self.at < until:
                if time.monotonic() > deadline:
                    raise ServerStandsStill from None
                await asyncio.sleep(0.5)
                await self.ask()
        await self.ask()
