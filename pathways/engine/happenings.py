"""What each kind of event does to a journey, once it is its turn."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from pathways.engine.actions import AnnotateTask, CloseTask, CloseVisit, HoldTask
from pathways.engine.admission import admit
from pathways.engine.anchors import set_by_hand, set_parameter
from pathways.engine.clocks import due_at, restarted, suspended
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
    RungUnattended,
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
from pathways.engine.journey import Activation, Cause, Effect, End, Node
from pathways.engine.ladders import alarm, pass_rung, rungs_of
from pathways.engine.occasions import VISIT_KEPT, decide_event, remember_event
from pathways.engine.outcomes import depart, stop, waiting
from pathways.engine.questionnaires import take_answers, take_report
from pathways.engine.questions import find_step, is_urgent, task_at
from pathways.engine.refusals import find_task, find_visit, outcomes_of
from pathways.engine.reinstatement import reinstate
from pathways.engine.replies import take_reply
from pathways.engine.results import take_result
from pathways.engine.starts import carry_out, carry_out_all, release_held
from pathways.engine.steps import ask_staff, begin, close_step, resume
from pathways.engine.tasks import tell
from pathways.engine.turn import Turn
from pathways.engine.undo import recover
from pathways.engine.verdicts import Verdict
from pathways.engine.visits import is_too_late, move, unbook
from pathways.language.definition import Track
from pathways.language.step import Visit


def happen(turn: Turn, event: AnyEvent) -> None:
    """Takes in one event that was not refused."""
    match event:
        case Tick():
            pass
        case Enrolled():
            cause = Cause(kind="enrolment", occurrence=event.id, received=event.received)
            names = [name for name, track in _tracks(turn) if track.when == "enrolment"]
            _start_tracks(turn, [admit(turn, name, cause, values={}) for name in names])
        case Happened():
            remember_event(turn, event.name, event.at or event.received)
            _start_tracks(turn, decide_event(turn, event))
        case ResultReceived():
            take_result(turn, event)
        case FormAnswered():
            take_answers(turn, event)
        case TaskClaimed() | TaskReleased() | TaskHandedOver() | TaskCompleted():
            _on_task(turn, event)
        case TaskAttempted() | TaskSuspended() | TaskContinued():
            tell(turn, event)
        case VisitReported():
            _visit(turn, event)
        case TrackStarted():
            cause = Cause(kind="by-hand", occurrence=event.id, received=event.received, chosen=True)
            turn.remember(event.track, replace(turn.state(event.track), stopped=False, interrupted=None))
            carry_out(turn, admit(turn, event.track, cause, values={}))
        case TrackStopped():
            stop(turn, event.track)
        case Paused() | Resumed() | Withdrawn() | Died() | Left() | Reinstated():
            _on_journey(turn, event)
        case CallAnswered() | EnrolmentRefused():
            take_reply(turn, event)
        case AnchorSet():
            set_by_hand(turn, event)
        case ParameterSet():
            set_parameter(turn, event)
        case RungUnattended():
            _unattended(turn, event)
        case _:
            assert_never(event)


def _on_journey(turn: Turn, event: Paused | Resumed | Withdrawn | Died | Left | Reinstated) -> None:
    match event:
        case Paused():
            _pause(turn)
        case Resumed():
            _resume(turn)
        case Withdrawn():
            _withdraw(turn, event)
        case Died():
            depart(turn, "died", event.at)
        case Left():
            depart(turn, event.reason, event.received)
        case Reinstated():
            reinstate(turn, event)
        case _:
            assert_never(event)


def _tracks(turn: Turn) -> Iterable[tuple[str, Track]]:
    return turn.release.pathway.tracks.items()


def _start_tracks(turn: Turn, verdicts: list[Verdict]) -> None:
    if not verdicts:
        turn.decide("not-watched")
    carry_out_all(turn, verdicts)


def _on_task(turn: Turn, event: TaskClaimed | TaskReleased | TaskHandedOver | TaskCompleted) -> None:
    if isinstance(event, TaskCompleted):
        _complete(turn, event)
    else:
        _hold(turn, event)


def _hold(turn: Turn, event: TaskClaimed | TaskReleased | TaskHandedOver) -> None:
    found = find_task(turn.release, turn.journey, event.task)
    assert found is not None, "refused before"
    key, path, node, _ = found
    match event:
        case TaskClaimed():
            holder = event.by
        case TaskReleased():
            holder = None
        case TaskHandedOver():
            holder = event.to
        case _:
            assert_never(event)
    turn.put_node(key, path, replace(node, holder=holder))
    turn.act(HoldTask(task=event.task, holder=holder, at=event.received, by=event.by))


_ENDS: dict[str, End] = {"not-needed": "not-needed", "not-possible": "not-possible"}


_STILL: dict[str, Any] = {"suspended": False, "waiting": None, "waiting_until": None, "next_attempt": None}
"""What a task that has ended does not say any more."""


def _complete(turn: Turn, event: TaskCompleted) -> None:
    found = find_task(turn.release, turn.journey, event.task)
    assert found is not None, "refused before"
    key, path, _, step = found
    end: End = _ENDS.get(event.outcome, "done")
    turn.act(
        CloseTask(task=event.task, end=end, at=event.received, outcome=event.outcome, by=event.by, done_at=event.at)
    )
    turn.effects.append(
        Effect(
            kind="outcome",
            activation=key,
            path=turn.marked(key, path),
            at=event.received,
            name=step.task,
            outcome=event.outcome,
            chosen=True,
        )
    )
    if turn.journey.status == "ended" and (step.outcomes.get(event.outcome) or waiting(turn, turn.effects[-1])):
        _follow_up(turn, key, path, event)
    if step.form is not None and event.items:
        take_report(turn, event, step.form)
    done_at = _really(turn, key, path, event)
    at = event.received
    close_step(turn, key, path, end, way=event.outcome, at=at, done_at=done_at, chosen=True, holder=None, **_STILL)


def _really(turn: Turn, key: str, path: str, event: TaskCompleted | VisitReported) -> datetime | None:
    """When it was done, where it is told later: never before it was there to do."""
    at = max(event.at, turn.node(key, path).entered)
    return at if at < event.received else None


def keep_conflict(turn: Turn, event: AnyEvent) -> None:
    """What a person decided on a task that had ended otherwise by the time it was told still reaches staff."""
    found = find_task(turn.release, turn.journey, event.task) if isinstance(event, TaskCompleted) else None
    if found is None or not isinstance(event, TaskCompleted):
        return
    key, path, node, step = found
    if node.end is None or node.way == event.outcome or event.outcome not in outcomes_of(step):
        return
    values = {"outcome": event.outcome}
    turn.act(AnnotateTask(task=event.task, code="conflict", at=turn.now, values=values, flag=True))
    _follow_up(turn, key, path, event)


def _follow_up(turn: Turn, key: str, path: str, event: TaskCompleted) -> None:
    """After an exit an outcome leads to work for staff, not to automatic steps."""
    parent = turn.activation(key)
    begin(
        turn,
        Activation(
            track=parent.track,
            occurrence=turn.unused(parent.track, "follow-up", f"{key}:{turn.marked(key, path)}:{event.id}"),
            kind="follow-up",
            started=turn.now,
            received=event.received,
            causes=parent.causes,
            about=event.outcome,
        ),
    )


def _visit(turn: Turn, event: VisitReported) -> None:
    found = find_visit(turn.release, turn.journey, event)
    assert found is not None, "refused before"
    key, path = found
    step = find_step(turn.release, turn.activation(key), path)
    assert isinstance(step, Visit), "a visit was looked for"
    if event.department is not None:
        turn.put_node(key, path, replace(turn.node(key, path), department=event.department))
    match event.state:
        case "booked":
            move(turn, key, path, step, event.at)
            if is_too_late(turn.node(key, path), step, turn.facts, turn.zone):
                ask_staff(turn, key, path, "booking", step.visit)
        case "cancelled":
            # The need stays: the visit is open until its window ends, and nobody is reminded of a date that is none.
            turn.decide("flagged", track=turn.activation(key).track, step=path)
            unbook(turn, key, path, step)
        case "kept" | "missed":
            if event.state == "kept":
                remember_event(turn, VISIT_KEPT, event.at)
            end: End = "done" if event.state == "kept" else "missed"
            if turn.node(key, path).end == "missed":
                recover(turn, key, path, step.visit)
            turn.act(CloseVisit(visit=turn.id_of(key, path), end=end, at=event.received))
            done_at = _really(turn, key, path, event)
            close_step(turn, key, path, end, way=event.state, at=event.received, done_at=done_at, contact=None)
        case _:
            assert_never(event.state)


def _withdraw(turn: Turn, event: Withdrawn) -> None:
    """Leaving care ends the journey; leaving another purpose stops its tracks."""
    if event.purpose in {None, "care"}:
        depart(turn, "withdrawn", event.received)
        return
    assert event.purpose is not None, "told above"
    turn.journey = replace(turn.journey, withdrawn=(*turn.journey.withdrawn, event.purpose))
    turn.decide("stopped", values={"purpose": event.purpose})
    for name, track in _tracks(turn):
        if track.purpose == event.purpose:
            stop(turn, name)


def _pause(turn: Turn) -> None:
    turn.journey = replace(turn.journey, status="paused")
    turn.decide("paused")
    for key, path, node in _routine(turn):
        if not node.suspended:
            turn.put_node(key, path, suspended(node, turn.now, turn.facts))


def _resume(turn: Turn) -> None:
    turn.journey = replace(turn.journey, status="active")
    turn.decide("resumed")
    for key, path, node in _routine(turn):
        if node.waiting is None:
            _restart(turn, key, path, restarted(node, turn.now))
    # What stops other tracks comes before these go on; of what was held together the one that goes first does.
    names = sorted(turn.release.pathway.tracks, key=turn.release.rank)
    for name in names:
        if turn.track(name).interrupts:
            release_held(turn, name)
    for key in tuple(turn.journey.activations):
        resume(turn, key)
    for name in names:
        release_held(turn, name)


def _restart(turn: Turn, key: str, path: str, node: Node) -> None:
    """The clock of a task runs again, and the list shows when it is due now."""
    turn.put_node(key, path, node)
    step = task_at(turn.release, turn.activation(key), path)
    due = None if step is None else due_at(node, step, turn.facts, turn.zone)
    if due is not None:
        turn.act(AnnotateTask(task=turn.id_of(key, path), code="resumed", at=turn.now, due=due))


def _routine(turn: Turn) -> Iterator[tuple[str, str, Node]]:
    """Open routine tasks of tracks that a pause holds."""
    for key, activation in tuple(turn.journey.activations.items()):
        if turn.track(activation.track).safety:
            continue
        for path, node in activation.nodes.items():
            step = task_at(turn.release, activation, path) if node.kind == "task" and node.end is None else None
            if step is not None and not is_urgent(step):
                yield key, path, node


def _unattended(turn: Turn, event: RungUnattended) -> None:
    found = find_task(turn.release, turn.journey, event.task)
    if found is None or found[2].end is not None or found[2].rung != event.rung:
        return
    key, path, node, step = found
    if node.rung >= len(rungs_of(turn.release, step)):
        alarm(turn, event.task)
    else:
        pass_rung(turn, key, path)
