"""Ends that were a mistake are taken back: that of one journey, or of all that a death on the wrong patient ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from pathways.engine.events import Reinstated
from pathways.errors import Conflict
from store import inbox, journeys, observations, patients, releases, tables
from store.database import Session
from store.ids import new_id

LATE_RESULTS = timedelta(days=30)
"""A journey that goes on is told results that were taken this long before its end, and came after it."""


def make_way(session: Session, row: tables.Journey, *, now: datetime) -> None:
    """Let an ended journey go on as soon as its event is in the inbox: its place is taken, and it hears what it missed.

    It shows as `starting` until its workflow, which may be over, has taken the event in.

    Raises:
        Conflict: another journey of the patient on the pathway, for the same episode, is open; or the patient died.
    """
    patient = patients.lock(session, row.patient)
    if patient.died_at is not None:
        raise Conflict("The patient has died.", hint="If that is wrong, withdraw the death at the patient.")
    if row.status != "ended":
        return
    other = journeys.find(session, patient=row.patient, pathway=row.pathway, episode=row.episode)
    if other is not None:
        raise Conflict("The patient has started anew on this pathway.", hint="End that journey first, or leave both.")
    ended = row.ended_at or now
    row.status, row.superseded_by = "starting", None
    session.flush()
    codes = releases.codes_of(releases.read(session, row.release).text)
    recent = observations.recent(session, row.patient, codes, since=ended - LATE_RESULTS)
    for place, result in enumerate(recent, start=1):
        # After the event that lets it go on, in their order; what it knows already is a duplicate to it.
        told = observations.event_for(result, row.id, received=now + timedelta(microseconds=place))
        kept = inbox.add(session, journey=row, event=told)
        if kept.state == "refused":
            kept.state, kept.signalled_at = "pending", None
    session.flush()


def withdraw_death(session: Session, patient: str, *, by: str, now: datetime) -> Sequence[tables.Inbox]:
    """The death was recorded of the wrong patient: it is cleared, and every journey that ended by it goes on.

    Gives the inbox rows of those journeys; one that another has taken the place of stays ended.

    Raises:
        NotFound: there is no such patient.
        Conflict: no death is recorded.
    """
    row = patients.lock(session, patient)
    if row.died_at is None:
        raise Conflict("No death of this patient is recorded.", hint="Read the patient again.")
    row.died_at, row.alive = None, now
    row.version += 1
    session.flush()
    return go_on_after_death(session, patient, by=by, now=now)


def go_on_after_death(session: Session, patient: str, *, by: str, now: datetime) -> Sequence[tables.Inbox]:
    """Every journey of the patient, who lives, that ended by a death goes on; the inbox rows that tell them so."""
    return [
        inbox.add(session, journey=journey, event=Reinstated(id=new_id(), received=now, by=by))
        for journey in _ended_by_death(session, patient)
        if _has_way(session, journey, now=now)
    ]


def _has_way(session: Session, journey: tables.Journey, *, now: datetime) -> bool:
    try:
        make_way(session, journey, now=now)
    except Conflict:
        return False
    return True


def _ended_by_death(session: Session, patient: str) -> Sequence[tables.Journey]:
    """Those that show it, and those that will once they have taken in what was accepted."""
    told = select(tables.Inbox.journey).where(
        tables.Inbox.patient == patient, tables.Inbox.kind == "died", tables.Inbox.state == "pending"
    )
    rows = select(tables.Journey).where(
        tables.Journey.patient == patient,
        (tables.Journey.exit_reason == "died") | tables.Journey.id.in_(told),
    )
    return session.scalars(rows.order_by(tables.Journey.id)).all()
