"""Who gets a late task next. Rung zero is the task's own role; the holder keeps the task, whoever joins may end it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import AnnotateTask, EscalateTask, NotifyStaff, RaiseAlarm
from pathways.engine.clocks import due_at, on_calendar, rung_at
from pathways.engine.context import Facts
from pathways.engine.departments import department_of
from pathways.engine.ids import derive
from pathways.engine.journey import Node, Scalar
from pathways.engine.questions import is_urgent, task_at
from pathways.engine.turn import Turn
from pathways.language.definition import Rung
from pathways.language.messages import PAGE
from pathways.language.release import Release
from pathways.language.schedule import zone_named
from pathways.language.step import Task


def rungs_of(release: Release, step: Task) -> tuple[Rung, ...]:
    """The rungs above the task's own role, lowest first."""
    return () if step.ladder is None else release.pathway.ladders[step.ladder]


def next_rung(release: Release, node: Node, step: Task, facts: Facts, zone: str) -> datetime | None:
    """When the next rung passes; None where the clock stands still or the ladder is at its top."""
    rungs = rungs_of(release, step)
    if node.end is not None or node.suspended or node.rung >= len(rungs):
        return None
    return rung_at(node, step, rungs[node.rung], facts, zone)


def pass_rung(turn: Turn, key: str, path: str) -> None:
    """The next rung's role joins; an urgent task that reaches the top calls the operator."""
    node = turn.node(key, path)
    step = task_at(turn.release, turn.activation(key), path)
    rungs = () if step is None else rungs_of(turn.release, step)
    if step is None or node.rung >= len(rungs):
        return
    rung, last = rungs[node.rung], node.rung + 1 == len(rungs)
    turn.put_node(key, path, replace(node, rung=node.rung + 1))
    task = turn.id_of(key, path)
    turn.act(
        EscalateTask(
            task=task,
            rung=node.rung + 1,
            to=rung.to,
            at=turn.now,
            department=department_of(turn, key, path, rung.of),
            page=rung.page,
            last=last,
        )
    )
    if rung.page:
        page = turn.id_of(key, path, f"/page-{node.rung + 1}")
        track = turn.activation(key).track
        turn.act(NotifyStaff(message=page, template=PAGE, track=track, role=rung.to, at=turn.now, urgent=True))
    if last and is_urgent(step):
        alarm(turn, task)


def alarm(turn: Turn, task: str) -> None:
    """Nobody is left above: an operator must look."""
    turn.act(RaiseAlarm(alarm=derive(turn.journey.id, "last-rung", task), code="last-rung", at=turn.now, task=task))


def watch_calendar(turn: Turn, node: Node, step: Task) -> None:
    """One alarm a journey and year where working time is counted beyond the days that were announced."""
    calendar, rungs = turn.facts.calendar, rungs_of(turn.release, step)
    due = due_at(node, step, turn.facts, turn.zone)
    spans = [rung.after for rung in rungs] + ([] if step.due is None else [step.due])
    instants = [rung_at(node, step, rung, turn.facts, turn.zone) for rung in rungs] + ([] if due is None else [due])
    beyond = [at for at in instants if calendar.exhausted(at)]
    if not beyond or not on_calendar(step, spans):
        return
    year = max(beyond).astimezone(zone_named(calendar.zone)).year
    if year > turn.journey.exhausted:
        turn.journey = replace(turn.journey, exhausted=year)
        name = derive(turn.journey.id, "calendar-exhausted", str(year))
        turn.act(RaiseAlarm(alarm=name, code="calendar-exhausted", at=turn.now))


def open_tasks(turn: Turn, key: str) -> list[tuple[str, Node, Task]]:
    """The open tasks of an activation, in the order in which they were opened."""
    activation = turn.activation(key)
    found: list[tuple[str, Node, Task]] = []
    for path, node in sorted(activation.nodes.items(), key=lambda item: item[1].order):
        step = task_at(turn.release, activation, path) if node.end is None and node.kind == "task" else None
        if step is not None:
            found.append((path, node, step))
    return found


def annotate(turn: Turn, key: str, code: str, values: Mapping[str, Scalar | None], *, flag: bool = False) -> None:
    """Shows something new on every open task of the activation."""
    for path, _, _ in open_tasks(turn, key):
        turn.act(AnnotateTask(task=turn.id_of(key, path), code=code, at=turn.now, values=dict(values), flag=flag))


def worsen(turn: Turn, key: str, values: Mapping[str, Scalar | None]) -> None:
    """A worse value: each open task is due now and passes one rung, once; later worse values annotate."""
    for path, node, _ in open_tasks(turn, key):
        due = None if node.raised else turn.now
        turn.act(AnnotateTask(task=turn.id_of(key, path), code="worse", at=turn.now, values=dict(values), due=due))
        if not node.raised:
            turn.put_node(key, path, replace(node, raised=True, due_now=turn.now))
            pass_rung(turn, key, path)
