"""What a message tells of a patient's record beside the visit: diagnoses (DG1) and allergies (AL1)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from api.hl7.message import Message, Repetition, Segment
from api.hl7.sources import Source, bounded, derived
from store.notices import EntryNotice, Subject
from store.record import AllergyContent, Coding, ConditionContent, NewEntry

_ICD = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Za-z]{1,4})?(?:[A-Za-z+*†].*)?")
_ICD_SYSTEMS = re.compile(r"(?i)I10.*|I9.*|ICD-?10.*|国标.*|GB/?T ?14396.*")
_VERIFICATIONS: Mapping[str, str] = {"A": "provisional", "W": "provisional"}
"""An admitting and a working diagnosis; a final one is confirmed."""
_CATEGORIES: Mapping[str, str] = {
    "DA": "medication",
    "FA": "food",
    **dict.fromkeys(("EA", "AA", "PA", "LA"), "environment"),
}
_CRITICALITIES: Mapping[str, str] = {"SV": "high", "MO": "low", "MI": "low", "U": "unable-to-assess"}
_NONE = frozenset({"无", "无过敏史", "否认", "否认过敏史", "未发现", "NKA", "NKDA", "NONE"})


def record_of(message: Message, subject: Subject, source: Source, issued: datetime | None) -> Iterator[EntryNotice]:
    """An entry for each diagnosis and each allergy."""
    for segment in message.named("DG1", "AL1"):
        entry = _condition(segment, subject, source, issued) if segment.name == "DG1" else None
        entry = _allergy(segment, subject, source, issued) if segment.name == "AL1" else entry
        if entry is not None:
            yield EntryNotice(subject=subject, entry=entry)


def coding_of(one: Repetition, *, words: str | None = None) -> Coding | None:
    """A coded element (CE, CWE); None where it says nothing. A code of ICD-10 is known by its shape too."""
    code, display, system = one.text(1), one.text(2) or words, one.text(3)
    if code is None and display is None:
        return None
    if code is not None and (_ICD_SYSTEMS.fullmatch(system) if system else _ICD.fullmatch(code)):
        system = "icd-10"
    return Coding(system=system, code=code, display=display)


def _condition(segment: Segment, subject: Subject, source: Source, issued: datetime | None) -> NewEntry | None:
    coding = coding_of(segment.first(3), words=segment.text(4))
    if coding is None and segment.text(4) is not None:
        coding = Coding(display=segment.text(4))
    if coding is None:
        return None
    deleted = (segment.text(21) or "").upper() == "D"
    verification = _VERIFICATIONS.get((segment.text(6) or "").upper(), "confirmed")
    # What is suspected at a later admission takes nothing back of what was confirmed.
    known_by = ("condition", coding.code or coding.display, *(() if verification == "confirmed" else (verification,)))
    return NewEntry(
        kind="condition",
        source_system=source.system,
        source_id=bounded(segment.text(20) or derived(subject, source, *known_by)),
        status="active",
        content=ConditionContent(verification="entered-in-error" if deleted else verification),
        code=coding,
        start=source.time(segment, 5),
        issued=issued,
    )


def _allergy(segment: Segment, subject: Subject, source: Source, issued: datetime | None) -> NewEntry | None:
    coding = coding_of(segment.first(3))
    if coding is None or _NONE & {coding.code, coding.display}:
        return None
    return NewEntry(
        kind="allergy",
        source_system=source.system,
        source_id=derived(subject, source, "allergy", coding.code or coding.display),
        status="active",
        content=AllergyContent(
            criticality=_CRITICALITIES.get((segment.text(4) or "").upper()),
            category=_CATEGORIES.get((segment.text(2) or "").upper()),
            reactions=tuple(told for one in segment.repeats(5) if (told := one.text(2) or one.text(1)) is not None),
        ),
        code=coding,
        start=source.time(segment, 6),
        issued=issued,
    )
