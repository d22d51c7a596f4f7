"""Plays a scenario through the engine alone: no server, no store, no clock but the play's own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pathways.engine.actions import AnyAction
from pathways.engine.advance import Advance, advance, begin, next_wakeup
from pathways.engine.context import Context
from pathways.engine.events import AnyEvent, Tick
from pathways.engine.journey import Journey
from pathways.engine.reasons import Reason
from pathways.language.release import Release
from pathways.proof.outside import Outside
from pathways.proof.play import Cue, Failure, Move, Seen, play
from pathways.proof.scenario import Learnt, Scenario

PATIENCE = 64
"""How many turns the engine may ask for at one instant before it counts as stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """One turn of the engine, for the timeline."""

    at: datetime
    event: AnyEvent
    actions: tuple[AnyAction, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of a play."""

    scenario: Scenario
    failures: tuple[Failure, ...]
    timeline: tuple[Turned, ...]
    journey: Journey

    def __str__(self) -> str:
        told: list[str] = []
        # One `then` can fail in several ways, for the same reasons: these are told once.
        for (_, reasons), same in groupby(self.failures, key=lambda failure: (failure.line, failure.reasons)):
            told.extend(map(str, same))
            told.extend(f"    {reason}" for reason in reasons)
        return "\n".join(told) or f"{self.scenario.file}: ok"


Player = Callable[[Release, Scenario], Rehearsal]
"""Plays a scenario of the release."""


def rehearse(release: Release, scenario: Scenario) -> Rehearsal:
    """Plays the scenario, which must be one of the release, to its end."""
    player = _Player(release, scenario)
    script = play(scenario)
    cue = next(script)
    while True:
        try:
            cue = script.send(player.serve(cue))
        except StopIteration as end:
            failures: tuple[Failure, ...] = end.value
            return Rehearsal(
                scenario=scenario, failures=failures, timeline=tuple(player.timeline), journey=player.journey
            )


class _Player:
    """The engine with a clock that moves from one wake-up to the next."""

    def __init__(self, release: Release, scenario: Scenario) -> None:
        self._release = release
        self._facts = scenario.facts
        self._outside = Outside()
        self.timeline: list[Turned] = []
        self.journey = begin(
            release,
            id="rehearsal",
            patient=scenario.patient,
            anchors=dict(scenario.anchors),
            parameters=dict(scenario.parameters),
            now=scenario.enrolled,
        )

    def serve(self, cue: Cue) -> Seen:
        """What comes of a cue, with what is due at the same instant."""
        before = len(self.timeline)
        refused = None
        if isinstance(cue, Move):
            until = cue.to
        elif isinstance(cue, Learnt):
            until, self._facts = cue.at, cue.facts
            self._turn(self._tick(until), until)
        else:
            until = cue.received
            refused = _refusal(self._turn(cue, until), cue)
        refused = self._wait(until) or refused
        turns = self.timeline[before:]
        self._outside = self._outside.looked_at()
        for turn in turns:
            self._outside = self._outside.after(turn.actions, turn.reasons)
        return Seen(outside=self._outside.standing(self._release, self.journey), refused=refused)

    def _wait(self, until: datetime) -> str | None:
        """Ticks at every wake-up up to the instant; why not, where the engine never stops asking for turns."""
        asked, turns = None, 0
        while True:
            at = next_wakeup(self._release, self.journey, self._facts)
            if at is None or at > until:
                return None
            at = max(at, self.journey.clock)
            turns = turns + 1 if at == asked else 0
            asked = at
            if turns > PATIENCE:
                return f"turn after turn at {at.isoformat()}"
            self._turn(self._tick(at), at)

    def _tick(self, at: datetime) -> Tick:
        return Tick(id=f"tick-{len(self.timeline)}", received=at)

    def _turn(self, event: AnyEvent, now: datetime) -> Advance:
        turned = advance(self._release, self.journey, event, Context(now=now, facts=self._facts))
        self.journey = turned.journey
        self.timeline.append(Turned(at=now, event=event, actions=turned.actions, reasons=turned.reasons))
        return turned


def _refusal(turned: Advance, event: AnyEvent) -> str | None:
    """The code of the refusal, where the engine refused the event."""
    for reason in turned.reasons:
        if reason.code == "refused" and reason.event == event.id:
            return f"refused, {reason.values['code']}"
    return None
