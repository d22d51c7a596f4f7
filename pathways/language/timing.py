"""Whether the times of a release can be kept: spans, clocks, ladders and repetitions."""

from collections.abc import Iterator

from pathways.language.definition import Rung, Track
from pathways.language.documents import Path
from pathways.language.draft import Draft, Placed
from pathways.language.problems import Problem
from pathways.language.schedule import Duration, Unit
from pathways.language.step import (
    Ask,
    Call,
    Repeat,
    Task,
    Visit,
    Wait,
    is_urgent_ladder,
)
from pathways.language.trigger import At, Every, Observed, Silent

ROUTINE = "routine"
"""The ladder that the engine's own tasks climb: reviews, questions, corrections."""

_SECONDS: dict[Unit, int] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
    "year": 365 * 86400,
    "working hour": 3600,
    "working day": 8 * 3600,
}


def length(span: Duration) -> int:
    """About how many seconds; spans in working time compare with one another alone."""
    return span.amount * _SECONDS[span.unit]


def impossible_times(draft: Draft) -> Iterator[Problem]:
    """A problem for each time that cannot be kept, or that would be kept in a way nobody meant."""
    for name, rungs in draft.pathway.ladders.items():
        yield from _ladder(draft, name, rungs)
    for name, anchor in draft.pathway.anchors.items():
        yield from _elapsed(draft, ("pathway", "anchors", name, "overdue_after"), anchor.overdue_after, least=0)
    for name, track in draft.pathway.tracks.items():
        yield from _trigger(draft, ("pathway", "tracks", name), track)
    for placed in draft.steps:
        yield from _step(draft, placed)
    yield from _safety_is_stated(draft)
    yield from _reviews_have_a_ladder(draft)


def _ladder(draft: Draft, name: str, rungs: tuple[Rung, ...]) -> Iterator[Problem]:
    for number, rung in enumerate(rungs):
        path: Path = ("pathway", "ladders", name, number, "after")
        before = rungs[number - 1].after if number else None
        if is_urgent_ladder(name) and rung.after.working:
            yield draft.error(path, f"'{rung.after}' on an urgent ladder", "expected a time that never pauses: '30m'")
        elif is_urgent_ladder(name) and before is not None and before.working:
            continue  # told already
        elif before is not None and before.working != rung.after.working:
            yield draft.error(
                path,
                f"'{rung.after}' after '{before}' mixes working and elapsed time",
                "expected one of them for all rungs of a ladder, whose order is certain then",
            )
        elif before is not None and length(before) >= length(rung.after):
            yield draft.error(path, f"'{rung.after}' is not after '{before}'", "expected rungs that ascend")


def _elapsed(draft: Draft, path: Path, span: Duration | None, *, least: int = 1) -> Iterator[Problem]:
    """A span on the patient's clock, of at least so many seconds."""
    if span is None:
        return
    if span.working:
        yield draft.error(path, f"'{span}' is working time", "expected days or hours: a patient has no working hours")
    elif length(span) < least:
        shortest = "1 minute" if least == 60 else "1 second"
        yield draft.error(path, f"'{span}' is too short", f"expected at least {shortest}")


def _trigger(draft: Draft, path: Path, track: Track) -> Iterator[Problem]:
    if track.at_most is not None:
        yield from _elapsed(draft, (*path, "at_most"), track.at_most.per)
    if isinstance(track.when, At | Every):
        yield from _elapsed(draft, (*path, "when", "redo_if_moved"), track.when.redo_if_moved, least=0)
    match track.when:
        case Every(every=every, from_=origin, time=time):
            yield from _elapsed(draft, (*path, "when", "every"), every, least=60)
            if origin.anchor == "last_done" and origin.offset is not None:
                what = f"'{origin}' moves 'last_done'"
                yield draft.error((*path, "when", "from"), what, "expected 'last_done' alone")
            if time is not None and length(every) < _SECONDS["day"]:
                yield draft.error(
                    (*path, "when", "time"), f"a time of day for what repeats every {every}", "expected no 'time'"
                )
        case Observed() as observed:
            yield from _observed(draft, (*path, "when"), observed)
        case Silent(for_=span):
            yield from _elapsed(draft, (*path, "when", "for"), span, least=60)
        case _:
            pass


def _observed(draft: Draft, path: Path, observed: Observed) -> Iterator[Problem]:
    yield from _elapsed(draft, (*path, "fresh"), observed.fresh)
    if "by" in observed.model_fields_set and observed.worse is None:
        yield draft.error((*path, "by"), "'by' without 'worse'", "expected 'worse: lower' or 'higher'")
    if observed.confirm is not None:
        within = observed.confirm.within
        yield from _elapsed(draft, (*path, "confirm", "within"), within, least=60)
        if not within.working and length(within) > _SECONDS["day"]:
            what = f"values that agree within '{within}'"
            yield draft.error((*path, "confirm", "within"), what, "expected at most '1d': nobody looks at them before")


