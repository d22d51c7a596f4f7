"""Whether the dates of a release can be known: its anchors, what counts from them, and what sets them."""

import re
from collections.abc import Iterator

from pathways.language.definition import Track
from pathways.language.documents import Path
from pathways.language.draft import Draft, Placed
from pathways.language.flow import circle
from pathways.language.problems import Problem
from pathways.language.schedule import Moment, is_moment, parse_moment
from pathways.language.step import Call, Set, Start
from pathways.language.trigger import At, Every, Named, Overdue

EVENT_TIME = "at"
"""What a step under an event calls the time at which it happened."""
_ITEM = re.compile(r"""item\( *(['"])(?P<form>[^'"]+)\1 *, *(['"])(?P<item>[^'"]+)\3 *\)""")


def impossible_dates(draft: Draft) -> Iterator[Problem]:
    """A problem for each anchor that contradicts itself, and each date that cannot be set or would move itself."""
    yield from _anchors(draft)
    for name, track in draft.pathway.tracks.items():
        yield from _trigger(draft, ("pathway", "tracks", name, "when"), track)
    for placed in draft.steps:
        if isinstance(placed.step, Set):
            yield from _set(draft, placed, placed.step)
    yield from _circles(draft)


def _anchors(draft: Draft) -> Iterator[Problem]:
    for name, anchor in draft.pathway.anchors.items():
        path: Path = ("pathway", "anchors", name)
        if name == "enrolled" and (anchor.estimate or anchor.season or anchor.overdue_after):
            what = "'enrolled' is known from the beginning"
            yield draft.error(path, what, "expected no 'estimate', 'season' or 'overdue_after'", key=True)
        elif anchor.estimate is not None and anchor.season is not None:
            what = "'estimate' of an anchor that the calendar gives"
            yield draft.error((*path, "estimate"), what, "expected 'season' alone", key=True)
        if name in draft.pathway.values:
            what = f"'{name}' is an anchor and a value"
            yield draft.error(
                ("pathway", "values", name), what, "expected another name: 'set' could mean both", key=True
            )
        if anchor.estimate is not None and name in _behind(draft, name):
            what = f"the estimate of '{name}' leads back to itself"
            yield draft.error((*path, "estimate"), what, "expected an anchor that is known on its own")


def _behind(draft: Draft, name: str) -> set[str]:
    """The anchors that the estimate of an anchor is made of."""
    found: set[str] = set()
    anchor = draft.pathway.anchors.get(name)
    while anchor is not None and anchor.estimate is not None and anchor.estimate.anchor not in found:
        found.add(anchor.estimate.anchor)
        anchor = draft.pathway.anchors.get(anchor.estimate.anchor)
    return found


def _trigger(draft: Draft, path: Path, track: Track) -> Iterator[Problem]:
    match track.when:
        case Overdue(overdue=name):
            anchor = draft.pathway.anchors.get(name)
            if anchor is not None and anchor.overdue_after is None:
                what = f"anchor '{name}' is never overdue"
                yield draft.error((*path, "overdue"), what, "expected 'overdue_after' among its keys")
        case At(at=moment, redo_if_moved=redo) | Every(from_=moment, redo_if_moved=redo) if redo is not None:
            if moment.step is not None or moment.anchor == "last_done":
                what = f"'redo_if_moved' beside '{moment.anchor}'"
                expected = "expected an anchor: a step that is done again is an occurrence of its own"
                yield draft.error((*path, "redo_if_moved"), what, expected, key=True)
        case _:
            pass


