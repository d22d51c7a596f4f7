"""Bulk messages that wait wake their dispatcher, however many they are, once in a few seconds."""

import asyncio
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.messaging import Outbox
from pathways.errors import StoreUnavailable
from store import messages
from workflows.contracts import DispatcherInput
from workflows.dispatcher import Dispatcher

NUDGE_EVERY = timedelta(seconds=2)
RPC_TIMEOUT = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


def dispatcher_id(given: DispatcherInput) -> str:
    """The id of the workflow that sends the messages of a channel and shard."""
    return f"dispatcher/{given.channel}/{given.shard}-of-{given.shards}"


async def nudge_loop(
    client: Client, outbox: Outbox, *, task_queue: str, shards: int = 1, history_length: int | None = None
) -> None:
    """Look at the outbox for as long as the process lives; a neighbour that is away is waited for."""
    channel = outbox.channel.name
    inputs = [
        DispatcherInput(channel=channel, shard=shard, shards=shards, history_length=history_length)
        for shard in range(shards)
    ]
    while True:
        for given in inputs:
            try:
                if await asyncio.to_thread(_waits, outbox, given):
                    await _nudge(client, given, task_queue)
            except (StoreUnavailable, RPCError) as away:
                _log.warning("dispatcher not nudged", error=type(away).__name__)
        await asyncio.sleep(NUDGE_EVERY.total_seconds())


def _waits(outbox: Outbox, given: DispatcherInput) -> bool:
    with outbox.database.read() as session:
        due = messages.next_due(session, urgent=False, shard=given.shard, shards=given.shards)
    return due is not None and due <= outbox.clock()


async def _nudge(client: Client, given: DispatcherInput, task_queue: str) -> None:
    await client.start_workflow(
        Dispatcher.run,
        given,
        id=dispatcher_id(given),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="nudge",
        rpc_timeout=RPC_TIMEOUT,
    )
