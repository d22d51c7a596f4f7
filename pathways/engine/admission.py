"""Whether something that would start a track does: exclusions, pauses, caps and what runs already are asked here."""

from pathways.engine.caps import capped_until
from pathways.engine.evidence import known_features
from pathways.engine.journey import ActivationKind, Cause
from pathways.engine.ladders import open_tasks
from pathways.engine.questions import first_task, is_urgent
from pathways.engine.reasons import Code
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Intent, Values, Verdict
from pathways.language.conditions import Truth
from pathways.language.definition import Track
from pathways.language.trigger import Observed


def review(turn: Turn, name: str, cause: Cause, code: Code, values: Values) -> Verdict:
    """A person of the track's first role looks at the value; one open review a track."""
    opened = _running(turn, name, "review")
    return Verdict(
        track=name,
        code=code,
        cause=cause,
        intent="start" if opened is None else "attach",
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
        if cause.chosen or track.at_most is None or kind == "first-task"
        else capped_until(track.at_most, turn.state(name), cause.received, turn.facts, turn.zone)
    )
    running = _running_for(turn, name, kind)
    if running and track.while_running == "ignore":
        return verdict("ignored", "none")
    joinable = next((key for key in reversed(running) if _joinable(turn, key, track)), None)
    if joinable is not None and track.while_running == "join":
        code: Code = "worse" if is_worse(track.when, cause, turn.activation(joinable).base) else "joined"
        return verdict("capped" if code == "joined" and until is not None else code, "attach", joinable)
    if running and track.while_running == "restart" and _is_older(turn, cause, running[-1]):
        return verdict("joined", "attach", running[-1])
    if until is not None and not worse:
        return verdict("capped", "cap")
    note = "exclusion-unknown" if excluded is Truth.UNKNOWN else None
    intent: Intent = "restart" if running and track.while_running == "restart" else "start"
    return verdict("started", intent, **({} if note is None else {"note": note}))


def _excluded(turn: Turn, text: str) -> Truth:
    condition = turn.release.condition(text)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now)
    return condition.evaluate(known)


def _running_for(turn: Turn, name: str, kind: ActivationKind) -> list[str]:
    """What runs of the track; a value that can be acted on does not count what only looks at one that could not."""
    kinds = {"steps", "first-task"} if kind == "first-task" else {"steps"}
    activations = turn.journey.activations.items()
    return [key for key, a in activations if a.track == name and a.kind in kinds and a.state == "running"]


def _is_older(turn: Turn, cause: Cause, running: str) -> bool:
    """Whether the value was taken before the one that runs: it never takes its place."""
    readings = turn.journey.readings
    mine = readings.get(cause.result or "")
    theirs = [readings[c.result] for c in turn.activation(running).causes if c.result and c.result in readings]
    return mine is not None and any(other.effective > mine.effective for other in theirs)


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
