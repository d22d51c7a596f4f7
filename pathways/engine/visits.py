"""Visits: planned within a window, announced, kept, missed, or stood for by a result that somebody else ordered."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import BookVisit, CloseVisit
from pathways.engine.anchors import note_done
from pathways.engine.clocks import moved
from pathways.engine.contact import Contacted, tell
from pathways.engine.context import Facts
from pathways.engine.journey import Journey, Node, Reading
from pathways.engine.questions import find_step
from pathways.engine.readings import known_value, readings_of
from pathways.engine.turn import Turn
from pathways.language.release import Release
from pathways.language.step import Visit


def enter_visit(turn: Turn, key: str, path: str, step: Visit, node: Node) -> Node:
    """Books the visit; a result within the window that is already there stands for it."""
    activation = turn.activation(key)
    first = not any(other.kind == "visit" for other in activation.nodes.values())
    planned = activation.planned_for if first and activation.planned_for is not None else node.since
    node = turn.put_node(key, path, replace(node, planned=planned))
    book(turn, key, path, step, node)
    readings = readings_of(turn.journey)
    for reading in () if step.satisfied_by is None else readings.of(step.satisfied_by.data):
        if satisfies(turn, step, node, reading):
            turn.decide("satisfied", track=activation.track, step=path)
            turn.act(CloseVisit(visit=turn.id_of(key, path), end="done", at=turn.now))
            way = "kept" if step.kept else None
            done = turn.put_node(key, path, replace(node, end="done", ended=node.since, way=way, result=reading.id))
            note_done(turn, key, path)
            return done
    return node


def book(turn: Turn, key: str, path: str, step: Visit, node: Node) -> None:
    """Plans the visit with the hospital."""
    earliest, latest = window(node, step, turn.facts, turn.zone)
    turn.act(
        BookVisit(
            visit=turn.id_of(key, path),
            name=step.visit,
            track=turn.activation(key).track,
            planned=date_of(node),
            earliest=earliest,
            latest=latest,
        )
    )


def date_of(node: Node) -> datetime:
    """When the visit is to be: as booked, else as planned."""
    return node.booked or node.planned or node.since


def window(node: Node, step: Visit, facts: Facts, zone: str) -> tuple[datetime, datetime]:
    """From when until when the visit counts: around the date for which it is needed, and around the one booked."""
    dates = [date for date in (node.planned or node.since, node.booked) if date is not None]
    return (
        min(moved(date, step.window.early, facts, zone, -1) for date in dates),
        max(moved(date, step.window.late, facts, zone) for date in dates),
    )


def is_too_late(node: Node, step: Visit, facts: Facts, zone: str) -> bool:
    """Whether it is booked for later than it is needed."""
    return node.booked is not None and node.booked > moved(node.planned or node.since, step.window.late, facts, zone)


def satisfies(turn: Turn, step: Visit, node: Node, reading: Reading) -> bool:
    """Whether a settled, readable result of the right kind and time stands for the visit."""
    wanted = step.satisfied_by
    if wanted is None or reading.data != wanted.data or not reading.settled or known_value(reading) is None:
        return False
    if wanted.from_ != "anywhere" and reading.origin != wanted.from_:
        return False
    earliest, latest = window(node, step, turn.facts, turn.zone)
    return earliest <= reading.effective <= latest


def remind_at(node: Node, step: Visit, facts: Facts, zone: str) -> datetime | None:
    """When the next reminder goes, the furthest ahead first; None when all have gone."""
    if node.contact is not None:
        return node.contact
    instants = _reminders(date_of(node), step, facts, zone)
    return instants[node.reminded] if node.reminded < len(instants) else None


def _reminders(planned: datetime, step: Visit, facts: Facts, zone: str) -> list[datetime]:
    return sorted(moved(planned, span, facts, zone, -1) for span in step.remind)


def move(turn: Turn, key: str, path: str, step: Visit, to: datetime) -> None:
    """The hospital booked the visit for that time: what is still ahead of its reminders counts from there."""
    node = turn.node(key, path)
    if date_of(node) != to:
        gone = sum(at <= turn.now for at in _reminders(to, step, turn.facts, turn.zone))
        node = turn.put_node(key, path, replace(node, booked=to, reminded=gone, contact=None))
    book(turn, key, path, step, node)


def unbook(turn: Turn, key: str, path: str, step: Visit) -> None:
    """The hospital called off the date that it gave: the visit is planned for when it is needed, as before."""
    node = turn.node(key, path)
    if node.booked is not None:
        turn.put_node(key, path, replace(node, booked=None))
        replan(turn, key, path, step, node.planned or node.since)


def replan(turn: Turn, key: str, path: str, step: Visit, to: datetime) -> None:
    """The visit is needed for another date; what the hospital booked stays until it books anew."""
    node = turn.node(key, path)
    gone = sum(at <= turn.now for at in _reminders(node.booked or to, step, turn.facts, turn.zone))
    node = turn.put_node(key, path, replace(node, planned=to, reminded=gone, contact=None))
    book(turn, key, path, step, node)


def remind(turn: Turn, key: str, path: str, step: Visit) -> Contacted:
    """Sends the reminder, or keeps it for a better hour; the answer tells who else must do it."""
    node = turn.node(key, path)
    mark = f"/remind-{date_of(node).isoformat()}-{node.reminded}"
    outcome, at = tell(turn, key, path, step.reminder or step.visit, mark=mark)
    if outcome == "deferred":
        turn.put_node(key, path, replace(node, contact=at))
    else:
        turn.put_node(key, path, replace(node, contact=None, reminded=node.reminded + 1))
    return outcome


def visit_nodes(release: Release, journey: Journey) -> list[tuple[str, str, Node, Visit]]:
    """Every visit of the journey that is kept in its state, in the order in which they were entered."""
    found = [
        (node.order, key, path, node, find_step(release, activation, path))
        for key, activation in journey.activations.items()
        for path, node in activation.nodes.items()
        if node.kind == "visit"
    ]
    ordered = sorted(found, key=lambda item: item[0])
    return [(key, path, node, step) for _, key, path, node, step in ordered if isinstance(step, Visit)]
