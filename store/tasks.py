"""Work for people: what the engine's actions make of a task, and the lists that people read."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, func, literal, or_, select, tuple_

from pathways.engine.actions import AnnotateTask, CloseTask, EscalateTask, HoldTask, OpenTask
from pathways.errors import Invalid, NotFound
from store import people, tables
from store.database import Session

Columns = TypeVarTuple("Columns")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_NOT_ADOPTED = "not-adopted"

# --- what the engine decides ------------------------------------------------------------------------------------


def open_(
    session: Session, journey: tables.Journey, action: OpenTask, *, provisional: str | None = None
) -> tables.Task:
    """Open the task. One that is there is the same task: without `provisional` the journey adopts it.

    `provisional` is the event for which it is opened before its journey took that event in. One that its journey did
    not adopt at first, and comes to later, is open again.
    """
    known = session.get(tables.Task, action.task)
    if known is not None:
        anew = known.why == _NOT_ADOPTED
        if anew:
            known.status, known.end, known.why, known.closed_at = "open", None, None, None
            known.opened, known.rung, known.holder = action.opened, 0, None
            _note(session, known, action.opened, "opened", values=action.values)
        if anew or (provisional is None and known.provisional is not None):
            known.provisional = provisional
            known.due, known.values, known.note = action.due, dict(action.values), action.note
            known.flagged = False
            _changed(session, known)
        return known
    row = tables.Task(
        id=action.task,
        journey=journey.id,
        patient=journey.patient,
        name=action.name,
        track=action.track,
        role=action.role,
        urgent=action.urgent,
        opened=action.opened,
        due=action.due,
        outcomes=list(action.outcomes),
        form=action.form,
        about=action.about,
        values=dict(action.values),
        note=action.note,
        status="open",
        holder=None,
        flagged=False,
        rung=0,
        end=None,
        outcome=None,
        why=None,
        completed_by=None,
        done_at=None,
        closed_at=None,
        report=None,
        provisional=provisional,
        department=action.department,
        person=action.person,
        attempts=0,
        max_attempts=action.attempts,
        next_attempt=None,
        suspended_while=action.suspended_while,
        waiting=None,
        version=1,
    )
    session.add(row)
    session.flush()
    own = tables.TaskRole(task=row.id, role=action.role, rung=0, since=action.opened, department=action.department)
    session.add(own)
    _note(session, row, action.opened, "opened", values=action.values)
    session.flush()
    return row


def annotate(session: Session, action: AnnotateTask) -> None:
    """Something new shows on the task."""
    row = _needed(session, action.task)
    if action.due is not None:
        row.due = action.due
    row.flagged = row.flagged or action.flag
    match action.code:
        case "attempted":
            row.attempts = int(action.values.get("attempts") or 0)
            row.next_attempt = action.again_at
        case "suspended":
            row.waiting = action.waiting
        case "continued" | "journey-ended":
            row.waiting = None
        case _:
            pass
    _note(session, row, action.at, "annotated", values={"code": action.code, **action.values})
    _changed(session, row)


def escalate(session: Session, action: EscalateTask) -> None:
    """The role joins those who may complete the task; a rung that passed already changes nothing."""
    row = _needed(session, action.task)
    if action.rung <= row.rung:
        return
    row.rung = action.rung
    known = session.get(tables.TaskRole, (row.id, action.to))
    if known is None:
        joined = tables.TaskRole(
            task=row.id, role=action.to, rung=action.rung, since=action.at, department=action.department
        )
        session.add(joined)
    elif known.department != action.department:
        known.department = None  # It has come to the role in more than one department.
    values = {"rung": action.rung, "to": action.to, "page": action.page, "last": action.last}
    _note(session, row, action.at, "escalated", values=values)
    _changed(session, row)


def hold(session: Session, action: HoldTask) -> None:
    """Somebody holds the task, or gave it back."""
    row = _needed(session, action.task)
    row.holder = action.holder
    if row.status != "closed":
        row.status = "open" if action.holder is None else "held"
    what = "released" if action.holder is None else "held"
    _note(session, row, action.at, what, by=action.by, values={"holder": action.holder})
    _changed(session, row)


def close(session: Session, action: CloseTask) -> None:
    """The task ended; one that ended before stays as it was."""
    row = _needed(session, action.task)
    if row.status == "closed":
        return
    row.status = "closed"
    row.end, row.outcome, row.why = action.end, action.outcome, action.why
    row.completed_by, row.done_at, row.closed_at = action.by, action.done_at, action.at
    row.provisional = row.waiting = row.next_attempt = None
    values = {"end": action.end, "outcome": action.outcome, "why": action.why}
    _note(session, row, action.at, "closed", by=action.by, values=values)
    _changed(session, row)


def doubt(session: Session, action: CloseTask) -> None:
    """What a task was opened ahead for does not hold any more: it is marked, and its journey will close it."""
    row = session.get(tables.Task, action.task)
    if row is not None and row.provisional is not None and row.status != "closed" and not row.flagged:
        row.flagged = True
        _note(session, row, action.at, "annotated", values={"code": action.why or "undone"})
        _changed(session, row)


def close_unadopted(session: Session, events: Sequence[str], *, now: datetime) -> None:
    """Close what was opened ahead for these events and their journey, having taken them in, did not open."""
    rows = select(tables.Task).where(tables.Task.provisional.in_(events))
    for row in session.scalars(rows).all():
        close(session, CloseTask(task=row.id, end="cancelled", at=now, why=_NOT_ADOPTED))


def report(session: Session, task: str, *, answers: tables.Json, note: str | None) -> None:
    """Keep what the person who completes the task wrote, beside the outcome that the journey decides on."""
    row = read(session, task)
    row.report = {"answers": dict(answers), "note": note}
    _changed(session, row)


def is_there(session: Session, task: str) -> bool:
    """Whether the task was opened, and is not one that its journey did not adopt."""
    row = session.get(tables.Task, task)
    return row is not None and row.why != _NOT_ADOPTED


def is_ahead(session: Session, task: str) -> bool:
    """Whether it was opened before its journey took in its cause, and has not been adopted yet."""
    row = session.get(tables.Task, task)
    return row is not None and row.provisional is not None


def is_urgent(session: Session, task: str, *, below: int | None = None) -> bool:
    """Whether it is urgent and still to be done and, where that is asked, stands below that rung."""
    row = session.get(tables.Task, task)
    return row is not None and row.status != "closed" and row.urgent and (below is None or row.rung < below)


def stands_on(session: Session, task: str, rung: int) -> bool:
    """Whether the task is still to be done and this is the last rung that passed."""
    row = session.get(tables.Task, task)
    return row is not None and row.status != "closed" and row.rung == rung


def open_of(session: Session, journey: str) -> Sequence[tables.Task]:
    """The journey's tasks that are still to be done."""
    rows = select(tables.Task).where(tables.Task.journey == journey, tables.Task.status != "closed")
    return session.scalars(rows.order_by(tables.Task.opened, tables.Task.id)).all()


