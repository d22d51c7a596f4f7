"""Whether something that would start a track does: exclusions, pauses, caps and what runs already are asked here."""

from dataclasses import dataclass

from pathways.engine.caps import capped_until
from pathways.engine.evidence import known_features
from pathways.engine.journey import ActivationKind, Cause, CauseKind
from pathways.engine.ladders import open_tasks
from pathways.engine.panels import stood_on
from pathways.engine.questions import first_task, is_urgent
from pathways.engine.reasons import Code
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Intent, Values, Verdict
from pathways.language.conditions import Truth
from pathways.language.definition import Track
from pathways.language.trigger import Observed

BY_TIME: frozenset[CauseKind] = frozenset({"planned", "silent", "overdue", "becomes"})
"""What the clock starts: a track that was stopped takes none of it."""


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What would start a track, before anybody decided."""

    turn: Turn
    name: str
    cause: Cause
    values: Values
    kind: ActivationKind

    @property
    def track(self) -> Track:
        return self.turn.track(self.name)

    def verdict(self, code: Code, intent: Intent, target: str | None = None, note: str | None = None) -> Verdict:
        return Verdict(
            track=self.name,
            code=code,
            cause=self.cause,
            intent=intent,
            target=target,
            kind=self.kind,
            values=self.values,
            note=note,
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
    candidate = _Candidate(turn, name, cause, values, kind)
    barred = _barred(candidate)
    if barred is not None:
        return barred
    track = candidate.track
    excluded = Truth.FALSE if cause.chosen or track.unless is None else truth_of_exclusion(turn, track.unless)
    if excluded is Truth.TRUE:
        return candidate.verdict("excluded", "none") if track.defer is None else candidate.verdict("deferred", "defer")
    if excluded is Truth.UNKNOWN and not track.safety:
        return _question(turn, name, cause, values)
    return _beside(candidate, "exclusion-unknown" if excluded is Truth.UNKNOWN else None)


def _barred(candidate: _Candidate) -> Verdict | None:
    """The answer of a journey or track that takes nothing in now."""
    turn, track = candidate.turn, candidate.track
    if turn.journey.status == "ended":
        return candidate.verdict("ended", "none")
    if track.purpose in turn.journey.withdrawn:
        return candidate.verdict("no-consent", "none")
    if candidate.cause.kind in BY_TIME and turn.state(candidate.name).stopped:
        return candidate.verdict("stopped", "none")
    return candidate.verdict("held", "hold") if turn.paused(candidate.name) else None


def _beside(candidate: _Candidate, note: str | None) -> Verdict:
    """What becomes of it beside what runs already and under the cap."""
    turn, name, track, cause = candidate.turn, candidate.name, candidate.track, candidate.cause
    until = (
        None
        if cause.chosen or track.at_most is None or candidate.kind == "first-task"
        else capped_until(track.at_most, turn.state(name), cause.received, turn.facts, turn.zone)
    )
    running = _running_for(turn, name, candidate.kind)
    if running and track.while_running == "ignore":
        return candidate.verdict("ignored", "none")
    joinable = next((key for key in reversed(running) if _joinable(turn, key, track, cause)), None)
    if joinable is not None and track.while_running == "join":
        code: Code = "worse" if is_worse(track.when, cause, _base(turn, joinable)) else "joined"
        return candidate.verdict("capped" if code == "joined" and until is not None else code, "attach", joinable)
    if running and track.while_running == "restart" and _is_older(turn, cause, running[-1]):
        return candidate.verdict("joined", "attach", running[-1])
    if until is not None and not is_worse(track.when, cause, turn.state(name).last_base):
        return candidate.verdict("capped", "cap")
    intent: Intent = "restart" if running and track.while_running == "restart" else "start"
    return candidate.verdict("started", intent, note=note)


def truth_of_exclusion(turn: Turn, text: str) -> Truth:
    """Whether the track's `unless` holds now."""
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
    trigger = turn.track(turn.activation(running).track).when
    mine = [reading.effective for reading in stood_on(trigger, cause, turn.journey)]
    causes = turn.activation(running).causes
    theirs = [reading.effective for other in causes for reading in stood_on(trigger, other, turn.journey)]
    return bool(mine) and any(at > max(mine) for at in theirs)


def _base(turn: Turn, key: str) -> float | None:
    """What a value must be worse than: where the panel that runs lacks the data named first, what was acted on last."""
    activation = turn.activation(key)
    return turn.state(activation.track).last_base if activation.base is None else activation.base


def _joinable(turn: Turn, key: str, track: Track, cause: Cause) -> bool:
    """Joining needs an open task at least as urgent as the track's first.

    A track without tasks is joined as it is, but not by its next date: each has messages and visits of its own.
    """
    first = first_task(track.steps)
    if first is None:
        return cause.kind != "planned"
    return any(is_urgent(step) >= is_urgent(first) for _, _, step in open_tasks(turn, key))


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
