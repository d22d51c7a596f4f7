"""The published schema and the reader judge the shape of a file alike."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from pathways.language.definition import Pathway
from pathways.language.documents import read_document
from pathways.language.forms import Form
from pathways.language.messages import MessageTemplate
from pathways.language.schema import DIALECT, json_schema
from pathways.language.shapes import fitted
from tests.pathways.language.sample import FILES

SCHEMA = json_schema()
VALIDATOR: Any = Draft202012Validator(SCHEMA)
MODELS: dict[str, type[BaseModel]] = {"pathway": Pathway, "form": Form, "message": MessageTemplate}
KEYS = {"pathway.yaml": "pathway", "forms/call.yaml": "form", "messages/advice.yaml": "message"}
DOCUMENTS: dict[str, Any] = {key: read_document(file, FILES[file]).value for file, key in KEYS.items()}


def reader_takes(kind: str, document: object) -> bool:
    """Whether the reader takes the shape; what relates two places of a form is not of the shape."""
    try:
        fitted(document, MODELS[kind])
    except ValidationError as error:
        return all(
            details["type"] == "value_error" and kind == "form" and details["loc"][:1] in ((), ("items",))
            for details in error.errors()
        )
    return True


def schema_takes(document: object) -> bool:
    """Whether the published schema takes it."""
    return bool(VALIDATOR.is_valid(document))


def test_it_is_a_schema_of_its_dialect() -> None:
    """Editors can load it: it is draft 2020-12, plain JSON and refers to nothing outside itself."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == DIALECT == Draft202012Validator.META_SCHEMA["$id"]
    text = json.dumps(SCHEMA)
    assert text.count('"$ref": "') == text.count('"$ref": "#/$defs/')


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_both_take_what_is_right(kind: str) -> None:
    """A file without problems fits the schema."""
    assert reader_takes(kind, DOCUMENTS[kind])
    assert schema_takes(DOCUMENTS[kind])


def step(value: object) -> Callable[[Any], None]:
    return lambda document: document["tracks"]["first"].update(steps=[value])


def when(value: object) -> Callable[[Any], None]:
    return lambda document: document["tracks"]["first"].update(when=value)


def track(**keys: object) -> Callable[[Any], None]:
    return lambda document: document["tracks"]["first"].update(keys)


def top(**keys: object) -> Callable[[Any], None]:
    return lambda document: document.update(keys)


