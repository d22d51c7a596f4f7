"""Calls to hospital systems and enrolments on other pathways: asked for with what is known, and taken back."""

from collections.abc import Mapping
from dataclasses import replace

from pathways.engine import plans
from pathways.engine.actions import CallSystem, EnrolPatient
from pathways.engine.journey import Node, Scalar
from pathways.engine.nodes import close, evaluated
from pathways.engine.turn import Turn
from pathways.language.step import Call, Enrol

UNDO = "/undo"
"""The end of the id's path of the call that takes a call back."""


def enter_call(turn: Turn, key: str, path: str, step: Call, node: Node) -> Node:
    """Calls the system and waits for its answer; a call of which something cannot be known has failed at once."""
    arguments = _given(turn, key, path, step.with_)
    track = turn.activation(key).track
    if arguments is None:
        return close(turn, key, path, replace(node, ended=node.since), "not-possible", way="failed")
    turn.act(CallSystem(call=turn.id_of(key, path), name=step.call, track=track, at=turn.now, arguments=arguments))
    return turn.put_node(key, path, replace(node, told=True))


def take_back(turn: Turn, key: str, path: str, step: Call) -> bool:
    """Makes the call that takes a call back, with what its answer was bound to; False where none is declared."""
    if step.undo is None:
        return False
    activation = turn.activation(key)
    turn.act(
        CallSystem(
            call=turn.id_of(key, path, UNDO),
            name=step.undo,
            track=activation.track,
            at=turn.now,
            arguments={name: activation.bound[name] for name in step.bind if name in activation.bound},
            undoes=turn.id_of(key, path),
        )
    )
    return True


def enter_enrol(turn: Turn, key: str, path: str, step: Enrol, node: Node) -> Node:
    """Asks for the patient's enrolment; not possible where something that is carried over cannot be known."""
    values = _given(turn, key, path, step.with_)
    named = _given(turn, key, path, {} if step.episode is None else {"episode": step.episode})
    if values is None or named is None:
        return close(turn, key, path, node, "not-possible")
    dates = {name: plans.instant_of(at, turn.journey, turn.facts) for name, at in step.anchors.items()}
    turn.act(
        EnrolPatient(
            enrolment=turn.id_of(key, path),
            pathway=step.enrol,
            at=turn.now,
            anchors={name: at for name, at in dates.items() if at is not None},
            values=values,
            episode=written(named["episode"]) if named else None,
        )
    )
    return close(turn, key, path, replace(node, told=True), "done")


def written(value: Scalar) -> str:
    """A value as the name of an episode: a whole number without its fraction."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else f"{value:.15g}"


def _given(
    turn: Turn, key: str, path: str, expressions: Mapping[str, str | float | bool]
) -> Mapping[str, Scalar] | None:
    """The values of expressions; None, with a reason, where one of them cannot be known."""
    given: dict[str, Scalar] = {}
    for name, text in expressions.items():
        value = evaluated(turn, key, path, text) if isinstance(text, str) else text
        if value is None:
            return None
        given[name] = value
    return given