def _needed(session: Session, task: str) -> tables.Task:
    row = session.get(tables.Task, task)
    if row is None:
        raise Invalid("An action names a task that was never opened.")
    return row


def _changed(session: Session, row: tables.Task) -> None:
    row.version += 1
    session.flush()


def _note(
    session: Session, row: tables.Task, at: datetime, what: str, *, by: str | None = None, values: tables.Values
) -> None:
    last = select(func.max(tables.TaskEvent.position)).where(tables.TaskEvent.task == row.id)
    position = (session.scalar(last) or 0) + 1
    session.add(tables.TaskEvent(task=row.id, position=position, at=at, what=what, by=by, values=dict(values)))


# --- what people read -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tasks: each thing told narrows the list. Closed ones are left out unless asked for by `status`."""

    role: str | None = None
    """On the list of the role: a task of a person is on it only while that person is not on duty."""
    staff: str | None = None
    """On the list of this person: theirs, those that they hold, and those of the roles that they hold."""
    department: str | None = None
    """Tasks of the roles that somebody holds in that department."""
    assignee: str | None = None
    patient: str | None = None
    journey: str | None = None
    overdue: bool = False
    status: tables.TaskStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Tasks in clinical priority, and the cursor of the next page where there is one."""

    tasks: Sequence[tables.Task]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tasks are open, and how many of them are urgent or past due."""

    open: int
    urgent: int
    overdue: int


def read(session: Session, task: str) -> tables.Task:
    """The task; NotFound where there is none."""
    row = session.get(tables.Task, task)
    if row is None:
        raise NotFound("There is no such task.", hint="GET /api/v1/tasks lists them.")
    return row


