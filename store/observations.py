"""Results as they came: versions of one source id, and the journeys that watch them."""

import json
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import blake2b
from typing import Literal, get_args

from sqlalchemy import func, select, tuple_

from pathways.engine.events import ResultReceived
from pathways.engine.exits import UNREVIEWED
from pathways.engine.horizons import HORIZON
from pathways.engine.ids import derive
from pathways.engine.journey import Origin, ResultStatus
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.units import KNOWN_CODES, normalise_unit
from store import inbox, patients, quarantine, releases, tables
from store.database import LOCKED, Session
from store.ids import new_id
from store.patients import Identifier

Category = Literal["laboratory", "vital-signs", "social-history", "survey", "other"]
Comparator = Literal["<", "<=", ">", ">="]
NotUnderstood = Literal[
    "unknown-patient",
    "identity-conflict",
    "unknown-code",
    "unknown-unit",
    "older-version-again",
    "nothing-to-confirm",
    "number-reused",
]
REUSED_AFTER = timedelta(days=1)
"""A sample of another patient, taken so long before or after, is no mistake in a name: its number was used again."""
NOT_TOLD: tuple[tables.ObservationState, ...] = ("quarantined", "outdated")
"""What no journey has heard of."""
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
    panel: str | None = None
    """What the source calls the measurement that several results are of."""
    version: int | None = None
    """Where the source counts its versions; else other content is the next one."""
    issued: datetime | None = None
    """When the source said so: where it has said something newer of the same result, this is outdated."""
    sent: datetime | None = None
    """When the message was written that tells it: decides where `issued` does not."""
    name: str | None = None
    """What the sender calls what was measured."""
    category: Category | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    reference: str | None = None
    """The range as text, where it is not two numbers."""
    interpretation: str | None = None
    """HL7's abnormal flag, such as `H` or `LL`."""
    confirms: bool = False
    """It tells no value: the one that was told before is final now."""
    coded: bool = False
    """The code is LOINC's by its system: one that no pathway watches is kept for the record, in whatever unit."""


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
    patient: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a result came: in which message, and by which identifiers its patient was named.

    `via` is the one that decided; `conflict`: they belong to two patients.
    """

    transmission: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    via: str | None = None
    conflict: bool = False


def take_in(session: Session, result: Result, *, now: datetime) -> Taken:
    """Accept a version of a result: an `Intake` of one.

    Raises:
        Conflict: that version was received with other content.
        Invalid: a version below 1.
    """
    taken = Intake(session, [result]).take(result, now=now)
    session.flush()
    return taken


class Intake:
    """Results that come together: their patients are locked, and what is known of them is read, once for all."""

    def __init__(self, session: Session, results: Sequence[Result]) -> None:
        self._session = session
        sources = {(result.source_system, result.source_id) for result in results}
        concerned = {result.patient for result in results} | _patients_of(_versions(session, sources))
        self._locked = _lock(session, concerned)
        self._versions = _versions(session, sources)
        self._open = _open(session, concerned | _patients_of(self._versions))
        self._own_codes = cache(partial(_own_codes, session))

    def take(self, result: Result, *, now: datetime, came: Provenance | None = None) -> Taken:
        """Accept one of them and tell the open journeys that watch it, in the caller's transaction.

        The content of the latest version under the same source id is that version and changes nothing; other content
        is the next one. The content of an older one is the next one where its status revises; else nobody can tell a
        value that holds again from a repeat that came late, so it is quarantined. Where the source says when it said
        what, that decides: what it said before what is known is outdated, kept, and told to nobody.

        Raises:
            Conflict: that version was received with other content.
            Invalid: a version below 1.
        """
        if result.version is not None and result.version < 1:
            raise Invalid("Versions count from 1.")
        came = came or Provenance()
        earlier = self._versions[result.source_system, result.source_id]
        if result.confirms:
            result = _with_what_it_confirms(result, earlier)
        digest = _digest_among(result, earlier)
        older = result.version is None and _is_older(result, earlier)
        same = _issued_then(earlier, digest, result) if older else _same(earlier, digest, result.version)
        if same is not None:
            _say_again(same, result)
            return Taken(id=same.id, state=same.state, version=same.version, duplicate=True, patient=same.patient)
        patient = None if result.patient is None or result.patient not in self._locked else result.patient
        row = _row(result, earlier, digest, patient=patient, now=now)
        row.transmission, row.via = came.transmission, came.via
        self._session.add(row)
        problem = _problem(row, self._own_codes, came, doubt=self._is_doubtful(result, earlier, digest))
        if problem is None and result.confirms:
            problem = "nothing-to-confirm"
        if problem is None and _is_reused(result, patient, earlier):
            problem = "number-reused"
        if problem is not None:
            taken = _hold(self._session, row, result, problem, came, now=now)
        elif older:
            row.state = "outdated"
            taken = Taken(id=row.id, state=row.state, version=row.version, duplicate=False, patient=row.patient)
        else:
            taken = _deliver(self._session, row, earlier, self._open, now=now)
        insort(earlier, row, key=lambda one: one.version)
        return taken

    def _is_doubtful(self, result: Result, earlier: Sequence[tables.Observation], digest: str) -> bool:
        """Whether it may be a repeat that came late: known content, no revision, and no word of when it was said."""
        again = result.version is None and digest in {other.digest for other in earlier}
        says_when = result.issued is not None or result.sent is not None
        return again and result.status not in _SAYS_ANEW and not says_when


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

    What its source has said something newer of meanwhile is outdated, as where it had been understood at once.

    Raises:
        NotFound: there is nothing such, or no such patient.
        Conflict: it was decided before, or is still not understood.
    """
    held = quarantine.read(session, quarantined)
    row = None if held.observation is None else session.get(tables.Observation, held.observation)
    if row is None:
        raise NotFound("There is no result in quarantine under that id.")
    if held.reason == "nothing-to-confirm":
        raise Conflict("It confirms a value that was never told.", hint="Have the result sent anew, then discard this.")
    if (whose := patient or row.patient) is not None:
        row.patient = patients.lock(session, whose).id
    row.code = code or row.code
    row.unit = unit or row.unit
    problem = _problem(row, partial(_own_codes, session), Provenance())
    if problem is not None:
        raise Conflict(f"It is still not understood: {problem}.", hint="Correct the patient, the code or the unit.")
    quarantine.decide(session, quarantined, "released", by=by, now=now)
    versions = _versions(session, {(row.source_system, row.source_id)})
    known = versions[row.source_system, row.source_id]
    told = [one for one in known if one is not row and one.state not in NOT_TOLD]
    if _is_older(row, told):
        row.state = "outdated"
        taken = Taken(id=row.id, state=row.state, version=row.version, duplicate=False, patient=row.patient)
    else:
        if _is_newer(row, told):
            row.version = known[-1].version + 1  # journeys go by its number, and it was received before what they know
        taken = _deliver(session, row, known, _open(session, {row.patient} | _patients_of(versions)), now=now)
    session.flush()
    return taken


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
        .where(tables.Observation.result.in_(theirs), tables.Observation.state.not_in(NOT_TOLD))
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
        panel=row.panel,
        origin=_origin(row.origin),
    )


