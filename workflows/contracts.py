"""What crosses Temporal: one model in, one model out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activities.contracts import Turned
from pathways.engine.actions import Action
from pathways.engine.context import Facts
from pathways.engine.events import Event
from pathways.engine.journey import Journey


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyInput:
    """What a run of `PatientJourney` begins with; the release travels with it, so handlers never wait for one.

    After a continue-as-new: the state, the facts last told, the turns whose projection was not acknowledged and the
    events that were not taken yet.
    """

    release: str
    """`Release.text`."""
    journey: Journey
    facts: Facts
    events: tuple[Event, ...] = ()
    unacknowledged: tuple[Turned, ...] = ()
    taken: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """Ids of the events taken lately, and when: what is signalled again is told by them."""
    errands: tuple[Action, ...] = ()
    """Calls and enrolments that were not answered yet: they are begun again under the same ids."""
    history_length: int | None = None
    """Events after which the run continues as new; None leaves it to the server's suggestion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer to an update: the turn that took the event in, which the store will show."""

    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherInput:
    """Which messages a `Dispatcher` sends, and after how many events of history it continues as a new run."""

    channel: str
    shard: int = 0
    shards: int = 1
    history_length: int | None = None
