"""Bulk messages leave in batches, one small durable workflow a channel and shard."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.messaging import MessagingActivities, SendBatch
    from workflows.contracts import DispatcherInput

IDLE = timedelta(days=1)
"""How long it sleeps where nothing waits. The workers look at the outbox every few seconds, and nudge it again for as
long as something does."""
SHORTEST = timedelta(seconds=1)
ATTEMPT = timedelta(seconds=60)
BEAT = timedelta(seconds=10)
"""A worker that is silent for longer has died: a single send takes less."""
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))


@workflow.defn
class Dispatcher:
    """Sends what waits in the outbox for its channel and shard, for good."""

    @workflow.init
    def __init__(self, given: DispatcherInput) -> None:
        self._given = given
        self._nudged = True

    @workflow.run
    async def run(self, given: DispatcherInput) -> None:
        """Send, then sleep until more is due or somebody nudges."""
        while True:
            self._nudged = False
            left = await workflow.execute_activity_method(
                MessagingActivities.send_bulk,
                SendBatch(channel=given.channel, shard=given.shard, shards=given.shards),
                start_to_close_timeout=ATTEMPT,
                heartbeat_timeout=BEAT,
                retry_policy=RETRIES,
            )
            if self._is_long():
                workflow.continue_as_new(given)
            if left.more:
                continue
            wait = IDLE if left.next_at is None else min(left.next_at - workflow.now(), IDLE)
            await self._wait(max(wait, SHORTEST))

    @workflow.signal
    def nudge(self) -> None:
        """Say that something waits."""
        self._nudged = True

    async def _wait(self, longest: timedelta) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._nudged, timeout=longest)

    def _is_long(self) -> bool:
        info = workflow.info()
        limit = self._given.history_length
        return info.is_continue_as_new_suggested() or (limit is not None and info.get_current_history_length() >= limit)
