"""What a result means for each track: a verdict, decided on the state before any track acts."""

from collections.abc import Iterator
from datetime import datetime

from pathways.engine.admission import admit, is_worse, review
from pathways.engine.clocks import moved
from pathways.engine.evidence import Filed, in_series, known_features, latest, shown_features
from pathways.engine.exits import HORIZON
from pathways.engine.journey import Cause, Journey, Reading
from pathways.engine.ladders import open_tasks
from pathways.engine.questions import first_task
from pathways.engine.reasons import Code
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Values, Verdict
from pathways.language.conditions import Feature, Truth
from pathways.language.definition import Track
from pathways.language.schedule import parse_duration
from pathways.language.trigger import Observed

SERIES = frozenset({"latest", "previous", "mean", "min", "max", "count"})
"""What looks at more than the value that triggers."""
JUDGED_AGAIN = 50
"""How many other values one result may have judged again in a turn; the nearest in time come first."""


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


def truth_of(turn: Turn, trigger: Observed, reading: Reading, *, seen: Journey | None = None) -> tuple[Truth, Values]:
    """Whether the trigger's condition holds for the reading, and what was looked at; `seen` is the state to look at."""
    if reading.void:
        return Truth.FALSE, {"status": reading.status}
    condition = turn.release.condition(trigger.if_)
    known = known_features(
        turn.release, seen or turn.journey, turn.facts, condition.features, now=turn.now, reading=reading
    )
    return condition.evaluate(known), shown_features(known)


def decide_result(turn: Turn, filed: Filed, reading: Reading, before: Journey) -> list[Verdict]:
    """A verdict for every track that watches the data of the result, in file order, and for what it changes besides.

    `before` is the journey without this version.
    """
    watching = [(name, track, trigger) for name, track, trigger in _watchers(turn) if trigger.observed == reading.data]
    if filed.verdict in {"duplicate", "superseded", "beyond-the-horizon"}:
        return [unchanged(turn, name, filed, reading) for name, _, _ in watching]
    asked = next((name for name, track, _ in watching if track.safety), watching[0][0] if watching else None)
    verdicts = [_observed(turn, name, track, trigger, reading, asked == name) for name, track, trigger in watching]
    if reading.unread is not None and not reading.void and not watching and turn.journey.status != "ended":
        verdicts.append(_looked_at(turn, reading))
    if turn.journey.status != "ended":
        verdicts.extend(_judged_again(turn, reading, before))
    return verdicts


def _watchers(turn: Turn) -> Iterator[tuple[str, Track, Observed]]:
    for name, track in turn.release.pathway.tracks.items():
        if isinstance(track.when, Observed):
            yield name, track, track.when


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
    holder = attached(turn, name, reading.id)
    if turn.journey.status == "ended":
        return _after_exit(turn, name, track, reading, holder, truth, values)
    if not (reading.settled or reading.void or track.safety):
        return Verdict(track=name, code="not-final", cause=cause, values=values)
    if reading.unread is not None and not reading.void:
        return _unread(turn, name, track, cause, reading, holder, asked)
    if truth is not Truth.TRUE:
        return _not_true(turn, name, cause, holder, truth, values)
    # Who only looked at a value that could not be acted on has not acted on this one.
    if holder is not None and turn.activation(holder).kind in {"steps", "question"}:
        return _still_true(turn, name, trigger, cause, holder, values)
    return _newly_true(turn, name, trigger, cause, reading, holder, values)


def _newly_true(
    turn: Turn, name: str, trigger: Observed, cause: Cause, reading: Reading, holder: str | None, values: Values
) -> Verdict:
    """Fresh values are acted on; older ones a person reviews, once."""
    limit = None if trigger.fresh is None else moved(reading.effective, trigger.fresh, turn.facts, turn.zone)
    if limit is None or cause.received <= limit:
        return admit(turn, name, cause, values=values)
    if holder is not None and turn.activation(holder).kind == "review":
        return Verdict(track=name, code="stale", cause=cause, intent="attach", target=holder, values=values)
    return review(turn, name, cause, "stale", values)


def _after_exit(
    turn: Turn, name: str, track: Track, reading: Reading, holder: str | None, truth: Truth, values: Values
) -> Verdict:
    """What was kept hears of its value; an earlier one that a safety track would have acted on is reviewed."""
    exit_, cause = turn.journey.exit, cause_of(reading)
    if holder is not None:
        intent = "annotate" if open_tasks(turn, holder) else "none"
        return Verdict(track=name, code="ended", cause=cause, intent=intent, target=holder, values=values)
    late = exit_ is not None and exit_.reason != "died" and reading.effective < exit_.at
    if late and track.safety and (truth is Truth.TRUE or (reading.unread is not None and not reading.void)):
        return review(turn, name, cause, "ended", values)
    return Verdict(track=name, code="ended", cause=cause, values=values)


