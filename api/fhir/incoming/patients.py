"""Patient: who the person is, and which records are one person's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.fhir.elements import Element
from api.fhir.told import Told, identifiers_of, subject_of
from pathways.language.texts import Text
from store.notices import AnyNotice, MergeNotice, PatientNotice, Subject
from store.patients import Contact, Sex

SEXES: Mapping[str, Sex] = {"male": "male", "female": "female", "other": "other", "unknown": "unknown"}
_CONTACTS: Mapping[str, str] = {"phone": "phone", "sms": "sms", "email": "email"}
"""Kinds of contact by ContactPoint.system."""
_LINKS = {"replaced-by": True, "replaces": False, "refer": None, "seealso": None}
"""By type: whether this record goes into the other one; None says nothing of it."""
_TO_ITSELF = Text(zh="记录不能并入自身。", en="A record cannot replace itself.")


def translate(told: Told) -> Sequence[AnyNotice]:
    """What is said of the person, then the merges that its links tell.

    Of a record that went into another one a death alone counts: who the person is stands in the other one.
    """
    resource = told.resource
    subject = _subject(told)
    died_at = resource.instant("deceasedDateTime", told.around.zone)
    notice = PatientNotice(
        subject=subject,
        name=_name(resource),
        born=resource.day("birthDate"),
        sex=resource.meant("gender", SEXES) if resource.has("gender") else None,
        language=_language(resource),
        contacts=_contacts(resource),
        contacts_whole=True,
        died_at=died_at,
        deceased=True if died_at is not None else resource.flag("deceasedBoolean"),
    )
    if _is_retired(told, subject):
        notice = replace(notice, name=None, born=None, sex=None, language=None, contacts=None)
    return (notice, *_merges(told, subject))


def _is_retired(told: Told, subject: Subject) -> bool:
    """Whether the record went into another one before: by its address here, or by the link that it says so with."""
    person = told.around.patient_of(subject)
    if person is None or (told.id is not None and told.id != person):
        return person is not None
    links = [one.one("other") for one in told.resource.many("link") if one.word("type") == "replaced-by"]
    others = [told.patient(other) for other in links if other is not None]
    return any(told.around.patient_of(other) == person for other in others if not _is_same(other, subject))


def _subject(told: Told) -> Subject:
    if told.id is not None:
        return Subject(patient=told.id, identifiers=identifiers_of(told.resource, told.around.mapping))
    return subject_of(told.resource, told.around.mapping, told.source)


def _name(resource: Element) -> str | None:
    """The official name, else the first that is in use; a family and given names as Chinese or others write them."""
    names = [one for one in resource.many("name") if one.word("use") not in ("old", "maiden", "nickname", "anonymous")]
    names.sort(key=lambda one: one.word("use") != "official")
    for name in names:
        family, given = name.word("family") or "", name.words("given")
        parts = [*given, family] if f"{family}{''.join(given)}".isascii() else [family, *given]
        separator = " " if all(part.isascii() for part in parts) else ""
        if told := name.word("text") or separator.join(part for part in parts if part):
            return told
    return None


def _language(resource: Element) -> str | None:
    spoken = sorted(resource.many("communication"), key=lambda one: one.flag("preferred") is not True)
    for one in spoken:
        language = one.one("language")
        codes = [] if language is None else [coding.word("code") for coding in language.many("coding")]
        if (code := next((code for code in codes if code), None)) is not None:
            return code
    return None


def _contacts(resource: Element) -> tuple[Contact, ...] | None:
    """Its telephones and addresses that are in use; None where none were told, so that known ones stay."""
    if not resource.has("telecom"):
        return None
    found: list[Contact] = []
    ranked = sorted(resource.many("telecom"), key=lambda one: one.number("rank") or 1_000)
    for one in ranked:
        kind, value = _CONTACTS.get(one.word("system") or ""), one.word("value")
        if kind is not None and value is not None and one.word("use") != "old":
            found.append(Contact(kind=kind, value=value, preferred=one.number("rank") == 1))
    return tuple(found)


def _merges(told: Told, subject: Subject) -> list[AnyNotice]:
    merges: list[AnyNotice] = []
    for link in told.resource.many("link"):
        into_other = link.meant("type", _LINKS)
        other = link.one("other")
        if into_other is None or other is None:
            continue
        record = told.patient(other)
        if _is_same(record, subject):
            link.refuse("other", _TO_ITSELF)
        survivor, retired = (record, subject) if into_other else (subject, record)
        merges.append(MergeNotice(survivor=survivor, retired=retired))
    return merges


def _is_same(record: Subject, subject: Subject) -> bool:
    return record == subject or bool(record.identifiers and set(record.identifiers) <= set(subject.identifiers))
