"""What a result means for each track: a verdict, decided on the state before any track acts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pathways.engine.admission import admit, is_worse, review
from pathways.engine.clocks import moved
from pathways.engine.confirmation import agreeing
from pathways.engine.evidence import Filed, latest
from pathways.engine.exits import UNREVIEWED
from pathways.engine.horizons import HORIZON
from pathways.engine.journey import Cause, Journey, Reading
from pathways.engine.ladders import open_tasks
from pathways.engine.panels import results_for, subject_of
from pathways.engine.questions import first_task
from pathways.engine.readings import in_series, known_value, readings_of
from pathways.engine.reasons import Code
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Values, Verdict
from pathways.engine.watching import cause_of, occurrence_of, truth_of, watchers
from pathways.language.conditions import Feature, Truth
from pathways.language.definition import Track
from pathways.language.schedule import parse_duration
from pathways.language.trigger import Observed

SERIES = frozenset({"latest", "previous", "mean", "min", "max", "count"})
"""What looks at more than the value that triggers."""
JUDGED_AGAIN = 50
"""How many other values one result may have judged again in a turn; the nearest in time come first."""


def decide_result(turn: Turn, filed: Filed, reading: Reading, before: Journey) -> list[Verdict]:
    """A verdict for every track that watches the data of the result, in file order, and for what it changes besides.

    `before` is the journey without this version.
    """
    watching = [(name, track, trigger) for name, track, trigger in watchers(turn) if reading.data in trigger.data]
    if filed.verdict in {"duplicate", "superseded", "beyond-the-horizon"}:
        return [unchanged(turn, name, filed, reading) for name, _, _ in watching]
    asked = next((name for name, track, _ in watching if track.safety), watching[0][0] if watching else None)
    verdicts = [_observed(turn, name, track, trigger, reading, asked == name) for name, track, trigger in watching]
    if reading.unread is not None and not reading.void and not watching and turn.journey.status != "ended":
        verdicts.append(_looked_at(turn, reading))
    if turn.journey.status != "ended":
        verdicts.extend(_needs_no_look(turn, reading))
        verdicts.extend(_judged_again(turn, reading, before))
    return verdicts


def _needs_no_look(turn: Turn, reading: Reading) -> Iterator[Verdict]:
    """A value that could not be read, of data that no condition watches, can be read now or is taken back."""
    if reading.unread is not None and not reading.void:
        return
    for key, activation in turn.journey.activations.items():
        about_it = any(cause.result == reading.id for cause in activation.causes)
        if activation.kind == "look" and activation.state == "running" and about_it:
            cause = replace(activation.causes[-1], occurrence=f"{occurrence_of(reading)}#look")
            yield Verdict(track=activation.track, code="undone", cause=cause, intent="lose", target=key)


def unchanged(turn: Turn, name: str, filed: Filed, reading: Reading) -> Verdict:
    """What a version that changes nothing means for a track that watches its data."""
    cause = cause_of(turn.track(name).when, reading, turn.journey)
    if filed.verdict != "beyond-the-horizon":
        code: Code = "duplicate" if filed.verdict == "duplicate" else "superseded"
        return Verdict(track=name, code=code, cause=cause)
    used = turn.state(name).used
    if (reading.id in used or cause.result in used) and turn.journey.status != "ended":
        return review(turn, name, cause, "beyond-the-horizon", {})
    return Verdict(track=name, code="beyond-the-horizon", cause=cause)


def _observed(turn: Turn, name: str, track: Track, trigger: Observed, reading: Reading, asked: bool) -> Verdict:
    cause = cause_of(trigger, reading, turn.journey)
    truth, values = truth_of(turn, name, reading)
    holder = attached(turn, name, subject_of(trigger, reading))
    if turn.journey.status == "ended":
        return _after_exit(turn, name, track, reading, holder, truth, values)
    if not (reading.settled or reading.void or track.safety):
        return Verdict(track=name, code="not-final", cause=cause, values=values)
    if reading.unread is not None and not reading.void and (truth is not Truth.TRUE or len(trigger.data) == 1):
        return _unread(turn, name, track, cause, reading, holder, asked)
    if truth is not Truth.TRUE:
        beside = _beside_unread(turn, trigger, reading, holder, truth)
        if beside is not None:
            return Verdict(track=name, code=beside, cause=cause, intent="annotate", target=holder, values=values)
        return not_true(turn, name, cause, holder, truth, values)
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
        return _admitted(turn, name, trigger, cause, reading, values)
    if holder is not None and turn.activation(holder).kind == "review":
        return Verdict(track=name, code="stale", cause=cause, intent="attach", target=holder, values=values)
    return review(turn, name, cause, "stale", values)


def _admitted(turn: Turn, name: str, trigger: Observed, cause: Cause, reading: Reading, values: Values) -> Verdict:
    """What a device or the patient measured waits for others that agree, where the trigger says so."""
    if trigger.confirm is None:
        return admit(turn, name, cause, values=values)
    others = agreeing(turn, name, trigger, reading)
    if others is None:
        return Verdict(track=name, code="unconfirmed", cause=cause, intent="wait", values=values)
    causes = [cause_of(trigger, other, turn.journey) for other in others]
    fresh = [one for one in causes if not _acted_on(turn, name, one)]
    return replace(admit(turn, name, cause, values=values), confirming=tuple(fresh))


def _acted_on(turn: Turn, name: str, cause: Cause) -> bool:
    holder = attached(turn, name, cause.result or "")
    return holder is not None and turn.activation(holder).kind in {"steps", "question"}


def _beside_unread(turn: Turn, trigger: Observed, reading: Reading, holder: str | None, truth: Truth) -> Code | None:
    """Why what stands on a panel stays although it is not true: another value of it could not be read."""
    others = results_for(trigger, reading, turn.journey, safety=True).values()
    if holder is None or not any(other.unread is not None and not other.void for other in others):
        return None
    if truth is Truth.UNKNOWN:
        return "unknown"
    return "false" if turn.activation(holder).kind in {"review", "first-task"} else None


def _after_exit(
    turn: Turn, name: str, track: Track, reading: Reading, holder: str | None, truth: Truth, values: Values
) -> Verdict:
    """What was kept hears of its value; an earlier one that a safety track would have acted on is reviewed."""
    exit_, cause = turn.journey.exit, cause_of(track.when, reading, turn.journey)
    if holder is not None:
        intent = "annotate" if open_tasks(turn, holder) else "none"
        return Verdict(track=name, code="ended", cause=cause, intent=intent, target=holder, values=values)
    late = exit_ is not None and exit_.reason not in UNREVIEWED and reading.effective < exit_.at
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
    occurrence = f"{occurrence_of(reading)}#look"
    about = Cause(kind="observed", occurrence=occurrence, received=reading.received, result=reading.id)
    name = next(iter(turn.release.pathway.tracks))
    values: Values = {reading.data: reading.unread}
    return Verdict(track=name, code="unreadable", cause=about, intent="start", kind="look", values=values)


def not_true(turn: Turn, name: str, cause: Cause, holder: str | None, truth: Truth, values: Values) -> Verdict:
    """Losing what made it true: nothing of it waits any more, and what stands on it loses a cause."""
    code: Code = "false" if truth is Truth.FALSE else "unknown"
    if holder is None:
        return Verdict(track=name, code=code, cause=cause, intent="lose", values=values)
    others = [other for other in turn.activation(holder).causes if other.subject != cause.subject]
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
    for name, track, trigger in watchers(turn):
        features = turn.release.condition(trigger.if_).features
        looking = [f for f in features if f.kind in SERIES and f.name == reading.data]
        overruled = old is not None and reading.data in trigger.data and track.at_most is not None
        if not looking and not overruled:
            continue
        judged = reading.settled or reading.void or bool(track.safety)
        others = [other for other in _others(turn, trigger, reading, judged) if other.settled or track.safety]
        ends = _until_replaced(turn, trigger, looking, reading.data, until)
        for other in _reached(turn, looking, others, since, until, ends) if looking else ():
            yield from _changed(turn, name, trigger, other, reading, before)
        if overruled and old is not None:
            for other in [other for other in others if other.effective < since][-JUDGED_AGAIN:]:
                yield from _no_longer_overruled(turn, name, trigger, other, reading, before)


def _until_replaced(turn: Turn, trigger: Observed, looking: list[Feature], data: str, until: datetime) -> datetime:
    """How long a value of other data than the trigger's is the latest, or the one before: until the next ones."""
    steps = {"latest": 1, "previous": 2}
    most = max((steps.get(feature.kind, 0) for feature in looking), default=0)
    if data in trigger.data or not most:
        return until
    later = [
        r for r in readings_of(turn.journey).since(data, until) if r.effective > until and known_value(r) is not None
    ]
    return later[most - 1].effective if len(later) >= most else turn.now


