"""Tracks that start when a condition becomes true, and are taken back when it stops to hold."""

from dataclasses import replace
from typing import NamedTuple

from pathways.engine.admission import admit
from pathways.engine.evidence import known_features, shown_features
from pathways.engine.journey import Cause
from pathways.engine.lapses import lapse
from pathways.engine.starts import carry_out_all
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Values, Verdict
from pathways.language.conditions import Truth
from pathways.language.trigger import Becomes


class _Looked(NamedTuple):
    """What a look at the condition of a track gave."""

    name: str
    truth: Truth
    values: Values


def look_at_conditions(turn: Turn) -> bool:
    """Starts what has become true and takes back what no longer is, all judged before any acts; whether any did."""
    if turn.journey.status == "ended":
        return False
    tracks = turn.release.pathway.tracks.items()
    found = [_look(turn, name, track.when) for name, track in tracks if isinstance(track.when, Becomes)]
    changed = [one for one in found if _has_changed(turn, one)]
    if changed:
        turn.cause = f"becomes/{turn.now.isoformat()}/{len(turn.reasons)}"
    verdicts = [_became(turn, one) for one in changed if one.truth is Truth.TRUE]
    for one in changed:
        if one.truth is Truth.FALSE:
            turn.remember(one.name, replace(turn.state(one.name), holds=False))
            lapse(turn, one.name, "becomes", str(turn.state(one.name).next - 1))
    carry_out_all(turn, verdicts)
    return bool(changed)


def _look(turn: Turn, name: str, trigger: Becomes) -> _Looked:
    condition = turn.release.condition(trigger.becomes)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now)
    return _Looked(name, condition.evaluate(known), shown_features(known))


def _has_changed(turn: Turn, looked: _Looked) -> bool:
    """Whether it holds and did not, or the other way round; a track that was stopped starts by none of it."""
    state = turn.state(looked.name)
    if looked.truth is Truth.TRUE:
        return not state.holds and not state.stopped
    return looked.truth is Truth.FALSE and state.holds


def _became(turn: Turn, looked: _Looked) -> Verdict:
    state = turn.state(looked.name)
    turn.remember(looked.name, replace(state, holds=True, next=state.next + 1))
    cause = Cause(kind="becomes", occurrence=str(state.next), received=turn.now)
    return admit(turn, looked.name, cause, values=looked.values)
