"""One turn of the engine: a journey, an event and a context give the journey after it, actions and reasons. Total."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from pathways.engine import plans
from pathways.engine.actions import AnyAction, CloseAsk, CloseVisit, RaiseAlarm
from pathways.engine.admission import admit
from pathways.engine.anchors import take_seasons
from pathways.engine.becomings import look_at_conditions
from pathways.engine.clocks import late, moved
from pathways.engine.context import Context, Facts
from pathways.engine.deferrals import let_through, look, look_after
from pathways.engine.events import AnyEvent, ResultReceived, TaskCompleted, Tick
from pathways.engine.follow import follow, remember_date
from pathways.engine.happenings import happen, keep_conflict
from pathways.engine.horizons import HORIZON
from pathways.engine.ids import derive
from pathways.engine.journey import Cause, Journey, Node, Own, Patient, Scalar
from pathways.engine.ladders import pass_rung
from pathways.engine.memory import forget
from pathways.engine.outcomes import take_effect
from pathways.engine.questions import find_step
from pathways.engine.reasons import Code, Reason
from pathways.engine.refusals import refusal
from pathways.engine.starts import carry_out, look_at_unconfirmed, release_capped
from pathways.engine.steps import announce, close_step, enter_send, give_to_staff, resume
from pathways.engine.tasks import stop_waiting
from pathways.engine.turn import Turn
from pathways.engine.visits import remind
from pathways.engine.wakes import Wake, wakes
from pathways.language.release import Release
from pathways.language.step import Ask, Send, Visit, default_lateness
from pathways.language.trigger import Every, Silent

CASCADE_LIMIT = 256
"""How many wakes and effects one turn serves; what is left is kept for the next, with an alarm."""
SEEN_LIMIT = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What a turn gives."""

    journey: Journey
    actions: tuple[AnyAction, ...]
    reasons: tuple[Reason, ...]


def begin(
    release: Release,
    *,
    id: str,
    patient: Patient,
    anchors: dict[str, datetime],
    now: datetime,
    parameters: Mapping[str, float | tuple[str, ...]] | None = None,
    values: Mapping[str, Scalar] | None = None,
    episode: str | None = None,
    by: str = "",
) -> Journey:
    """A journey before its first turn. `anchors` names every required anchor of the pathway, `enrolled` among them.

    `parameters` and `values` are the patient's own, set by the one who starts it.
    """
    return Journey(
        id=id,
        release=release.checksum,
        patient=patient,
        anchors=anchors,
        episode=episode,
        parameters={name: Own(value=value, by=by, at=now) for name, value in (parameters or {}).items()},
        values=values or {},
        clock=now,
    )


def advance(release: Release, journey: Journey, event: AnyEvent, context: Context) -> Advance:
    """Serves what was due up to the event's receipt, the event, and what is due up to now; never raises."""
    turn = Turn(release, journey, event.id, context)
    # Before anything is looked at: what is remembered depends on the time alone, not on how often it was woken.
    turn.journey = forget(release, turn.journey, turn.facts)
    if event.received > turn.now:
        event = replace(event, received=turn.now)
    closing = event.task if isinstance(event, TaskCompleted) else None
    take_seasons(turn)
    left = _serve(turn, event.received, CASCADE_LIMIT, closing=closing)
    turn.cause = event.id
    refused = refusal(release, turn.journey, event)
    if event.id in journey.seen:
        turn.decide("duplicate")
    elif refused is not None:
        turn.decide("refused", values={"code": refused.code})
        keep_conflict(turn, event)
        _see(turn, event)
    else:
        happen(turn, event)
        _see(turn, event)
        left = _effects(turn, left)
        look_after(turn)
    left = _serve(turn, turn.now, left)
    if left <= 0 and (turn.effects or _due(turn, turn.now) is not None):
        _overflow(turn)
    journey = replace(turn.journey, sequence=journey.sequence + 1, pending=tuple(turn.effects))
    journey = forget(release, journey, turn.facts)
    return Advance(journey=journey, actions=tuple(turn.actions), reasons=tuple(turn.reasons))