def _reached(
    turn: Turn, looking: list[Feature], others: list[Reading], since: datetime, until: datetime, ends: datetime
) -> list[Reading]:
    """The later values that look back as far as the changed one: the next, and those within the longest window."""
    later = [other for other in others if other.effective >= since]
    windows = [parse_duration(feature.window) for feature in looking if feature.window is not None]
    reach = max([ends, *(moved(until, window, turn.facts, turn.zone) for window in windows)])
    after = next((other for other in later if other.effective >= until), None)
    return [other for other in later if other is after or other.effective <= reach][:JUDGED_AGAIN]


def _others(turn: Turn, trigger: Observed, reading: Reading, judged: bool) -> list[Reading]:
    """What else may be judged, in the order of time: of a panel its last result alone.

    The rest of its own panel is judged with it, unless it cannot be `judged` itself.
    """
    readings, mine = readings_of(turn.journey), subject_of(trigger, reading) if judged else None
    found = [other for data in trigger.data for other in readings.since(data, turn.now - HORIZON)]
    known = [other for other in found if other.unread is None and not other.void and other.id != reading.id]
    usable = [other for other in sorted(known, key=in_series) if judged or other.settled]
    return list({subject: one for one in usable if (subject := subject_of(trigger, one)) != mine}.values())


def _changed(
    turn: Turn, name: str, trigger: Observed, other: Reading, reading: Reading, before: Journey
) -> Iterator[Verdict]:
    was, _ = truth_of(turn, name, other, seen=before)
    truth, values = truth_of(turn, name, other)
    cause = _made_so_by(turn, trigger, other, reading)
    holder = attached(turn, name, subject_of(trigger, other))
    if was is Truth.TRUE and truth is not Truth.TRUE:
        yield not_true(turn, name, cause, holder, truth, values)
    elif was is not Truth.TRUE and truth is Truth.TRUE:
        yield _newly_true(turn, name, trigger, cause, other, holder, values)


