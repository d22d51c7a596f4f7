"""What time, events and answers end of themselves: the cause of a track does not hold any more."""

from dataclasses import replace

from pathways.engine.journey import CauseKind
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
