"""What something that happened means for each track: a verdict, decided on the state before any track acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pathways.engine.caps import capped_until
from pathways.engine.clocks import moved
from pathways.engine.evidence import Filed, known_features, latest, shown_features
from pathways.engine.journey import ActivationKind, Cause, Reading, Scalar
from pathways.engine.ladders import open_tasks
from pathways.engine.questions import first_task, is_urgent
from pathways.engine.reasons import Code
from pathways.engine.turn import Turn
from pathways.language.conditions import Truth
from pathways.language.definition import Observed, Track

Intent = Literal["none", "start", "restart", "attach", "annotate", "cap", "hold", "lose"]
Values = Mapping[str, Scalar | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One decision on a track and occurrence, and the change that it intends."""

    track: str
    code: Code
    cause: Cause
    intent: Intent = "none"
    kind: ActivationKind = "steps"
    """What would be walked, where something starts."""
    target: str | None = None
    """The activation to attach to or to lose a cause of."""
    note: str | None = None
    values: Values = field(default_factory=dict[str, "Scalar | None"])


def cause_of(reading: Reading) -> Cause:
    """The cause that a version of a result is."""
    return Cause(
        kind="observed",
        occurrence=f"{reading.id}/{reading.version}/{reading.status}",
        received=reading.received,
        result=reading.id,
        low=reading.low,
        high=reading.high,
    )


def truth_of(turn: Turn, trigger: Observed, reading: Reading) -> tuple[Truth, Values]:
    """Whether the trigger's condition holds for the reading, and what was looked at."""
    if reading.void:
        return Truth.FALSE, {"status": reading.status}
    condition = turn.release.condition(trigger.if_)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now, reading=reading)
    return condition.evaluate(known), shown_features(known)


def decide_result(turn: Turn, filed: Filed, reading: Reading) -> list[Verdict]:
    """A verdict for every track that watches the data of the result, in file order."""
    watching = [
        (name, track, track.when)
        for name, track in turn.release.pathway.tracks.items()
        if isinstance(track.when, Observed) and track.when.observed == reading.data
    ]
    if filed.verdict in {"duplicate", "superseded", "beyond-the-horizon"}:
        return [unchanged(turn, name, filed, reading) for name, _, _ in watching]
    asked = next((name for name, track, _ in watching if track.safety), watching[0][0] if watching else None)
    return [_observed(turn, name, track, trigger, reading, asked == name) for name, track, trigger in watching]


def unchanged(turn: Turn, name: str, filed: Filed, reading: Reading) -> Verdict:
    """What a version that changes nothing means for a track that watches its data."""
    cause = cause_of(reading)
    if filed.verdict != "beyond-the-horizon":
        code: Code = "duplicate" if filed.verdict == "duplicate" else "superseded"
        return Verdict(track=name, code=code, cause=cause)
    if reading.id in turn.state(name).used and turn.journey.status != "ended":
        return review(turn, name, cause, "beyond-the-horizon", {})
    return Verdict(track=name, code="beyond-the-horizon", cause=cause)


def _observed(turn: Turn, name: str, track: Track, trigger: Observed, reading: Reading, asked: bool) -> Verdict:
    cause = cause_of(reading)
    truth, values = truth_of(turn, trigger, reading)
    if turn.journey.status == "ended":
        return _after_exit(turn, name, track, reading, truth, values)
    if not (reading.settled or reading.void or track.safety):
        return Verdict(track=name, code="not-final", cause=cause, values=values)
    holder = attached(turn, name, reading.id)
    if reading.unread is not None and not reading.void:
        return _unread(turn, name, track, cause, reading, holder, asked)
    if truth is not Truth.TRUE:
        return _not_true(turn, name, cause, holder, truth, values)
    if holder is not None:
        return _still_true(turn, name, trigger, cause, holder, values)
    age_limit = None if trigger.fresh is None else moved(reading.effective, trigger.fresh, turn.facts, turn.zone)
    if age_limit is not None and reading.received > age_limit:
        return review(turn, name, cause, "stale", values)
    return admit(turn, name, cause, values=values)


def _after_exit(turn: Turn, name: str, track: Track, reading: Reading, truth: Truth, values: Values) -> Verdict:
    """A value from before the exit that a safety track would have acted on reaches a person; not after a death."""
    exit_ = turn.journey.exit
    late = exit_ is not None and exit_.reason != "died" and reading.effective < exit_.at
    acts = bool(track.safety) and (truth is Truth.TRUE or (reading.unread is not None and not reading.void))
    cause = cause_of(reading)
    if late and acts and attached(turn, name, reading.id) is None:
        return review(turn, name, cause, "ended", values)
    return Verdict(track=name, code="ended", cause=cause, values=values)


def _unread(
    turn: Turn, name: str, track: Track, cause: Cause, reading: Reading, holder: str | None, asked: bool
) -> Verdict:
    values: Values = {reading.data: reading.unread}
    if holder is not None:
        return Verdict(track=name, code="unreadable", cause=cause, intent="annotate", target=holder, values=values)
    if not asked:
        return Verdict(track=name, code="unknown", cause=cause, values=values)
    if not track.safety or first_task(track.steps) is None:
        return review(turn, name, cause, "unreadable", values)
    return admit(turn, name, cause, values=values, kind="first-task")


def _not_true(turn: Turn, name: str, cause: Cause, holder: str | None, truth: Truth, values: Values) -> Verdict:
    code: Code = "false" if truth is Truth.FALSE else "unknown"
    if holder is None:
        return Verdict(track=name, code=code, cause=cause, intent="lose", values=values)
    others = [other for other in turn.activation(holder).causes if other.result != cause.result]
    lost: Code = "re-based" if others else "undone"
    return Verdict(track=name, code=lost, cause=cause, intent="lose", target=holder, values=values)


