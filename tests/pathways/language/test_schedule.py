"""When things happen: durations, moments, working calendars, quiet hours."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pathways.language.schedule import (
    DURATION_PATTERN,
    MOMENT_PATTERN,
    Calendar,
    Duration,
    Moment,
    QuietHours,
    Unit,
    at_local,
    contact_from,
    days_since,
    known_zone,
    parse_duration,
    parse_moment,
    shift,
    working_after,
    working_amount,
    working_between,
    zone_named,
)

ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",
    "Africa/Cairo",  # clocks change at midnight
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def china_2026() -> Calendar:
    announced = holidays.country_holidays("CN", years=2026)
    return Calendar(
        zone="Asia/Shanghai",
        opens=time(8),
        closes=time(17),
        holidays=frozenset(announced),
        makeup=frozenset(day for day in announced.weekend_workdays if day.year == 2026),
        covers_until=date(2026, 12, 31),
    )


zones = st.sampled_from(ZONES)
instants = st.timedeltas(timedelta(), timedelta(days=13 * 365)).map(lambda since: utc("2020-01-01") + since)
wholes = st.integers(0, 3000)
spans = st.integers(0, 400 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    opens = draw(st.times(max_value=time(22)))
    closes = draw(st.times(min_value=time(22, 1)))
    days = st.frozensets(st.dates(date(2020, 1, 1), date(2033, 12, 31)), max_size=20)
    return Calendar(
        zone=draw(zones),
        opens=opens,
        closes=closes,
        weekend=draw(st.frozensets(st.integers(0, 6), max_size=6)),
        holidays=draw(days),
        makeup=draw(days),
        covers_until=draw(st.none() | st.dates(date(2020, 1, 1), date(2033, 12, 31))),
    )


# --- durations and moments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "amount", "unit", "written"),
    [
        ("30s", 30, "second", "30s"),
        ("30m", 30, "minute", "30m"),
        ("4h", 4, "hour", "4h"),
        ("14d", 14, "day", "14d"),
        ("3 days", 3, "day", "3d"),
        ("2 weeks", 2, "week", "2 weeks"),
        ("2w", 2, "week", "2 weeks"),
        ("1 week", 1, "week", "1 week"),
        ("6 months", 6, "month", "6 months"),
        ("1 year", 1, "year", "1 year"),
        ("2 working days", 2, "working day", "2 working days"),
        ("1 working day", 1, "working day", "1 working day"),
        ("3 working hours", 3, "working hour", "3 working hours"),
        ("0d", 0, "day", "0d"),
        ("100000 hours", 100_000, "hour", "100000h"),
        ("007d", 7, "day", "7d"),
    ],
)
def test_durations_are_read_and_written(text: str, amount: int, unit: Unit, written: str):
    """A duration is a whole number and a unit, short or in words, and is written one way."""
    duration = parse_duration(text)
    assert duration == Duration(amount=amount, unit=unit)
    assert str(duration) == written
    assert parse_duration(written) == duration
    assert duration.working == unit.startswith("working")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not a duration; write a whole number and a unit"),
        ("soon", "'soon' is not a duration"),
        ("-3d", "'-3d' is not a duration"),
        ("1.5h", "'1.5h' is not a duration"),
        ("30", "'30' is not a duration"),
        ("٣d", "is not a duration"),
        ("3 moons", "'moons' is not a unit of time"),
        ("3 working weeks", "'working weeks' is not a unit of time"),
        ("100001d", "the number of days in '100001d' is too large; write at most 100000"),
        ("1000 years", "the number of years in '1000 years' is too large; write at most 999"),
        ("9" * 9999 + "d", "is too large"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_was_expected(text: str, said: str):
    """A refused duration says what was found and what to write."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("enrolled", Moment(anchor="enrolled")),
        ("enrolled + 2 weeks", Moment(anchor="enrolled", offset=Duration(amount=2, unit="week"))),
        ("edd - 24 weeks", Moment(anchor="edd", sign=-1, offset=Duration(amount=24, unit="week"))),
        ("done(second-stage) + 6 months", Moment(anchor="done(second-stage)", offset=Duration(amount=6, unit="month"))),
        ("planned_second_stage", Moment(anchor="planned_second_stage")),
        ("second-stage - 3d", Moment(anchor="second-stage", sign=-1, offset=Duration(amount=3, unit="day"))),
    ],
)
def test_moments_are_read_and_written(text: str, moment: Moment):
    """A moment is an anchor or a done step, alone or moved by a duration, and is written as it was read."""
    assert parse_moment(text) == moment
    assert str(moment) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not a moment; write an anchor"),
        ("Enrolled", "is not a moment"),
        ("edd-24 weeks", "a space on both sides of the sign"),
        ("enrolled + soon", "'soon' is not a duration"),
        ("enrolled + 2 working days", "counts working time, which a moment cannot"),
        ("enrolled + 2d + 3d", "'2d + 3d' is not a duration"),
    ],
)
def test_what_is_no_moment_is_refused_with_what_was_expected(text: str, said: str):
    """A refused moment says what was found and what to write."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_moment(text)


PIECES = (
    *(
        "1",
        "007",
        "99",
        "999",
        "1000",
        "99999",
        "100000",
        "100001",
        "9999999",
        " ",
        "  ",
        "\t",
        "\n",
        "working",
        " days",
    ),
    *("s", "m", "d", "w", "hours", "week", "months", "years", "working days", "working hour", "+", " + ", " - "),
    *("enrolled", "edd", "done(x-1)", "done(", "second-stage"),
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join))
def test_the_published_patterns_agree_with_the_readers(text: str):
    """The schema of a pathway file accepts exactly the durations and moments that the reader accepts."""
    for pattern, read in ((DURATION_PATTERN, parse_duration), (MOMENT_PATTERN, parse_moment)):
        try:
            read(text)
            was_read = True
        except ValueError:
            was_read = False
        assert was_read == (re.fullmatch(pattern, text) is not None)


# --- moving instants ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "by", "sign", "zone", "expected"),
    [
        # A month without that day gives its last day.
        ("2026-01-31 09:00", "1 month", 1, "Asia/Shanghai", "2026-02-28 09:00"),
        ("2028-01-31 09:00", "1 month", 1, "Asia/Shanghai", "2028-02-29 09:00"),
        ("2028-02-29 09:00", "1 year", 1, "Asia/Shanghai", "2029-02-28 09:00"),
        ("2028-02-29 09:00", "4 years", 1, "Asia/Shanghai", "2032-02-29 09:00"),
        ("2026-03-31 09:00", "1 month", -1, "Asia/Shanghai", "2026-02-28 09:00"),
        ("2026-01-15 09:00", "1 month", -1, "Asia/Shanghai", "2025-12-15 09:00"),
        ("2026-11-30 09:00", "3 months", 1, "Asia/Shanghai", "2027-02-28 09:00"),
        # Days keep the wall clock over a change of summer time.
        ("2026-03-28 09:00", "1d", 1, "Europe/Berlin", "2026-03-29 09:00"),
        ("2026-10-24 09:00", "1 week", 1, "Europe/Berlin", "2026-10-31 09:00"),
        ("2026-03-07 09:00", "1d", 1, "America/New_York", "2026-03-08 09:00"),
        ("2026-11-01 09:00", "1d", -1, "America/New_York", "2026-10-31 09:00"),
        # Skipped by the change: the first instant after the gap.
        ("2026-03-28 02:30", "1d", 1, "Europe/Berlin", "2026-03-29 03:00"),
        ("2026-03-30 02:59:59", "1d", -1, "Europe/Berlin", "2026-03-29 03:00"),
        ("2026-10-03 02:10", "1d", 1, "Australia/Lord_Howe", "2026-10-04 02:30"),
        ("2026-04-23 00:30", "1d", 1, "Africa/Cairo", "2026-04-24 01:00"),
        ("2011-12-29 10:00", "1d", 1, "Pacific/Apia", "2011-12-31 00:00"),
    ],
)
def test_days_to_years_keep_the_wall_clock(at: str, by: str, sign: int, zone: str, expected: str):
    """Days, weeks, months and years are counted on the patient's calendar and clock."""
    assert shift(local(at, zone), parse_duration(by), zone, sign) == local(expected, zone)


