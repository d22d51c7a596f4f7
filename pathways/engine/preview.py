"""What setting an anchor would do to what is planned, told before anyone commits it; nothing is changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pathways.engine import plans
from pathways.engine.advance import advance
from pathways.engine.context import Context, Facts
from pathways.engine.events import AnchorSet, Tick
from pathways.engine.journey import Journey, TrackState
from pathways.engine.undo import OF_THE_TRACK
from pathways.language.release import Release
from pathways.language.trigger import At, Every, Overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An occurrence of a track with its date before and after; None where it has none."""

    track: str
    occurrence: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPreview:
    """What would happen: each occurrence stands in one list, those that nothing changes in none."""

    moved: tuple[Moved, ...] = ()
    """They come, or stay open, at another date."""
    cancelled: tuple[Moved, ...] = ()
    """They do not come any more."""
    already_done: tuple[Moved, ...] = ()
    """They were done for the date before, and stay done."""
    overdue: tuple[Moved, ...] = ()
    """Their new date has passed: they come at once, or are left out as too late."""


AT_ONCE = 100
"""How many occurrences that are overdue at once a preview names of a track."""
_State = Literal["gone", "ahead", "passed", "open", "done"]
_List = Literal["moved", "cancelled", "already_done", "overdue"]


@dataclass(frozen=True, slots=True)
class _Dated:
    """An occurrence as it stands; one that has `passed` came at its time and started nothing, or is long forgotten."""

    state: _State
    date: datetime | None
    started: str | None = None
    """The activation that it is."""


_GONE = _Dated("gone", None)


def preview_anchor(
    release: Release,
    journey: Journey,
    facts: Facts,
    *,
    anchor: str,
    at: datetime | None,
    tentative: bool,
    now: datetime,
) -> AnchorPreview:
    """What `AnchorSet` would do now, by trying it on the state; empty where it would be refused."""
    context = Context(now=now, facts=facts)
    before = advance(release, journey, Tick(id="preview", received=now), context).journey
    event = AnchorSet(id="preview-set", received=now, anchor=anchor, at=at, by="", tentative=tentative)
    after = advance(release, before, event, context).journey
    lists: dict[_List, list[Moved]] = {"moved": [], "cancelled": [], "already_done": [], "overdue": []}
    for name in release.pathway.tracks:
        was, is_ = _occurrences(release, name, before, facts), _occurrences(release, name, after, facts)
        for number in _numbers(release, name, before, after):
            old, new = was(number), is_(number)
            found = _list(old, new)
            if found is not None:
                lists[found].append(Moved(track=name, occurrence=str(number), before=old.date, after=new.date))
    return AnchorPreview(**{name: tuple(found) for name, found in lists.items()})


def _list(old: _Dated, new: _Dated) -> _List | None:
    """The list in which the occurrence stands; None where nothing changes."""
    match old.state, new.state:
        case "done", "done" if old.started == new.started:
            return None if old.date == new.date else "already_done"
        case "gone" | "passed", "gone" | "passed":
            return None
        case _, "gone":
            return "cancelled"
        case "open", "open" | "done" | "passed":
            return None if old.date == new.date else "moved"
        case _, "ahead":
            return None if old == new else "moved"
        case _:
            return "overdue"


def _numbers(release: Release, name: str, before: Journey, after: Journey) -> list[int]:
    """The occurrences of a planned track that may change: those that started, and those that are or were to come."""
    track = release.pathway.tracks[name]
    if isinstance(track.when, Overdue):
        return [1]
    if not isinstance(track.when, At | Every):
        return []
    states = [plans.current(track, journey.tracks.get(name, TrackState()), journey) for journey in (before, after)]
    first, last = sorted(state.next for state in states)
    coming = range(max(first, last - AT_ONCE), last + 1)
    return sorted({first, *coming, *_started(name, before), *_started(name, after)})


def _occurrences(release: Release, name: str, journey: Journey, facts: Facts) -> Callable[[int], _Dated]:
    """How an occurrence of the track stands, by its number."""
    track, state = release.pathway.tracks[name], journey.tracks.get(name, TrackState())
    started = _started(name, journey)
    if isinstance(track.when, Overdue):
        at = (
            None
            if state.holds or state.stopped
            else plans.overdue_at(release.pathway, journey, facts, track.when.overdue)
        )
        return lambda number: started.get(number, _GONE if at is None else _Dated("ahead", at))
    state = plans.current(track, state, journey)

    def occurrence(number: int) -> _Dated:
        date = plans.dated(track, state, number, journey, facts)
        known = started.get(number)
        if known is not None and (known.state == "open" or number < state.next):
            counted = known.state == "done" and plans.counted_from(track) is not None
            return replace(known, date=date) if counted else known
        if date is None or state.stopped:
            return _GONE
        return _Dated("ahead" if number >= state.next else "passed", date)

    return occurrence


def _started(name: str, journey: Journey) -> dict[int, _Dated]:
    """What the occurrences of the track that started are, or wait to be; those that were undone have not."""
    found: dict[int, _Dated] = {}
    for key, activation in journey.activations.items():
        if activation.track != name or activation.kind not in OF_THE_TRACK or activation.state == "undone":
            continue
        state: _State = "open" if activation.state == "running" else "done"
        if activation.planned_for is not None:
            found[plans.number_of(activation.occurrence)] = _Dated(state, activation.planned_for, key)
        elif state == "open" and any(cause.kind == "overdue" for cause in activation.causes):
            found[1] = _Dated(state, activation.planned, key)
    for cause in journey.tracks.get(name, TrackState()).unstarted:
        if cause.kind == "planned":
            found[plans.number_of(cause.occurrence)] = _Dated("open", cause.planned_for)
    return found
