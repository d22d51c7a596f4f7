"""Whether a file has the shape of a pathway, a form or a message, told in the words of the person who wrote it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pathways.language.documents import Document, Path, Place
from pathways.language.names import did_you_mean
from pathways.language.problems import Problem
from pathways.language.step import STEP_KINDS
from pathways.language.trigger import TRIGGER_KINDS
from pathways.language.written import DATA_NAME_PATTERN, NAME_PATTERN

Model = TypeVar("Model", bound=BaseModel)

_NAMES = {
    NAME_PATTERN: ("a name", "expected small letters, digits and single hyphens, such as 'call-patient'"),
    DATA_NAME_PATTERN: ("a name of a value", "expected small letters, digits and underscores, such as 'urgent_low'"),
    r"\S": ("a text that says something", "expected at least one word"),
}
_OTHER_NAME = ("a code", "expected small letters and digits, joined by '-' or '_', such as 'sleeps-badly'")
_TYPES = {
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
}
_EXAMPLES = {
    "keys and values": "expected keys and values, such as '{key: value}'",
    "a list": "expected a list, such as '[a, b]'",
}


class Misfit(NamedTuple):
    """What does not fit: where in the document, and the problem."""

    path: Path
    problem: Problem


class _Spot(NamedTuple):
    """Where pydantic found something, in terms of the file."""

    path: Path
    owner: type[BaseModel] | None
    """The model whose key comes last in the path."""
    kind: str | None
    """The kind of step or trigger that the owner is."""
    on_key: bool


def fit(document: Document, model: type[Model]) -> tuple[Model | None, tuple[Misfit, ...]]:
    """The document as a value of the model; None where it does not fit, and everything that does not.

    What could not be read from the file is told by the document's own problems, and not again here.
    """
    if document.is_unreadable(()):
        return None, ()
    try:
        return fitted(document.value, model), ()
    except ValidationError as error:
        found = tuple(_misfits(error, document, model))
        return None, tuple(misfit for misfit in found if not document.is_unreadable(misfit.path))


def fitted(value: object, model: type[Model]) -> Model:
    """The plain value as a value of the model; ValidationError where it does not fit.

    It is read as JSON, in which a list may stand for a tuple while nothing else is silently turned into another type.
    """
    return model.model_validate_json(json.dumps(value), strict=True, by_alias=True, by_name=False)


def _misfits(error: ValidationError, document: Document, model: type[BaseModel]) -> Iterator[Misfit]:
    found: dict[tuple[_Spot, str], str] = {}
    for details in error.errors(include_url=False):
        spot = _spot(model, details["loc"], details["type"])
        said = _said(details, spot)
        if said is None:
            continue
        what, expected = said
        # A union of scalars refuses once a member.
        other = found.get((spot, what))
        found[spot, what] = expected if other is None else f"{other} or {expected.removeprefix('expected ')}"
    for (spot, what), expected in found.items():
        place = document.place(spot.path, key=spot.on_key)
        yield Misfit(spot.path, _problem(document.file, place, what, expected))


def _problem(file: str, place: Place, what: str, expected: str) -> Problem:
    return Problem(file=file, line=place.line, column=place.column, what=what, expected=expected.removeprefix("; "))


def _spot(model: type[BaseModel], location: tuple[int | str, ...], error: str) -> _Spot:
    """Follow pydantic's location through the models: it also names the member of a union, which no file has."""
    path: list[str | int] = []
    owner: type[BaseModel] | None = None
    holder: type[BaseModel] | None = model
    kinds: Mapping[str, type[BaseModel]] | None = None
    kind, named = None, False
    for piece in location:
        if piece == "[key]":
            return _Spot(tuple(path), owner, kind, True)
        if named or isinstance(piece, int):
            path.append(piece)
            named = False
        elif kinds is not None:
            holder, kind, kinds = kinds[piece], piece, None
        elif holder is None:  # the member of a union of scalars
            break
        else:
            path.append(piece)
            owner = holder
            field = fields_of(holder).get(piece)
            if field is None:  # a key that the model does not know
                break
            models = tuple(dict.fromkeys(_models(field.annotation)))
            named = get_origin(field.annotation) is Mapping
            holder = models[0] if len(models) == 1 else None
            kinds = _kinds(models) if len(models) > 1 else None
    return _Spot(tuple(path), owner, kind, error == "extra_forbidden")


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that a file has for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that a value of the annotation may be, or may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _kinds(models: Sequence[type[BaseModel]]) -> Mapping[str, type[BaseModel]]:
    return STEP_KINDS if models[0] in STEP_KINDS.values() else TRIGGER_KINDS


