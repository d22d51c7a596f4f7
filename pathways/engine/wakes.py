"""What time will bring: one function lists every wake, for the next wake-up and for what is due."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never, get_args

from pathways.engine import plans, visits
from pathways.engine.caps import capped_until
from pathways.engine.clocks import moved
from pathways.engine.confirmation import alone_until
from pathways.engine.context import Facts
from pathways.engine.journey import Activation, Journey, Node, TrackState
from pathways.engine.ladders import next_rung
from pathways.engine.questions import LATE, find_step, is_urgent
from pathways.language.release import Release
from pathways.language.step import (
    Ask,
    Call,
    ForEach,
    Repeat,
    Send,
    Task,
    Visit,
    Wait,
)
from pathways.language.trigger import Observed, Overdue, Silent

WakeKind = Literal[
    "wait-over",
    "begin",
    "contact",
    "expiry",
    "unheard",
    "window-over",
    "rung",
    "planned",
    "silent",
    "cap",
    "waited",
    "deferred",
    "unconfirmed",
    "overdue",
    "daily",
]
"""What becomes due, in the order in which it is served where it does at once."""
_RANK: Mapping[WakeKind, int] = {kind: rank for rank, kind in enumerate(get_args(WakeKind))}

Waiting = Send | Ask | Visit | Wait | Repeat | ForEach | Call
"""Steps that time brings on, beside tasks; of a repetition or a time of day, the one that has not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """Something that becomes due: of a track (`key` is its name) or of a node (`key` is its activation)."""

    at: datetime
    kind: WakeKind
    key: str
    path: str = ""
    place: int = 0
    """The track's place in the file or the node's order: what is due at once is served in this order."""

    @property
    def rank(self) -> tuple[datetime, int, int]:
        """What comes first."""
        return (self.at, _RANK[self.kind], self.place)


def wakes(release: Release, journey: Journey, facts: Facts) -> Iterator[Wake]:
    """Every wake of the journey, in no order."""
    if journey.status != "ended":
        for place, name in enumerate(release.pathway.tracks):
            if journey.status != "paused" or release.pathway.tracks[name].safety:
                place += release.rank(name) * len(release.pathway.tracks)
                yield from _of_track(release, journey, facts, name, place)
    for key, activation in journey.activations.items():
        if activation.state == "running" or activation.served:
            yield from _of_activation(release, journey, facts, key, activation)


def _of_track(release: Release, journey: Journey, facts: Facts, name: str, place: int) -> Iterator[Wake]:
    track, zone = release.pathway.tracks[name], journey.patient.zone
    state = journey.tracks.get(name, TrackState())
    date = plans.planned(track, state, journey, facts)
    if date is not None:
        yield Wake(at=plans.begins(track, date, facts, zone), kind="planned", key=name, place=place)
    if isinstance(track.when, Silent):
        found = plans.silence(track.when, state, journey, facts)
        if found is not None:
            yield Wake(at=found[1], kind="silent", key=name, place=place)
    if state.unconfirmed and isinstance(track.when, Observed) and track.when.confirm is not None:
        first = min(alone_until(cause, track.when.confirm, facts, zone) for cause in state.unconfirmed)
        yield Wake(at=first, kind="unconfirmed", key=name, place=place)
    if isinstance(track.when, Overdue) and not (state.holds or state.stopped):
        at = plans.overdue_at(release.pathway, journey, facts, track.when.overdue)
        if at is not None:
            yield Wake(at=at, kind="overdue", key=name, place=place)
    if state.capped and track.at_most is not None:
        until = capped_until(track.at_most, state, state.capped[-1].received, facts, zone)
        yield Wake(at=until or state.capped[-1].received, kind="cap", key=name, place=place)
    daily = plans.daily_look(track, state, journey)
    if daily is not None:
        yield Wake(at=daily, kind="daily", key=name, place=place)
    look = plans.next_look(track, state, journey, facts)
    if look is not None:
        yield Wake(at=look, kind="deferred", key=name, place=place)


def _of_activation(
    release: Release, journey: Journey, facts: Facts, key: str, activation: Activation
) -> Iterator[Wake]:
    held = journey.status == "paused" and not release.pathway.tracks[activation.track].safety
    for path, node in activation.nodes.items():
        if node.end is not None:
            continue
        step = find_step(release, activation, path)
        if isinstance(step, Task):
            if node.waiting_until is not None:
                yield Wake(at=node.waiting_until, kind="waited", key=key, path=path, place=node.order)
            at = next_rung(release, node, step, facts, journey.patient.zone)
            if at is not None and (not held or is_urgent(step)):
                yield Wake(at=at, kind="rung", key=key, path=path, place=node.order)
        elif isinstance(step, Repeat | ForEach) and path + LATE in activation.nodes:
            pass  # a person decides whether it still begins
        elif isinstance(step, Waiting) and not held and journey.status != "ended":
            for kind, at in _of_step(step, node, facts, journey.patient.zone):
                yield Wake(at=at, kind=kind, key=key, path=path, place=node.order)


def _of_step(step: Waiting, node: Node, facts: Facts, zone: str) -> Iterator[tuple[WakeKind, datetime]]:
    match step:
        case Send():
            assert node.contact is not None, "only a deferred message is open"
            yield "contact", node.contact
        case Ask():
            if node.contact is not None:
                yield "contact", node.contact
            elif node.told and node.reminded < len(step.remind):
                yield "contact", moved(node.since, step.remind[node.reminded], facts, zone)
            if step.expires is not None:
                yield "expiry", moved(node.since, step.expires, facts, zone)
        case Visit():
            reminder = visits.remind_at(node, step, facts, zone)
            if reminder is not None:
                yield "contact", reminder
            yield "window-over", visits.window(node, step, facts, zone)[1]
        case Wait():
            yield "wait-over", moved(node.since, step.wait, facts, zone)
        case Call():
            yield "unheard", moved(node.entered, step.within, facts, zone)
        case Repeat() | ForEach():
            yield "begin", node.since
        case _:
            assert_never(step)