def _still_true(turn: Turn, name: str, trigger: Observed, cause: Cause, holder: str, values: Values) -> Verdict:
    worse = is_worse(trigger, cause, turn.activation(holder).base)
    if worse and not open_tasks(turn, holder):
        return admit(turn, name, cause, values=values)
    code: Code = "worse" if worse else "annotated"
    return Verdict(track=name, code=code, cause=cause, intent="attach", target=holder, values=values)


def review(turn: Turn, name: str, cause: Cause, code: Code, values: Values) -> Verdict:
    """A person of the track's first role looks at the value; one open review a track."""
    opened = _running(turn, name, "review")
    return Verdict(
        track=name,
        code=code,
        cause=cause,
        intent="start" if opened is None else "annotate",
        kind="review",
        target=opened,
        note=code,
        values=values,
    )


def _running(turn: Turn, name: str, kind: ActivationKind) -> str | None:
    activations = turn.journey.activations.items()
    return next((key for key, a in activations if (a.track, a.kind, a.state) == (name, kind, "running")), None)


def _question(turn: Turn, name: str, cause: Cause, values: Values) -> Verdict:
    """A person decides whether the track starts; one open question a track."""
    opened = _running(turn, name, "question")
    worse = opened is not None and is_worse(turn.track(name).when, cause, turn.activation(opened).base)
    return Verdict(
        track=name,
        code="worse" if worse else "asked",
        cause=cause,
        intent="start" if opened is None else "attach",
        kind="question",
        target=opened,
        values=values,
    )


def admit(
    turn: Turn,
    name: str,
    cause: Cause,
    *,
    values: Values,
    kind: ActivationKind = "steps",
) -> Verdict:
    """What becomes of something that would start the track. What a person chose passes exclusions and caps."""
    track = turn.track(name)

    def verdict(code: Code, intent: Intent, target: str | None = None, **more: str) -> Verdict:
        return Verdict(
            track=name,
            code=code,
            cause=cause,
            intent=intent,
            target=target,
            kind=kind,
            values=values,
            note=more.get("note"),
        )

    if turn.journey.status == "ended":
        return verdict("ended", "none")
    if turn.paused(name):
        return verdict("held", "hold")
    excluded = Truth.FALSE if cause.chosen or track.unless is None else _excluded(turn, track.unless)
    if excluded is Truth.TRUE:
        return verdict("excluded", "none")
    if excluded is Truth.UNKNOWN and not track.safety:
        return _question(turn, name, cause, values)
    worse = is_worse(track.when, cause, turn.state(name).last_base)
    until = (
        None
        if cause.chosen or track.at_most is None
        else capped_until(track.at_most, turn.state(name), cause.received, turn.facts, turn.zone)
    )
    running = [
        key for key, other in turn.journey.activations.items() if _runs(other.track, other.kind, other.state, name)
    ]
    if running and track.while_running == "ignore":
        return verdict("ignored", "none")
    joinable = next((key for key in reversed(running) if _joinable(turn, key, track)), None)
    if joinable is not None and track.while_running == "join":
        code: Code = "worse" if is_worse(track.when, cause, turn.activation(joinable).base) else "joined"
        return verdict("capped" if code == "joined" and until is not None else code, "attach", joinable)
    if until is not None and not worse:
        return verdict("capped", "cap")
    note = "exclusion-unknown" if excluded is Truth.UNKNOWN else None
    intent: Intent = "restart" if running and track.while_running == "restart" else "start"
    return verdict("started", intent, **({} if note is None else {"note": note}))


def _excluded(turn: Turn, text: str) -> Truth:
    condition = turn.release.condition(text)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now)
    return condition.evaluate(known)


def _runs(track: str, kind: ActivationKind, state: str, name: str) -> bool:
    return track == name and kind in {"steps", "first-task"} and state == "running"


def _joinable(turn: Turn, key: str, track: Track) -> bool:
    """Joining needs an open task at least as urgent as the track's first; a track without tasks is joined as it is."""
    first = first_task(track.steps)
    return first is None or any(is_urgent(step) >= is_urgent(first) for _, _, step in open_tasks(turn, key))


def is_worse(trigger: object, cause: Cause, base: float | None) -> bool:
    """Whether the value is worse than the base by what the trigger says."""
    if not isinstance(trigger, Observed) or trigger.worse is None or base is None:
        return False
    value = cause_value(trigger, cause)
    if value is None:
        return False
    if trigger.worse == "lower":
        return value < base and value <= base - trigger.by
    return value > base and value >= base + trigger.by


def cause_value(trigger: object, cause: Cause) -> float | None:
    """The number that a cause is compared by."""
    if not isinstance(trigger, Observed):
        return None
    higher = trigger.worse == "higher"
    first, second = (cause.low, cause.high) if higher else (cause.high, cause.low)
    return first if first is not None else second


def attached(turn: Turn, track: str, result: str) -> str | None:
    """The latest activation of the track that stands on the result; an undone one while work that was begun is open."""
    found = [
        key
        for key, activation in turn.journey.activations.items()
        if activation.track == track
        and activation.kind in {"steps", "first-task", "review", "question"}
        and (activation.state != "undone" or open_tasks(turn, key))
        and any(cause.result == result for cause in activation.causes)
    ]
    return found[-1] if found else None


def later_false(turn: Turn, trigger: Observed, reading: Reading) -> bool:
    """Whether a later value of the same data does not meet the condition any more."""
    newest = latest(turn.journey.readings.values(), reading.data)
    return (
        newest is not None
        and newest.effective > reading.effective
        and truth_of(turn, trigger, newest)[0] is Truth.FALSE
    )