def _set(draft: Draft, placed: Placed, step: Set) -> Iterator[Problem]:
    """An anchor is set to the time of the event, to a moment, to a bound date, or to the date that an answer gives."""
    path: Path = (*placed.path, "to")
    if step.set not in draft.pathway.anchors:
        if step.tentative:
            what = "'tentative' of what is no anchor"
            yield draft.error((*placed.path, "tentative"), what, "expected it beside an anchor alone", key=True)
        return
    if step.set == "enrolled" and step.tentative:
        what = "'enrolled' is never a plan"
        yield draft.error((*placed.path, "tentative"), what, "expected no 'tentative'", key=True)
    expected = "expected a moment such as 'birth + 3 days', 'at' under an event, a bound date, or item('form', 'code')"
    bound = _dates_bound(draft, placed.track)
    if not isinstance(step.to, str):
        yield draft.error(path, f"anchor '{step.set}' is set to what is no date", expected)
    elif step.to in bound:
        return
    elif is_moment(step.to):
        moment = parse_moment(step.to)
        if not known_moment(draft, moment) and not draft.may_name(moment.anchor):
            yield draft.error(path, f"'{step.to}' is no date that is known here", expected)
    elif not _asks_for_a_date(draft, step.to):
        yield draft.error(path, f"'{step.to}' is no date", expected)


def _dates_bound(draft: Draft, track: str) -> set[str]:
    """The names that stand for a date in the steps of the track."""
    found: set[str] = set()
    trigger = draft.pathway.tracks[track].when
    if isinstance(trigger, Named):
        found |= {EVENT_TIME, *(name for name, kind in trigger.bind.items() if kind == "date")}
    for placed in draft.steps:
        if placed.track == track and isinstance(placed.step, Call):
            found |= {name for name, kind in placed.step.bind.items() if kind == "date"}
    return found


def known_moment(draft: Draft, moment: Moment) -> bool:
    """Whether the moment counts from an anchor, task or visit of the pathway."""
    return moment.anchor in draft.pathway.anchors or moment.step in draft.counted_steps


def _asks_for_a_date(draft: Draft, text: str) -> bool:
    """Whether the text is `item('form', 'code')` of an item that is answered with a date; what is unknown is told."""
    found = _ITEM.fullmatch(text.strip())
    form = None if found is None else draft.contents.forms.get(found["form"])
    if found is None or form is None:
        return found is not None  # told with the expressions
    return all(item.type == "date" for item in form.items if item.code == found["item"])


def _circles(draft: Draft) -> Iterator[Problem]:
    """A date that moves itself: a track that counts from it sets it without a person, here or over other anchors."""
    leads: dict[str, set[str]] = {name: set() for name in draft.pathway.anchors}
    for name, track in draft.pathway.tracks.items():
        sets = {anchor for _, anchor in _sets_alone(draft, name, set())} & leads.keys()
        for source in _counts_from(draft, track) & leads.keys():
            leads[source] |= sets
    for name, track in draft.pathway.tracks.items():
        sources = _counts_from(draft, track) & leads.keys()
        for placed, anchor in _sets_alone(draft, name, set()):
            if anchor in leads and any(source in {anchor, *circle(anchor, leads)} for source in sources):
                what = f"'{anchor}' is set by a track that counts from it"
                yield draft.error((*placed.path, "set"), what, "expected the outcome of a task before it")


def _counts_from(draft: Draft, track: Track) -> set[str]:
    """The anchors of which the track's dates are made."""
    match track.when:
        case At(at=moment):
            return {moment.anchor}
        case Every(from_=moment, until=until):
            return {moment.anchor} | (set() if until is None else {until.anchor})
        case Overdue(overdue=name):
            return {name, *_behind(draft, name)}
        case _:
            return set()


def _sets_alone(draft: Draft, name: str, seen: set[str]) -> Iterator[tuple[Placed, str]]:
    """The steps that set an anchor without the outcome of a task before them, in the track and in those it starts."""
    if name in seen:
        return
    seen.add(name)
    for placed in draft.steps:
        if placed.track != name or "outcomes" in placed.path:
            continue
        if isinstance(placed.step, Set) and placed.step.set in draft.pathway.anchors:
            yield placed, placed.step.set
        elif isinstance(placed.step, Start):
            yield from _sets_alone(draft, placed.step.start, seen)
