"""Releases, journeys and a player for the engine's tests; each takes only what a test varies.

Instants are written as they stand on a clock in Shanghai: `2026-01-05 09:00`. The first day is a Monday.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

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
from pathways.engine.advance import Advance, advance, begin, next_wakeup
from pathways.engine.context import Context, Facts
from pathways.engine.events import (
    AnchorSet,
    AnyEvent,
    CallAnswered,
    Died,
    Enrolled,
    EnrolmentRefused,
    FormAnswered,
    Happened,
    Left,
    ParameterSet,
    Paused,
    Reinstated,
    ResultReceived,
    Resumed,
    TaskAttempted,
    TaskClaimed,
    TaskCompleted,
    TaskContinued,
    TaskHandedOver,
    TaskReleased,
    TaskSuspended,
    Tick,
    TrackStarted,
    TrackStopped,
    VisitReported,
    Withdrawn,
)
from pathways.engine.journey import Journey, Origin, Patient, ResultStatus, Scalar
from pathways.engine.reasons import Reason
from pathways.language.check import check
from pathways.language.draft import Places
from pathways.language.release import Contents, Release, make_release
from pathways.language.schedule import Calendar, parse_duration, shift
from pathways.language.step import Steps, branches
from pathways.language.written import Purpose

ZONE = "Asia/Shanghai"
TEXT = {"zh": "文", "en": "Text"}
VisitState = Literal["booked", "kept", "cancelled", "missed"]
CODES = {
    "glucose": ("14749-6", "mmol/L"),
    "pulse": ("8867-4", "/min"),
    "sbp": ("8480-6", "mm[Hg]"),
    "dbp": ("8462-4", "mm[Hg]"),
}
BASE = """
pathway: trial
title: {zh: 试验, en: Trial}
evidence: [made up for tests]
owner: clinical-lead
anchors:
  enrolled: {}
  surgery: {required: no}
  birth: {required: no, estimate: surgery + 9d, overdue_after: 3d}
data:
  glucose: {observation: [14749-6], unit: mmol/L, plausible: [0.6, 60], text: {LO: "<1.1", HI: ">33.3", "3.0": "3.0"}}
  pulse: {observation: [8867-4], unit: /min}
  sbp: {observation: [8480-6], unit: "mm[Hg]", keep: {per: day, as: [mean, min, max, last]}}
  dbp: {observation: [8462-4], unit: "mm[Hg]"}
times: {pill_times: {value: ["05:00", "20:00"], evidence: made up, source: product, confirmed: yes, per_patient: yes}}
values: {level: {type: number}, word: {type: text}, flag: {type: boolean}, lost: {type: tag}}
lexicons: {words: {grave: [想死], mild: [难过]}}
parameters:
  low: {value: 3.9, unit: mmol/L, evidence: made up, source: product, confirmed: yes, per_patient: [3, 5]}
ladders:
  urgent: [{after: 30m, to: head-nurse}, {after: 2h, to: attending-doctor, page: yes}]
  routine: [{after: 1 working day, to: head-nurse}, {after: 3 working days, to: clinical-lead}]
"""


def at(text: str) -> datetime:
    """The instant at which clocks in Shanghai show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def local(instant: datetime | None) -> str:
    """What clocks in Shanghai show at the instant."""
    return "never" if instant is None else f"{instant.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"


START = at("2026-01-05 09:00")
CALENDAR = Calendar(zone=ZONE, opens=time(8), closes=time(17))
FACTS = Facts(calendar=CALENDAR, consent=True, inpatient=False, diagnoses=("E11.9",))


@lru_cache(maxsize=256)
def release(tracks: str, *, more: str = "", items: str = "") -> Release:
    """A release of the tracks, in YAML; `more` are parts of the pathway that replace those of every test.

    `items` are the items of forms, by the form's name.
    """
    return release_of({**read_yaml(BASE), **read_yaml(more), "tracks": read_yaml(tracks)}, items=read_yaml(items))


def read_yaml(text: str) -> dict[str, Any]:
    """The mapping that the text writes; none where it is empty."""
    reader: Any = YAML(typ="safe")
    return reader.load(text) or {}


