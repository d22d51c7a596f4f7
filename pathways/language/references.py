"""Whether every name in a release is the name of something."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from pathways.language.definition import Track
from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.messages import problems_of
from pathways.language.names import did_you_mean
from pathways.language.problems import Problem
from pathways.language.roles import ROLES
from pathways.language.schedule import Moment
from pathways.language.step import (
    AnyStep,
    Ask,
    Enrol,
    ForEach,
    Notify,
    Send,
    Set,
    Start,
    Stop,
    Task,
    Visit,
)
from pathways.language.trigger import (
    Answered,
    At,
    Every,
    Missed,
    Observed,
    Outcome,
    Overdue,
    Silent,
    Unanswered,
)
from pathways.language.units import normalise_unit

ALWAYS_POSSIBLE = ("not-needed", "not-possible")
"""How every task may end, beside the outcomes that it declares."""


class Mention(NamedTuple):
    """A name, where it stands and what it must be one of."""

    path: Path
    noun: str
    name: str
    known: Collection[str]
    key: bool = False


def unknown_names(draft: Draft) -> Iterator[Problem]:
    """A problem for each name that is the name of nothing."""
    for path, noun, name, known, key in _mentions(draft):
        if name not in known and not draft.may_name(name):
            yield draft.error(path, f"unknown {noun} '{name}'", did_you_mean(name, known), key=key)


def _mentions(draft: Draft) -> Iterator[Mention]:
    pathway = draft.pathway
    yield Mention(("pathway", "owner"), "role", pathway.owner, ROLES)
    for name, rungs in pathway.ladders.items():
        for number, rung in enumerate(rungs):
            yield Mention(("pathway", "ladders", name, number, "to"), "role", rung.to, ROLES)
    for name, anchor in pathway.anchors.items():
        if anchor.estimate is not None:
            yield _moment(draft, ("pathway", "anchors", name, "estimate"), anchor.estimate)
    for name, track in pathway.tracks.items():
        yield from _in_trigger(draft, ("pathway", "tracks", name, "when"), track)
        yield from _in_qualities(draft, ("pathway", "tracks", name), track)
    for placed in draft.steps:
        yield from _in_step(draft, placed.path, placed.step)
    known = {*names_that_people_see(draft), *draft.pathway.data}
    for name in pathway.words:
        yield Mention(("pathway", "words", name), "name", name, known, True)


def _in_trigger(draft: Draft, path: Path, track: Track) -> Iterator[Mention]:
    data = draft.pathway.data
    match track.when:
        case At(at=at):
            yield _moment(draft, (*path, "at"), at)
        case Every(from_=origin, until=until):
            if origin.anchor != "last_done":
                yield _moment(draft, (*path, "from"), origin)
            if until is not None:
                yield _moment(draft, (*path, "until"), until)
        case Observed(observed=str(name)):
            yield Mention((*path, "observed"), "data", name, data)
        case Observed(observed=names):
            for number, name in enumerate(names):
                yield Mention((*path, "observed", number), "data", name, data)
        case Silent(silent=name, from_=origin):
            yield Mention((*path, "silent"), "data", name, data)
            yield Mention((*path, "from"), "anchor", origin, draft.pathway.anchors)
        case Answered(answered=name):
            yield Mention((*path, "answered"), "form", name, draft.contents.forms)
        case Unanswered(unanswered=name):
            yield Mention((*path, "unanswered"), "form that is asked", name, _asks(draft))
        case Overdue(overdue=name):
            yield Mention((*path, "overdue"), "anchor", name, draft.pathway.anchors)
        case Missed(missed=name):
            yield Mention((*path, "missed"), "visit or form", name, _visits(draft) | _asks(draft))
        case Outcome(outcome=outcome, of=task):
            outcomes = outcomes_of(draft)
            yield Mention((*path, "of"), "task", task, outcomes)
            if task in outcomes:
                known = {*outcomes[task], *ALWAYS_POSSIBLE}
                yield Mention((*path, "outcome"), f"outcome of '{task}'", outcome, known)
        case _:
            pass


def _in_qualities(draft: Draft, path: Path, track: Track) -> Iterator[Mention]:
    tracks = draft.pathway.tracks
    if track.defer is not None:
        yield _moment(draft, (*path, "defer"), track.defer)
    for number, name in enumerate(track.yields_to):
        yield Mention((*path, "yields_to", number), "track", name, tracks)
    for number, name in enumerate(() if track.interrupts == "all" else track.interrupts):
        yield Mention((*path, "interrupts", number), "track", name, tracks)


def _moment(draft: Draft, path: Path, moment: Moment) -> Mention:
    if moment.step is not None:
        return Mention(path, "task or visit", moment.step, draft.counted_steps)
    return Mention(path, "anchor", moment.anchor, draft.pathway.anchors)


def _in_step(draft: Draft, path: Path, step: AnyStep) -> Iterator[Mention]:
    pathway, forms, messages = draft.pathway, draft.contents.forms, draft.contents.messages
    match step:
        case Send(send=name):
            yield Mention((*path, "send"), "message", name, messages)
        case Notify(notify=role, message=name):
            yield Mention((*path, "notify"), "role", role, ROLES)
            yield Mention((*path, "message"), "message", name, messages)
        case Ask(ask=form, message=name):
            yield Mention((*path, "ask"), "form", form, forms)
            yield Mention((*path, "message"), "message", name, messages)
        case Task(role=role, ladder=ladder, form=form):
            yield Mention((*path, "role"), "role", role, ROLES)
            if ladder is not None:
                yield Mention((*path, "ladder"), "ladder", ladder, pathway.ladders)
            if form is not None:
                yield Mention((*path, "form"), "form", form, forms)
        case Visit():
            yield from _in_visit(draft, path, step)
        case Set(set=name):
            yield Mention((*path, "set"), "value or anchor", name, {*pathway.values, *pathway.anchors})
        case ForEach(for_each=name):
            yield Mention((*path, "for_each"), "list of times", name, pathway.times)
        case Enrol(anchors=anchors):
            yield from (_moment(draft, (*path, "anchors", name), at) for name, at in anchors.items())
        case Start(start=name):
            yield Mention((*path, "start"), "track", name, pathway.tracks)
        case Stop(stop=name):
            yield Mention((*path, "stop"), "track", name, pathway.tracks)
        case _:
            pass


def _in_visit(draft: Draft, path: Path, step: Visit) -> Iterator[Mention]:
    if step.reminder is not None:
        yield Mention((*path, "reminder"), "message", step.reminder, draft.contents.messages)
    elif step.remind:
        yield Mention((*path, "remind"), "message", step.visit, draft.contents.messages)
    if step.satisfied_by is not None:
        yield Mention((*path, "satisfied_by", "data"), "data", step.satisfied_by.data, draft.pathway.data)


def _visits(draft: Draft) -> set[str]:
    return {placed.step.visit for placed in draft.steps if isinstance(placed.step, Visit)}


def _asks(draft: Draft) -> set[str]:
    return {placed.step.ask for placed in draft.steps if isinstance(placed.step, Ask)}


def outcomes_of(draft: Draft) -> dict[str, set[str]]:
    """The outcomes that each task has, over all the places where it stands; one that declares none ends as `done`."""
    outcomes: dict[str, set[str]] = {}
    for placed in draft.steps:
        if isinstance(placed.step, Task):
            outcomes.setdefault(placed.step.task, set()).update(placed.step.outcomes or ("done",))
    return outcomes


def names_that_people_see(draft: Draft) -> set[str]:
    """The names that need words: of tracks, tasks, visits, outcomes and what tasks wait for."""
    tasks = [placed.step for placed in draft.steps if isinstance(placed.step, Task)]
    outcomes = {outcome for task in tasks for outcome in task.outcomes if outcome not in ALWAYS_POSSIBLE}
    waits = {task.suspended_while for task in tasks if task.suspended_while is not None}
    return {*draft.pathway.tracks, *(task.task for task in tasks), *_visits(draft), *outcomes, *waits}


def messages_and_forms(draft: Draft) -> Iterator[Problem]:
    """What is wrong inside the messages, and with the units of measure in the forms."""
    for name, template in draft.contents.messages.items():
        for problem in problems_of(template):
            what, _, expected = problem.partition("; ")
            language = what[:2] if what[:8] in ("zh text,", "en text,") else None
            part: Path = ("variables",) if language is None else ("text", language)
            yield draft.error(("messages", name, *part), what, expected)
    for name, form in draft.contents.forms.items():
        for number, item in enumerate(form.items):
            if item.unit is not None and normalise_unit(item.unit) is None:
                path = ("forms", name, "items", number, "unit")
                yield draft.error(path, f"unknown unit of measure '{item.unit}'", "expected UCUM, such as 'mmol/L'")
