"""What the journey hands to its projection and gets back."""

from dataclasses import dataclass
from datetime import datetime

from pathways.engine.actions import Action
from pathways.engine.context import Facts
from pathways.engine.journey import Journey
from pathways.engine.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One turn: the event that it took in and what it decided."""

    sequence: int
    event: str
    received: datetime
    actions: tuple[Action, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One transaction's writes: the turns not yet acknowledged, the state after the last of them and its next wake-up."""

    journey: Journey
    turns: tuple[Turned, ...]
    wakeup: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """A rung whose role nobody on duty holds."""

    task: str
    rung: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """What the store answers: up to which turn it shows, the facts for the next turn, and rungs that found nobody."""

    sequence: int
    facts: Facts
    unattended: tuple[Unattended, ...] = ()
