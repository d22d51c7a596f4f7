"""Which track goes first: what gives way to a more urgent one, and what stops others when it starts."""

from collections.abc import Iterator
from dataclasses import replace

from pathways.engine.journey import Activation, Cause
from pathways.engine.ladders import open_tasks
from pathways.engine.turn import Turn
from pathways.engine.undo import OF_THE_TRACK, undo
from pathways.engine.verdicts import Verdict
from pathways.language.trigger import At, Becomes, Every, Overdue, Silent

_STARTED_BY_TIME = (At, Every, Silent, Overdue, Becomes)


def gives_way(turn: Turn, verdict: Verdict) -> bool:
    """Whether the start gives way: a track that goes first has an open task, or has started at this instant."""
    yields_to = turn.track(verdict.track).yields_to
    if not yields_to or verdict.kind != "steps" or verdict.cause.chosen:
        return False
    return any(
        (activation.state == "running" and bool(open_tasks(turn, key)))
        or (activation.started == turn.now and activation.state != "undone")
        for key, activation in first_ones(turn, verdict.track)
    )


def first_ones(turn: Turn, name: str) -> Iterator[tuple[str, Activation]]:
    """The activations of the tracks to which the track yields."""
    yields_to = turn.track(name).yields_to
    for key, activation in turn.journey.activations.items():
        if activation.track in yields_to and activation.kind == "steps":
            yield key, activation


def interrupt(turn: Turn, name: str, key: str, cause: Cause) -> None:
    """Stops the tracks that this one interrupts: what runs is undone, what waits is dropped, what is planned stops.

    What the same occurrence has just started beside it goes on.
    """
    for other in interrupted_by(turn, name):
        state = turn.state(other)
        for waiting in state.unstarted:
            turn.decide("interrupted", track=other, occurrence=waiting.occurrence, step=name)
        state = state.keeping(lambda _: False)
        # A track that a person or step had stopped before stays stopped, whatever becomes of this.
        if isinstance(turn.track(other).when, _STARTED_BY_TIME) and (not state.stopped or state.interrupted):
            state = replace(state, stopped=True, interrupted=key)
        turn.remember(other, state)
        for running, activation in tuple(turn.journey.activations.items()):
            runs = activation.track == other and activation.state == "running" and activation.kind in OF_THE_TRACK
            beside = activation.started == turn.now and cause.occurrence in {c.occurrence for c in activation.causes}
            if runs and not beside:
                undo(turn, running, "interrupted")
                turn.decide("interrupted", track=other, occurrence=activation.occurrence, step=name)


def interrupted_by(turn: Turn, name: str) -> list[str]:
    """The tracks that a start of this one stops, in file order."""
    named, tracks = turn.track(name).interrupts, turn.release.pathway.tracks
    return [
        other
        for other, track in tracks.items()
        if other != name and (not track.safety if named == "all" else other in named)
    ]