NONE: list[Any] = []
TASK = {"task": "call", "role": "operator"}
VISIT = {"visit": "check", "window": {"late": "3d"}}
CHOOSE: dict[str, Any] = {"choose": "way", "cases": [{"if": "symptoms", "steps": []}], "otherwise": [], "unknown": []}
PARAMETER = {"value": 1, "evidence": "A text", "source": "expert"}
CHANGES: list[tuple[Callable[[Any], None], bool]] = [
    (step({"send": "advice"}), True),
    (step({"send": "advice", "urgent": "yes"}), True),
    (step({"send": "advice", "urgent": True}), True),
    (step({"send": "advice", "urgent": 1}), False),
    (step({"send": "advice", "urgent": "on"}), False),
    (step({"send": "advice", "urgent": None}), False),
    (step({"send": "Advice"}), False),
    (step({"send": "advice", "task": "call"}), False),
    (step({"notify": "operator"}), False),
    (step({"notify": "operator", "message": "advice"}), True),
    (step(TASK), True),
    (step(TASK | {"due": None}), True),
    (step(TASK | {"due": "30m"}), True),
    (step(TASK | {"due": "2 working days"}), True),
    (step(TASK | {"due": "2 moons"}), False),
    (step(TASK | {"due": 30}), False),
    (step(TASK | {"due": "1000000 m"}), False),
    (step(TASK | {"clock": "both"}), False),
    (step(TASK | {"outcomes": {"reached": NONE}}), True),
    (step(TASK | {"outcomes": {"Reached": NONE}}), False),
    (step(TASK | {"outcomes": {"reached": [TASK]}}), True),
    (step(TASK | {"outcomes": {"reached": [{"tsak": "call"}]}}), False),
    (step(TASK | {"outcomes": NONE}), False),
    (step({"task": "call"}), False),
    (step(VISIT), True),
    (step(VISIT | {"window": {}}), False),
    (step(VISIT | {"remind": ["3d", "1d"]}), True),
    (step(VISIT | {"remind": "3d"}), False),
    (step(VISIT | {"satisfied_by": {"data": "glucose", "from": "device"}}), True),
    (step(VISIT | {"satisfied_by": {"data": "glucose", "from_": "device"}}), False),
    (step(CHOOSE), True),
    (step(CHOOSE | {"cases": NONE}), False),
    (step({key: value for key, value in CHOOSE.items() if key != "unknown"}), False),
    (step({"set": "stage", "to": "x"}), True),
    (step({"set": "stage", "to": 1.5}), True),
    (step({"set": "stage", "to": ""}), False),
    (step({"set": "stage", "to": None}), False),
    (step({"set": "a-b", "to": 1}), True),
    (step({"set": "a_-b", "to": 1}), False),
    (step({"set": "stage", "to": "yes"}), True),
    (step({"wait": "3d", "late": "ask", "late_after": "1h", "name": "pause"}), True),
    (step({"end": "died"}), False),
    (step({}), False),
    (step("send"), False),
    (step(None), False),
    (when("by-hand"), True),
    (when("by-foot"), False),
    (when("at"), False),
    (when({"at": "enrolled"}), True),
    (when({"at": "enrolled + 2 weeks", "time": "09:00"}), True),
    (when({"at": "enrolled+2 weeks"}), False),
    (when({"at": "enrolled", "time": "9:00"}), False),
    (when({"at": "enrolled", "time": "０９:00"}), False),
    (when({"every": "1d", "from": "enrolled", "times": 3}), True),
    (when({"every": "1d", "from": "enrolled", "times": 3.0}), True),
    (when({"every": "1d", "from": "enrolled", "times": 3.5}), False),
    (when({"every": "1d", "from": "enrolled", "times": True}), False),
    (when({"every": "1d", "from": "enrolled", "times": "3"}), False),
    (when({"every": "1d"}), False),
    (when({"observed": "glucose", "if": "x", "by": -0.5}), False),
    (when({"observed": "glucose", "if": "x" * 501}), False),
    (when({"event": "moved", "missed": "call"}), False),
    (when(["by-hand"]), False),
    (track(at_most="once per 4h"), True),
    (track(at_most="3 per 2 working days"), True),
    (track(at_most="0 per 4h"), False),
    (track(at_most="007 per 4h"), False),
    (track(at_most="٣ per 4h"), False),
    (track(steps=[]), False),
    (track(purpose="care"), True),
    (track(purpose="fun"), False),
    (top(anchors={}), False),
    (top(anchors={"enrolled": {}}), True),
    (top(anchors={"enrolled": {}, "Birth": {}}), False),
    (top(tracks={}), False),
    (top(evidence=[]), False),
    (top(title={"zh": "好", "en": " "}), False),
    (top(title="好"), False),
    (top(ladders={"routine": []}), True),
    (top(ladders={"routine": [{"after": "3d"}]}), False),
    (top(parameters={"low": PARAMETER}), True),
    (top(parameters={"low": PARAMETER | {"value": "1"}}), False),
    (top(parameters={"low": PARAMETER | {"value": True}}), False),
    (top(parameters={"low": PARAMETER | {"per_patient": [1]}}), False),
    (top(parameters={"low": PARAMETER | {"per_patient": [1, 2, 3]}}), False),
    (top(parameters={"low": PARAMETER | {"evidence": ""}}), False),
    (top(parameters={"x" * 41: PARAMETER}), False),
    (top(form="call"), False),
]


@pytest.mark.parametrize(("change", "right"), CHANGES)
def test_both_judge_a_change_alike(change: Callable[[Any], None], right: bool) -> None:
    """A schema that takes what the reader refuses, or the other way round, misleads whoever writes with it."""
    document = copy.deepcopy(DOCUMENTS["pathway"])
    change(document)
    document = read_document("pathway.yaml", json.dumps(document)).value
    assert (reader_takes("pathway", document), schema_takes(document)) == (right, right)


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document that has keys."""
    held = cast("list[Any]", value) if isinstance(value, list) else []
    if isinstance(value, dict) and value:
        mapping = cast("dict[str, Any]", value)
        yield mapping
        held = list(mapping.values())
    for inside in held:
        yield from mappings(inside)


ODD: list[Any] = [None, True, 0, 1.5, "", "x", "once per 1d", [], [[]], {}, {"if": "x"}, {"send": "a"}, "yes", "at"]


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(DOCUMENTS)))
def test_both_judge_any_slip_alike(data: st.DataObject, kind: str) -> None:
    """A key that is deleted, renamed, repeated elsewhere or given another value is judged alike."""
    document = copy.deepcopy(DOCUMENTS[kind])
    names = sorted({key for mapping in mappings(document) for key in mapping})
    for _ in range(data.draw(st.integers(1, 2))):
        target = data.draw(st.sampled_from(list(mappings(document)) or [document]))
        if not target:
            continue
        key = data.draw(st.sampled_from(sorted(target)))
        slip = data.draw(st.sampled_from(["delete", "rename", "add", "retag", "swap"]))
        if slip in ("delete", "rename"):
            value = target.pop(key)
            if slip == "rename":
                target[data.draw(st.sampled_from([*names, f"{key}s", key.title(), f"{key}_"]))] = value
        elif slip == "add":
            target[data.draw(st.sampled_from(names))] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        else:
            values = [mapping[name] for mapping in mappings(document) for name in mapping]
            target[key] = copy.deepcopy(data.draw(st.sampled_from(ODD if slip == "retag" else values)))
    assert reader_takes(kind, document) == schema_takes(document)
