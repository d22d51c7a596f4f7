"""What a person or system asked for that cannot be: told before anything changes."""

import re
from dataclasses import dataclass

from pathways.engine.events import (
    AnchorSet,
    AnyEvent,
    Died,
    Happened,
    Left,
    ParameterSet,
    Paused,
    Reinstated,
    Resumed,
    TaskAttempted,
    TaskClaimed,
    TaskCompleted,
    TaskContinued,
    TaskHandedOver,
    TaskReleased,
    TaskSuspended,
    TrackStarted,
    TrackStopped,
    VisitReported,
    Withdrawn,
)
from pathways.engine.exits import REINSTATABLE
from pathways.engine.ids import node_id
from pathways.engine.journey import Journey, Node
from pathways.engine.questions import find_step, task_at
from pathways.engine.visits import visit_nodes
from pathways.language.release import Release
from pathways.language.step import Ask, Task
from pathways.language.written import TIME_OF_DAY_PATTERN

ANY_TASK = frozenset({"not-needed", "not-possible"})
"""Ends that every task allows beside the outcomes that it declares."""

TIMES_LIMIT = 12
"""How many times of day a list has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why not: a code that programs branch on, and a sentence without health data."""

    code: str
    message: str


def refusal(release: Release, journey: Journey, event: AnyEvent) -> Refusal | None:
    """Why the event must be refused as the journey stands; None where it is accepted."""
    match event:
        case (
            TaskClaimed()
            | TaskReleased()
            | TaskHandedOver()
            | TaskCompleted()
            | TaskAttempted()
            | TaskSuspended()
            | TaskContinued()
        ):
            return _task_refusal(release, journey, event)
        case TrackStarted(track=track) | TrackStopped(track=track) if track not in release.pathway.tracks:
            return Refusal(code="unknown-track", message="this pathway has no track of that name")
        case VisitReported(visit=visit) if find_visit(release, journey, event) is None:
            named = "with that id" if visit is not None else "of that name"
            return Refusal(code="unknown-visit", message=f"this journey has no open visit {named}")
        case TrackStarted(track=track) if release.pathway.tracks[track].purpose in journey.withdrawn:
            return Refusal(code="purpose-withdrawn", message="the patient has left what this track is for")
        case Withdrawn(purpose=purpose) if purpose in journey.withdrawn:
            return Refusal(code="already-withdrawn", message="the patient has left that purpose already")
        case Paused() if journey.status == "paused":
            return Refusal(code="already-paused", message="the journey is paused already")
        case Resumed() if journey.status == "active":
            return Refusal(code="not-paused", message="the journey is not paused")
        case Reinstated() if journey.exit is None or journey.exit.reason not in REINSTATABLE:
            return Refusal(code="not-reinstatable", message="the journey has not ended in a way that can be taken back")
        case (
            Paused() | Resumed() | Withdrawn() | Left() | TrackStarted() | TrackStopped() | Happened() | VisitReported()
        ):
            return _ended(journey)
        case AnchorSet():
            return _anchor_refusal(release, journey, event)
        case ParameterSet():
            return _parameter_refusal(release, journey, event)
        case Died():
            if journey.exit is not None and journey.exit.reason == "died":
                return Refusal(code="journey-ended", message="the death is recorded already")
        case _:
            pass
    return None


def _ended(journey: Journey) -> Refusal | None:
    if journey.status != "ended":
        return None
    return Refusal(code="journey-ended", message="the journey has ended; nothing was changed")


def _anchor_refusal(release: Release, journey: Journey, event: AnchorSet) -> Refusal | None:
    anchor = release.pathway.anchors.get(event.anchor)
    if anchor is None:
        return Refusal(code="unknown-anchor", message="this pathway has no anchor of that name")
    if event.anchor == "enrolled" and (event.at is None or event.tentative):
        return Refusal(code="anchor-needed", message="the date of enrolment is always known; give the right one")
    if anchor.season is not None and event.at is None:
        return Refusal(code="anchor-needed", message="the calendar gives this date; give the right one")
    return _ended(journey)


def _parameter_refusal(release: Release, journey: Journey, event: ParameterSet) -> Refusal | None:
    number = release.pathway.parameters.get(event.parameter)
    times = release.pathway.times.get(event.parameter)
    if number is None and times is None:
        return Refusal(code="unknown-parameter", message="this pathway has no parameter of that name")
    allowed = None if number is None else number.per_patient
    if allowed is None and (times is None or not times.per_patient):
        return Refusal(code="not-per-patient", message="this parameter is the same for every patient")
    if event.value is None:
        return _ended(journey)
    if allowed is None:
        if not isinstance(event.value, tuple) or not are_times(event.value):
            said = "that cannot be the patient's own; expected times of day as HH:MM, ascending, each once"
            return Refusal(code="wrong-value", message=said)
    elif isinstance(event.value, tuple) or not allowed[0] <= event.value <= allowed[1]:
        said = f"that cannot be the patient's own; expected a number from {allowed[0]:g} to {allowed[1]:g}"
        return Refusal(code="wrong-value", message=said)
    return _ended(journey)


