"""The working calendars that a scenario may ask for."""

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from types import MappingProxyType

from pathways.language.schedule import Calendar


def _days(*spans: tuple[date, date]) -> Iterator[date]:
    for first, last in spans:
        yield from (first + timedelta(days=number) for number in range((last - first).days + 1))


_WEEKENDS = Calendar(zone="Asia/Shanghai", opens=time(8), closes=time(17))
_CHINA_2026 = Calendar(
    zone="Asia/Shanghai",
    opens=time(8),
    closes=time(17),
    holidays=frozenset(
        _days(
            (date(2026, 1, 1), date(2026, 1, 3)),
            (date(2026, 2, 15), date(2026, 2, 23)),
            (date(2026, 4, 4), date(2026, 4, 6)),
            (date(2026, 5, 1), date(2026, 5, 5)),
            (date(2026, 6, 19), date(2026, 6, 21)),
            (date(2026, 9, 25), date(2026, 9, 27)),
            (date(2026, 10, 1), date(2026, 10, 7)),
        )
    ),
    makeup=frozenset(
        {
            date(2026, 1, 4),
            date(2026, 2, 14),
            date(2026, 2, 28),
            date(2026, 5, 9),
            date(2026, 9, 20),
            date(2026, 10, 10),
        }
    ),
    covers_until=date(2026, 12, 31),
)
SEASONS: Mapping[str, tuple[date, ...]] = MappingProxyType(
    {
        "first-fu": (date(2026, 7, 15), date(2027, 7, 20), date(2028, 7, 14)),
        "middle-fu": (date(2026, 7, 25), date(2027, 7, 30), date(2028, 7, 24)),
        "extra-fu": (date(2026, 8, 4), date(2028, 8, 3)),
        "last-fu": (date(2026, 8, 14), date(2027, 8, 9), date(2028, 8, 13)),
    }
)
"""The 三伏 of the years that a scenario may play in; in 2027 there is no extra session."""
CALENDARS: Mapping[str, Calendar] = MappingProxyType({"china-2026": _CHINA_2026, "weekends": _WEEKENDS})
"""By name; both work from 08:00 to 17:00 in Asia/Shanghai."""
