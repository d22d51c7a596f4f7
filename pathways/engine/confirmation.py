"""Values that must agree with others before they are acted on: a device errs, and so does a hand that writes down."""

from datetime import datetime, timedelta

from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.journey import Cause, Reading
from pathways.engine.panels import subject_of
from pathways.engine.readings import in_series, readings_of
from pathways.engine.turn import Turn
from pathways.engine.watching import truth_of
from pathways.language.conditions import Truth
from pathways.language.trigger import Confirm, Observed

_INSTANT = timedelta(microseconds=1)
ALONE = frozenset({"device", "patient"})
"""Origins whose values need others; what a laboratory says is acted on at once."""


def agreeing(turn: Turn, name: str, trigger: Observed, reading: Reading) -> list[Reading] | None:
    """The other values that agree with a true one, with no false one between; None where there are too few."""
    assert trigger.confirm is not None, "it is to be confirmed"
    near = _near(turn, name, trigger, trigger.confirm, reading)
    place = next(at for at, one in enumerate(near) if subject_of(trigger, one) == subject_of(trigger, reading))
    before, after = near[:place][::-1], near[place + 1 :]
    together = [*_until_false(turn, name, before)[::-1], reading, *_until_false(turn, name, after)]
    found = _within(turn, trigger.confirm, together, reading) if reading.origin in ALONE else together
    return None if found is None else [one for one in found if one is not reading]


def _near(turn: Turn, name: str, trigger: Observed, confirm: Confirm, reading: Reading) -> list[Reading]:
    """The values that count for the track within the span before and after it, in the order of time."""
    first = moved(reading.effective, confirm.within, turn.facts, turn.zone, -1)
    last = moved(reading.effective, confirm.within, turn.facts, turn.zone)
    safety, readings = turn.track(name).safety, readings_of(turn.journey)
    found = [one for data in trigger.data for one in readings.between(data, first - _INSTANT, last)]
    counted = [one for one in found if not one.void and one.unread is None and (safety or one.settled)]
    ordered = sorted((*counted, reading), key=in_series)
    mine = subject_of(trigger, reading)
    others = {subject_of(trigger, one): one for one in ordered if subject_of(trigger, one) != mine}
    return sorted((*others.values(), reading), key=in_series)


def _until_false(turn: Turn, name: str, readings: list[Reading]) -> list[Reading]:
    """Those that are true, up to the first one that is false."""
    found: list[Reading] = []
    for reading in readings:
        truth, _ = truth_of(turn, name, reading)
        if truth is Truth.FALSE:
            break
        if truth is Truth.TRUE:
            found.append(reading)
    return found


def _within(turn: Turn, confirm: Confirm, readings: list[Reading], reading: Reading) -> list[Reading] | None:
    """So many of them in a row, the reading among them, as were taken within the span; the latest that are."""
    place = next(at for at, one in enumerate(readings) if one is reading)
    for first in range(place, max(place - confirm.again, -1), -1):
        chosen = readings[first : first + confirm.again]
        if len(chosen) < confirm.again:
            continue
        if chosen[-1].effective <= moved(chosen[0].effective, confirm.within, turn.facts, turn.zone):
            return chosen
    return None


def follows(turn: Turn, confirm: Confirm, waiting: Reading, other: Reading) -> bool:
    """Whether the other one was taken within the span after the one that waits."""
    last = moved(waiting.effective, confirm.within, turn.facts, turn.zone)
    return waiting.effective <= other.effective <= last


def alone_until(cause: Cause, confirm: Confirm, facts: Facts, zone: str) -> datetime:
    """When a person looks at a value that nothing has confirmed by then."""
    return moved(cause.received, confirm.within, facts, zone)