def void_for(row: tables.Observation, journey: str, *, received: datetime) -> ResultReceived:
    """What a journey is told where the result was another person's all along."""
    return replace(
        event_for(row, journey, received=received),
        id=derive(journey, "result", row.result, str(row.version), "void"),
        version=row.version + 1,
        status="entered-in-error",
    )


_Source = tuple[str, str]
"""A system and its id of a result."""
_Versions = Mapping[_Source, list[tables.Observation]]
_Open = Mapping[str, Sequence[tuple[tables.Journey, str]]]
"""The journeys of patients that may listen, each with the text of its release."""


def _lock(session: Session, concerned: Set[str | None]) -> frozenset[str]:
    """Those of them who are known; no other transaction touches them, and all lock in one order."""
    rows = (
        select(tables.Patient)
        .where(tables.Patient.id.in_(one for one in concerned if one is not None))
        .order_by(tables.Patient.id)
        .with_for_update(key_share=LOCKED.key_share)
        .execution_options(populate_existing=True)
    )
    return frozenset(row.id for row in session.scalars(rows))


def _versions(session: Session, sources: Set[_Source]) -> _Versions:
    """The versions of each, in order; as they are now, also where they were read before."""
    rows = (
        select(tables.Observation)
        .where(tuple_(tables.Observation.source_system, tables.Observation.source_id).in_(sources))
        .order_by(tables.Observation.version)
        .execution_options(populate_existing=True)
    )
    found: dict[_Source, list[tables.Observation]] = {source: [] for source in sources}
    for row in session.scalars(rows):
        found[row.source_system, row.source_id].append(row)
    return found


