"""What waits for another track or for an exclusion to end: looked at again when that may have changed."""

from dataclasses import replace

from pathways.engine import plans
from pathways.engine.admission import admit, truth_of_exclusion
from pathways.engine.journey import Cause
from pathways.engine.precedence import first_ones
from pathways.engine.starts import as_of_now, cannot_be_read, carry_out, still_holds
from pathways.engine.turn import Turn
from pathways.language.conditions import Truth


def look(turn: Turn, name: str) -> None:
    """What is no longer excluded is admitted; what still is stays deferred."""
    state, track = turn.state(name), turn.track(name)
    assert track.unless is not None, "only what it excludes is deferred"
    turn.remember(name, replace(state, deferred_at=turn.now))
    if truth_of_exclusion(turn, track.unless) is Truth.TRUE:
        return
    turn.remember(name, replace(turn.state(name), deferred=(), deferred_at=None))
    for cause in state.deferred:
        _again(turn, name, cause)


def look_after(turn: Turn) -> None:
    """With every turn: what is deferred to no moment, or to one that has passed, is let go as soon as it may be."""
    if turn.journey.status == "ended":
        return
    for name, state in tuple(turn.journey.tracks.items()):
        if not state.deferred or turn.paused(name):
            continue
        moment, unless = plans.deferred_to(turn.track(name), turn.journey, turn.facts), turn.track(name).unless
        ahead = moment is not None and moment > turn.now
        if not ahead and unless is not None and truth_of_exclusion(turn, unless) is not Truth.TRUE:
            turn.cause = f"deferred/{turn.now.isoformat()}/{len(turn.reasons)}"
            look(turn, name)


def let_through(turn: Turn) -> bool:
    """What gave way comes when the tracks that went first were undone, and is dropped when one of them was done.

    Whether anything of it was decided.
    """
    decided = False
    if turn.journey.status == "ended":
        return decided
    for name, state in tuple(turn.journey.tracks.items()):
        for cause in state.yielded:
            first = [activation for _, activation in first_ones(turn, name)]
            if any(activation.state == "running" for activation in first):
                continue
            since = [a for a in first if a.ended is not None and a.ended >= cause.received]
            decided = True
            turn.cause = f"yielded/{turn.now.isoformat()}/{len(turn.reasons)}"
            turn.remember(name, turn.state(name).keeping(lambda other, cause=cause: other != cause))
            if any(activation.state == "done" for activation in since):
                turn.decide("satisfied", track=name, occurrence=cause.occurrence)
            else:
                _again(turn, name, cause)
    return decided


def _again(turn: Turn, name: str, cause: Cause) -> None:
    if still_holds(turn, name, cause):
        carry_out(turn, admit(turn, name, as_of_now(turn, cause), values={}))
    elif cannot_be_read(turn, name, cause):
        carry_out(turn, admit(turn, name, as_of_now(turn, cause), values={}, kind="first-task"))
    else:
        turn.decide("false", track=name, occurrence=cause.occurrence)
