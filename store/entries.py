"""Entries of the record as they come: a version of each, of which the newest that its source told is shown."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import func, select

from pathways.errors import NotFound
from store import tables
from store.database import Session
from store.ids import new_id
from store.record import CONTENT, Content, EncounterContent, EntryKind, NewEntry

_TOLD: TypeAdapter[NewEntry] = TypeAdapter(NewEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The entry as it is shown now, and what this version did to it; `before` is what was shown until now."""

    row: tables.Entry
    state: Literal["created", "changed", "duplicate", "outdated"]
    before: "Shown | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an entry showed before it was changed."""

    patient: str
    status: str
    code: str | None
    content: Content


def keep(
    session: Session,
    told: NewEntry,
    *,
    patient: str,
    now: datetime,
    transmission: str | None = None,
    via: str | None = None,
) -> Kept:
    """Keep a version of an entry; the same content again is the same version.

    One that its source issued before what is shown is kept and changes nothing. A visit whose class is not told is of
    the class that was told before: a stay that ends is a stay.
    """
    row = _find(session, told)
    told = _with_its_setting(told, row)
    content = _TOLD.dump_python(told, mode="json")
    digest = _digest(content | {"patient": patient, "issued": None})
    if row is None:
        row = _new(told, digest, patient=patient, now=now)
        session.add(row)
        row.transmission, row.via = transmission, via
        session.flush()
        _add_version(session, row, content, outdated=False)
        return Kept(row=row, state="created")
    if row.digest == digest:
        if told.issued is not None and (row.issued is None or told.issued > row.issued):
            row.issued = told.issued  # it holds since then: what was said in between is outdated
        return Kept(row=row, state="duplicate")
    if told.issued is not None and row.issued is not None and told.issued < row.issued:
        _add_outdated(session, row, told, content, digest, now=now, transmission=transmission)
        return Kept(row=row, state="outdated")
    before = Shown(patient=row.patient, status=row.status, code=row.code, content=content_of(row))
    row.version = _last(session, row.id) + 1
    _write(row, told, digest, patient=patient, now=now)
    row.transmission, row.via = transmission, via
    session.flush()
    _add_version(session, row, content, outdated=False)
    return Kept(row=row, state="changed", before=before)


def content_of(row: tables.Entry) -> Content:
    """What is special to its kind."""
    return CONTENT.validate_python(row.content)


def read(session: Session, entry: str) -> tables.Entry:
    """The entry as it is shown; NotFound where there is none."""
    row = session.get(tables.Entry, entry)
    if row is None:
        raise NotFound("There is no such entry in the record.")
    return row


def find(session: Session, kind: EntryKind, source_system: str, source_id: str) -> tables.Entry | None:
    """The entry that its source calls so."""
    rows = select(tables.Entry).where(
        tables.Entry.kind == kind, tables.Entry.source_system == source_system, tables.Entry.source_id == source_id
    )
    return session.scalar(rows)


def of_patient(
    session: Session,
    patient: str,
    kind: EntryKind,
    *,
    status: Collection[str] | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> Sequence[tables.Entry]:
    """The patient's entries of a kind, the latest first; `after` is (start, id) of the last one seen.

    What was entered in error is not shown; what has no start counts from its receipt.
    """
    begun = func.coalesce(tables.Entry.start, tables.Entry.received)
    rows = select(tables.Entry).where(
        tables.Entry.patient == patient, tables.Entry.kind == kind, tables.Entry.status != "entered-in-error"
    )
    if status is not None:
        rows = rows.where(tables.Entry.status.in_(status))
    if after is not None:
        at, id = after
        rows = rows.where((begun < at) | ((begun == at) & (tables.Entry.id < id)))
    return session.scalars(rows.order_by(begun.desc(), tables.Entry.id.desc()).limit(limit)).all()


def versions(session: Session, entry: str) -> Sequence[tables.EntryVersion]:
    """Every version of the entry, as it came."""
    rows = select(tables.EntryVersion).where(tables.EntryVersion.entry == entry)
    return session.scalars(rows.order_by(tables.EntryVersion.version)).all()


def _with_its_setting(told: NewEntry, row: tables.Entry | None) -> NewEntry:
    before = None if row is None else content_of(row)
    if not isinstance(told.content, EncounterContent) or not isinstance(before, EncounterContent):
        return told
    if told.content.setting != "unknown":
        return told
    return replace(told, content=replace(told.content, setting=before.setting))


def _find(session: Session, told: NewEntry) -> tables.Entry | None:
    return find(session, told.kind, told.source_system, told.source_id)


def _new(told: NewEntry, digest: str, *, patient: str, now: datetime) -> tables.Entry:
    row = tables.Entry(
        id=new_id(), kind=told.kind, source_system=told.source_system, source_id=told.source_id, version=1
    )
    _write(row, told, digest, patient=patient, now=now)
    return row


def _write(row: tables.Entry, told: NewEntry, digest: str, *, patient: str, now: datetime) -> None:
    row.patient, row.status, row.digest = patient, told.status, digest
    row.code_system = None if told.code is None else told.code.system
    row.code = None if told.code is None else told.code.code
    row.display = None if told.code is None else told.code.display
    row.start, row.end, row.issued = told.start, told.end, told.issued
    row.content = asdict(told.content)
    row.received = row.updated = now


def _add_version(session: Session, row: tables.Entry, told: dict[str, Any], *, outdated: bool) -> None:
    session.add(
        tables.EntryVersion(
            entry=row.id,
            version=row.version,
            told=told,
            digest=row.digest,
            issued=row.issued,
            received=row.received,
            outdated=outdated,
            transmission=row.transmission,
        )
    )
    session.flush()


def _add_outdated(
    session: Session,
    row: tables.Entry,
    told: NewEntry,
    content: dict[str, Any],
    digest: str,
    *,
    now: datetime,
    transmission: str | None,
) -> None:
    known = select(tables.EntryVersion.version).where(
        tables.EntryVersion.entry == row.id, tables.EntryVersion.digest == digest
    )
    if session.scalar(known.limit(1)) is not None:
        return
    session.add(
        tables.EntryVersion(
            entry=row.id,
            version=_last(session, row.id) + 1,
            told=content,
            digest=digest,
            issued=told.issued,
            received=now,
            outdated=True,
            transmission=transmission,
        )
    )
    session.flush()


def _last(session: Session, entry: str) -> int:
    return session.scalar(select(func.max(tables.EntryVersion.version)).where(tables.EntryVersion.entry == entry)) or 0


def _digest(content: dict[str, Any]) -> str:
    return blake2b(json.dumps(content, sort_keys=True, ensure_ascii=False).encode(), digest_size=16).hexdigest()
