"""Whether steps that are done once more, again and again or beside each other can be walked."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pathways.language.documents import Path
from pathways.language.draft import Draft, way_written
from pathways.language.flow import takes_time
from pathways.language.names import did_you_mean
from pathways.language.problems import Problem
from pathways.language.step import Again, AnyStep, Choose, ForEach, Repeat, Steps, Task, Together, branches, name_of

MOST = 366
"""How many repetitions one step may come to, those around it counted in: each is remembered while its track runs."""


class _Around(NamedTuple):
    """A step around another, with the steps that come before that one in its branch."""

    step: AnyStep
    before: Steps


def broken_repeats(draft: Draft) -> Iterator[Problem]:
    """A problem for each step that cannot be done again, or not so often."""
    for name, track in draft.pathway.tracks.items():
        yield from _in_steps(draft, ("pathway", "tracks", name, "steps"), track.steps, ())


def _in_steps(draft: Draft, path: Path, steps: Steps, around: Sequence[_Around]) -> Iterator[Problem]:
    for number, step in enumerate(steps):
        here = (*path, number)
        match step:
            case Again():
                yield from _again(draft, (*here, "again"), step, [*around, _Around(step, steps[:number])])
            case Task(outcomes=ways) | Together(together=ways) if "again" in ways:
                keyed = (*here, *way_written(step, "again"))
                yield draft.error(keyed, "'again' stands for another try", "expected another name", key=True)
            case Repeat():
                yield from _too_often(draft, (*here, "times"), step, around)
            case _:
                pass
        for way, below in branches(step).items():
            inside = [*around, _Around(step, steps[:number])]
            yield from _in_steps(draft, (*here, *way_written(step, way)), below, inside)


def _again(draft: Draft, path: Path, step: Again, around: Sequence[_Around]) -> Iterator[Problem]:
    names = [name_of(one.step) for one in around[:-1]]
    if step.again not in names:
        yield draft.error(path, f"'{step.again}' is not a step around this one", did_you_mean(step.again, names))
        return
    place = len(names) - 1 - names[::-1].index(step.again)
    target, inside = around[place].step, around[place + 1 :]
    if any(isinstance(one.step, Together | ForEach) for one in around[place:-1]):
        what = f"beside this step others may be open, and '{step.again}' is around them too"
        yield draft.error(path, what, "expected a step that stands in the same branch")
    elif isinstance(target, Choose | Repeat) and not _slow(inside):
        what = f"'{step.again}' comes again at once"
        yield draft.error(path, what, "expected a wait, task, visit or form on the way")


def _slow(inside: Sequence[_Around]) -> bool:
    """Whether something takes time on the way from a step to its `again`."""
    lasting = any(takes_time((one.step,)) and not isinstance(one.step, Choose | Repeat) for one in inside[:-1])
    return lasting or any(takes_time(one.before) for one in inside)


def _too_often(draft: Draft, path: Path, step: Repeat, around: Sequence[_Around]) -> Iterator[Problem]:
    count = step.times
    for one in around:
        count *= one.step.times if isinstance(one.step, Repeat) else 1
    if count > MOST and count > step.times:
        what = f"with the repetitions around it this comes to {count}"
        yield draft.error(path, what, f"expected at most {MOST} in all")
