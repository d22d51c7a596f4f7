"""Answers in FHIR: a resource with its version and place, an outcome, a page of a search, the answers to a Bundle."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import JSONResponse, Response

from api import outcomes
from api.errors import kind_of, outcome_of
from api.fhir.bundles import status_line
from api.fhir.outgoing.parts import Resource
from api.fhir.searching import Search
from api.fhir.stocks import Found, Place
from api.fhir.taking import Done
from api.languages import Language
from api.outcomes import FHIR_TYPE
from api.paging import write_cursor
from pathways.errors import TongxingError


def shown(resource: Resource, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A resource, with its version."""
    version = resource.get("meta", {}).get("versionId")
    told = dict(headers or {}) | ({} if version is None else {"ETag": f'W/"{version}"'})
    return JSONResponse(resource, status, told, FHIR_TYPE)


def taken(done: Done, *, base: str, language: Language, prefer: str) -> Response:
    """What became of a resource that was sent, as the sender prefers to be told."""
    if done.resource is None:
        body = outcomes.outcome(done.issues, language)
        return JSONResponse(body, done.status, {"Content-Language": language}, FHIR_TYPE)
    headers = {"Location": f"{base}{done.type}/{done.id}"}
    if "return=minimal" in prefer:
        etag = {} if done.etag is None else {"ETag": done.etag}
        return Response(status_code=done.status, headers=headers | etag)
    if "return=operationoutcome" in prefer.lower():
        body = outcomes.outcome(done.issues or [outcomes.DONE], language)
        etag = {} if done.etag is None else {"ETag": done.etag}
        return JSONResponse(body, done.status, headers | etag | {"Content-Language": language}, FHIR_TYPE)
    return shown(done.resource, status=done.status, headers=headers)


def page(found: Sequence[Found], search: Search, *, base: str, type: str, self_link: str, whole: bool) -> Resource:
    """A page of a search; `whole`: this page is all there is."""
    entries = [
        {"fullUrl": f"{base}{type}/{one.resource['id']}", "resource": one.resource, "search": {"mode": "match"}}
        for one in found[: search.count]
    ]
    told: Resource = {"resourceType": "Bundle", "type": "searchset"}
    if whole:
        told["total"] = len(entries)
    told["link"] = [{"relation": "self", "url": self_link}]
    if entries:
        told["entry"] = entries
    return told


def next_link(base: str, searched: str, last: Place) -> Resource:
    """The link to the page after the place that was shown last, of the search of that id."""
    query = urlencode({"_getpages": searched, "_cursor": write_cursor(*last)})
    return {"relation": "next", "url": f"{base.rstrip('/')}?{query}"}


def entry_of(done: Done, *, language: Language, prefer: str) -> dict[str, Any]:
    """The answer to an entry that sent a resource."""
    response: dict[str, Any] = {"status": status_line(done.status)}
    if done.resource is not None:
        response["location"] = f"{done.type}/{done.id}"
        response["lastModified"] = done.resource["meta"]["lastUpdated"]
    if done.etag is not None:
        response["etag"] = done.etag
    if done.issues:
        response["outcome"] = outcomes.outcome(done.issues, language)
    told: dict[str, Any] = {"response": response}
    if done.resource is not None and "return=representation" in prefer:
        told["resource"] = done.resource
    return told


def entry_of_read(resource: Resource) -> dict[str, Any]:
    """The answer to an entry that asked for something."""
    return {"resource": resource, "response": {"status": status_line(200)}}


def entry_of_error(error: TongxingError, language: Language) -> dict[str, Any]:
    """The answer to an entry that could not be done."""
    return {"response": {"status": status_line(kind_of(error).status), "outcome": outcome_of(error, language)}}