def _unread(
    turn: Turn, name: str, track: Track, cause: Cause, reading: Reading, holder: str | None, asked: bool
) -> Verdict:
    values: Values = {reading.data: reading.unread}
    if holder is not None and open_tasks(turn, holder):
        return Verdict(track=name, code="unreadable", cause=cause, intent="annotate", target=holder, values=values)
    if not asked:
        return Verdict(track=name, code="unknown", cause=cause, values=values)
    if not track.safety or first_task(track.steps) is None:
        return review(turn, name, cause, "unreadable", values)
    return admit(turn, name, cause, values=values, kind="first-task")


def _looked_at(turn: Turn, reading: Reading) -> Verdict:
    """A value that cannot be read, of data that no condition watches, still reaches a person."""
    cause = cause_of(reading)
    about = Cause(kind="observed", occurrence=cause.occurrence + "#look", received=cause.received, result=reading.id)
    name = next(iter(turn.release.pathway.tracks))
    values: Values = {reading.data: reading.unread}
    return Verdict(track=name, code="unreadable", cause=about, intent="start", kind="look", values=values)


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


def _judged_again(turn: Turn, reading: Reading, before: Journey) -> Iterator[Verdict]:
    """Other values whose condition looks at this one too, or that this one had overruled before it was revised."""
    old = before.readings.get(reading.id)
    moments = [version.effective for version in (old, reading) if version is not None]
    since, until = min(moments), max(moments)
    for name, track, trigger in _watchers(turn):
        features = turn.release.condition(trigger.if_).features
        looking = [f for f in features if f.kind in SERIES and f.name == reading.data]
        overruled = old is not None and trigger.observed == reading.data and track.at_most is not None
        if not looking and not overruled:
            continue
        others = [other for other in _others(turn, trigger, reading) if other.settled or track.safety]
        for other in _reached(turn, looking, others, since, until) if looking else ():
            yield from _changed(turn, name, trigger, other, reading, before)
        if overruled and old is not None:
            for other in [other for other in others if other.effective < since][-JUDGED_AGAIN:]:
                yield from _no_longer_overruled(turn, name, trigger, other, reading, before)


def _reached(
    turn: Turn, looking: list[Feature], others: list[Reading], since: datetime, until: datetime
) -> list[Reading]:
    """The later values that look back as far as the changed one: the next, and those within the longest window."""
    later = [other for other in others if other.effective >= since]
    windows = [parse_duration(feature.window) for feature in looking if feature.window is not None]
    reach = max((moved(until, window, turn.facts, turn.zone) for window in windows), default=until)
    after = next((other for other in later if other.effective >= until), None)
    return [other for other in later if other is after or other.effective <= reach][:JUDGED_AGAIN]


def _others(turn: Turn, trigger: Observed, reading: Reading) -> list[Reading]:
    oldest = turn.now - HORIZON
    found = [
        other
        for other in turn.journey.readings.values()
        if other.data == trigger.observed
        and other.id != reading.id
        and other.effective >= oldest
        and other.unread is None
        and not other.void
    ]
    return sorted(found, key=in_series)


def _changed(
    turn: Turn, name: str, trigger: Observed, other: Reading, reading: Reading, before: Journey
) -> Iterator[Verdict]:
    was, _ = truth_of(turn, trigger, other, seen=before)
    truth, values = truth_of(turn, trigger, other)
    cause = _made_so_by(other, reading)
    if was is Truth.TRUE and truth is not Truth.TRUE:
        yield _not_true(turn, name, cause, attached(turn, name, other.id), truth, values)
    elif was is not Truth.TRUE and truth is Truth.TRUE:
        yield _newly_true(turn, name, trigger, cause, other, attached(turn, name, other.id), values)


def _no_longer_overruled(
    turn: Turn, name: str, trigger: Observed, other: Reading, reading: Reading, before: Journey
) -> Iterator[Verdict]:
    state = turn.state(name)
    waiting = any(cause.result == other.id for cause in state.unstarted)
    truth, values = truth_of(turn, trigger, other)
    if truth is not Truth.TRUE or waiting or attached(turn, name, other.id) is not None:
        return
    if later_false(turn, trigger, other, seen=before) and not later_false(turn, trigger, other):
        yield _newly_true(turn, name, trigger, _made_so_by(other, reading), other, None, values)


def _made_so_by(other: Reading, reading: Reading) -> Cause:
    """The cause that a value is since another one came: due from the receipt of that one."""
    cause = cause_of(other)
    return Cause(
        kind=cause.kind,
        occurrence=cause.occurrence,
        received=max(other.received, reading.received),
        result=cause.result,
        low=cause.low,
        high=cause.high,
    )


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


def later_false(turn: Turn, trigger: Observed, reading: Reading, *, seen: Journey | None = None) -> bool:
    """Whether a later value that counts for the track does not meet the condition any more."""
    safety = any(track.safety for _, track, other in _watchers(turn) if other is trigger)
    known = (seen or turn.journey).readings.values()
    newest = latest((other for other in known if other.settled or safety), reading.data)
    return (
        newest is not None
        and newest.effective > reading.effective
        and truth_of(turn, trigger, newest, seen=seen)[0] is Truth.FALSE
    )
