"""`docs/language.md` says the same as the language itself, and its examples are read."""

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from pathways.engine.reasons import Code
from pathways.language import definition, forms, messages, step, trigger, written
from pathways.language.messages import KNOWN_VARIABLES
from pathways.language.reading import examine, read
from pathways.language.roles import ROLES
from pathways.language.shapes import fields_of
from pathways.language.step import STEP_KINDS
from pathways.language.texts import Text
from pathways.language.trigger import TRIGGER_KINDS, AnyTrigger
from pathways.language.units import KNOWN_CODES
from pathways.language.vocabulary import CALLS, PATIENT, RESERVED
from pathways.language.written import Lateness
from store.library import built_in, pathway_files
from tests.docs.markdown import ROOT, Block, blocks, named, rows, sections

LANGUAGE = (ROOT / "docs" / "language.md").read_text()
SECTIONS = sections(LANGUAGE)
FRAME = "diabetes-management"
"""The shipped pathway that stands around the examples which are parts of one."""

_ABSTRACT = {written.Written, trigger.AtMost}
_HEADINGS: Mapping[type[BaseModel], str] = {
    Text: "Text",
    definition.Pathway: "`pathway.yaml`",
    definition.Enrolment: "Enrolment",
    definition.Anchor: "Anchors",
    definition.Data: "Data",
    definition.Parameter: "Parameters",
    definition.Value: "Values",
    definition.Times: "Times",
    definition.Keep: "`keep`",
    step.Attempts: "`attempts`",
    trigger.Confirm: "`confirm`",
    definition.Rung: "Ladders",
    definition.Track: "Tracks",
    step.StepBase: "Steps",
    step.Window: "`window`",
    step.SatisfiedBy: "`satisfied_by`",
    step.Case: "`cases`",
    forms.Form: "Forms",
    forms.Item: "Items",
    forms.Option: "Options",
    messages.MessageTemplate: "Messages",
    **{model: f"`{kind}`" for kind, model in (*STEP_KINDS.items(), *TRIGGER_KINDS.items())},
}


def _models() -> Sequence[type[BaseModel]]:
    """Every model whose keys a lead may write."""
    written = {
        model
        for module in (definition, step, trigger, forms, messages)
        for _, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, BaseModel) and model is not BaseModel
    }
    return sorted(written - _ABSTRACT, key=lambda model: model.__name__)


def _sole_names(heading: str) -> list[str]:
    """The names that stand alone in the first cell of a row."""
    return [name for row in rows(SECTIONS[heading]) for name in named(row[0]) if row[0] == f"`{name}`"]


def _first_cells(heading: str) -> list[str]:
    return [name for row in rows(SECTIONS[heading]) for name in named(row[0])]


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[BaseModel]) -> None:
    """The table of a part names its keys, all of them and no other."""
    own = set(fields_of(model))
    if issubclass(model, step.StepBase) and model is not step.StepBase:
        own -= set(fields_of(step.StepBase))
    documented = set(_sole_names(_HEADINGS[model]))
    assert own <= documented
    # Under `Tracks` and `Messages` other tables follow; a section of one table holds nothing else.
    assert documented - own <= set(get_args(definition.Track.model_fields["while_running"].annotation))


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_a_required_key_is_said_to_be_so(model: type[BaseModel]) -> None:
    """What a file cannot leave out is marked as required, and nothing else is."""
    for row in rows(SECTIONS[_HEADINGS[model]]):
        field = fields_of(model).get(row[0].strip("`"))
        if field is not None:
            assert field.is_required() == ("required" in " ".join(row[1:]).replace("required for", "")), row


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_every_step_kind_is_documented(kind: str) -> None:
    """A step has a section of its own, with its keys and an example."""
    assert f"`{kind}`" in SECTIONS


@pytest.mark.parametrize("kind", [*TRIGGER_KINDS, *get_args(get_args(AnyTrigger)[0])])
def test_every_trigger_kind_is_documented(kind: str) -> None:
    """What starts a track has a section of its own."""
    assert f"`{kind}`" in SECTIONS


