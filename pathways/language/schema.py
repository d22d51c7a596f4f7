"""The published JSON Schema of what a lead writes; editors check a file with it while it is written.

It states the shape of each file. What relates two places (a name that exists, a condition that compiles, the codes of a
form that stand once) is beyond a schema, and `reading.py` tells it.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from pathways.language.definition import Pathway
from pathways.language.forms import Form
from pathways.language.messages import MessageTemplate

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Pydantic's, in which the keys of a mapping must be names: pydantic would let any other key pass unlooked at."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        generated = super().dict_schema(schema)
        for pattern, values in generated.pop("patternProperties", {}).items():
            generated["propertyNames"] = {"pattern": pattern} | generated.get("propertyNames", {})
            generated["additionalProperties"] = values
        return generated


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a file: a pathway, a form or a message."""
    models = (Pathway, Form, MessageTemplate)
    references, generated = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Generator
    )
    return {
        "$schema": DIALECT,
        "title": "Tongxing: a pathway, a form or a message",
        "oneOf": [references[model, "validation"] for model in models],
        "$defs": generated["$defs"],
    }
