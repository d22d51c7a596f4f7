"""What resources are made of on their way out: references, concepts, instants, and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.fhir.told import HERE, SYSTEMS
from api.mapping import SiteMapping
from api.words import title
from pathways.language.release import Release
from pathways.language.texts import Text
from store import tables
from store.database import Session

Resource = dict[str, Any]

_ADDRESSES: Mapping[str, str] = {short: uri for uri, short in reversed(list(SYSTEMS.items()))}
_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
_NOT_STATED = Text(zh="未说明", en="not stated")


@dataclass(frozen=True, kw_only=True)
class Showing:
    """What it takes to show a row: the transaction it was read in, and the site's names of systems."""

    session: Session
    mapping: SiteMapping


def resource(type: str, id: str, *, updated: datetime, version: int | None = None) -> Resource:
    """The beginning of a resource."""
    meta = {"lastUpdated": instant(updated)}
    if version is not None:
        meta = {"versionId": str(version), **meta}
    return {"resourceType": type, "id": id, "meta": meta}


def instant(at: datetime) -> str:
    """An instant as FHIR writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def period(start: datetime | None, end: datetime | None) -> Resource | None:
    """A period; None where neither end is known."""
    found = {name: instant(at) for name, at in (("start", start), ("end", end)) if at is not None}
    return found or None


def patient(id: str) -> Resource:
    """A reference to a patient here."""
    return {"reference": f"Patient/{id}"}


def known_as(kind: str, name: str, display: str | None = None) -> Resource:
    """A reference to something that has no resource here, by what it is called: staff, a role."""
    found: Resource = {"identifier": {"system": f"urn:tongxing:{kind}", "value": name}}
    return found if display is None else found | {"display": display}


def identifiers(source_system: str, source_id: str) -> list[Resource]:
    """What the source calls the thing; nothing where it has no name of its own for it."""
    return [] if source_system == HERE else [{"system": source_system, "value": source_id}]


def coded(system: str, code: str, display: str | None = None) -> Resource:
    """A concept with one code."""
    coding = {"system": system, "code": code}
    return {"coding": [coding if display is None else coding | {"display": display}]}


def concept_of(row: tables.Entry) -> Resource | None:
    """The code of an entry; None where it has neither code nor words."""
    if row.code is None:
        return None if row.display is None else {"text": row.display}
    return concept(row.code_system, row.code, row.display)


def concept(system: str | None, code: str, display: str | None) -> Resource:
    """A code with its system and words, as far as they are known."""
    uri = None if system is None else _ADDRESSES.get(system, system)
    told = {"system": uri, "code": code, "display": display}
    coding = {name: value for name, value in told.items() if value is not None}
    return {"coding": [coding]} if display is None else {"coding": [coding], "text": display}


def not_stated() -> Resource:
    """A concept for what FHIR needs and nobody told."""
    return {"text": _NOT_STATED.zh}


def named(release: Release, kind: str, name: str) -> Resource:
    """A name of a pathway with what people read for it, in both languages."""
    words = title(release, name)
    return {"coding": [{"system": f"urn:tongxing:{kind}", "code": name, "display": words.en}], "text": words.zh}


def in_english(words: Text) -> Resource:
    """What stands beside a Chinese text, so that its English is there too."""
    parts = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": words.en}]
    return {"extension": [{"url": _TRANSLATION, "extension": parts}]}


def without_nothing(told: Mapping[str, Any]) -> Resource:
    """What is there: an element of FHIR is left out rather than empty."""
    return {name: value for name, value in told.items() if value is not None and value != [] and value != {}}
