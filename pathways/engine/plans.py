"""Tracks that time starts: an instant, a repetition, a silence. Nothing far ahead is kept; each says when it is due."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

from pathways.engine.clocks import moved, times
from pathways.engine.context import Facts
from pathways.engine.evidence import latest
from pathways.engine.journey import Journey, Reading, TrackState
from pathways.language.definition import Track
from pathways.language.schedule import Moment, at_local
from pathways.language.step import Steps, Together, Visit
from pathways.language.trigger import At, Every, Silent

LAST_DONE = "last_done"
DAILY = time(8)
"""When on each day what is deferred is looked at, in the patient's zone."""


def instant_of(moment: Moment, journey: Journey, facts: Facts) -> datetime | None:
    """A moment of the patient; None where the anchor is not known."""
    anchor = journey.anchors.get(moment.anchor)
    if anchor is None or moment.offset is None:
        return anchor
    return moved(anchor, moment.offset, facts, journey.patient.zone, moment.sign)


def planned(track: Track, state: TrackState, journey: Journey, facts: Facts) -> datetime | None:
    """The date of the track's next occurrence; None where there is none."""
    if state.stopped:
        return None
    match track.when:
        case At(at=moment, time=clock):
            date = instant_of(moment, journey, facts) if state.next == 1 else None
        case Every() as every:
            clock = every.time
            date = _repeated(every, state, journey, facts)
        case _:
            return None
    if date is None or clock is None:
        return date
    return at_local(date, clock, journey.patient.zone)


def _repeated(every: Every, state: TrackState, journey: Journey, facts: Facts) -> datetime | None:
    if every.times is not None and state.next > every.times:
        return None
    zone = journey.patient.zone
    if every.from_.anchor == LAST_DONE:
        # The first counts from enrolment, each later one from when the one before was done.
        origin = journey.anchors["enrolled"] if state.next == 1 else state.origin
        date = None if origin is None else moved(origin, every.every, facts, zone)
    else:
        origin = instant_of(every.from_, journey, facts)
        date = None if origin is None else moved(origin, times(every.every, state.next), facts, zone)
    until = None if every.until is None else instant_of(every.until, journey, facts)
    return None if date is None or (until is not None and date > until) else date


def begins(track: Track, date: datetime, facts: Facts, zone: str) -> datetime:
    """When an occurrence starts: ahead of its date by what the visits that it opens with announce or allow early."""
    spans = [span for visit in _opening(track.steps) for span in (*visit.remind, visit.window.early)]
    return min((moved(date, span, facts, zone, -1) for span in spans), default=date)


def _opening(steps: Steps) -> Iterator[Visit]:
    match steps[0] if steps else None:
        case Visit() as visit:
            yield visit
        case Together(together=ways):
            for way in ways.values():
                yield from _opening(way)
        case _:
            pass


def overtaken(track: Track, state: TrackState, journey: Journey, facts: Facts, now: datetime) -> bool:
    """Whether the occurrence after the next one has begun too by now: of a series the last one alone is done."""
    if not isinstance(track.when, Every) or track.when.from_.anchor == LAST_DONE:
        return False
    date = planned(track, replace(state, next=state.next + 1), journey, facts)
    return date is not None and begins(track, date, facts, journey.patient.zone) <= now


def silence(track: Silent, state: TrackState, journey: Journey, facts: Facts) -> tuple[str, datetime] | None:
    """The occurrence and the instant at which the present silence next starts the track; None without its anchor."""
    last: Reading | None = latest(journey, track.silent)
    base = journey.anchors.get(track.from_) if last is None else last.effective
    if base is None:
        return None
    count = state.silences + 1
    at = moved(base, times(track.for_, count), facts, journey.patient.zone)
    return f"{'none' if last is None else f'{last.id}/{last.version}'}#{count}", at


def silent_periods(track: Silent, state: TrackState, journey: Journey, facts: Facts, now: datetime) -> int:
    """How many periods of the present silence have passed by now."""
    passed = state.silences
    while passed - state.silences < 1000:
        found = silence(track, replace(state, silences=passed), journey, facts)
        if found is None or found[1] > now:
            break
        passed += 1
    return passed


def next_look(track: Track, state: TrackState, journey: Journey, facts: Facts) -> datetime | None:
    """When what is deferred is looked at by the clock: at the moment that the track names, else each day."""
    if not state.deferred or state.deferred_at is None:
        return None
    last = state.deferred_at
    moment = deferred_to(track, journey, facts)
    if moment is not None and moment > last:
        return moment
    today = at_local(last, DAILY, journey.patient.zone)
    return today if today > last else at_local(last + timedelta(days=1), DAILY, journey.patient.zone)


def deferred_to(track: Track, journey: Journey, facts: Facts) -> datetime | None:
    """The moment to which the track defers what it excludes, as far as it is known."""
    return None if track.defer is None else instant_of(track.defer, journey, facts)
