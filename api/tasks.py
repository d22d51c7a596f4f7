"""What people do with tasks: checked against what the store shows, then done to the journey."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from api.acts import Act, Doing, do
from api.errors import (
    AnswersDoNotFit,
    ChangedMeanwhile,
    InTheFuture,
    NotYourTask,
    OutcomeUndeclared,
    TaskClosed,
    TaskHeld,
)
from api.house import House, check_staff
from api.idempotency import Once
from pathways.engine.events import (
    AnyEvent,
    TaskAttempted,
    TaskClaimed,
    TaskCompleted,
    TaskContinued,
    TaskHandedOver,
    TaskReleased,
    TaskSuspended,
)
from pathways.engine.journey import Scalar
from pathways.engine.refusals import ANY_TASK
from pathways.errors import Invalid
from pathways.language.forms import Form, check_answers
from pathways.language.release import Release
from store import inbox, journeys, releases, tables, tasks
from store.database import Session
from store.ids import new_id

CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead of ours a caller's clock may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a task ended; `at` is when it was really done, now where it is None."""

    outcome: str
    answers: Mapping[str, Scalar | None]
    note: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """That a person tried to reach the patient, and when the patient asked to be called again."""

    result: Literal["no-answer", "call-back"]
    at: datetime | None
    again: datetime | None


def claim(house: House, once: Once, task: str, actor: str, if_match: str | None = None) -> Act:
    """Take the task on; TaskHeld where another person holds it."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskClaimed:
        if row.holder not in (None, actor):
            raise TaskHeld(hint="Ask them to hand it over.")
        return TaskClaimed(id=new_id(), received=now, task=task, by=actor)

    return _act(house, once, task, actor, if_match, event)


def release(house: House, once: Once, task: str, actor: str, if_match: str | None = None) -> Act:
    """Give the task back; Conflict where nobody holds it."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskReleased:
        return TaskReleased(id=new_id(), received=now, task=task, by=actor)

    return _act(house, once, task, actor, if_match, event)


def hand_over(house: House, once: Once, task: str, actor: str, if_match: str | None = None, *, to: str) -> Act:
    """Give the task to another person; Invalid where it has not come to a role of theirs."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskHandedOver:
        check_staff(session, to)
        if not tasks.may_act(session, row, to):
            raise Invalid("The task has not come to a role of that person.", hint="Hand it to somebody who holds one.")
        return TaskHandedOver(id=new_id(), received=now, task=task, by=actor, to=to)

    return _act(house, once, task, actor, if_match, event)


def complete(house: House, once: Once, task: str, actor: str, if_match: str | None = None, *, done: Done) -> Act:
    """End the task.

    Raises:
        OutcomeUndeclared: the task has no such outcome.
        AnswersDoNotFit: what was answered does not fit its form.
        InTheFuture: it is said to be done later than now.
    """

    def event(session: Session, row: tables.Task, now: datetime) -> TaskCompleted:
        at = _not_ahead(house, done.at, now)
        _check_fits(session, row, done)
        tasks.report(session, task, answers=done.answers, note=done.note or None)
        items = {code: value for code, value in done.answers.items() if value is not None}
        return TaskCompleted(id=new_id(), received=now, task=task, by=actor, outcome=done.outcome, at=at, items=items)

    return _act(house, once, task, actor, if_match, event)


def attempt(house: House, once: Once, task: str, actor: str, if_match: str | None = None, *, tried: Attempt) -> Act:
    """Record an attempt to reach the patient; Conflict where the task counts none or none is left."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskAttempted:
        at = _not_ahead(house, tried.at, now)
        again = None if tried.again is None else house.aware(tried.again)
        if again is not None and again <= now:
            raise Invalid("The next attempt lies in the past.", hint="Give a time that is still to come.")
        return TaskAttempted(id=new_id(), received=now, task=task, by=actor, result=tried.result, at=at, again_at=again)

    return _act(house, once, task, actor, if_match, event)


