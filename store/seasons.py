"""The seasons of a year as Chinese medicine counts them: the solar terms and the three 伏."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module

from pathways.language.schedule import SEASONS, Season

_FROM_SPRING: tuple[Season, ...] = tuple(season for season in SEASONS if not season.endswith("-fu"))
TERMS: tuple[Season, ...] = (*_FROM_SPRING[-2:], *_FROM_SPRING[:-2])
"""The solar terms, two a month: the calendar year begins with the last two of the solar one."""
A_GENG_DAY = date(2026, 7, 15)
"""A day of the seventh heavenly stem 庚, which comes every ten days."""
STEMS = 10
# By name, because the library has no types.
_terms_of: Callable[[int], list[int]] = import_module("cnlunar.solar24").getTheYearAllSolarTermsList


def seasons(years: Iterable[int]) -> Mapping[Season, tuple[date, ...]]:
    """The dates of each season in those years (1901 to 2100), ascending; not every year has an extra 伏."""
    found: dict[Season, list[date]] = {}
    for year in sorted(set(years)):
        for name, day in seasons_of(year).items():
            found.setdefault(name, []).append(day)
    return {name: tuple(days) for name, days in found.items()}


@lru_cache(maxsize=64)
def seasons_of(year: int) -> Mapping[Season, date]:
    """The dates of one year: 初伏 and 中伏 are the third and fourth 庚 day from the solstice, 末伏 the first of autumn.

    Where twenty days lie between the last two, clinics add a session ten days after the middle one.
    """
    days = _terms_of(year)
    terms: dict[Season, date] = {name: date(year, place // 2 + 1, days[place]) for place, name in enumerate(TERMS)}
    first = _geng_from(terms["summer-solstice"]) + timedelta(days=2 * STEMS)
    middle = first + timedelta(days=STEMS)
    last = _geng_from(terms["autumn-begins"])
    fu: dict[Season, date] = {"first-fu": first, "middle-fu": middle, "last-fu": last}
    if last - middle == timedelta(days=2 * STEMS):
        fu["extra-fu"] = middle + timedelta(days=STEMS)
    return terms | fu


def _geng_from(day: date) -> date:
    return day + timedelta(days=(A_GENG_DAY - day).days % STEMS)
