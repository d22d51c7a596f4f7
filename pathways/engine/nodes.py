"""What entering a step leaves: tasks, notices, choices, values and effects, each as the node that is kept."""

from dataclasses import replace
from typing import Literal

from pathways.engine.actions import NotifyStaff, OpenTask
from pathways.engine.anchors import instant_from, put_anchor, written_anchor
from pathways.engine.clocks import due_at
from pathways.engine.contact import values_of
from pathways.engine.departments import department_of
from pathways.engine.evidence import known_features, shown_features
from pathways.engine.journey import Activation, Effect, End, Node, Scalar
from pathways.engine.ladders import watch_calendar
from pathways.engine.panels import Results, results_of
from pathways.engine.paths import AGAIN, choosers, times_again
from pathways.engine.plans import instant_of
from pathways.engine.questions import is_urgent, steps_on
from pathways.engine.recall import told_of
from pathways.engine.turn import Turn
from pathways.language.conditions import Truth
from pathways.language.release import condition_of
from pathways.language.schedule import is_moment, parse_moment
from pathways.language.step import Again, Choose, Notify, Set, Task, name_of


def close(turn: Turn, key: str, path: str, node: Node, end: End, *, way: str | None = None) -> Node:
    """Keeps the node as ended, where it did not end before, now."""
    return turn.put_node(key, path, replace(node, end=end, ended=node.ended or turn.now, way=way))


def notify(turn: Turn, key: str, path: str, step: Notify) -> None:
    """Tells the staff who hold the role."""
    activation = turn.activation(key)
    turn.act(
        NotifyStaff(
            message=turn.id_of(key, path),
            template=step.message,
            track=activation.track,
            role=step.notify,
            at=turn.now,
            values=values_of(turn, activation),
        )
    )


def open_task(turn: Turn, key: str, path: str, step: Task, node: Node) -> Node:
    """Work appears on a person's list."""
    activation = turn.activation(key)
    department = department_of(turn, key, path, step.of)
    turn.act(
        OpenTask(
            task=turn.id_of(key, path),
            name=step.task,
            track=activation.track,
            role=step.role,
            urgent=is_urgent(step),
            opened=turn.now,
            due=due_at(node, step, turn.facts, turn.zone),
            outcomes=tuple(step.outcomes) or ("done",),
            form=step.form,
            department=department,
            person=None if step.to is None else turn.facts.team.get(step.to.removeprefix("patient.")),
            attempts=None if step.attempts is None else step.attempts.max,
            suspended_while=step.suspended_while,
            about=activation.about,
            values={**values_of(turn, activation), **_answers_of(turn, activation)},
            note=activation.note,
        )
    )
    watch_calendar(turn, node, step)
    return turn.put_node(key, path, replace(node, kind="task", department=department))


def _answers_of(turn: Turn, activation: Activation) -> dict[str, Scalar | None]:
    """What the track's condition looked at of the answers that started it: who opens the task sees why."""
    told = told_of(turn.journey, activation)
    text = condition_of(turn.track(activation.track).when)
    if told.answers is None or text is None:
        return {}
    features = (one for one in turn.release.condition(text).features if one.kind in {"score", "item", "tier"})
    mine = frozenset(feature for feature in features if feature.name == told.answers.form)
    return shown_features(known_features(turn.release, turn.journey, turn.facts, mine, now=turn.now, told=told))


def way_of(turn: Turn, key: str, path: str, step: Choose) -> str:
    """The way of a choice: the first case that is true, `unknown` where one before it cannot be known."""
    activation = turn.activation(key)
    results, told = results_at(turn, activation), told_of(turn.journey, activation)
    for number, case in enumerate(step.cases, start=1):
        condition = turn.release.condition(case.if_)
        known = known_features(
            turn.release, turn.journey, turn.facts, condition.features, now=turn.now, results=results, told=told
        )
        truth = condition.evaluate(known)
        if truth is Truth.TRUE:
            return f"case-{number}"
        if truth is Truth.UNKNOWN:
            turn.decide("unknown", track=activation.track, step=path, values=shown_features(known))
            return "unknown"
    return "otherwise"


