"""The working calendar of the site, in the store so that a site can change it."""

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache

from holidays.countries.china import China
from pydantic import TypeAdapter

from pathways.language.schedule import Calendar
from store import tables
from store.database import Session

SITE = "site"


@cache
def _adapter() -> TypeAdapter[Calendar]:
    return TypeAdapter(Calendar)


def china_calendar(
    years: Iterable[int],
    zone: str = "Asia/Shanghai",
    *,
    opens: time = time(8),
    closes: time = time(17),
) -> Calendar:
    """The holidays and make-up working days of China in those years.

    It covers the years up to the last one whose make-up days the State Council had announced to the `holidays` library.
    """
    wanted = sorted(set(years))
    days = China(years=wanted)
    # The library lists some make-up days of years that nobody asked for.
    covered = [year for year in wanted if any(day.year == year for day in China(years=year).weekend_workdays)]
    return Calendar(
        zone=zone,
        opens=opens,
        closes=closes,
        holidays=frozenset(day for day in days if day.year in covered),
        makeup=frozenset(day for day in days.weekend_workdays if day.year in covered),
        covers_until=date(covered[-1] if covered else wanted[0] - 1, 12, 31),
    )


def save(session: Session, calendar: Calendar, *, now: datetime, name: str = SITE) -> None:
    """This is the calendar from now on; journeys learn of it on their next turn."""
    content = _adapter().dump_python(calendar, mode="json")
    session.merge(tables.Calendar(name=name, content=content, changed=now))
    session.flush()


def read(session: Session, name: str = SITE) -> Calendar | None:
    """The calendar, or nothing where none was saved."""
    row = session.get(tables.Calendar, name)
    return None if row is None else _adapter().validate_python(row.content)