def _said(details: ErrorDetails, spot: _Spot) -> tuple[str, str] | None:
    """What is wrong and what was expected; None where another problem says it already."""
    given: Any = details["input"]
    context: Mapping[str, Any] = details.get("ctx", {})
    label = _label(spot.path)
    match details["type"]:
        case "missing":
            return _missing(spot)
        case "extra_forbidden":
            return _unknown_key(spot)
        case "union_tag_not_found" | "union_tag_invalid":
            return _no_kind(spot, given)
        case "string_pattern_mismatch":
            noun, expected = _NAMES.get(context["pattern"], _OTHER_NAME)
            return f"{_shown(given)} is not {noun}", expected
        case "literal_error":
            return f"{label} cannot be {_shown(given)}", f"expected {context['expected']}"
        case "value_error":
            what, _, expected = str(context["error"]).partition("; ")
            return what, expected
        case "too_short" if len(given) >= context["min_length"]:
            return None  # its parts are there and have problems of their own
        case "too_short" | "too_long" | "string_too_short" | "string_too_long":
            return _wrong_length(label, given, context)
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {context['ge']:g}" if "ge" in context else f"at most {context['le']:g}"
            return f"{label} is {_shown(given)}", f"expected {bound}"
        case kind:
            wanted = _TYPES.get(kind, "another value")
            return f"{label} is {_shown(given)}", _EXAMPLES.get(wanted, f"expected {wanted}") + _quotes(wanted, given)


def _label(path: Path) -> str:
    """What a lead calls the value: its key, or its place in the list under a key."""
    *before, last = path or ("the file",)
    if isinstance(last, int):
        return f"item {last + 1} of '{before[-1]}'"
    return f"'{last}'" if path else last


def _shown(value: object) -> str:
    """A value as it is quoted in a sentence."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "nothing"
        case str():
            return f"'{value}'" if len(value) <= 40 else f"'{value[:40]}…'"
        case int() | float():
            return f"the number {value:g}"
        case list():
            return "a list"
        case _:
            return "keys and values"


def _quotes(wanted: str, given: object) -> str:
    return ": put it in quotes" if wanted == "a text" and isinstance(given, int | float) else ""


def _missing(spot: _Spot) -> tuple[str, str]:
    *before, last = spot.path
    if isinstance(last, int):
        return f"{_label(tuple(before))} has too few items", f"expected an item {last + 1}"
    return f"'{last}' is missing", f"expected it in this '{spot.kind}'" if spot.kind else "expected it here"


def _unknown_key(spot: _Spot) -> tuple[str, str]:
    key = str(spot.path[-1])
    for kinds, noun in ((STEP_KINDS, "step"), (TRIGGER_KINDS, "trigger")):
        if key in kinds and spot.owner in kinds.values():
            return f"'{spot.kind}' and '{key}' in one {noun}", f"expected one of them: each {noun} has one kind"
    return f"unknown key '{key}'", did_you_mean(key, fields_of(spot.owner) if spot.owner else ())


def _no_kind(spot: _Spot, given: object) -> tuple[str, str]:
    keys = ", ".join(map(repr, cast("dict[str, object]", given))) if isinstance(given, dict) else ""
    written = f"keys {keys}" if keys else _shown(cast("object", given))
    if given is None:
        written = "no key"
    if spot.path[-1] == "when":
        return f"no trigger has {written}", f"expected one of: enrolment, by-hand, {', '.join(TRIGGER_KINDS)}"
    return f"no step has {written}", f"expected one of: {', '.join(STEP_KINDS)}"


def _wrong_length(label: str, given: str | Sequence[object], context: Mapping[str, Any]) -> tuple[str, str]:
    noun = "characters" if isinstance(given, str) else "items"
    bound = f"at least {context['min_length']}" if "min_length" in context else f"at most {context['max_length']}"
    return f"{label} has {len(given)} {noun}", f"expected {bound}"
