"""Tracks that time starts: an instant, a repetition, a silence, an overdue anchor. Nothing far ahead is kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

from pathways.engine.clocks import moved, times
from pathways.engine.context import Facts
from pathways.engine.evidence import latest
from pathways.engine.journey import Journey, Reading, TrackState
from pathways.language.definition import Pathway, Track
from pathways.language.schedule import Moment, at_local
from pathways.language.step import Steps, Together, Visit
from pathways.language.trigger import At, Becomes, Every, Silent

LAST_DONE = "last_done"
DAILY = time(8)
"""When on each day what is deferred is looked at, in the patient's zone."""


def base_of(moment: Moment, journey: Journey) -> datetime | None:
    """What a moment counts from; None where it is not known, or only planned."""
    if moment.step is not None:
        return journey.done.get(moment.step)
    return None if moment.anchor in journey.tentative else journey.anchors.get(moment.anchor)


def instant_of(moment: Moment, journey: Journey, facts: Facts) -> datetime | None:
    """A moment of the patient; None where its anchor is not known, or only planned."""
    base = base_of(moment, journey)
    return None if base is None else _from(base, moment, journey, facts)


def _from(base: datetime, moment: Moment, journey: Journey, facts: Facts) -> datetime:
    return base if moment.offset is None else moved(base, moment.offset, facts, journey.patient.zone, moment.sign)


def expected(pathway: Pathway, journey: Journey, facts: Facts, anchor: str) -> datetime | None:
    """When an anchor is expected that is not known: as planned, else as estimated; None where nobody can say."""
    planned_for = journey.anchors.get(anchor)
    declared = pathway.anchors.get(anchor)
    if planned_for is not None or declared is None or declared.estimate is None:
        return planned_for
    estimate = declared.estimate
    base = journey.done.get(estimate.step) if estimate.step else expected(pathway, journey, facts, estimate.anchor)
    return None if base is None else _from(base, estimate, journey, facts)


def is_known(journey: Journey, anchor: str) -> bool:
    """Whether the anchor has a date that is more than a plan."""
    return anchor in journey.anchors and anchor not in journey.tentative


def overdue_at(pathway: Pathway, journey: Journey, facts: Facts, anchor: str) -> datetime | None:
    """When an anchor that is not known is overdue; None where it is known, or never overdue."""
    after = pathway.anchors[anchor].overdue_after
    date = None if after is None or is_known(journey, anchor) else expected(pathway, journey, facts, anchor)
    return None if date is None or after is None else moved(date, after, facts, journey.patient.zone)


def counted_from(track: Track) -> Moment | None:
    """The moment that the dates of a planned track count from; None of one that is not planned, or by `last_done`."""
    match track.when:
        case At(at=moment):
            return moment
        case Every(from_=moment) if moment.anchor != LAST_DONE:
            return moment
        case _:
            return None


def current(track: Track, state: TrackState, journey: Journey) -> TrackState:
    """The state with the series that counts from the step that was done last: done later again, it is another one."""
    moment = counted_from(track)
    base = journey.done.get(moment.step) if moment is not None and moment.step is not None else None
    if base is None or (state.origin is not None and base <= state.origin):
        return state
    return replace(state, next=1, origin=base, anew=state.anew + (state.origin is not None))


def planned(track: Track, state: TrackState, journey: Journey, facts: Facts) -> datetime | None:
    """The date of the track's next occurrence; None where there is none."""
    state = current(track, state, journey)
    return None if state.stopped else dated(track, state, state.next, journey, facts)


def dated(track: Track, state: TrackState, number: int, journey: Journey, facts: Facts) -> datetime | None:
    """The date that the occurrence of that number has now; None where it has none."""
    match track.when:
        case At(at=moment, time=clock):
            date = instant_of(moment, journey, facts) if number == 1 else None
        case Every() as every:
            clock = every.time
            date = _repeated(every, state, number, journey, facts)
        case _:
            return None
    if date is None or clock is None:
        return date
    return at_local(date, clock, journey.patient.zone)


def _repeated(every: Every, state: TrackState, number: int, journey: Journey, facts: Facts) -> datetime | None:
    if every.times is not None and number > every.times:
        return None
    zone = journey.patient.zone
    if every.from_.anchor == LAST_DONE:
        # The first counts from enrolment, each later one from when the one before was done.
        origin = journey.anchors["enrolled"] if number == 1 else state.origin
        date = None if origin is None else moved(origin, every.every, facts, zone)
    else:
        origin = instant_of(every.from_, journey, facts)
        date = None if origin is None else moved(origin, times(every.every, number), facts, zone)
    until = None if every.until is None else instant_of(every.until, journey, facts)
    return None if date is None or (until is not None and date > until) else date


def key_of(number: int, state: TrackState) -> str:
    """The key of an occurrence: its number, marked where the occurrences were counted anew."""
    return str(number) if state.anew == 0 else f"{number}~{state.anew}"


def number_of(key: str) -> int:
    """The number of an occurrence, by its key."""
    return int(key.partition("~")[0].rstrip("+"))


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
    date = dated(track, state, state.next + 1, journey, facts)
    return date is not None and begins(track, date, facts, journey.patient.zone) <= now


def silence(track: Silent, state: TrackState, journey: Journey, facts: Facts) -> tuple[str, datetime] | None:
    """The occurrence and the instant at which the present silence next starts the track; None without its anchor."""
    last: Reading | None = latest(journey, track.silent)
    base = base_of(Moment(anchor=track.from_), journey) if last is None else last.effective
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
    return _next_at(last, DAILY, journey.patient.zone)


def daily_look(track: Track, state: TrackState, journey: Journey) -> datetime | None:
    """When the clock next looks at what a track becomes true by; None where it starts by something else."""
    if not isinstance(track.when, Becomes):
        return None
    return _next_at(state.looked or journey.anchors["enrolled"], track.when.time, journey.patient.zone)


def _next_at(last: datetime, clock: time, zone: str) -> datetime:
    """The next instant at which the clock shows that time, later than the last one."""
    today = at_local(last, clock, zone)
    return today if today > last else at_local(last + timedelta(days=1), clock, zone)


def deferred_to(track: Track, journey: Journey, facts: Facts) -> datetime | None:
    """The moment to which the track defers what it excludes, as far as it is known."""
    return None if track.defer is None else instant_of(track.defer, journey, facts)
