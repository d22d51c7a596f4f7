"""What was started for a date follows the date: planned occurrences have keys, and what was done stays done."""

from dataclasses import replace
from datetime import datetime

from pathways.engine import plans, undo
from pathways.engine.clocks import moved
from pathways.engine.journey import Activation, Scalar
from pathways.engine.ladders import annotate
from pathways.engine.lapses import lose
from pathways.engine.questions import find_step
from pathways.engine.results import stand_for_visit
from pathways.engine.steps import ask_staff
from pathways.engine.turn import Turn
from pathways.engine.visits import is_too_late, replan, visit_nodes
from pathways.language.definition import Track
from pathways.language.schedule import Duration
from pathways.language.step import Ask, Set, Task, Visit
from pathways.language.trigger import At, Every, Overdue

DATES_LIMIT = 12
"""Of how many occurrences a track with `redo_if_moved` remembers the dates for which they were done."""


def follow(turn: Turn) -> None:
    """Once anything changed that dates count from, what was started for them follows; else nothing."""
    if turn.journey.dates == turn.dates:
        return
    turn.dates = turn.journey.dates
    if turn.journey.status == "ended":
        return
    # The same turn may move an occurrence more than once, each time with a reason of its own.
    cause, turn.cause = turn.cause, f"moved/{turn.now.isoformat()}/{len(turn.reasons)}"
    for name, track in turn.release.pathway.tracks.items():
        if isinstance(track.when, Overdue):
            _known_after_all(turn, name, track.when.overdue)
        elif plans.counted_from(track) is not None:
            _follow_dates(turn, name, track)
    turn.cause = cause


def remember_date(turn: Turn, name: str, occurrence: str, date: datetime) -> None:
    """The date that the occurrence was started for, where it is to be done again if that moves."""
    trigger, state = turn.track(name).when, turn.state(name)
    if not isinstance(trigger, At | Every) or trigger.redo_if_moved is None:
        return
    dates = {**state.dates, str(plans.number_of(occurrence)): date}
    turn.remember(name, replace(state, dates=dict([*dates.items()][-DATES_LIMIT:])))


def _known_after_all(turn: Turn, name: str, anchor: str) -> None:
    """What an overdue anchor started is not needed once it is known, or expected later."""
    state = turn.state(name)
    at = plans.overdue_at(turn.release.pathway, turn.journey, turn.facts, anchor)
    if not state.holds or (at is not None and at <= turn.now):
        return
    turn.remember(name, replace(state.keeping(lambda cause: cause.kind != "overdue"), holds=False))
    for key, activation in tuple(turn.journey.activations.items()):
        stands = any(cause.kind == "overdue" for cause in activation.causes)
        if activation.track == name and activation.state == "running" and stands:
            lose(turn, key, "overdue", "moved")
            turn.decide("no-longer-true", track=name, occurrence=activation.occurrence)


def _follow_dates(turn: Turn, name: str, track: Track) -> None:
    """Every occurrence that has started, from the last: it comes anew, gets another date, or stays as it is."""
    state, moment = turn.state(name), plans.counted_from(track)
    done = turn.journey.done.get(moment.step) if moment is not None and moment.step is not None else None
    of_step = moment is not None and moment.step is not None
    if of_step and (state.origin is None or (done is not None and done >= state.origin)):
        return  # what was done later again is a series of its own
    first = _queued(turn, name, track, of_step=of_step)
    stays = False
    for number, key in sorted(_started(turn, name).items(), reverse=True):
        date = None if of_step else plans.dated(track, state, number, turn.journey, turn.facts)
        if _leaves(turn, key, date, stays=stays):
            first = number
        else:
            stays = True
    first = first if of_step else _redone(turn, name, track, first)
    if first is not None:
        now = turn.state(name)
        origin, next_ = (done, now.next) if of_step else (now.origin, min(first, now.next))
        turn.remember(name, replace(now, next=next_, anew=now.anew + 1, origin=origin))


def _started(turn: Turn, name: str) -> dict[int, str]:
    """The activation of each planned occurrence that is still remembered, by its number."""
    return {
        plans.number_of(activation.occurrence): key
        for key, activation in turn.journey.activations.items()
        if activation.track == name
        and activation.kind in undo.OF_THE_TRACK
        and activation.planned_for is not None
        and activation.state != "undone"
    }


def _ahead(turn: Turn, name: str, date: datetime | None) -> bool:
    """Whether an occurrence of that date has not begun by now; one without a date never does."""
    return date is None or plans.begins(turn.track(name), date, turn.facts, turn.zone) > turn.now


