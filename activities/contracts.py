"""What the journey hands to its projection and gets back."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from pathways.engine.actions import Action
from pathways.engine.context import Facts
from pathways.engine.events import Event
from pathways.engine.journey import Journey
from pathways.engine.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One turn: the event that it took in and what it decided."""

    sequence: int
    event: Event
    state: str
    """`fingerprint` of the journey after it."""
    actions: tuple[Action, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One transaction: the turns not yet acknowledged, the state after the last of them and its next wake-up."""

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
    stands: Journey | None = None
    """Where other turns than these were shown: nothing was written, and the journey goes on from how it stands here."""


def fingerprint(state: bytes) -> str:
    """Tells two states of a journey apart, each as `write_journey` wrote it."""
    return blake2b(state, digest_size=16).hexdigest()
