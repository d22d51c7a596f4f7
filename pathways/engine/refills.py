"""How far what was dispensed covers the days of a time: the proportion of days covered.

It tells whether medicine was there, not whether it was taken.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW_DAYS = 180
REACH = timedelta(days=365)
"""What was handed over longer before the window has been used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispense:
    """A supply that was handed over; `days_supply` is None where nobody said for how long it lasts."""

    on: date
    days_supply: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days, from the first to the last, both of which count."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of how many days how many were covered; `days` is at least 1."""

    covered: int
    days: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.covered / self.days

    @property
    def adherent(self) -> bool:
        """Four days of five or more."""
        return self.covered * 5 >= self.days * 4


def window_of(dispenses: Iterable[Dispense], *, last: date, days: int = WINDOW_DAYS) -> Window | None:
    """The `days` up to `last`, or since the first supply where that is later; None before any supply."""
    known = [one.on for one in dispenses if one.on <= last]
    if not known:
        return None
    return Window(first=max(min(known), last - timedelta(days=days - 1)), last=last)


def coverage(dispenses: Iterable[Dispense], window: Window, *, in_hospital: Collection[date] = ()) -> Coverage | None:
    """The days of the window on which a supply was left; one that comes early is used after the one before.

    Days in hospital count for nothing, and use up nothing. None where a supply does not say how long it lasts, or no
    day is left to count. Part days of a supply are not counted.
    """
    counted = [one for one in dispenses if window.first - REACH <= one.on <= window.last]
    supplies: Counter[date] = Counter()
    for one in counted:
        if one.days_supply is None or not math.isfinite(one.days_supply) or one.days_supply <= 0:
            return None
        supplies[one.on] += math.floor(one.days_supply)
    day = min([window.first, *supplies])
    left = covered = days = 0
    while day <= window.last:
        left += supplies[day]
        if day not in in_hospital:
            within = day >= window.first
            days += within
            covered += within and left > 0
            left -= left > 0
        day += timedelta(days=1)
    return Coverage(covered=covered, days=days) if days else None
