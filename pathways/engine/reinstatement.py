"""A journey whose end was a mistake goes on in place: what was cancelled is open again, what came since is judged."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import EndJourney, HoldTask, OpenAsk, ReopenJourney
from pathways.engine.clocks import moved, restarted, suspended
from pathways.engine.events import Reinstated
from pathways.engine.journey import Activation, Exit, Node
from pathways.engine.ladders import pass_rung
from pathways.engine.nodes import open_task
from pathways.engine.questionnaires import take_answers_again
from pathways.engine.questions import find_step, is_urgent
from pathways.engine.results import take_again
from pathways.engine.starts import release_held
from pathways.engine.steps import AFTER_EXIT, begin, resume
from pathways.engine.turn import Turn
from pathways.engine.visits import book
from pathways.language.step import STEP_KINDS, Ask, Call, Task, Visit, branches, step_names
from pathways.language.written import kind_of


def reinstate(turn: Turn, event: Reinstated) -> None:
    """Takes the end back; one that came after another end leaves the journey ended as before it."""
    exit_ = turn.journey.exit
    assert exit_ is not None, "refused before"
    turn.decide("reinstated")
    if exit_.before is not None:
        turn.journey = replace(turn.journey, exit=exit_.before)
        turn.act(EndJourney(reason=exit_.before.reason, at=exit_.before.at))
    else:
        turn.journey = replace(turn.journey, status="active", exit=None)
        turn.act(ReopenJourney(at=turn.now))
    since = exit_.told or exit_.at
    for key in tuple(turn.journey.activations):
        if exit_.before is None:
            _skip_followed_up(turn, key, since)
        _restore(turn, key, exit_)
    for key, path, node in _cancelled_by(turn, exit_):
        _reopen(turn, key, path, node, event)
    for key in tuple(turn.journey.activations):
        resume(turn, key)
    if exit_.before is None:
        take_again(turn, since)
        take_answers_again(turn, since)
        for name in sorted(turn.release.pathway.tracks, key=turn.release.rank):
            release_held(turn, name)
    _ask_owner(turn, event, exit_)


def _restore(turn: Turn, key: str, exit_: Exit) -> None:
    """The activation is what it was before the end."""
    activation = turn.activation(key)
    if activation.left is None or (exit_.before is not None and activation.kind not in AFTER_EXIT):
        return
    if activation.left == "running":
        activation = replace(activation, state="running", served=(), ended=None)
    turn.put(replace(activation, left=None))


def _skip_followed_up(turn: Turn, key: str, since: datetime) -> None:
    """Of a task that was ended while the journey was over, staff follow up the outcome: its steps are not done."""
    for path, node in tuple(turn.activation(key).nodes.items()):
        step = find_step(turn.release, turn.activation(key), path)
        if node.left is None and node.chosen and node.ended is not None and node.ended >= since and step is not None:
            way = branches(step).get(node.way or "", ())
            for name, below in zip(step_names(way), way, strict=True):
                inner = f"{path}/{node.way}/{name}"
                if inner in turn.activation(key).nodes:
                    continue
                entered = turn.enter(key, inner, kind_of(below, STEP_KINDS) or "", node.ended)
                turn.put_node(key, inner, replace(entered, end="skipped", ended=node.ended))


def _cancelled_by(turn: Turn, exit_: Exit) -> list[tuple[str, str, Node]]:
    found = [
        (key, path, node)
        for key, activation in turn.journey.activations.items()
        for path, node in activation.nodes.items()
        if node.left == exit_.reason
    ]
    return sorted(found, key=lambda item: item[2].order)


def _reopen(turn: Turn, key: str, path: str, node: Node, event: Reinstated) -> None:
    activation = turn.activation(key)
    step = find_step(turn.release, activation, path)
    ended = node.ended or turn.now
    turn.decide("reinstated", track=activation.track, step=path)
    if not isinstance(step, Visit):
        # The hospital knows a visit by its id; everything else that was closed stays so, and comes anew.
        turn.put(replace(activation, again={**activation.again, path: activation.again.get(path, 0) + 1}))
    node = replace(node, end=None, ended=None, left=None, waiting=None, waiting_until=None)
    match step:
        case Task():
            _reopen_task(turn, key, path, step, node, ended, event)
        case Ask():
            # The patient could not answer meanwhile: that time does not count.
            _reopen_ask(turn, key, path, step, replace(node, since=node.since + (turn.now - ended)))
        case Visit():
            book(turn, key, path, step, turn.put_node(key, path, node))
        case Call():
            _call_anew(turn, key, path)
        case _:
            turn.put_node(key, path, node)


def _reopen_task(turn: Turn, key: str, path: str, step: Task, node: Node, ended: datetime, event: Reinstated) -> None:
    """The task is on its list again with its holder and the rungs that it had passed; a routine clock stood still."""
    if not is_urgent(step):
        stopped = node if node.suspended else suspended(node, ended, turn.facts)
        node = restarted(stopped, turn.now)
    passed = node.rung
    open_task(turn, key, path, step, replace(node, rung=0))
    for _ in range(passed):
        pass_rung(turn, key, path)
    if node.holder is not None:
        turn.act(HoldTask(task=turn.id_of(key, path), holder=node.holder, at=turn.now, by=event.by))


def _reopen_ask(turn: Turn, key: str, path: str, step: Ask, node: Node) -> None:
    expires = None if step.expires is None else moved(node.since, step.expires, turn.facts, turn.zone)
    turn.put_node(key, path, node)
    turn.act(
        OpenAsk(
            ask=turn.id_of(key, path),
            form=step.ask,
            track=turn.activation(key).track,
            opened=turn.now,
            expires=expires,
        )
    )


def _call_anew(turn: Turn, key: str, path: str) -> None:
    """The call was taken back: walking the steps makes it again."""
    activation = turn.activation(key)
    turn.put(replace(activation, nodes={other: node for other, node in activation.nodes.items() if other != path}))


def _ask_owner(turn: Turn, event: Reinstated, exit_: Exit) -> None:
    """Somebody looks at what the end had undone, and at what was said of it meanwhile."""
    name = next((name for name, track in turn.release.pathway.tracks.items() if track.safety), None)
    track = name or next(iter(turn.release.pathway.tracks))
    begin(
        turn,
        Activation(
            track=track,
            occurrence=turn.unused(track, "return", event.id),
            kind="return",
            started=turn.now,
            received=turn.now,
            about=exit_.reason,
        ),
    )
