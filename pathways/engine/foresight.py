"""What a journey will make of what it has not taken in yet, as far as it is urgent: an alarm waits for nobody.

The journey decides the same when it takes these events in, and finds what was done ahead under its own ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pathways.engine.actions import AnyAction, CloseTask, EscalateTask, NotifyStaff, OpenTask, RaiseAlarm
from pathways.engine.advance import advance
from pathways.engine.context import Context, Facts
from pathways.engine.events import AnyEvent
from pathways.engine.journey import Journey
from pathways.language.messages import PAGE
from pathways.language.release import Release
from pathways.language.step import is_urgent_ladder

UrgentAction = OpenTask | CloseTask | EscalateTask | NotifyStaff | RaiseAlarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """An action that may be done before its journey comes to it, and the event that brings it about."""

    event: AnyEvent
    action: UrgentAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The journey as it will be, and what of it cannot wait."""

    journey: Journey
    ahead: tuple[Ahead, ...]


def foresee(release: Release, journey: Journey, events: Sequence[AnyEvent], facts: Facts, *, now: datetime) -> Foreseen:
    """Each event has its turn at its own receipt, as it will have in the journey; then what is urgent of them."""
    ahead: list[Ahead] = []
    for event in events:
        at = min(max(event.received, journey.clock), now)
        advanced = advance(release, journey, event, Context(now=at, facts=facts))
        journey = advanced.journey
        ahead += [Ahead(event=event, action=action) for action in _urgent(advanced.actions)]
    return Foreseen(journey=journey, ahead=tuple(ahead))


def has_urgent(release: Release) -> bool:
    """Whether anything of the pathway may ever be urgent."""
    return any(is_urgent_ladder(name) for name in release.pathway.ladders)


def _urgent(actions: Iterable[AnyAction]) -> Iterable[UrgentAction]:
    """Urgent tasks, the rungs of tasks, who is called with them, and what takes tasks back.

    Whether the task of a rung is urgent is known where it stands; its page follows it. Patients are told by the
    journey alone.
    """
    for action in actions:
        match action:
            case OpenTask(urgent=True) | CloseTask(end="cancelled") | EscalateTask() | RaiseAlarm(code="last-rung"):
                yield action
            case NotifyStaff() if action.template == PAGE:
                yield action
            case _:
                pass