def test_every_value_of_a_closed_set_is_documented() -> None:
    """What runs already and what is late have a row for each thing that may become of it."""
    while_running = get_args(definition.Track.model_fields["while_running"].annotation)
    assert set(while_running) <= set(_first_cells("Tracks"))
    assert _first_cells("Lateness") == list(get_args(Lateness))


def test_every_condition_function_is_documented() -> None:
    """Each function and each name of the patient has a row, and no row is of one that is gone."""
    names = {name.partition("(")[0] for name in _sole_names("Conditions")}
    known = {*CALLS, *PATIENT}
    examples = {"glucose", "urgent_low", "had_referral"}
    assert known <= names
    assert names - known == examples


def test_every_reserved_name_is_told() -> None:
    """A lead learns which names conditions keep for themselves."""
    assert set(named(SECTIONS["What is refused"])) >= RESERVED


def test_every_message_variable_is_documented() -> None:
    """The table of variables is the list of what can be filled in."""
    assert sorted(_first_cells("Variables")) == sorted(KNOWN_VARIABLES)


def test_every_role_is_documented() -> None:
    """The table of roles is the list of roles, with their titles."""
    assert rows(SECTIONS["Roles"]) == [[f"`{name}`", title.zh, title.en] for name, title in ROLES.items()]


def test_every_code_is_documented() -> None:
    """The table of codes names what each measures and the units in which it may arrive."""
    shown = {row[0].strip("`"): (row[1], tuple(named(row[2]))) for row in rows(SECTIONS["Codes and units"])}
    assert shown == {code: (analyte.name, analyte.units) for code, analyte in KNOWN_CODES.items()}


def test_every_reason_code_is_in_the_glossary() -> None:
    """Whoever reads a timeline finds each code of it explained, and none that the engine never gives."""
    table = rows(sections((ROOT / "docs" / "glossary.md").read_text())["Reasons"])
    assert sorted(code for row in table for code in named(row[0])) == sorted(get_args(Code))


def _examples() -> list[Block]:
    return [block for block in blocks(LANGUAGE) if block.info.startswith("yaml")]


@pytest.mark.parametrize("block", _examples(), ids=lambda block: f"line-{block.line}")
def test_an_example_is_read(block: Block) -> None:
    """Every example is accepted by the reader: alone, or with a shipped pathway around it."""
    _, _, part = block.info.partition(" ")
    assert read(_files(part, block.text)).checksum


def test_the_first_example_has_no_warnings() -> None:
    """The small pathway is one that a lead may copy."""
    (whole,) = blocks(LANGUAGE, "yaml pathway")
    assert examine(_files("pathway", whole.text)).problems == ()


def _files(part: str, text: str) -> Mapping[str, str | bytes]:
    """The files of a pathway that has the example in it."""
    said = _load(text)
    files: dict[str, str | bytes] = dict(pathway_files(built_in() / FRAME))
    match part:
        case "pathway":
            shown = {f"messages/{number}.yaml": one.text for number, one in enumerate(blocks(LANGUAGE, "yaml message"))}
            return {"pathway.yaml": text, **shown}
        case "form":
            return {**files, f"forms/{said['form']}.yaml": text}
        case "message":
            return {**files, f"messages/{said['message']}.yaml": text}
        case "steps":
            return _around(files, {"tracks": {"example": {"when": "by-hand", "safety": "no", "steps": said}}})
        case "track":
            return _around(files, {"tracks": said})
        case "fragment":
            return _around(files, said)
        case _:
            raise AssertionError(f"an example marked '{part}'")


def _around(files: Mapping[str, str | bytes], said: Mapping[str, Any]) -> Mapping[str, str | bytes]:
    frame: dict[str, Any] = _load(files["pathway.yaml"])
    for section, inside in said.items():
        frame[section] = {**frame.get(section, {}), **inside}
    return {**files, "pathway.yaml": json.dumps(frame, ensure_ascii=False)}


def _load(text: str | bytes) -> Any:
    reader: Any = YAML(typ="safe", pure=True)
    return reader.load(text)
