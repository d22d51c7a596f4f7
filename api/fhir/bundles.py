"""Bundles: a batch, each entry on its own, and a transaction, all of it or nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, cast
from urllib.parse import parse_qsl

from api.fhir import reading, taking
from api.fhir.desk import Desk
from api.fhir.elements import Element
from api.fhir.kinds import BY_TYPE
from api.fhir.searching import Told as ToldParameter
from api.fhir.taking import Done
from api.outcomes import Issue, ResourceRefused, ResourceUnreadable
from pathways.language.texts import Text

MOST_ENTRIES = 500
Kind = Literal["batch", "transaction"]
_KINDS: Mapping[str, Kind] = {"batch": "batch", "transaction": "transaction"}
_METHODS = {"GET": "GET", "POST": "POST", "PUT": "PUT"}
_KIND = Text(zh="Bundle.type 应为 batch 或 transaction。", en="Bundle.type is to be batch or transaction.")
_MANY = Text(zh=f"每个 Bundle 最多 {MOST_ENTRIES} 条。", en=f"A Bundle holds {MOST_ENTRIES} entries at most.")
_METHOD = Text(zh="只支持 GET、POST 和 PUT。", en="GET, POST and PUT are supported.")
_ADDRESS = Text(zh="地址与方法或资源不符。", en="The address does not fit the method or the resource.")
_NOT_TAKEN = Text(zh="不接受此类资源。", en="Resources of this type are not taken in.")
_NO_RESOURCE = Text(zh="缺少资源。", en="The resource is missing.")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of a Bundle that asks for something. `path` is its FHIRPath."""

    path: str
    method: str
    type: str
    id: str | None
    query: str
    full_url: str | None
    resource: Mapping[str, Any] | None
    if_match: str | None
    if_none_exist: str | None

    @property
    def body(self) -> bytes:
        """The entry as it came."""
        return json.dumps(self.resource or {}, ensure_ascii=False).encode()

    @property
    def condition(self) -> list[ToldParameter]:
        """Under which a resource is made: only where none fits."""
        return condition_of(self.if_none_exist)


def condition_of(text: str | None) -> list[ToldParameter]:
    """`If-None-Exist` as the parameters of a search."""
    pairs = parse_qsl(text or "", keep_blank_values=True)
    return [ToldParameter(name=name, value=value, public=False) for name, value in pairs]


def read(bundle: reading.Resource) -> tuple[Kind, Sequence[Mapping[str, Any]]]:
    """The kind of a Bundle and its entries as they came.

    Raises:
        ResourceRefused: it is no batch or transaction, or has too many entries.
    """
    told = bundle.get("entry")
    raw = cast(list[object], told) if isinstance(told, list) else []
    if len(raw) > MOST_ENTRIES:
        raise ResourceRefused(Issue(code="too-long", what=_MANY, expression="Bundle.entry"))
    bare = [_bare(one) for one in raw]
    checked = reading.validated({**bundle, **({"entry": bare} if raw else {})}, "Bundle")
    kind = _KINDS.get(str(checked.get("type")))
    if kind is None:
        raise ResourceRefused(Issue(code="value", what=_KIND, expression="Bundle.type"))
    return kind, [cast(Mapping[str, Any], one) for one in raw]


def read_entry(entry: Mapping[str, Any], place: int, base: str) -> Entry:
    """What an entry asks for.

    Raises:
        ResourceRefused: it asks for what cannot be.
    """
    path = f"Bundle.entry[{place}]"
    whole = Element(entry, path)
    request = whole.one("request")
    if request is None:
        whole.require("request")
    method = request.code("method", _METHODS) if request.word("method") in _METHODS else None
    if method is None:
        request.refuse("method", _METHOD, code="not-supported")
    url = (request.word("url") or "").removeprefix(base).lstrip("/")
    address, _, query = url.partition("?")
    type, _, id = address.partition("/")
    kind = BY_TYPE.get(type)
    if kind is None or "/" in id or (method == "POST") is not (method != "GET" and not id):
        request.refuse("url", _ADDRESS, code="not-supported" if kind is None else "value")
    if method != "GET" and not kind.taken:
        request.refuse("url", _NOT_TAKEN, code="not-supported")
    resource = entry.get("resource")
    if method != "GET" and not isinstance(resource, dict):
        whole.refuse("resource", _NO_RESOURCE, code="required")
    return Entry(
        path=path,
        method=method,
        type=type,
        id=id or None,
        query=query,
        full_url=whole.word("fullUrl"),
        resource=cast(dict[str, Any], resource) if isinstance(resource, dict) else None,
        if_match=request.word("ifMatch"),
        if_none_exist=request.prose("ifNoneExist"),
    )


def take_one(desk: Desk, entry: Entry) -> Done:
    """What an entry of a batch asks for, on its own."""
    resource, path = _typed(entry), f"{entry.path}.resource"
    if entry.id is not None:
        return taking.update(desk, entry.type, entry.id, resource, entry.body, if_match=entry.if_match, path=path)
    return taking.create(desk, entry.type, resource, entry.body, condition=entry.condition, path=path)


def checked(entry: Entry) -> Element:
    """The resource of an entry, checked against its model; ResourceRefused where it is none of its type."""
    path = f"{entry.path}.resource"
    return Element(reading.validated(_typed(entry), entry.type, path), path)


def status_line(status: int) -> str:
    """A status as a Bundle has it."""
    return f"{status} {HTTPStatus(status).phrase}"


def _bare(entry: object) -> object:
    """An entry without its resource, which is checked on its own."""
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in cast(dict[str, object], entry).items() if name != "resource"}


def _typed(entry: Entry) -> Mapping[str, Any]:
    """The resource of an entry; ResourceUnreadable where it is of another type than its address."""
    assert entry.resource is not None, "a resource comes with what is not a GET"
    if reading.type_of(entry.resource, f"{entry.path}.resource") != entry.type:
        raise ResourceUnreadable(Issue(code="value", what=_ADDRESS, expression=f"{entry.path}.request.url"))
    return entry.resource