def suspend(
    house: House, once: Once, task: str, actor: str, if_match: str | None = None, *, until: datetime | None
) -> Act:
    """Let the task wait for what it declares; Conflict where it declares nothing or waits already."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskSuspended:
        to = None if until is None else house.aware(until)
        return TaskSuspended(id=new_id(), received=now, task=task, by=actor, until=to)

    return _act(house, once, task, actor, if_match, event)


def go_on(house: House, once: Once, task: str, actor: str, if_match: str | None = None) -> Act:
    """The task waits no more; Conflict where it did not."""

    def event(session: Session, row: tables.Task, now: datetime) -> TaskContinued:
        return TaskContinued(id=new_id(), received=now, task=task, by=actor)

    return _act(house, once, task, actor, if_match, event)


def _not_ahead(house: House, at: datetime | None, now: datetime) -> datetime:
    """When it was really done, as an instant of ours."""
    told = now if at is None else house.aware(at)
    if told > now + CLOCK_SKEW:
        raise InTheFuture(hint="Give the time at which it was done, or leave it out.")
    return min(told, now)


def _act(
    house: House,
    once: Once,
    task: str,
    actor: str,
    if_match: str | None,
    event: Callable[[Session, tables.Task, datetime], AnyEvent],
) -> Act:
    def make(session: Session, now: datetime) -> Doing:
        row, journey = _theirs(session, task, actor, if_match)
        return Doing(journey=journey, event=event(session, row, now), ahead=row.provisional is not None)

    return do(house, once, make, actor=actor)


def _theirs(session: Session, task: str, actor: str, if_match: str | None) -> tuple[tables.Task, tables.Journey]:
    """An open task that the person may act on, and its journey, which nothing else changes in this transaction.

    Raises:
        TaskClosed: it ended, or its completion waits for its journey.
        ChangedMeanwhile: it is not the version that `if_match` names.
        NotYourTask: it has not come to a role of the person.
    """
    row = tasks.read(session, task)
    journey = journeys.lock(session, row.journey) or journeys.read(session, row.journey)
    session.refresh(row)
    if row.status == "closed":
        raise TaskClosed(hint="Read the task to see how it ended.")
    if "task-completed" in pending_of(session, row):
        raise TaskClosed("The task was completed; its journey takes that in as soon as it can.")
    if if_match is not None and if_match.strip() not in ("*", etag(row)):
        raise ChangedMeanwhile(hint="Read the task again, then decide.")
    if not tasks.may_act(session, row, actor):
        raise NotYourTask(hint="It is for: " + ", ".join(one.role for one in tasks.roles_of(session, task)) + ".")
    return row, journey


def _check_fits(session: Session, row: tables.Task, done: Done) -> None:
    if done.outcome not in outcomes_of(row):
        raise OutcomeUndeclared(hint=f"Choose one of: {', '.join(outcomes_of(row))}.")
    if not done.answers:
        return  # Who reached nobody has nothing to answer.
    form = form_of(release_of(session, journeys.read(session, row.journey)), row)
    if form is None:
        raise AnswersDoNotFit("The task has no form.", hint="Write a note instead.")
    if problems := check_answers(form, done.answers):
        raise AnswersDoNotFit(f"The answers do not fit the form: {'; '.join(problems)}.", hint="Correct these items.")


def etag(row: tables.Task) -> str:
    """The ETag of the task as it is."""
    return f'"{row.version}"'


def outcomes_of(row: tables.Task) -> list[str]:
    """The outcomes that a person may choose: those that the pathway declares, then those that every task has."""
    declared = row.outcomes or ["done"]
    return [*declared, *sorted(ANY_TASK.difference(declared))]


def form_of(release: Release, row: tables.Task) -> Form | None:
    """The form of the task."""
    return None if row.form is None else release.contents.forms.get(row.form)


def release_of(session: Session, journey: tables.Journey) -> Release:
    """The release that the journey is on."""
    return releases.load(releases.read(session, journey.release))


def pending_of(session: Session, row: tables.Task) -> list[str]:
    """The kinds of acts on the task that wait in the inbox."""
    waiting = [one.payload for one in inbox.of_journey(session, row.journey)]
    return [str(one["kind"]) for one in waiting if one.get("task") == row.id]
