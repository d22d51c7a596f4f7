"""Who a message speaks of: by the identifiers that it gives, in the order of their priority, never by a name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import func, select, tuple_

from store import tables
from store.database import Session
from store.notices import Subject
from store.patients import Identifier

HERE = "tongxing"
"""The system of identifiers that are the ids here."""
_CLAIMS = 7_466_738
"""Any number that nothing else on this PostgreSQL uses as the first of two of an advisory lock."""
_PLACES = 512
"""Identifiers share as many locks, so that a message of any length needs no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The patient that is meant, None where nobody is known; `via` is the identifier that decided.

    `conflict`: two identifiers that both count belong to two patients, so nobody can tell who is meant.
    """

    patient: str | None
    via: str | None = None
    conflict: bool = False


def identify(session: Session, subject: Subject, priorities: Sequence[str]) -> Identity:
    """Find the patient: the first system of `priorities` that knows one decides; others may not contradict it.

    Systems without a priority count after those with one, and contradict nobody as long as any has one. A record that
    went into another one is that one.
    """
    return identify_all(session, [subject], priorities)[subject]


def identify_all(
    session: Session, subjects: Collection[Subject], priorities: Sequence[str]
) -> Mapping[Subject, Identity]:
    """Find each of several patients; as `identify`."""
    told = {identifier for subject in subjects if subject.patient is None for identifier in subject.identifiers}
    owners = _owners(session, told)
    return {subject: _identity(session, subject, owners, priorities) for subject in set(subjects)}


def _identity(
    session: Session, subject: Subject, owners: Mapping[Identifier, str], priorities: Sequence[str]
) -> Identity:
    if subject.patient is not None:
        return Identity(patient=survivor_of(session, subject.patient))
    rank = {system: place for place, system in enumerate(priorities)}
    told = sorted(subject.identifiers, key=lambda one: rank.get(one.system, len(rank)))
    found = [(one, owners[one]) for one in told if one in owners]
    if not found:
        return Identity(patient=None)
    (first, patient), *others = found
    conflict = any(other != patient and (one.system in rank or not rank) for one, other in others)
    return Identity(patient=None if conflict else patient, via=via_of(first), conflict=conflict)


def claim(session: Session, identifiers: Iterable[Identifier]) -> None:
    """Until this transaction ends, no other one makes a patient known by these, or finds that nobody is.

    Else what waits for a patient and the patient could pass each other by. To be taken before any patient is locked;
    on SQLite no other transaction writes anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    digests = {blake2b(via_of(one).encode(), digest_size=8).digest() for one in identifiers}
    for place in sorted({int.from_bytes(digest) % _PLACES for digest in digests}):
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMS, place)))


def via_of(identifier: Identifier) -> str:
    """How rows name an identifier."""
    return f"{identifier.system}|{identifier.value}"


def survivor_of(session: Session, patient: str) -> str | None:
    """The patient that stands for this id after merges; None where there is none."""
    seen: set[str] = set()
    while patient not in seen:
        seen.add(patient)
        # By column: what the session holds may be of before the lock.
        found = session.execute(select(tables.Patient.merged_into).where(tables.Patient.id == patient)).first()
        if found is None:
            return None
        patient = found.merged_into or patient
    return patient


def _owners(session: Session, told: Collection[Identifier]) -> dict[Identifier, str]:
    if not told:
        return {}
    known = tables.Identifier
    rows = session.execute(
        select(known.system, known.value, known.patient).where(
            tuple_(known.system, known.value).in_([(one.system, one.value) for one in told])
        )
    )
    return {Identifier(system=system, value=value): patient for system, value, patient in rows}
