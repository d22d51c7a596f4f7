"""Taking back what no longer holds: backwards, and never past what a person decided."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from pathways.engine.actions import AnnotateTask, CloseAsk, CloseTask, CloseVisit, RecallMessage
from pathways.engine.anchors import note_done, restore_anchor
from pathways.engine.calls import take_back
from pathways.engine.journey import Activation, ActivationKind, Cause, Effect, Node
from pathways.engine.paths import choosers, parallel
from pathways.engine.questions import find_step
from pathways.engine.steps import ask_staff
from pathways.engine.turn import Turn
from pathways.language.step import (
    AnyStep,
    Ask,
    Call,
    End,
    Enrol,
    Notify,
    Send,
    Set,
    Start,
    Stop,
    Task,
    Visit,
)
from pathways.language.trigger import Every

Why = Literal["undone", "stopped", "no-longer-silent", "restarted", "interrupted", "moved", "no-longer-true"]
OF_THE_TRACK: frozenset[ActivationKind] = frozenset({"steps", "first-task", "question"})
"""What stopping or restarting a track takes back; reviews and corrections are about what was, and stay."""


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
    for path, node in sorted(activation.nodes.items(), key=lambda item: -item[1].order):
        step = find_step(turn.release, activation, path)
        chooser = _chooser(activation, path)
        if step is not None and chooser is None:
            _undo_node(undoing, path, node, step)
        elif step is not None and chooser is not None and (node.end is None or isinstance(step, Call)):
            _serve(undoing, chooser, path, step)
    _undo_contacts(turn, key, why)
    _count_again(turn, activation)
    if activation.kind == "steps" and why != "restarted":
        _end_interruption(turn, key, activation)


def _chooser(activation: Activation, path: str, but: Collection[str] = ()) -> str | None:
    """The first task above the path whose outcome a person chose, `but` those."""
    found = (chooser for chooser in choosers(activation.nodes, path) if chooser not in but)
    return min(found, key=len, default=None)


def _serve(undoing: _Undoing, chooser: str, path: str, step: AnyStep) -> None:
    """What a person chose is never taken back: the whole branch is served on, the holder of what is open told."""
    activation = undoing.turn.activation(undoing.key)
    if chooser not in activation.served:
        undoing.turn.put(replace(activation, served=(*activation.served, chooser)))
    if isinstance(step, Task):
        _flag(undoing, path)


def _undo_contacts(turn: Turn, key: str, why: Why) -> None:
    """Staff are not to tell what no longer holds."""
    for other, activation in tuple(turn.journey.activations.items()):
        child = activation.kind in {"contact", "urgent-contact"} and activation.occurrence.startswith(f"{key}:")
        if child and activation.state == "running":
            undo(turn, other, why)


def undo_after(turn: Turn, key: str, path: str) -> None:
    """Undoes what came after a step that is open again, so that it may come anew.

    A choice that led to the step itself does not keep what came after it: that one followed from how the step ended.
    """
    undoing = _Undoing(turn, key, "undone")
    activation = turn.activation(key)
    order, above = activation.nodes[path].order, choosers(activation.nodes, path)
    later = {
        other: node
        for other, node in activation.nodes.items()
        if node.order > order and not parallel(activation.nodes, path, other)
    }
    for other, node in sorted(later.items(), key=lambda item: -item[1].order):
        step = find_step(turn.release, activation, other)
        chooser = _chooser(activation, other, above)
        assert step is not None, "it was entered"
        if chooser is not None or node.chosen or _begun(node):
            _serve(undoing, chooser or other, other, step)
            continue
        _undo_node(undoing, other, node, step)
        kept = turn.activation(key)
        nodes = {name: kept.nodes[name] for name in kept.nodes if name != other}
        turn.put(replace(kept, nodes=nodes, again={**kept.again, other: kept.again.get(other, 0) + 1}))
        note_done(turn, key, other)


def recover(turn: Turn, key: str, path: str, name: str) -> None:
    """What was missed has come after all: what the miss led to is taken back, in this track and in those it started.

    What was undone meanwhile stays so: the step is done, and what follows comes only where a choice led there.
    """
    activation = turn.activation(key)
    undone = (activation.left or activation.state) == "undone"
    if not undone or any(path.startswith(f"{served}/") for served in activation.served):
        undo_after(turn, key, path)
    if not undone:
        turn.put(replace(turn.activation(key), state="running", ended=None))
    turn.effects.append(Effect(kind="unmissed", activation=key, path=turn.marked(key, path), at=turn.now, name=name))


def _undo_node(undoing: _Undoing, path: str, node: Node, step: AnyStep) -> None:
    match step:
        case Task():
            _undo_task(undoing, path, node, step)
        case Send() | Notify():
            _undo_message(undoing, path, node, step)
        case Ask():
            if node.end is None:
                undoing.turn.act(CloseAsk(ask=_id(undoing, path), end="cancelled", at=undoing.turn.now))
            undoing.turn.act(RecallMessage(message=_id(undoing, path), at=undoing.turn.now))
        case Visit():
            if node.end is None:
                undoing.turn.act(CloseVisit(visit=_id(undoing, path), end="cancelled", at=undoing.turn.now))
        case Call():
            if node.told and not take_back(undoing.turn, undoing.key, path, step):
                ask_staff(undoing.turn, undoing.key, path, "unfinished", step.call)
        case Enrol():
            if node.told:
                ask_staff(undoing.turn, undoing.key, path, "unfinished", step.enrol)
        case Set():
            _undo_set(undoing, node, step)
        case Start():
            undoing.turn.effects.append(
                Effect(
                    kind="unstart",
                    activation=undoing.key,
                    path=undoing.turn.marked(undoing.key, path),
                    at=undoing.turn.now,
                    name=step.start,
                )
            )
        case Stop() | End():
            # A track that was stopped or a journey that was ended does not come back by itself.
            if undoing.untrue:
                ask_staff(undoing.turn, undoing.key, path, "correction", path)
        case _:
            pass
    if node.end is None and not (isinstance(step, Task) and _begun(node)):
        now = undoing.turn.node(undoing.key, path)
        undoing.turn.put_node(undoing.key, path, replace(now, end="cancelled", ended=undoing.turn.now))


def _begun(node: Node) -> bool:
    """Whether somebody works at the task: holds it, tried to reach the patient, or waits for what was agreed."""
    return node.holder is not None or bool(node.attempts) or node.next_attempt is not None or node.waiting is not None


def _undo_task(undoing: _Undoing, path: str, node: Node, step: Task) -> None:
    turn = undoing.turn
    if node.end is None and not _begun(node):
        turn.act(CloseTask(task=_id(undoing, path), end="cancelled", at=turn.now, why=undoing.why))
    elif node.end is None or (node.chosen and undoing.why != "no-longer-true"):
        _flag(undoing, path)
        if node.end is None:
            activation = turn.activation(undoing.key)
            turn.put(replace(activation, served=(*activation.served, path)))
        elif undoing.untrue:
            # What a person decided on a value that was wrong is theirs to take back.
            ask_staff(turn, undoing.key, path, "decision", step.task)


def _undo_message(undoing: _Undoing, path: str, node: Node, step: Send | Notify) -> None:
    if not node.told:
        return
    undoing.turn.act(RecallMessage(message=_id(undoing, path), at=undoing.turn.now))
    if undoing.untrue:
        about = step.send if isinstance(step, Send) else step.message
        ask_staff(undoing.turn, undoing.key, path, "correction", about)


def _undo_set(undoing: _Undoing, node: Node, step: Set) -> None:
    """Puts back what was there before; where another step has set it since, that one puts it back in its turn."""
    # A date that a person has said since is theirs to take back.
    if node.end != "done" or node.chosen:
        return
    since = _set_since(undoing, node, step)
    if since is not None:
        key, path = since
        undoing.turn.put_node(key, path, replace(undoing.turn.node(key, path), before=node.before))
        return
    if step.set in undoing.turn.release.pathway.anchors:
        restore_anchor(undoing.turn, step.set, node.before)
        return
    journey = undoing.turn.journey
    values = {name: value for name, value in journey.values.items() if name != step.set}
    undoing.turn.journey = replace(journey, values=values if node.before is None else {**values, step.set: node.before})


def _set_since(undoing: _Undoing, node: Node, step: Set) -> tuple[str, str] | None:
    """The first step after it that set the same and still stands: of what was undone, what a person's choice led to."""
    found: list[tuple[int, str, str]] = []
    for key, activation in undoing.turn.journey.activations.items():
        undone = key == undoing.key or activation.state == "undone"
        for path, other in activation.nodes.items():
            if other.kind != "set" or other.order <= node.order or other.end != "done":
                continue
            later = find_step(undoing.turn.release, activation, path)
            stands = not undone or _chooser(activation, path) is not None
            if stands and isinstance(later, Set) and later.set == step.set:
                found.append((other.order, key, path))
    return min(found)[1:] if found else None