def _patients_of(versions: _Versions) -> set[str | None]:
    return {row.patient for rows in versions.values() for row in rows}


def _open(session: Session, concerned: Set[str | None]) -> _Open:
    rows = session.execute(
        select(tables.Journey, tables.Release.text)
        .join(tables.Release, tables.Release.checksum == tables.Journey.release)
        .where(
            tables.Journey.patient.in_(one for one in concerned if one is not None),
            (tables.Journey.status != "ended") | tables.Journey.exit_reason.not_in(UNREVIEWED),
            tables.Journey.superseded_by.is_(None),
        )
        .order_by(tables.Journey.id)
    )
    found: defaultdict[str, list[tuple[tables.Journey, str]]] = defaultdict(list)
    for journey, text in rows:
        found[journey.patient].append((journey, text))
    return found


def _own_codes(session: Session) -> frozenset[str]:
    """The codes that the published pathways watch."""
    return frozenset(code for known in releases.current(session) for code in releases.codes_of(known.text))


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
    standing = [
        place
        for place, row in enumerate(versions)
        if row.state != "outdated" and (row.state != "quarantined" or first[row.digest] is row)
    ]
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
        *([] if result.panel is None else [result.panel]),
    ]
    return blake2b(json.dumps(content, ensure_ascii=False).encode(), digest_size=16).hexdigest()


def _digest_among(result: Result, earlier: Sequence[tables.Observation]) -> str:
    """Its digest: that of a version of nobody's, where it is the same and its patient became known since."""
    of_nobody = _digest(replace(result, patient=None))
    found = any(row.digest == of_nobody and row.patient == result.patient for row in earlier)
    return of_nobody if found else _digest(result)


def panel_id(source_system: str, panel: str) -> str:
    """The id here of what its source calls a panel: panels of two systems are never one."""
    return blake2b(json.dumps([source_system, panel]).encode(), digest_size=16).hexdigest()


def _say_again(row: tables.Observation, result: Result) -> None:
    """It holds since then, so what was said in between is outdated; what is told around the value is the latest."""
    if result.issued is not None:
        if row.issued is not None and result.issued < row.issued:
            return
        row.issued = result.issued
    if result.sent is not None:
        row.sent = result.sent if row.sent is None else max(row.sent, result.sent)
    row.name = result.name or row.name
    row.category = result.category or row.category
    row.interpretation = result.interpretation or row.interpretation
    if (result.reference_low, result.reference_high, result.reference) != (None, None, None):
        row.reference_low, row.reference_high = result.reference_low, result.reference_high
        row.reference = result.reference


def _with_what_it_confirms(result: Result, earlier: Sequence[tables.Observation]) -> Result:
    """The result with the value that stands; as it is where there is none."""
    told = [row for row in earlier if row.state not in NOT_TOLD and (row.value is not None or row.text is not None)]
    if not told:
        return result
    stands = told[-1]
    return replace(
        result,
        value=stands.value,
        unit=stands.unit,
        comparator=_comparator(stands.comparator),
        text=stands.text,
        effective=stands.effective,
        confirms=False,
    )


def _is_older(result: Result | tables.Observation, others: Sequence[tables.Observation]) -> bool:
    """Whether its source has said something newer of it that was understood."""
    return any(_said_before(result, row) for row in others if row.state != "quarantined")


def _is_reused(result: Result, patient: str | None, earlier: Sequence[tables.Observation]) -> bool:
    """Whether the number seems to be that of another sample of another patient, and not one that was corrected."""
    told = [row for row in earlier if row.state not in NOT_TOLD]
    if not told or result.version is not None or result.status in _SAYS_ANEW or told[-1].patient == patient:
        return False
    return abs(told[-1].effective - result.effective) > REUSED_AFTER


def _said_before(one: Result | tables.Observation, other: Result | tables.Observation) -> bool:
    """Whether its source said the one before the other: like is compared with like, as far as it says when."""
    if one.issued is not None and other.issued is not None and one.issued != other.issued:
        return one.issued < other.issued
    return one.sent is not None and other.sent is not None and one.sent < other.sent


def _is_newer(row: tables.Observation, told: Sequence[tables.Observation]) -> bool:
    """Whether journeys know of later versions, though its source said all of them before this one."""
    later = [one for one in told if one.version > row.version]
    return bool(later) and all(_said_before(one, row) for one in later)


