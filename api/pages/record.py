"""The page of a patient's record: what is known, from whom, and which records were merged into it."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from api import decisions, fields
from api.errors import problem_of
from api.house import House, HouseOf
from api.pages import view
from api.pages.forms import Actor, go_to, person_of
from api.pages.rendering import PageRoute, page_language, render
from api.record.whole import record_of
from api.record.words import analyte, word
from api.words import local, unit_title
from pathways.errors import Refused
from store import merges, patients, people, tables
from store.database import Session

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST = 20
"""Of each section; of the results of a code fewer."""
OF_A_CODE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A merge as a line of the page."""

    id: str
    survivor: str
    retired: str
    at: str
    by: str
    undone: str | None


@router.get("/patients/{patient}")
def record_page(patient: fields.IdInPath, request: Request, house: HouseOf, actor: Actor = None) -> Response:
    """The record of a patient, by sections."""
    return _page(request, house, patient, actor)


@router.post("/patients/{patient}/merges/{merge}/undo")
def undo_merge(
    patient: fields.IdInPath, merge: fields.IdInPath, request: Request, house: HouseOf, actor: Actor = None
) -> Response:
    """Make two records of what was merged."""
    staff = person_of(house, actor)
    try:
        decisions.undo(house, merge, by=staff)
    except Refused as refused:
        return _page(request, house, patient, actor, refused=refused)
    return go_to(f"/patients/{patient}")


def _page(
    request: Request, house: House, patient: str, actor: str | None, *, refused: Refused | None = None
) -> Response:
    staff = person_of(house, actor)
    zone, language = house.settings.zone, page_language(request)
    with house.database.read() as session:
        member = view.member_of(session, staff)
        record = record_of(session, patient, now=house.clock(), zone=zone, limit=MOST)
        person = patients.read(session, record.patient)
        joined = [_joined(session, row, zone) for row in merges.list_(session, patient=record.patient, limit=MOST)]
        departments: dict[str, tables.Department] = {row.id: row for row in people.departments(session)}

    def when(instant: datetime | None) -> str:
        return "" if instant is None else local(instant, zone)

    def department(id: str) -> str:
        row = departments.get(id)
        return id if row is None else (row.zh if language == "zh-CN" else row.en)

    problem = None if refused is None else problem_of(refused, language)
    return render(
        request,
        "record.html",
        status=200 if problem is None else problem.status,
        here=f"/patients/{patient}",
        member=member,
        problem=problem,
        record=record,
        person=person,
        joined=joined,
        when=when,
        department=department,
        word=word,
        analyte=analyte,
        unit_title=unit_title,
        of_a_code=OF_A_CODE,
    )


def _joined(session: Session, row: tables.Merge, zone: str) -> Joined:
    return Joined(
        id=row.id,
        survivor=row.survivor,
        retired=row.retired,
        at=local(row.at, zone),
        by=_name(session, row.by),
        undone=None if row.undone_at is None else f"{local(row.undone_at, zone)} · {_name(session, row.undone_by)}",
    )


def _name(session: Session, staff: str | None) -> str:
    known = None if staff is None else session.get(tables.Staff, staff)
    return staff or "" if known is None else known.name