def _no_longer_overruled(
    turn: Turn, name: str, trigger: Observed, other: Reading, reading: Reading, before: Journey
) -> Iterator[Verdict]:
    state = turn.state(name)
    subject = subject_of(trigger, other)
    waiting = any(cause.result == subject for cause in state.unstarted)
    truth, values = truth_of(turn, name, other)
    if truth is not Truth.TRUE or waiting or attached(turn, name, subject) is not None:
        return
    if later_false(turn, name, other, seen=before) and not later_false(turn, name, other):
        cause = _made_so_by(turn, trigger, other, reading)
        yield _newly_true(turn, name, trigger, cause, other, None, values)


def _made_so_by(turn: Turn, trigger: Observed, other: Reading, reading: Reading) -> Cause:
    """The cause that a value is since another one came: due from the receipt of that one."""
    cause = cause_of(trigger, other, turn.journey)
    return replace(cause, received=max(other.received, reading.received))


def attached(turn: Turn, track: str, subject: str) -> str | None:
    """The latest activation of the track that stands on the result or answers; of undone ones if begun work is open."""
    found = [
        key
        for key, activation in turn.journey.activations.items()
        if activation.track == track
        and activation.kind in {"steps", "first-task", "review", "question"}
        and (activation.state != "undone" or open_tasks(turn, key))
        and any(cause.subject == subject for cause in activation.causes)
    ]
    return found[-1] if found else None


def later_false(turn: Turn, name: str, reading: Reading, *, seen: Journey | None = None) -> bool:
    """Whether a later value that counts for the track does not meet the condition any more."""
    track, journey = turn.track(name), seen or turn.journey
    watched = track.when.data if isinstance(track.when, Observed) else ()
    found = [latest(journey, data, settled=not track.safety) for data in watched]
    newest = max((one for one in found if one is not None), key=in_series, default=None)
    return (
        newest is not None
        and newest.effective > reading.effective
        and truth_of(turn, name, newest, seen=seen)[0] is Truth.FALSE
    )
