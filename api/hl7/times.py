"""HL7's times: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`. The library's own reader takes `2026ABC` for 2026."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,6})?)?)?)?([+-][0-9]{4})?"
)
# Old senders write what their own database shows.
_WRITTEN = re.compile(
    r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})"
    r"(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?)?([+-][0-9]{4})?"
)
_FIRST_YEAR = 1850


def instant(text: str | None, zone: tzinfo) -> datetime | None:
    """The instant, in UTC; what names no zone is in the sender's. None where it is none, or not even a day is told."""
    found = None if text is None else _TIME.fullmatch(text.strip()) or _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=_offset(offset) or zone
        )
        # A minute has its sixtieth second where one was put in.
        moment = local + timedelta(seconds=min(int(second or 0), 60) + float(fraction or 0))
        return moment.astimezone(UTC) if int(second or 0) <= 60 and int(year) >= _FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None


def day(text: str | None) -> date | None:
    """The day, as it is written; None where it is none."""
    found = None if text is None else _TIME.fullmatch(text.strip()) or _WRITTEN.fullmatch(text.strip())
    if found is None or int(found[1]) < _FIRST_YEAR:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def written(moment: datetime) -> str:
    """The instant as a message holds it, to the second, with its zone."""
    return moment.strftime("%Y%m%d%H%M%S%z")


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
