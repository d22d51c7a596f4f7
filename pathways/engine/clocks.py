"""When things are due: spans counted from instants, on the clock that each step states.

An elapsed clock never pauses. A working clock is a ledger: the working time consumed before `Node.since` and what runs
from there on the calendar, so that a corrected calendar reaches what is already open.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pathways.engine.context import Facts
from pathways.engine.journey import Node
from pathways.language.definition import Rung
from pathways.language.schedule import Duration, shift, working_after, working_amount, working_between
from pathways.language.step import Task

LATE_AFTER = Duration(amount=2, unit="hour")
"""What is served later than this past its due time is late, unless the step says otherwise."""
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


def moved(at: datetime, by: Duration, facts: Facts, zone: str, sign: int = 1) -> datetime:
    """The instant `by` after (or before) another; what leaves the calendar ends at `END_OF_TIME`."""
    try:
        if by.working:
            return working_after(facts.calendar, at, working_amount(facts.calendar, by))
        return shift(at, by, zone, sign)
    except (ValueError, OverflowError):
        return END_OF_TIME


def times(by: Duration, count: int) -> Duration:
    """A duration, so many times over."""
    return Duration(amount=by.amount * count, unit=by.unit)


def due_at(node: Node, step: Task, facts: Facts, zone: str) -> datetime | None:
    """When the task is due; None where it has no limit."""
    if node.due_now is not None:
        return node.due_now
    return None if step.due is None else _on_clock(node, step, step.due, facts, zone)


def rung_at(node: Node, step: Task, rung: Rung, facts: Facts, zone: str) -> datetime:
    """When the rung passes if the task is still open."""
    return _on_clock(node, step, rung.after, facts, zone)


def on_calendar(step: Task, spans: Iterable[Duration]) -> bool:
    """Whether any of the spans of the task is counted in working time."""
    return step.clock == "working" or any(span.working for span in spans)


def _on_clock(node: Node, step: Task, span: Duration, facts: Facts, zone: str) -> datetime:
    if not on_calendar(step, [span]):
        return moved(node.since, span, facts, zone)
    amount = working_amount(facts.calendar, span) if span.working else moved(node.since, span, facts, zone) - node.since
    try:
        return working_after(facts.calendar, node.since, amount - timedelta(seconds=node.consumed))
    except (ValueError, OverflowError):
        return END_OF_TIME


def suspended(node: Node, now: datetime, facts: Facts) -> Node:
    """The node with its clock stopped at `now`, the working time that it ran written into the ledger."""
    ran = working_between(facts.calendar, node.since, now).total_seconds()
    return replace(node, consumed=node.consumed + ran, suspended=True)


def restarted(node: Node, now: datetime) -> Node:
    """The node with its clock running again from `now`."""
    return replace(node, since=now, suspended=False)


def late(since: datetime, now: datetime, after: Duration | None, facts: Facts, zone: str) -> bool:
    """Whether something due at `since` and served at `now` is late."""
    return now > moved(since, after or LATE_AFTER, facts, zone)
