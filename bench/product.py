"""The product: one interpreter a journey, one projection a turn, messages by the dispatcher."""

from collections.abc import Sequence
from datetime import datetime

from temporalio.common import WorkflowIDConflictPolicy

from activities.channels.preview import PreviewChannel
from activities.messaging import Outbox
from bench.ground import Cost, Ground, weigh
from bench.pathway import CODE, UNIT
from pathways.engine.events import TaskCompleted
from pathways.engine.ids import derive
from pathways.language.schedule import QuietHours
from pathways.language.texts import Text
from store import inbox, journeys, messages, observations, tasks
from store.facts import Policy
from workflows.acts import act
from workflows.contracts import DispatcherInput
from workflows.delivery import Delivery
from workflows.dispatcher import Dispatcher
from workflows.nudges import dispatcher_id
from workflows.runs import workflow_id

POLICY = Policy(quiet=QuietHours(start=QuietHours().end), contacts_a_day=10, contacts_a_week=70)
DISPATCHER = DispatcherInput(channel=PreviewChannel.name)


class Product:
    """Journeys in `PatientJourney`, delivered and nudged as the worker does."""

    def __init__(self, ground: Ground, made: Sequence[str]) -> None:
        self._ground = ground
        self._made = made
        self._delivery = Delivery(ground.client, ground.database, task_queue=ground.settings.task_queue, policy=POLICY)
        self.outbox = Outbox(
            database=ground.database,
            channel=PreviewChannel(),
            policy=POLICY,
            hospital=Text(zh="示范医院", en="Demonstration Hospital"),
            clock=self._now,
        )

    async def start(self) -> None:
        """Deliver the enrolments."""
        await self._deliver()

    async def settle(self, day: int) -> None:
        """Wait until every journey has served what is due, then let the messages leave."""
        await self._deliver()
        await self._ground.until(self._rests)
        await self._ground.pass_until(self._ground.at)
        if self._waits():
            await self._ground.client.start_workflow(
                Dispatcher.run,
                DISPATCHER,
                id=dispatcher_id(DISPATCHER),
                task_queue=self._ground.settings.task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal="nudge",
            )
            await self._ground.until(lambda: not self._waits())

    async def result(self, journey: str) -> None:
        """Take it in and deliver it."""
        with self._ground.database.write() as session:
            given = observations.Result(
                source_system="bench",
                source_id=journey,
                patient=journeys.read(session, journey).patient,
                code=CODE,
                effective=self._ground.at,
                status="final",
                value=8.0,
                unit=UNIT,
            )
            observations.take_in(session, given, now=self._ground.at)
        await self._deliver()

    async def complete(self, task: str) -> None:
        """An update of the journey."""
        at = self._ground.at
        with self._ground.database.read() as session:
            journey = tasks.read(session, task).journey
        done = TaskCompleted(id=derive(task, "done"), received=at, task=task, by="bench", outcome="reached", at=at)
        await act(self._ground.client, journey, done)

    async def cost(self) -> Cost:
        """What its histories weigh."""
        cost, client = Cost(), self._ground.client
        await weigh(cost, [client.get_workflow_handle(workflow_id(journey)) for journey in self._made])
        dispatcher = Cost()
        await weigh(dispatcher, [client.get_workflow_handle(dispatcher_id(DISPATCHER))])
        cost.shared_events, cost.bytes = dispatcher.events, cost.bytes + dispatcher.bytes
        return cost

    def turns(self) -> int:
        """How many turns all of its journeys had."""
        with self._ground.database.read() as session:
            return sum(journeys.read(session, journey).sequence for journey in self._made)

    async def _deliver(self) -> None:
        while await self._delivery.sweep():
            pass

    def _rests(self) -> bool:
        with self._ground.database.read() as session:
            rows = [journeys.read(session, journey) for journey in self._made]
            waiting = any(inbox.of_journey(session, journey) for journey in self._made)
        due = any(row.wakeup is not None and row.wakeup <= self._ground.at for row in rows)
        return not (waiting or due or any(row.status == "starting" for row in rows))

    def _waits(self) -> bool:
        with self._ground.database.read() as session:
            due = messages.next_due(session, urgent=False)
        return due is not None and due <= self._ground.at

    def _now(self) -> datetime:
        return self._ground.at
