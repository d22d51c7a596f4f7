"""The text of a request as a FHIR resource: JSON, then the shape that FHIR gives it; refusals name the element."""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, cast

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from api.outcomes import Issue, ResourceRefused, ResourceUnreadable
from pathways.language.texts import Text

Resource = Mapping[str, Any]

_DEEPEST = 60
"""Levels of JSON; no resource that anybody writes comes near."""
_MOST_ISSUES = 20
_UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z]{0,40}")
_NOT_JSON = Text(zh="内容不是 JSON。", en="This is not JSON.")
_NOT_AN_OBJECT = Text(zh="内容应为一个 JSON 对象。", en="A JSON object is expected.")
_NO_TYPE = Text(zh="缺少 resourceType。", en="It does not say its resourceType.")
_TOO_DEEP = Text(zh="嵌套层次过多。", en="It is nested too deeply.")
_CONTROL = Text(zh="文本不能含控制字符。", en="Text without control characters is expected.")
_INFINITE = Text(zh="数值过大。", en="A number is too large.")
_MODIFIED = Text(
    zh="不支持 modifierExtension 和 implicitRules：它们会改变内容的含义。",
    en="modifierExtension and implicitRules change what is meant, and none is known here.",
)
_REQUIRED = Text(zh="此项必填。", en="This element is required.")
_UNKNOWN = Text(zh="其中有 FHIR R4 没有的元素。", en="It holds an element that FHIR R4 does not have there.")
_TYPE = Text(zh="格式不符合 FHIR R4。", en="It does not have the form that FHIR R4 gives it.")
_OTHER_TYPE = Text(zh="资源类型与地址不符。", en="It is not of the type that is expected here.")


def parse(body: bytes) -> Resource:
    """The JSON object of a request, which says its type.

    Raises:
        ResourceUnreadable: it is no JSON object with a `resourceType`.
    """
    try:
        told: object = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ResourceUnreadable(Issue(code="invalid", what=_NOT_JSON)) from None
    if not isinstance(told, dict):
        raise ResourceUnreadable(Issue(code="structure", what=_NOT_AN_OBJECT))
    resource = cast(dict[str, Any], told)
    if (problem := _unkeepable(resource)) is not None:
        raise ResourceUnreadable(Issue(code="invalid", what=problem))
    return resource


def type_of(resource: Resource, path: str | None = None) -> str:
    """The type that it says it is of; ResourceUnreadable where it says none."""
    name = resource.get("resourceType")
    if not isinstance(name, str):
        raise ResourceUnreadable(Issue(code="structure", what=_NO_TYPE, expression=path))
    return name


def validated(resource: Resource, name: str, path: str | None = None) -> dict[str, Any]:
    """The resource in FHIR's own writing, checked against the model of that type; `path` is where it stands.

    Raises:
        ResourceRefused: it is of another type, or does not have the shape; every element that is wrong is named.
    """
    at = path or name
    if type_of(resource, path) != name:
        raise ResourceRefused(Issue(code="structure", what=_OTHER_TYPE, expression=f"{at}.resourceType"))
    if _is_modified(resource):
        raise ResourceRefused(Issue(code="not-supported", what=_MODIFIED, expression=at))
    try:
        model = get_fhir_model_class(name).model_validate(resource)
        return json.loads(model.model_dump_json(exclude_none=True))
    except ValidationError as wrong:
        raise ResourceRefused(*_issues(wrong, at)) from None
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, AssertionError):
        # The models were not made for everything that can be sent.
        raise ResourceRefused(Issue(code="structure", what=_TYPE, expression=at)) from None


def _no_number(_: str) -> float:
    raise ValueError


def _unkeepable(resource: Resource) -> Text | None:
    for depth, value in _values(resource):
        if depth > _DEEPEST:
            return _TOO_DEEP
        if isinstance(value, str) and _UNKEEPABLE.search(value):
            return _CONTROL
        if isinstance(value, float) and not isfinite(value):
            return _INFINITE
        if isinstance(value, int) and abs(value) > 10**30:
            return _INFINITE
    return None


def _is_modified(resource: Resource) -> bool:
    return any(
        isinstance(value, dict) and not {"modifierExtension", "implicitRules"}.isdisjoint(cast(Resource, value))
        for _, value in _values(resource)
    )


def _values(resource: Resource) -> Iterator[tuple[int, object]]:
    """Every value in it, names of elements too, with its depth."""
    waiting: list[tuple[int, object]] = [(0, resource)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if depth > _DEEPEST:
            continue
        if isinstance(value, dict):
            inside = cast(dict[str, object], value)
            waiting += [(depth + 1, one) for one in (*inside.keys(), *inside.values())]
        elif isinstance(value, list):
            waiting += [(depth + 1, one) for one in cast(list[object], value)]


def _issues(wrong: ValidationError, path: str) -> Iterator[Issue]:
    for error in wrong.errors(include_url=False, include_input=False)[:_MOST_ISSUES]:
        where = error["loc"]
        match error["type"]:
            case "missing" | "model_field_validation.missing":
                yield Issue(code="required", what=_REQUIRED, expression=_expression(path, where))
            case "extra_forbidden":
                # What the sender called it can be anything, so the element around it is named.
                yield Issue(code="structure", what=_UNKNOWN, expression=_expression(path, where[:-1]))
            case _:
                yield Issue(code="value", what=_TYPE, expression=_expression(path, where))


def _expression(path: str, where: tuple[int | str, ...]) -> str:
    for part in where:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _ELEMENT.fullmatch(part):
            path += "." + {"resource_type": "resourceType"}.get(part, part)
    return path
