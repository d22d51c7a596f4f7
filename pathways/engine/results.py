"""Taking in a result: a version is filed, every track that watches it is judged, then the tracks act."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import CloseVisit
from pathways.engine.anchors import note_done
from pathways.engine.events import ResultReceived
from pathways.engine.evidence import Filed, file_result, latest
from pathways.engine.journey import Journey, Reading
from pathways.engine.lapses import lose
from pathways.engine.readings import readings_of
from pathways.engine.starts import carry_out, carry_out_all
from pathways.engine.steps import close_step
from pathways.engine.triggers import decide_result, unchanged
from pathways.engine.turn import Turn
from pathways.engine.undo import recover, undo_after
from pathways.engine.visits import book, satisfies, visit_nodes
from pathways.engine.watching import occurrence_of
from pathways.language.step import Visit
from pathways.language.trigger import Silent


def take_result(turn: Turn, event: ResultReceived) -> None:
    """Files the result and lets every track that watches its data answer, each with one reason."""
    filed = file_result(turn.release, turn.journey, turn.facts, event)
    reading = filed.reading
    old = readings_of(turn.journey).get(event.result)
    if old is not None and event.version > old.version and (reading is None or reading.data != old.data):
        # It was never a value of that data: what stands on it loses it, before it is judged as what it is.
        _no_longer(turn, old, event)
    if reading is None:
        turn.decide("not-watched")
        return
    before = turn.journey
    if filed.verdict in {"new", "revised"}:
        turn.journey = replace(turn.journey, readings=readings_of(turn.journey).with_(reading))
    _judge(turn, filed, reading, before)


def _no_longer(turn: Turn, old: Reading, event: ResultReceived) -> None:
    """A corrected code makes a result one of other data: of the data before it is taken back."""
    before = turn.journey
    gone = replace(old, version=event.version, status="entered-in-error", received=event.received)
    turn.journey = replace(before, readings=readings_of(before).with_(gone))
    _judge(turn, Filed(verdict="revised", reading=gone, before=old), gone, before)


def take_again(turn: Turn, since: datetime) -> None:
    """Lets every track answer to what came while the journey was over, as if it came now."""
    readings = readings_of(turn.journey)
    missed = sorted((r for r in readings.values() if r.received >= since), key=lambda r: (r.received, r.id))
    turn.journey = replace(turn.journey, readings=readings.without(missed))
    for reading in missed:
        before = turn.journey
        turn.journey = replace(before, readings=readings_of(before).with_(reading))
        filed = Filed(verdict="new", reading=reading)
        _judge(turn, filed, replace(reading, received=turn.now), before, decided=looked_at(turn))


def looked_at(turn: Turn) -> frozenset[tuple[str, str]]:
    """The tracks and occurrences of which a person has decided whether to start."""
    return frozenset(
        (activation.track, cause.occurrence)
        for activation in turn.journey.activations.values()
        if activation.kind == "review" and activation.state == "done"
        for cause in activation.causes
    )


def _judge(
    turn: Turn,
    filed: Filed,
    reading: Reading,
    before: Journey,
    *,
    decided: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    changed = filed.verdict in {"new", "revised"}
    newest = latest(before, reading.data)
    verdicts = decide_result(turn, filed, reading, before)
    silenced = _silences(turn, reading)
    carry_out_all(turn, [v for v in verdicts if (v.track, v.cause.occurrence) not in decided])
    for name in silenced:
        if changed:
            _not_silent(turn, name, reading, newest)
        else:
            carry_out(turn, unchanged(turn, name, filed, reading))
    if changed and turn.journey.status != "ended":
        _stand_for_visits(turn, reading)
    if not verdicts and not silenced:
        turn.decide("not-watched", occurrence=occurrence_of(reading))


def _silences(turn: Turn, reading: Reading) -> list[str]:
    return [
        name
        for name, track in turn.release.pathway.tracks.items()
        if isinstance(track.when, Silent) and track.when.silent == reading.data
    ]


def _not_silent(turn: Turn, name: str, reading: Reading, before: Reading | None) -> None:
    """The patient was heard: the silence begins anew, what it had started and nobody has begun is not needed."""
    occurrence = occurrence_of(reading)
    newest = latest(turn.journey, reading.data)
    if turn.journey.status == "ended":
        turn.decide("ended", track=name, occurrence=occurrence)
        return
    if newest is before or (newest is not None and before is not None and newest.effective == before.effective):
        turn.decide("false", track=name, occurrence=occurrence)
        return
    turn.remember(name, replace(turn.state(name).keeping(lambda cause: cause.kind != "silent"), silences=0))
    running = [
        key
        for key, activation in turn.journey.activations.items()
        if activation.track == name
        and activation.state == "running"
        and any(cause.kind == "silent" for cause in activation.causes)
    ]
    heard = newest is not None and (before is None or newest.effective > before.effective)
    turn.decide("undone" if running and heard else "false", track=name, occurrence=occurrence)
    for key in running if heard else ():
        lose(turn, key, "silent", "no-longer-silent")


def _stand_for_visits(turn: Turn, reading: Reading) -> None:
    """A result stands for a visit, also for one that was missed before it came; taken back, the visit is open again."""
    for key, path, _, step in tuple(visit_nodes(turn.release, turn.journey)):
        node = turn.activation(key).nodes.get(path)
        if node is None or (node.end is not None and turn.activation(key).state == "undone"):
            continue
        if node.result == reading.id and (reading.void or not satisfies(turn, step, node, reading)):
            turn.decide("reopened", track=turn.activation(key).track, step=path)
            undo_after(turn, key, path)
            node = turn.put_node(key, path, replace(node, end=None, ended=None, done_at=None, way=None, result=None))
            turn.put(replace(turn.activation(key), state="running", ended=None))
            note_done(turn, key, path)
            book(turn, key, path, step, node)
        else:
            stand_for_visit(turn, key, path, step, reading)


def stand_for_visit(turn: Turn, key: str, path: str, step: Visit, reading: Reading) -> None:
    """The result stands for the visit, where it is open or missed and the result is of the right kind and time."""
    node = turn.node(key, path)
    if node.result is not None or node.end not in {None, "missed"} or not satisfies(turn, step, node, reading):
        return
    turn.decide("satisfied", track=turn.activation(key).track, step=path)
    if node.end == "missed":
        recover(turn, key, path, step.visit)
    turn.act(CloseVisit(visit=turn.id_of(key, path), end="done", at=turn.now))
    close_step(turn, key, path, "done", way="kept", at=reading.received, result=reading.id, contact=None)