def release_of(pathway: Mapping[str, Any], *, items: Mapping[str, Any] | None = None) -> Release:
    """A checked release of the pathway, with a form and a message for each name that it mentions."""
    contents = Contents.model_validate({"pathway": pathway, "forms": {}, "messages": {}})
    forms: set[str] = set()
    messages: set[str] = set()
    for track in contents.pathway.tracks.values():
        for step in _steps(track.steps):
            forms |= {name for name in (getattr(step, "ask", None), getattr(step, "form", None)) if name}
            messages |= {n for n in (getattr(step, key, None) for key in ("send", "message", "reminder")) if n}
            if getattr(step, "remind", ()) and getattr(step, "visit", None):
                messages.add(step.reminder or step.visit)
        forms |= {name for name in (getattr(track.when, "answered", None),) if name}
    asked = {name: [{"code": "well", "type": "boolean"}] for name in sorted(forms)} | dict(items or {})
    contents = Contents.model_validate(
        {
            "pathway": pathway,
            "forms": {name: {"form": name, "title": TEXT, "items": _items(of)} for name, of in asked.items()},
            "messages": {name: {"message": name, "text": {"zh": "信", "en": "Message"}} for name in messages},
        }
    )
    problems = [str(problem) for problem in check(contents, Places()) if problem.severity == "error"]
    if problems:
        raise ValueError("; ".join(problems))
    return make_release(contents)


