"""The routes of the FHIR side: each serves every type of resource, so metrics know them by their templates."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.fhir import bundles, capabilities, lookups, media, reading, replies, taking
from api.fhir.desk import Desk, missing
from api.fhir.exchange import Exchange
from api.fhir.kinds import BY_TYPE, Kind
from api.fhir.outgoing.parts import Resource
from api.fhir.searching import Told as ToldParameter
from api.house import SYSTEM, House, HouseOf, LanguageOf, PersonOrSystem
from api.outcomes import FHIR_ROOT, FHIR_TYPE, Issue, SearchRefused
from pathways.language.texts import Text
from store.database import Session

router = APIRouter(prefix=FHIR_ROOT, tags=["fhir"], include_in_schema=False, dependencies=[Depends(media.check_wanted)])

_PAGES = Text(
    zh="此地址只接受 POST Bundle，或以 _getpages 取检索的下一页。",
    en="This address takes a Bundle by POST, or _getpages for the next page of a search.",
)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]
Sent = Depends(media.check_sent)


@router.get("/metadata")
def metadata(request: Request, house: HouseOf) -> JSONResponse:
    """The CapabilityStatement."""
    return replies.shown(capabilities.statement(base_of(request), house.clock()))


@router.get("")
@router.get("/")
def next_page(request: Request, house: HouseOf) -> JSONResponse:
    """The next page of a search that was kept."""
    told = dict(request.query_params)
    id, cursor = told.get("_getpages"), told.get("_cursor")
    if id is None or set(told) - {"_getpages", "_cursor", "_format", "_pretty"}:
        raise SearchRefused(Issue(code="not-supported", what=_PAGES))
    with house.database.read() as session:
        desk = desk_of(request, house, session)
        page = lookups.following(desk, id, cursor, self_link=f"{desk.base.rstrip('/')}?{urlencode(told)}")
    return JSONResponse(page, media_type=FHIR_TYPE)


@router.post("", dependencies=[Sent])
@router.post("/", dependencies=[Sent])
def take_bundle(
    request: Request, house: HouseOf, actor: PersonOrSystem, language: LanguageOf, body: Body
) -> JSONResponse:
    """A batch, each entry on its own, or a transaction, all or nothing."""
    bundle = reading.parse(body)
    reading.type_of(bundle)
    kind, raw = bundles.read(bundle)
    exchange = Exchange(house=house, base=base_of(request), by=actor, language=language, prefer=_prefer(request))
    entries = exchange.transaction(raw, body) if kind == "transaction" else exchange.batch(raw)
    house.engine.prompt()
    told: Resource = {"resourceType": "Bundle", "type": f"{kind}-response"}
    if entries:
        told["entry"] = entries
    return JSONResponse(told, media_type=FHIR_TYPE)


@router.get("/{resource}")
def search_by_address(resource: str, request: Request, house: HouseOf) -> JSONResponse:
    """A search by what may stand in an address."""
    kind = _kind(resource)
    told = lookups.parameters(request.url.query, public=True)
    return _searched(request, house, kind, told)


@router.post("/{resource}/_search", dependencies=[Depends(media.check_form)])
def search_by_form(resource: str, request: Request, house: HouseOf, body: Body) -> JSONResponse:
    """A search by a form, which may say anything."""
    kind = _kind(resource)
    form = body.decode(errors="replace")
    told = [*lookups.parameters(request.url.query, public=True), *lookups.parameters(form, public=False)]
    return _searched(request, house, kind, told)


@router.post("/{resource}", dependencies=[Sent])
def create(
    resource: str, request: Request, house: HouseOf, actor: PersonOrSystem, language: LanguageOf, body: Body
) -> Response:
    """Take a new resource in; with `If-None-Exist`, only where none fits."""
    kind = _taken_kind(resource)
    told = reading.parse(body)
    condition = bundles.condition_of(request.headers.get("if-none-exist"))
    with house.database.write() as session:
        done = taking.create(desk_of(request, house, session, actor), kind.type, told, body, condition=condition)
    house.engine.prompt()
    return replies.taken(done, base=base_of(request), language=language, prefer=_prefer(request))


@router.get("/{resource}/{id}")
def read(resource: str, id: str, request: Request, house: HouseOf) -> JSONResponse:
    """A resource as it is now."""
    kind = _kind(resource)
    with house.database.read() as session:
        return replies.shown(desk_of(request, house, session).read(kind.type, id))


@router.put("/{resource}/{id}", dependencies=[Sent])
def update(
    resource: str, id: str, request: Request, house: HouseOf, actor: PersonOrSystem, language: LanguageOf, body: Body
) -> Response:
    """Take a new version of a resource in; with `If-Match`, only of the version that it names."""
    kind = _taken_kind(resource)
    told = reading.parse(body)
    if_match = request.headers.get("if-match")
    with house.database.write() as session:
        done = taking.update(desk_of(request, house, session, actor), kind.type, id, told, body, if_match=if_match)
    house.engine.prompt()
    return replies.taken(done, base=base_of(request), language=language, prefer=_prefer(request))


def base_of(request: Request) -> str:
    """The address of the FHIR side as the caller knows it, with a slash at the end."""
    return f"{str(request.base_url).rstrip('/')}{FHIR_ROOT}/"


def desk_of(request: Request, house: House, session: Session, actor: str = SYSTEM) -> Desk:
    """The request's transaction."""
    return Desk(house=house, session=session, base=base_of(request), now=house.clock(), by=actor)


def _searched(request: Request, house: House, kind: Kind, told: Sequence[ToldParameter]) -> JSONResponse:
    lenient = "handling=lenient" in _prefer(request)
    with house.database.read() as session:
        page, last = lookups.search(desk_of(request, house, session), kind, told, lenient=lenient)
    if last is not None:
        with house.database.write() as session:
            page = lookups.with_next(desk_of(request, house, session), kind, told, page, last, lenient=lenient)
    return JSONResponse(page, media_type=FHIR_TYPE)


def _kind(resource: str) -> Kind:
    kind = BY_TYPE.get(resource)
    if kind is None:
        raise missing("not-supported")
    return kind


def _taken_kind(resource: str) -> Kind:
    kind = _kind(resource)
    if not kind.taken:
        raise HTTPException(405, headers={"Allow": "GET"})
    return kind


def _prefer(request: Request) -> str:
    return request.headers.get("prefer", "").replace(" ", "").lower()
