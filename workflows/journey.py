"""A patient's journey as a durable workflow: it waits, the pathway decides, activities act.

One loop, one timer, one projection in flight. Handlers are synchronous: what people do is decided at once, what arrives
is queued; the loop takes the queue in, hands what was decided to the store and sleeps until something is due.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Projected, Projection, Turned, fingerprint
    from activities.inbox import InboxActivities
    from activities.projection import ProjectionActivities
    from pathways.engine.advance import advance, next_wakeup, refusal
    from pathways.engine.context import Context
    from pathways.engine.events import AnyEvent, RungUnattended, Tick
    from pathways.engine.exits import finished
    from pathways.engine.ids import derive
    from pathways.engine.journey import FORMAT, Journey, write_journey
    from pathways.errors import NotReady, TongxingError
    from pathways.language.release import load_release
    from workflows.contracts import JourneyInput, Taken
    from workflows.errands import Errands

BATCH = 10
"""Events taken in one workflow task, so that a burst never holds it for long enough to be taken for a deadlock."""
BREATH = timedelta(milliseconds=1)
"""Between two batches: it ends the workflow task, so what people do is not kept waiting by a burst."""
REMEMBER = timedelta(minutes=2)
"""How long the id of an event is known after its turn: the inbox signals again only what it does not see taken."""
OUTAGE = timedelta(minutes=1)
"""Who serves a due time later than this was away, and facts accepted meanwhile may not have arrived."""
WAITED = timedelta(seconds=5)
"""What arrives so long after its receipt was held up, and what was accepted after it may decide what it leads to."""
PUT_OFF = timedelta(seconds=1)

LOCAL_ATTEMPT = timedelta(seconds=2)
LOCAL_TOTAL = timedelta(seconds=3)
LOCAL_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3)
PATIENT_ATTEMPT = timedelta(seconds=30)
PATIENT_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=5))
STORE_AWAY = timedelta(seconds=30)
"""How long the store counts as away after local attempts failed."""
FACTS_AT_ONCE = "facts-at-once"
"""Journeys that began before took the store's facts into account with their next turn."""
ASKS_WHEN_TOLD_LATE = "asks-when-told-late"
"""Journeys that began before asked the store after an outage alone in which something was due."""
REFUSED_PAUSE = timedelta(minutes=1)

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class JourneyFormatUnknown(TongxingError):
    """The state of this journey was written by a newer version; this worker cannot read it."""

    code = "journey-format-unknown"


