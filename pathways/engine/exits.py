"""How a journey ends, and what becomes of what is open: one table, a row a reason, a column a kind of open thing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pathways.engine.actions import AnnotateTask, CloseAsk, CloseTask, CloseVisit, EndJourney
from pathways.engine.calls import take_back
from pathways.engine.clocks import restarted
from pathways.engine.horizons import HORIZON
from pathways.engine.journey import Activation, ActivationKind, Exit, ExitReason, Journey, Node
from pathways.engine.paths import choosers
from pathways.engine.questions import find_step, is_urgent
from pathways.engine.steps import resume
from pathways.engine.turn import Turn
from pathways.language.step import AnyStep, Ask, Call, Send, Task, Visit

OpenThing = Literal[
    "urgent-task", "begun-task", "correction", "routine-task", "message", "form", "visit", "wait", "call"
]
Disposal = Literal["keep", "cancel"]
EXITS: Mapping[ExitReason, Mapping[OpenThing, Disposal]] = {
    "completed": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "keep",
        "message": "cancel",
        "form": "cancel",
        "visit": "keep",
        "wait": "cancel",
        "call": "keep",
    },
    "withdrawn": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
        "call": "cancel",
    },
    "transferred": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "keep",
        "wait": "cancel",
        "call": "keep",
    },
    "lost": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "keep",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
        "call": "keep",
    },
    "merged": {
        "urgent-task": "keep",
        "begun-task": "keep",
        "correction": "keep",
        "routine-task": "keep",
        "message": "cancel",
        "form": "cancel",
        "visit": "keep",
        "wait": "cancel",
        "call": "keep",
    },
    "died": {
        "urgent-task": "cancel",
        "begun-task": "cancel",
        "correction": "cancel",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
        "call": "cancel",
    },
    "entered-in-error": {
        "urgent-task": "cancel",
        "begun-task": "keep",
        "correction": "cancel",
        "routine-task": "cancel",
        "message": "cancel",
        "form": "cancel",
        "visit": "cancel",
        "wait": "cancel",
        "call": "cancel",
    },
}
"""A `correction` is what the engine asks about what was: reviews, corrections, follow-ups.

