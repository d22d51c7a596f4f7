"""The calendars that a scenario may ask for."""

from datetime import date, timedelta

from pathways.proof.calendars import CALENDARS

CHINA, WEEKENDS = CALENDARS["china-2026"], CALENDARS["weekends"]
DAYS_OF_2026 = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


def test_china_differs_from_weekends_on_its_holidays_and_make_up_days_alone() -> None:
    """The two calendars are otherwise the same."""
    rests = [day for day in DAYS_OF_2026 if WEEKENDS.works(day) and not CHINA.works(day)]
    works = [day for day in DAYS_OF_2026 if CHINA.works(day) and not WEEKENDS.works(day)]
    assert [f"{day:%m-%d}" for day in works] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert len(CHINA.holidays) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    assert rests == [day for day in DAYS_OF_2026 if day in CHINA.holidays and day.weekday() < 5]
    assert CHINA.covers_until == date(2026, 12, 31)
    assert WEEKENDS.covers_until is None
