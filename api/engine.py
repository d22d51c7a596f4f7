"""The way from HTTP to the journeys: a connection to Temporal that may be away, and the delivery of the inbox."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, timedelta

import anyio.from_thread
import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError

from activities.clock import utc_now
from pathways.engine.events import AnyEvent
from pathways.errors import EngineUnavailable, TongxingError
from store.database import Database
from store.facts import Policy
from workflows.acts import PATIENCE, act
from workflows.contracts import Taken
from workflows.delivery import Delivery

ClientProvider = Callable[[], Awaitable[Client]]
"""Connects to Temporal or raises EngineUnavailable; it is asked again until it succeeds."""

PAUSE_SECONDS = 1.0
LOOK = timedelta(seconds=2)
LOOK_EVERY_SECONDS = 5.0
"""How often it is looked whether Temporal answers, beside after every act that got no answer."""
POLLED_WITHIN = timedelta(seconds=75)
"""A worker asks for work at least every minute; Temporal remembers for longer those that died."""

_AWAY = "engine away; what people do is kept in the inbox"

_log = structlog.get_logger(__name__)


class EngineLink:
    """Connects in the background and stays connected; while Temporal is away, acts are told so at once."""

    def __init__(
        self,
        provider: ClientProvider,
        database: Database,
        *,
        task_queue: str,
        policy: Policy,
        history_length: int | None = None,
    ) -> None:
        self._provider = provider
        self._database = database
        self._task_queue = task_queue
        self._policy = policy
        self._history_length = history_length
        self._client: Client | None = None
        self._delivery: Delivery | None = None
        self._away = False
        self._doubt = asyncio.Event()

    async def run(self) -> None:
        """Connect, then deliver the inbox, for as long as the process lives."""
        self._client = await self._connected()
        self._delivery = Delivery(
            self._client,
            self._database,
            task_queue=self._task_queue,
            policy=self._policy,
            history_length=self._history_length,
        )
        async with asyncio.TaskGroup() as running:
            running.create_task(self._delivery.run())
            running.create_task(self._watch(self._client))

    def prompt(self) -> None:
        """Say that something was committed to the inbox; it never waits, and works from any thread."""
        if self._delivery is not None:
            self._delivery.prompt()

    def act(self, journey: str, event: AnyEvent) -> Taken:
        """Hand an event to its journey from a worker thread and give its turn.

        Raises:
            EngineUnavailable: Temporal or its workers are away; the event may still be taken in.
            Refused: the journey does not take it in.
        """
        client = self._client
        if client is None or self._away:
            raise EngineUnavailable
        return anyio.from_thread.run(self._act, client, journey, event)

    async def missing(self) -> str | None:
        """What keeps journeys from running, `engine` or `workers`; None where nothing does."""
        if self._client is None:
            return "engine"
        try:
            described = await self._describe(self._client, LOOK)
        except RPCError:
            return "engine"
        since = utc_now() - POLLED_WITHIN
        polls = (poller.last_access_time.ToDatetime(UTC) for poller in described.pollers)
        return None if any(poll > since for poll in polls) else "workers"

    async def _act(self, client: Client, journey: str, event: AnyEvent) -> Taken:
        try:
            return await act(client, journey, event)
        except EngineUnavailable:
            self._doubt.set()
            raise

    async def _watch(self, client: Client) -> None:
        """Know whether Temporal answers, so that nobody waits for it while it does not."""
        while True:
            away = False
            try:
                # As patient as an act is: a server that is only slow is not away.
                await self._describe(client, PATIENCE)
            except RPCError:
                away = True
            if away and not self._away:
                _log.warning(_AWAY)
            self._away = away
            self._doubt.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_SECONDS if away else LOOK_EVERY_SECONDS):
                    await self._doubt.wait()

    async def _describe(self, client: Client, within: timedelta) -> DescribeTaskQueueResponse:
        return await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            timeout=within,
        )

    async def _connected(self) -> Client:
        said = False
        while True:
            with suppress(TongxingError):
                return await self._provider()
            if not said:
                _log.warning(_AWAY)
                said = True
            await asyncio.sleep(PAUSE_SECONDS)
