"""Tracks that start when a condition becomes true: which values they depend on, and whether they can rest."""

from collections.abc import Iterator

from pathways.language.conditions import ConditionProblem, compile_condition
from pathways.language.documents import Path
from pathways.language.draft import Draft, way_written
from pathways.language.problems import Problem
from pathways.language.release import vocabulary_of
from pathways.language.step import Set, Steps, Task, branches
from pathways.language.trigger import Becomes

_SET_BY_STEPS = frozenset({"set", "known", "days_since"})


def depending(draft: Draft) -> dict[str, set[str]]:
    """By track that starts when something becomes true, the values and anchors that its condition looks at."""
    vocabulary, found = vocabulary_of(draft.contents), dict[str, set[str]]()
    for name, track in draft.pathway.tracks.items():
        if isinstance(track.when, Becomes):
            try:
                features = compile_condition(track.when.becomes, vocabulary).features
            except ConditionProblem:
                continue  # told already
            found[name] = {feature.name for feature in features if feature.kind in _SET_BY_STEPS}
    return found


def restless(draft: Draft) -> Iterator[Problem]:
    """A problem for each step that sets what its own track started by: taken back with it, it would start it again.

    What stands under an outcome is a person's choice, which is never taken back.
    """
    for name, values in depending(draft).items():
        for path, step in _own(("pathway", "tracks", name, "steps"), draft.pathway.tracks[name].steps):
            if step.set in values:
                what = f"track '{name}' starts by '{step.set}', which it sets itself"
                yield draft.error((*path, "set"), what, "expected it under an outcome, or in another track")


def _own(path: Path, steps: Steps) -> Iterator[tuple[Path, Set]]:
    for number, step in enumerate(steps):
        here = (*path, number)
        if isinstance(step, Set):
            yield here, step
        for way, below in () if isinstance(step, Task) else branches(step).items():
            yield from _own((*here, *way_written(step, way)), below)
