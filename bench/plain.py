"""The same journey hand-written: a plain workflow with its timers in a row and an activity for each effect."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from activities.channels.channel import OutgoingMessage
    from activities.channels.preview import PreviewChannel
    from bench.pathway import DAYS, RUNG_HOURS, RUNGS, STRONG, TASK_DAYS
    from pathways.engine.actions import CloseTask, EscalateTask, OpenTask, SendMessage
    from store import journeys, messages, tasks
    from store.database import Database

EFFECT_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class PlainInput:
    """Which row of the store it is, and when it begins."""

    journey: str
    first: datetime


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What happens to which task or message."""

    journey: str
    name: str
    at: datetime
    rung: int = 0


class Effects:
    """One short transaction each, with the store's own functions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channel = PreviewChannel()

    @activity.defn(no_thread_cancel_exception=True)
    def tell(self, effect: Effect) -> None:
        """Send a message and record it."""
        message = OutgoingMessage(key=f"{effect.journey}/{effect.name}", recipient="sms:1", text=effect.name)
        outcome = self._channel.send(message)
        with self._database.write() as session:
            row = journeys.read(session, effect.journey)
            sent = SendMessage(
                message=message.key, template="advice", track="daily", urgent=False, not_before=effect.at
            )
            messages.send(session, row, sent)
            kept = messages.read(session, message.key)
            kept.state, kept.sent_at, kept.provider_id, kept.rendered = (
                "sent", effect.at, outcome.provider_id, message.text,
            )  # fmt: skip

    @activity.defn(no_thread_cancel_exception=True)
    def open_task(self, effect: Effect) -> None:
        """Put work on the nurse's list."""
        with self._database.write() as session:
            opened = OpenTask(
                task=_task(effect),
                name=effect.name,
                track="check",
                role="ward-nurse",
                urgent=True,
                opened=effect.at,
                due=effect.at + timedelta(hours=12),
                outcomes=("reached",),
            )
            tasks.open_(session, journeys.read(session, effect.journey), opened)

    @activity.defn(no_thread_cancel_exception=True)
    def escalate(self, effect: Effect) -> None:
        """Bring in the next role."""
        with self._database.write() as session:
            to = RUNGS[effect.rung]
            tasks.escalate(session, EscalateTask(task=_task(effect), rung=effect.rung + 1, to=to, at=effect.at))

    @activity.defn(no_thread_cancel_exception=True)
    def close_task(self, effect: Effect) -> None:
        """Take it off the list."""
        with self._database.write() as session:
            tasks.close(session, CloseTask(task=_task(effect), end="done", at=effect.at, outcome="reached", by="1"))


def _task(effect: Effect) -> str:
    return f"{effect.journey}/{effect.name}"


@workflow.defn
class PlainJourney:
    """A patient's 42 days."""

    def __init__(self) -> None:
        self._results: list[float] = []
        self._done: set[str] = set()
        self._journey = ""

    @workflow.run
    async def run(self, given: PlainInput) -> None:
        """Everything at once, each in its own order."""
        self._journey = given.journey
        checks = [self._check(given.first + timedelta(days=day), f"check-{day}") for day in TASK_DAYS]
        await asyncio.gather(self._daily(given.first), self._results_come(), *checks)

    @workflow.signal
    def result(self, value: float) -> None:
        """A result came in."""
        self._results.append(value)

    @workflow.update
    def complete(self, name: str) -> None:
        """A task was done."""
        self._done.add(name)

    async def _daily(self, first: datetime) -> None:
        for day in range(1, DAYS + 1):
            await self._sleep_until(first + timedelta(days=day))
            await self._effect(Effects.tell, f"advice-{day}")

    async def _check(self, at: datetime, name: str) -> None:
        await self._sleep_until(at)
        await self._work(name)

    async def _results_come(self) -> None:
        count = 0
        while True:
            await workflow.wait_condition(lambda: bool(self._results))
            count += 1
            if self._results.pop(0) >= STRONG:
                await self._effect(Effects.tell, f"heard-{count}")
                await self._work(f"call-{count}")

    async def _work(self, name: str) -> None:
        opened = workflow.now()
        await self._effect(Effects.open_task, name)
        for rung, hours in enumerate(RUNG_HOURS):
            left = opened + timedelta(hours=hours) - workflow.now()
            try:
                await workflow.wait_condition(lambda: name in self._done, timeout=left)
                break
            except TimeoutError:
                await self._effect(Effects.escalate, name, rung)
        await workflow.wait_condition(lambda: name in self._done)
        await self._effect(Effects.close_task, name)

    async def _sleep_until(self, at: datetime) -> None:
        await workflow.sleep(at - workflow.now())

    async def _effect(self, method: Callable[[Effects, Effect], None], name: str, rung: int = 0) -> None:
        effect = Effect(journey=self._journey, name=name, at=workflow.now(), rung=rung)
        await workflow.execute_activity_method(method, effect, start_to_close_timeout=EFFECT_WITHIN)
