"""Who comes onto a pathway without a person's start: by another journey, by an event, or with the season of a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pathways.engine.actions import EnrolPatient
from pathways.engine.enrolment import belongs, enrolment_refusal
from pathways.engine.journey import Scalar
from pathways.errors import Conflict, Refused
from store import journeys, releases, tables
from store.database import Session
from store.facts import Policy, facts_of
from store.journeys import Begun, Start

AS_PATHWAY = "pathway"
"""Who starts a journey that no person starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of an enrolment: the journey, or why there is none."""

    pathway: str
    journey: str | None = None
    created: bool = False
    code: str | None = None
    message: str | None = None


def check_may_enrol(session: Session, row: tables.Journey, policy: Policy, *, now: datetime) -> None:
    """Conflict where the pathway is not for this patient."""
    facts = facts_of(session, row.patient, policy, now=now)
    release = releases.load(releases.read(session, row.release))
    enrol = release.pathway.enrol
    match enrolment_refusal(release, journeys.state_of(row), facts, now=now):
        case "excluded":
            raise Conflict("The pathway excludes this patient.", hint=f"Its condition is: unless {enrol.unless}")
        case "not-eligible":
            hint = f"Its condition is: {enrol.when}. Correct what is known of the patient, or choose another pathway."
            raise Conflict("The pathway is not for this patient.", hint=hint)
        case None:
            pass


def begin(session: Session, start: Start, policy: Policy, *, by: str, now: datetime) -> Begun:
    """Start a journey of somebody who may be on the pathway, or give the one that is open.

    Raises:
        Refused: as `journeys.begin`, or the pathway is not for this patient; the transaction is to be given up.
    """
    begun = journeys.begin(session, start, by=by, now=now)
    if begun.created:
        check_may_enrol(session, begun.journey, policy, now=now)
    return begun


def carry_over(session: Session, patient: str, action: EnrolPatient, *, policy: Policy) -> Begun:
    """Do what another journey of the patient asks for, once."""
    by = f"{AS_PATHWAY}/{action.enrolment}"
    known = journeys.started_by(session, patient, by)
    if known is not None:
        return Begun(journey=known, created=False)
    own, values = _split(session, action.pathway, action.values)
    start = Start(
        patient=patient,
        pathway=action.pathway,
        enrolled=action.at,
        anchors=action.anchors,
        parameters=own,
        values=values,
        episode=action.episode or "",
    )
    return begin(session, start, policy, by=by, now=action.at)


def _split(session: Session, pathway: str, given: Mapping[str, Scalar]) -> tuple[dict[str, float], dict[str, Scalar]]:
    """The patient's own parameters, and the values."""
    declared = releases.load(releases.latest(session, pathway)).pathway.parameters
    own = {
        name: float(value)
        for name, value in given.items()
        if name in declared and isinstance(value, int | float) and not isinstance(value, bool)
    }
    return own, {name: value for name, value in given.items() if name not in own}


def by_event(
    session: Session,
    patient: str,
    event: str,
    *,
    id: str,
    at: datetime,
    data: Mapping[str, Scalar],
    policy: Policy,
    now: datetime,
) -> Sequence[Tried]:
    """Enrol the patient on every pathway that this event enrols on; one that refuses does not stop the others.

    The episode is what the event's data call by its name, else the event itself; anchors are its data too.
    """
    tried: list[Tried] = []
    for row in releases.current(session):
        release = releases.load(row)
        pathway = release.pathway
        if pathway.enrol.on != event:
            continue
        named = journeys.episode_of(release)
        episode = "" if named is None else str(data.get(named, id))
        start = Start(
            patient=patient,
            pathway=row.pathway,
            enrolled=at,
            anchors=_anchors(data, set(pathway.anchors) - {"enrolled"}),
            values={name: data[name] for name in pathway.values if name in data},
            episode=episode[:60],
        )
        tried.append(attempt(session, start, policy, now=now))
    return tried


def _anchors(data: Mapping[str, Scalar], names: set[str]) -> dict[str, datetime]:
    """Those of the names that the data give as an instant with a zone."""
    found: dict[str, datetime] = {}
    for name in names:
        try:
            at = datetime.fromisoformat(str(data.get(name.replace("-", "_"), "")))
        except ValueError:
            continue
        if at.tzinfo is not None:
            found[name] = at
    return found


def attempt(session: Session, start: Start, policy: Policy, *, now: datetime) -> Tried:
    """Enrol where that may be; what is refused leaves nothing."""
    try:
        with session.begin_nested():
            begun = begin(session, start, policy, by=AS_PATHWAY, now=now)
    except Refused as refused:
        return Tried(pathway=start.pathway, code=refused.code, message=refused.message)
    return Tried(pathway=start.pathway, journey=begun.journey.id, created=begun.created)


def yearly(
    session: Session, row: tables.Release, *, episode: str, after: str, limit: int, policy: Policy, now: datetime
) -> tuple[Sequence[Tried], str | None]:
    """Enrol, of the next patients by id, those who belong on the pathway this year; and the id to go on after.

    Only who is known to belong is enrolled; None as the id to go on after is the end.
    """
    release = releases.load(row)
    people = journeys.without_episode(session, row.pathway, episode, after=after, limit=limit)
    tried: list[Tried] = []
    for patient in people:
        facts = facts_of(session, patient.id, policy, now=now)
        if belongs(release, patient.born, patient.sex, patient.zone, facts, now=now):
            start = Start(patient=patient.id, pathway=row.pathway, enrolled=now, episode=episode)
            tried.append(attempt(session, start, policy, now=now))
    return tried, people[-1].id if len(people) == limit else None
