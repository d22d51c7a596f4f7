"""The hand-written program: started, told and asked directly."""

from collections.abc import Sequence
from typing import Any

from bench.ground import Cost, Ground, weigh
from bench.pathway import DAYS, IGNORED_DAY, RUNGS, TASK_DAYS
from bench.plain import PlainInput, PlainJourney


class Handwritten:
    """Journeys in `PlainJourney`."""

    def __init__(self, ground: Ground, made: Sequence[str], task_queue: str) -> None:
        self._ground = ground
        self._made = made
        self._task_queue = task_queue
        self._handles = {
            journey: ground.client.get_workflow_handle_for(PlainJourney.run, f"plain/{journey}") for journey in made
        }
        self._results = 0

    async def start(self) -> None:
        """Start the workflows."""
        for journey, handle in self._handles.items():
            await self._ground.client.start_workflow(
                PlainJourney.run,
                PlainInput(journey=journey, first=self._ground.first),
                id=handle.id,
                task_queue=self._task_queue,
            )

    async def settle(self, day: int) -> None:
        """Wait until the day's messages have left, its tasks are there and its rungs have passed."""
        count = len(self._made)
        told = min(day, DAYS) * count + self._results
        opened = sum(day >= due for due in TASK_DAYS) * count + self._results
        rungs = min(max(day - IGNORED_DAY, 0), len(RUNGS)) * count

        def done() -> bool:
            rows = self._ground.tasks(self._made)
            return len(rows) == opened and sum(row.rung for row in rows) >= rungs

        await self._ground.until(lambda: self._ground.sent(self._made) == told and done())

    async def result(self, journey: str) -> None:
        """A signal."""
        self._results += 1
        await self._handles[journey].signal(PlainJourney.result, 8.0)

    async def complete(self, task: str) -> None:
        """An update."""
        journey, _, name = task.partition("/")
        # `Any`, because the SDK leaves a part of this method's overloads untyped.
        handle: Any = self._handles[journey]
        await handle.execute_update(PlainJourney.complete, name)

    async def cost(self) -> Cost:
        """What its histories weigh."""
        cost = Cost()
        await weigh(cost, list(self._handles.values()))
        return cost
