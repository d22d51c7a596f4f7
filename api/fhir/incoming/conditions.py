"""Condition and AllergyIntolerance: what a patient has, and what the patient does not bear."""

from collections.abc import Collection, Sequence
from datetime import datetime

from api.fhir.elements import Element
from api.fhir.told import Told, coding_of, words_of
from pathways.language.texts import Text
from store.consequences import ICD10
from store.notices import EntryNotice
from store.record import AllergyContent, ConditionContent, NewEntry

CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
VERIFICATION = ("unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error")
ALLERGY_CLINICAL = ("active", "inactive", "resolved")
ALLERGY_VERIFICATION = ("unconfirmed", "confirmed", "refuted", "entered-in-error")
_NO_DIAGNOSIS = ("refuted", "entered-in-error")
_NO_CODE = Text(zh="应说明是什么：编码或文字。", en="Say what it is: a code, or words.")


def condition(told: Told) -> Sequence[EntryNotice]:
    """A version of a diagnosis or problem."""
    resource, zone = told.resource, told.around.zone
    verification = _code(resource, "verificationStatus", VERIFICATION) or "confirmed"
    entry = NewEntry(
        kind="condition",
        source_system=told.source.system,
        source_id=told.source.id,
        status=_clinical(resource, CLINICAL, verification),
        content=ConditionContent(verification=verification),
        code=coding_of(resource.one("code"), rather=ICD10) or _uncoded(resource, verification),
        start=_onset(resource, zone),
        end=_begins(resource, "abatement", zone),
        issued=resource.instant("recordedDate", zone),
    )
    return [EntryNotice(subject=told.subject("subject"), entry=entry)]


def allergy(told: Told) -> Sequence[EntryNotice]:
    """A version of an allergy or intolerance."""
    resource, zone = told.resource, told.around.zone
    verification = _code(resource, "verificationStatus", ALLERGY_VERIFICATION) or "confirmed"
    categories = resource.words("category")
    content = AllergyContent(
        verification=verification,
        criticality=resource.word("criticality"),
        category=categories[0] if categories else None,
        reactions=tuple(
            words
            for reaction in resource.many("reaction")
            for manifestation in reaction.many("manifestation")
            if (words := words_of(manifestation)) is not None
        ),
    )
    entry = NewEntry(
        kind="allergy",
        source_system=told.source.system,
        source_id=told.source.id,
        status=_clinical(resource, ALLERGY_CLINICAL, verification),
        content=content,
        code=coding_of(resource.one("code")) or _uncoded(resource, verification),
        start=_onset(resource, zone),
        issued=resource.instant("recordedDate", zone),
    )
    return [EntryNotice(subject=told.subject("patient"), entry=entry)]


def _onset(resource: Element, zone: str) -> datetime | None:
    return _begins(resource, "onset", zone)


def _begins(resource: Element, name: str, zone: str) -> datetime | None:
    """The instant of `onset` or `abatement`, whose many types FHIR writes into the name."""
    at = resource.instant(f"{name}DateTime", zone)
    period = resource.one(f"{name}Period")
    return at if at is not None or period is None else period.instant("start", zone)


def _clinical(resource: Element, allowed: Collection[str], verification: str) -> str:
    """What was told, else what follows: what is no diagnosis, or is over, is not active."""
    told = _code(resource, "clinicalStatus", allowed)
    if told is not None:
        return told
    is_over = any(name.startswith("abatement") for name in resource.value)
    return "inactive" if verification in _NO_DIAGNOSIS else "resolved" if is_over else "active"


def _code(resource: Element, name: str, allowed: Collection[str]) -> str | None:
    concept = resource.one(name)
    codings = [] if concept is None else [one for one in concept.many("coding") if one.has("code")]
    return codings[0].code("code", allowed) if codings else None


def _uncoded(resource: Element, verification: str) -> None:
    """Refuse what does not say what it is, unless it is taken back."""
    if verification != "entered-in-error":
        resource.refuse("code", _NO_CODE, code="required")
