"""The dates that a journey counts from: anchors that are known, planned or given by the calendar, and what was done."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from pathways.engine.events import AnchorSet, ParameterSet
from pathways.engine.journey import Journey, Node, Own, Scalar
from pathways.engine.questions import find_step
from pathways.engine.turn import Turn
from pathways.language.schedule import on_date, zone_named
from pathways.language.step import AnyStep, Set, Task, Visit

SEASON_WITHIN = timedelta(days=366)
"""How far ahead of enrolment the date of a season may lie."""
_PLANNED = "~"
"""Before the date of an anchor that is a plan, where it is written as one text."""


def put_anchor(turn: Turn, name: str, at: datetime | None, *, tentative: bool = False) -> None:
    """The anchor has that date from now on, as a plan where it is `tentative`; None takes it back."""
    anchors = {other: date for other, date in turn.journey.anchors.items() if other != name}
    plans = tuple(other for other in turn.journey.tentative if other != name)
    if at is not None:
        anchors = {**anchors, name: at}
        plans = (*plans, name) if tentative else plans
    turn.journey = replace(turn.journey, anchors=anchors, tentative=plans)


def written_anchor(journey: Journey, name: str) -> str | None:
    """The date of an anchor as one text that `restore_anchor` reads; None where it has none."""
    at = journey.anchors.get(name)
    return None if at is None else f"{_PLANNED if name in journey.tentative else ''}{at.isoformat()}"


def restore_anchor(turn: Turn, name: str, before: Scalar | None) -> None:
    """Puts back what `written_anchor` wrote."""
    text = "" if before is None else str(before)
    at = datetime.fromisoformat(text.removeprefix(_PLANNED)) if text else None
    put_anchor(turn, name, at, tentative=text.startswith(_PLANNED))


def set_by_hand(turn: Turn, event: AnchorSet) -> None:
    """A person says when it is: that is not taken back with a step that had set it before."""
    put_anchor(turn, event.anchor, event.at, tentative=event.tentative)
    turn.decide("set", values={event.anchor: written_anchor(turn.journey, event.anchor)})
    for key, activation in tuple(turn.journey.activations.items()):
        for path, node in activation.nodes.items():
            step = find_step(turn.release, activation, path) if node.kind == "set" else None
            if isinstance(step, Set) and step.set == event.anchor:
                turn.put_node(key, path, replace(node, chosen=True))


def set_parameter(turn: Turn, event: ParameterSet) -> None:
    """From now on conditions and times are this patient's own, or the pathway's again."""
    parameters = {name: own for name, own in turn.journey.parameters.items() if name != event.parameter}
    if event.value is not None:
        own = Own(value=event.value, by=event.by, at=event.received)
        parameters = {**parameters, event.parameter: own}
    turn.journey = replace(turn.journey, parameters=parameters)
    shown = ", ".join(event.value) if isinstance(event.value, tuple) else event.value
    turn.decide("set", values={event.parameter: shown})


def instant_from(value: Scalar | None, zone: str) -> datetime | None:
    """The instant that a text stands for: of a date its beginning in the zone; None where it is neither."""
    try:
        if isinstance(value, str) and len(value) == len("2026-01-05"):
            return on_date(date.fromisoformat(value), time(), zone)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else None


def take_seasons(turn: Turn) -> None:
    """Anchors that the calendar gives are known once it gives them: the first date from the day of enrolment on."""
    if turn.journey.status == "ended":
        return
    zone = turn.zone
    enrolled = turn.journey.anchors["enrolled"].astimezone(zone_named(zone)).date()
    for name, anchor in turn.release.pathway.anchors.items():
        if anchor.season is None or name in turn.journey.anchors:
            continue
        dates = turn.facts.seasons.get(anchor.season, ())
        day = next((day for day in dates if timedelta() <= day - enrolled <= SEASON_WITHIN), None)
        if day is not None:
            put_anchor(turn, name, on_date(day, time(), zone))
            turn.decide("set", values={name: written_anchor(turn.journey, name)})


def note_done(turn: Turn, key: str, path: str) -> None:
    """What `done(...)` counts from, once the step at the path ended or was opened again."""
    step = find_step(turn.release, turn.activation(key), path)
    name = counted_name(step)
    if name is None or name not in turn.release.counted_steps:
        return
    node = turn.activation(key).nodes.get(path)
    at = None if node is None else done_when(turn.journey, node)
    before = turn.journey.done.get(name)
    if at is not None:
        put_done(turn, name, at if before is None else max(before, at))
    elif before is not None:
        put_done(turn, name, _last_done(turn, name))


def put_done(turn: Turn, name: str, at: datetime | None) -> None:
    """The step was last done then; None where it was not."""
    others: Mapping[str, datetime] = {other: date for other, date in turn.journey.done.items() if other != name}
    turn.journey = replace(turn.journey, done=others if at is None else {**others, name: at})


def _last_done(turn: Turn, name: str) -> datetime | None:
    found = [
        at
        for activation in turn.journey.activations.values()
        for path, node in activation.nodes.items()
        if counted_name(find_step(turn.release, activation, path)) == name
        and (at := done_when(turn.journey, node)) is not None
    ]
    return max(found, default=None)


def counted_name(step: AnyStep | None) -> str | None:
    """The name by which `done(...)` knows a step."""
    match step:
        case Task(task=name) | Visit(visit=name):
            return name
        case _:
            return None


def done_when(journey: Journey, node: Node) -> datetime | None:
    """When a step was really done: a visit for which a result stands, at its time; None where it was not done."""
    if node.end != "done":
        return None
    reading = journey.readings.get(node.result or "")
    return reading.effective if reading is not None else node.done_at or node.ended
