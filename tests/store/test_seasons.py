"""The calendar's seasons are those that almanacs print."""

from datetime import date

import pytest

from pathways.language.schedule import SEASONS
from store.seasons import seasons, seasons_of


@pytest.mark.parametrize(
    ("year", "first", "middle", "extra", "last"),
    [
        (2026, (7, 15), (7, 25), (8, 4), (8, 14)),
        (2027, (7, 20), (7, 30), None, (8, 9)),
        (2028, (7, 14), (7, 24), (8, 3), (8, 13)),
    ],
)
def test_the_three_fu_and_the_session_of_a_long_middle_one(
    year: int, first: tuple[int, int], middle: tuple[int, int], extra: tuple[int, int] | None, last: tuple[int, int]
) -> None:
    """Three sessions in some years, four in others."""
    found = seasons_of(year)
    assert (found["first-fu"], found["middle-fu"], found["last-fu"]) == (
        date(year, *first),
        date(year, *middle),
        date(year, *last),
    )
    assert found.get("extra-fu") == (None if extra is None else date(year, *extra))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("winter-solstice", date(2026, 12, 22)),
        ("summer-solstice", date(2026, 6, 21)),
        ("autumn-begins", date(2026, 8, 7)),
        ("minor-cold", date(2026, 1, 5)),
    ],
)
def test_solar_terms(name: str, day: date) -> None:
    """As the almanac of 2026 has them."""
    assert {str(known): at for known, at in seasons_of(2026).items()}[name] == day


def test_every_season_has_its_dates_in_order() -> None:
    """A name of the language has a date in every year, but the extra session."""
    found = seasons(range(2025, 2036))
    assert set(found) == set(SEASONS)
    for name, days in found.items():
        assert list(days) == sorted(days)
        assert len(days) == 11 or name == "extra-fu"
