"""The people who work here: departments, roles, who holds which, and the duty roster."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from api import fields
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    page_of,
    read_instant_cursor,
    read_text_cursor,
    read_texts_cursor,
)
from store import audit, people, tables

router = APIRouter(prefix="/api/v1", tags=["staff"])


class NewMember(Given):
    """A person who works here."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "李敏", "active": True}})

    name: fields.Word
    active: fields.YesNo = Field(True, description="A person who is not active acts no more and is never on duty.")


class Member(NewMember):
    """A person who works here."""

    id: str


class Named(Given):
    """What people read for it."""

    model_config = ConfigDict(json_schema_extra={"example": {"zh": "内分泌科", "en": "Endocrinology"}})

    zh: fields.Word
    en: fields.Word


class Department(Named):
    """Where people work."""

    id: str


class Role(Named):
    """What pathways call the people who do a thing."""

    id: str


class Holder(Given):
    """Who holds a role in a department."""

    role: str
    department: str
    staff: str


class NewShift(Given):
    """A shift on the roster of a role in a department."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "staff": "nurse-li",
                "role": "diabetes-nurse",
                "department": "endocrinology",
                "starts": "2026-01-05T08:00:00+08:00",
                "ends": "2026-01-05T16:00:00+08:00",
            }
        }
    )

    staff: fields.OpaqueId
    role: fields.OpaqueId
    department: fields.OpaqueId
    starts: fields.Instant
    ends: fields.Instant


class Shift(Given):
    """A shift on the roster, from `starts` to before `ends`."""

    id: str
    staff: str
    role: str
    department: str
    starts: datetime
    ends: datetime


@router.get("/staff", summary="List staff")
def list_staff(house: HouseOf, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Member]:
    """The people who work here, by id."""
    with house.database.read() as session:
        rows = people.staff(session, after=read_text_cursor(cursor) or "", limit=limit + 1)
    return page_of(rows, limit, lambda row: Member(id=row.id, name=row.name, active=row.active), lambda row: (row.id,))


@router.put("/staff/{staff}", summary="Make or change a member of staff")
def save_staff(staff: fields.IdInPath, given: NewMember, house: HouseOf, actor: PersonOrSystem) -> Member:
    """Make the person, or change them."""
    with house.database.write() as session:
        people.save_staff(session, id=staff, name=given.name, active=given.active)
        audit.record(session, at=house.clock(), actor=actor, action="staff-saved", subject=staff)
    return Member(id=staff, name=given.name, active=given.active)


@router.get("/departments", summary="List departments")
def list_departments(house: HouseOf) -> Page[Department]:
    """All departments, by id."""
    with house.database.read() as session:
        rows = people.departments(session)
    return Page(items=[Department(id=row.id, zh=row.zh, en=row.en) for row in rows], next=None)


@router.put("/departments/{department}", summary="Make or change a department")
def save_department(department: fields.IdInPath, given: Named, house: HouseOf, actor: PersonOrSystem) -> Department:
    """Make the department, or change it."""
    with house.database.write() as session:
        people.save_department(session, id=department, zh=given.zh, en=given.en)
        audit.record(session, at=house.clock(), actor=actor, action="department-saved", subject=department)
    return Department(id=department, zh=given.zh, en=given.en)


@router.get("/roles", summary="List roles")
def list_roles(house: HouseOf) -> Page[Role]:
    """All roles, by id."""
    with house.database.read() as session:
        rows = people.roles(session)
    return Page(items=[Role(id=row.name, zh=row.zh, en=row.en) for row in rows], next=None)


@router.put("/roles/{role}", summary="Make or change a role")
def save_role(role: fields.IdInPath, given: Named, house: HouseOf, actor: PersonOrSystem) -> Role:
    """Make the role, or change it."""
    with house.database.write() as session:
        people.save_role(session, name=role, zh=given.zh, en=given.en)
        audit.record(session, at=house.clock(), actor=actor, action="role-saved", subject=role)
    return Role(id=role, zh=given.zh, en=given.en)


@router.get("/holders", summary="List who holds which role")
def list_holders(
    house: HouseOf,
    role: Annotated[str | None, fields.wanted("Of this role.")] = None,
    staff: Annotated[str | None, fields.wanted("Of this person.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Holder]:
    """Who holds which role in which department."""
    with house.database.read() as session:
        rows = people.holders(session, role=role, staff=staff, after=read_texts_cursor(cursor), limit=limit + 1)
    return page_of(
        rows,
        limit,
        lambda row: Holder(role=row.role, department=row.department, staff=row.staff),
        lambda row: (row.role, row.department, row.staff),
    )


@router.put("/roles/{role}/holders/{department}/{staff}", summary="Give a role to a person")
def give_role(
    role: fields.IdInPath,
    department: fields.IdInPath,
    staff: fields.IdInPath,
    house: HouseOf,
    actor: PersonOrSystem,
) -> Holder:
    """The person holds the role in the department from now on."""
    with house.database.write() as session:
        people.hold(session, staff=staff, role=role, department=department)
        audit.record(session, at=house.clock(), actor=actor, action="role-given", subject=staff)
    return Holder(role=role, department=department, staff=staff)


@router.delete("/roles/{role}/holders/{department}/{staff}", status_code=204, summary="Take a role from a person")
def take_role(
    role: fields.IdInPath,
    department: fields.IdInPath,
    staff: fields.IdInPath,
    house: HouseOf,
    actor: PersonOrSystem,
) -> None:
    """The person holds the role in the department no longer."""
    with house.database.write() as session:
        people.read_staff(session, staff)
        people.release(session, staff=staff, role=role, department=department)
        audit.record(session, at=house.clock(), actor=actor, action="role-taken", subject=staff)


@router.get("/duty", summary="List the duty roster")
def list_duty(
    house: HouseOf,
    role: Annotated[str | None, fields.wanted("Of this role.")] = None,
    department: Annotated[str | None, fields.wanted("Of this department.")] = None,
    at: Annotated[fields.Instant | None, Query(description="The shifts of this instant alone.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Shift]:
    """Shifts by their start."""
    instant = None if at is None else house.aware(at)
    with house.database.read() as session:
        rows = people.duty(
            session,
            role=role,
            department=department,
            at=instant,
            after=read_instant_cursor(cursor),
            limit=limit + 1,
        )
    return page_of(rows, limit, _shift, lambda row: (row.starts, row.id))


@router.post("/duty", status_code=201, summary="Put a shift on the roster")
def add_duty(given: NewShift, house: HouseOf, actor: PersonOrSystem, once: OnceOf, response: Response) -> Shift:
    """Put a shift on the roster; the same shift again is the one that is there."""
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            row = people.add_duty(
                session,
                staff=given.staff,
                role=given.role,
                department=given.department,
                starts=house.aware(given.starts),
                ends=house.aware(given.ends),
            )
            answer = Answer(status=201, body=_shift(row).model_dump(mode="json"))
            once.remember(session, answer, now=now)
            audit.record(session, at=now, actor=actor, action="shift-added", subject=given.staff)
    response.status_code = answer.status
    return Shift.model_validate(answer.body)


@router.delete("/duty/{shift}", status_code=204, summary="Take a shift off the roster")
def remove_duty(shift: fields.IdInPath, house: HouseOf, actor: PersonOrSystem) -> None:
    """Take a shift off the roster."""
    with house.database.write() as session:
        people.remove_duty(session, shift)
        audit.record(session, at=house.clock(), actor=actor, action="shift-removed", subject=shift)


def _shift(row: tables.Duty) -> Shift:
    return Shift(id=row.id, staff=row.staff, role=row.role, department=row.department, starts=row.starts, ends=row.ends)
