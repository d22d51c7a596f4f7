"""Two records that are one person's: what the one has goes over to the other, by rule, and can go back.

Of two open journeys on one pathway and episode the survivor's goes on; the other ends as merged, and its open tasks go
over. Journeys that go on learn of the results that the other record had.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update

from pathways.engine.events import Left, Reinstated
from pathways.errors import Conflict, Invalid, NotFound
from store import alarms, audit, inbox, journeys, observations, patients, releases, tables
from store.database import Session
from store.identities import survivor_of, via_of
from store.ids import new_id
from store.patients import Identifier

_MOVED: tuple[type[tables.Base], ...] = (
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
_NAMED_BY = (tables.Observation, tables.Entry)
"""What comes in after a merge goes back with the identifier by which it was told."""


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
        "rows": {table.__tablename__: _move(session, table, retired, into) for table in _MOVED},
        "before": {"diagnoses": stays.diagnoses, "inpatient": stays.inpatient},
    }
    moved["contacts"] = _add_contacts(session, gone, stays)
    gone.merged_into = into
    gone.version += 1
    _join(stays, gone)
    row.moved = moved
    session.add(row)
    session.flush()
    if gone.died_at is not None and stays.died_at is None:
        patients.record_death(session, into, gone.died_at, now=now)
    _tell_results(session, into, [one.id for one in open_before], results, now=now)
    _look_for_clashes(session, into, now=now)
    journeys.wake(session, into, now=now)
    audit.record(session, at=now, actor=by, action="patients-merged", subject=row.id)
    return row


def undo(session: Session, merge: str, *, by: str, now: datetime) -> tables.Merge:
    """Give back what went over, and what came since under the identifiers that went over.

    What journeys of the survivor were told of the other's results is taken back, and journeys that had ended go on.

    Raises:
        NotFound: there is no such merge.
        Conflict: it was undone, or the survivor went into another record since.
    """
    row = read(session, merge)
    patients.lock_all(session, {row.survivor, row.retired})
    session.refresh(row)
    stays, gone = patients.read(session, row.survivor), patients.read(session, row.retired)
    if row.undone_at is not None:
        raise Conflict("That merge was undone already.")
    if stays.merged_into is not None or gone.merged_into != row.survivor:
        raise Conflict("The record went on into another one.", hint="Undo the later merge first.")
    moved: Mapping[str, Any] = row.moved
    named = [Identifier(system=system, value=value) for system, value in moved["identifiers"]]
    _return_rows(session, row, moved, named)
    _drop_contacts(session, row.survivor, moved["contacts"])
    gone.merged_into = None
    gone.version += 1
    _part(stays, moved["before"], gone)
    _go_on(session, moved["superseded"], by=by, now=now)
    row.undone_at, row.undone_by = now, by
    session.flush()
    _take_back_results(session, row, now=now)
    for patient in (row.survivor, row.retired):
        journeys.wake(session, patient, now=now)
    audit.record(session, at=now, actor=by, action="merge-undone", subject=row.id)
    return row


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


def _go_on(session: Session, superseded: Sequence[Sequence[str]], *, by: str, now: datetime) -> None:
    """Journeys that had ended by the merge are what they were."""
    for journey_id, _ in superseded:
        journey = journeys.read(session, journey_id)
        journey.superseded_by = None
        inbox.add(session, journey=journey, event=Reinstated(id=new_id(), received=now, by=by))


def _move_identifiers(session: Session, retired: str, into: str) -> list[list[str]]:
    rows = patients.identifiers_of(session, retired)
    for row in rows:
        row.patient = into
    session.flush()
    return [[row.system, row.value] for row in rows]


def _key(table: type[tables.Base]) -> Any:
    return getattr(table, "number" if table is tables.Consent else "id")


def _move(session: Session, table: type[tables.Base], retired: str, into: str) -> list[Any]:
    owner: Any = cast(Any, table).patient
    ids = list(session.scalars(select(_key(table)).where(owner == retired)))
    session.execute(
        update(table).where(owner == retired).values(patient=into).execution_options(synchronize_session="fetch")
    )
    return ids


def _return_rows(session: Session, row: tables.Merge, moved: Mapping[str, Any], named: Sequence[Identifier]) -> None:
    for one in named:
        held = session.get(tables.Identifier, (one.system, one.value))
        if held is not None and held.patient == row.survivor:
            held.patient = row.retired
    session.flush()
    for table in _MOVED:
        _move_back(session, table, row, _key(table).in_(moved["rows"][table.__tablename__]))
    for later in _NAMED_BY:
        _move_back(session, later, row, later.via.in_([via_of(one) for one in named]))
    theirs = select(tables.Journey.id).where(tables.Journey.patient == row.retired)
    for table in (tables.Task, tables.Message, tables.Ask, tables.Answers, tables.Visit, tables.Inbox):
        _move_back(session, table, row, table.journey.in_(theirs))


def _move_back(session: Session, table: type[tables.Base], row: tables.Merge, which: Any) -> None:
    session.execute(
        update(table)
        .where(cast(Any, table).patient == row.survivor, which)
        .values(patient=row.retired)
        .execution_options(synchronize_session="fetch")
    )


def _add_contacts(session: Session, gone: tables.Patient, stays: tables.Patient) -> list[list[str]]:
    """The survivor can be reached as the other was too; the ways that were added."""
    known = {(one.kind, one.value) for one in patients.contacts_of(session, stays.id)}
    added = [one for one in patients.contacts_of(session, gone.id) if (one.kind, one.value) not in known]
    if added:
        _write_contacts(session, stays.id, [*patients.contacts_of(session, stays.id), *added])
    return [[one.kind, one.value] for one in added]


def _drop_contacts(session: Session, survivor: str, added: Sequence[Sequence[str]]) -> None:
    gone = {(kind, value) for kind, value in added}
    known = patients.contacts_of(session, survivor)
    left = [one for one in known if (one.kind, one.value) not in gone]
    if len(left) < len(known):
        _write_contacts(session, survivor, left)


def _write_contacts(session: Session, patient: str, rows: Sequence[tables.Contact]) -> None:
    given = [patients.Contact(kind=one.kind, value=one.value, preferred=one.preferred) for one in rows]
    patients.set_contacts(session, patient, given)


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


def _part(stays: tables.Patient, before: Mapping[str, Any], gone: tables.Patient) -> None:
    """The survivor knows no more what it learned from the other; what it learned since stays."""
    if stays.diagnoses is not None:
        learned = set(gone.diagnoses or []) - set(before["diagnoses"] or [])
        left = [code for code in stays.diagnoses if code not in learned]
        stays.diagnoses = left if left or before["diagnoses"] is not None else None
    if stays.inpatient is gone.inpatient:
        stays.inpatient = before["inpatient"]
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
        told = observations.recent(session, survivor, codes, since=now - journeys.BACKFILL)
        for place, result in enumerate((one for one in told if one.result in new_to_it), start=1):
            # In their order, as at a start.
            event = observations.event_for(result, journey.id, received=now + timedelta(microseconds=place))
            inbox.add(session, journey=journey, event=event)


def _take_back_results(session: Session, row: tables.Merge, *, now: datetime) -> None:
    """What a journey was told of the other person's results is void."""
    for patient, other in ((row.survivor, row.retired), (row.retired, row.survivor)):
        for journey in journeys.find_open(session, patient):
            codes = releases.codes_of(releases.read(session, journey.release).text)
            since = min(row.at, now) - journeys.BACKFILL
            for result in observations.recent(session, other, codes, since=since):
                event = observations.void_for(result, journey.id, received=now)
                inbox.add(session, journey=journey, event=event)


def _look_for_clashes(session: Session, patient: str, *, now: datetime) -> None:
    """Two open journeys may not go together: a person must choose."""
    open_now = journeys.find_open(session, patient)
    excluded = {one.id: releases.load(releases.read(session, one.release)).pathway.enrol.not_with for one in open_now}
    for one in open_now:
        if any(other.pathway in excluded[one.id] for other in open_now if other.id != one.id):
            alarms.raise_for_run(session, one, "journeys-clash", incident=now.isoformat(), now=now)
