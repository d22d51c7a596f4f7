"""Results as they came: versions of one source id, and the journeys that watch them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Literal, get_args

from sqlalchemy import func, or_, select

from pathways.engine.events import ResultReceived
from pathways.engine.ids import derive
from pathways.engine.journey import Origin, ResultStatus
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.units import KNOWN_CODES, normalise_unit
from store import inbox, patients, quarantine, releases, tables
from store.database import Session
from store.ids import new_id

Comparator = Literal["<", "<=", ">", ">="]
NotUnderstood = Literal["unknown-patient", "unknown-code", "unknown-unit", "older-version-again"]
_SAYS_ANEW: frozenset[ResultStatus] = frozenset({"amended", "corrected", "entered-in-error", "cancelled"})
"""Whoever sends such a status revises; with another one, what was said before may be a repeat that came late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A result as a source told it; `patient` is the id here, None where the source's patient is not known."""

    source_system: str
    source_id: str
    patient: str | None
    code: str
    effective: datetime
    status: ResultStatus
    value: float | None = None
    unit: str | None = None
    comparator: Comparator | None = None
    text: str | None = None
    origin: Origin = "unknown"
    version: int | None = None
    """Where the source counts its versions; else other content is the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a result: `accepted` by a journey, `stored` since none watches it, or `quarantined`."""

    id: str
    state: tables.ObservationState
    version: int
    duplicate: bool
    reason: NotUnderstood | None = None
    quarantine: str | None = None
    events: tuple[str, ...] = ()
    """Ids of the inbox rows that this request added: what is to be signalled now."""


def take_in(session: Session, result: Result, *, now: datetime) -> Taken:
    """Accept a version of a result and tell the open journeys that watch it, in the caller's transaction.

    The content of the latest version under the same source id is that version and changes nothing; other content is
    the next one. The content of an older one is the next one where its status revises; else nobody can tell a value
    that holds again from a repeat that came late, so it is quarantined.

    Raises:
        Conflict: that version was received with other content.
        Invalid: a version below 1.
    """
    if result.version is not None and result.version < 1:
        raise Invalid("Versions count from 1.")
    known = _lock_patients(session, result)
    earlier = _versions(session, result)
    digest = _digest(result)
    same = _same(earlier, digest, result.version)
    if same is not None:
        return Taken(id=same.id, state=same.state, version=same.version, duplicate=True)
    row = _row(result, earlier, digest, patient=None if known is None else known.id, now=now)
    session.add(row)
    session.flush()
    again = result.version is None and digest in {other.digest for other in earlier}
    doubt = again and result.status not in _SAYS_ANEW
    return _judge(session, row, result, "older-version-again" if doubt else _problem(session, row), now=now)


def readmit(
    session: Session,
    quarantined: str,
    *,
    by: str,
    now: datetime,
    patient: str | None = None,
    code: str | None = None,
    unit: str | None = None,
) -> Taken:
    """Take a quarantined result in again, with what a person corrected.

    Raises:
        NotFound: there is nothing such, or no such patient.
        Conflict: it was decided before, or is still not understood.
    """
    held = quarantine.read(session, quarantined)
    row = None if held.observation is None else session.get(tables.Observation, held.observation)
    if row is None:
        raise NotFound("There is no result in quarantine under that id.")
    row.patient = row.patient if patient is None else patients.lock(session, patient).id
    row.code = code or row.code
    row.unit = unit or row.unit
    problem = _problem(session, row)
    if problem is not None:
        raise Conflict(f"It is still not understood: {problem}.", hint="Correct the patient, the code or the unit.")
    quarantine.decide(session, quarantined, "released", by=by, now=now)
    return _deliver(session, row, now=now)


def read(session: Session, id: str) -> tables.Observation:
    """The version of a result; NotFound where there is none."""
    row = session.get(tables.Observation, id)
    if row is None:
        raise NotFound("There is no such observation.")
    return row


