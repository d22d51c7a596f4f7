"""Carrying out verdicts: a track starts, something attaches to it, waits for a cap, or takes its cause away."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from pathways.engine import undo
from pathways.engine.admission import admit, cause_value, review
from pathways.engine.answering import answers_still_hold
from pathways.engine.caps import counted_starts
from pathways.engine.confirmation import alone_until, follows
from pathways.engine.ids import activation_id
from pathways.engine.journey import Activation, Cause, Reading
from pathways.engine.ladders import annotate, worsen
from pathways.engine.lapses import uncount
from pathways.engine.panels import stood_on
from pathways.engine.precedence import first_ones, gives_way, interrupt
from pathways.engine.steps import begin
from pathways.engine.triggers import later_false
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Verdict
from pathways.engine.watching import occurrence_of, truth_of
from pathways.language.conditions import Truth
from pathways.language.trigger import Answered, Confirm, Observed

ACTED_ON = frozenset({"started", "joined", "capped", "worse", "annotated"})
"""Codes of verdicts for which the value is true and acted on."""


def carry_out_all(turn: Turn, verdicts: Iterable[Verdict]) -> None:
    """Carries out the verdicts of one event in their order, those of tracks that yield after the others."""
    for verdict in sorted(verdicts, key=lambda verdict: turn.release.rank(verdict.track)):
        carry_out(turn, verdict)


def carry_out(turn: Turn, verdict: Verdict) -> None:
    """Does what the verdict intends and leaves its reason."""
    if verdict.intent in {"start", "restart"} and gives_way(turn, verdict):
        verdict = replace(verdict, code="yielded", intent="yield")
    if verdict.cause.subject is not None and verdict.code in ACTED_ON and verdict.kind == "steps":
        undo.cancel_corrections(turn, verdict.track, verdict.cause)
    turn.decide(verdict.code, track=verdict.track, occurrence=verdict.cause.occurrence, values=dict(verdict.values))
    match verdict.intent:
        case "none":
            pass
        case "hold" | "cap" | "defer" | "yield" | "wait":
            _wait(turn, verdict)
        case "annotate":
            annotate(turn, verdict.target or "", verdict.code, verdict.values, flag=True)
        case "attach":
            _attach(turn, verdict, verdict.target or "")
        case "lose":
            _forget(turn, verdict)
            drop_unconfirmed(turn, verdict.track, verdict.cause)
            if verdict.target is not None:
                _lose(turn, verdict, verdict.target)
        case "restart":
            stood_on: list[Cause] = []
            for key, activation in tuple(turn.journey.activations.items()):
                runs = activation.track == verdict.track and activation.state == "running"
                if runs and activation.kind in undo.OF_THE_TRACK:
                    undo.undo(turn, key, "restarted")
                    stood_on += activation.causes
            _start(turn, verdict, stood_on)
        case "start":
            _start(turn, verdict)
        case _:
            assert_never(verdict.intent)


def _wait(turn: Turn, verdict: Verdict) -> None:
    """It is kept until something lets it go; what agrees with it waits for no other value any more."""
    state, cause = turn.state(verdict.track), verdict.cause
    for other in verdict.confirming:
        state = replace(state, unconfirmed=_without(state.unconfirmed, other))
    match verdict.intent:
        case "hold":
            state = replace(state, held=(*_without(state.held, cause), cause))
        case "cap":
            state = replace(state, capped=(*_without(state.capped, cause), cause))
        case "defer":
            state = replace(state, deferred=(*_without(state.deferred, cause), cause), deferred_at=turn.now)
        case "yield":
            state = replace(state, yielded=(*_without(state.yielded, cause), cause))
            _show_on_first(turn, verdict)
        case _:
            state = replace(state, unconfirmed=(*_without(state.unconfirmed, cause), cause))
    turn.remember(verdict.track, state)


def _show_on_first(turn: Turn, verdict: Verdict) -> None:
    """Whoever works at what goes first sees what gave way to it."""
    for key, first in tuple(first_ones(turn, verdict.track)):
        if first.state == "running" and first.started != turn.now:
            annotate(turn, key, verdict.code, verdict.values)


def _replaces(cause: Cause, other: Cause) -> bool:
    """Whether the cause is the other one anew: a later version of what it stands on, the same silence grown longer."""
    if other.subject is None:
        return other.kind == cause.kind and cause.kind in {"silent", "unanswered"}
    return other.subject == cause.subject


def _without(causes: tuple[Cause, ...], cause: Cause) -> tuple[Cause, ...]:
    return tuple(other for other in causes if not _replaces(cause, other))


def _forget(turn: Turn, verdict: Verdict) -> None:
    """Nothing that the verdict decides waits any more."""
    state, decided = turn.state(verdict.track), (verdict.cause, *verdict.confirming)
    kept = state.keeping(lambda other: not any(_replaces(cause, other) for cause in decided))
    if kept != state:
        turn.remember(verdict.track, kept)


def _start(turn: Turn, verdict: Verdict, stood_on: Sequence[Cause] = ()) -> None:
    """`stood_on` is what the start takes the place of: it still holds, so the activation lives on it too."""
    cause, name, track = verdict.cause, verdict.track, turn.track(verdict.track)
    _forget(turn, verdict)
    if verdict.kind == "steps":
        state = turn.state(name)
        starts = (
            () if track.at_most is None else counted_starts(track.at_most, state, cause.received, turn.facts, turn.zone)
        )
        base = cause_value(track.when, cause)
        turn.remember(name, replace(state, starts=starts, last_base=state.last_base if base is None else base))
        stood_on = [*stood_on, *undo.supersede(turn, name, {one.subject for one in (cause, *verdict.confirming)})]
    causes = (cause, *verdict.confirming)
    others = [one for one in stood_on if one.subject is not None and not any(_replaces(mine, one) for mine in causes)]
    activation = Activation(
        track=name,
        occurrence=turn.unused(name, verdict.kind, cause.occurrence),
        kind=verdict.kind,
        started=turn.now,
        received=cause.received,
        planned=cause.planned,
        planned_for=cause.planned_for,
        about=name if verdict.kind in {"question", "review"} else None,
        causes=(*others, *causes),
        bound=cause.bound,
        base=cause_value(track.when, cause) if verdict.kind in {"steps", "question"} else None,
        chosen=cause.chosen,
        note=verdict.note,
    )
    if verdict.kind == "steps":
        key = activation_id(turn.journey.id, name, activation.kind, activation.occurrence)
        interrupt(turn, name, key, cause)
    begin(turn, activation)


def _attach(turn: Turn, verdict: Verdict, key: str) -> None:
    activation, cause = turn.activation(key), verdict.cause
    base = cause_value(turn.track(verdict.track).when, cause)
    causes = activation.causes
    for one in (*verdict.confirming, cause):
        causes = (*_without(causes, one), one)
    _forget(turn, verdict)
    if verdict.kind == activation.kind == "steps":
        # It is acted on now: whoever was to look at it need not.
        others = undo.supersede(turn, verdict.track, {one.subject for one in (*verdict.confirming, cause)})
        causes = (*(one for one in others if not any(_replaces(mine, one) for mine in causes)), *causes)
        activation = turn.activation(key)
    if verdict.code != "worse":
        first = activation.base is None and verdict.kind == "steps" and activation.kind == "steps"
        turn.put(replace(activation, causes=causes, base=base if first else activation.base))
        annotate(turn, key, verdict.code, verdict.values, flag=activation.kind == "review")
        return
    turn.put(replace(activation, causes=causes, base=base))
    turn.remember(verdict.track, replace(turn.state(verdict.track), last_base=base))
    worsen(turn, key, verdict.values)


def _lose(turn: Turn, verdict: Verdict, key: str) -> None:
    """Losing one cause re-bases on the others; losing the last undoes. What is undone already only tells its holder."""
    activation = turn.activation(key)
    if activation.state == "undone":
        annotate(turn, key, "undone", verdict.values, flag=True)
        return
    causes = tuple(cause for cause in activation.causes if cause.subject != verdict.cause.subject)
    if activation.chosen:
        # A person decided to start it on this value: that is theirs to take back.
        annotate(turn, key, "undone", verdict.values, flag=True)
        return
    if not causes:
        undo.undo(turn, key, "undone")
        uncount(turn, activation)
        return
    trigger = turn.track(verdict.track).when
    values = [value for value in (cause_value(trigger, cause) for cause in causes) if value is not None]
    higher = isinstance(trigger, Observed) and trigger.worse == "higher"
    base = (max(values) if higher else min(values)) if values else None
    turn.put(replace(activation, causes=causes, base=base))
    turn.remember(verdict.track, replace(turn.state(verdict.track), last_base=base))
    annotate(turn, key, "re-based", verdict.values, flag=True)


def release_capped(turn: Turn, name: str) -> None:
    """The window of the cap ended: what is still true and has no later false one starts, together."""
    state = turn.state(name)
    turn.remember(name, replace(state, capped=()))
    live: list[Cause] = []
    for cause in state.capped:
        if still_holds(turn, name, cause):
            live.append(cause)
        else:
            turn.decide("false", track=name, occurrence=cause.occurrence)
    for number, cause in enumerate(reversed(live)):
        verdict = admit(turn, name, as_of_now(turn, cause), values={})
        if number and turn.track(name).while_running == "restart" and verdict.intent == "restart":
            verdict = replace(verdict, code="joined", intent="none")
        carry_out(turn, verdict)


def release_held(turn: Turn, name: str) -> None:
    """The pause is over: what it held is decided now."""
    state = turn.state(name)
    turn.remember(name, replace(state, held=()))
    for cause in state.held:
        if still_holds(turn, name, cause):
            carry_out(turn, admit(turn, name, as_of_now(turn, cause), values={}))
        else:
            turn.decide("false", track=name, occurrence=cause.occurrence)


def as_of_now(turn: Turn, cause: Cause) -> Cause:
    """The cause as of now: what waited for a cap or a pause is due from when it is let go."""
    return replace(cause, received=turn.now, planned=None if cause.planned is None else turn.now)


def latest_of(turn: Turn, name: str, cause: Cause) -> Reading | None:
    """The version of a result that the cause is; None where a later one came or it was let go."""
    readings = stood_on(turn.track(name).when, cause, turn.journey)
    return next((one for one in readings if occurrence_of(one) == cause.occurrence), None)


def still_holds(turn: Turn, name: str, cause: Cause) -> bool:
    """Whether the value behind the cause is still true and no later one is false."""
    trigger = turn.track(name).when
    if isinstance(trigger, Answered) and cause.answers is not None:
        return answers_still_hold(turn, trigger, cause)
    if not isinstance(trigger, Observed) or cause.result is None:
        return True
    reading = latest_of(turn, name, cause)
    return (
        reading is not None and truth_of(turn, name, reading)[0] is Truth.TRUE and not later_false(turn, name, reading)
    )


def cannot_be_read(turn: Turn, name: str, cause: Cause) -> bool:
    """Whether the value behind the cause, in that version, is one that nobody could read."""
    reading = latest_of(turn, name, cause) if cause.result is not None else None
    return reading is not None and reading.unread is not None and not reading.void


def _confirm(turn: Turn, name: str) -> Confirm | None:
    trigger = turn.track(name).when
    return trigger.confirm if isinstance(trigger, Observed) else None


def drop_unconfirmed(turn: Turn, name: str, false: Cause) -> None:
    """A false value after those that waited for others to agree: they were wrong."""
    state, confirm = turn.state(name), _confirm(turn, name)
    reading = latest_of(turn, name, false) if state.unconfirmed else None
    if confirm is None or reading is None or truth_of(turn, name, reading)[0] is not Truth.FALSE:
        return
    for cause in state.unconfirmed:
        waiting = latest_of(turn, name, cause)
        if waiting is not None and follows(turn, confirm, waiting, reading):
            turn.decide("false", track=name, occurrence=cause.occurrence)
            turn.remember(name, replace(turn.state(name), unconfirmed=_without(turn.state(name).unconfirmed, cause)))


def look_at_unconfirmed(turn: Turn, name: str) -> None:
    """Nothing came to confirm them in time: a person looks at what is still true."""
    confirm = _confirm(turn, name)
    assert confirm is not None, "values wait to be confirmed"
    for cause in turn.state(name).unconfirmed:
        if alone_until(cause, confirm, turn.facts, turn.zone) > turn.now:
            continue
        turn.remember(name, replace(turn.state(name), unconfirmed=_without(turn.state(name).unconfirmed, cause)))
        carry_out(turn, review(turn, name, cause, "unconfirmed", {}))