def test_a_wall_clock_time_that_occurs_twice_is_its_first_occurrence():
    """On the day on which clocks go back, 02:30 is the 02:30 before they do."""
    assert shift(local("2026-10-24 02:30", "Europe/Berlin"), parse_duration("1d"), "Europe/Berlin") == utc(
        "2026-10-25 00:30"
    )


def test_no_days_leave_an_instant_where_it_is():
    """The second 02:30 of the day on which clocks go back, moved by nothing, stays the second."""
    second = local("2026-10-25 02:30", "Europe/Berlin", fold=1)
    assert shift(second, parse_duration("0d"), "Europe/Berlin") == second


@pytest.mark.parametrize("by", ["24h", "1440m", "86400s"])
@pytest.mark.parametrize("zone", ZONES)
def test_seconds_to_hours_are_absolute(by: str, zone: str):
    """Twenty-four hours are that many hours, whatever the clocks do."""
    for at in (utc("2026-03-28 09:00"), utc("2026-10-24 09:00"), utc("2026-11-01 00:00")):
        assert shift(at, parse_duration(by), zone) - at == timedelta(hours=24)


@given(instants, wholes, st.sampled_from(["day", "week", "month", "year"]), st.sampled_from([1, -1]), zones)
def test_a_shift_lands_on_the_planned_day(at: datetime, amount: int, unit: Unit, sign: int, zone: str):
    """The result shows the planned date and time, but for an hour that the clocks skip there."""
    amount = amount % 100
    tz = ZoneInfo(zone)
    there = shift(at, Duration(amount=amount, unit=unit), zone, sign).astimezone(tz).replace(tzinfo=None)
    wall = at.astimezone(tz).replace(tzinfo=None)
    if unit in ("day", "week"):
        planned = wall + sign * timedelta(days=amount * (7 if unit == "week" else 1))
    else:
        months = wall.year * 12 + wall.month - 1 + sign * amount * (12 if unit == "year" else 1)
        first = wall.replace(year=months // 12, month=months % 12 + 1, day=1)
        planned = first + timedelta(days=wall.day - 1)
        while planned.month != first.month:
            planned -= timedelta(days=1)
    assert planned <= there <= planned + timedelta(hours=1)


@given(instants, st.integers(0, 400), st.integers(0, 400), zones)
def test_a_shift_keeps_order(at: datetime, fewer: int, more: int, zone: str):
    """More days never come before fewer days."""
    fewer, more = sorted((fewer, more))
    shifted = [shift(at, Duration(amount=amount, unit="day"), zone) for amount in (fewer, more)]
    assert shifted == sorted(shifted)
    assert all(moment.tzinfo is UTC for moment in shifted)


@pytest.mark.parametrize(
    ("at", "by", "sign", "said"),
    [
        ("2026-01-01", "2 working days", 1, "'2 working days' is working time and needs a working calendar"),
        ("9500-01-01", "999 years", 1, "leaves the calendar"),
        ("0500-01-01", "999 years", -1, "leaves the calendar"),
        ("9999-12-01", "100000h", 1, "leaves the calendar"),
        ("9999-12-01", "100000d", 1, "leaves the calendar"),
    ],
)
def test_what_cannot_be_shifted_is_refused(at: str, by: str, sign: int, said: str):
    """Working time needs a calendar, and dates end with the year 9999."""
    with pytest.raises(ValueError, match=re.escape(said)):
        shift(utc(at), parse_duration(by), "Asia/Shanghai", sign)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "Asia", "a\x00b"])