def _step(draft: Draft, placed: Placed) -> Iterator[Problem]:
    path = placed.path
    yield from _elapsed(draft, (*path, "late_after"), placed.step.late_after, least=0)
    match placed.step:
        case Task() as task:
            yield from _clock(draft, path, task)
            if task.attempts is not None:
                yield from _elapsed(draft, (*path, "attempts", "spaced"), task.attempts.spaced, least=60)
            if task.suspended_while is not None and task.clock != "working":
                what = "a task that may wait, without a working clock"
                yield draft.error((*path, "suspended_while"), what, "expected 'clock: working' beside it", key=True)
        case Visit() as visit:
            yield from _elapsed(draft, (*path, "window", "early"), visit.window.early, least=0)
            yield from _elapsed(draft, (*path, "window", "late"), visit.window.late)
            for number, span in enumerate(visit.remind):
                yield from _elapsed(draft, (*path, "remind", number), span)
            if visit.reminder is not None and not visit.remind:
                yield draft.error((*path, "reminder"), "'reminder' without 'remind'", "expected such as 'remind: [3d]'")
        case Ask() as ask:
            yield from _ask(draft, path, ask)
        case Repeat(every=every):
            yield from _elapsed(draft, (*path, "every"), every, least=60)
        case Call(within=within):
            yield from _elapsed(draft, (*path, "within"), within)
        case Wait(wait=span) if length(span) == 0:
            yield draft.error((*path, "wait"), f"'{span}' is too short", "expected at least 1 second")
        case _:
            pass


def _ask(draft: Draft, path: Path, ask: Ask) -> Iterator[Problem]:
    yield from _elapsed(draft, (*path, "expires"), ask.expires)
    for number, span in enumerate(ask.remind):
        here: Path = (*path, "remind", number)
        yield from _elapsed(draft, here, span)
        if number and length(ask.remind[number - 1]) >= length(span):
            what = f"'{span}' is not after '{ask.remind[number - 1]}'"
            yield draft.error(here, what, "expected reminders that ascend")
        if ask.expires is not None and not ask.expires.working and length(span) >= length(ask.expires):
            yield draft.error(here, f"the form has expired by '{span}'", f"expected less than '{ask.expires}'")
    if ask.unanswered and ask.expires is None:
        what = "'unanswered' of a form that never expires"
        yield draft.error((*path, "unanswered"), what, "expected such as 'expires: 7d'", key=True)


def _clock(draft: Draft, path: Path, task: Task) -> Iterator[Problem]:
    working_due = task.due is not None and task.due.working
    expected = "expected 'clock: elapsed', since urgent work never pauses"
    if task.clock == "elapsed" and working_due:
        yield draft.error((*path, "due"), f"'{task.due}' on an elapsed clock", "expected hours or days, or no 'clock'")
    elif not is_urgent_ladder(task.ladder):
        return
    elif task.clock == "working":
        yield draft.error((*path, "clock"), "a working clock on an urgent ladder", expected)
    elif working_due:
        yield draft.error((*path, "due"), f"'{task.due}' on an urgent ladder", "expected elapsed time, such as '30m'")
    elif task.clock is None and task.due is None:
        yield draft.error((*path, "ladder"), "an urgent ladder without a clock", expected)


def _safety_is_stated(draft: Draft) -> Iterator[Problem]:
    urgent = {
        placed.track for placed in draft.steps if isinstance(placed.step, Task) and is_urgent_ladder(placed.step.ladder)
    }
    for name, track in draft.pathway.tracks.items():
        if name in urgent and track.safety is None:
            yield draft.error(
                ("pathway", "tracks", name),
                f"track '{name}' has an urgent ladder and does not say whether it is a safety track",
                "expected 'safety: yes' (it runs through a pause) or 'safety: no'",
                key=True,
            )


def _reviews_have_a_ladder(draft: Draft) -> Iterator[Problem]:
    if ROUTINE in draft.pathway.ladders or draft.may_name(ROUTINE):
        return
    for name, track in draft.pathway.tracks.items():
        if track.safety or isinstance(track.when, Observed):
            yield draft.error(
                ("pathway", "tracks", name),
                f"track '{name}' may open reviews, and no ladder is called '{ROUTINE}'",
                f"expected a ladder '{ROUTINE}', which reviews climb",
                key=True,
            )
            return
