"""How a journey ends, and what becomes of what is open: one table, a row a reason, a column a kind of open thing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from pathways.engine.actions import AnnotateTask, CloseAsk, CloseTask, CloseVisit, EndJourney
from pathways.engine.journey import Exit, ExitReason, Journey
from pathways.engine.questions import find_step, is_urgent
from pathways.engine.turn import Turn
from pathways.language.definition import Ask, Task, Visit

HORIZON = timedelta(days=30)
"""How long an ended journey still takes in what belongs to the time before, and how long results may be revised."""

OpenThing = Literal["urgent-task", "begun-task", "routine-task", "message", "form", "visit", "wait"]
Disposal = Literal["keep", "cancel"]
EXITS: Mapping[ExitReason, Mapping[OpenThing, Disposal]] = {
    "completed": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "routine-task": "keep",
        "message": "cancel",
        "form": "cancel",
        "visit": "keep",
        "wait": "cancel",
    },
    "withdrawn": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
    },
    "died": {
        "urgent-task": "cancel",
        "begun-task": "cancel",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
    },
}
"""`keep`: a task stays on its list and climbs its ladder, its outcome becomes work for staff; a visit stays booked."""


def leave(turn: Turn, reason: ExitReason, at: datetime) -> None:
    """Ends the journey and disposes of everything open as the table says."""
    turn.journey = replace(turn.journey, status="ended", exit=Exit(reason=reason, at=at))
    turn.effects.clear()
    turn.decide("ended", values={"reason": reason})
    for key, activation in tuple(turn.journey.activations.items()):
        for path, node in activation.nodes.items():
            if node.end is None:
                _dispose(turn, key, path, EXITS[reason])
        if activation.state != "done":
            _settle(turn, key)
    for name, state in turn.journey.tracks.items():
        turn.remember(name, replace(state, capped=(), held=()))
    turn.act(EndJourney(reason=reason, at=at))


def _dispose(turn: Turn, key: str, path: str, row: Mapping[OpenThing, Disposal]) -> None:
    activation, node = turn.activation(key), turn.node(key, path)
    step = find_step(turn.release, activation, path)
    match step:
        case Task():
            thing: OpenThing = (
                "urgent-task" if is_urgent(step) else "begun-task" if node.holder is not None else "routine-task"
            )
        case Ask():
            thing = "form"
        case Visit():
            thing = "visit"
        case _:
            thing = "message" if node.kind == "send" else "wait"
    name = turn.id_of(key, path)
    if row[thing] == "keep":
        if isinstance(step, Task):
            turn.put_node(key, path, replace(node, flagged=True, suspended=False))
            turn.act(AnnotateTask(task=name, code="journey-ended", at=turn.now, flag=True))
        else:
            turn.put_node(key, path, replace(node, end="cancelled", ended=turn.now))
        return
    turn.put_node(key, path, replace(node, end="cancelled", ended=turn.now))
    if isinstance(step, Task):
        turn.act(CloseTask(task=name, end="cancelled", at=turn.now, why="journey-ended"))
    elif isinstance(step, Ask):
        turn.act(CloseAsk(ask=name, end="cancelled", at=turn.now))
    elif isinstance(step, Visit):
        turn.act(CloseVisit(visit=name, end="cancelled", at=turn.now))


def _settle(turn: Turn, key: str) -> None:
    """An activation goes on serving what was kept, and nothing else of its steps."""
    activation = turn.activation(key)
    kept = tuple(path for path, node in activation.nodes.items() if node.end is None)
    turn.put(replace(activation, state="undone", served=kept, ended=activation.ended or turn.now))


def has_open(journey: Journey) -> bool:
    """Whether any step of the journey is open."""
    return any(node.end is None for activation in journey.activations.values() for node in activation.nodes.values())


def finished(journey: Journey, now: datetime) -> bool:
    """Whether nothing can come to the journey any more: it ended, nothing is open, and the horizon has passed."""
    return journey.exit is not None and not has_open(journey) and now >= journey.exit.at + HORIZON
