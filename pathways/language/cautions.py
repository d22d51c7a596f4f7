"""What a lead should look at: it runs, and is probably not what was meant."""

from collections.abc import Iterator

from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.expressions import numbers_in_conditions
from pathways.language.flow import unreachable_tracks
from pathways.language.problems import Problem
from pathways.language.references import ALWAYS_POSSIBLE
from pathways.language.step import (
    Again,
    Ask,
    Call,
    Choose,
    ForEach,
    Notify,
    Repeat,
    Send,
    Steps,
    Task,
    Together,
    Visit,
    branches,
)
from pathways.language.trigger import Observed


def cautions(draft: Draft) -> Iterator[Problem]:
    """A warning for each."""
    yield from numbers_in_conditions(draft)
    yield from _ladders(draft)
    yield from _open_ends(draft)
    yield from _only_messages(draft)
    yield from _without_words(draft)
    for name in sorted(unreachable_tracks(draft)):
        what = f"nothing ever starts track '{name}'"
        yield draft.warning(("pathway", "tracks", name), what, "expected 'when: by-hand' or a start", key=True)


def _ladders(draft: Draft) -> Iterator[Problem]:
    for name, rungs in draft.pathway.ladders.items():
        path: Path = ("pathway", "ladders", name)
        if not rungs:
            yield draft.warning(path, f"ladder '{name}' has no rungs", "expected who gets a late task next", key=True)
        elif len(rungs) > 1 and rungs[-1].to == rungs[0].to:
            what = f"ladder '{name}' ends where it began, with '{rungs[0].to}'"
            yield draft.warning((*path, len(rungs) - 1, "to"), what, "expected somebody else at the top")


def _open_ends(draft: Draft) -> Iterator[Problem]:
    for placed in draft.steps:
        match placed.step:
            case Task(task=name, due=due, ladder=ladder):
                if due is None:
                    what = f"task '{name}' is never due"
                    yield draft.warning((*placed.path, "task"), what, "expected such as 'due: 2 working days'")
                if ladder is None:
                    what = f"nobody hears when task '{name}' is late"
                    yield draft.warning((*placed.path, "task"), what, "expected a 'ladder'")
            case Call(call=name, undo=undo, failed=failed):
                if undo is None:
                    what = f"nothing takes call '{name}' back"
                    yield draft.warning((*placed.path, "call"), what, "expected 'undo', or a person does it by hand")
                if not failed:
                    what = f"nobody hears when call '{name}' fails"
                    yield draft.warning((*placed.path, "call"), what, "expected steps under 'failed'")
            case Ask(ask=name, expires=None):
                what = f"form '{name}' never expires"
                yield draft.warning((*placed.path, "ask"), what, "expected such as 'expires: 7d'")
            case _:
                pass


def _only_messages(draft: Draft) -> Iterator[Problem]:
    """A positive screen opens a task for a person: few patients act on a message."""
    expected = "expected a task for a person: few patients act on a message"
    for name, track in draft.pathway.tracks.items():
        if isinstance(track.when, Observed) and _tells_only(track.steps):
            what = f"track '{name}' answers a result with messages alone"
            yield draft.warning(("pathway", "tracks", name), what, expected, key=True)
    for placed in draft.steps:
        if not isinstance(placed.step, Ask):
            continue
        for number, step in enumerate(placed.step.answered):
            if not isinstance(step, Choose):
                continue
            for place, case in enumerate(step.cases):
                if _tells_only(case.steps):
                    path: Path = (*placed.path, "answered", number, "cases", place, "if")
                    yield draft.warning(path, f"this answer to '{placed.step.ask}' leads to messages alone", expected)


def _tells_only(steps: Steps) -> bool:
    """Whether the steps tell somebody something, and do nothing else."""
    kinds = {type(step) for step in _all(steps) if not isinstance(step, Choose | Together | Repeat | ForEach | Again)}
    return bool(kinds) and kinds <= {Send, Notify}


def _all(steps: Steps) -> Iterator[object]:
    for step in steps:
        yield step
        for below in branches(step).values():
            yield from _all(below)


def _without_words(draft: Draft) -> Iterator[Problem]:
    told: set[str] = set(draft.pathway.words)
    for path, noun, name in _seen(draft):
        if name not in told:
            told.add(name)
            expected = f"expected '{name}: {{zh: …, en: …}}' among the words"
            yield draft.warning(path, f"{noun} '{name}' has no words", expected, key=True)


def _seen(draft: Draft) -> Iterator[tuple[Path, str, str]]:
    """The names that people see, where they stand first."""
    for name in draft.pathway.tracks:
        yield ("pathway", "tracks", name), "track", name
    for placed in draft.steps:
        match placed.step:
            case Task(task=name, outcomes=outcomes, suspended_while=waits):
                yield (*placed.path, "task"), "task", name
                if waits is not None:
                    yield (*placed.path, "suspended_while"), "reason to wait", waits
                for outcome in outcomes:
                    if outcome not in ALWAYS_POSSIBLE:
                        yield (*placed.path, "outcomes", outcome), "outcome", outcome
            case Visit(visit=name):
                yield (*placed.path, "visit"), "visit", name
            case _:
                pass
