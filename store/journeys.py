"""Journeys: starting one, what the store shows of it, and its timeline."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from pathways.engine.actions import EndJourney
from pathways.engine.advance import begin as begin_engine
from pathways.engine.events import Enrolled, Tick
from pathways.engine.ids import derive
from pathways.engine.journey import Journey, Scalar, read_journey, write_journey
from pathways.engine.reasons import Reason
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.names import did_you_mean
from pathways.language.release import VALUE_TYPES, Release
from pathways.language.written import TIME_OF_DAY_PATTERN
from store import inbox, observations, patients, releases, tables
from store.database import LOCKED, Session
from store.ids import new_id

BACKFILL = timedelta(days=30)
"""A journey that starts is told the patient's results of this long before."""
LONGEST = timedelta(days=120 * 366)
"""No anchor lies further back."""
EARLIEST_ZONE = timedelta(hours=14)
"""Ahead of UTC: where a day begins first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Who is to start on what; `release` None is the latest of the pathway."""

    patient: str
    pathway: str
    enrolled: datetime
    release: str | None = None
    anchors: Mapping[str, datetime] | None = None
    parameters: Mapping[str, float | tuple[str, ...]] | None = None
    """The patient's own values, within the ranges that the pathway gives."""
    values: Mapping[str, Scalar] | None = None
    episode: str = ""
    """What makes two open journeys of one patient on one pathway different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The journey, and whether this request made it."""

    journey: tables.Journey
    created: bool


def begin(session: Session, start: Start, *, by: str, now: datetime) -> Begun:
    """Start a journey, or give the one that is open for the patient, pathway and episode.

    Its row, the event of its enrolment and the patient's recent results stand in one transaction, under the patient's
    lock; its workflow is started from them afterwards.

    Raises:
        NotFound: there is no such patient, pathway or release.
        Invalid: an episode, anchor, parameter or value is missing, unknown or out of its range.
        Conflict: the patient died, or is on a pathway that does not go with this one.
    """
    patient = patients.lock(session, start.patient)
    row = releases.latest(session, start.pathway) if start.release is None else releases.read(session, start.release)
    if row.pathway != start.pathway:
        raise Invalid("That release belongs to another pathway.", hint="Name a release of the pathway, or none.")
    release = releases.load(row)
    _check_episode(release, start)
    open_now = find_open(session, patient.id)
    known = next((one for one in open_now if (one.pathway, one.episode) == (row.pathway, start.episode)), None)
    if known is not None:
        return Begun(journey=known, created=False)
    if patient.died_at is not None:
        raise Conflict("The patient has died.", hint="If that is wrong, correct it before anything is started.")
    if start.enrolled > now:
        raise Invalid("The enrolment lies in the future.", hint="Start the journey on its day.")
    _check_goes_with(session, release, open_now)
    _check(release, start)
    _check_times(start, patient, now)
    journey = _row(start, patient, row, release, by=by, now=now)
    session.add(journey)
    session.flush()
    inbox.add(session, journey=journey, event=Enrolled(id=derive(journey.id, "enrolled"), received=now))
    codes = releases.codes_of(row.text)
    recent = observations.recent(session, patient.id, codes, since=now - BACKFILL)
    for place, result in enumerate(recent, start=1):
        # Received now: whether a value is still fresh is judged by its effective time against that. They are told in
        # their order and after the enrolment: one that is out of order is judged again against all that came later.
        received = now + timedelta(microseconds=place)
        inbox.add(session, journey=journey, event=observations.event_for(result, journey.id, received=received))
    return Begun(journey=journey, created=True)


def _row(
    start: Start, patient: tables.Patient, row: tables.Release, release: Release, *, by: str, now: datetime
) -> tables.Journey:
    id = new_id()
    state = begin_engine(
        release,
        id=id,
        patient=patients.as_engine(patient),
        anchors={**(start.anchors or {}), "enrolled": start.enrolled},
        parameters=start.parameters,
        values=start.values,
        episode=start.episode or None,
        by=by,
        now=now,
    )
    return tables.Journey(
        id=id,
        patient=patient.id,
        pathway=row.pathway,
        release=row.checksum,
        episode=start.episode,
        status="starting",
        exit_reason=None,
        ended_at=None,
        state=write_journey(state).decode(),
        sequence=0,
        wakeup=None,
        enrolled_at=start.enrolled,
        started_by=by,
        demonstration=row.demonstration,
        created=now,
    )


def episode_of(release: Release) -> str | None:
    """What makes two journeys of a patient on the pathway different; None where there is one."""
    return release.pathway.episode or (None if release.pathway.enrol.yearly is None else "year")


