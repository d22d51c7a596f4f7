"""What both programs stand on: a time-skipping server, a store, and what was measured."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from bench.pathway import RUNGS, release
from settings import Settings
from store import journeys, patients, people, releases, tables
from store.database import Database

WAIT_SECONDS = 120.0
ROLES = ("ward-nurse", *RUNGS)


@dataclass(kw_only=True)
class Cost:
    """What a program took for all of its journeys; `shared_events` are those of its dispatcher."""

    events: int = 0
    shared_events: int = 0
    bytes: int = 0
    cpu_seconds: float = 0.0
    answers: list[float] = field(default_factory=list[float])


class Program(Protocol):
    """One way to run the journeys."""

    async def start(self) -> None:
        """Start them all."""
        ...

    async def settle(self, day: int) -> None:
        """Wait until everything of that day was done."""
        ...

    async def result(self, journey: str) -> None:
        """A bad result comes in."""
        ...

    async def complete(self, task: str) -> None:
        """A person did the task; return when that was answered."""
        ...


@dataclass(kw_only=True)
class Ground:
    """The server, the store, and when day 0 was."""

    environment: WorkflowEnvironment
    database: Database
    settings: Settings
    at: datetime
    first: datetime

    @property
    def client(self) -> Client:
        """The server's client."""
        return self.environment.client

    async def pass_until(self, instant: datetime) -> None:
        """Let virtual time pass."""
        self.at = await self.environment.get_current_time()
        await self.environment.sleep(instant - self.at)
        self.at = await self.environment.get_current_time()

    async def on(self, day: int) -> None:
        """Let time pass until a little after that day's hour, and never a whole day: nothing meets a daily timer."""
        await self.pass_until(self.first + timedelta(days=day, minutes=60 - day))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what workers do."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError("the workers did not come to rest")
            await asyncio.sleep(0.02)

    def enrol(self, count: int, prefix: str) -> list[str]:
        """Patients, and the rows of their journeys in the store."""
        made: list[str] = []
        staff = [{"id": role, "name": role, "roles": [role]} for role in ROLES]
        with self.database.write() as session:
            people.load_seed(session, {"roles": [{"id": r, "zh": r, "en": r} for r in ROLES], "staff": staff})
            releases.publish(session, release(), by="bench", now=self.at, demonstration=True)
            for number in range(count):
                patient = patients.create(
                    session,
                    identifiers=[patients.Identifier(system="bench", value=f"{prefix}-{number}")],
                    name="王芳",
                    born=date(1961, 3, 2),
                    now=self.at,
                    contacts=[patients.Contact(kind="sms", value="1")],
                    consents=[patients.Consent(purpose="care", granted=True, at=self.at, by="bench")],
                ).patient.id
                start = journeys.Start(patient=patient, pathway="bench", enrolled=self.at)
                made.append(journeys.begin(session, start, by="bench", now=self.at).journey.id)
        return made

    def tasks(self, made: Sequence[str]) -> list[tables.Task]:
        """Every task of these journeys."""
        with self.database.read() as session:
            return session.query(tables.Task).where(tables.Task.journey.in_(made)).all()

    def sent(self, made: Sequence[str]) -> int:
        """How many messages of these journeys have left."""
        with self.database.read() as session:
            left = (tables.Message.journey.in_(made), tables.Message.state == "sent")
            return session.query(tables.Message).where(*left).count()


async def weigh(cost: Cost, handles: Sequence[WorkflowHandle[Any, Any]]) -> None:
    """Add up the histories of workflows, and end them."""
    for handle in handles:
        history = await handle.fetch_history()
        cost.events += len(history.events)
        cost.bytes += sum(event.ByteSize() for event in history.events)
        await handle.terminate()
