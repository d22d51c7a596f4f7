"""Staff, departments, roles, and who is on duty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import literal, select, tuple_

from pathways.errors import Invalid, NotFound
from store import tables
from store.database import Session
from store.ids import new_id

HOUSE = "house"
"""The department of people and roles that belong to no department of their own."""


def save_staff(session: Session, *, id: str, name: str, active: bool = True) -> tables.Staff:
    """Make or change a person."""
    return session.merge(tables.Staff(id=id, name=name, active=active))


def save_department(session: Session, *, id: str, zh: str, en: str) -> tables.Department:
    """Make or change a department."""
    return session.merge(tables.Department(id=id, zh=zh, en=en))


def save_role(session: Session, *, name: str, zh: str, en: str) -> tables.Role:
    """Make or change a role."""
    return session.merge(tables.Role(name=name, zh=zh, en=en))


def staff(session: Session, *, after: str = "", limit: int = 1000) -> Sequence[tables.Staff]:
    """People, by id."""
    rows = select(tables.Staff).where(tables.Staff.id > after)
    return session.scalars(rows.order_by(tables.Staff.id).limit(limit)).all()


def departments(session: Session) -> Sequence[tables.Department]:
    """Departments, by id."""
    return session.scalars(select(tables.Department).order_by(tables.Department.id)).all()


def roles(session: Session) -> Sequence[tables.Role]:
    """Roles, by name."""
    return session.scalars(select(tables.Role).order_by(tables.Role.name)).all()


def read_staff(session: Session, id: str) -> tables.Staff:
    """The person; NotFound where there is none."""
    row = session.get(tables.Staff, id)
    if row is None:
        raise NotFound("There is no such member of staff.", hint="GET /api/v1/staff lists them.")
    return row


def hold(session: Session, *, staff: str, role: str, department: str) -> tables.RoleHolder:
    """The person holds the role in the department; NotFound where one of the three does not exist."""
    _check(session, staff=staff, role=role, department=department)
    holder = session.merge(tables.RoleHolder(role=role, department=department, staff=staff))
    session.flush()
    return holder


def release(session: Session, *, staff: str, role: str, department: str) -> None:
    """The person holds the role in the department no longer."""
    row = session.get(tables.RoleHolder, (role, department, staff))
    if row is not None:
        session.delete(row)
        session.flush()


def holders(
    session: Session,
    *,
    role: str | None = None,
    staff: str | None = None,
    after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> Sequence[tables.RoleHolder]:
    """Who holds which role where; `after` is (role, department, staff) of the last one seen."""
    rows = select(tables.RoleHolder)
    if role is not None:
        rows = rows.where(tables.RoleHolder.role == role)
    if staff is not None:
        rows = rows.where(tables.RoleHolder.staff == staff)
    key = (tables.RoleHolder.role, tables.RoleHolder.department, tables.RoleHolder.staff)
    if after is not None:
        rows = rows.where(tuple_(*key) > tuple_(*map(literal, after)))
    return session.scalars(rows.order_by(*key).limit(limit)).all()


def departments_of(session: Session, staff: str) -> Mapping[str, frozenset[str]]:
    """The departments in which the person holds each role of theirs."""
    found: dict[str, frozenset[str]] = {}
    for row in holders(session, staff=staff):
        found[row.role] = found.get(row.role, frozenset()) | {row.department}
    return found


def roles_of(session: Session, staff: str) -> frozenset[str]:
    """The roles that the person holds in any department."""
    return frozenset(row.role for row in holders(session, staff=staff))


def add_duty(
    session: Session, *, staff: str, role: str, department: str, starts: datetime, ends: datetime
) -> tables.Duty:
    """Put a shift on the roster; the same shift again is the one that is there.

    Raises:
        NotFound: the person, role or department does not exist.
        Invalid: it does not end after it starts.
    """
    _check(session, staff=staff, role=role, department=department)
    if ends <= starts:
        raise Invalid("A shift ends after it starts.", hint="Correct its times.")
    same = select(tables.Duty).where(
        tables.Duty.role == role,
        tables.Duty.department == department,
        tables.Duty.staff == staff,
        tables.Duty.starts == starts,
    )
    row = session.scalar(same)
    if row is None:
        row = tables.Duty(id=new_id(), staff=staff, role=role, department=department, starts=starts, ends=ends)
        session.add(row)
    row.ends = ends
    session.flush()
    return row


def remove_duty(session: Session, id: str) -> None:
    """Take a shift off the roster; NotFound where there is none."""
    row = session.get(tables.Duty, id)
    if row is None:
        raise NotFound("There is no such shift.")
    session.delete(row)
    session.flush()


def duty(
    session: Session,
    *,
    role: str | None = None,
    department: str | None = None,
    at: datetime | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> Sequence[tables.Duty]:
    """Shifts, those of an instant or all, by their start; `after` is (starts, id) of the last one seen."""
    rows = select(tables.Duty)
    if role is not None:
        rows = rows.where(tables.Duty.role == role)
    if department is not None:
        rows = rows.where(tables.Duty.department == department)
    if at is not None:
        rows = rows.where(tables.Duty.starts <= at, tables.Duty.ends > at)
    if after is not None:
        starts, id = after
        rows = rows.where((tables.Duty.starts > starts) | ((tables.Duty.starts == starts) & (tables.Duty.id > id)))
    return session.scalars(rows.order_by(tables.Duty.starts, tables.Duty.id).limit(limit)).all()


def on_duty(session: Session, role: str, at: datetime, department: str | None = None) -> frozenset[str]:
    """The active staff who hold the role and are on duty; a department without a roster for it counts all holders."""
    held = (
        select(tables.RoleHolder)
        .join(tables.Staff, tables.Staff.id == tables.RoleHolder.staff)
        .where(tables.RoleHolder.role == role, tables.Staff.active)
    )
    rostered = select(tables.Duty.department).where(tables.Duty.role == role).distinct()
    if department is not None:
        held = held.where(tables.RoleHolder.department == department)
    with_roster = set(session.scalars(rostered))
    present = {(shift.department, shift.staff) for shift in duty(session, role=role, at=at)}
    return frozenset(
        holder.staff
        for holder in session.scalars(held)
        if holder.department not in with_roster or (holder.department, holder.staff) in present
    )


def is_on_duty(session: Session, staff: str, at: datetime) -> bool:
    """Whether the person is on duty in any role of theirs; an active person who holds none always is."""
    person = session.get(tables.Staff, staff)
    if person is None or not person.active:
        return False
    roles = roles_of(session, staff)
    return not roles or any(staff in on_duty(session, role, at) for role in roles)


def _check(session: Session, *, staff: str, role: str, department: str) -> None:
    read_staff(session, staff)
    if session.get(tables.Role, role) is None:
        raise NotFound(f"There is no role '{role}'.", hint="GET /api/v1/roles lists them.")
    if session.get(tables.Department, department) is None:
        raise NotFound(f"There is no department '{department}'.", hint="GET /api/v1/departments lists them.")


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1)
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _Person(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    active: bool = True
    roles: list[str] = []
    department: str = HOUSE


class _Seed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    departments: list[_Named] = []
    roles: list[_Named] = []
    staff: list[_Person] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many of each a seed named."""

    departments: int
    roles: int
    staff: int


def load_seed(session: Session, seed: Mapping[str, Any]) -> Loaded:
    """Make or change what a seed file names; loading it twice changes nothing more.

    `departments: [{id, zh, en}]`, `roles: [{id, zh, en}]`, `staff: [{id, name, active?, department?, roles?}]`.

    Raises:
        Invalid: the seed is not of that shape; names the place, not its value.
        NotFound: a person names a role or department that there is not.
    """
    try:
        read = _Seed.model_validate(seed)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"The seed is wrong at {place}: {first['msg']}.") from None
    save_department(session, id=HOUSE, zh="全院", en="The whole house")
    for department in read.departments:
        save_department(session, id=department.id, zh=department.zh, en=department.en)
    for role in read.roles:
        save_role(session, name=role.id, zh=role.zh, en=role.en)
    session.flush()
    for person in read.staff:
        save_staff(session, id=person.id, name=person.name, active=person.active)
        session.flush()
        for role_name in person.roles:
            hold(session, staff=person.id, role=role_name, department=person.department)
    return Loaded(departments=len(read.departments), roles=len(read.roles), staff=len(read.staff))