def results_at(turn: Turn, activation: Activation) -> Results:
    """What the bare names of data stand for in its steps: the results that made it start."""
    track = turn.track(activation.track)
    results = [cause for cause in activation.causes if cause.result is not None]
    started = [cause for cause in results if activation.occurrence.startswith(cause.occurrence)]
    cause = next(iter((*started, *results)), None)
    return {} if cause is None else results_of(track.when, cause, turn.journey, safety=bool(track.safety))


def set_value(turn: Turn, key: str, path: str, step: Set, node: Node) -> Node:
    """Sets a value or an anchor of the journey; where it cannot be known the step is not possible."""
    if step.set in turn.release.pathway.anchors:
        return _set_anchor(turn, key, path, step, node)
    value = evaluated(turn, key, path, step.to) if isinstance(step.to, str) else step.to
    if value is None:
        return close(turn, key, path, node, "not-possible")
    before = turn.journey.values.get(step.set)
    turn.journey = replace(turn.journey, values={**turn.journey.values, step.set: value})
    return close(turn, key, path, replace(node, before=before), "done")


def evaluated(turn: Turn, key: str, path: str, text: str) -> Scalar | None:
    """What an expression gives; None, with a reason, where it cannot be known."""
    expression = turn.release.expression(text)
    told = told_of(turn.journey, turn.activation(key))
    known = known_features(turn.release, turn.journey, turn.facts, expression.features, now=turn.now, told=told)
    answer = expression.value(known)
    if answer is None:
        turn.decide("unknown", track=turn.activation(key).track, step=path, values=shown_features(known))
    return answer


def _set_anchor(turn: Turn, key: str, path: str, step: Set, node: Node) -> Node:
    """To what the event said, to a moment, or to the date that an answer gives."""
    text, activation = str(step.to), turn.activation(key)
    if text in activation.bound:
        at = instant_from(activation.bound[text], turn.zone)
    elif text == step.set:  # a plan that is agreed to: from now on it is known
        at = turn.journey.anchors.get(text)
    elif is_moment(text):
        at = instant_of(parse_moment(text), turn.journey, turn.facts)
    else:
        at = instant_from(evaluated(turn, key, path, text), turn.zone)
    if at is None:
        turn.decide("unknown", track=activation.track, step=path, values={step.set: None})
        return close(turn, key, path, node, "not-possible")
    before = written_anchor(turn.journey, step.set)
    put_anchor(turn, step.set, at, tentative=step.tentative)
    turn.decide("set", track=activation.track, step=path, values={step.set: written_anchor(turn.journey, step.set)})
    return close(turn, key, path, replace(node, before=before), "done")


def effect(turn: Turn, key: str, path: str, node: Node, kind: Literal["start", "stop", "end"], name: str) -> Node:
    """Ends the step with something that other tracks react to."""
    closed = close(turn, key, path, node, "done")
    at, chosen = node.ended or turn.now, under_choice(turn, key, path)
    turn.effects.append(Effect(kind=kind, activation=key, path=turn.marked(key, path), at=at, name=name, chosen=chosen))
    return closed


def under_choice(turn: Turn, key: str, path: str) -> bool:
    """Whether a person's choice led to the step."""
    return bool(choosers(turn.activation(key).nodes, path))


def again(turn: Turn, key: str, path: str, step: Again, node: Node) -> Node:
    """Leads back to the step around it, unless that was done as often as it may be."""
    around = steps_on(turn.release, turn.activation(key), path)[:-1]
    target = next(place for place, other in reversed(around) if name_of(other) == step.again)
    before = times_again(target)
    if before >= step.at_most:
        turn.decide("used-up", track=turn.activation(key).track, step=path)
        return close(turn, key, path, node, "done")
    return close(turn, key, path, node, "done", way=target + AGAIN)
