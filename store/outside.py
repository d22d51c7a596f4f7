"""A journey as people see it from outside: what its rehearsal looks at."""

from collections.abc import Sequence
from typing import TypeVar, cast

from sqlalchemy import literal_column, select

from pathways.engine.journey import End, ExitReason
from pathways.engine.reasons import Code
from pathways.engine.reasons import Reason as Decision
from pathways.proof.outside import Outside, SeenTask, SeenVisit
from store import journeys, releases, tables
from store.database import Session

IN_STORE = ("tasks", "closed", "visits", "asks", "tags", "anchors", "ended", "sent", "notified", "alarms", "reasons")
"""What `outside_of` reads; the store shows no more of an `Outside`."""
_ALL = 1_000_000

Row = TypeVar("Row", tables.Alarm, tables.Ask, tables.Message, tables.Task, tables.Visit)


def outside_of(session: Session, journey: str) -> Outside:
    """Everything that the tables of a SQLite store show of the journey, in the order in which it came there."""
    tasks = _rows(session, tables.Task, journey)
    closed = sorted((task.closed_at, place, task.id) for place, task in enumerate(tasks) if task.closed_at is not None)
    visits, messages = _rows(session, tables.Visit, journey), _rows(session, tables.Message, journey)
    row = journeys.read(session, journey)
    release = releases.load(releases.read(session, row.release))
    seen = Outside(
        tasks={task.id: _seen(session, task) for task in tasks},
        closed=tuple(id for _, _, id in closed),
        visits={visit.id: SeenVisit(name=visit.name, end=_end(visit.end)) for visit in visits},
        asks={ask.id: ask.form for ask in _rows(session, tables.Ask, journey) if ask.end is None},
        ended=cast("ExitReason | None", row.exit_reason),
        sent=tuple(message.template for message in messages if message.role is None),
        notified=tuple(message.template for message in messages if message.role is not None),
        alarms=tuple(alarm.code for alarm in _rows(session, tables.Alarm, journey)),
        reasons=tuple(_decision(row) for row in journeys.timeline(session, journey, limit=_ALL)),
    )
    return seen.standing(release, journeys.state_of(row))


def _rows(session: Session, table: type[Row], journey: str) -> Sequence[Row]:
    rows = select(table).where(table.journey == journey)
    return session.scalars(rows.order_by(literal_column("rowid"))).all()  # SQLite counts what is put in


def _seen(session: Session, row: tables.Task) -> SeenTask:
    passed = select(tables.TaskEvent).where(tables.TaskEvent.task == row.id, tables.TaskEvent.what == "escalated")
    last = session.scalars(passed.order_by(tables.TaskEvent.position.desc()).limit(1)).first()
    return SeenTask(
        id=row.id,
        name=row.name,
        role=row.role,
        urgent=row.urgent,
        due=row.due,
        department=row.department,
        person=row.person,
        rung=row.rung,
        escalated_to=None if last is None else str(last.values["to"]),
        flagged=row.flagged,
        end=_end(row.end),
        outcome=row.outcome,
    )


def _end(text: str | None) -> End | None:
    return cast("End | None", text)


def _decision(row: tables.Reason) -> Decision:
    return Decision(
        code=cast("Code", row.code),
        at=row.at,
        event=row.event,
        track=row.track,
        occurrence=row.occurrence,
        step=row.step,
        values=row.values,
    )