`keep`: a task stays on its list and climbs its ladder, its outcome becomes work for staff; a visit stays booked, a call
stands. `cancel`: a call is taken back where it says how, whether its track runs or is done.
"""
REINSTATABLE: frozenset[ExitReason] = frozenset({"died", "lost", "transferred", "merged", "entered-in-error"})
"""Ends that may turn out to be a mistake."""
UNREVIEWED: frozenset[ExitReason] = frozenset({"died", "entered-in-error"})
"""Ends after which no value of the patient is reviewed: there is nobody to help, or it is about somebody else."""
_ABOUT_WHAT_WAS: frozenset[ActivationKind] = frozenset(
    {"correction", "interruption", "review", "look", "decision", "follow-up", "unfinished", "return"}
)
"""What was told wrongly, or what nobody has looked at yet, does not go away with the journey."""
WRONG_PERSON = "entered-in-error"


def leave(turn: Turn, reason: ExitReason, at: datetime) -> None:
    """Ends the journey and disposes of everything open as the table says."""
    told_wrongly = _correct_what_was_told(turn) if reason == "entered-in-error" else None
    exit_ = Exit(reason=reason, at=at, told=turn.now, before=turn.journey.exit)
    turn.journey = replace(turn.journey, status="ended", exit=exit_)
    turn.effects.clear()
    turn.decide("ended", values={"reason": reason})
    for key, activation in tuple(turn.journey.activations.items()):
        for path, node in activation.nodes.items() if key != told_wrongly else ():
            _dispose(turn, key, path, node, reason)
        reopens = any(node.left is not None for node in turn.activation(key).nodes.values())
        if activation.state != "done" or reopens:
            _settle(turn, key)
    if reason not in REINSTATABLE:
        _forget_what_waits(turn)
    turn.act(EndJourney(reason=reason, at=at))


def _correct_what_was_told(turn: Turn) -> str | None:
    """Staff learn which messages went to the wrong person; the task that says so, None where none went."""
    told: dict[str, str] = {}
    for activation in turn.journey.activations.values():
        for path, node in activation.nodes.items():
            template = _template(find_step(turn.release, activation, path)) if node.told or node.reminded else None
            if template is not None:
                told.setdefault(template, activation.track)
    if not told:
        return None
    key = turn.put(
        Activation(
            track=next(iter(told.values())),
            occurrence=f"{WRONG_PERSON}/{turn.event}",
            kind="correction",
            started=turn.now,
            received=turn.now,
            about=", ".join(told),
            note=WRONG_PERSON,
        )
    )
    resume(turn, key, despite_pause=True)
    return key


def _template(step: AnyStep | None) -> str | None:
    match step:
        case Send():
            return step.send
        case Ask():
            return step.message
        case Visit():
            return step.reminder or step.visit
        case _:
            return None


def _dispose(turn: Turn, key: str, path: str, node: Node, reason: ExitReason) -> None:
    activation = turn.activation(key)
    step = find_step(turn.release, activation, path)
    if isinstance(step, Call):
        _dispose_of_call(turn, key, path, node, step, reason)
    elif node.end is not None:
        return
    elif EXITS[reason][_thing(activation, node, step)] == "cancel":
        _cancel(turn, key, path, step, reason)
    elif isinstance(step, Task):
        running = restarted(node, turn.now) if node.suspended else node
        turn.put_node(key, path, replace(running, flagged=True, waiting=None, waiting_until=None))
        turn.act(AnnotateTask(task=turn.id_of(key, path), code="journey-ended", at=turn.now, flag=True))


def _thing(activation: Activation, node: Node, step: AnyStep | None) -> OpenThing:
    match step:
        case Task():
            if node.holder is not None:
                return "begun-task"
            if is_urgent(step):
                return "urgent-task"
            return "correction" if activation.kind in _ABOUT_WHAT_WAS else "routine-task"
        case Ask():
            return "form"
        case Visit():
            return "visit"
        case Send():
            return "message"
        case _:
            return "wait"


def _cancel(turn: Turn, key: str, path: str, step: AnyStep | None, reason: ExitReason) -> None:
    name = turn.id_of(key, path)
    turn.put_node(key, path, replace(turn.node(key, path), end="cancelled", ended=turn.now, left=reason))
    match step:
        case Task():
            turn.act(CloseTask(task=name, end="cancelled", at=turn.now, why="journey-ended"))
        case Ask():
            turn.act(CloseAsk(ask=name, end="cancelled", at=turn.now))
        case Visit():
            turn.act(CloseVisit(visit=name, end="cancelled", at=turn.now))
        case _:
            pass


def _dispose_of_call(turn: Turn, key: str, path: str, node: Node, step: Call, reason: ExitReason) -> None:
    """A call that stands is taken back, answered or not, also of a track that is done; one that says not how ends."""
    activation = turn.activation(key)
    undone = (activation.left or activation.state) == "undone" and not choosers(activation.nodes, path)
    if EXITS[reason]["call"] == "keep" or undone or node.left is not None or not node.told:
        return
    take_back(turn, key, path, step)
    if step.undo is not None or node.end is None:
        turn.put_node(key, path, replace(node, end="cancelled", ended=turn.now, left=reason))


def _settle(turn: Turn, key: str) -> None:
    """An activation goes on serving what was kept, and nothing else of its steps."""
    activation = turn.activation(key)
    if activation.state == "undone":
        turn.put(replace(activation, left=activation.left or "undone"))
        return
    kept = tuple(path for path, node in activation.nodes.items() if node.end is None)
    ended = activation.ended or turn.now
    turn.put(replace(activation, state="undone", left="running", served=kept, ended=ended))


def _forget_what_waits(turn: Turn) -> None:
    """What waits for a cap, a date or another track comes no more, each with its reason."""
    # What ends the journey may have decided on the same occurrence before.
    told, turn.cause = turn.cause, f"ended/{turn.now.isoformat()}/{len(turn.reasons)}"
    for name, state in turn.journey.tracks.items():
        for occurrence in sorted({cause.occurrence for cause in state.unstarted}):
            turn.decide("ended", track=name, occurrence=occurrence)
        turn.remember(name, state.keeping(lambda _: False))
    turn.cause = told


def has_open_task(journey: Journey) -> bool:
    """Whether any task of the journey is open. A visit that an exit kept is the hospital's, unless a death comes."""
    nodes = (node for activation in journey.activations.values() for node in activation.nodes.values())
    return any(node.kind == "task" and node.end is None for node in nodes)


def finished(journey: Journey, now: datetime) -> bool:
    """Whether nothing can come to the journey any more: it ended, no task is open, and the horizon has passed."""
    return journey.exit is not None and not has_open_task(journey) and now >= journey.exit.at + HORIZON
