"""When things happen: durations, moments around an anchor, working calendars and quiet hours.

Every instant is an aware datetime and comes back in UTC; a zone is an IANA name such as `Asia/Shanghai`. Nothing here
reads a clock. A wall-clock time that a change of summer time skips stands for the first instant after the gap, one that
occurs twice for its first occurrence.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import PlainSerializer

Unit = Literal["second", "minute", "hour", "day", "week", "month", "year", "working hour", "working day"]

# Sets have no order of their own: sorted, equal calendars are equal bytes in every process.
_SortedDates = Annotated[frozenset[date], PlainSerializer(sorted, return_type=list[date], when_used="json")]
_SortedWeekdays = Annotated[frozenset[int], PlainSerializer(sorted, return_type=list[int], when_used="json")]

_SHORT: dict[str, Unit] = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_ALL: tuple[Unit, ...] = get_args(Unit)
_UNITS: dict[str, Unit] = {**_SHORT, **{unit: unit for unit in _ALL}, **{f"{unit}s": unit for unit in _ALL}}
_WRITTEN_SHORT: dict[Unit, str] = {"second": "s", "minute": "m", "hour": "h", "day": "d"}
_ABSOLUTE: dict[Unit, timedelta] = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}
_DAYS: dict[Unit, int] = {"day": 1, "week": 7}
_MONTHS: dict[Unit, int] = {"month": 1, "year": 12}
# What is more than a life long is a slip of the keyboard, and would lead out of the years that can be counted.
_LARGEST_AMOUNT = 100_000
_LARGEST_LONG_AMOUNT = 999
_LONG_UNITS: frozenset[Unit] = frozenset({"week", "month", "year"})

_ELAPSED = r"(0*(100000|[0-9]{1,5}) *(s|m|h|d|seconds?|minutes?|hours?|days?)|0*[0-9]{1,3} *(w|weeks?|months?|years?))"
_ANCHOR = r"([a-z][a-z0-9_-]*|done\([a-z][a-z0-9-]*\))"
DURATION_PATTERN = rf"^({_ELAPSED}|0*(100000|[0-9]{{1,5}}) *working (hours?|days?))$"
"""What `parse_duration` reads, for the published schema."""
MOMENT_PATTERN = rf"^{_ANCHOR}( +[+-] +{_ELAPSED})?$"
"""What `parse_moment` reads, for the published schema."""

Season = Literal[
    "first-fu",
    "middle-fu",
    "extra-fu",
    "last-fu",
    "spring-begins",
    "rain-water",
    "insects-awaken",
    "spring-equinox",
    "clear-and-bright",
    "grain-rain",
    "summer-begins",
    "grain-full",
    "grain-in-ear",
    "summer-solstice",
    "minor-heat",
    "major-heat",
    "autumn-begins",
    "end-of-heat",
    "white-dew",
    "autumn-equinox",
    "cold-dew",
    "frost-descends",
    "winter-begins",
    "minor-snow",
    "major-snow",
    "winter-solstice",
    "minor-cold",
    "major-cold",
]
"""Dates that a Chinese calendar gives: the three 伏, the session ten days after a long middle one, solar terms."""
SEASONS: tuple[Season, ...] = get_args(Season)
SEASONAL_PATTERN = rf"^({'|'.join(SEASONS)})( +[+-] +{_ELAPSED})?$"

_DURATION = re.compile(r"([0-9]+) *([a-z]+(?: [a-z]+)?)")
_MOMENT = re.compile(rf"{_ANCHOR}(?: +([+-]) +(.+))?")
_DURATION_EXAMPLES = "'30m', '4h', '14d', '2 weeks', '6 months', '2 working days'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A whole number of one unit, as a lead writes it."""

    amount: int
    unit: Unit

    @property
    def working(self) -> bool:
        """Whether it is counted in a calendar's working time."""
        return self.unit in ("working hour", "working day")

    def __str__(self) -> str:
        if self.unit in _WRITTEN_SHORT:
            return f"{self.amount}{_WRITTEN_SHORT[self.unit]}"
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


