"""What people do reaches their patient's journey at once, as an update that is answered with its turn."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from pathways.engine.events import AnyEvent
from pathways.errors import Conflict, EngineUnavailable, Invalid, NotFound, NotReady, Refused, TongxingError
from workflows.contracts import Taken
from workflows.journey import PatientJourney
from workflows.runs import workflow_id

PATIENCE = timedelta(seconds=5)
"""How long an answer is waited for; the API keeps the act in the inbox after that."""
PAUSE_SECONDS = 0.05
ATTEMPT_SECONDS = 1.5
"""How long one request waits: an update that met a continue-as-new may get no answer, and is asked for again."""
NOT_THERE_SECONDS = 1.0
"""How long a journey that does not run is asked for again: as long as a continue-as-new may take."""

_AGAIN = frozenset(
    {
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)
"""A continue-as-new that is under way, a workflow task that is done anew, or too many updates in flight."""
_REFUSALS: Mapping[str, type[Refused]] = {
    NotReady.code: NotReady,
    "unknown-anchor": NotFound,
    "unknown-parameter": NotFound,
    "unknown-task": NotFound,
    "unknown-track": NotFound,
    "unknown-visit": NotFound,
    "unknown-outcome": Invalid,
    "wrong-value": Invalid,
}
"""By the engine's code; the others are conflicts."""


async def act(client: Client, journey: str, event: AnyEvent, *, patience: timedelta = PATIENCE) -> Taken:
    """Hand an event to the journey and give its turn; the same event again gives an answer again, and does nothing.

    Raises:
        NotReady: the journey has not begun, is catching up, or runs no more.
        Refused: another refusal of the journey, with its reason.
        EngineUnavailable: Temporal or its workers did not answer in time; the act may still be taken in.
    """
    # `Any`, because the SDK leaves a part of this method's overloads untyped.
    handle: Any = client.get_workflow_handle_for(PatientJourney.run, workflow_id(journey))
    loop = asyncio.get_running_loop()
    began = loop.time()
    deadline = began + patience.total_seconds()
    while True:
        left = min(max(deadline - loop.time(), PAUSE_SECONDS), ATTEMPT_SECONDS)
        try:
            taken: Taken = await handle.execute_update(
                PatientJourney.act, event, id=event.id, rpc_timeout=timedelta(seconds=left)
            )
            return taken
        except WorkflowUpdateFailedError as failed:
            trouble: TongxingError = _refusal(failed.cause)
            again = isinstance(trouble, NotReady)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            again, trouble = True, EngineUnavailable()
        except RPCError as failed:
            there = failed.status != RPCStatusCode.NOT_FOUND
            again = failed.status in _AGAIN and (there or loop.time() < began + NOT_THERE_SECONDS)
            trouble = _unreached(failed)
        if not again or loop.time() + PAUSE_SECONDS >= deadline:
            raise trouble
        await asyncio.sleep(PAUSE_SECONDS)


def _refusal(cause: BaseException) -> Refused | EngineUnavailable:
    if not isinstance(cause, ApplicationError) or cause.type is None:
        return EngineUnavailable()
    return _REFUSALS.get(cause.type, Conflict)(cause.message)


def _unreached(failed: RPCError) -> NotReady | EngineUnavailable:
    if failed.status == RPCStatusCode.NOT_FOUND:
        return NotReady("The journey does not run: it has not begun yet, or is over.")
    return EngineUnavailable()
