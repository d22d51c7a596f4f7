"""Which tracks lead to which: circles that nothing slows, steps that are never reached, tracks that nothing starts."""

from collections.abc import Iterator

from pathways.language.becoming import depending
from pathways.language.definition import Track
from pathways.language.draft import Draft, way_written
from pathways.language.problems import Problem
from pathways.language.step import (
    Ask,
    Call,
    Choose,
    End,
    Enrol,
    ForEach,
    Repeat,
    Set,
    Start,
    Steps,
    Task,
    Together,
    Visit,
    Wait,
    branches,
)
from pathways.language.trigger import Missed, Outcome, Unanswered

SETS = "="
"""What marks the name of a value among those of tracks."""


def dead_ends(draft: Draft) -> Iterator[Problem]:
    """A problem for each circle of starts without anything between, and for each step behind the journey's end."""
    yield from _circles(draft)
    for placed in draft.steps:
        if isinstance(placed.step, Enrol) and placed.step.enrol == draft.pathway.pathway:
            yield draft.error((*placed.path, "enrol"), "this pathway enrols on itself", "expected another pathway")
    for name, track in draft.pathway.tracks.items():
        yield from _behind_the_end(draft, ("pathway", "tracks", name, "steps"), track.steps)


def _circles(draft: Draft) -> Iterator[Problem]:
    tracks = draft.pathway.tracks
    starts = {name: _started_at_once(track.steps)[0] for name, track in tracks.items()}
    for name, values in depending(draft).items():
        # A set of its own is told as such.
        for other in tracks.keys() - {name}:
            if {f"{SETS}{value}" for value in values} & starts[other]:
                starts[other].add(name)
    starts = {name: found & tracks.keys() for name, found in starts.items()}
    told: set[str] = set()
    for name in tracks:
        found = circle(name, starts)
        if found and told.isdisjoint(found):
            told.update(found)
            yield draft.error(
                ("pathway", "tracks", name),
                f"track '{name}' starts itself at once ({' -> '.join((*found, name))})",
                "expected a wait, task, visit or form on the way",
                key=True,
            )


def circle(name: str, starts: dict[str, set[str]]) -> tuple[str, ...]:
    """The tracks on the shortest way from the track back to itself; none where there is no way."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:
        for following in sorted(starts[way[-1]] - seen):
            if following == name:
                return way
            seen.add(following)
            ways.append((*way, following))
    return ()


def _started_at_once(steps: Steps) -> tuple[set[str], bool]:
    """The tracks that the steps start before anything takes time, and whether they end before anything does.

    What they set is among them, marked as such.
    """
    started: set[str] = set()
    for step in steps:
        match step:
            case Wait() | Task() | Visit() | Ask() | End():
                return started, False
            case Start(start=track):
                started.add(track)
            case Set(set=value):
                started.add(f"{SETS}{value}")
            case Call(with_=given) if not given:
                return started, False
            case Call():
                # Where something cannot be known it has failed at once.
                below, passed = _started_at_once(step.failed)
                started.update(below)
                if not passed:
                    return started, False
            case Choose():
                ways = [_started_at_once(way) for way in branches(step).values()]
                started.update(*(way[0] for way in ways))
                if not any(way[1] for way in ways):
                    return started, False
            case Together() | Repeat() | ForEach():
                # All branches of it are done; a time of day may be that very instant.
                ways = [_started_at_once(way) for way in branches(step).values()]
                started.update(*(way[0] for way in ways))
                if not all(way[1] for way in ways) or (isinstance(step, Repeat) and step.times > 1):
                    return started, False
            case _:
                pass
    return started, True


def takes_time(steps: Steps) -> bool:
    """Whether something in the steps surely takes time."""
    return not _started_at_once(steps)[1]


def _behind_the_end(draft: Draft, path: tuple[str | int, ...], steps: Steps) -> Iterator[Problem]:
    for number, step in enumerate(steps):
        if number and isinstance(steps[number - 1], End):
            what = "this step comes after the journey's end"
            yield draft.error((*path, number), what, "expected 'end' as the last step")
        for way, below in branches(step).items():
            yield from _behind_the_end(draft, (*path, number, *way_written(step, way)), below)


def unreachable_tracks(draft: Draft) -> set[str]:
    """The tracks that nothing can ever start."""
    reachable: set[str] = set()
    while True:
        more = {name for name, track in draft.pathway.tracks.items() if _can_start(draft, name, track, reachable)}
        if more == reachable:
            return set(draft.pathway.tracks) - reachable
        reachable = more


def _can_start(draft: Draft, name: str, track: Track, reachable: set[str]) -> bool:
    """Whether something starts the track, given the tracks that are known to start."""
    steps = [placed.step for placed in draft.steps if placed.track in reachable]
    if any(isinstance(step, Start) and step.start == name for step in steps):
        return True
    match track.when:
        case Outcome(of=task):
            return any(isinstance(step, Task) and step.task == task for step in steps)
        case Unanswered(unanswered=form):
            return any(isinstance(step, Ask) and step.ask == form and step.expires is not None for step in steps)
        case Missed(missed=missed):
            return any(
                (isinstance(step, Visit) and step.visit == missed)
                or (isinstance(step, Ask) and step.ask == missed and step.expires is not None)
                for step in steps
            )
        case _:
            return True
