"""One journey's turns as lines: each event with what it makes happen, at fixed instants.

A replay does not see a changed argument, instant or value; these lines do.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta

from pathways.engine.actions import AnyAction
from pathways.engine.advance import advance, begin, next_wakeup
from pathways.engine.context import Context, Facts
from pathways.engine.events import (
    AnyEvent,
    Enrolled,
    Happened,
    ResultReceived,
    RungUnattended,
    TaskClaimed,
    TaskCompleted,
    Tick,
    Withdrawn,
)
from pathways.engine.ids import node_id
from pathways.engine.journey import Journey, Patient
from pathways.language.schedule import Calendar
from tests.workflows.ward import shell_release

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
"""A Monday, 09:00 in Shanghai."""
FACTS = Facts(
    calendar=Calendar(zone="Asia/Shanghai", opens=time(8), closes=time(17)),
    consent=True,
)
JOURNEY = "0" * 32


def lines() -> list[str]:
    """Every turn, with the ticks that the shell would add."""
    release = shell_release()
    journey = begin(
        release,
        id=JOURNEY,
        patient=Patient(born=date(1961, 3, 2)),
        anchors={"enrolled": START},
        parameters={},
        now=START,
    )
    written: list[str] = []
    for minutes, make in PLAY:
        at = START + timedelta(minutes=minutes)
        while (due := next_wakeup(release, journey, FACTS)) is not None and due <= at:
            tick = Tick(id=f"tick-{journey.sequence}", received=due)
            journey = _turn(journey, tick, due, written)
        journey = _turn(journey, make(journey, at), at, written)
    due = next_wakeup(release, journey, FACTS)
    return [*written, f"next wake-up {due.isoformat() if due else 'never'}"]


def _turn(journey: Journey, event: AnyEvent, now: datetime, written: list[str]) -> Journey:
    turned = advance(shell_release(), journey, event, Context(now=now, facts=FACTS))
    written.append(f"{turned.journey.sequence} {now.isoformat()} {event.kind}")
    written.extend(f"    {_written(action)}" for action in turned.actions)
    written.extend(
        f"    because {reason.code} {reason.track or '-'} {dict(reason.values)}" for reason in turned.reasons
    )
    return turned.journey


def _written(action: AnyAction) -> str:
    told = {field.name: getattr(action, field.name) for field in fields(action) if field.name != "kind"}
    return " ".join([action.kind, *(f"{name}={_value(value)}" for name, value in told.items())])


def _value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _task(journey: Journey) -> str:
    """The id of the first open task."""
    return next(
        node_id(journey.id, key, path)
        for key, activation in journey.activations.items()
        for path, node in activation.nodes.items()
        if node.kind == "task" and node.end is None
    )


def _pain(id: str, value: float, at: datetime) -> ResultReceived:
    return ResultReceived(
        id=id,
        received=at,
        result=id,
        version=1,
        status="final",
        code="72514-3",
        effective=at,
        value=value,
        unit="{score}",
    )


PLAY: tuple[tuple[int, Callable[[Journey, datetime], AnyEvent]], ...] = (
    (0, lambda journey, at: Enrolled(id="enrolled", received=at)),
    (10, lambda journey, at: _pain("mild", 3, at)),
    (20, lambda journey, at: _pain("strong", 8, at)),
    (51, lambda journey, at: RungUnattended(id="unattended", received=at, task=_task(journey), rung=1)),
    (60, lambda journey, at: TaskClaimed(id="claim", received=at, task=_task(journey), by="n-1")),
    (61, lambda journey, at: TaskClaimed(id="claim", received=at, task=_task(journey), by="n-1")),
    (
        300,
        lambda journey, at: TaskCompleted(
            id="complete", received=at, task=_task(journey), by="n-1", outcome="reached", at=at
        ),
    ),
    (301, lambda journey, at: Happened(id="ping", received=at, name="ping")),
    (4000, lambda journey, at: _pain("again", 9, at)),
    (4100, lambda journey, at: Withdrawn(id="withdrawn", received=at, by="n-1")),
)
"""Minutes from the start, and what happens then."""
