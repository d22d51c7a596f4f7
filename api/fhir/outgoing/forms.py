"""Questionnaire: a form of a release, with its items and what they take."""

from datetime import datetime
from typing import assert_never

from api.fhir.incoming.answers import FORM
from api.fhir.outgoing.parts import Resource, in_english, instant, resource, without_nothing
from api.fhir.told import UCUM
from pathways.language.forms import Form, Item
from pathways.language.release import Release

_EXTENSIONS = "http://hl7.org/fhir/StructureDefinition"


def forms_of(release: Release) -> dict[str, Form]:
    """The forms of a release by the ids of their Questionnaires: the release is immutable, so their order is too."""
    return {f"{release.checksum}.{number}": form for number, form in enumerate(release.contents.forms.values(), 1)}


def show(id: str, form: Form, release: Release, published: datetime, *, demonstration: bool) -> Resource:
    """A form of a release."""
    return resource("Questionnaire", id, updated=published, version=1) | without_nothing(
        {
            "url": f"{FORM}{form.form}",
            "version": release.checksum,
            "name": form.form,
            "title": form.title.zh,
            "_title": in_english(form.title),
            "status": "active",
            "experimental": demonstration,
            "subjectType": ["Patient"],
            "date": instant(published),
            "item": [_item(one) for one in form.items],
        }
    )


def _item(item: Item) -> Resource:
    options = [
        without_nothing(
            {
                "valueCoding": {"code": option.code, "display": option.text.zh, "_display": in_english(option.text)},
                "extension": None if option.score is None else [_extension("ordinalValue", valueDecimal=option.score)],
            }
        )
        for option in item.options
    ]
    return without_nothing(
        {
            "linkId": item.code,
            "text": item.text.zh,
            "_text": in_english(item.text),
            "type": _type(item),
            "required": item.required,
            "answerOption": options,
            "extension": _limits(item),
        }
    )


def _type(item: Item) -> str:
    match item.type:
        case "choice" | "text" | "boolean" | "date":
            return item.type
        case "number":
            return "decimal"
        case _:
            assert_never(item.type)


def _limits(item: Item) -> list[Resource]:
    found: list[Resource] = []
    if item.unit is not None:
        found.append(_extension("questionnaire-unit", valueCoding={"system": UCUM, "code": item.unit}))
    if item.range is not None:
        low, high = item.range
        found.append(_extension("minValue", valueDecimal=low))
        found.append(_extension("maxValue", valueDecimal=high))
    return found


def _extension(name: str, **value: object) -> Resource:
    return {"url": f"{_EXTENSIONS}/{name}", **value}
