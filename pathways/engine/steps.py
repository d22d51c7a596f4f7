"""Walking the steps of an activation: from the root each time, entering what comes next, stopping at what is open.

A step's path is made of names: `call-patient/refer/endocrinology` is the visit under the outcome `refer` of the task.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from pathways.engine import visits
from pathways.engine.actions import OpenAsk
from pathways.engine.clocks import late, moved
from pathways.engine.contact import tell
from pathways.engine.journey import Activation, ActivationKind, Effect, End, Node
from pathways.engine.nodes import close, effect, notify, open_task, set_value, way_of
from pathways.engine.questions import LATE, decide_late, find_step, is_urgent, steps_of
from pathways.engine.turn import Turn
from pathways.language.step import (
    AnyStep,
    Ask,
    Choose,
    Notify,
    Send,
    Set,
    Start,
    Steps,
    Stop,
    Task,
    Visit,
    Wait,
    branches,
    default_lateness,
    step_names,
)
from pathways.language.step import End as EndStep
from pathways.language.trigger import Every

AFTER_EXIT: frozenset[ActivationKind] = frozenset({"review", "look", "follow-up"})
"""What may still be asked of a person once the journey has ended."""


def resume(turn: Turn, key: str, *, despite_pause: bool = False) -> None:
    """Goes on with an activation as far as it can go now."""
    activation = turn.activation(key)
    over = turn.journey.status == "ended" and activation.kind not in AFTER_EXIT
    held = turn.paused(activation.track) and not despite_pause
    if activation.state == "done" or held or over:
        return
    _resume_served(turn, key, activation)
    if activation.state == "undone":
        return
    since = activation.planned or activation.received
    walked = walk(turn, key, steps_of(turn.release, activation), "", since)
    activation = turn.activation(key)
    if walked is not None and all(node.end is not None for node in activation.nodes.values()):
        ended, really = walked
        turn.put(replace(activation, state="done", ended=ended))
        _count_from(turn, activation, really or ended)


def _count_from(turn: Turn, activation: Activation, ended: datetime) -> None:
    """A repetition from when it was last done counts from the value that stood for its visit, else from its end."""
    trigger = turn.track(activation.track).when
    if activation.kind != "steps" or not (isinstance(trigger, Every) and trigger.from_.anchor == "last_done"):
        return
    results = [node.result for node in activation.nodes.values() if node.result is not None]
    readings = [turn.journey.readings[result] for result in results if result in turn.journey.readings]
    origin = max((reading.effective for reading in readings), default=ended)
    turn.remember(activation.track, replace(turn.state(activation.track), origin=origin))


def _resume_served(turn: Turn, key: str, activation: Activation) -> None:
    """After an undo: tasks that were begun are served with their outcomes, not their later siblings."""
    for path in [path for path in activation.served if path in activation.nodes]:
        node = turn.node(key, path)
        step = _step(turn, key, path)
        if node.way is not None and node.ended is not None:
            walk(turn, key, branches(step).get(node.way, ()), f"{path}/{node.way}/", node.ended, node.done_at)


def _step(turn: Turn, key: str, path: str) -> AnyStep:
    step = find_step(turn.release, turn.activation(key), path)
    assert step is not None, "paths are made by walking these same steps"
    return step


def walk(
    turn: Turn, key: str, steps: Steps, prefix: str, since: datetime, really: datetime | None = None
) -> tuple[datetime, datetime | None] | None:
    """Enters and passes steps in order; when the last of them ended and when it really did; None where one is open.

    What follows is due from when an end was told; a wait alone counts from when it `really` was.
    """
    for name, step in zip(step_names(steps), steps, strict=True):
        path = prefix + name
        node = turn.activation(key).nodes.get(path)
        if node is None:
            from_ = really if really is not None and isinstance(step, Wait) else since
            entered = _enter_in_time(turn, key, path, step, from_)
            if entered is None:
                return None
            node = entered
        if node.end is None:
            if isinstance(step, Send):
                continue
            return None
        if node.way is not None:
            way = branches(step).get(node.way, ())
            inner = walk(turn, key, way, f"{path}/{node.way}/", node.ended or since, node.done_at)
            if inner is None:
                return None
            since, really = inner
        else:
            since, really = node.ended or since, node.done_at
    return since, really


def _enter_in_time(turn: Turn, key: str, path: str, step: AnyStep, since: datetime) -> Node | None:
    """Enters the step, or does with it what it says about being late; None while a person is asked."""
    activation = turn.activation(key)
    if not late(since, turn.now, step.late_after, turn.facts, turn.zone):
        return enter(turn, key, path, step, since)
    in_series = isinstance(turn.track(activation.track).when, Every)
    policy = default_lateness(step, in_series=in_series)
    if policy == "skip":
        turn.decide("too-late", track=activation.track, step=path)
        return close(turn, key, path, _new(turn, key, path, step, since), "skipped")
    if policy == "ask":
        asked = activation.nodes.get(path + LATE)
        if asked is None:
            turn.decide("asked", track=activation.track, step=path)
            question = decide_late(turn.release, activation.track)
            open_task(turn, key, path + LATE, question, turn.enter(key, path + LATE, "task", turn.now))
            return None
        if asked.end is None:
            return None
        if asked.way != "run":
            return close(turn, key, path, _new(turn, key, path, step, since), "skipped")
    # What an event caused stays due from its receipt; what was planned and is served late counts from opening.
    return enter(turn, key, path, step, since if activation.planned is None else turn.now)


def _new(turn: Turn, key: str, path: str, step: AnyStep, since: datetime) -> Node:
    return turn.enter(key, path, type(step).__name__.lower(), since)


def enter(turn: Turn, key: str, path: str, step: AnyStep, since: datetime) -> Node:
    """Does what the step says; the node is closed where nothing is waited for."""
    node = _new(turn, key, path, step, since)
    at_once = replace(node, ended=since)
    match step:
        case Send():
            return enter_send(turn, key, path, step, at_once)
        case Notify():
            notify(turn, key, path, step)
            return close(turn, key, path, replace(at_once, told=True), "done")
        case Ask():
            return _enter_ask(turn, key, path, step, node)
        case Task():
            return open_task(turn, key, path, step, node)
        case Visit():
            return visits.enter_visit(turn, key, path, step, node)
        case Wait():
            return turn.put_node(key, path, node)
        case Choose():
            return close(turn, key, path, at_once, "done", way=way_of(turn, key, path, step))
        case Set():
            return set_value(turn, key, path, step, at_once)
        case Start():
            return effect(turn, key, path, at_once, "start", step.start)
        case Stop():
            return effect(turn, key, path, at_once, "stop", step.stop)
        case EndStep():
            return effect(turn, key, path, at_once, "end", step.end)
        case _:
            assert_never(step)


def begin(turn: Turn, activation: Activation) -> str:
    """Keeps a new activation and goes as far as it can; its id."""
    key = turn.put(activation)
    resume(turn, key)
    return key


def ask_staff(turn: Turn, key: str, path: str, kind: ActivationKind, about: str) -> None:
    """Opens, beside the activation, what the engine asks of a person about one of its steps."""
    parent = turn.activation(key)
    begin(
        turn,
        Activation(
            track=parent.track,
            occurrence=turn.unused(parent.track, kind, f"{key}:{turn.marked(key, path)}"),
            kind=kind,
            started=turn.now,
            received=turn.now,
            causes=parent.causes,
            about=about,
        ),
    )


def give_to_staff(turn: Turn, key: str, path: str, about: str, *, urgent: bool = False) -> None:
    """Care that the patient may not be told of by message is told by a person; other contact does not take place."""
    if turn.track(turn.activation(key).track).purpose == "care":
        ask_staff(turn, key, path, "urgent-contact" if urgent else "contact", about)


def enter_send(turn: Turn, key: str, path: str, step: Send, node: Node) -> Node:
    """Tells the patient now, keeps the message for a better hour, or gives it to staff."""
    outcome, at = tell(turn, key, path, step.send, urgent=step.urgent)
    match outcome:
        case "told":
            return close(turn, key, path, replace(node, told=True, contact=None), "done")
        case "deferred":
            return turn.put_node(key, path, replace(node, ended=None, contact=at))
        case "no-consent":
            closed = close(turn, key, path, replace(node, contact=None), "not-possible")
            give_to_staff(turn, key, path, step.send, urgent=step.urgent)
            return closed
        case _:
            assert_never(outcome)


def _enter_ask(turn: Turn, key: str, path: str, step: Ask, node: Node) -> Node:
    expires = None if step.expires is None else moved(node.since, step.expires, turn.facts, turn.zone)
    turn.act(
        OpenAsk(
            ask=turn.id_of(key, path),
            form=step.ask,
            track=turn.activation(key).track,
            opened=turn.now,
            expires=expires,
        )
    )
    turn.put_node(key, path, node)
    return announce(turn, key, path, step)


def announce(turn: Turn, key: str, path: str, step: Ask) -> Node:
    """Tells the patient of the form, or of its reminder; staff where only they may."""
    node = turn.node(key, path)
    mark = f"/remind-{node.reminded}" if node.told else ""
    outcome, at = tell(turn, key, path, step.message, mark=mark)
    if outcome == "deferred":
        return turn.put_node(key, path, replace(node, contact=at))
    reminded = node.reminded + 1 if node.told else 0
    told = turn.put_node(key, path, replace(node, told=True, reminded=reminded, contact=None))
    if outcome == "no-consent" and not node.told:
        give_to_staff(turn, key, path, step.message)
    return told


def close_step(turn: Turn, key: str, path: str, end: End, *, way: str | None, at: datetime, **changes: Any) -> None:
    """Ends an open step and goes on; what waits for a missed step or an outcome hears of it."""
    node = turn.node(key, path)
    turn.put_node(key, path, replace(node, end=end, ended=at, way=way, **changes))
    step = _step(turn, key, path)
    if end == "missed" and isinstance(step, Visit | Ask):
        name = step.visit if isinstance(step, Visit) else step.ask
        turn.effects.append(Effect(kind="missed", activation=key, path=turn.marked(key, path), at=at, name=name))
    # What a person decided on an urgent task is not left lying until the journey goes on.
    resume(turn, key, despite_pause=isinstance(step, Task) and is_urgent(step))