def test_an_unknown_zone_is_refused(name: str):
    """A zone that there is not is a refusal that names it."""
    with pytest.raises(ValueError, match="is not a time zone; write an IANA name"):
        zone_named(name)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "localtime", "posixrules", "Factory", "posix/UTC", "Asia"])
def test_a_zone_that_a_person_writes_means_the_same_everywhere(name: str):
    """What a machine calls a zone for itself is no IANA name."""
    assert known_zone("Asia/Shanghai").key == "Asia/Shanghai"
    with pytest.raises(ValueError, match="is not a time zone; write an IANA name"):
        known_zone(name)


@pytest.mark.parametrize(
    ("day_of", "clock", "zone", "expected"),
    [
        ("2026-01-05 20:00", time(9), "Asia/Shanghai", "2026-01-06 01:00"),  # already the 6th there
        ("2026-01-05 03:00", time(9), "America/New_York", "2026-01-04 14:00"),  # still the 4th there
        ("2026-03-29 12:00", time(2, 30), "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-10-25 12:00", time(2, 30), "Europe/Berlin", "2026-10-25 00:30"),
    ],
)
def test_a_time_of_day_is_on_the_local_date(day_of: str, clock: time, zone: str, expected: str):
    """A time of day belongs to the date that the patient's wall shows."""
    assert at_local(utc(day_of), clock, zone) == utc(expected)


