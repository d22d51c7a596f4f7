"""The API's reference as a plain page: it needs no network and no script."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.rendering import PageRoute, render

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A parameter, or a field of a body."""

    name: str
    where: str
    kind: str
    required: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A route."""

    method: str
    path: str
    summary: str
    said: str
    entries: list[Entry]
    example: str | None


@router.get("/docs")
def reference(request: Request) -> Response:
    """Every route with its parameters, its fields and an example."""
    document = request.app.openapi()
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_operation(document, method.upper(), path, operation))
    return render(request, "reference.html", title=document["info"]["title"], groups=groups)


def _operation(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    parameters = [
        Entry(
            name=one["name"],
            where=one["in"],
            kind=_kind(one["schema"]),
            required=one.get("required", False),
            said=one.get("description", ""),
        )
        for one in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {})
    schema = _resolved(document, content["application/json"]["schema"]) if content else None
    example = None if schema is None else json.dumps(schema.get("example"), ensure_ascii=False, indent=2)
    return Operation(
        method=method,
        path=path,
        summary=operation["summary"],
        said=operation["description"],
        entries=[*parameters, *(() if schema is None else _fields(schema))],
        example=example,
    )


def _fields(schema: Mapping[str, Any]) -> Iterator[Entry]:
    for name, told in schema.get("properties", {}).items():
        yield Entry(
            name=name,
            where="body",
            kind=_kind(told),
            required=name in schema.get("required", []),
            said=told.get("description", ""),
        )


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that is meant; the first one where there are several."""
    while "$ref" in schema or "anyOf" in schema:
        schema = schema["anyOf"][0] if "anyOf" in schema else schema
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " | ".join(str(one) for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type", ""))