def list_(
    session: Session,
    *,
    patient: str,
    code: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[tables.Observation]:
    """Every version of the patient's results, the latest effective first; `after` is (effective, id)."""
    rows = select(tables.Observation).where(tables.Observation.patient == patient)
    if code is not None:
        rows = rows.where(tables.Observation.code == code)
    if after is not None:
        effective, id = after
        rows = rows.where(
            (tables.Observation.effective < effective)
            | ((tables.Observation.effective == effective) & (tables.Observation.id < id))
        )
    order = (tables.Observation.effective.desc(), tables.Observation.id.desc())
    return session.scalars(rows.order_by(*order).limit(limit)).all()


def recent(session: Session, patient: str, codes: frozenset[str], *, since: datetime) -> Sequence[tables.Observation]:
    """The latest version of each of the patient's results with such a code, effective from `since` on, in order.

    What a later version said of another patient is not theirs any more.
    """
    theirs = select(tables.Observation.result).where(tables.Observation.patient == patient)
    newest = (
        select(tables.Observation.result, func.max(tables.Observation.version).label("version"))
        .where(tables.Observation.result.in_(theirs), tables.Observation.state != "quarantined")
        .group_by(tables.Observation.result)
        .subquery()
    )
    rows = (
        select(tables.Observation)
        .join(
            newest,
            (newest.c.result == tables.Observation.result) & (newest.c.version == tables.Observation.version),
        )
        .where(
            tables.Observation.patient == patient,
            tables.Observation.code.in_(codes),
            tables.Observation.effective >= since,
        )
    )
    return session.scalars(rows.order_by(tables.Observation.effective, tables.Observation.id)).all()


def event_for(row: tables.Observation, journey: str, *, received: datetime) -> ResultReceived:
    """What the journey is told of it."""
    return ResultReceived(
        id=derive(journey, "result", row.result, str(row.version)),
        received=received,
        result=row.result,
        version=row.version,
        status=_status(row.status),
        code=row.code,
        effective=row.effective,
        value=row.value,
        comparator=_comparator(row.comparator),
        unit=row.unit,
        text=row.text,
        origin=_origin(row.origin),
    )


def _lock_patients(session: Session, result: Result) -> tables.Patient | None:
    """The patient of the result; those of its earlier versions are locked too, and all in one order."""
    concerned = {row.patient for row in _versions(session, result)} | {result.patient}
    known = [one for one in concerned if one is not None and session.get(tables.Patient, one) is not None]
    locked = {one: patients.lock(session, one) for one in sorted(known)}
    return locked.get(result.patient or "")


def _versions(session: Session, result: Result) -> Sequence[tables.Observation]:
    rows = select(tables.Observation).where(
        tables.Observation.source_system == result.source_system, tables.Observation.source_id == result.source_id
    )
    return session.scalars(rows.order_by(tables.Observation.version)).all()


def _same(earlier: Sequence[tables.Observation], digest: str, version: int | None) -> tables.Observation | None:
    if version is None:
        return next((row for row in _latest(earlier) if row.digest == digest), None)
    known = next((row for row in earlier if row.version == version), None)
    if known is not None and known.digest != digest:
        raise Conflict("That version of the result was received with other content.", hint="Send the next version.")
    return known


def _latest(versions: Sequence[tables.Observation]) -> Sequence[tables.Observation]:
    """The latest version, and after it older content that came again and lies in quarantine, which replaces nothing."""
    first: dict[str, tables.Observation] = {}
    for row in versions:
        first.setdefault(row.digest, row)
    standing = [place for place, row in enumerate(versions) if row.state != "quarantined" or first[row.digest] is row]
    return versions[standing[-1] :] if standing else ()


def _digest(result: Result) -> str:
    content = [
        result.patient,
        result.code,
        result.value,
        result.unit,
        result.comparator,
        result.text,
        result.effective.isoformat(),
        result.status,
        result.origin,
    ]
    return blake2b(json.dumps(content, ensure_ascii=False).encode(), digest_size=16).hexdigest()


def _row(
    result: Result, earlier: Sequence[tables.Observation], digest: str, *, patient: str | None, now: datetime
) -> tables.Observation:
    return tables.Observation(
        id=new_id(),
        patient=patient,
        source_system=result.source_system,
        source_id=result.source_id,
        result=earlier[0].result if earlier else new_id(),
        version=result.version or max((row.version for row in earlier), default=0) + 1,
        code=result.code,
        value=result.value,
        unit=result.unit,
        comparator=result.comparator,
        text=result.text,
        effective=result.effective,
        status=result.status,
        origin=result.origin,
        received=now,
        state="stored",
        digest=digest,
    )


def _judge(
    session: Session, row: tables.Observation, result: Result, problem: NotUnderstood | None, *, now: datetime
) -> Taken:
    if problem is None:
        return _deliver(session, row, now=now)
    row.state = "quarantined"
    payload = {
        "patient": result.patient,
        "code": result.code,
        "value": result.value,
        "unit": result.unit,
        "comparator": result.comparator,
        "text": result.text,
        "effective": result.effective.isoformat(),
        "status": result.status,
        "origin": result.origin,
        "source": {"system": result.source_system, "id": result.source_id, "version": row.version},
    }
    held = quarantine.hold(session, reason=problem, payload=payload, now=now, observation=row.id)
    return Taken(
        id=row.id, state="quarantined", version=row.version, duplicate=False, reason=problem, quarantine=held.id
    )


def _problem(session: Session, row: tables.Observation) -> NotUnderstood | None:
    if row.patient is None:
        return "unknown-patient"
    analyte = KNOWN_CODES.get(row.code)
    if analyte is None and not any(row.code in releases.codes_of(known.text) for known in releases.current(session)):
        return "unknown-code"
    if row.value is None:
        return None
    unit = None if row.unit is None else normalise_unit(row.unit)
    if unit is None or (analyte is not None and unit not in analyte.units):
        return "unknown-unit"
    return None


def _deliver(session: Session, row: tables.Observation, *, now: datetime) -> Taken:
    watching = _watching(session, row)
    events = [
        inbox.add(session, journey=journey, event=event_for(row, journey.id, received=now)).id for journey in watching
    ]
    events += _take_back(session, row, told={journey.id for journey in watching}, now=now)
    row.state = "accepted" if watching else "stored"
    session.flush()
    return Taken(id=row.id, state=row.state, version=row.version, duplicate=False, events=tuple(events))


def _watching(session: Session, row: tables.Observation) -> list[tables.Journey]:
    """The patient's open journeys whose pathway names the code."""
    open_now = session.execute(
        select(tables.Journey, tables.Release.text)
        .join(tables.Release, tables.Release.checksum == tables.Journey.release)
        .where(tables.Journey.patient == row.patient, tables.Journey.status != "ended")
        .order_by(tables.Journey.id)
    )
    return [journey for journey, text in open_now if row.code in releases.codes_of(text)]


def _take_back(session: Session, row: tables.Observation, *, told: set[str], now: datetime) -> list[str]:
    """Tell journeys that an earlier version may have reached, and this one does not, that the result is not theirs.

    A sample under the wrong name is corrected so: the same result comes again for another patient, or as another code.
    """
    earlier = select(tables.Observation).where(
        tables.Observation.result == row.result,
        tables.Observation.version < row.version,
        tables.Observation.state != "quarantined",
        or_(tables.Observation.patient != row.patient, tables.Observation.code != row.code),
    )
    events: list[str] = []
    for before in session.scalars(earlier.order_by(tables.Observation.version.desc())).all():
        for journey in _watching(session, before):
            if journey.id not in told:
                told.add(journey.id)
                void = replace(
                    event_for(before, journey.id, received=now),
                    id=derive(journey.id, "result", row.result, str(row.version)),
                    version=row.version,
                    status="entered-in-error",
                )
                events.append(inbox.add(session, journey=journey, event=void).id)
    return events


def _status(text: str) -> ResultStatus:
    return next(status for status in get_args(ResultStatus) if status == text)


def _comparator(text: str | None) -> Comparator | None:
    return next((comparator for comparator in get_args(Comparator) if comparator == text), None)


def _origin(text: str) -> Origin:
    return next(origin for origin in get_args(Origin) if origin == text)
