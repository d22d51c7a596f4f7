"""Refill coverage: the days on which medicine was there, of those that count."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.engine.refills import REACH, Coverage, Dispense, Window, coverage, window_of

FIRST = date(2026, 1, 1)


def _day(number: int) -> date:
    """Day 1 is the first of the window."""
    return FIRST + timedelta(days=number - 1)


def _window(days: int) -> Window:
    return Window(first=FIRST, last=_day(days))


def _supplies(*told: tuple[int, float | None]) -> list[Dispense]:
    return [Dispense(on=_day(number), days_supply=supply) for number, supply in told]


@pytest.mark.parametrize(
    ("supplies", "days", "hospital", "covered", "counted"),
    [
        pytest.param([], 10, (), 0, 10, id="nothing handed over covers nothing"),
        pytest.param([(1, 10)], 10, (), 10, 10, id="a supply for the whole time covers it"),
        pytest.param([(1, 10)], 30, (), 10, 30, id="and ends with its last day"),
        pytest.param([(3, 10)], 10, (), 8, 10, id="it covers from the day on which it was handed over"),
        pytest.param([(1, 10), (6, 10)], 30, (), 20, 30, id="one that comes early is used after the one before"),
        pytest.param([(1, 5), (11, 5)], 20, (), 10, 20, id="a gap is not filled from later"),
        pytest.param([(1, 5), (1, 5)], 20, (), 10, 20, id="two of one day add up"),
        pytest.param([(-4, 10)], 10, (), 5, 10, id="what is left from before the window counts"),
        pytest.param([(-9, 10)], 10, (), 0, 10, id="what was used up before it does not"),
        pytest.param([(10, 90)], 10, (), 1, 10, id="no more is counted than the window has"),
        pytest.param([(11, 90)], 10, (), 0, 10, id="nor what is handed over after it"),
        pytest.param([(1, 5)], 10, (2, 3), 5, 8, id="days in hospital count for nothing and use up nothing"),
        pytest.param([(1, 2.9)], 10, (), 2, 10, id="part days are not counted"),
        pytest.param([(1, 0.5)], 10, (), 0, 10, id="a part of a day is no day"),
    ],
)
def test_the_days_that_were_covered(
    supplies: list[tuple[int, float]], days: int, hospital: tuple[int, ...], covered: int, counted: int
) -> None:
    """Each day has a supply or has none."""
    found = coverage(_supplies(*supplies), _window(days), in_hospital=[_day(number) for number in hospital])
    assert found == Coverage(covered=covered, days=counted)


@pytest.mark.parametrize("supply", [None, 0, -5, math.nan, math.inf])
def test_a_supply_of_unknown_length_leaves_the_whole_unknown(supply: float | None) -> None:
    """It is never guessed; one that is too old or too late to matter does not disturb."""
    old = Dispense(on=FIRST - REACH - timedelta(days=1), days_supply=supply)
    later = Dispense(on=_day(31), days_supply=supply)
    known = _supplies((1, 30))
    assert coverage([*known, *_supplies((5, supply))], _window(30)) is None
    assert coverage([*known, old, later], _window(30)) == Coverage(covered=30, days=30)


def test_a_time_spent_in_hospital_says_nothing() -> None:
    """With no day to count there is no share."""
    assert coverage(_supplies((1, 10)), _window(2), in_hospital={_day(1), _day(2)}) is None


@pytest.mark.parametrize(
    ("covered", "days", "adherent"), [(144, 180, True), (143, 180, False), (4, 5, True), (0, 5, False), (5, 5, True)]
)
def test_four_days_of_five_are_enough(covered: int, days: int, adherent: bool) -> None:
    """At 80 % exactly too."""
    found = Coverage(covered=covered, days=days)
    assert (found.adherent, found.share) == (adherent, covered / days)


@pytest.mark.parametrize(
    ("numbers", "first"),
    [((1,), 1), ((-400, 50), -79), ((40, 90), 40), ((90, 40, 101), 40), ((), None), ((101,), None)],
)
def test_the_window_begins_with_the_first_supply(numbers: tuple[int, ...], first: int | None) -> None:
    """But never earlier than 180 days back: nobody is late for what they had not begun."""
    window = window_of(_supplies(*((number, 30.0) for number in numbers)), last=_day(100))
    assert window == (None if first is None else Window(first=_day(first), last=_day(100)))


_SUPPLIES = st.lists(st.tuples(st.integers(-60, 120), st.floats(0.5, 100)), max_size=8)


@given(_SUPPLIES, st.integers(1, 100), st.sets(st.integers(-20, 100), max_size=20))
def test_more_never_covers_less(told: list[tuple[int, float]], days: int, hospital: set[int]) -> None:
    """A share lies between 0 and 1, the order of the supplies does not count, and one more never lowers it."""
    stays = {_day(number) for number in hospital}

    def covered(supplies: list[tuple[int, float]]) -> int:
        found = coverage(_supplies(*supplies), _window(days), in_hospital=stays)
        if found is None:
            assert all(_day(number) in stays for number in range(1, days + 1))
            return 0
        assert 0 <= found.share <= 1
        return found.covered

    whole = covered(told)
    assert covered(told[::-1]) == covered(sorted(told)) == whole
    for place in range(len(told)):
        assert covered(told[:place] + told[place + 1 :]) <= whole
