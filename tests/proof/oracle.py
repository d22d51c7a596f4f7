"""What a journey must be in the end: the engine alone, on the results in the order of their times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pathways.engine.actions import CloseTask, OpenTask
from pathways.engine.advance import advance, begin, next_wakeup
from pathways.engine.context import Context, Facts
from pathways.engine.events import AnyEvent, Enrolled, ResultReceived, Tick
from pathways.engine.journey import Journey, Patient
from pathways.language.release import Release
from tests.proof.senders import Told

ABOUT_WHAT_WAS_TOLD = frozenset({"correct-message", "contact-patient"})
"""What staff are asked because the patient was told what does not hold: it depends on when that was."""
CAPS_END = timedelta(days=31)
"""After so long no cap of these pathways holds anything back."""


@dataclass(kw_only=True)
class Play:
    """A journey, played by the engine alone; `tasks` are those that are open."""

    release: Release
    facts: Facts
    journey: Journey
    now: datetime
    tasks: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, event: AnyEvent) -> None:
        """A turn."""
        turn = advance(self.release, self.journey, event, Context(now=self.now, facts=self.facts))
        self.journey = turn.journey
        for action in turn.actions:
            match action:
                case OpenTask():
                    self.tasks[action.task] = action.name
                case CloseTask():
                    self.tasks.pop(action.task, None)
                case _:
                    pass

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        end = self.now + span
        while (wake := next_wakeup(self.release, self.journey, self.facts)) is not None and wake <= end:
            self.now = max(wake, self.now)
            self.take(Tick(id=f"wait-{self.journey.sequence}", received=self.now))
        self.now = end


def in_order(
    release: Release, facts: Facts, patient: Patient, told: Sequence[Told], *, enrolled: datetime, now: datetime
) -> Play:
    """A journey that is told each result as it is in the end, all of them now, in the order of their times."""
    begun = begin(release, id="oracle", patient=patient, anchors={"enrolled": enrolled}, now=enrolled)
    play = Play(release=release, facts=facts, journey=begun, now=enrolled)
    play.take(Enrolled(id="enrolled", received=enrolled))
    play.wait(now - enrolled)
    for one in told:
        play.take(event_of(one, received=now))
    return play


def event_of(told: Told, *, received: datetime) -> ResultReceived:
    """What a journey is told of it."""
    return ResultReceived(
        id=f"{told.id}-{told.version}",
        received=received,
        result=told.id,
        version=told.version,
        status=told.status,
        code=told.code,
        effective=told.effective,
        value=told.value,
        unit=told.unit,
        origin="laboratory",
    )


def data_of(journey: Journey, names: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    """The latest version of each result that the journey knows, by the source's id of it."""
    return sorted(
        ((names or {}).get(one.id, one.id), one.data, one.effective, one.low, one.high, one.void, one.status)
        for one in journey.readings.values()
    )


def kinds(names: Iterable[str]) -> list[str]:
    """The kinds of work, but for what is about what was told."""
    return sorted(set(names) - ABOUT_WHAT_WAS_TOLD)


def later(play: Play) -> list[str]:
    """The kinds of work once no cap holds anything back."""
    ahead = replace(play, tasks=dict(play.tasks))
    ahead.wait(CAPS_END)
    return kinds(ahead.tasks.values())
