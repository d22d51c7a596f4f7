"""What people do: committed to the inbox first, then handed to the journey, then shown by the store.

So nothing that was accepted is lost, whichever neighbour is away.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic, sleep
from typing import Literal

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import JourneyEnded, OutcomeUndeclared, TaskClosed, TaskHeld
from api.house import House
from api.idempotency import Answer, Once
from pathways.engine.events import AnyEvent
from pathways.engine.refusals import refusal
from pathways.errors import Conflict, EngineUnavailable, Invalid, NotFound, NotReady, Refused, StoreUnavailable
from store import audit, foresights, inbox, journeys, releases, tables, tasks
from store.database import Session, wait_for_sequence

LOOK_SECONDS = 0.02
State = Literal["done", "taken", "kept", "refused"]

_REFUSALS: Mapping[str, type[Refused]] = {
    "journey-ended": JourneyEnded,
    "task-closed": TaskClosed,
    "task-held": TaskHeld,
    "unknown-anchor": NotFound,
    "unknown-outcome": OutcomeUndeclared,
    "unknown-parameter": NotFound,
    "unknown-task": NotFound,
    "unknown-track": NotFound,
    "unknown-visit": NotFound,
    "wrong-value": Invalid,
}
"""What a refusal of the engine is to a caller; every other one is a conflict."""


class Act(BaseModel):
    """Something that was done to a journey, and how far it got."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "id": "5f0c2f4b8f6d4a3f9c1e2d3b4a5f6071",
                "journey": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "what": "task-completed",
                "state": "kept",
            }
        },
    )

    id: str
    journey: str
    what: str
    state: State = Field(
        description="`done`: the store shows it; `taken`: the journey took it in, the store follows; `kept`: it waits"
        " for its journey with its real time; `refused`: the journey did not take it in."
    )
    code: str | None = Field(
        default=None, description="Of `refused`: why, where the journey said, such as `task-closed`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """An event for a journey.

    `ahead`: it is about a task that the store opened before the journey took in its cause, so a journey that does not
    know the task yet is no reason to refuse.
    """

    journey: tables.Journey
    event: AnyEvent
    ahead: bool = False


def do(house: House, once: Once, make: Callable[[Session, datetime], Doing], *, actor: str) -> Act:
    """Commit what `make` makes, then hand it to the journey; call it from a worker thread.

    Raises:
        Refused: it cannot be; nothing changed.
    """
    now = house.clock()
    with house.database.write() as session:
        answer = once.recall(session)
        if answer is not None:
            row = inbox.read(session, str(answer.body["event"]))
            known = None if row is None else shown(session, row)
            if row is None or known is None or known.state == "refused":
                because = _REFUSALS.get(known.code or "", Conflict) if known else Conflict
                raise because("The journey did not take this in.", hint="Read the journey again.")
            if known.state == "done":
                return known
            doing = Doing(
                journey=journeys.read(session, row.journey), event=inbox.event_of(row), ahead=bool(answer.body["ahead"])
            )
        else:
            doing = make(session, now)
            check(session, doing)
            # It is handed over right now; the sweeper waits a moment before it takes the row for a forgotten one.
            inbox.mark_signalled(session, [inbox.add(session, journey=doing.journey, event=doing.event).id], now=now)
            once.remember(session, Answer(status=202, body={"event": doing.event.id, "ahead": doing.ahead}), now=now)
            subject = getattr(doing.event, "task", doing.journey.id)
            audit.record(session, at=now, actor=actor, action=doing.event.kind, subject=subject)
    return _perform(house, doing)


def check(session: Session, doing: Doing) -> None:
    """Refuse what the journey, as the store shows it, would refuse.

    Raises:
        Refused: of the class that the engine's code stands for.
    """
    if doing.ahead:
        return
    release = releases.load(releases.read(session, doing.journey.release))
    refused = refusal(release, journeys.state_of(doing.journey), doing.event)
    if refused is not None:
        message = refused.message[:1].upper() + refused.message[1:] + "."
        raise _REFUSALS.get(refused.code, Conflict)(message)


def _perform(house: House, doing: Doing) -> Act:
    journey, event = doing.journey.id, doing.event
    try:
        taken = house.engine.act(journey, event)
    except (EngineUnavailable, NotReady):
        _look_ahead(house, journey)
        return Act(id=event.id, journey=journey, what=event.kind, state="kept")
    except Refused:
        if doing.ahead:
            if _adopted(house, doing):
                return _perform(house, replace(doing, ahead=False))
            return Act(id=event.id, journey=journey, what=event.kind, state="kept")
        with house.database.write() as session:
            inbox.mark_refused(session, [event.id])
            tasks.close_unadopted(session, [event.id], now=house.clock())
        raise
    try:
        there = wait_for_sequence(house.database, journey, taken.sequence, house.settings.projection_wait_seconds)
    except StoreUnavailable:
        there = False
    return Act(id=event.id, journey=journey, what=event.kind, state="done" if there else "taken")


def _adopted(house: House, doing: Doing) -> bool:
    """Whether the journey takes in the cause of the task within the time that an answer may wait."""
    task, deadline = getattr(doing.event, "task", None), monotonic() + house.settings.projection_wait_seconds
    while monotonic() < deadline:
        with suppress(StoreUnavailable), house.database.read() as session:
            if task is not None and not tasks.is_ahead(session, task):
                return True
        sleep(LOOK_SECONDS)
    return False


def _look_ahead(house: House, journey: str) -> None:
    """What a kept act makes urgent for others does not wait for the engine; the act itself is safe already."""
    with suppress(StoreUnavailable), house.database.write() as session:
        foresights.look_ahead(session, journey, house.policy, now=house.clock())


def accepted(request: Request, response: Response, act: Act) -> Act:
    """Answer 202 with where to look where the store does not show the act yet."""
    if act.state != "done":
        response.status_code = 202
        response.headers["Location"] = str(request.app.url_path_for("read_act", act=act.id))
    return act


def shown(session: Session, row: tables.Inbox) -> Act:
    """How far an act got, by its inbox row and by what its journey decided when its turn came."""
    states: Mapping[tables.InboxState, State] = {"pending": "kept", "reflected": "done", "refused": "refused"}
    code = journeys.refusal_of(session, row.id) if row.state == "reflected" else None
    state = states[row.state] if code is None else "refused"
    return Act(id=row.id, journey=row.journey, what=row.kind, state=state, code=code)
