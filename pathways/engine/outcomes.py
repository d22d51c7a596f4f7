"""What one part of a journey means for others: tracks that wait for an outcome or a miss, are started or stopped."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from pathways.engine import undo
from pathways.engine.admission import admit, review
from pathways.engine.exits import UNREVIEWED, leave
from pathways.engine.journey import Cause, CauseKind, Effect, ExitReason
from pathways.engine.starts import cannot_be_read, carry_out, carry_out_all, still_holds
from pathways.engine.turn import Turn
from pathways.language.trigger import At, Every, Missed, Outcome, Overdue, Unanswered


def take_effect(turn: Turn, effect: Effect) -> None:
    """Serves one effect of this or an earlier turn."""
    match effect.kind:
        case "missed" | "outcome" | "unanswered":
            cause = _cause(effect, effect.kind)
            carry_out_all(turn, [admit(turn, name, cause, values={}) for name in waiting(turn, effect)])
        case "start":
            carry_out(turn, admit(turn, effect.name, _started_by(turn, effect), values={}))
        case "unstart":
            _unstart(turn, effect)
        case "unmissed":
            for name in waiting(turn, replace(effect, kind="missed")):
                _unstart(turn, replace(effect, name=name))
        case "stop":
            stop(turn, effect.name, step=effect.path)
        case "end":
            depart(turn, "completed", effect.at)
        case _:
            assert_never(effect.kind)


def depart(turn: Turn, reason: ExitReason, at: datetime) -> None:
    """Ends the journey; a value that still waits for a safety track is reviewed, where there is somebody to help."""
    tracks = turn.release.pathway.tracks.items() if reason not in UNREVIEWED else ()
    for name in [name for name, track in tracks if track.safety]:
        for cause in turn.state(name).unstarted:
            waits = cause.subject is not None and turn.journey.status != "ended"
            if waits and (still_holds(turn, name, cause) or cannot_be_read(turn, name, cause)):
                told, turn.cause = turn.cause, f"ended/{turn.now.isoformat()}/{len(turn.reasons)}"
                carry_out(turn, review(turn, name, cause, "ended", {}))
                turn.cause = told
    leave(turn, reason, at)


def _cause(effect: Effect, kind: CauseKind) -> Cause:
    return Cause(kind=kind, occurrence=f"{effect.activation}:{effect.path}", received=effect.at)


def _started_by(turn: Turn, effect: Effect) -> Cause:
    """What a step starts; where a person decided on a value, the track stands on that value."""
    cause = replace(_cause(effect, "step"), chosen=effect.chosen)
    asked = turn.journey.activations.get(effect.activation)
    if asked is None or asked.kind not in {"question", "review"} or not asked.causes:
        return cause
    about = asked.causes[-1]
    if about.kind == "planned":
        # It is that occurrence, for its date.
        cause = replace(cause, occurrence=about.occurrence, planned=turn.now, planned_for=about.planned_for)
    return replace(
        cause,
        kind=about.kind,
        result=about.result,
        answers=about.answers,
        low=about.low,
        high=about.high,
        bound=about.bound,
    )


def waiting(turn: Turn, effect: Effect) -> list[str]:
    """The tracks that wait for this miss, silence or outcome, in file order."""
    found: list[str] = []
    for name, track in turn.release.pathway.tracks.items():
        match track.when:
            case Missed(missed=missed) if effect.kind == "missed" and missed == effect.name:
                found.append(name)
            case Unanswered(unanswered=form, times=times) if effect.kind == "unanswered" and form == effect.name:
                if len(turn.journey.unanswered.get(form, ())) % times == 0:
                    found.append(name)
            case Outcome(outcome=outcome, of=task) if effect.kind == "outcome" and task == effect.name:
                if outcome == effect.outcome:
                    found.append(name)
            case _:
                pass
    return found


def stop(turn: Turn, name: str, *, step: str | None = None) -> None:
    """Stops a track, by hand or by a step: what it did is undone, what waits or is planned for it is forgotten."""
    planned = isinstance(turn.track(name).when, At | Every | Overdue)
    turn.remember(name, replace(turn.state(name).keeping(lambda _: False), stopped=planned, interrupted=None))
    running = [
        (key, activation)
        for key, activation in turn.journey.activations.items()
        if activation.track == name and activation.state == "running" and activation.kind in undo.OF_THE_TRACK
    ]
    for key, activation in running:
        undo.undo(turn, key, "stopped")
        turn.decide("stopped", track=name, occurrence=activation.occurrence, step=step)
    if not running:
        turn.decide("stopped", track=name, step=step)


def _unstart(turn: Turn, effect: Effect) -> None:
    occurrence = f"{effect.activation}:{effect.path}"
    turn.remember(effect.name, turn.state(effect.name).keeping(lambda cause: cause.occurrence != occurrence))
    for key, activation in tuple(turn.journey.activations.items()):
        mine = tuple(cause for cause in activation.causes if cause.occurrence != occurrence)
        if activation.track == effect.name and activation.state != "undone" and len(mine) < len(activation.causes):
            if mine:
                turn.put(replace(activation, causes=mine))
            else:
                undo.undo(turn, key, "undone")
                turn.decide("undone", track=activation.track, occurrence=activation.occurrence, step=effect.path)
