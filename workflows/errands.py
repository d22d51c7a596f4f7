"""Calls and enrolments of a journey that are under way: each runs beside the loop and answers with an event."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.errands import Call, Enrolment, ErrandActivities, Result
    from pathways.engine.actions import AnyAction, CallSystem, EnrolPatient
    from pathways.engine.events import AnyEvent, CallAnswered, EnrolmentRefused
    from pathways.engine.ids import derive

Errand = CallSystem | EnrolPatient
ATTEMPT = timedelta(seconds=30)
TOTAL = timedelta(days=1)
"""After which a system that does not answer has failed for good: a person sees to it."""
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
)


class Errands:
    """What is under way; `tell` takes in what came of it."""

    def __init__(self, journey: str, tell: Callable[[AnyEvent], None]) -> None:
        self._journey = journey
        self._tell = tell
        self._open: dict[str, Errand] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def open(self) -> tuple[Errand, ...]:
        """What has no answer yet, in the order in which it was asked for."""
        return tuple(self._open.values())

    def add(self, actions: Iterable[AnyAction]) -> None:
        """Take on what a turn asks for."""
        for action in actions:
            if isinstance(action, CallSystem | EnrolPatient):
                self._open.setdefault(errand_id(action), action)

    def run(self) -> None:
        """See to what nobody has begun; of a run before this one, it is begun again under the same id."""
        for id, errand in self._open.items():
            if id not in self._running:
                self._running[id] = asyncio.create_task(self._see_to(id, errand))

    async def _see_to(self, id: str, errand: Errand) -> None:
        try:
            result = await self._done(errand)
        except FailureError as failure:
            if is_cancelled_exception(failure):
                raise
            result = Result(outcome="failed", code="unanswered")
        del self._open[id]
        del self._running[id]
        now, name = workflow.now(), derive(self._journey, "errand", id)
        if isinstance(errand, CallSystem):
            self._tell(CallAnswered(id=name, received=now, call=id, outcome=result.outcome, data=result.data))
        elif result.outcome == "failed":
            self._tell(EnrolmentRefused(id=name, received=now, enrolment=id, code=result.code))

    async def _done(self, errand: Errand) -> Result:
        if isinstance(errand, CallSystem):
            return await workflow.execute_activity_method(
                ErrandActivities.call,
                Call(journey=self._journey, action=errand),
                start_to_close_timeout=ATTEMPT,
                schedule_to_close_timeout=TOTAL,
                retry_policy=RETRIES,
            )
        return await workflow.execute_activity_method(
            ErrandActivities.enrol,
            Enrolment(journey=self._journey, action=errand),
            start_to_close_timeout=ATTEMPT,
            retry_policy=RETRIES,
        )


def errand_id(errand: Errand) -> str:
    """The id under which it is done once."""
    return errand.call if isinstance(errand, CallSystem) else errand.enrolment
