"""Who a patient is, as PID tells it."""

import re
from collections.abc import Mapping
from datetime import datetime

from api.hl7.identifiers import subject_of
from api.hl7.message import Repetition, Segment
from api.hl7.sources import Source
from api.hl7.times import day, instant
from store.notices import PatientNotice
from store.patients import Contact, Sex

_SEXES: Mapping[str, Sex] = {
    **dict.fromkeys(("F", "2", "女", "女性"), "female"),
    **dict.fromkeys(("M", "1", "男", "男性"), "male"),
    **dict.fromkeys(("O", "A"), "other"),
    **dict.fromkeys(("U", "N", "0", "9"), "unknown"),
}
"""HL7's table 0001, the codes of GB/T 2261.1, and words."""
_LANGUAGES: Mapping[str, str] = {"zh": "zh-CN", "ch": "zh-CN", "cn": "zh-CN", "en": "en"}
_HAN = re.compile(r"[\u3400-\u9fff]")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_MOBILE_TYPES = frozenset({"CP", "SMS", "MOBILE"})
_NO_TELEPHONE = frozenset({"INTERNET", "X.400", "FX", "MD", "TDD", "TTY", "BP"})
_NO_NAME_TYPES = frozenset({"M", "A", "N", "S", "U"})
"""A mother's name before marriage, an alias, a nickname, a code for a name, one that is not known to be theirs."""


def patient_of(segment: Segment, source: Source) -> PatientNotice:
    """What a PID tells of the patient; what it does not tell is None."""
    died_at, deceased = _death(segment, source)
    return PatientNotice(
        subject=subject_of(segment, source),
        name=_name(segment),
        born=day(segment.text(7)),
        sex=_SEXES.get((segment.text(8) or "").upper()),
        language=_LANGUAGES.get((segment.text(15) or "").lower()[:2]),
        contacts=_contacts(segment),
        died_at=died_at,
        deceased=deceased,
    )


def _death(segment: Segment, source: Source) -> tuple[datetime | None, bool | None]:
    """A death is contradicted by a plain no alone: many senders fill what they do not know with a deletion."""
    told = (segment.text(30) or "").upper()
    if told in ("N", "0", "否"):
        return None, False
    at = instant(segment.text(29), source.zone)
    return at, True if at is not None or told in ("Y", "1", "是") else None


def _name(segment: Segment) -> str | None:
    names = [one for one in segment.repeats(5) if (one.text(7) or "L").upper() not in _NO_NAME_TYPES]
    # A name may come in characters (I) and in letters (A); the patient is called by the first.
    written = sorted(names, key=lambda one: {"I": 0, "": 1, "P": 2, "A": 3}.get((one.text(8) or "").upper(), 1))
    return next((name for one in written if (name := _joined(one)) is not None), None)


def _joined(one: Repetition) -> str | None:
    family, given, middle = (one.text(component) or "" for component in (1, 2, 3))
    if _HAN.search(family + given):
        return f"{family}{given}{middle}"
    return " ".join(part for part in (given, middle, family) if part) or None


def _contacts(segment: Segment) -> tuple[Contact, ...] | None:
    if segment.deleted(13):
        return ()
    told = tuple(dict.fromkeys(contact for one in segment.repeats(13) if (contact := _contact(one)) is not None))
    return told or None


def _contact(one: Repetition) -> Contact | None:
    use, equipment = ((one.text(component) or "").upper() for component in (2, 3))
    if equipment in _NO_TELEPHONE or use == "NET":
        return None
    parts = one.text(12) or one.text(1) or "".join(one.text(component) or "" for component in (5, 6, 7))
    number = re.sub(r"[\s()（）-]", "", parts)
    if not re.fullmatch(r"\+?[0-9]{5,20}", number):
        return None
    mobile = _MOBILE.fullmatch(number)
    if mobile is not None or equipment in _MOBILE_TYPES:
        return Contact(kind="sms", value=mobile[1] if mobile is not None else number)
    return Contact(kind="phone", value=number)