def _check_episode(release: Release, start: Start) -> None:
    """Two journeys of one patient are told apart by what the pathway declares, and by nothing else."""
    declared = episode_of(release)
    if declared is None and start.episode:
        raise Invalid("The pathway has no episodes: a patient is on it once.", hint="Leave the episode out.")
    if declared is not None and not start.episode:
        raise Invalid(
            f"The pathway needs an episode: which {declared}.", hint="Give what tells it from the patient's others."
        )


def _check_goes_with(session: Session, release: Release, open_now: Sequence[tables.Journey]) -> None:
    for other in open_now:
        theirs = releases.load(releases.read(session, other.release)).pathway
        if other.pathway in release.pathway.enrol.not_with or release.pathway.pathway in theirs.enrol.not_with:
            raise Conflict(
                f"The patient is on '{other.pathway}', which does not go with '{release.pathway.pathway}'.",
                hint="End that journey first.",
            )


def _check(release: Release, start: Start) -> None:
    pathway = release.pathway
    given = {**(start.anchors or {}), "enrolled": start.enrolled}
    for name in given:
        if name not in pathway.anchors:
            raise Invalid(f"The pathway has no anchor '{name[:60]}'{did_you_mean(name, pathway.anchors)}.")
    # The calendar gives the date of a season.
    needed = [name for name, anchor in pathway.anchors.items() if anchor.required and anchor.season is None]
    if missing := [name for name in needed if name not in given]:
        raise Invalid(f"The pathway needs: {', '.join(missing)}.", hint="Give each as an anchor.")
    if any(at.tzinfo is None for at in given.values()):
        raise Invalid("An anchor has no time zone.", hint="Write its offset, such as +08:00.")
    for name, value in (start.parameters or {}).items():
        if name in pathway.times and pathway.times[name].per_patient:
            _check_times_of_day(name, value)
            continue
        parameter = pathway.parameters.get(name)
        if parameter is None or parameter.per_patient is None or isinstance(value, tuple):
            raise Invalid(f"The pathway has no parameter '{name[:60]}' that a patient may have of their own.")
        low, high = parameter.per_patient
        if not low <= value <= high:
            raise Invalid(f"Parameter '{name}' is out of its range.", hint=f"Give a value from {low:g} to {high:g}.")
    for name, value in (start.values or {}).items():
        declared = pathway.values.get(name)
        if declared is None:
            raise Invalid(f"The pathway has no value '{name[:60]}'{did_you_mean(name, pathway.values)}.")
        if VALUE_TYPES[declared.type] != _type_of(value):
            raise Invalid(f"Value '{name}' must be a {VALUE_TYPES[declared.type]}.")


def _check_times_of_day(name: str, given: float | tuple[str, ...]) -> None:
    listed = given if isinstance(given, tuple) else ()
    if not listed or any(re.fullmatch(TIME_OF_DAY_PATTERN, one) is None for one in listed):
        raise Invalid(f"Parameter '{name}' must be a list of times of day.", hint="Write each as HH:MM.")


def _check_times(start: Start, patient: tables.Patient, now: datetime) -> None:
    for name, at in {**(start.anchors or {}), "enrolled": start.enrolled}.items():
        check_time(name, at, patient, now)


def check_time(anchor: str, at: datetime, patient: tables.Patient, now: datetime) -> None:
    """Invalid where an anchor of the patient cannot be then."""
    # A date without a zone was read in the hospital's; it counts as long as it is the day of birth somewhere.
    if (at + EARLIEST_ZONE).date() < patient.born:
        raise Invalid(f"Anchor '{anchor}' lies before the patient's birth.", hint="Correct it, or the birth date.")
    if at < now - LONGEST:
        raise Invalid(f"Anchor '{anchor}' lies more than 120 years back.", hint="Correct its year.")


def _type_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def read(session: Session, journey: str) -> tables.Journey:
    """The journey; NotFound where there is none."""
    row = session.get(tables.Journey, journey)
    if row is None:
        raise NotFound("There is no such journey.", hint="GET /api/v1/journeys lists them.")
    return row


def lock(session: Session, journey: str) -> tables.Journey | None:
    """The journey, which no other transaction touches until this one ends; None where there is none."""
    return session.get(tables.Journey, journey, with_for_update=LOCKED, populate_existing=True)


def state_of(row: tables.Journey) -> Journey:
    """The engine's state as the store last showed it."""
    return read_journey(row.state)


def wake(session: Session, patient: str, *, now: datetime) -> None:
    """What is known of the patient has changed: every open journey looks at it with its next turn, which is now."""
    for row in find_open(session, patient):
        inbox.add(session, journey=row, event=Tick(id=new_id(), received=now))


