"""Steps that hold sequences of their own: beside each other, again and again, and once for each time of day."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time
from typing import NamedTuple

from pathways.engine.clocks import late, moved, times
from pathways.engine.evidence import known_features
from pathways.engine.journey import Node
from pathways.engine.nodes import close
from pathways.engine.recall import told_of
from pathways.engine.turn import Turn
from pathways.language.conditions import Truth
from pathways.language.schedule import at_local
from pathways.language.step import ForEach, Repeat, Steps, Together, default_lateness


class Walked(NamedTuple):
    """How far steps were passed."""

    since: datetime
    """When the last of them ended."""
    really: datetime | None = None
    """When it really did, where that was told later."""
    again: str | None = None
    """The step around them that is done once more, instead of what follows."""


Walk = Callable[[Turn, str, Steps, str, Walked], Walked | None]
"""Passes steps below a path; None where one is open."""
Ask = Callable[[Turn, str, str], str | None]
"""What a person decided on the late step at a path, `run` or `skip`; None while nobody has."""


def walk_beside(turn: Turn, key: str, path: str, step: Together, before: Walked, walk: Walk) -> Walked | None:
    """Goes on with every branch; all together end when the last of them does."""
    ends = [walk(turn, key, way, f"{path}/{name}/", before) for name, way in step.together.items()]
    return _last(ends)


def _last(ends: Iterable[Walked | None]) -> Walked | None:
    known = list(ends)
    open_ = any(end is None for end in known)
    return None if open_ else max((end for end in known if end is not None), key=lambda end: end.since)


def walk_repeat(turn: Turn, key: str, path: str, step: Repeat, before: Walked, walk: Walk, ask: Ask) -> Walked | None:
    """Goes on with the repetition that is under way, or waits for the next one, until there are enough of them."""
    ended = before
    for number in range(1, step.times + 1):
        place = f"{path}/#{number}"
        node = turn.activation(key).nodes.get(place)
        if node is None:
            due = max(_due(turn, before, step, number), ended.since)
            node = turn.put_node(key, place, turn.enter(key, place, "repeat", due))
            node = _end_by_condition(turn, key, place, step, node)
        if node.end is None and node.since <= turn.now:
            following = None if number == step.times else _due(turn, before, step, number + 1)
            node = _end_by_condition(turn, key, place, step, node)
            node = _begin(turn, key, place, step, node, following, ask)
        if node.end is None:
            return None
        if node.end == "not-needed":
            return Walked(node.ended or turn.now)
        if node.end == "done":
            walked = walk(turn, key, step.steps, f"{place}/", Walked(node.ended or node.since))
            if walked is None or walked.again is not None:
                return walked
            ended = walked
    return ended


def _due(turn: Turn, before: Walked, step: Repeat, number: int) -> datetime:
    return moved(before.since, times(step.every, number - 1), turn.facts, turn.zone)


def _end_by_condition(turn: Turn, key: str, place: str, step: Repeat, node: Node) -> Node:
    """What the repetition was for is so: this one and those after it are not needed."""
    if step.until is None or node.end is not None:
        return node
    condition = turn.release.condition(step.until)
    told = told_of(turn.journey, turn.activation(key))
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now, told=told)
    if condition.evaluate(known) is not Truth.TRUE:
        return node
    turn.decide("satisfied", track=turn.activation(key).track, step=place)
    return close(turn, key, place, node, "not-needed")


def _begin(
    turn: Turn, key: str, place: str, step: Repeat | ForEach, node: Node, following: datetime | None, ask: Ask
) -> Node:
    """Begins a repetition whose time has come, or lets it go where it is too late; open while a person is asked."""
    if node.end is not None:
        return node
    track = turn.activation(key).track
    if late(node.since, turn.now, step.late_after, turn.facts, turn.zone):
        policy = default_lateness(step, in_series=True)
        if policy in {"collapse", "ask"} and following is not None and following <= turn.now:
            turn.decide("collapsed", track=track, step=place)
            return close(turn, key, place, node, "skipped")
        if policy == "skip":
            turn.decide("too-late", track=track, step=place)
            return close(turn, key, place, node, "skipped")
        if policy == "ask":
            decided = ask(turn, key, place)
            if decided != "run":
                return node if decided is None else close(turn, key, place, node, "skipped")
            # What a person wants done counts from now, or it would be left out for being late.
            return close(turn, key, place, replace(node, ended=turn.now), "done")
    return close(turn, key, place, replace(node, ended=node.since), "done")


def enter_each(turn: Turn, key: str, path: str, step: ForEach, node: Node) -> Node:
    """Plans a branch for each time of the patient's list, on the day from which the step counts."""
    entered = close(turn, key, path, node, "done")
    for clock in _clocks(turn, step):
        place = f"{path}/{clock:%H-%M}"
        turn.put_node(key, place, turn.enter(key, place, "for_each", at_local(node.since, clock, turn.zone)))
    return entered


def _clocks(turn: Turn, step: ForEach) -> Iterator[time]:
    own = turn.journey.parameters.get(step.for_each)
    if own is not None and isinstance(own.value, tuple):
        yield from map(time.fromisoformat, own.value)
    else:
        yield from turn.release.pathway.times[step.for_each].value


def walk_each(turn: Turn, key: str, path: str, step: ForEach, before: Walked, walk: Walk, ask: Ask) -> Walked | None:
    """Goes on with every time that has come; the step ends with the last of them."""
    nodes = turn.activation(key).nodes
    places = [place for place in nodes if place.rpartition("/")[0] == path and nodes[place].kind == "for_each"]
    ends: list[Walked | None] = [before]
    for place, following in zip(places, [*places[1:], None], strict=True):
        node = nodes[place]
        if node.end is None and node.since <= turn.now:
            node = _begin(turn, key, place, step, node, None if following is None else nodes[following].since, ask)
        if node.end == "done":
            ends.append(walk(turn, key, step.steps, f"{place}/", Walked(node.ended or node.since)))
        else:
            ends.append(None if node.end is None else Walked(node.ended or node.since))
    return _last(ends)
