"""Observation: a result, or one for each of its components, which then are one panel."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from api.fhir.elements import Element
from api.fhir.told import LOINC, UCUM, Told, words_of
from pathways.engine.journey import Origin, ResultStatus
from pathways.language.texts import Text
from pathways.language.units import normalise_unit
from store.notices import ResultNotice
from store.observations import Category, Comparator, Result

STATUSES: Mapping[str, ResultStatus] = {
    "registered": "preliminary",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "corrected": "corrected",
    "cancelled": "cancelled",
    "entered-in-error": "entered-in-error",
    # Whether it holds is not known: no more than that may be made of it.
    "unknown": "preliminary",
}
COMPARATORS: Mapping[str, Comparator] = {"<": "<", "<=": "<=", ">=": ">=", ">": ">"}
CATEGORIES: Mapping[str, Category] = {
    "laboratory": "laboratory",
    "vital-signs": "vital-signs",
    "social-history": "social-history",
    "survey": "survey",
}
SCORE = "{score}"
"""The unit of what FHIR gives as an integer, which has none there: it counts points, and nothing else is guessed."""
_TAKEN_BACK = ("cancelled", "entered-in-error")
_NO_CODE = Text(zh="应说明测量的是什么：编码或文字。", en="Say what was measured: a code, or words.")
_NO_VALUE = Text(
    zh="没有结果值；如无结果，请给出 dataAbsentReason。",
    en="There is no value; where there is none, give dataAbsentReason.",
)
_FOCUS = Text(
    zh="不支持 focus：结果应是患者本人的。", en="focus is not supported: a result is to be of the patient themselves."
)
_VALUE_KIND = Text(zh="不支持这种类型的结果值。", en="A value of this type is not taken in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What was measured."""

    value: float | None = None
    unit: str | None = None
    comparator: Comparator | None = None
    text: str | None = None


def translate(told: Told, *, capped: ResultStatus | None = None) -> Sequence[ResultNotice]:
    """The results of an Observation; none where there is no value yet.

    `capped` is the status that the report which holds it gives it, where that says less than its own.
    """
    resource = told.resource
    status = capped or resource.meant("status", STATUSES)
    if resource.has("focus"):
        resource.refuse("focus", _FOCUS, code="not-supported")
    subject = told.subject("subject")
    effective = _effective(told)
    whole = Result(
        source_system=told.source.system,
        source_id=told.source.id,
        patient=None,
        code="",
        effective=effective,
        status=status,
        origin=_origin(told),
        issued=resource.instant("issued", told.around.zone),
        category=_category(resource),
    )
    components = resource.many("component")
    found = [] if components and not _has_value(resource) else [_result(told, resource, whole)]
    found += [_part(told, component, whole) for component in _numbered(components)]
    results = [one for one in found if one is not None]
    results += _left_out(told, {one.source_id for one in results}, whole)
    return [ResultNotice(subject=subject, result=one) for one in results]


def _left_out(told: Told, still: Set[str], whole: Result) -> list[Result]:
    """Components that were told before and are told no more do not hold any more."""
    if whole.status == "preliminary":
        return []  # It is not said to the end.
    before = told.around.parts_of(told.source)
    return [
        replace(one, status="entered-in-error", panel=told.source.id, issued=whole.issued)
        for one in before
        if one.source_id not in still
    ]


def _numbered(components: Sequence[Element]) -> list[tuple[Element, str]]:
    """Each component with what tells it from the others: its code, so that their order does not matter."""
    seen: dict[str, int] = {}
    found: list[tuple[Element, str]] = []
    for component in components:
        code = _code(component)[0]
        seen[code] = seen.get(code, 0) + 1
        found.append((component, code if seen[code] == 1 else f"{code}#{seen[code]}"))
    return found


def _part(told: Told, numbered: tuple[Element, str], whole: Result) -> Result | None:
    component, mark = numbered
    source_id = f"{told.source.id}#{mark}"
    return _result(told, component, replace(whole, source_id=source_id, panel=told.source.id))


def _result(told: Told, element: Element, whole: Result) -> Result | None:
    measured = _value(told, element)
    status = whole.status
    if measured is None and status not in _TAKEN_BACK:
        if status == "preliminary":
            return None  # It was asked for, and nothing is known yet.
        if not element.has("dataAbsentReason"):
            element.refuse(None, _NO_VALUE, code="required")
        # What has no value is no result; one that was told before does not hold any more.
        status = "cancelled"
    code, coded = _mapped_code(told, element)
    measured = measured or Value()
    unit = measured.unit or _default_unit(told, element, measured)
    low, high, text = _range(told, element, unit)
    panel = whole.panel or (told.source.id if told.resource.many("component") else None)
    return replace(
        whole,
        status=status,
        code=code,
        coded=coded,
        value=measured.value,
        unit=unit,
        comparator=measured.comparator,
        text=measured.text,
        panel=panel,
        name=_code(element)[1],
        reference_low=low,
        reference_high=high,
        reference=text,
        interpretation=_interpretation(element),
    )


def _has_value(element: Element) -> bool:
    return any(name.startswith("value") for name in element.value) or element.has("dataAbsentReason")


