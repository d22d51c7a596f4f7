"""What the engine is told with every turn: the calendar, consent, and the site's rules for contact."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from pathways.engine.context import Facts
from pathways.language.schedule import Calendar, QuietHours
from store import calendars, patients
from store.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a site has settled for contact, and its zone for as long as it saved no calendar of its own."""

    zone: str = "Asia/Shanghai"
    quiet: QuietHours = field(default_factory=QuietHours)
    contacts_a_day: int = 2
    contacts_a_week: int = 6


def facts_of(session: Session, patient: str, policy: Policy, *, now: datetime) -> Facts:
    """What the store knows of the patient and the site; NotFound where there is no such patient."""
    row = patients.read(session, patient)
    return Facts(
        calendar=calendars.read(session) or _default_calendar(policy.zone, now.year),
        consent=patients.consent(session, patient),
        inpatient=row.inpatient,
        diagnoses=None if row.diagnoses is None else tuple(row.diagnoses),
        quiet=policy.quiet,
        contacts_a_day=policy.contacts_a_day,
        contacts_a_week=policy.contacts_a_week,
    )


@lru_cache(maxsize=16)
def _default_calendar(zone: str, year: int) -> Calendar:
    return calendars.china_calendar(range(year - 1, year + 3), zone)
