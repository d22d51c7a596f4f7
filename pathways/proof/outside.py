"""What is to be seen from outside of a journey: a small state, folded from the actions of its turns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, assert_never

from pathways.engine.actions import (
    AnnotateTask,
    AnyAction,
    BookVisit,
    CallSystem,
    CloseAsk,
    CloseTask,
    CloseVisit,
    EndJourney,
    EnrolPatient,
    EscalateTask,
    HoldTask,
    NotifyStaff,
    OpenAsk,
    OpenTask,
    RaiseAlarm,
    RecallMessage,
    ReopenJourney,
    SendMessage,
)
from pathways.engine.journey import End, ExitReason, Journey
from pathways.engine.reasons import Reason
from pathways.engine.recall import tags_of
from pathways.language.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTask:
    """A task as the worklist shows it."""

    id: str
    name: str
    role: str
    urgent: bool
    due: datetime | None
    department: str | None = None
    person: str | None = None
    rung: int = 0
    """The last rung that passed; 0 is the task's own role."""
    escalated_to: str | None = None
    flagged: bool = False
    end: End | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVisit:
    """A visit as the hospital's booking shows it."""

    name: str
    end: End | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Tasks, visits and questions as they are; messages, alarms and reasons since it was last looked at."""

    tasks: Mapping[str, SeenTask] = field(default_factory=dict[str, SeenTask])
    """By id, in the order in which they were opened."""
    closed: tuple[str, ...] = ()
    """Ids of tasks, in the order in which they were closed."""
    visits: Mapping[str, SeenVisit] = field(default_factory=dict[str, SeenVisit])
    """By id, in the order in which they were first booked."""
    asks: Mapping[str, str] = field(default_factory=dict[str, str])
    """The form of each open question, by its id."""
    calls: Mapping[str, str] = field(default_factory=dict[str, str])
    """The name of each call to a hospital system, by its id, in the order in which they were made."""
    enrolments: Mapping[str, str] = field(default_factory=dict[str, str])
    """The pathway of each enrolment that was asked for, by its id."""
    tags: tuple[str, ...] = ()
    """Tags that the patient has."""
    anchors: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Dates that are known, tentative ones among them."""
    ended: ExitReason | None = None
    called: tuple[str, ...] = ()
    enrolled: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    """To the patient."""
    notified: tuple[str, ...] = ()
    """Messages to staff."""
    alarms: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def open_tasks(self) -> list[SeenTask]:
        """Open tasks in the order in which they were opened."""
        return [task for task in self.tasks.values() if task.end is None]

    def last_open(self, name: str) -> SeenTask | None:
        """The open task of that name which was opened last."""
        return next((task for task in reversed(self.open_tasks()) if task.name == name), None)

    def last_call(self, name: str) -> str | None:
        """The id of the call of that name which was made last."""
        return next((id for id, called in reversed([*self.calls.items()]) if called == name), None)

    def last_enrolment(self, pathway: str) -> str | None:
        """The id of the last enrolment on that pathway."""
        return next((id for id, asked in reversed([*self.enrolments.items()]) if asked == pathway), None)

    def standing(self, release: Release, journey: Journey) -> "Outside":
        """The same, with what the journey itself shows of its patient."""
        return replace(self, tags=tags_of(release, journey), anchors=journey.anchors)

    def after(self, actions: Iterable[AnyAction], reasons: Iterable[Reason]) -> "Outside":
        """What is to be seen once these have happened."""
        seen = replace(self, reasons=(*self.reasons, *reasons))
        for action in actions:
            seen = _after(seen, action)
        return seen

    def looked_at(self) -> "Outside":
        """The same, with nothing that has happened since."""
        return replace(self, **dict.fromkeys(HAPPENED, ()))

    def with_earlier(self, earlier: "Outside") -> "Outside":
        """The same, with what had happened earlier before what has happened now."""
        return replace(self, **{name: (*getattr(earlier, name), *getattr(self, name)) for name in HAPPENED})


HAPPENED = ("called", "enrolled", "sent", "notified", "alarms", "reasons")
"""What is told since the last look; everything else is as it is."""


def _after(seen: Outside, action: AnyAction) -> Outside:
    match action:
        case OpenTask():
            return _opened(seen, action)
        case AnnotateTask(due=due, flag=flag):
            task = seen.tasks[action.task]
            return _task(seen, action.task, due=due or task.due, flagged=flag or task.flagged)
        case EscalateTask():
            return _task(seen, action.task, rung=action.rung, escalated_to=action.to)
        case CloseTask():
            closed = _task(seen, action.task, end=action.end, outcome=action.outcome)
            return replace(closed, closed=(*seen.closed, action.task))
        case SendMessage():
            return replace(seen, sent=(*seen.sent, action.template))
        case NotifyStaff():
            return replace(seen, notified=(*seen.notified, action.template))
        case OpenAsk():
            return replace(seen, asks={**seen.asks, action.ask: action.form})
        case CloseAsk():
            return replace(seen, asks={ask: form for ask, form in seen.asks.items() if ask != action.ask})
        case BookVisit():
            return replace(seen, visits={**seen.visits, action.visit: SeenVisit(name=action.name)})
        case CloseVisit():
            visit = replace(seen.visits[action.visit], end=action.end)
            return replace(seen, visits={**seen.visits, action.visit: visit})
        case CallSystem(call=id, name=name):
            return replace(seen, calls={**seen.calls, id: name}, called=(*seen.called, name))
        case EnrolPatient(enrolment=id, pathway=name):
            return replace(seen, enrolments={**seen.enrolments, id: name}, enrolled=(*seen.enrolled, name))
        case RaiseAlarm():
            return replace(seen, alarms=(*seen.alarms, action.code))
        case EndJourney():
            return replace(seen, ended=action.reason)
        case ReopenJourney():
            return replace(seen, ended=None)
        case HoldTask() | RecallMessage():
            return seen
        case _:
            assert_never(action)


def _opened(seen: Outside, action: OpenTask) -> Outside:
    task = SeenTask(
        id=action.task,
        name=action.name,
        role=action.role,
        urgent=action.urgent,
        due=action.due,
        department=action.department,
        person=action.person,
    )
    others = {id: other for id, other in seen.tasks.items() if id != action.task}
    return replace(seen, tasks={**others, action.task: task})


def _task(seen: Outside, id: str, **changes: Any) -> Outside:
    return replace(seen, tasks={**seen.tasks, id: replace(seen.tasks[id], **changes)})