def _value(told: Told, element: Element) -> Value | None:
    if (quantity := element.one("valueQuantity")) is not None:
        return _quantity(told, quantity)
    if (text := element.prose("valueString")) is not None:
        return Value(text=text)
    if (text := words_of(element.one("valueCodeableConcept"))) is not None:
        return Value(text=text)
    if (flag := element.flag("valueBoolean")) is not None:
        return Value(text="true" if flag else "false")
    if (number := element.number("valueInteger")) is not None:
        return Value(value=number, unit=SCORE)
    other = next((name for name in element.value if name.startswith("value")), None)
    if other not in (None, "valueString", "valueCodeableConcept"):
        element.refuse(other, _VALUE_KIND, code="not-supported")
    return None


def _quantity(told: Told, quantity: Element) -> Value | None:
    value = quantity.number("value")
    if value is None:
        return None
    comparator = quantity.meant("comparator", COMPARATORS) if quantity.has("comparator") else None
    return Value(value=value, unit=_unit(told, quantity), comparator=comparator)


def _unit(told: Told, quantity: Element) -> str | None:
    written = quantity.word("code") if quantity.word("system") in (None, UCUM) else None
    unit = written or quantity.word("unit") or quantity.word("code")
    return None if unit is None else told.around.mapping.units.get(unit, unit)


def _code(element: Element) -> tuple[str, str | None]:
    """The code as the sender gave it, LOINC's before others, and its words."""
    concept = element.one("code")
    if concept is None:
        element.require("code")
    codings = [one for one in concept.many("coding") if one.word("code") is not None]
    chosen = next((one for one in codings if one.word("system") == LOINC), codings[0] if codings else None)
    text = concept.word("text")
    code = text if chosen is None else chosen.word("code")
    if code is None:
        element.refuse("code", _NO_CODE, code="required")
    return code, text or (None if chosen is None else chosen.word("display"))


def _mapped_code(told: Told, element: Element) -> tuple[str, bool]:
    """The LOINC code where it is one or the site maps it to one, and whether it is; else the sender's own."""
    concept = element.one("code")
    codings = [] if concept is None else concept.many("coding")
    for one in codings:
        if one.word("system") == LOINC and (code := one.word("code")) is not None:
            return code, True
    own = _code(element)[0]
    rule = told.around.mapping.codes.get(own)
    return (own, False) if rule is None else (rule.loinc, True)


def _default_unit(told: Told, element: Element, measured: Value) -> str | None:
    """The unit in which the site says that a local code comes, where the sender gives none."""
    rule = None if measured.value is None else told.around.mapping.codes.get(_code(element)[0])
    return None if rule is None else rule.unit


def _range(told: Told, element: Element, unit: str | None) -> tuple[float | None, float | None, str | None]:
    """The range of what is normal: two numbers in the unit of the value, else as text."""
    for one in element.many("referenceRange"):
        if not _is_normal(one):
            continue
        bounds = [one.one("low"), one.one("high")]
        low, high = (None if bound is None else bound.number("value") for bound in bounds)
        units = [_unit(told, bound) for bound in bounds if bound is not None]
        if all(bound in (None, unit) or _same(bound, unit) for bound in units):
            return (low, high, one.word("text"))
        numbers = ["" if number is None else f"{number:g}" for number in (low, high)]
        return (None, None, one.word("text") or f"{'–'.join(numbers)} {next(filter(None, units), '')}")
    return (None, None, None)


def _is_normal(range_: Element) -> bool:
    """Whether it says what is normal, not what is aimed at or critical."""
    kind = range_.one("type")
    codes = [] if kind is None else [one.word("code") for one in kind.many("coding")]
    return not codes or "normal" in codes


def _same(one: str, other: str | None) -> bool:
    return other is not None and normalise_unit(one) is not None and normalise_unit(one) == normalise_unit(other)


def _interpretation(element: Element) -> str | None:
    for concept in element.many("interpretation"):
        codes = [code for one in concept.many("coding") if (code := one.word("code")) is not None]
        if codes:
            return codes[0]
        return concept.word("text")
    return None


def _category(resource: Element) -> Category | None:
    codes = [one.word("code") or "" for concept in resource.many("category") for one in concept.many("coding")]
    for code in codes:
        if code in CATEGORIES:
            return CATEGORIES[code]
    return "other" if codes else None


def _effective(told: Told) -> datetime:
    """When it was so: of a period its end, or else its start."""
    resource, zone = told.resource, told.around.zone
    for name in ("effectiveDateTime", "effectiveInstant"):
        if (at := resource.instant(name, zone)) is not None:
            return at
    period = resource.one("effectivePeriod")
    at = None if period is None else period.instant("end", zone) or period.instant("start", zone)
    if at is None:
        resource.require("effective")
    return at


def _origin(told: Told) -> Origin:
    """Who measured: the patient alone, a device, or a laboratory."""
    resource = told.resource
    performers = resource.many("performer")
    if performers and all(told.is_about(one, "Patient") for one in performers):
        return "patient"
    if resource.has("device"):
        return "device"
    return "laboratory" if _category(resource) == "laboratory" else "unknown"
