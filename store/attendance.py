"""Whether somebody is there for what has come to a role: rungs on which a task stands, and who is on duty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pathways.engine.actions import AnyAction, EscalateTask, OpenTask
from store import people, tables, tasks
from store.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A rung to which a task came: its role, and the department where that is looked for.

    An urgent task's own role is rung zero.
    """

    task: str
    rung: int
    role: str
    department: str | None


def rungs_of(actions: Iterable[AnyAction]) -> list[Standing]:
    """The rungs that the actions bring."""
    found: list[Standing] = []
    for action in actions:
        if isinstance(action, EscalateTask):
            found.append(Standing(task=action.task, rung=action.rung, role=action.to, department=action.department))
        elif isinstance(action, OpenTask) and action.urgent:
            found.append(Standing(task=action.task, rung=0, role=action.role, department=action.department))
    return found


def standing_of(session: Session, journey: tables.Journey) -> list[Standing]:
    """The rungs on which the journey's open tasks stand."""
    return [
        Standing(task=task.id, rung=role.rung, role=role.role, department=role.department)
        for task in tasks.open_of(session, journey.id)
        for role in tasks.roles_of(session, task.id)
        if role.rung == task.rung and (task.urgent or task.rung > 0)
    ]


def unattended(session: Session, rungs: Sequence[Standing], *, now: datetime) -> list[Standing]:
    """Those on which a task now stands with nobody on duty. The last one too: it stays open, an operator is called."""
    return [
        one for one in rungs if tasks.stands_on(session, one.task, one.rung) and not _is_attended(session, one, now=now)
    ]


def _is_attended(session: Session, one: Standing, *, now: datetime) -> bool:
    """Whether somebody of the role is on duty there or, on rung zero, the person whose task it is."""
    person = tasks.read(session, one.task).person if one.rung == 0 else None
    there = person is not None and people.is_on_duty(session, person, now)
    return there or bool(people.on_duty(session, one.role, now, one.department))
