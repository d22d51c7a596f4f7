"""What the engine is told with every turn, as data that a history records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pathways.language.schedule import Calendar, QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the store knows of the patient and the site; read by the projection and used from the next turn on."""

    calendar: Calendar
    consent: bool | None = None
    """Care contact: only a recorded yes allows it."""
    consents: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Contact for other purposes: `marketing`, `research`."""
    department: str | None = None
    """The patient's own department."""
    team: Mapping[str, str] = field(default_factory=dict[str, str])
    """Who cares for the patient: a person's id by what they are, such as `surgeon`."""
    seasons: Mapping[str, tuple[date, ...]] = field(default_factory=dict[str, "tuple[date, ...]"])
    """The dates of each season in the years that the calendar knows, ascending."""
    inpatient: bool | None = None
    diagnoses: tuple[str, ...] | None = None
    """ICD-10 codes; None where nobody has told."""
    quiet: QuietHours = field(default_factory=QuietHours)
    contacts_a_day: int = 2
    contacts_a_week: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One turn's instant and facts."""

    now: datetime
    facts: Facts
