"""Two records that are one person's: what the one has goes over to the other, by rule.

Of two open journeys on one pathway and episode the survivor's goes on; the other ends as merged, and its open tasks go
over. Journeys that go on learn of the results that the other record had.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update

from pathways.engine.events import Left
from pathways.errors import Conflict, Invalid, NotFound
from store import alarms, audit, inbox, journeys, observations, patients, releases, tables
from store.database import Session
from store.identities import survivor_of
from store.ids import new_id

MOVED: tuple[type[tables.Base], ...] = (
    tables.Consent,
    tables.Observation,
    tables.Entry,
    tables.Journey,
    tables.Task,
    tables.Message,
    tables.Ask,
    tables.Answers,
    tables.Visit,
    tables.Inbox,
)
"""Everything that belongs to a patient, each by its `patient` column."""


def merge(
    session: Session, *, survivor: str, retired: str, by: str, now: datetime, transmission: str | None = None
) -> tables.Merge:
    """Let `retired` go into `survivor`; the same merge again is the one that is there.

    Raises:
        NotFound: one of them is not known.
        Invalid: they are the same record.
        Conflict: `retired` went into another record.
    """
    patients.lock_all(session, {survivor, retired})
    into, gone = survivor_of(session, survivor), patients.read(session, retired)
    if into is None:
        raise NotFound("There is no such patient.", hint="Send the surviving patient first.")
    if gone.merged_into is not None:
        known = _standing(session, retired)
        if known is not None and survivor_of(session, retired) == into:
            return known
        raise Conflict("That record went into another patient's.", hint="Undo that merge first.")
    if into == retired:
        raise Invalid("A record cannot go into itself.")
    stays = patients.lock(session, into)
    open_before = journeys.find_open(session, into)
    results = _results(session, into), _results(session, retired)
    row = tables.Merge(
        id=new_id(),
        survivor=into,
        retired=retired,
        at=now,
        by=by,
        transmission=transmission,
        moved={},
        undone_at=None,
        undone_by=None,
    )
    superseded = _supersede(session, retired, open_before, now=now)
    moved: dict[str, Any] = {
        "identifiers": _move_identifiers(session, retired, into),
        "superseded": superseded,
        "rows": {table.__tablename__: _move(session, table, retired, into) for table in MOVED},
        "before": _as_it_was(stays),
    }
    moved["contacts"] = _add_contacts(session, gone, stays)
    gone.merged_into = into
    gone.version += 1
    _join(stays, gone)
    row.moved = moved
    session.add(row)
    session.flush()
    if (died_at := stays.died_at or gone.died_at) is not None:
        patients.record_death(session, into, died_at, now=now)  # journeys that came over are told too
    _tell_results(session, into, [one.id for one in open_before], results, now=now)
    _look_for_clashes(session, into, now=now)
    journeys.wake(session, into, now=now)
    audit.record(session, at=now, actor=by, action="patients-merged", subject=row.id)
    return row


def was_undone(session: Session, survivor: str, retired: str) -> bool:
    """Whether a person has parted these two records again: a message alone does not join them once more."""
    rows = select(tables.Merge.id).where(
        tables.Merge.survivor == survivor, tables.Merge.retired == retired, tables.Merge.undone_at.is_not(None)
    )
    return session.scalar(rows.limit(1)) is not None


def read(session: Session, merge: str) -> tables.Merge:
    """The merge; NotFound where there is none."""
    row = session.get(tables.Merge, merge)
    if row is None:
        raise NotFound("There is no such merge.", hint="GET /api/v1/merges lists them.")
    return row


def list_(
    session: Session,
    *,
    patient: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Merge]:
    """Merges, the latest first; `after` is (at, id) of the last one seen."""
    rows = select(tables.Merge)
    if patient is not None:
        rows = rows.where((tables.Merge.survivor == patient) | (tables.Merge.retired == patient))
    if after is not None:
        at, id = after
        rows = rows.where((tables.Merge.at < at) | ((tables.Merge.at == at) & (tables.Merge.id < id)))
    return session.scalars(rows.order_by(tables.Merge.at.desc(), tables.Merge.id.desc()).limit(limit)).all()


def _standing(session: Session, retired: str) -> tables.Merge | None:
    rows = select(tables.Merge).where(tables.Merge.retired == retired, tables.Merge.undone_at.is_(None))
    return session.scalar(rows.limit(1))


def _supersede(session: Session, retired: str, others: Sequence[tables.Journey], *, now: datetime) -> list[list[str]]:
    """End the journeys that the survivor has too; each with the one that goes on."""
    goes_on = {(one.pathway, one.episode): one.id for one in others}
    ended: list[list[str]] = []
    for journey in journeys.find_open(session, retired):
        other = goes_on.get((journey.pathway, journey.episode))
        if other is not None:
            journey.superseded_by = other
            inbox.add(session, journey=journey, event=Left(id=new_id(), received=now, by="merge", reason="merged"))
            ended.append([journey.id, other])
    session.flush()
    return ended


def _move_identifiers(session: Session, retired: str, into: str) -> list[list[str]]:
    rows = patients.identifiers_of(session, retired)
    for row in rows:
        row.patient = into
    session.flush()
    return [[row.system, row.value] for row in rows]


def key_of(table: type[tables.Base]) -> Any:
    """The column by which its rows are known."""
    return getattr(table, "number" if table is tables.Consent else "id")


def _move(session: Session, table: type[tables.Base], retired: str, into: str) -> list[Any]:
    owner: Any = cast(Any, table).patient
    ids = list(session.scalars(select(key_of(table)).where(owner == retired)))
    session.execute(
        update(table).where(owner == retired).values(patient=into).execution_options(synchronize_session="fetch")
    )
    return ids


def _add_contacts(session: Session, gone: tables.Patient, stays: tables.Patient) -> list[list[str]]:
    """The survivor can be reached as the other was too; the ways that were added."""
    known = {(one.kind, one.value) for one in patients.contacts_of(session, stays.id)}
    added = [one for one in patients.contacts_of(session, gone.id) if (one.kind, one.value) not in known]
    if added:
        _write_contacts(session, stays.id, [*patients.contacts_of(session, stays.id), *added])
    return [[one.kind, one.value] for one in added]


def _write_contacts(session: Session, patient: str, rows: Sequence[tables.Contact]) -> None:
    given = [patients.Contact(kind=one.kind, value=one.value, preferred=one.preferred) for one in rows]
    patients.set_contacts(session, patient, given)


def _as_it_was(stays: tables.Patient) -> dict[str, Any]:
    return {
        "diagnoses": stays.diagnoses,
        "inpatient": stays.inpatient,
        "department": stays.department,
        "team": dict(stays.team),
        "demonstration": stays.demonstration,
        "died_at": None if stays.died_at is None else stays.died_at.isoformat(),
    }


def _join(stays: tables.Patient, gone: tables.Patient) -> None:
    """What is known of the one is known of the other."""
    if gone.diagnoses is not None:
        known = stays.diagnoses or []
        stays.diagnoses = [*known, *(code for code in gone.diagnoses if code not in known)]
    if stays.inpatient is None or gone.inpatient:
        stays.inpatient = gone.inpatient if gone.inpatient is not None else stays.inpatient
    stays.department = stays.department or gone.department
    stays.team = {**gone.team, **stays.team}
    stays.demonstration = stays.demonstration and gone.demonstration
    stays.version += 1


def _results(session: Session, patient: str) -> frozenset[str]:
    rows = select(tables.Observation.result).where(
        tables.Observation.patient == patient, tables.Observation.state.not_in(observations.NOT_TOLD)
    )
    return frozenset(session.scalars(rows.distinct()))


def _tell_results(
    session: Session,
    survivor: str,
    own: Sequence[str],
    results: tuple[frozenset[str], frozenset[str]],
    *,
    now: datetime,
) -> None:
    """Each journey that goes on is told what the other record has of the time that a start would tell it of."""
    theirs, others = results
    for journey in journeys.find_open(session, survivor):
        codes = releases.codes_of(releases.read(session, journey.release).text)
        new_to_it = others if journey.id in own else theirs
        recent = observations.recent(session, survivor, codes, since=now - journeys.BACKFILL)
        told = [one for one in recent if one.result in new_to_it]
        for place, result in enumerate(told, start=1):
            # In their order, as at a start.
            event = observations.event_for(result, journey.id, received=now + timedelta(microseconds=place))
            inbox.add(session, journey=journey, event=event)
        voids = [observations.void_for(one, journey.id, received=now).id for one in told]
        if any(inbox.read(session, void) is not None for void in voids):
            # It has heard that they are void: they would be no news to it.
            alarms.raise_for_run(session, journey, "merged-again", incident=now.isoformat(), now=now)


def _look_for_clashes(session: Session, patient: str, *, now: datetime) -> None:
    """Two open journeys may not go together: a person must choose."""
    open_now = journeys.find_open(session, patient)
    excluded = {one.id: releases.load(releases.read(session, one.release)).pathway.enrol.not_with for one in open_now}
    for one in open_now:
        if any(other.pathway in excluded[one.id] for other in open_now if other.id != one.id):
            alarms.raise_for_run(session, one, "journeys-clash", incident=now.isoformat(), now=now)