def _issued_then(earlier: Sequence[tables.Observation], digest: str, result: Result) -> tables.Observation | None:
    return next((row for row in earlier if row.digest == digest and row.issued == result.issued), None)


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
        panel=None if result.panel is None else panel_id(result.source_system, result.panel),
        received=now,
        state="stored",
        digest=digest,
        issued=result.issued,
        sent=result.sent,
        name=result.name,
        category=result.category,
        reference_low=result.reference_low,
        reference_high=result.reference_high,
        reference=result.reference,
        interpretation=result.interpretation,
        coded=result.coded,
    )


def _hold(
    session: Session,
    row: tables.Observation,
    result: Result,
    problem: NotUnderstood,
    came: Provenance,
    *,
    now: datetime,
) -> Taken:
    row.state = "quarantined"
    session.flush()  # what is held refers to it
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
        "panel": result.panel,
        "source": {"system": result.source_system, "id": result.source_id, "version": row.version},
    }
    held = quarantine.hold(
        session,
        reason=problem,
        payload=payload,
        now=now,
        observation=row.id,
        transmission=came.transmission,
        identifiers=came.identifiers,
    )
    return Taken(
        id=row.id,
        state="quarantined",
        version=row.version,
        duplicate=False,
        reason=problem,
        quarantine=held.id,
        patient=row.patient,
    )


def _problem(
    row: tables.Observation, own_codes: Callable[[], frozenset[str]], came: Provenance, *, doubt: bool = False
) -> NotUnderstood | None:
    if row.patient is None:
        return "identity-conflict" if came.conflict else "unknown-patient"
    if doubt:
        return "older-version-again"
    analyte = KNOWN_CODES.get(row.code)
    if analyte is None and row.code not in own_codes():
        return None if row.coded else "unknown-code"
    if row.value is None:
        return None
    unit = None if row.unit is None else normalise_unit(row.unit)
    if unit is None or (analyte is not None and unit not in analyte.units):
        return "unknown-unit"
    return None


def _deliver(
    session: Session, row: tables.Observation, versions: Sequence[tables.Observation], open_now: _Open, *, now: datetime
) -> Taken:
    watching = _watching(row, open_now, now)
    told = [inbox.add_new(session, journey=one, event=event_for(row, one.id, received=now)).id for one in watching]
    told += _take_back(session, row, versions, open_now, told={journey.id for journey in watching}, now=now)
    row.state = "accepted" if watching else "stored"
    return Taken(
        id=row.id, state=row.state, version=row.version, duplicate=False, events=tuple(told), patient=row.patient
    )


def _watching(row: tables.Observation, open_now: _Open, now: datetime) -> list[tables.Journey]:
    """The patient's journeys that listen and whose pathway names the code."""
    theirs = open_now.get(row.patient or "", ())
    return [journey for journey, text in theirs if _listens(journey, now) and row.code in releases.codes_of(text)]


def _listens(journey: tables.Journey, now: datetime) -> bool:
    """Whether it is open, or ended so lately that what belongs to the time before still reaches a person."""
    return journey.status != "ended" or (journey.ended_at is not None and now < journey.ended_at + HORIZON)


def _take_back(
    session: Session,
    row: tables.Observation,
    versions: Sequence[tables.Observation],
    open_now: _Open,
    *,
    told: set[str],
    now: datetime,
) -> list[str]:
    """Tell journeys that an earlier version may have reached, and this one does not, that the result is not theirs.

    A sample under the wrong name is corrected so: the same result comes again for another patient, or as another code.
    """
    events: list[str] = []
    for before in reversed(versions):
        elsewhere = (before.patient, before.code) != (row.patient, row.code)
        if before.version >= row.version or before.state in NOT_TOLD or not elsewhere:
            continue
        for journey in _watching(before, open_now, now):
            if journey.id not in told:
                told.add(journey.id)
                void = replace(
                    event_for(before, journey.id, received=now),
                    id=derive(journey.id, "result", row.result, str(row.version)),
                    version=row.version,
                    status="entered-in-error",
                )
                events.append(inbox.add_new(session, journey=journey, event=void).id)
    return events


def _status(text: str) -> ResultStatus:
    return next(status for status in get_args(ResultStatus) if status == text)


def _comparator(text: str | None) -> Comparator | None:
    return next((comparator for comparator in get_args(Comparator) if comparator == text), None)


def _origin(text: str) -> Origin:
    return next(origin for origin in get_args(Origin) if origin == text)