def _see(turn: Turn, event: AnyEvent) -> None:
    """Remembers the event. Results have versions to tell duplicates by, and a tick is nothing to repeat."""
    if not isinstance(event, ResultReceived | Tick):
        turn.journey = replace(turn.journey, seen=(*turn.journey.seen, event.id)[-SEEN_LIMIT:])


def next_wakeup(release: Release, journey: Journey, facts: Facts) -> datetime | None:
    """The earliest instant at which the journey must have a turn; None where only events can move it."""
    if journey.pending:
        return journey.clock
    due = [wake.at for wake in wakes(release, journey, facts)]
    if journey.exit is not None and journey.clock < journey.exit.at + HORIZON:
        # Nothing is served then: the journey is finished and may be let go.
        due.append(journey.exit.at + HORIZON)
    return min(due, default=None)


def _due(turn: Turn, until: datetime, closing: str | None = None) -> Wake | None:
    due = (wake for wake in wakes(turn.release, turn.journey, turn.facts) if wake.at <= until)
    if closing is not None:
        due = (wake for wake in due if wake.kind != "rung" or turn.id_of(wake.key, wake.path) != closing)
    return min(due, key=lambda wake: wake.rank, default=None)


def _serve(turn: Turn, until: datetime, left: int, closing: str | None = None) -> int:
    """Serves wakes in order until none is due; how many more this turn may serve."""
    left = _effects(turn, left)
    while left > 0:
        wake = _due(turn, until, closing)
        if wake is None:
            break
        turn.cause = f"{wake.kind}/{wake.at.isoformat()}"
        _wake(turn, wake)
        left = _effects(turn, left - 1)
    return left


def _effects(turn: Turn, left: int) -> int:
    """Serves what the turn did to other tracks, what had given way to ended ones, and what has become true by it."""
    follow(turn)
    while left > 0:
        if turn.effects:
            take_effect(turn, turn.effects.popleft())
        elif not (let_through(turn) or look_at_conditions(turn)):
            break
        follow(turn)
        left -= 1
    return left


def _overflow(turn: Turn) -> None:
    turn.decide("cascade")
    name = derive(turn.journey.id, "cascade", str(turn.journey.sequence))
    turn.act(RaiseAlarm(alarm=name, code="cascade", at=turn.now))


def _wake(turn: Turn, wake: Wake) -> None:
    match wake.kind:
        case "planned":
            _planned(turn, wake)
        case "silent":
            _silent(turn, wake)
        case "overdue":
            _overdue(turn, wake)
        case "cap":
            release_capped(turn, wake.key)
        case "deferred":
            look(turn, wake.key)
        case "daily":
            turn.remember(wake.key, replace(turn.state(wake.key), looked=turn.now))
        case "unconfirmed":
            look_at_unconfirmed(turn, wake.key)
        case "rung":
            pass_rung(turn, wake.key, wake.path)
        case "waited":
            stop_waiting(turn, wake.key, wake.path)
        case "contact":
            _contact(turn, wake)
        case "wait-over":
            close_step(turn, wake.key, wake.path, "done", way=None, at=wake.at)
        case "begin":
            resume(turn, wake.key)
        case "expiry":
            turn.act(CloseAsk(ask=turn.id_of(wake.key, wake.path), end="missed", at=wake.at))
            close_step(turn, wake.key, wake.path, "missed", way="unanswered", at=wake.at, contact=None)
        case "unheard":
            turn.decide("failed", track=turn.activation(wake.key).track, step=wake.path)
            close_step(turn, wake.key, wake.path, "missed", way="failed", at=wake.at)
        case "window-over":
            turn.act(CloseVisit(visit=turn.id_of(wake.key, wake.path), end="missed", at=wake.at))
            close_step(turn, wake.key, wake.path, "missed", way="missed", at=wake.at, contact=None)
        case _:
            assert_never(wake.kind)


