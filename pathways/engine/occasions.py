"""Named events: which tracks take them, what of their data is bound, and what conditions later count of them."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.admission import admit
from pathways.engine.binding import bound_of
from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.events import Happened
from pathways.engine.evidence import known_features, shown_features
from pathways.engine.journey import Cause, Journey
from pathways.engine.recall import Told
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Verdict
from pathways.language.conditions import Truth
from pathways.language.release import Release
from pathways.language.trigger import Named
from pathways.language.vocabulary import EVENT_TIME

VISIT_KEPT = "visit-kept"
"""What conditions call a visit that the hospital reported as kept."""


def decide_event(turn: Turn, event: Happened) -> list[Verdict]:
    """A verdict for every track that the event may start, in file order."""
    return [
        _decided(turn, name, track.when, event)
        for name, track in turn.release.pathway.tracks.items()
        if isinstance(track.when, Named) and track.when.event == event.name
    ]


def _decided(turn: Turn, name: str, trigger: Named, event: Happened) -> Verdict:
    bound = bound_of(trigger.bind, event.data) | {EVENT_TIME: (event.at or event.received).isoformat()}
    cause = Cause(kind="event", occurrence=event.id, received=event.received, bound=bound)
    if trigger.if_ is None:
        return admit(turn, name, cause, values={})
    condition, told = turn.release.condition(trigger.if_), Told(bound=bound)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now, told=told)
    truth, values = condition.evaluate(known), shown_features(known)
    if truth is Truth.TRUE:
        return admit(turn, name, cause, values=values)
    return Verdict(track=name, code="false" if truth is Truth.FALSE else "unknown", cause=cause, values=values)


def remember_event(turn: Turn, name: str, at: datetime) -> None:
    """Keeps the time of an event that conditions count."""
    if name in turn.release.event_windows:
        times = tuple(sorted((*turn.journey.happened.get(name, ()), min(at, turn.now))))
        turn.journey = replace(turn.journey, happened={**turn.journey.happened, name: times})


def without_old_events(release: Release, journey: Journey, facts: Facts) -> Journey:
    """The journey without events from before everything that looks at them."""
    kept: dict[str, tuple[datetime, ...]] = {}
    for name, times in journey.happened.items():
        windows = release.event_windows.get(name, ())
        oldest = min((moved(journey.clock, span, facts, journey.patient.zone, -1) for span in windows), default=None)
        kept[name] = tuple(at for at in times if oldest is not None and at > oldest)
    return journey if kept == journey.happened else replace(journey, happened=kept)