def started_by(session: Session, patient: str, by: str) -> tables.Journey | None:
    """The patient's journey that was started so, ended or not; None where there is none."""
    rows = select(tables.Journey).where(tables.Journey.patient == patient, tables.Journey.started_by == by)
    return session.scalar(rows.limit(1))


def without_episode(
    session: Session, pathway: str, episode: str, *, after: str, limit: int
) -> Sequence[tables.Patient]:
    """Living patients who never had a journey on the pathway for the episode, by id."""
    had = select(tables.Journey.patient).where(tables.Journey.pathway == pathway, tables.Journey.episode == episode)
    rows = select(tables.Patient).where(
        tables.Patient.id > after, tables.Patient.died_at.is_(None), tables.Patient.id.not_in(had)
    )
    return session.scalars(rows.order_by(tables.Patient.id).limit(limit)).all()


def find(session: Session, *, patient: str, pathway: str, episode: str = "") -> tables.Journey | None:
    """The patient's open journey on the pathway; None where there is none."""
    open_now = find_open(session, patient)
    return next((one for one in open_now if (one.pathway, one.episode) == (pathway, episode)), None)


def find_open(session: Session, patient: str) -> Sequence[tables.Journey]:
    """Every journey of the patient that has not ended, and does not end because another one goes on for it."""
    rows = select(tables.Journey).where(
        tables.Journey.patient == patient, tables.Journey.status != "ended", tables.Journey.superseded_by.is_(None)
    )
    return session.scalars(rows.order_by(tables.Journey.created, tables.Journey.id)).all()


def list_(
    session: Session,
    *,
    patient: str | None = None,
    pathway: str | None = None,
    status: tables.JourneyStatus | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Journey]:
    """Journeys by when they were started; `after` is (created, id) of the last one seen."""
    rows = select(tables.Journey)
    if patient is not None:
        rows = rows.where(tables.Journey.patient == patient)
    if pathway is not None:
        rows = rows.where(tables.Journey.pathway == pathway)
    if status is not None:
        rows = rows.where(tables.Journey.status == status)
    if after is not None:
        created, id = after
        rows = rows.where(
            (tables.Journey.created > created) | ((tables.Journey.created == created) & (tables.Journey.id > id))
        )
    return session.scalars(rows.order_by(tables.Journey.created, tables.Journey.id).limit(limit)).all()


def mark_started(session: Session, journey: str) -> None:
    """Its workflow runs; a journey that has gone on since stays as it is."""
    row = lock(session, journey)
    if row is not None and row.status == "starting":
        row.status = "active"
        session.flush()


def show(session: Session, row: tables.Journey, state: Journey, *, wakeup: datetime | None) -> None:
    """This is the journey after its last turn."""
    row.status = state.status
    row.sequence = state.sequence
    row.state = write_journey(state).decode()
    row.wakeup = wakeup
    session.flush()


def end(session: Session, row: tables.Journey, action: EndJourney) -> None:
    """Why and when the journey ended."""
    row.exit_reason, row.ended_at = action.reason, action.at
    session.flush()


def reopen(session: Session, row: tables.Journey) -> None:
    """The end was a mistake: the journey goes on."""
    row.exit_reason, row.ended_at = None, None
    session.flush()


def keep_reasons(session: Session, row: tables.Journey, sequence: int, reasons: Sequence[Reason]) -> None:
    """Put a turn's decisions on the timeline."""
    session.add_all(
        tables.Reason(
            journey=row.id,
            sequence=sequence,
            position=position,
            event=reason.event,
            track=reason.track,
            occurrence=reason.occurrence,
            step=reason.step,
            code=reason.code,
            at=reason.at,
            values=dict(reason.values),
        )
        for position, reason in enumerate(reasons)
    )
    session.flush()


def refusal_of(session: Session, event: str) -> str | None:
    """The code with which the journey refused the event when its turn came; None where it did not."""
    refused = select(tables.Reason).where(tables.Reason.event == event, tables.Reason.code == "refused")
    reason = session.scalar(refused.order_by(tables.Reason.sequence).limit(1))
    return None if reason is None else str(reason.values["code"])


def timeline(
    session: Session, journey: str, *, after: tuple[int, int] | None = None, limit: int = 200
) -> Sequence[tables.Reason]:
    """The journey's decisions in order; `after` is (sequence, position) of the last one seen."""
    rows = select(tables.Reason).where(tables.Reason.journey == journey)
    if after is not None:
        sequence, position = after
        rows = rows.where(
            (tables.Reason.sequence > sequence)
            | ((tables.Reason.sequence == sequence) & (tables.Reason.position > position))
        )
    return session.scalars(rows.order_by(tables.Reason.sequence, tables.Reason.position).limit(limit)).all()
