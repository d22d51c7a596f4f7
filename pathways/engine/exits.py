"""How a journey ends, and what becomes of what is open: one table, a row a reason, a column a kind of open thing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pathways.engine.actions import AnnotateTask, CloseAsk, CloseTask, CloseVisit, EndJourney
from pathways.engine.clocks import restarted
from pathways.engine.horizons import HORIZON
from pathways.engine.journey import Activation, Exit, ExitReason, Journey, Node
from pathways.engine.questions import find_step, is_urgent
from pathways.engine.turn import Turn
from pathways.language.step import Ask, Task, Visit

OpenThing = Literal["urgent-task", "begun-task", "correction", "routine-task", "message", "form", "visit", "wait"]
Disposal = Literal["keep", "cancel"]
EXITS: Mapping[ExitReason, Mapping[OpenThing, Disposal]] = {
    "completed": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "keep",
        "message": "cancel",
        "form": "cancel",
        "visit": "keep",
        "wait": "cancel",
    },
    "withdrawn": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
    },
    "died": {
        "urgent-task": "cancel",
        "begun-task": "cancel",
        "correction": "cancel",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
    },
}
"""A `correction` is what the engine asks about what was: reviews, corrections, follow-ups.

`keep`: a task stays on its list and climbs its ladder, its outcome becomes work for staff; a visit stays booked.
"""


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
        turn.remember(name, state.keeping(lambda _: False))
    turn.act(EndJourney(reason=reason, at=at))


def _dispose(turn: Turn, key: str, path: str, row: Mapping[OpenThing, Disposal]) -> None:
    activation, node = turn.activation(key), turn.node(key, path)
    step = find_step(turn.release, activation, path)
    thing: OpenThing
    match step:
        case Task():
            thing = _kind_of_task(activation, node, step)
        case Ask():
            thing = "form"
        case Visit():
            thing = "visit"
        case _:
            thing = "message" if node.kind == "send" else "wait"
    name = turn.id_of(key, path)
    if row[thing] == "keep":
        if isinstance(step, Task):
            running = restarted(node, turn.now) if node.suspended else node
            turn.put_node(key, path, replace(running, flagged=True, waiting=None, waiting_until=None))
            turn.act(AnnotateTask(task=name, code="journey-ended", at=turn.now, flag=True))
        return
    turn.put_node(key, path, replace(node, end="cancelled", ended=turn.now))
    if isinstance(step, Task):
        turn.act(CloseTask(task=name, end="cancelled", at=turn.now, why="journey-ended"))
    elif isinstance(step, Ask):
        turn.act(CloseAsk(ask=name, end="cancelled", at=turn.now))
    elif isinstance(step, Visit):
        turn.act(CloseVisit(visit=name, end="cancelled", at=turn.now))


def _kind_of_task(activation: Activation, node: Node, step: Task) -> OpenThing:
    if is_urgent(step):
        return "urgent-task"
    if activation.kind in {"correction", "interruption", "review", "look", "decision", "follow-up"}:
        # What was told wrongly, or what nobody has looked at yet, does not go away with the journey.
        return "correction"
    return "begun-task" if node.holder is not None else "routine-task"


def _settle(turn: Turn, key: str) -> None:
    """An activation goes on serving what was kept, and nothing else of its steps."""
    activation = turn.activation(key)
    kept = tuple(path for path, node in activation.nodes.items() if node.end is None)
    turn.put(replace(activation, state="undone", served=kept, ended=activation.ended or turn.now))


def has_open_task(journey: Journey) -> bool:
    """Whether any task of the journey is open. A visit that an exit kept is the hospital's, unless a death comes."""
    nodes = (node for activation in journey.activations.values() for node in activation.nodes.values())
    return any(node.kind == "task" and node.end is None for node in nodes)


def finished(journey: Journey, now: datetime) -> bool:
    """Whether nothing can come to the journey any more: it ended, no task is open, and the horizon has passed."""
    return journey.exit is not None and not has_open_task(journey) and now >= journey.exit.at + HORIZON
