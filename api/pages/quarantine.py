"""The page of what was not understood: why, what it is, and a person's decision about it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response

from api import decisions, fields
from api.errors import problem_of
from api.house import House, HouseOf
from api.pages import view
from api.pages.forms import Actor, Sent, go_to, person_of
from api.pages.rendering import PageRoute, page_language, render
from api.record.words import WORDS, word
from api.words import local
from pathways.errors import Invalid, NotFound, Refused
from pathways.language.texts import Text
from store import patients, people, quarantine, tables, transmissions
from store.database import Session
from store.patients import Identifier

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST = 50
_WHO = frozenset({"unknown-patient", "identity-conflict", "incomplete-patient"})
_WHAT = frozenset({"unknown-code", "unknown-unit"})
_FOR_PROGRAMS = frozenset({"kind", "coded", "patient"})
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$")

State = Annotated[tables.QuarantineState, Query()]
Reason = Annotated[str, Query(pattern=r"^[a-z-]{0,60}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was said: what it is of what, and how it was said."""

    name: list[Text]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something that was not understood, as a part of the page."""

    id: str
    reason: Text
    kind: Text
    received: str
    message: str
    patient: tuple[str, str] | None
    """The id and the name of whom it is about, where that is known."""
    content: list[Line]
    system: str
    number: str
    code: str
    unit: str
    asks_who: bool
    asks_what: bool
    readable: bool
    decided: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The patient whom a person named, to be looked at once more."""

    id: str
    name: str
    born: str
    sex: Text


@router.get("/quarantine")
def quarantine_page(
    request: Request, house: HouseOf, state: State = "held", reason: Reason = "", actor: Actor = None
) -> Response:
    """What waits for a person, oldest first."""
    return _page(request, house, actor, state=state, reason=reason)


@router.post("/quarantine/{id}/release")
def release(id: fields.IdInPath, request: Request, house: HouseOf, sent: Sent, actor: Actor = None) -> Response:
    """Take it in again with what was corrected; a patient who is named is shown before that."""
    staff = person_of(house, actor)
    try:
        if sent.get("number", "").strip():
            return _confirm(request, house, id, staff, sent)
        code, unit = (sent.get(name, "").strip()[:200] or None for name in ("code", "unit"))
        decisions.release(house, id, by=staff, patient=sent.get("patient") or None, code=code, unit=unit)
    except Refused as refused:
        return _page(request, house, actor, refused=refused)
    return go_to("/quarantine")


@router.post("/quarantine/{id}/discard")
def discard(id: fields.IdInPath, request: Request, house: HouseOf, actor: Actor = None) -> Response:
    """Decide that it is not to be used."""
    staff = person_of(house, actor)
    try:
        decisions.discard(house, id, by=staff)
    except Refused as refused:
        return _page(request, house, actor, refused=refused)
    return go_to("/quarantine")


def _page(
    request: Request,
    house: House,
    actor: str | None,
    *,
    state: tables.QuarantineState = "held",
    reason: str = "",
    refused: Refused | None = None,
) -> Response:
    staff = person_of(house, actor)
    with house.database.read() as session:
        member = view.member_of(session, staff)
        rows = quarantine.list_(session, state=state, reason=reason or None, limit=MOST + 1)
        held = [_held(session, row, house.settings.zone) for row in rows[:MOST]]
    problem = None if refused is None else problem_of(refused, page_language(request))
    return render(
        request,
        "quarantine.html",
        status=200 if problem is None else problem.status,
        here="/quarantine",
        member=member,
        held=held,
        more=len(rows) > MOST,
        state=state,
        reason=reason,
        states=WORDS["held"],
        reasons=WORDS["reason"],
        problem=problem,
    )


def _confirm(request: Request, house: House, id: str, staff: str, sent: Mapping[str, str]) -> Response:
    with house.database.read() as session:
        row = quarantine.read(session, id)
        member = view.member_of(session, staff)
        held = _held(session, row, house.settings.zone)
        meant = _meant(session, sent.get("system", "").strip(), sent.get("number", "").strip())
    return render(
        request, "quarantine_confirm.html", here="/quarantine", member=member, held=held, meant=meant, sent=sent
    )


def _meant(session: Session, system: str, number: str) -> Meant:
    if not system:
        raise Invalid("The identifier system is missing.", hint="Say whose number it is, such as his.")
    found = patients.find(session, identifier=Identifier(system=system, value=number), limit=1)
    if not found:
        raise NotFound("There is no patient with that number.", hint="Check the number and whose it is.")
    row = found[0]
    return Meant(id=row.id, name=row.name, born=row.born.isoformat(), sex=word("sex", row.sex))


def _held(session: Session, row: tables.Quarantine, zone: str) -> Held:
    named = next(iter(quarantine.identifiers_of(session, row.id)), None)
    kind = decisions.kind_of(row)
    return Held(
        id=row.id,
        reason=word("reason", row.reason),
        kind=word("kind", kind),
        received=local(row.received, zone),
        message=_message(session, row.transmission),
        patient=_patient(session, row.payload),
        content=list(_lines(row.payload, zone)),
        system="" if named is None else named.system,
        number="" if named is None else named.value,
        code=str(row.payload.get("code") or ""),
        unit=str(row.payload.get("unit") or ""),
        asks_who=row.reason in _WHO and kind != "merge",
        asks_what=kind == "result" and row.reason in _WHAT | _WHO,
        readable=row.observation is not None or row.notice is not None,
        decided=None if row.decided_at is None else f"{_name(session, row)} · {local(row.decided_at, zone)}",
    )


def _message(session: Session, id: str | None) -> str:
    row = None if id is None else transmissions.heads(session, [id]).get(id)
    if row is None:
        return ""
    return " · ".join(part for part in (row.channel, row.sender, row.message) if part)


def _patient(session: Session, payload: tables.Json) -> tuple[str, str] | None:
    row = session.get(tables.Patient, str(payload.get("patient")))
    return None if row is None else (row.id, row.name)


def _name(session: Session, row: tables.Quarantine) -> str:
    known = next((one.name for one in people.staff(session) if one.id == row.decided_by), None)
    return known or row.decided_by or ""


def _lines(payload: tables.Json, zone: str) -> Iterator[Line]:
    """What came, a line for each thing that is said, by what people call it."""
    for names, value in _flat(payload):
        if names[-1] not in _FOR_PROGRAMS:
            yield Line(name=[word("field", name.replace("_", "-")) for name in names], value=_shown(value, zone))


def _flat(content: object, *names: str) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(content, Mapping):
        for key, value in cast(Mapping[str, Any], content).items():
            yield from _flat(value, *names, key)
    elif isinstance(content, list):
        for value in cast(list[Any], content):
            yield from _flat(value, *names)
    elif content is not None:
        yield names, content


def _shown(value: object, zone: str) -> str:
    if isinstance(value, str) and _INSTANT.match(value):
        try:
            return local(datetime.fromisoformat(value), zone)
        except ValueError:
            return value
    return f"{value:g}" if isinstance(value, float) else str(value)