def _items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items and options with a text each."""
    return [
        {"text": TEXT, **item, "options": [{"text": TEXT, **option} for option in item.get("options", ())]}
        for item in items
    ]


def _steps(steps: Steps) -> Iterator[Any]:
    for step in steps:
        yield step
        for below in branches(step).values():
            yield from _steps(below)


def journey(
    of: Release, *, now: datetime = START, parameters: dict[str, float] | None = None, **anchors: datetime
) -> Journey:
    """A journey before its first turn."""
    patient = Patient(born=date(1961, 3, 2), sex="female")
    return begin(
        of, id="j", patient=patient, anchors={"enrolled": now, **anchors}, parameters=parameters or {}, now=now
    )


class Player:
    """Plays a journey from event to event and tells in short what each brought."""

    def __init__(
        self, of: Release | str, *, facts: Facts = FACTS, parameters: dict[str, float] | None = None, **anchors: str
    ) -> None:
        self.release = release(of) if isinstance(of, str) else of
        self.facts = facts
        self.now = START
        placed = {name: at(text) for name, text in anchors.items()}
        self.journey = journey(self.release, parameters=parameters, **placed)
        self.actions: list[AnyAction] = []
        self.reasons: list[Reason] = []
        self.tasks: dict[str, OpenTask] = {}
        self.asks: dict[str, OpenAsk] = {}
        self.visits: dict[str, BookVisit] = {}
        self._names: dict[str, str] = {}
        self._messages: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        self._events = 0
        self.play(Enrolled(id="enrolled", received=START))

    # --- what happens ---------------------------------------------------------------------------------------

    def play(self, *events: AnyEvent) -> list[str]:
        """Takes in the events now; what they brought."""
        self.actions, self.reasons = [], []
        for event in events:
            self._turn(event)
        return self.brought

    def until(self, text: str) -> list[str]:
        """Lets time pass, waking whenever the journey asks for it; what that brought."""
        self.actions, self.reasons = [], []
        end = at(text)
        while (wake := self.wakeup) is not None and wake <= end:
            self.now = max(wake, self.now)
            self._turn(Tick(id=self._id(), received=self.now))
        self.now = end
        return self.brought

    def after(self, span: str) -> list[str]:
        """Lets that much time pass."""
        return self.until(local(shift(self.now, parse_duration(span), ZONE)))

    def outage(self, text: str) -> list[str]:
        """Wakes only then, however much was due before."""
        self.now = at(text)
        return self.play(Tick(id=self._id(), received=self.now))

    def result(
        self,
        value: float | None,
        id: str = "r1",
        version: int = 1,
        status: ResultStatus = "final",
        *,
        data: str = "glucose",
        effective: str | None = None,
        received: str | None = None,
        text: str | None = None,
        comparator: Literal["<", "<=", ">", ">="] | None = None,
        unit: str | None = "",
        origin: Origin = "laboratory",
        panel: str | None = None,
    ) -> list[str]:
        """A version of a result comes in; it was received now and taken when it was received unless said otherwise."""
        code, own_unit = CODES.get(data, ("1-1", "mmol/L"))
        event = ResultReceived(
            id=self._id(),
            received=self.now if received is None else at(received),
            result=id,
            version=version,
            status=status,
            code=code,
            effective=at(effective or received or local(self.now)),
            value=value,
            comparator=comparator,
            unit=own_unit if unit == "" else unit,
            text=text,
            origin=origin,
            panel=panel,
        )
        return self.play(event)

    def complete(
        self, name: str, outcome: str = "done", by: str = "anna", done: str | None = None, **items: Scalar
    ) -> list[str]:
        """A person ends the task and reports on its form; it was `done` now, or earlier than it is told."""
        done_at = self.now if done is None else at(done)
        task = self.task(name).task
        event = TaskCompleted(
            id=self._id(), received=self.now, task=task, by=by, outcome=outcome, at=done_at, items=items
        )
        return self.play(event)

    def claim(self, name: str, by: str = "anna") -> list[str]:
        """A person begins the task."""
        return self.play(TaskClaimed(id=self._id(), received=self.now, task=self.task(name).task, by=by))

    def release_task(self, name: str, by: str = "anna") -> list[str]:
        """The holder gives the task back."""
        return self.play(TaskReleased(id=self._id(), received=self.now, task=self.task(name).task, by=by))

    def hand_over(self, name: str, to: str, by: str = "anna") -> list[str]:
        """The task goes to another person."""
        return self.play(TaskHandedOver(id=self._id(), received=self.now, task=self.task(name).task, by=by, to=to))

    def attempt(
        self,
        name: str,
        result: Literal["no-answer", "call-back"] = "no-answer",
        again: str | None = None,
        by: str = "anna",
    ) -> list[str]:
        """A person tried to reach the patient."""
        again_at = None if again is None else at(again)
        task = self.task(name).task
        event = TaskAttempted(
            id=self._id(), received=self.now, task=task, by=by, result=result, at=self.now, again_at=again_at
        )
        return self.play(event)

    def suspend(self, name: str, until: str | None = None, by: str = "anna") -> list[str]:
        """A person says that the task waits."""
        instant = None if until is None else at(until)
        task = self.task(name).task
        return self.play(TaskSuspended(id=self._id(), received=self.now, task=task, by=by, until=instant))

    def go_on(self, name: str, by: str = "anna") -> list[str]:
        """A person says that the task waits no more."""
        return self.play(TaskContinued(id=self._id(), received=self.now, task=self.task(name).task, by=by))

    def answer(
        self,
        form: str,
        ask: str | None = None,
        *,
        id: str | None = None,
        version: int = 1,
        withdrawn: bool = False,
        given: str | None = None,
        **items: Scalar,
    ) -> list[str]:
        """A version of answers to a form comes in; they were `given` now unless said otherwise."""
        event = self._id()
        return self.play(
            FormAnswered(
                id=event,
                received=self.now,
                form=form,
                answers=id or event,
                version=version,
                withdrawn=withdrawn,
                at=None if given is None else at(given),
                ask=ask,
                items=items,
            )
        )

    def visit(
        self,
        name: str,
        state: VisitState,
        when: str | None = None,
        *,
        visit: str | None = None,
        department: str | None = None,
    ) -> list[str]:
        """The hospital tells what became of a visit."""
        instant = self.now if when is None else at(when)
        return self.play(
            VisitReported(
                id=self._id(),
                received=self.now,
                name=name,
                state=state,
                at=instant,
                visit=visit,
                department=department,
            )
        )

    def happen(self, name: str, when: str | None = None, **data: Scalar) -> list[str]:
        """A named event with its data."""
        happened = None if when is None else at(when)
        return self.play(Happened(id=self._id(), received=self.now, name=name, at=happened, data=data))

    def reply(self, call: str, **data: Scalar) -> list[str]:
        """A system answers the call of that name that was made last, or of that id."""
        id = self._asked.get(call, call)
        return self.play(CallAnswered(id=self._id(), received=self.now, call=id, outcome="answered", data=data))

    def refuse(self, call: str) -> list[str]:
        """A system tells that it cannot do it."""
        id = self._asked.get(call, call)
        return self.play(CallAnswered(id=self._id(), received=self.now, call=id, outcome="failed"))

    def decline(self, enrolment: str) -> list[str]:
        """The other pathway does not take the patient."""
        return self.play(EnrolmentRefused(id=self._id(), received=self.now, enrolment=enrolment, code="excluded"))

    def start(self, track: str) -> list[str]:
        """A person starts a track."""
        return self.play(TrackStarted(id=self._id(), received=self.now, track=track, by="anna"))

    def stop(self, track: str) -> list[str]:
        """A person stops a track."""
        return self.play(TrackStopped(id=self._id(), received=self.now, track=track, by="anna"))

    def anchor(self, name: str, to: str | None, *, tentative: bool = False) -> list[str]:
        """A person says when it is, plans it, or takes it back."""
        at_ = None if to is None else at(to)
        return self.play(
            AnchorSet(id=self._id(), received=self.now, anchor=name, at=at_, by="anna", tentative=tentative)
        )

    def parameter(self, name: str, value: float | tuple[str, ...] | None) -> list[str]:
        """A person says what the parameter is of this patient."""
        return self.play(ParameterSet(id=self._id(), received=self.now, parameter=name, value=value, by="anna"))

    def pause(self) -> list[str]:
        """The pathway pauses."""
        return self.play(Paused(id=self._id(), received=self.now, by="anna"))

    def resume(self) -> list[str]:
        """The pathway goes on."""
        return self.play(Resumed(id=self._id(), received=self.now, by="anna"))

    def withdraw(self, purpose: Purpose | None = None) -> list[str]:
        """The patient leaves the pathway, or one purpose of it."""
        return self.play(Withdrawn(id=self._id(), received=self.now, by="anna", purpose=purpose))

    def die(self) -> list[str]:
        """The patient dies."""
        return self.play(Died(id=self._id(), received=self.now, at=self.now))

    def leave(self, reason: Literal["transferred", "lost", "merged", "entered-in-error"]) -> list[str]:
        """The journey ends for that reason."""
        return self.play(Left(id=self._id(), received=self.now, by="anna", reason=reason))

    def reinstate(self) -> list[str]:
        """The end was a mistake."""
        return self.play(Reinstated(id=self._id(), received=self.now, by="bela"))

    # --- what there is --------------------------------------------------------------------------------------

    @property
    def wakeup(self) -> datetime | None:
        """When the journey wants to be woken next."""
        return next_wakeup(self.release, self.journey, self.facts)

    @property
    def open(self) -> list[str]:
        """The names of what is open, as people see it."""
        things = (*self.tasks.values(), *self.asks.values(), *self.visits.values())
        return [thing.form if isinstance(thing, OpenAsk) else thing.name for thing in things]

    @property
    def brought(self) -> list[str]:
        """What the last of this brought, a short line an action."""
        return [self._told(action) for action in self.actions]

    @property
    def why(self) -> list[str]:
        """The reasons of the last of this: the track with its code, of a step with the step's path."""
        return [
            " ".join(part for part in (reason.track, reason.code, reason.step) if part is not None)
            for reason in self.reasons
        ]

    def task(self, name: str) -> OpenTask:
        """The open task of that name that was opened last."""
        return [task for task in self.tasks.values() if task.name == name][-1]

    def due(self, name: str) -> str:
        """When the task is due."""
        return local(self.task(name).due)

    def _id(self) -> str:
        self._events += 1
        return f"e{self._events}"

    def _turn(self, event: AnyEvent) -> Advance:
        turn = advance(self.release, self.journey, event, Context(now=self.now, facts=self.facts))
        self.journey = turn.journey
        for action in turn.actions:
            self._mirror(action)
        self.actions += turn.actions
        self.reasons += turn.reasons
        return turn

    def _mirror(self, action: AnyAction) -> None:
        match action:
            case OpenTask():
                self.tasks[action.task] = action
                self._names[action.task] = action.name
            case AnnotateTask(due=due) if due is not None and action.task in self.tasks:
                self.tasks[action.task] = replace(self.tasks[action.task], due=due)
            case CloseTask():
                self.tasks.pop(action.task)
            case OpenAsk():
                self.asks[action.ask] = action
                self._names[action.ask] = action.form
            case CloseAsk():
                self.asks.pop(action.ask, None)
            case BookVisit():
                self.visits[action.visit] = action
                self._names[action.visit] = action.name
            case CloseVisit():
                self.visits.pop(action.visit, None)
            case CallSystem():
                self._asked[action.name] = action.call
            case SendMessage() | NotifyStaff():
                self._messages[action.message] = action.template
            case _:
                pass

    def _told(self, action: AnyAction) -> str:
        match action:
            case OpenTask():
                return f"open {action.name}"
            case AnnotateTask():
                marks = ("" if action.due is None else " due") + (" flag" if action.flag else "")
                marks += "" if action.again_at is None else f" again {local(action.again_at)}"
                return f"note {self._names[action.task]} {action.code}{marks}"
            case EscalateTask():
                return f"escalate {self._names[action.task]} {action.to}{' last' if action.last else ''}"
            case HoldTask():
                return f"hold {self._names[action.task]} {action.holder}"
            case CloseTask():
                return f"close {self._names[action.task]} {action.end}" + (f" {action.why}" if action.why else "")
            case SendMessage():
                return f"send {action.template}"
            case NotifyStaff():
                return f"notify {action.role} {action.template}"
            case RecallMessage():
                return f"recall {self._messages.get(action.message, 'what was never sent')}"
            case OpenAsk():
                return f"ask {action.form}"
            case CloseAsk():
                return f"close {self._names[action.ask]} {action.end}"
            case BookVisit():
                return f"book {action.name} {local(action.planned)}"
            case CloseVisit():
                return f"close {self._names[action.visit]} {action.end}"
            case CallSystem() | EnrolPatient():
                return f"call {action.name}" if isinstance(action, CallSystem) else f"enrol {action.pathway}"
            case RaiseAlarm():
                return f"alarm {action.code}"
            case EndJourney() | ReopenJourney():
                return f"end {action.reason}" if isinstance(action, EndJourney) else "reopen"
