"""What the engine is told with every turn: the calendar, consent, and the site's rules for contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from pathways.engine.context import Facts
from pathways.language.schedule import Calendar, QuietHours
from store import calendars, patients, seasons
from store.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a site has settled for contact, and its zone for as long as it saved no calendar of its own."""

    zone: str = "Asia/Shanghai"
    quiet: QuietHours = field(default_factory=QuietHours)
    contacts_a_day: int = 2
    contacts_a_week: int = 6


def facts_of(
    session: Session, patient: str, policy: Policy, *, now: datetime, wanted: frozenset[str] = frozenset()
) -> Facts:
    """What the store knows of the patient and the site, with the seasons that are `wanted`.

    Raises:
        NotFound: there is no such patient.
    """
    row = patients.read(session, patient)
    return Facts(
        calendar=calendars.read(session) or _default_calendar(policy.zone, now.year),
        consent=patients.consent(session, patient),
        consents={name: said for name, said in patients.consents(session, patient).items() if name != "care"},
        department=row.department,
        team=dict(row.team),
        inpatient=row.inpatient,
        diagnoses=None if row.diagnoses is None else tuple(row.diagnoses),
        seasons=_seasons(now.year, wanted),
        quiet=policy.quiet,
        contacts_a_day=policy.contacts_a_day,
        contacts_a_week=policy.contacts_a_week,
    )


@lru_cache(maxsize=16)
def _seasons(year: int, wanted: frozenset[str]) -> Mapping[str, tuple[date, ...]]:
    if not wanted:
        return {}  # most pathways need none, and facts travel with every turn
    return {name: days for name, days in seasons.seasons(range(year - 1, year + 3)).items() if name in wanted}


@lru_cache(maxsize=16)
def _default_calendar(zone: str, year: int) -> Calendar:
    return calendars.china_calendar(range(year - 1, year + 3), zone)