@workflow.defn
class PatientJourney:
    """A patient on a release."""

    @workflow.init
    def __init__(self, given: JourneyInput) -> None:
        self._given = given
        self._release = load_release(given.release)
        self._journey = given.journey
        self._facts = given.facts
        self._arrived: dict[str, AnyEvent] = {event.id: event for event in given.events}
        self._taken: dict[str, datetime] = dict(given.taken)
        self._unacknowledged: list[Turned] = list(given.unacknowledged)
        self._errands = Errands(given.journey.id, self._queue)
        self._errands.add(given.errands)
        self._wakeup = self._next_wakeup() if given.journey.format == FORMAT else None
        self._alarm_clock: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._projecting: asyncio.Task[Projected] | None = None
        self._store_away_until: datetime | None = None
        self._waiting_for_store = False

    @workflow.run
    async def run(self, given: JourneyInput) -> None:
        """Serve the journey until it ended, nothing of it is open and the store shows all of it."""
        if given.journey.format != FORMAT:
            # Fails the task, not the journey: a worker that knows the format goes on with it.
            raise JourneyFormatUnknown(hint="Let workers of the newer version run.")
        while True:
            await self._serve()
            if self._is_over():
                return
            if self._is_long() and (self._projecting is None or self._waiting_for_store):
                workflow.continue_as_new(self._carried())
            self._arm()
            await self._until_work()

    @workflow.query
    def state(self) -> Journey:
        """Give the journey as its last turn left it."""
        return self._journey

    @workflow.signal
    def deliver(self, event: AnyEvent) -> None:
        """Queue what arrived; the same event twice is one."""
        self._queue(event)

    @workflow.update
    def act(self, event: AnyEvent) -> Taken:
        """Decide on what a person did, after what arrived before it."""
        self._take_arrived()
        self._check_act(event)
        if event.id in self._taken:
            return Taken(sequence=self._journey.sequence)
        return Taken(sequence=self._turn(event, workflow.now()))

    @act.validator
    def _check_act(self, event: AnyEvent) -> None:
        """Refuse what cannot be, by the code of the refusal."""
        if event.id in self._taken or event.id in self._journey.seen:
            return  # A retry: it was taken in, and the answer was lost.
        if self._is_late():
            raise _refused(NotReady.code, "The journey is catching up; try again in a moment.")
        if (refused := refusal(self._release, self._journey, event)) is not None:
            raise _refused(refused.code, refused.message)

    async def _serve(self) -> None:
        """Take in what arrived, then what is due, and hand the turns to the store."""
        if self._projecting is not None and self._projecting.done():
            self._acknowledge(self._projecting.result())
            self._projecting = None
        if self._is_late() or (self._came_late() and workflow.patched(ASKS_WHEN_TOLD_LATE)):
            missed = await self._ask_store(InboxActivities.undelivered, self._journey.id)
            for event in missed.events:
                self._queue(event)
        self._take_arrived()
        if not self._arrived and (due := self._next_wakeup()) is not None and due <= workflow.now():
            self._turn(self._tick(), workflow.now())
        self._wakeup = self._next_wakeup()
        if self._unacknowledged and self._projecting is None and not self._is_long():
            self._projecting = asyncio.create_task(self._project())
        self._errands.run()

    def _take_arrived(self) -> None:
        """Take in a batch by receipt, each event but the very last at its own instant.

        So a rung that became due between two receipts sees what was accepted before it, although both arrive at once.
        """
        batch = sorted(self._arrived.values(), key=lambda event: event.received)[:BATCH]
        for event in batch:
            del self._arrived[event.id]
        now = workflow.now()
        for place, event in enumerate(batch, start=1):
            last = place == len(batch) and not self._arrived
            self._turn(event, now if last else min(max(event.received, self._journey.clock), now))

    def _queue(self, event: AnyEvent) -> None:
        if event.id not in self._taken:
            self._arrived.setdefault(event.id, event)

    def _turn(self, event: AnyEvent, now: datetime) -> int:
        advanced = advance(self._release, self._journey, event, Context(now=now, facts=self._facts))
        self._journey = advanced.journey
        self._taken[event.id] = workflow.now()
        self._errands.add(advanced.actions)
        self._unacknowledged.append(
            Turned(
                sequence=self._journey.sequence,
                event=event,
                state=fingerprint(write_journey(self._journey)),
                actions=advanced.actions,
                reasons=advanced.reasons,
            )
        )
        return self._journey.sequence

    def _tick(self) -> Tick:
        return Tick(id=self._derived("tick", str(self._journey.sequence)), received=workflow.now())

    def _acknowledge(self, projected: Projected) -> None:
        since = workflow.now() - REMEMBER
        self._taken = {id: at for id, at in self._taken.items() if at > since}
        if projected.stands is not None:
            self._go_on_from(projected.stands)
        self._unacknowledged = [turn for turn in self._unacknowledged if turn.sequence > projected.sequence]
        known, self._facts = self._facts, projected.facts
        if projected.facts != known and workflow.patched(FACTS_AT_ONCE):
            # What became known is looked at now, not with whatever comes next.
            self._queue(Tick(id=self._derived("facts", str(projected.sequence)), received=workflow.now()))
        for rung in projected.unattended:
            self._queue(
                RungUnattended(
                    id=self._derived("unattended", rung.task, str(rung.rung)),
                    received=workflow.now(),
                    task=rung.task,
                    rung=rung.rung,
                )
            )

    def _go_on_from(self, stands: Journey) -> None:
        """Take over what an earlier run of a workflow task showed before it was lost, and decide again on the rest."""
        self._journey, turns, self._unacknowledged = stands, self._unacknowledged, []
        for turn in turns:
            if turn.event.id not in stands.seen and not isinstance(turn.event, Tick):
                self._taken.pop(turn.event.id, None)
                self._queue(turn.event)

    def _derived(self, *parts: str) -> str:
        return derive(self._journey.id, *parts)

    def _next_wakeup(self) -> datetime | None:
        return next_wakeup(self._release, self._journey, self._facts)

    async def _project(self) -> Projected:
        projection = Projection(journey=self._journey, turns=tuple(self._unacknowledged), wakeup=self._wakeup)
        return await self._ask_store(ProjectionActivities.project, projection)

    async def _ask_store(self, ask: Callable[[Any, Given], Answer], given: Given) -> Answer:
        """Ask at once; where the store is away, for as long as that lasts. What it refuses is asked again, visibly.

        A journey never ends because it cannot be shown: its patient would be left alone.
        """
        if not self._is_store_away():
            try:
                return await workflow.execute_local_activity_method(
                    ask,
                    given,
                    start_to_close_timeout=LOCAL_ATTEMPT,
                    schedule_to_close_timeout=LOCAL_TOTAL,
                    retry_policy=LOCAL_RETRIES,
                )
            except FailureError as failure:
                if is_cancelled_exception(failure):
                    raise
                self._store_away_until = workflow.now() + STORE_AWAY
        self._waiting_for_store = True
        while True:
            try:
                answer = await workflow.execute_activity_method(
                    ask, given, start_to_close_timeout=PATIENT_ATTEMPT, retry_policy=PATIENT_RETRIES
                )
            except FailureError as failure:
                if is_cancelled_exception(failure):
                    raise
                workflow.logger.error("the store refuses what the journey tells it")
                await workflow.sleep(REFUSED_PAUSE)
            else:
                self._waiting_for_store = False
                return answer

    def _is_store_away(self) -> bool:
        return self._store_away_until is not None and workflow.now() < self._store_away_until

    def _is_late(self) -> bool:
        return self._wakeup is not None and workflow.now() - self._wakeup > OUTAGE

    def _came_late(self) -> bool:
        """Whether something waited outside for so long that more of the same time may still do so."""
        return any(workflow.now() - event.received > WAITED for event in self._arrived.values())

    def _is_over(self) -> bool:
        nothing_left = not self._arrived and not self._unacknowledged and not self._errands.open
        return nothing_left and finished(self._journey, workflow.now())

    def _is_long(self) -> bool:
        info = workflow.info()
        limit = self._given.history_length
        long = limit is not None and info.get_current_history_length() >= limit
        return long or info.is_continue_as_new_suggested()

    def _carried(self) -> JourneyInput:
        return JourneyInput(
            release=self._given.release,
            journey=self._journey,
            facts=self._facts,
            events=tuple(self._arrived.values()),
            taken=self._taken,
            unacknowledged=tuple(self._unacknowledged),
            errands=self._errands.open,
            history_length=self._given.history_length,
        )

    def _arm(self) -> None:
        """Keep one timer on the next wake-up; it is armed anew only when that changed or it rang too early."""
        if self._alarm_clock is not None and (self._alarm_clock.done() or self._alarm_at != self._wakeup):
            self._alarm_clock.cancel()
            self._alarm_clock = None
        if self._alarm_clock is None and self._wakeup is not None:
            self._alarm_at = self._wakeup
            wait = self._wakeup - workflow.now()
            # What is still due after its turn was put off by the engine's cascade limit: not at once again.
            self._alarm_clock = asyncio.create_task(workflow.sleep(wait if wait > timedelta() else PUT_OFF))

    async def _until_work(self) -> None:
        if self._arrived:
            await workflow.sleep(BREATH)
        else:
            await workflow.wait_condition(self._has_work)

    def _has_work(self) -> bool:
        rang = self._alarm_clock is not None and self._alarm_clock.done()
        unshown = self._projecting.done() if self._projecting is not None else bool(self._unacknowledged)
        return bool(self._arrived) or rang or unshown


def _refused(code: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=code, non_retryable=True)
