"""What time, events and answers end of themselves: the cause of a track does not hold any more."""

from dataclasses import replace

from pathways.engine.journey import Activation, CauseKind, Node
from pathways.engine.ladders import annotate
from pathways.engine.turn import Turn
from pathways.engine.undo import Why, undo


def lapse(turn: Turn, name: str, kind: CauseKind, occurrence: str) -> None:
    """Drops what waits of that kind, and undoes what stands on nothing else; what a person chose stays, and is told.

    What has ended by then is undone too: what it set does not outlive the cause.
    """
    turn.remember(name, turn.state(name).keeping(lambda cause: cause.kind != kind))
    standing = [
        (key, activation)
        for key, activation in turn.journey.activations.items()
        if activation.track == name
        and activation.state != "undone"
        and any(cause.kind == kind for cause in activation.causes)
    ]
    turn.decide("no-longer-true" if standing else "false", track=name, occurrence=occurrence)
    for key, _ in standing:
        lose(turn, key, kind, "no-longer-true")


def lose(turn: Turn, key: str, kind: CauseKind, why: Why) -> None:
    """Undoes an activation that stands on causes of that kind alone, unless a person chose it; else it is told."""
    activation = turn.activation(key)
    others = tuple(cause for cause in activation.causes if cause.kind != kind)
    if others or activation.chosen:
        turn.put(replace(activation, causes=others or activation.causes))
        annotate(turn, key, why, {}, flag=True)
    else:
        undo(turn, key, why)
        if not any(_is_work_of_people(node) for node in activation.nodes.values()):
            uncount(turn, activation)


def uncount(turn: Turn, activation: Activation) -> None:
    """A start that led to nothing neither uses up the cap nor is what later values are compared with."""
    state = turn.state(activation.track)
    others = [other for other in turn.journey.activations.values() if other.track == activation.track]
    bases = [other.base for other in others if other.state != "undone" and other.base is not None]
    starts = tuple(start for start in state.starts if start != activation.received)
    turn.remember(activation.track, replace(state, starts=starts, last_base=bases[-1] if bases else None))


def _is_work_of_people(node: Node) -> bool:
    """Whether somebody did the task or is at it: then the cap has served."""
    return node.kind == "task" and (node.end == "done" or node.holder is not None)