def parse_duration(text: str) -> Duration:
    """Read `30m`, `14d`, `2 weeks` or `2 working days`; ValueError says what is wrong and what was expected."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a duration; write a whole number and a unit, such as {_DURATION_EXAMPLES}")
    digits, unit_text = found.groups()
    unit = _UNITS.get(unit_text)
    if unit is None:
        raise ValueError(f"'{unit_text}' is not a unit of time; write one such as {_DURATION_EXAMPLES}")
    largest = _LARGEST_LONG_AMOUNT if unit in _LONG_UNITS else _LARGEST_AMOUNT
    significant = digits.lstrip("0") or "0"
    # By length first: Python refuses to read a number of thousands of digits.
    if len(significant) > 6 or int(significant) > largest:
        raise ValueError(f"the number of {unit}s in '{text[:40]}' is too large; write at most {largest}")
    return Duration(amount=int(significant), unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An anchor, or `done(step)`, with a duration after (+1) or before (-1) it."""

    anchor: str
    sign: Literal[1, -1] = 1
    offset: Duration | None = None

    @property
    def step(self) -> str | None:
        """The step that it counts from when it was last done; None where it counts from an anchor."""
        return self.anchor[len("done(") : -1] if self.anchor.startswith("done(") else None

    def __str__(self) -> str:
        return self.anchor if self.offset is None else f"{self.anchor} {'+' if self.sign == 1 else '-'} {self.offset}"