def list_tasks(session: Session, which: Filter, *, at: datetime, after: str | None = None, limit: int = 50) -> Page:
    """A page of tasks: urgent ones first, then flagged or past due, then by due time, then by opening.

    `at` is now; `after` is the cursor of the page before, which keeps its instant so that no task moves between pages.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    last = None
    if after is not None:
        at, last = _read_cursor(after)
    key = _priority(at)
    rows = _filtered(session, select(tables.Task), which, at)
    if last is not None:
        rows = rows.where(tuple_(*key) > tuple_(*last))
    found = session.scalars(rows.order_by(*key).limit(limit + 1)).all()
    page = found[:limit]
    return Page(tasks=page, next=_cursor(at, page[-1]) if len(found) > limit else None)


def counts(session: Session, which: Filter, *, at: datetime) -> Counts:
    """How many tasks the filter finds."""
    urgent = func.sum(case((tables.Task.urgent, 1), else_=0))
    late = func.sum(case((tables.Task.due < at, 1), else_=0))
    rows = _filtered(session, select(func.count(tables.Task.id), urgent, late), which, at)
    total, urgents, overdue = session.execute(rows).one()
    return Counts(open=total, urgent=urgents or 0, overdue=overdue or 0)


def roles_of(session: Session, task: str) -> Sequence[tables.TaskRole]:
    """Every role that may complete the task, by the rung that brought it in."""
    rows = select(tables.TaskRole).where(tables.TaskRole.task == task)
    return session.scalars(rows.order_by(tables.TaskRole.rung, tables.TaskRole.role)).all()


def history(session: Session, task: str) -> Sequence[tables.TaskEvent]:
    """What happened to the task, in order."""
    rows = select(tables.TaskEvent).where(tables.TaskEvent.task == task)
    return session.scalars(rows.order_by(tables.TaskEvent.position)).all()


def may_act(session: Session, task: tables.Task, staff: str) -> bool:
    """Whether the person holds the task or one of the roles that it has come to."""
    if staff in (task.holder, task.person):
        return True
    held = people.departments_of(session, staff)
    return any(
        row.role in held and (row.department is None or row.department in held[row.role])
        for row in roles_of(session, task.id)
    )


def _filtered(session: Session, rows: Select[*Columns], which: Filter, at: datetime) -> Select[*Columns]:
    conditions: list[ColumnElement[bool]] = []
    if which.status is None:
        conditions.append(tables.Task.status != "closed")
    else:
        conditions.append(tables.Task.status == which.status)
    if which.role is not None:
        of_role = select(tables.TaskRole.task).where(tables.TaskRole.role == which.role)
        conditions.append(tables.Task.id.in_(of_role.where(_not_anothers(session, at))))
    if which.staff is not None:
        conditions.append(_on_list_of(session, which.staff, at))
    if which.department is not None:
        of_department = (
            select(tables.TaskRole.task)
            .join(tables.RoleHolder, tables.RoleHolder.role == tables.TaskRole.role)
            .where(tables.RoleHolder.department == which.department, _of_department)
        )
        conditions.append(tables.Task.id.in_(of_department))
    if which.assignee is not None:
        conditions.append(tables.Task.holder == which.assignee)
    if which.patient is not None:
        conditions.append(tables.Task.patient == which.patient)
    if which.journey is not None:
        conditions.append(tables.Task.journey == which.journey)
    if which.overdue:
        conditions.append(tables.Task.due < at)
    return rows.where(*conditions)


_of_department = or_(tables.TaskRole.department.is_(None), tables.TaskRole.department == tables.RoleHolder.department)
"""Whether the role is looked for where it is held."""


def _on_list_of(session: Session, staff: str, at: datetime) -> ColumnElement[bool]:
    of_their_roles = (
        select(tables.TaskRole.task)
        .join(tables.RoleHolder, tables.RoleHolder.role == tables.TaskRole.role)
        .where(tables.RoleHolder.staff == staff, _of_department, _not_anothers(session, at))
    )
    return or_(tables.Task.holder == staff, tables.Task.person == staff, tables.Task.id.in_(of_their_roles))


def _not_anothers(session: Session, at: datetime) -> ColumnElement[bool]:
    """Whether a role's line stands for its holders: the first one does not while the task's own person is on duty."""
    open_ones = select(tables.Task.person).where(tables.Task.person.is_not(None), tables.Task.status != "closed")
    asked = {person for person in session.scalars(open_ones.distinct()) if person is not None}
    present = [person for person in sorted(asked) if people.is_on_duty(session, person, at)]
    theirs = select(tables.Task.id).where(tables.Task.person.in_(present))
    return or_(tables.TaskRole.rung > 0, tables.TaskRole.task.not_in(theirs))


def _priority(at: datetime) -> tuple[SQLColumnExpression[Any], ...]:
    pressing = or_(tables.Task.flagged, and_(tables.Task.due.is_not(None), tables.Task.due < at))
    return (
        case((tables.Task.urgent, 0), else_=1),
        case((pressing, 0), else_=1),
        func.coalesce(tables.Task.due, literal(_NEVER, tables.UTCDateTime())),
        tables.Task.opened,
        tables.Task.id,
    )


def _cursor(at: datetime, row: tables.Task) -> str:
    pressing = row.flagged or (row.due is not None and row.due < at)
    due = row.due or _NEVER
    told = [at.isoformat(), int(not row.urgent), int(not pressing), due.isoformat(), row.opened.isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, tuple[SQLColumnExpression[Any], ...]]:
    try:
        at, urgent, pressing, due, opened, id = json.loads(base64.urlsafe_b64decode(text))
        instants = [datetime.fromisoformat(str(instant)).astimezone(UTC) for instant in (at, due, opened)]
        if not {urgent, pressing} <= {0, 1} or not str(id).isprintable():
            raise ValueError
        numbers = (int(urgent), int(pressing))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise Invalid("The cursor is not one of ours.", hint="Begin with the first page.") from None
    now, due_at, opened_at = instants
    return now, (
        *(literal(number) for number in numbers),
        *(literal(instant, tables.UTCDateTime()) for instant in (due_at, opened_at)),
        literal(str(id)),
    )