def are_times(value: tuple[str, ...]) -> bool:
    """Whether these are times of day as HH:MM, ascending, each once."""
    texts = all(re.fullmatch(TIME_OF_DAY_PATTERN, text) for text in value)
    return 0 < len(value) <= TIMES_LIMIT and texts and list(value) == sorted(set(value))


_TaskEvent = TaskClaimed | TaskReleased | TaskHandedOver | TaskCompleted | TaskAttempted | TaskSuspended | TaskContinued


def _task_refusal(release: Release, journey: Journey, event: _TaskEvent) -> Refusal | None:
    found = find_task(release, journey, event.task)
    if found is None:
        return Refusal(code="unknown-task", message="this journey has no task with that id")
    _, _, node, step = found
    if node.end is not None:
        return Refusal(code="task-closed", message="the task has ended already; nothing was changed")
    match event:
        case TaskCompleted(outcome=outcome) if outcome not in outcomes_of(step):
            listed = ", ".join(sorted(outcomes_of(step)))
            return Refusal(code="unknown-outcome", message=f"the task does not have that outcome; it has: {listed}")
        case TaskClaimed() if node.holder not in {None, event.by}:
            return Refusal(code="task-held", message="another person holds the task; ask for it to be handed over")
        case TaskReleased() | TaskHandedOver() if node.holder is None:
            return Refusal(code="task-not-held", message="nobody holds the task")
        case TaskAttempted():
            return _attempt_refusal(node, step, event)
        case TaskSuspended() | TaskContinued():
            return _waiting_refusal(node, step, event)
        case _:
            return None


def _attempt_refusal(node: Node, step: Task, event: TaskAttempted) -> Refusal | None:
    if step.attempts is None:
        return Refusal(code="no-attempts", message="the task counts no attempts; end it with an outcome")
    if event.result == "no-answer" and node.attempts >= step.attempts.max:
        return Refusal(code="no-attempts-left", message="the task allows no more attempts; end it with an outcome")
    return None


def _waiting_refusal(node: Node, step: Task, event: TaskSuspended | TaskContinued) -> Refusal | None:
    if isinstance(event, TaskContinued):
        return Refusal(code="not-suspended", message="the task is not waiting") if node.waiting is None else None
    if step.suspended_while is None:
        return Refusal(code="not-suspendable", message="the task says nothing that it could wait for")
    if node.waiting is not None:
        return Refusal(code="already-suspended", message="the task is waiting already")
    if event.until is not None and event.until <= event.received:
        return Refusal(code="until-past", message="the time until which the task is to wait has passed")
    return None


def outcomes_of(step: Task) -> frozenset[str]:
    """The outcomes that a person may choose."""
    return (frozenset(step.outcomes) or frozenset({"done"})) | ANY_TASK


def _id(journey: Journey, key: str, path: str) -> str:
    return node_id(journey.id, key, path, journey.activations[key].again.get(path, 0))


def find_task(release: Release, journey: Journey, task: str) -> tuple[str, str, Node, Task] | None:
    """The activation, path, node and step of a task by its id."""
    for key, activation in journey.activations.items():
        for path, node in activation.nodes.items():
            if node.kind == "task" and _id(journey, key, path) == task:
                step = task_at(release, activation, path)
                return None if step is None else (key, path, node, step)
    return None


def find_visit(release: Release, journey: Journey, event: VisitReported) -> tuple[str, str] | None:
    """The activation and path of the visit that is spoken of: by its id, else the oldest open one of that name.

    One that was kept may have been missed before: people come late, and reports come later.
    """
    found = [
        (key, path, node)
        for key, path, node, step in visit_nodes(release, journey)
        if (step.visit == event.name if event.visit is None else _id(journey, key, path) == event.visit)
    ]
    still = [(key, path) for key, path, node in found if node.end is None]
    missed = [(key, path) for key, path, node in found if node.end == "missed" and event.state == "kept"]
    return (still or missed[-1:] or [None])[0]


def find_ask(release: Release, journey: Journey, form: str, ask: str | None) -> tuple[str, str] | None:
    """The activation and path of the question that answers belong to: the oldest open, else the last that expired."""
    found: list[tuple[int, str, str, Node]] = []
    for key, activation in journey.activations.items():
        for path, node in activation.nodes.items():
            step = find_step(release, activation, path) if node.kind == "ask" else None
            named = isinstance(step, Ask) and step.ask == form
            if named and (ask is None or _id(journey, key, path) == ask):
                found.append((node.order, key, path, node))
    found.sort(key=lambda item: item[0])
    still = [(key, path) for _, key, path, node in found if node.end is None]
    expired = [(key, path) for _, key, path, node in found if node.end == "missed"]
    return (still or expired[-1:] or [None])[0]