@pytest.mark.parametrize(
    ("anchor", "now", "zone", "days"),
    [
        ("2026-01-05 00:00", "2026-01-05 15:59", "Asia/Shanghai", 0),
        ("2026-01-05 00:00", "2026-01-05 16:00", "Asia/Shanghai", 1),
        ("2026-01-05 00:00", "2026-01-04 15:59", "Asia/Shanghai", -1),
        ("2026-03-28 22:30", "2026-03-29 21:30", "Europe/Berlin", 1),
        ("2026-01-05 00:00", "2026-02-16 00:00", "Asia/Shanghai", 42),
    ],
)
def test_the_day_of_an_anchor_is_day_0(anchor: str, now: str, zone: str, days: int):
    """Days are counted from one local midnight to the next, beginning with 0."""
    assert days_since(utc(anchor), utc(now), zone) == days


# --- working calendars -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-01", False),  # New Year, a Thursday
        ("2026-01-04", True),  # a Sunday made up for
        ("2026-01-05", True),
        ("2026-01-10", False),
        ("2026-02-14", True),  # the Saturdays around Spring Festival
        ("2026-02-17", False),
        ("2026-02-28", True),
        ("2026-05-09", True),
        ("2026-09-20", True),
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2027-01-01", True),  # beyond the announcement only weekends count
        ("2027-01-02", False),
    ],
)
def test_the_working_days_of_china_in_2026(day: str, works: bool):
    """Holidays are free and make-up days work, as announced for 2026."""
    assert china_2026().works(date.fromisoformat(day)) == works


def test_no_make_up_day_holds_beyond_the_announcement():
    """Beyond its last announced day a calendar knows weekends alone."""
    saturday = date(2027, 2, 6)
    calendar = Calendar(zone="UTC", opens=time(8), closes=time(17), makeup=frozenset({saturday}))
    assert calendar.works(saturday)
    ended = Calendar(
        zone="UTC", opens=time(8), closes=time(17), makeup=frozenset({saturday}), covers_until=date(2026, 12, 31)
    )
    assert not ended.works(saturday)


def test_a_calendar_says_when_it_has_run_out():
    """The last announced day is covered to its local midnight; a calendar without one never runs out."""
    calendar = china_2026()
    assert not calendar.exhausted(utc("2026-12-31 15:59"))
    assert calendar.exhausted(utc("2026-12-31 16:00"))
    assert not Calendar(zone="UTC", opens=time(8), closes=time(17)).exhausted(utc("2099-01-01"))


@pytest.mark.parametrize(
    ("start", "by", "expected"),
    [
        ("2026-01-05 09:00", "0 working hours", "2026-01-05 09:00"),
        ("2026-01-05 09:00", "3 working hours", "2026-01-05 12:00"),
        ("2026-01-05 08:00", "1 working day", "2026-01-05 17:00"),  # ends with the day: its closing
        ("2026-01-05 09:00", "1 working day", "2026-01-06 09:00"),
        ("2026-01-05 16:00", "3 working hours", "2026-01-06 10:00"),
        ("2026-01-05 17:00", "1 working hour", "2026-01-06 09:00"),
        ("2026-01-05 05:00", "1 working hour", "2026-01-05 09:00"),
        ("2026-01-05 22:00", "0 working hours", "2026-01-06 08:00"),
        ("2026-01-09 09:00", "1 working day", "2026-01-12 09:00"),  # over a weekend
        ("2026-02-13 09:00", "2 working days", "2026-02-24 09:00"),  # the Saturday works, then Spring Festival
        ("2026-02-27 09:00", "1 working day", "2026-02-28 09:00"),  # a make-up Saturday
        ("2026-09-30 09:00", "3 working days", "2026-10-10 09:00"),  # 8 and 9 October, then the Saturday
        ("2026-12-31 09:00", "1 working day", "2027-01-01 09:00"),  # not announced: counted as a Friday
    ],
)
def test_working_time_in_china(start: str, by: str, expected: str):
    """Working time runs in opening hours on working days alone."""
    calendar = china_2026()
    due = working_after(calendar, local(start, "Asia/Shanghai"), working_amount(calendar, parse_duration(by)))
    assert due == local(expected, "Asia/Shanghai")


