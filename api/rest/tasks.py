"""Tasks: the worklist in clinical priority, and what people do with what is on it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ConfigDict, Field

from api import fields
from api import tasks as work
from api.acts import Act, accepted
from api.fields import Given
from api.house import House, HouseOf, Person
from api.idempotency import OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from api.tasks import etag, form_of, outcomes_of, pending_of, release_of
from api.words import role_title, title
from pathways.engine.journey import Scalar
from pathways.language.forms import Form
from pathways.language.texts import Text
from store import journeys, tables, tasks
from store.database import Session

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])

IfMatch = Annotated[
    str | None,
    Header(max_length=100, description="ETag of the task as it was read; another one now is answered 412."),
]


class HandOver(Given):
    """To whom the task goes."""

    model_config = ConfigDict(json_schema_extra={"example": {"to": "nurse-zhang"}})

    to: fields.OpaqueId


class Completion(Given):
    """How the task ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "outcome": "reached",
                "answers": {"condition": "well", "sugar-taken": True},
                "note": "",
                "at": "2026-01-08T21:55:00+08:00",
            }
        }
    )

    outcome: fields.Slug
    answers: dict[Annotated[str, Field(max_length=60)], fields.Scalar | None] = Field(
        default={},
        max_length=200,
        description="Answers to the task's form by item; where any is given, all that the form requires.",
    )
    note: fields.Prose = ""
    at: fields.Instant | None = Field(None, description="When it was really done; now where left out, never later.")


class Outcome(Given):
    """A way to end a task."""

    name: str
    title: Text


class TaskRole(Given):
    """A role that may complete the task."""

    role: str
    title: Text
    rung: int = Field(description="The rung of the ladder that brought it in; the task's own role is rung 0.")
    since: datetime


class Task(Given):
    """Work for a person."""

    id: str
    journey: str
    patient: str
    name: str
    title: Text
    track: str
    track_title: Text
    role: str
    urgent: bool
    opened: datetime
    due: datetime | None
    overdue: bool
    outcomes: list[Outcome]
    form: str | None
    about: str | None = Field(description="What a task of the engine itself is about: a message, track or outcome.")
    values: dict[str, Scalar | None] = Field(description="Why: what was looked at, by its name in the pathway.")
    note: str | None
    status: Literal["open", "held", "closed"]
    holder: str | None
    flagged: bool = Field(description="Its cause does not hold any more, or changed: its holder must look.")
    rung: int
    end: str | None
    outcome: str | None
    why: str | None
    completed_by: str | None
    done_at: datetime | None
    closed_at: datetime | None
    pending: list[str] = Field(description="What was done to it and has not reached its journey yet.")
    version: int


class TaskEvent(Given):
    """One line of a task's history."""

    at: datetime
    what: str
    by: str | None
    values: dict[str, Scalar | None]


class TaskInFull(Task):
    """A task with its roles, form and history."""

    roles: list[TaskRole]
    questions: Form | None
    history: list[TaskEvent]
    report: dict[str, object] | None


