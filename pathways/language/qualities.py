"""Whether what a track says of itself beside others can be: whom it gives way to, stops, waits for and works with."""

from collections.abc import Iterator

from pathways.language.definition import Track
from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.flow import circle
from pathways.language.problems import Problem
from pathways.language.step import Call, Task
from pathways.language.trigger import Named

_PLACES = ("visit.department", "patient.department")


def unfit_qualities(draft: Draft) -> Iterator[Problem]:
    """A problem for each quality that cannot be kept."""
    for name, track in draft.pathway.tracks.items():
        yield from _of_track(draft, ("pathway", "tracks", name), name, track)
    yield from _circles(draft)
    yield from _departments(draft)


def _of_track(draft: Draft, path: Path, name: str, track: Track) -> Iterator[Problem]:
    if track.defer is not None and track.unless is None:
        yield draft.error((*path, "defer"), "'defer' without 'unless'", "expected what excludes a start", key=True)
    for number, other in enumerate(track.yields_to):
        first = draft.pathway.tracks.get(other)
        if first is not None and track.safety and not first.safety:
            what = f"safety track '{name}' yields to '{other}', which is none"
            yield draft.error((*path, "yields_to", number), what, "expected a safety track, or no 'yields_to'")
    if track.interrupts != "all" and name in track.interrupts:
        here = (*path, "interrupts", track.interrupts.index(name))
        yield draft.error(
            here, f"track '{name}' interrupts itself", "expected 'while_running: restart', or other tracks"
        )


def _circles(draft: Draft) -> Iterator[Problem]:
    tracks = draft.pathway.tracks
    yields = {name: set(track.yields_to) & tracks.keys() for name, track in tracks.items()}
    told: set[str] = set()
    for name in tracks:
        found = circle(name, yields)
        if found and told.isdisjoint(found):
            told.update(found)
            what = f"track '{name}' yields to itself ({' -> '.join((*found, name))})"
            yield draft.error(("pathway", "tracks", name, "yields_to"), what, "expected one that goes first", key=True)


def _departments(draft: Draft) -> Iterator[Problem]:
    """A department that is neither the visit's nor the patient's is a text, a value or bound by the track."""
    for placed in draft.steps:
        if not isinstance(placed.step, Task):
            continue
        bound = _bound_texts(draft, placed.track)
        yield from _department(draft, (*placed.path, "of"), placed.step.of, bound)
        ladder = placed.step.ladder
        for number, rung in enumerate(draft.pathway.ladders.get(ladder, ()) if ladder is not None else ()):
            yield from _department(draft, ("pathway", "ladders", ladder or "", number, "of"), rung.of, bound)


def _department(draft: Draft, path: Path, of: str | None, bound: frozenset[str]) -> Iterator[Problem]:
    if of is None or of in _PLACES or of in bound or draft.may_name(of):
        return
    expected = "expected 'visit.department', 'patient.department', a text value, or a text that every track binds"
    yield draft.error(path, f"unknown department '{of}'", expected)


def _bound_texts(draft: Draft, name: str) -> frozenset[str]:
    trigger = draft.pathway.tracks[name].when
    binds = [trigger.bind] if isinstance(trigger, Named) else []
    binds += [p.step.bind for p in draft.steps if p.track == name and isinstance(p.step, Call)]
    values = (key for key, value in draft.pathway.values.items() if value.type == "text")
    return frozenset((*values, *(key for bind in binds for key, kind in bind.items() if kind == "text")))
