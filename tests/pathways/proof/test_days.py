"""How a scenario writes times."""

from datetime import UTC, datetime

import pytest

from pathways.proof.days import Days

DAYS = Days(enrolled=datetime(2026, 1, 4, 17, tzinfo=UTC), zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("day 0 00:00", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("day 3 21:40", datetime(2026, 1, 8, 13, 40, tzinfo=UTC)),
        ("day 3 21:40:05", datetime(2026, 1, 8, 13, 40, 5, tzinfo=UTC)),
        ("day -1 08:00", datetime(2026, 1, 4, tzinfo=UTC)),
        ("day 365 23:59:59", datetime(2027, 1, 5, 15, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_of_the_patients_days(text: str, at: datetime) -> None:
    """Day 0 is the date of enrolment in the patient's zone, whatever the date is in UTC."""
    assert DAYS.instant(text) == at
    assert DAYS.written(at) == text


@pytest.mark.parametrize("text", ["day 1", "day 1 24:00", "day 1 9:00", "day one 09:00", "1 09:00", "day 1 09:00 "])
def test_what_is_no_time_of_a_play_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="is not a time of the play"):
        DAYS.instant(text)


def test_a_time_beyond_the_calendar_is_refused() -> None:
    """Years end with 9999."""
    with pytest.raises(ValueError, match="leaves the calendar"):
        Days(enrolled=datetime(9999, 12, 1, tzinfo=UTC), zone="UTC").instant("day 99 09:00")