def _flag(undoing: _Undoing, path: str) -> None:
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


def _end_interruption(turn: Turn, key: str, activation: Activation) -> None:
    """What stopped other tracks was itself undone: their plans go on, and a person looks at what was taken back."""
    if not turn.track(activation.track).interrupts:
        return
    for name, state in turn.journey.tracks.items():
        if state.interrupted == key:
            turn.remember(name, replace(state, stopped=False, interrupted=None))
    ask_staff(turn, key, "", "interruption", activation.track)


def cancel_corrections(turn: Turn, track: str, cause: Cause) -> None:
    """What a result or answers said is true again for the track: its corrections that nobody has begun are not needed.

    What another track told stays wrong: the value that takes it back may start this one.
    """
    for key, activation in tuple(turn.journey.activations.items()):
        if activation.track != track:
            continue
        about_it = any((other.result, other.answers) == (cause.result, cause.answers) for other in activation.causes)
        if activation.kind in {"correction", "interruption"} and activation.state == "running" and about_it:
            undo(turn, key, "restarted")


def supersede(turn: Turn, track: str, subjects: set[str | None]) -> list[Cause]:
    """The value is acted on now: what nobody has begun, and only looked at it, is not needed.

    Gives what that stood on besides: other values that nobody could read.
    """
    stood_on: list[Cause] = []
    for key, activation in tuple(turn.journey.activations.items()):
        if activation.track != track or activation.state != "running":
            continue
        if activation.kind not in {"first-task", "review"}:
            continue
        others = tuple(cause for cause in activation.causes if cause.subject not in subjects)
        if activation.kind == "first-task" or not others:
            undo(turn, key, "restarted")
            stood_on += others
        elif len(others) < len(activation.causes):
            turn.put(replace(activation, causes=others))
    return stood_on
