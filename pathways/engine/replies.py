"""What other systems reply: answers to calls, and pathways that do not take the patient."""

from dataclasses import replace
from typing import NamedTuple

from pathways.engine import undo
from pathways.engine.binding import bound_of
from pathways.engine.calls import UNDO
from pathways.engine.events import CallAnswered, EnrolmentRefused
from pathways.engine.exits import UNREVIEWED
from pathways.engine.ids import node_id
from pathways.engine.journey import Journey
from pathways.engine.questions import NOT_ENROLLED, find_step
from pathways.engine.steps import ask_staff, close_step
from pathways.engine.turn import Turn
from pathways.language.step import Call, Enrol, Visit


class _Told(NamedTuple):
    """The step whose id was told outside: the call itself or the one that takes it back, now or an earlier time."""

    key: str
    path: str
    now: bool


def find_told(journey: Journey, id: str, kinds: frozenset[str], mark: str = "") -> _Told | None:
    """Where an id came from that was told to another system."""
    for key, activation in journey.activations.items():
        paths = {path for path, node in activation.nodes.items() if node.kind in kinds} | activation.again.keys()
        for path in paths:
            times = activation.again.get(path, 0)
            for again in range(times + 1):
                if node_id(journey.id, key, path + mark, again) == id:
                    return _Told(key, path, again == times and path in activation.nodes)
    return None


def take_reply(turn: Turn, event: CallAnswered | EnrolmentRefused) -> None:
    """What another system says to what it was asked."""
    if isinstance(event, CallAnswered):
        _take_answer(turn, event)
    else:
        _take_refusal(turn, event)


def _take_answer(turn: Turn, event: CallAnswered) -> None:
    """A call was answered, or could not be done; what could not be taken back becomes work for a person."""
    found = find_told(turn.journey, event.call, frozenset({"call"}))
    step = None if found is None else find_step(turn.release, turn.activation(found.key), found.path)
    if found is not None and isinstance(step, Call):
        if found.now:
            _answered(turn, found.key, found.path, step, event)
        else:
            turn.decide("undone", track=turn.activation(found.key).track, step=found.path)
        return
    undone = find_told(turn.journey, event.call, frozenset({"call"}), UNDO)
    undone = undone or find_told(turn.journey, event.call, frozenset({"visit"}))
    if undone is None:
        turn.decide("not-watched")
        return
    track = turn.activation(undone.key).track
    turn.decide("undone" if event.outcome == "answered" else "failed", track=track, step=undone.path)
    left = find_step(turn.release, turn.activation(undone.key), undone.path)
    if event.outcome == "failed" and isinstance(left, Call | Visit):
        about = left.call if isinstance(left, Call) else left.visit
        ask_staff(turn, undone.key, undone.path, "unfinished", about)


def _answered(turn: Turn, key: str, path: str, step: Call, event: CallAnswered) -> None:
    node, activation = turn.node(key, path), turn.activation(key)
    late = node.way == "failed" and event.outcome == "answered" and activation.state != "undone"
    if node.end is not None and not late:
        turn.decide("undone" if node.end == "cancelled" else "duplicate", track=activation.track, step=path)
        return
    if late:
        undo.undo_after(turn, key, path)
    activation = turn.activation(key)
    if event.outcome == "answered":
        bound = {**activation.bound, **bound_of(step.bind, event.data)}
        turn.put(replace(activation, state="running" if late else activation.state, bound=bound))
        close_step(turn, key, path, "done", way="answered", at=event.received, told=True)
    else:
        _failed(turn, key, path, step, event)


def _failed(turn: Turn, key: str, path: str, step: Call, event: CallAnswered) -> None:
    """The system could not do it: what the step says for that comes, after the journey's end a person is told."""
    turn.decide("failed", track=turn.activation(key).track, step=path)
    if turn.journey.status == "ended" and step.failed:
        ask_staff(turn, key, path, "follow-up", step.call)
    close_step(turn, key, path, "not-possible", way="failed", at=event.received, told=False)


def _take_refusal(turn: Turn, event: EnrolmentRefused) -> None:
    """The other pathway did not take the patient: a person sees to it."""
    found = find_told(turn.journey, event.enrolment, frozenset({"enrol"}))
    step = None if found is None else find_step(turn.release, turn.activation(found.key), found.path)
    if found is None or not isinstance(step, Enrol):
        turn.decide("not-watched")
        return
    track = turn.activation(found.key).track
    turn.decide("failed", track=track, step=found.path, values={"code": event.code})
    if not found.now:
        return
    node = turn.node(found.key, found.path)
    if node.told:
        turn.put_node(found.key, found.path, replace(node, told=False))
        exit_ = turn.journey.exit
        nobody = exit_ is not None and exit_.reason in UNREVIEWED
        activation = turn.activation(found.key)
        if (activation.state != "undone" or activation.left is not None) and not nobody:
            ask_staff(turn, found.key, found.path, "unfinished", step.enrol, note=NOT_ENROLLED)
