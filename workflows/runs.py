"""What runs a journey: the workflow that is started from what the store keeps, told of events, and brought back."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clock import utc_now
from pathways.engine.events import AnyEvent, Reinstated
from pathways.engine.exits import finished
from store import alarms, facts, inbox, journeys, releases, tables
from store.database import Database, Session
from store.facts import Policy
from workflows.contracts import JourneyInput
from workflows.journey import PatientJourney

RPC_TIMEOUT = timedelta(seconds=5)
EVENTS = 200
"""How many events a start carries at most; the others are signalled."""
CLOSED = frozenset(
    {
        WorkflowExecutionStatus.COMPLETED,
        WorkflowExecutionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED,
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.TIMED_OUT,
    }
)

Run = Literal["running", "started", "stopped", "over"]
"""What became of a journey's run: it was told, it was started again, somebody ended it, nothing can come any more."""

_log = structlog.get_logger(__name__)


def workflow_id(journey: str) -> str:
    """The id of the workflow that runs a journey."""
    return f"journey/{journey}"


class Runs:
    """The workflows of journeys, seen from outside; several processes may do the same at once."""

    def __init__(
        self,
        client: Client,
        database: Database,
        *,
        task_queue: str,
        policy: Policy,
        history_length: int | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._database = database
        self._task_queue = task_queue
        self._policy = policy
        self._history_length = history_length
        self._clock = clock

    def given(self, session: Session, row: tables.Journey) -> JourneyInput:
        """What the journey begins with, or goes on with, out of the store alone."""
        release = releases.read(session, row.release).text
        wanted = releases.seasons_of(release)
        return JourneyInput(
            release=release,
            journey=journeys.state_of(row),
            facts=facts.facts_of(session, row.patient, self._policy, now=self._clock(), wanted=wanted),
            events=tuple(inbox.event_of(one) for one in inbox.of_journey(session, row.id, limit=EVENTS)),
            history_length=self._history_length,
        )

    async def start(self, given: JourneyInput) -> bool:
        """Start the workflow; False where there is or was one. RPCError where Temporal is away."""
        try:
            await self._client.start_workflow(
                PatientJourney.run,
                given,
                id=workflow_id(given.journey.id),
                task_queue=self._task_queue,
                id_reuse_policy=_reuse(given),
                request_eager_start=True,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def tell(self, journey: str, events: Sequence[AnyEvent]) -> Run:
        """Signal the events; a journey whose workflow Temporal does not have goes on from what the store keeps.

        Raises:
            RPCError: Temporal is away.
            StoreUnavailable: the store is away.
        """
        handle = self._client.get_workflow_handle(workflow_id(journey))
        for event in events:
            try:
                await handle.signal(PatientJourney.deliver, event, rpc_timeout=RPC_TIMEOUT)
            except RPCError as failed:
                if failed.status != RPCStatusCode.NOT_FOUND:
                    raise
                return await self._bring_back(journey)
        return "running"

    async def _bring_back(self, journey: str) -> Run:
        """Start it again where Temporal lost it; where it was ended from outside, that is for an operator to decide."""
        found = await asyncio.to_thread(self._kept, journey)
        if not isinstance(found, JourneyInput):
            return found
        if await self.start(found):
            _log.warning("a journey had no workflow and goes on from the store", journey=journey)
            return "started"
        described = await self._client.get_workflow_handle(workflow_id(journey)).describe(rpc_timeout=RPC_TIMEOUT)
        if described.status not in CLOSED:
            return "running"  # somebody else was faster
        return await asyncio.to_thread(self._stopped, journey)

    def _kept(self, journey: str) -> JourneyInput | Literal["stopped", "over"]:
        with self._database.read() as session:
            row = journeys.read(session, journey)
            if _is_over(row):
                return "over"
            # Temporal forgets in time what was ended; the alarm does not.
            if session.get(tables.Alarm, alarms.run_alarm_id(row, "journey-stopped", _stand(row))) is not None:
                return "stopped"
            return self.given(session, row)

    def _stopped(self, journey: str) -> Literal["stopped", "over"]:
        with self._database.write() as session:
            row = journeys.lock(session, journey)
            if row is None or _is_over(row):
                return "over"
            alarms.raise_for_run(session, row, "journey-stopped", incident=_stand(row), now=self._clock())
        _log.error("a journey that has not ended was stopped from outside", journey=journey)
        return "stopped"


def _reuse(given: JourneyInput) -> WorkflowIDReusePolicy:
    """One run a journey, but for one whose end is taken back: its run may be over."""
    returns = any(isinstance(event, Reinstated) for event in given.events)
    return WorkflowIDReusePolicy.ALLOW_DUPLICATE if returns else WorkflowIDReusePolicy.REJECT_DUPLICATE


def _stand(row: tables.Journey) -> str:
    """Tells one stop of a journey from the next: in between it had a turn."""
    return str(row.sequence)


def _is_over(row: tables.Journey) -> bool:
    """Whether its workflow has come to its own end: nothing wakes it any more, and nothing of it is open."""
    state = journeys.state_of(row)
    return row.status == "ended" and row.wakeup is None and finished(state, state.clock)