def _planned(turn: Turn, wake: Wake) -> None:
    """An occurrence begins, unless it is late and its series says otherwise."""
    name, track = wake.key, turn.track(wake.key)
    state = plans.current(track, turn.state(name), turn.journey)
    date_ = plans.planned(track, state, turn.journey, turn.facts)
    assert date_ is not None, "it is due"
    by_last = isinstance(track.when, Every) and track.when.from_.anchor == plans.LAST_DONE
    # Counted from its date in case nothing begins that could be done; what begins counts anew when it is.
    turn.remember(name, replace(state, next=state.next + 1, origin=date_ if by_last else state.origin))
    key = plans.key_of(state.next, state)
    cause = Cause(kind="planned", occurrence=key, received=wake.at, planned=wake.at, planned_for=date_)
    series = isinstance(track.when, Every)
    if series and late(wake.at, turn.now, track.steps[0].late_after, turn.facts, turn.zone):
        policy = default_lateness(track.steps[0], in_series=True)
        overtaken = plans.overtaken(track, state, turn.journey, turn.facts, turn.now)
        if policy == "skip" or (policy in {"collapse", "ask"} and overtaken):
            code: Code = "too-late" if policy == "skip" else "collapsed"
            turn.decide(code, track=name, occurrence=cause.occurrence)
            return
    verdict = admit(turn, name, cause, values={})
    if verdict.kind == "steps" and verdict.intent in {"start", "restart", "attach"}:
        state = turn.state(name)
        turn.remember(name, replace(state, origin=None if by_last else state.origin))
        remember_date(turn, name, key, date_)
    carry_out(turn, verdict)


def _overdue(turn: Turn, wake: Wake) -> None:
    """An anchor is still not known, although it should be."""
    state = turn.state(wake.key)
    turn.remember(wake.key, replace(state, next=state.next + 1, holds=True))
    cause = Cause(kind="overdue", occurrence=str(state.next), received=wake.at, planned=wake.at)
    carry_out(turn, admit(turn, wake.key, cause, values={}))


def _silent(turn: Turn, wake: Wake) -> None:
    track, state = turn.track(wake.key), turn.state(wake.key)
    assert isinstance(track.when, Silent), "it is due"
    passed = plans.silent_periods(track.when, state, turn.journey, turn.facts, turn.now)
    turn.remember(wake.key, replace(state, silences=passed))
    found = plans.silence(track.when, replace(state, silences=passed - 1), turn.journey, turn.facts)
    assert found is not None, "it is due"
    cause = Cause(kind="silent", occurrence=found[0], received=found[1], planned=found[1])
    carry_out(turn, admit(turn, wake.key, cause, values={}))


def _expired(turn: Turn, node: Node, step: Ask) -> bool:
    return step.expires is not None and moved(node.since, step.expires, turn.facts, turn.zone) <= turn.now


def _contact(turn: Turn, wake: Wake) -> None:
    """A deferred message, a reminder: told now, kept for a better hour again, or too late to be told."""
    node = turn.node(wake.key, wake.path)
    step = find_step(turn.release, turn.activation(wake.key), wake.path)
    after = step.late_after if isinstance(step, Send) else None
    too_late = late(wake.at, turn.now, after, turn.facts, turn.zone)
    if isinstance(step, Send):
        if too_late and default_lateness(step, in_series=False) == "skip":
            turn.decide("too-late", track=turn.activation(wake.key).track, step=wake.path)
            turn.put_node(wake.key, wake.path, replace(node, end="skipped", ended=turn.now, contact=None))
        else:
            enter_send(turn, wake.key, wake.path, step, node)
        resume(turn, wake.key)
    elif (
        isinstance(step, Ask | Visit)
        and too_late
        and (node.told or isinstance(step, Visit) or _expired(turn, node, step))
    ):
        turn.decide("too-late", track=turn.activation(wake.key).track, step=wake.path)
        turn.put_node(wake.key, wake.path, replace(node, reminded=node.reminded + 1, contact=None))
    elif isinstance(step, Ask):
        announce(turn, wake.key, wake.path, step)
    elif isinstance(step, Visit) and remind(turn, wake.key, wake.path, step) == "no-consent":
        about = step.reminder or step.visit
        give_to_staff(turn, wake.key, f"{wake.path}/remind-{node.reminded}", about)