@given(calendars(), instants, spans)
def test_working_time_passes_in_exactly_that_time(calendar: Calendar, start: datetime, amount: timedelta):
    """Between a start and the instant at which an amount of working time is over lies that amount."""
    end = working_after(calendar, start, amount)
    assert end >= start
    assert working_between(calendar, start, end) == amount


@given(calendars(), instants, spans, spans)
def test_working_time_adds_up(calendar: Calendar, start: datetime, one: timedelta, other: timedelta):
    """Working time may be counted in pieces, wherever it is cut."""
    middle = start + one
    end = middle + other
    whole = working_between(calendar, start, end)
    assert working_between(calendar, start, middle) + working_between(calendar, middle, end) == whole
    assert working_between(calendar, end, start) == timedelta()


def test_an_amount_that_is_used_up_is_over_at_once():
    """A ledger that has consumed more than was given is due now."""
    start = local("2026-01-05 09:00", "Asia/Shanghai")
    assert working_after(china_2026(), start, timedelta(hours=-3)) == start


def test_a_long_row_of_holidays_ends():
    """A calendar with years of holidays still gives an instant, on the first day that works again."""
    closed = frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(5 * 365))
    calendar = Calendar(zone="UTC", opens=time(8), closes=time(17), weekend=frozenset(), holidays=closed)
    assert working_after(calendar, utc("2026-01-01"), timedelta(hours=1)) == utc("2030-12-31 09:00")


def test_hours_that_the_clocks_skip_are_not_worked():
    """A shift from 01:00 to 05:00 has three hours on the night on which clocks go forward."""
    calendar = Calendar(zone="Europe/Berlin", opens=time(1), closes=time(5), weekend=frozenset())
    day = utc("2026-03-28 23:00"), utc("2026-03-29 22:00")
    assert working_between(calendar, *day) == timedelta(hours=3)


def test_only_working_time_has_a_working_amount():
    """Days and hours of the clock are not working time."""
    assert working_amount(china_2026(), parse_duration("2 working days")) == timedelta(hours=18)
    with pytest.raises(ValueError, match="'2d' is not working time"):
        working_amount(china_2026(), parse_duration("2d"))


@pytest.mark.parametrize(
    ("zone", "opens", "closes", "weekend", "said"),
    [
        ("UTC", time(17), time(8), {5, 6}, "17:00:00 is not before 08:00:00"),
        ("UTC", time(8), time(8), {5, 6}, "is not before"),
        ("UTC", time(8), time(17), set(range(7)), "leaves at least one"),
        ("UTC", time(8), time(17), {7}, "weekdays 0 (Monday) to 6"),
        ("Mars", time(8), time(17), {5, 6}, "'Mars' is not a time zone"),
    ],
)
def test_a_calendar_that_never_works_is_refused(zone: str, opens: time, closes: time, weekend: set[int], said: str):
    """A calendar has an opening before its closing, a weekday that works and a known zone."""
    with pytest.raises(ValueError, match=re.escape(said)):
        Calendar(zone=zone, opens=opens, closes=closes, weekend=frozenset(weekend))


