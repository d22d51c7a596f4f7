"""Taking back what no longer holds: backwards, and never past what a person decided."""

from dataclasses import dataclass, replace
from typing import Literal

from pathways.engine.actions import AnnotateTask, CloseAsk, CloseTask, CloseVisit, RecallMessage
from pathways.engine.journey import Activation, Effect, Node
from pathways.engine.questions import find_step
from pathways.engine.steps import ask_staff
from pathways.engine.turn import Turn
from pathways.language.definition import AnyStep, Ask, End, Every, Notify, Send, Set, Start, Stop, Task, Visit

Why = Literal["undone", "stopped", "no-longer-silent", "restarted"]


@dataclass(frozen=True, slots=True)
class _Undoing:
    """One activation being undone; what was said to the patient was `untrue` where a result was corrected."""

    turn: Turn
    key: str
    why: Why

    @property
    def untrue(self) -> bool:
        return self.why == "undone"


def undo(turn: Turn, key: str, why: Why) -> None:
    """Undoes an activation: the latest node first. Begun tasks are flagged to their holders and still served."""
    undoing = _Undoing(turn, key, why)
    activation = turn.activation(key)
    turn.put(replace(activation, state="undone", ended=turn.now))
    protected = tuple(
        f"{path}/{node.way}/" for path, node in activation.nodes.items() if node.chosen and node.way is not None
    )
    for path, node in sorted(activation.nodes.items(), key=lambda item: -item[1].order):
        step = find_step(turn.release, activation, path)
        if step is None:
            continue
        if path.startswith(protected):
            _flag_open(undoing, path, node, step)
        else:
            _undo_node(undoing, path, node, step)
    _count_again(turn, activation)


def undo_after(turn: Turn, key: str, path: str) -> None:
    """Undoes what came after a step that is open again, so that it may come anew."""
    undoing = _Undoing(turn, key, "undone")
    activation = turn.activation(key)
    order = activation.nodes[path].order
    later = {other: node for other, node in activation.nodes.items() if node.order > order}
    protected = tuple(f"{other}/{node.way}/" for other, node in later.items() if node.chosen and node.way is not None)
    for other, node in sorted(later.items(), key=lambda item: -item[1].order):
        step = find_step(turn.release, activation, other)
        if step is None or node.chosen or node.holder is not None or other.startswith(protected):
            continue
        _undo_node(undoing, other, node, step)
        kept = turn.activation(key)
        nodes = {name: kept.nodes[name] for name in kept.nodes if name != other}
        turn.put(replace(kept, nodes=nodes, again={**kept.again, other: kept.again.get(other, 0) + 1}))


def _undo_node(undoing: _Undoing, path: str, node: Node, step: AnyStep) -> None:
    match step:
        case Task():
            _undo_task(undoing, path, node)
        case Send() | Notify():
            _undo_message(undoing, path, node, step)
        case Ask():
            if node.end is None:
                undoing.turn.act(CloseAsk(ask=_id(undoing, path), end="cancelled", at=undoing.turn.now))
            undoing.turn.act(RecallMessage(message=_id(undoing, path), at=undoing.turn.now))
        case Visit():
            if node.end is None:
                undoing.turn.act(CloseVisit(visit=_id(undoing, path), end="cancelled", at=undoing.turn.now))
        case Set():
            _undo_set(undoing, node, step)
        case Start():
            undoing.turn.effects.append(
                Effect(kind="unstart", activation=undoing.key, path=path, at=undoing.turn.now, name=step.start)
            )
        case Stop() | End():
            # A track that was stopped or a journey that was ended does not come back by itself.
            if undoing.untrue:
                ask_staff(undoing.turn, undoing.key, path, "correction", path)
        case _:
            pass
    if node.end is None and not (isinstance(step, Task) and node.holder is not None):
        now = undoing.turn.node(undoing.key, path)
        undoing.turn.put_node(undoing.key, path, replace(now, end="cancelled", ended=undoing.turn.now))


def _undo_task(undoing: _Undoing, path: str, node: Node) -> None:
    turn = undoing.turn
    if node.end is None and node.holder is None:
        turn.act(CloseTask(task=_id(undoing, path), end="cancelled", at=turn.now, why=undoing.why))
    elif node.end is None or node.chosen:
        _flag(undoing, path, node)
        if node.end is None:
            activation = turn.activation(undoing.key)
            turn.put(replace(activation, served=(*activation.served, path)))


def _undo_message(undoing: _Undoing, path: str, node: Node, step: Send | Notify) -> None:
    if not node.told:
        return
    undoing.turn.act(RecallMessage(message=_id(undoing, path), at=undoing.turn.now))
    if undoing.untrue:
        about = step.send if isinstance(step, Send) else step.message
        ask_staff(undoing.turn, undoing.key, path, "correction", about)


def _undo_set(undoing: _Undoing, node: Node, step: Set) -> None:
    if node.end != "done":
        return
    journey = undoing.turn.journey
    values = {name: value for name, value in journey.values.items() if name != step.set}
    undoing.turn.journey = replace(journey, values=values if node.before is None else {**values, step.set: node.before})


def _flag_open(undoing: _Undoing, path: str, node: Node, step: AnyStep) -> None:
    """What a person chose is never taken back: what is open under it is served, its holder told."""
    if node.end is not None:
        return
    activation = undoing.turn.activation(undoing.key)
    undoing.turn.put(replace(activation, served=(*activation.served, path)))
    if isinstance(step, Task):
        _flag(undoing, path, node)


def _flag(undoing: _Undoing, path: str, node: Node) -> None:
    turn = undoing.turn
    turn.put_node(undoing.key, path, replace(turn.node(undoing.key, path), flagged=True))
    turn.act(AnnotateTask(task=_id(undoing, path), code=undoing.why, at=turn.now, flag=True))


def _id(undoing: _Undoing, path: str) -> str:
    return undoing.turn.id_of(undoing.key, path)


def _count_again(turn: Turn, activation: Activation) -> None:
    """A repetition that counts from when it was last done goes on from here, else it would never come again."""
    trigger = turn.track(activation.track).when
    if activation.kind == "steps" and isinstance(trigger, Every) and trigger.from_.anchor == "last_done":
        turn.remember(activation.track, replace(turn.state(activation.track), origin=turn.now))


def cancel_corrections(turn: Turn, result: str) -> None:
    """What a result said is true again: corrections that nobody has begun are not needed."""
    for key, activation in tuple(turn.journey.activations.items()):
        about_it = any(cause.result == result for cause in activation.causes)
        if activation.kind == "correction" and activation.state == "running" and about_it:
            undo(turn, key, "restarted")
