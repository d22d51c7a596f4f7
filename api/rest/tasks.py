"""Tasks: the worklist in clinical priority, and what people do with what is on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import ConfigDict, Field

from api import fields
from api import tasks as work
from api.acts import Act, accepted
from api.fields import Given
from api.house import House, HouseOf, Person
from api.idempotency import Once, OnceOf
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


class Attempt(Given):
    """A person tried to reach the patient."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"result": "call-back", "again": "2026-01-08T16:00:00+08:00"}}
    )

    result: Literal["no-answer", "call-back"]
    at: fields.Instant | None = Field(None, description="When it was tried; now where left out, never later.")
    again: fields.Instant | None = Field(None, description="When it is to be tried again, such as the patient asked.")


class Wait(Given):
    """The task waits."""

    model_config = ConfigDict(json_schema_extra={"example": {"until": "2026-01-12T09:00:00+08:00"}})

    until: fields.Instant | None = Field(None, description="Until when; until it is continued where left out.")


class Outcome(Given):
    """A way to end a task."""

    name: str
    title: Text


class TaskRole(Given):
    """A role that may complete the task."""

    role: str
    title: Text
    department: str | None = Field(description="Where the role is looked for; everywhere where null.")
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
    department: str | None = Field(description="Where its role is looked for; everywhere where null.")
    person: str | None = Field(description="The person of the patient's team whose task it is.")
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
    attempts: int = Field(description="How often somebody tried in vain to reach the patient.")
    max_attempts: int | None = Field(description="How many such attempts it allows; null where it counts none.")
    next_attempt: datetime | None
    suspended_while: str | None = Field(description="What it may wait for.")
    waiting: str | None = Field(description="What it waits for now; its working clock stands still.")
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
    staff: Annotated[str | None, fields.wanted("On this person's list.")] = None,
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
        staff=staff,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What every act on a task comes with, and how it is answered."""

    house: House
    once: Once
    task: str
    actor: str
    if_match: str | None
    request: Request
    response: Response

    @property
    def asked(self) -> tuple[House, Once, str, str, str | None]:
        """Who does what to which task, as `api.tasks` asks for it."""
        return self.house, self.once, self.task, self.actor, self.if_match

    def answer(self, act: Act) -> TaskInFull | Act:
        """The task as it is now; 202 while the store does not show the act yet."""
        if act.state != "done":
            return accepted(self.request, self.response, act)
        with self.house.database.read() as session:
            return _in_full(session, self.task, self.response, now=self.house.clock())


def _frame(
    task: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> _Frame:
    return _Frame(house=house, once=once, task=task, actor=actor, if_match=if_match, request=request, response=response)


FrameOf = Annotated[_Frame, Depends(_frame)]


@router.post("/{task}/claim", summary="Claim a task", responses={202: {"model": Act}})
def claim(frame: FrameOf) -> TaskInFull | Act:
    """Take the task on. Its ladder goes on until it is completed."""
    return frame.answer(work.claim(*frame.asked))


@router.post("/{task}/release", summary="Give a task back", responses={202: {"model": Act}})
def release(frame: FrameOf) -> TaskInFull | Act:
    """Give the task back to its roles."""
    return frame.answer(work.release(*frame.asked))


@router.post("/{task}/hand-over", summary="Hand a task over", responses={202: {"model": Act}})
def hand_over(given: HandOver, frame: FrameOf) -> TaskInFull | Act:
    """Hand the task to another person, who must hold one of its roles."""
    return frame.answer(work.hand_over(*frame.asked, to=given.to))


@router.post("/{task}/attempts", summary="Record an attempt", responses={202: {"model": Act}})
def attempt(given: Attempt, frame: FrameOf) -> TaskInFull | Act:
    """Record that the patient was not reached, or asked to be called back. The task stays open; its ladder goes on."""
    tried = work.Attempt(result=given.result, at=given.at, again=given.again)
    return frame.answer(work.attempt(*frame.asked, tried=tried))


@router.post("/{task}/suspend", summary="Let a task wait", responses={202: {"model": Act}})
def suspend(given: Wait, frame: FrameOf) -> TaskInFull | Act:
    """The task waits for what it declares, until a time or until it is continued: its working clock stands still."""
    return frame.answer(work.suspend(*frame.asked, until=given.until))


@router.post("/{task}/continue", summary="Continue a task", responses={202: {"model": Act}})
def continue_(frame: FrameOf) -> TaskInFull | Act:
    """The task waits no more: its working clock goes on where it stood."""
    return frame.answer(work.go_on(*frame.asked))


@router.post("/{task}/complete", summary="Complete a task", responses={202: {"model": Act}})
def complete(given: Completion, frame: FrameOf) -> TaskInFull | Act:
    """End the task with one of its outcomes. With the engine away it is kept with its real time, and answered 202."""
    done = work.Done(outcome=given.outcome, answers=given.answers, note=given.note, at=given.at)
    return frame.answer(work.complete(*frame.asked, done=done))


def _in_full(session: Session, task: str, response: Response, *, now: datetime) -> TaskInFull:
    row = tasks.read(session, task)
    response.headers["ETag"] = etag(row)
    release_ = release_of(session, journeys.read(session, row.journey))
    return TaskInFull(
        **show(session, row, now=now).model_dump(),
        roles=[
            TaskRole(
                role=one.role,
                title=role_title(one.role),
                department=one.department,
                rung=one.rung,
                since=one.since,
            )
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
        department=row.department,
        person=row.person,
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
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        next_attempt=row.next_attempt,
        suspended_while=row.suspended_while,
        waiting=row.waiting,
        end=row.end,
        outcome=row.outcome,
        why=row.why,
        completed_by=row.completed_by,
        done_at=row.done_at,
        closed_at=row.closed_at,
        pending=pending_of(session, row),
        version=row.version,
    )
