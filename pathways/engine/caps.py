"""How often: the starts of a track within a window, and contacts with a patient within a day and a week.

Caps defer, they never swallow.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pathways.engine.clocks import END_OF_TIME, moved
from pathways.engine.context import Facts
from pathways.engine.journey import TrackState
from pathways.language.schedule import at_local, contact_from, zone_named
from pathways.language.trigger import AtMost

WEEK = timedelta(days=7)
_TRIES = 60


def capped_until(cap: AtMost, state: TrackState, received: datetime, facts: Facts, zone: str) -> datetime | None:
    """When the track may start again, by the receipts of its starts; None where it may now."""
    counted = sorted(at for at in state.starts if moved(at, cap.per, facts, zone) > received)
    if len(counted) < cap.times:
        return None
    return moved(counted[-cap.times], cap.per, facts, zone)


def counted_starts(cap: AtMost, state: TrackState, received: datetime, facts: Facts, zone: str) -> tuple[datetime, ...]:
    """The receipts that the cap still counts, with the new one."""
    return (*(at for at in state.starts if moved(at, cap.per, facts, zone) > received), received)


def contact_time(now: datetime, contacts: Sequence[datetime], facts: Facts, zone: str) -> datetime:
    """The first instant from `now` on at which a routine contact is allowed: outside quiet hours, within the budget.

    `contacts` are the instants of earlier routine contacts. `END_OF_TIME` where a site allows none.
    """
    at = now
    for _ in range(_TRIES):
        at = contact_from(at, facts.quiet, zone)
        later = _when_budget_allows(at, contacts, facts, zone)
        if later is None:
            return at
        at = later
    return END_OF_TIME


def _when_budget_allows(at: datetime, contacts: Sequence[datetime], facts: Facts, zone: str) -> datetime | None:
    tz = zone_named(zone)
    today = at.astimezone(tz).date()
    if sum(contact.astimezone(tz).date() == today for contact in contacts) >= facts.contacts_a_day:
        midnight = at_local(at + timedelta(days=1), datetime.min.time(), zone)
        return max(midnight, at + timedelta(minutes=1))
    in_week = sorted(contact for contact in contacts if at - WEEK < contact <= at)
    if len(in_week) >= facts.contacts_a_week:
        oldest = in_week[-facts.contacts_a_week] if facts.contacts_a_week else at
        return max(oldest + WEEK, at + timedelta(minutes=1))
    return None
