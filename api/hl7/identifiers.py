"""Of whom a message speaks: the identifiers of PID and MRG, by the systems that the site calls them."""

import re
from collections.abc import Iterable, Iterator

from api.hl7.message import Repetition, Segment
from api.hl7.sources import Source, bounded
from api.mapping import IdentifierRule
from store.notices import Subject
from store.patients import Identifier

_CARD = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}")
"""The number of a Chinese identity card."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_NOBODY = frozenset({"无", "不详", "未知", "暂无", "无名氏", "none", "null", "unknown", "n/a", "na", "nil", "test"})
_FILLED = re.compile(r"[-_*?.\s]*|0+|([0-9])\1{5,}[xX]?|[-*x?]+", re.IGNORECASE)
"""What a form is filled with where nobody knows the number: many patients would have it."""
_CARD_TYPES = frozenset({"ni", "nnchn", "身份证", "身份证号", "idcard", "sfz"})
_CARD_TYPE, _SSN_TYPE = "NI", "SS"


def subject_of(segment: Segment | None, source: Source) -> Subject:
    """The patient of a PID. Never by a name: what gives no identifier speaks of nobody who is known."""
    if segment is None:
        return Subject()
    told = list(_identifiers(segment.repeats(3), source))
    # PID-2 and PID-4 hold the numbers of other houses too: they count where they say whose they are.
    told += _identifiers((one for number in (2, 4) for one in segment.repeats(number) if _labelled(one)), source)
    if not told:
        told += _identifiers(segment.repeats(2)[:1], source)
    told += _cards(segment, source)
    return Subject(identifiers=tuple(dict.fromkeys(told)))


def retired_of(segment: Segment, source: Source) -> Subject:
    """The patient of an MRG."""
    told = list(_identifiers(segment.repeats(1), source)) or list(_identifiers(segment.repeats(4)[:1], source))
    return Subject(identifiers=tuple(dict.fromkeys(told)))


def _identifiers(repetitions: Iterable[Repetition], source: Source) -> Iterator[Identifier]:
    for one in repetitions:
        value = one.text(1)
        is_card = (one.text(5) or "").casefold() in _CARD_TYPES
        if value is not None and _is_of_one_person(value, is_card=is_card):
            authority = one.text(4) or one.text(4, 2)
            yield _identifier(value, authority, one.text(5), source)


def _is_of_one_person(value: str, *, is_card: bool) -> bool:
    """Whether the number can be a person's: no word for none, no row of one digit, no card with a slip in it."""
    if value.casefold() in _NOBODY or _FILLED.fullmatch(value) is not None:
        return False
    card = value.upper()
    if not is_card or len(card) != len(_WEIGHTS) + 1 or not _CARD.fullmatch(card):
        return True
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(card, _WEIGHTS, strict=False)) % 11] == card[-1]


def _labelled(one: Repetition) -> bool:
    return any(one.text(component) for component in (4, 5)) or one.text(4, 2) is not None


def _cards(segment: Segment, source: Source) -> Iterator[Identifier]:
    for one in segment.repeats(19):
        value = one.text(1)
        if value is not None and _is_of_one_person(value, is_card=True):
            kind = _CARD_TYPE if _CARD.fullmatch(value.upper()) else _SSN_TYPE
            yield _identifier(value, None, kind, source)


def _identifier(value: str, authority: str | None, type: str | None, source: Source) -> Identifier:
    # A number that says nothing of itself is one of its sender's own.
    authority = source.system if authority is None and type is None else authority
    rule = next((one for one in source.mapping.identifiers if _fits(one, authority, type)), None)
    system = rule.system if rule is not None else authority or type or source.system
    if _CARD.fullmatch(value.upper()):
        value = value.upper()
    return Identifier(system=bounded(system), value=bounded(value))


def _fits(rule: IdentifierRule, authority: str | None, type: str | None) -> bool:
    """Whether the rule is of such identifiers: what both name must agree, and one of them must decide."""
    authorities = {one.casefold() for one in (rule.system, *rule.authority)}
    types = {one.casefold() for one in rule.type}
    of_authority = authority is not None and authority.casefold() in authorities
    of_type = type is not None and type.casefold() in types
    if rule.authority and authority is not None and not of_authority:
        return False
    if types and type is not None and not of_type:
        return False
    return of_authority or of_type