# --- quiet hours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-01-05 20:59:59", "Asia/Shanghai", "2026-01-05 20:59:59"),
        ("2026-01-05 21:00", "Asia/Shanghai", "2026-01-06 08:00"),
        ("2026-01-05 23:59", "Asia/Shanghai", "2026-01-06 08:00"),
        ("2026-01-06 00:00", "Asia/Shanghai", "2026-01-06 08:00"),
        ("2026-01-06 07:59", "Asia/Shanghai", "2026-01-06 08:00"),
        ("2026-01-06 08:00", "Asia/Shanghai", "2026-01-06 08:00"),
        ("2026-03-28 22:00", "Europe/Berlin", "2026-03-29 08:00"),
        ("2026-10-31 22:00", "America/New_York", "2026-11-01 08:00"),
    ],
)
def test_contact_waits_for_the_end_of_the_quiet_hours(now: str, zone: str, expected: str):
    """From 21:00 to 08:00 on the patient's clock nobody is contacted, and at 08:00 they are."""
    assert contact_from(local(now, zone), QuietHours(), zone) == local(expected, zone)


def test_quiet_hours_may_lie_within_a_day():
    """A noon rest from 12:00 to 14:00 ends on the same day; equal ends are no quiet hours."""
    rest = QuietHours(start=time(12), end=time(14))
    assert contact_from(utc("2026-01-05 12:30"), rest, "UTC") == utc("2026-01-05 14:00")
    assert contact_from(utc("2026-01-05 14:00"), rest, "UTC") == utc("2026-01-05 14:00")
    never = QuietHours(start=time(8), end=time(8))
    assert contact_from(utc("2026-01-05 08:00"), never, "UTC") == utc("2026-01-05 08:00")


def test_contact_is_never_in_the_past():
    """Where clocks go back over the end of the quiet hours, contact is not put before now."""
    quiet = QuietHours(start=time(21), end=time(2, 30))
    second = local("2026-10-25 02:10", "Europe/Berlin", fold=1)
    assert contact_from(second, quiet, "Europe/Berlin") == second


@given(instants, zones)
def test_contact_is_outside_the_quiet_hours_and_soon(now: datetime, zone: str):
    """Contact comes within half a day, outside the quiet hours, and waiting once is enough."""
    contact = contact_from(now, QuietHours(), zone)
    assert now <= contact <= now + timedelta(hours=12)
    assert time(8) <= contact.astimezone(ZoneInfo(zone)).time() < time(21)
    assert contact_from(contact, QuietHours(), zone) == contact


# --- as data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        parse_duration("2 working days"),
        parse_moment("enrolled"),
        parse_moment("edd - 24 weeks"),
        china_2026(),
        QuietHours(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_survive_json(value: object):
    """What crosses a process comes back equal, and equal values are equal bytes."""
    adapter = TypeAdapter(type(value))
    text = adapter.dump_json(value)
    assert adapter.validate_json(text) == value
    assert adapter.dump_json(adapter.validate_json(text)) == text


def test_a_calendar_is_written_in_order():
    """Sets are written sorted, so that a payload does not change from one process to the next."""
    written = TypeAdapter(Calendar).dump_python(china_2026(), mode="json")
    assert written["weekend"] == [5, 6]
    assert written["makeup"] == ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
    assert written["holidays"] == sorted(written["holidays"])


def test_a_calendar_read_from_json_is_checked():
    """A calendar that never works does not come in as data either."""
    text = TypeAdapter(Calendar).dump_json(china_2026()).replace(b"08:00:00", b"18:00:00")
    with pytest.raises(ValidationError, match="is not before"):
        TypeAdapter(Calendar).validate_json(text)


def test_any_aware_instant_comes_back_in_utc():
    """A caller may give an instant in any zone; what it gets is UTC."""
    eight = datetime(2026, 1, 5, 8, 30, tzinfo=timezone(timedelta(hours=8)))
    calendar = china_2026()
    for moved in (
        shift(eight, parse_duration("1h"), "Asia/Shanghai"),
        shift(eight, parse_duration("0h"), "Asia/Shanghai"),
        shift(eight, parse_duration("1d"), "Asia/Shanghai"),
        at_local(eight, time(9), "Asia/Shanghai"),
        working_after(calendar, eight, timedelta(hours=1)),
        contact_from(eight, QuietHours(), "Asia/Shanghai"),
    ):
        assert moved.tzinfo is UTC
