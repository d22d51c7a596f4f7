"""Who a message speaks of: by the identifiers that it gives, in the order of their priority, never by a name."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from store import tables
from store.database import Session
from store.notices import Subject
from store.patients import Identifier

HERE = "tongxing"
"""The system of identifiers that are the ids here."""


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

    Systems without a priority count after those with one, and contradict nobody. A record that went into another one
    is that one.
    """
    if subject.patient is not None:
        return Identity(patient=survivor_of(session, subject.patient))
    rank = {system: place for place, system in enumerate(priorities)}
    told = sorted(subject.identifiers, key=lambda one: rank.get(one.system, len(rank)))
    owners = _owners(session, told)
    found = [(one, owners[one]) for one in told if one in owners]
    if not found:
        return Identity(patient=None)
    (first, patient), *others = found
    conflict = any(other != patient and one.system in rank for one, other in others)
    return Identity(patient=None if conflict else patient, via=via_of(first), conflict=conflict)


def via_of(identifier: Identifier) -> str:
    """How rows name an identifier."""
    return f"{identifier.system}|{identifier.value}"


def survivor_of(session: Session, patient: str) -> str | None:
    """The patient that stands for this id after merges; None where there is none."""
    seen: set[str] = set()
    row = session.get(tables.Patient, patient)
    while row is not None and row.merged_into is not None and row.id not in seen:
        seen.add(row.id)
        row = session.get(tables.Patient, row.merged_into)
    return None if row is None else row.id


def _owners(session: Session, told: Sequence[Identifier]) -> dict[Identifier, str]:
    rows = session.scalars(
        select(tables.Identifier).where(
            tuple_(tables.Identifier.system, tables.Identifier.value).in_([(one.system, one.value) for one in told])
        )
    )
    return {Identifier(system=row.system, value=row.value): row.patient for row in rows}
