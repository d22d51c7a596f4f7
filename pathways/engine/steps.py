"""Walking the steps of an activation: from the root each time, entering what comes next, stopping at what is open.

A step's path is made of names: `call-patient/refer/endocrinology` is the visit under the outcome `refer` of the task.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from pathways.engine import visits
from pathways.engine.actions import OpenAsk
from pathways.engine.anchors import note_done
from pathways.engine.calls import enter_call, enter_enrol
from pathways.engine.clocks import late, moved
from pathways.engine.contact import tell
from pathways.engine.journey import Activation, ActivationKind, Effect, End, Node
from pathways.engine.ladders import annotate, open_tasks
from pathways.engine.nodes import again, close, effect, notify, open_task, set_value, way_of
from pathways.engine.paths import AGAIN, at_own_hour
from pathways.engine.questions import LATE, NOT_ENROLLED, decide_late, find_step, is_urgent, steps_of
from pathways.engine.repetition import Walked, enter_each, walk_beside, walk_each, walk_repeat
from pathways.engine.turn import Turn
from pathways.language.step import (
    STEP_KINDS,
    Again,
    AnyStep,
    Ask,
    Call,
    Choose,
    Enrol,
    ForEach,
    Notify,
    Repeat,
    Send,
    Set,
    Start,
    Steps,
    Stop,
    Task,
    Together,
    Visit,
    Wait,
    branches,
    default_lateness,
    step_names,
)
from pathways.language.step import End as EndStep
from pathways.language.trigger import Every
from pathways.language.written import kind_of

MOST_UNANSWERED = 50
"""How many expired forms in a row are remembered; no trigger waits for more."""
AFTER_EXIT: frozenset[ActivationKind] = frozenset({"review", "look", "follow-up", "unfinished", "return"})
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
    walked = walk(turn, key, steps_of(turn.release, activation), "", Walked(since))
    activation = turn.activation(key)
    if walked is not None and all(node.end is not None for node in activation.nodes.values()):
        turn.put(replace(activation, state="done", ended=walked.since))
        _count_from(turn, activation, walked.really or walked.since)


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
        if node.way is None or node.ended is None:
            continue
        steps = branches(step).get(node.way, ())
        walked = walk(turn, key, steps, f"{path}/{node.way}/", Walked(node.ended, node.done_at))
        while walked is not None and walked.again is not None:
            step = _step(turn, key, walked.again)
            walked = _through(turn, key, walked.again + AGAIN, step, Walked(walked.since, walked.really))


def _step(turn: Turn, key: str, path: str) -> AnyStep:
    step = find_step(turn.release, turn.activation(key), path)
    assert step is not None, "paths are made by walking these same steps"
    return step


def walk(turn: Turn, key: str, steps: Steps, prefix: str, before: Walked) -> Walked | None:
    """Enters and passes steps in order; None where one of them is open.

    What follows is due from when an end was told; a wait alone counts from when it `really` was.
    """
    for name, step in zip(step_names(steps), steps, strict=True):
        walked = _through(turn, key, prefix + name, step, before)
        if walked is None or walked.again is not None:
            return walked
        before = walked
    return before


def _through(turn: Turn, key: str, path: str, step: AnyStep, before: Walked) -> Walked | None:
    """Passes a step as often as it is done again."""
    walked = _pass(turn, key, path, step, before)
    while walked is not None and walked.again == path:
        path += AGAIN
        walked = _pass(turn, key, path, step, Walked(walked.since, walked.really))
    return walked


def _pass(turn: Turn, key: str, path: str, step: AnyStep, before: Walked) -> Walked | None:
    node = turn.activation(key).nodes.get(path)
    if node is None:
        from_ = before.really if before.really is not None and isinstance(step, Wait) else before.since
        node = _enter_in_time(turn, key, path, step, from_)
    if node is None or node.end is None:
        return before if node is not None and isinstance(step, Send) else None
    ended = Walked(node.ended or before.since, node.done_at)
    match step:
        case _ if node.end == "skipped":
            return ended
        case Together():
            return walk_beside(turn, key, path, step, ended, walk)
        case Repeat():
            return walk_repeat(turn, key, path, step, ended, walk, _decided)
        case ForEach():
            return walk_each(turn, key, path, step, ended, walk, _decided)
        case Again():
            return ended if node.way is None else ended._replace(again=node.way.removesuffix(AGAIN))
        case _ if node.way is None:
            return ended
        case _:
            return walk(turn, key, branches(step).get(node.way, ()), f"{path}/{node.way}/", ended)


def _enter_in_time(turn: Turn, key: str, path: str, step: AnyStep, since: datetime) -> Node | None:
    """Enters the step, or does with it what it says about being late; None while a person is asked."""
    activation = turn.activation(key)
    # What repeats is late a repetition at a time.
    repeats = isinstance(step, Repeat | ForEach)
    if repeats or not late(since, turn.now, step.late_after, turn.facts, turn.zone):
        return enter(turn, key, path, step, since)
    in_series = isinstance(turn.track(activation.track).when, Every)
    policy = default_lateness(step, in_series=in_series)
    if policy == "skip":
        turn.decide("too-late", track=activation.track, step=path)
        return close(turn, key, path, _new(turn, key, path, step, since), "skipped")
    if policy == "ask":
        decided = _decided(turn, key, path)
        if decided is None:
            return None
        if decided != "run":
            return close(turn, key, path, _new(turn, key, path, step, since), "skipped")
    # What an event caused stays due from its receipt; what was planned and is served late counts from opening.
    return enter(turn, key, path, step, since if activation.planned is None else turn.now)


def _decided(turn: Turn, key: str, path: str) -> str | None:
    """What a person decided on a step that is late, who is asked first; None while nobody has."""
    activation = turn.activation(key)
    asked = activation.nodes.get(path + LATE)
    if asked is None:
        turn.decide("asked", track=activation.track, step=path)
        question = decide_late(turn.release, activation.track)
        asked = open_task(turn, key, path + LATE, question, turn.enter(key, path + LATE, "task", turn.now))
    return None if asked.end is None else asked.way or "skip"


def _new(turn: Turn, key: str, path: str, step: AnyStep, since: datetime) -> Node:
    return turn.enter(key, path, kind_of(step, STEP_KINDS) or "", since)


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
        case Together() | Repeat():
            return close(turn, key, path, at_once, "done")
        case ForEach():
            return enter_each(turn, key, path, step, at_once)
        case Again():
            return again(turn, key, path, step, at_once)
        case Call():
            return enter_call(turn, key, path, step, node)
        case Enrol():
            return _enter_enrol(turn, key, path, step, at_once)
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


def ask_staff(turn: Turn, key: str, path: str, kind: ActivationKind, about: str, note: str | None = None) -> None:
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
            note=note,
        ),
    )


def give_to_staff(turn: Turn, key: str, path: str, about: str, *, urgent: bool = False) -> None:
    """Care that the patient may not be told of by message is told by a person; other contact does not take place."""
    if turn.track(turn.activation(key).track).purpose != "care":
        return
    asked = _asked_already(turn, key, about) if at_own_hour(turn.activation(key).nodes, path) else None
    if asked is None:
        ask_staff(turn, key, path, "urgent-contact" if urgent else "contact", about)
    else:
        annotate(turn, asked, "no-consent", {})


def _asked_already(turn: Turn, key: str, about: str) -> str | None:
    """The open question to staff about the same message: what comes at each hour of a pill is one task, not many."""
    track = turn.activation(key).track
    return next(
        (
            other
            for other, activation in turn.journey.activations.items()
            if activation.kind == "contact" and (activation.track, activation.about) == (track, about)
            if open_tasks(turn, other)
        ),
        None,
    )


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


def _enter_enrol(turn: Turn, key: str, path: str, step: Enrol, node: Node) -> Node:
    entered = enter_enrol(turn, key, path, step, node)
    if entered.end == "not-possible":
        ask_staff(turn, key, path, "unfinished", step.enrol, note=NOT_ENROLLED)
    return entered


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
    note_done(turn, key, path)
    step = _step(turn, key, path)
    if end == "missed" and isinstance(step, Visit | Ask):
        _tell_missed(turn, key, path, step, at)
    # What a person decided on an urgent task is not left lying until the journey goes on.
    resume(turn, key, despite_pause=isinstance(step, Task) and is_urgent(step))


def _tell_missed(turn: Turn, key: str, path: str, step: Visit | Ask, at: datetime) -> None:
    name = step.visit if isinstance(step, Visit) else step.ask
    missed = Effect(kind="missed", activation=key, path=turn.marked(key, path), at=at, name=name)
    turn.effects.append(missed)
    if isinstance(step, Ask):
        expired = (*turn.journey.unanswered.get(name, ()), at)[-MOST_UNANSWERED:]
        turn.journey = replace(turn.journey, unanswered={**turn.journey.unanswered, name: expired})
        turn.effects.append(replace(missed, kind="unanswered"))
