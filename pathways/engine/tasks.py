"""What people tell of an open task besides its end: that they tried in vain, and that it waits for somebody."""

from dataclasses import replace
from typing import assert_never

from pathways.engine.actions import AnnotateTask
from pathways.engine.clocks import due_at, moved, restarted, suspended
from pathways.engine.events import TaskAttempted, TaskContinued, TaskSuspended
from pathways.engine.journey import Scalar
from pathways.engine.questions import task_at
from pathways.engine.refusals import find_task
from pathways.engine.turn import Turn


def tell(turn: Turn, event: TaskAttempted | TaskSuspended | TaskContinued) -> None:
    """Takes in what a person tells of a task that stays open."""
    match event:
        case TaskAttempted():
            _attempt(turn, event)
        case TaskSuspended():
            _suspend(turn, event)
        case TaskContinued():
            found = find_task(turn.release, turn.journey, event.task)
            assert found is not None, "refused before"
            stop_waiting(turn, found[0], found[1])
        case _:
            assert_never(event)


def _attempt(turn: Turn, event: TaskAttempted) -> None:
    """Counts an attempt to reach the patient and says when the next one is to be; the task stays as it is.

    A patient who asked to be called back was reached: that is no attempt in vain.
    """
    found = find_task(turn.release, turn.journey, event.task)
    assert found is not None, "refused before"
    key, path, node, step = found
    assert step.attempts is not None, "refused before"
    count = node.attempts + (event.result == "no-answer")
    spaced = step.attempts.spaced
    tried = min(event.at, turn.now)
    again = event.again_at or (None if spaced is None else moved(tried, spaced, turn.facts, turn.zone))
    turn.put_node(key, path, replace(node, attempts=count, next_attempt=again))
    values: dict[str, Scalar | None] = {"result": event.result, "attempts": float(count)}
    turn.act(AnnotateTask(task=event.task, code="attempted", at=event.received, values=values, again_at=again))


def _suspend(turn: Turn, event: TaskSuspended) -> None:
    """The working clock of the task stands still; the list shows when it will be due where it says until when."""
    found = find_task(turn.release, turn.journey, event.task)
    assert found is not None, "refused before"
    key, path, node, step = found
    stopped = node if node.suspended else suspended(node, turn.now, turn.facts)
    waiting = replace(stopped, waiting=step.suspended_while, waiting_until=event.until)
    turn.put_node(key, path, waiting)
    due = None if event.until is None else due_at(restarted(waiting, event.until), step, turn.facts, turn.zone)
    turn.act(AnnotateTask(task=event.task, code="suspended", at=event.received, due=due, waiting=step.suspended_while))


def stop_waiting(turn: Turn, key: str, path: str) -> None:
    """The working clock goes on where it stood; in a pause it does so when the journey is resumed."""
    node, step = turn.node(key, path), task_at(turn.release, turn.activation(key), path)
    assert step is not None, "it was suspended"
    node = replace(node, waiting=None, waiting_until=None)
    held = turn.paused(turn.activation(key).track)
    node = turn.put_node(key, path, node if held else restarted(node, turn.now))
    due = None if held else due_at(node, step, turn.facts, turn.zone)
    turn.act(AnnotateTask(task=turn.id_of(key, path), code="continued", at=turn.now, due=due))
