"""Sees which turns of its journeys a worker has shown in the store."""

import asyncio
from collections.abc import Mapping
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.contracts import Projected, Projection
from pathways.proof.rehearse import Turned
from workflows.playtime import PlayClock


class Witness(Interceptor):
    """Stands between a worker and its activities; a turn counts as shown once its projection is committed."""

    def __init__(self, clock: PlayClock) -> None:
        self._clock = clock
        self._turns: dict[str, dict[int, Turned]] = {}
        self._shown = asyncio.Condition()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Look at what the activities answer."""
        return _Watched(next, self)

    async def saw(self, projection: Projection) -> None:
        """Keep the turns of a projection that was committed, at the play's time."""
        turns = self._turns.setdefault(projection.journey.id, {})
        for turn in projection.turns:
            told = Turned(at=self._clock.now, event=turn.event, actions=turn.actions, reasons=turn.reasons)
            turns.setdefault(turn.sequence, told)
        async with self._shown:
            self._shown.notify_all()

    def turns(self, journey: str) -> Mapping[int, Turned]:
        """The turns of a journey by their sequence."""
        return self._turns.get(journey, {})

    async def until(self, journey: str, sequence: int, *, within: float) -> bool:
        """Wait until the turn of that sequence is shown; False where it is not in so many seconds."""
        async with self._shown:
            try:
                async with asyncio.timeout(within):
                    await self._shown.wait_for(lambda: sequence in self.turns(journey))
            except TimeoutError:
                return False
        return True


class _Watched(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, witness: Witness) -> None:
        super().__init__(next)
        self._witness = witness

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        """Let it be done, then look."""
        answer = await super().execute_activity(input)
        if isinstance(answer, Projected):
            await self._witness.saw(input.args[0])
        return answer