@router.get("", summary="List the worklist")
def list_tasks(
    house: HouseOf,
    role: Annotated[str | None, fields.wanted("That has come to this role.")] = None,
    department: Annotated[str | None, fields.wanted("Of roles that are held in this department.")] = None,
    assignee: Annotated[str | None, fields.wanted("Held by this person.")] = None,
    patient: Annotated[str | None, fields.wanted("Of this patient.")] = None,
    journey: Annotated[str | None, fields.wanted("Of this journey.")] = None,
    overdue: Annotated[bool, Query(description="Past their due time alone.")] = False,
    status: Annotated[
        Literal["open", "held", "closed"] | None,
        Query(description="With this status; all that are not closed without."),
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Task]:
    """Tasks in clinical priority: urgent first, then overdue or flagged, then by due time."""
    now = house.clock()
    which = tasks.Filter(
        role=role,
        department=department,
        assignee=assignee,
        patient=patient,
        journey=journey,
        overdue=overdue,
        status=status,
    )
    with house.database.read() as session:
        page = tasks.list_tasks(session, which, at=now, after=cursor, limit=limit)
        return Page(items=[show(session, row, now=now) for row in page.tasks], next=page.next)


@router.get("/{task}", summary="Read a task")
def read_task(task: fields.IdInPath, house: HouseOf, response: Response) -> TaskInFull:
    """The task with why it is there, its form and its history; its ETag guards changes."""
    with house.database.read() as session:
        return _in_full(session, task, response, now=house.clock())


@router.post("/{task}/claim", summary="Claim a task", responses={202: {"model": Act}})
def claim(
    task: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> TaskInFull | Act:
    """Take the task on. Its ladder goes on until it is completed."""
    return _answer(house, request, response, task, work.claim(house, once, task, actor, if_match))


@router.post("/{task}/release", summary="Give a task back", responses={202: {"model": Act}})
def release(
    task: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> TaskInFull | Act:
    """Give the task back to its roles."""
    return _answer(house, request, response, task, work.release(house, once, task, actor, if_match))


@router.post("/{task}/hand-over", summary="Hand a task over", responses={202: {"model": Act}})
def hand_over(
    task: fields.IdInPath,
    given: HandOver,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> TaskInFull | Act:
    """Hand the task to another person, who must hold one of its roles."""
    act = work.hand_over(house, once, task, actor, if_match, to=given.to)
    return _answer(house, request, response, task, act)


@router.post("/{task}/complete", summary="Complete a task", responses={202: {"model": Act}})
def complete(
    task: fields.IdInPath,
    given: Completion,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> TaskInFull | Act:
    """End the task with one of its outcomes. With the engine away it is kept with its real time, and answered 202."""
    done = work.Done(outcome=given.outcome, answers=given.answers, note=given.note, at=given.at)
    return _answer(house, request, response, task, work.complete(house, once, task, actor, if_match, done=done))


def _answer(house: House, request: Request, response: Response, task: str, act: Act) -> TaskInFull | Act:
    if act.state != "done":
        return accepted(request, response, act)
    with house.database.read() as session:
        return _in_full(session, task, response, now=house.clock())


def _in_full(session: Session, task: str, response: Response, *, now: datetime) -> TaskInFull:
    row = tasks.read(session, task)
    response.headers["ETag"] = etag(row)
    release_ = release_of(session, journeys.read(session, row.journey))
    return TaskInFull(
        **show(session, row, now=now).model_dump(),
        roles=[
            TaskRole(role=one.role, title=role_title(one.role), rung=one.rung, since=one.since)
            for one in tasks.roles_of(session, task)
        ],
        questions=form_of(release_, row),
        history=[
            TaskEvent(at=one.at, what=one.what, by=one.by, values=dict(one.values))
            for one in tasks.history(session, task)
        ],
        report=None if row.report is None else dict(row.report),
    )


def show(session: Session, row: tables.Task, *, now: datetime) -> Task:
    """The task as callers see it."""
    release_ = release_of(session, journeys.read(session, row.journey))
    return Task(
        id=row.id,
        journey=row.journey,
        patient=row.patient,
        name=row.name,
        title=title(release_, row.name),
        track=row.track,
        track_title=title(release_, row.track),
        role=row.role,
        urgent=row.urgent,
        opened=row.opened,
        due=row.due,
        overdue=row.status != "closed" and row.due is not None and row.due < now,
        outcomes=[Outcome(name=name, title=title(release_, name)) for name in outcomes_of(row)],
        form=row.form,
        about=row.about,
        values=dict(row.values),
        note=row.note,
        status=row.status,
        holder=row.holder,
        flagged=row.flagged,
        rung=row.rung,
        end=row.end,
        outcome=row.outcome,
        why=row.why,
        completed_by=row.completed_by,
        done_at=row.done_at,
        closed_at=row.closed_at,
        pending=pending_of(session, row),
        version=row.version,
    )