def parse_moment(text: str) -> Moment:
    """Read `enrolled`, `enrolled + 2 weeks`, `edd - 24 weeks` or `done(second-stage) + 6 months`; else ValueError.

    Working durations are refused: a moment belongs to the patient, working hours to a department.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(
            f"'{text}' is not a moment; write an anchor, alone or with a duration and a space on both sides of the "
            "sign, such as 'enrolled', 'enrolled + 2 weeks' or 'edd - 24 weeks'"
        )
    anchor, sign, offset_text = found.groups()
    if sign is None:
        return Moment(anchor=anchor)
    offset = parse_duration(offset_text)
    if offset.working:
        raise ValueError(f"'{text}' counts working time, which a moment cannot; write it in days or hours")
    return Moment(anchor=anchor, sign=1 if sign == "+" else -1, offset=offset)


def is_moment(text: str) -> bool:
    """Whether the text is one that `parse_moment` reads."""
    return re.fullmatch(MOMENT_PATTERN, text) is not None


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name; ValueError for a name that there is not."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone; write an IANA name such as 'Asia/Shanghai'") from None


def known_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name that a person wrote; ValueError also for what a machine keeps beside those.

    `localtime` is another zone on another machine, and `Factory` stands for none that was chosen.
    """
    if name not in _zones():
        raise ValueError(f"'{name}' is not a time zone; write an IANA name such as 'Asia/Shanghai'")
    return zone_named(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def shift(at: datetime, by: Duration, zone: str, sign: int = 1) -> datetime:
    """The instant that lies `by` after (or, with sign -1, before) `at`.

    Seconds to hours are absolute; days to years keep the wall clock of the zone, and a month without that day gives
    its last day. ValueError for a working duration (it needs a calendar) and for a result beyond the years 1 to 9999.
    """
    if by.working:
        raise ValueError(f"'{by}' is working time and needs a working calendar")
    amount = sign * by.amount
    if amount == 0:
        return at.astimezone(UTC)
    try:
        if by.unit in _ABSOLUTE:
            return at.astimezone(UTC) + amount * _ABSOLUTE[by.unit]
        tz = zone_named(zone)
        wall = at.astimezone(tz).replace(tzinfo=None)
        if by.unit in _DAYS:
            return _instant(wall + timedelta(days=amount * _DAYS[by.unit]), tz)
        return _instant(_add_months(wall, amount * _MONTHS[by.unit]), tz)
    except OverflowError:
        raise ValueError(f"'{by}' from there leaves the calendar") from None


def _add_months(wall: datetime, months: int) -> datetime:
    year, month0 = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return wall.replace(year=year, month=month0 + 1, day=min(wall.day, monthrange(year, month0 + 1)[1]))


def _instant(wall: datetime, tz: ZoneInfo) -> datetime:
    """The first UTC instant at which the zone's clocks show `wall`, or the first one after the gap that skips it."""
    first = wall.replace(tzinfo=tz, fold=0)
    second = wall.replace(tzinfo=tz, fold=1)
    before, after = first.astimezone(UTC), second.astimezone(UTC)
    if before <= after:
        return before
    # Skipped: the two readings lie on either side of the change, which falls on a whole second between them.
    low, high = after.replace(microsecond=0), before.replace(microsecond=0)
    old_offset = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(tz).utcoffset() == old_offset:
            low = middle
        else:
            high = middle
    return high


def at_local(day_of: datetime, clock: time, zone: str) -> datetime:
    """The instant of that wall-clock time on the zone's date of `day_of`."""
    tz = zone_named(zone)
    return _instant(datetime.combine(day_of.astimezone(tz).date(), clock), tz)


def on_date(day: date, clock: time, zone: str) -> datetime:
    """The instant of that wall-clock time on the date in the zone."""
    return _instant(datetime.combine(day, clock), zone_named(zone))


def days_since(anchor: datetime, now: datetime, zone: str) -> int:
    """The number of the zone's calendar days from the anchor's day, which is day 0; negative before it."""
    tz = zone_named(zone)
    return (now.astimezone(tz).date() - anchor.astimezone(tz).date()).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working hours of a department and the days on which they hold.

    Weekdays count from Monday 0. A make-up day works although it is a weekend day or a holiday. `covers_until` is the
    last day for which holidays were announced: beyond it only weekends count, and the calendar is exhausted; None is a
    calendar that needs no announcement. ValueError where opening is not before closing, no weekday works, or the zone
    is unknown.
    """

    zone: str
    opens: time
    closes: time
    weekend: _SortedWeekdays = frozenset({5, 6})
    holidays: _SortedDates = frozenset()
    makeup: _SortedDates = frozenset()
    covers_until: date | None = None

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if self.opens >= self.closes:
            raise ValueError(f"a working day opens before it closes; {self.opens} is not before {self.closes}")
        if not self.weekend < frozenset(range(7)):
            raise ValueError("a weekend is made of weekdays 0 (Monday) to 6 and leaves at least one of them to work")

    def works(self, day: date) -> bool:
        """Whether the department works on that date."""
        if self.covers_until is not None and day > self.covers_until:
            return day.weekday() not in self.weekend
        return day in self.makeup or (day.weekday() not in self.weekend and day not in self.holidays)

    def exhausted(self, at: datetime) -> bool:
        """Whether `at` lies beyond the days that were announced."""
        return self.covers_until is not None and at.astimezone(zone_named(self.zone)).date() > self.covers_until


def working_amount(calendar: Calendar, d: Duration) -> timedelta:
    """The working time that a working duration stands for; a working day is the time from opening to closing."""
    match d.unit:
        case "working hour":
            return timedelta(hours=d.amount)
        case "working day":
            return d.amount * (datetime.combine(date.min, calendar.closes) - datetime.combine(date.min, calendar.opens))
        case _:
            raise ValueError(f"'{d}' is not working time; write working hours or working days")


def _hours(calendar: Calendar, day: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    return (
        _instant(datetime.combine(day, calendar.opens), tz),
        _instant(datetime.combine(day, calendar.closes), tz),
    )


def working_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time from `start` to `end`; none where `end` is not after `start`."""
    tz = zone_named(calendar.zone)
    day, last = start.astimezone(tz).date(), end.astimezone(tz).date()
    total = timedelta()
    while day <= last:
        if calendar.works(day):
            opens, closes = _hours(calendar, day, tz)
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += timedelta(days=1)
    return total


def working_after(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """The first working instant at which that much working time has passed since `start`.

    Outside working hours time begins at the next opening; an amount that ends with the day ends at its closing. Zero or
    less is over at once.
    """
    tz = zone_named(calendar.zone)
    left = max(amount, timedelta())
    day = start.astimezone(tz).date()
    # Ends: past the finite holidays some weekday works in every week.
    while True:
        if calendar.works(day):
            opens, closes = _hours(calendar, day, tz)
            begins = max(opens, start.astimezone(UTC))
            if begins <= closes and left <= closes - begins:
                return begins + left
            left -= max(closes - begins, timedelta())
        day += timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """The wall-clock hours that leave a patient in peace, from `start` to before `end`; none where both are equal."""

    start: time = time(21)
    end: time = time(8)

    def __contains__(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def contact_from(now: datetime, quiet: QuietHours, zone: str) -> datetime:
    """The first instant from `now` on at which the patient may be contacted: `now`, or the end of the quiet hours."""
    tz = zone_named(zone)
    local = now.astimezone(tz)
    instant = now.astimezone(UTC)
    if local.time() not in quiet:
        return instant
    end_day = local.date() if local.time() < quiet.end else local.date() + timedelta(days=1)
    # Where clocks go back over the end, it may be behind us already.
    return max(instant, _instant(datetime.combine(end_day, quiet.end), tz))
