"""Results: ORU^R01."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from api.hl7.faults import Fault
from api.hl7.message import Message, Segment
from api.hl7.orders import Order, orders_of
from api.hl7.sources import Source, bounded
from api.hl7.values import Value, pressures_of, range_of, unit_of, value_of
from api.mapping import CodeRule
from api.mapping_reading import is_loinc
from pathways.engine.journey import ResultStatus
from pathways.language.units import KNOWN_CODES
from store.notices import ResultNotice, Subject
from store.observations import Category, Result

STATUSES: Mapping[str, ResultStatus] = {
    **dict.fromkeys(("P", "R", "S"), "preliminary"),
    **dict.fromkeys(("F", "U", "V"), "final"),
    "C": "corrected",
    "A": "amended",
    "B": "amended",
    **dict.fromkeys(("D", "W"), "entered-in-error"),
    "X": "cancelled",
}
"""OBX-11, HL7's table 0085."""
_OF_ORDERS: Mapping[str, str] = {"": "F", "F": "F", "C": "C", "P": "P", "R": "R", "S": "S", "A": "P"}
"""OBR-25 as OBX-11, for results that tell no status of their own; some of an order's results are final in `A`."""
_NO_RESULT = frozenset({"I", "N", "O"})
"""Pending, not asked for, a detail of the order: there is no result to tell."""
_WITHDRAWN: frozenset[ResultStatus] = frozenset({"cancelled", "entered-in-error"})
_LOINC_SYSTEMS = frozenset({"LN", "LOINC", "2.16.840.1.113883.6.1", "HTTP://LOINC.ORG"})
_VITAL_SIGNS = frozenset({"85354-9", "8480-6", "8462-4", "8867-4", "29463-7"})
_PRESSURE, _SYSTOLIC, _DIASTOLIC = "85354-9", "8480-6", "8462-4"
_LINES = frozenset({"TX", "FT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    source: Source
    order: Order
    subject: Subject
    number: str
    effective: datetime | None
    issued: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """What was measured: its code here, and what the sender calls it, which is what its results are known by."""

    code: str
    word: str
    coded: bool
    name: str | None
    unit: str | None = None


def results_of(message: Message, source: Source) -> Iterator[ResultNotice | Fault]:
    """A result for each OBX, in their order; OBX that hold the lines of one text are one."""
    if not any(message.named("OBX")) and not any(message.named("OBR")):
        yield Fault(reason="missing-segment", segment="OBX")
    for order in orders_of(message):
        context = _Context(
            source=source,
            order=order,
            subject=order.subject(source),
            number=order.number(source),
            effective=order.effective(source),
            issued=order.issued(source),
        )
        seen: Counter[str] = Counter()
        for _, same in groupby(order.observations, _text_of):
            for told in _of_lines(list(same), context):
                yield told if isinstance(told, Fault) else _told_once(told, seen)


def _text_of(segment: Segment) -> object:
    """What consecutive lines of one text share; any other OBX stands for itself."""
    text = (segment.text(2) or "").upper() in _LINES
    return (segment.first(3), segment.text(14), segment.text(11)) if text else segment.number


def _told_once(notice: ResultNotice, seen: Counter[str]) -> ResultNotice:
    """Two results of one message under one id are two: the second is known by its place too."""
    id = notice.result.source_id
    seen[id] += 1
    if seen[id] == 1:
        return notice
    return replace(notice, result=replace(notice.result, source_id=f"{id}|#{seen[id]}"))


def _of_lines(segments: list[Segment], context: _Context) -> Iterator[ResultNotice | Fault]:
    first = segments[0]
    code = _code_of(first, context.source)
    if code is None:
        yield first.fault("no-identity", 3)
        return
    status = _status_of(first, context.order)
    if status is None:
        if (first.text(11) or "").upper() not in _NO_RESULT:
            yield first.fault("unknown-status", 11)
        return
    effective = context.source.time(first, 14) or context.effective or context.source.issued
    if effective is None:
        yield first.fault("unreadable-time", 14)
        return
    unit = unit_of(first, context.source.mapping) or code.unit
    values = [value_of(one, measured=unit is not None or code.code in KNOWN_CODES) for one in segments]
    value = values[0] if len(values) == 1 else Value(text="\n".join(one.text or "" for one in values).strip() or None)
    confirms = not value.told and (first.text(11) or "").upper() == "U"
    if not value.told and not confirms and status not in _WITHDRAWN:
        if first.deleted(5):
            status = "entered-in-error"
        else:
            yield first.fault("no-value", 5)
            return
    result = replace(_result(first, context, code, status, effective), confirms=confirms)
    yield from (
        ResultNotice(subject=context.subject, result=one) for one in _with_value(result, value, unit, context.number)
    )


def _result(segment: Segment, context: _Context, code: _Code, status: ResultStatus, effective: datetime) -> Result:
    reference = range_of(segment)
    sub = None if (segment.text(2) or "").upper() in _LINES else segment.text(4)
    return Result(
        source_system=context.source.system,
        source_id=bounded("|".join(part for part in (context.number, code.word, sub) if part is not None)),
        patient=None,
        code=code.code,
        effective=effective,
        status=status,
        origin=context.source.rule.origin,
        panel=_panel(context.number, effective) if code.code in (_SYSTOLIC, _DIASTOLIC) else None,
        issued=context.issued,
        sent=context.source.issued,
        name=code.name,
        category=_category(code.code, context.source),
        reference_low=reference.low,
        reference_high=reference.high,
        reference=reference.text,
        interpretation=segment.text(8),
        coded=code.coded,
    )


def _with_value(result: Result, value: Value, unit: str | None, number: str) -> Iterator[Result]:
    """The result with its value; a blood pressure in one text is its two results, and is taken back as both."""
    both = pressures_of(value) if result.code == _PRESSURE else None
    for place, code in enumerate((_SYSTOLIC, _DIASTOLIC)):
        if both is not None or (result.code == _PRESSURE and not value.told):
            yield replace(
                result,
                code=code,
                source_id=f"{result.source_id}|{code}",
                value=None if both is None else both[place],
                unit=None if both is None else unit,
                panel=_panel(number, result.effective),
                reference=None,
            )
    if both is not None:
        return
    yield replace(
        result,
        value=value.number,
        unit=unit if value.number is not None else None,
        comparator=value.comparator,
        text=value.text,
        interpretation=result.interpretation or value.flag,
    )


def _panel(number: str, effective: datetime) -> str:
    return f"{number}|{effective.isoformat()}"


def _category(code: str, source: Source) -> Category | None:
    if code in _VITAL_SIGNS:
        return "vital-signs"
    return "laboratory" if source.rule.origin == "laboratory" else None


def _status_of(segment: Segment, order: Order) -> ResultStatus | None:
    """OBX-11, under what OBR-25 says of the whole order; None where it is no status of a result."""
    told = (segment.text(11) or "").upper()
    if order.status == "X":
        return "cancelled"
    status = STATUSES.get(told or _OF_ORDERS.get(order.status, ""))
    return "corrected" if order.status == "C" and status == "final" else status


def _code_of(segment: Segment, source: Source) -> _Code | None:
    """The code of OBX-3: as the site maps it, LOINC's where it says so, else the sender's own with its system."""
    field = segment.first(3)
    told = [(code, field.text(at + 1), field.text(at + 2)) for at in (1, 4) if (code := field.text(at)) is not None]
    names = [name for at in (2, 5) if (name := field.text(at)) is not None]
    word = told[0][0] if told else next(iter(names), None)
    if word is None:
        return None
    name = next(iter(names), None)
    for code, _, system in told:
        if (rule := _rule_of(code, system, source)) is not None:
            return _Code(code=rule.loinc, word=word, coded=True, name=name or rule.name, unit=rule.unit)
    for code, _, system in told:
        if system is not None and system.upper() in _LOINC_SYSTEMS and is_loinc(code):
            return _Code(code=code, word=word, coded=True, name=name)
    system = (told[0][2] if told else None) or source.system
    return _Code(code=bounded(f"{system}:{word}"), word=word, coded=False, name=name)


def _rule_of(code: str, system: str | None, source: Source) -> CodeRule | None:
    codes = source.mapping.codes
    keys = (f"{source.system}:{code}", f"{system}:{code}", code)
    return next((codes[key] for key in keys if key in codes), None)