def _queued(turn: Turn, name: str, track: Track, *, of_step: bool) -> int | None:
    """The first of the occurrences that wait to start and whose time has not come any more; they wait no longer."""
    state = turn.state(name)
    gone: set[int] = set()
    for cause in state.unstarted:
        number = plans.number_of(cause.occurrence) if cause.kind == "planned" else 0
        date = None if of_step else plans.dated(track, state, number, turn.journey, turn.facts)
        if number and date != cause.planned_for and _ahead(turn, name, date):
            _tell(turn, name, cause.occurrence, cause.planned_for, date)
            gone.add(number)
    turn.remember(name, state.keeping(lambda c: c.kind != "planned" or plans.number_of(c.occurrence) not in gone))
    return min(gone, default=None)


def _leaves(turn: Turn, key: str, date: datetime | None, *, stays: bool) -> bool:
    """Whether the occurrence is to come anew: nobody has begun it, and its time has not come any more.

    With `stays` a later one has been done, so it only gets its date.
    """
    activation = turn.activation(key)
    name, before = activation.track, activation.planned_for
    if date == before:
        return False
    ahead, begun = _ahead(turn, name, date), _begun(turn, activation)
    if activation.state == "done":
        nothing = all(node.end in {"cancelled", "skipped"} for node in activation.nodes.values())
        return ahead and nothing and not stays
    _tell(turn, name, activation.occurrence, before, date)
    if ahead and not begun and not (stays and date is not None):
        undo.undo(turn, key, "moved")
        return not stays
    annotate(turn, key, "moved", {}, flag=True)
    if date is not None:
        _replan(turn, key, date)
    return False


def _tell(turn: Turn, name: str, occurrence: str, before: datetime | None, date: datetime | None) -> None:
    dates = {"before": before, "after": date}
    values: dict[str, Scalar | None] = {key: at and at.isoformat() for key, at in dates.items()}
    turn.decide("moved", track=name, occurrence=occurrence, values=values)


def _begun(turn: Turn, activation: Activation) -> bool:
    """Whether a person chose it, or anything of it has been done or begun, or has set a date that it may stand on."""
    if activation.chosen or any(cause.chosen for cause in activation.causes):
        return True
    for path, node in activation.nodes.items():
        if node.holder is not None or node.chosen or node.booked is not None or node.attempts:
            return True
        if node.end not in {None, "cancelled", "skipped"}:
            step = find_step(turn.release, activation, path)
            sets = isinstance(step, Set) and step.set in turn.release.pathway.anchors
            if sets or isinstance(step, Task | Visit | Ask):
                return True
    return False


def _replan(turn: Turn, key: str, date: datetime) -> None:
    """The occurrence goes on for another date: its visit is planned for that, and a result may stand for it now."""
    activation = replace(turn.activation(key), planned_for=date)
    turn.put(activation)
    remember_date(turn, activation.track, activation.occurrence, date)
    mine = [found for found in visit_nodes(turn.release, turn.journey) if found[0] == key]
    for _, path, node, step in mine[:1]:
        if node.end is not None:
            continue
        replan(turn, key, path, step, date)
        if is_too_late(turn.node(key, path), step, turn.facts, turn.zone):
            ask_staff(turn, key, path, "booking", step.visit)
        for reading in turn.journey.readings.values():
            stand_for_visit(turn, key, path, step, reading)


def _redone(turn: Turn, name: str, track: Track, first: int | None) -> int | None:
    """The first occurrence that is to come anew, with those that were done for a date that moved too far."""
    trigger, state = track.when, turn.state(name)
    if not isinstance(trigger, At | Every) or trigger.redo_if_moved is None:
        return first
    running = {n for n, key in _started(turn, name).items() if turn.activation(key).state == "running"}
    for text, before in sorted(state.dates.items(), key=lambda item: int(item[0])):
        number = int(text)
        date = plans.dated(track, state, number, turn.journey, turn.facts)
        if (first is not None and number >= first) or number in running or date is None:
            continue
        if _too_far(turn, before, date, trigger.redo_if_moved):
            _tell(turn, name, text, before, date)
            first = number
    dates = {text: date for text, date in state.dates.items() if first is None or int(text) < first}
    turn.remember(name, replace(turn.state(name), dates=dates))
    return first


def _too_far(turn: Turn, before: datetime, date: datetime, span: Duration) -> bool:
    return moved(min(before, date), span, turn.facts, turn.zone) < max(before, date)
