"""Whether what a `then` says is so."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from pathways.proof.days import Days
from pathways.proof.outside import Outside, SeenTask
from pathways.proof.scenario import Then


class Unmet(NamedTuple):
    """What was expected and what is so instead."""

    expected: str
    got: str


def unmet(then: Then, outside: Outside, days: Days) -> Iterator[Unmet]:
    """Everything that the `then` says and that is not so."""
    yield from _tasks(then, outside, days)
    yield from _others(then, outside, days)
    yield from _happened(then, outside)


def _tasks(then: Then, outside: Outside, days: Days) -> Iterator[Unmet]:
    names = sorted(task.name for task in outside.open_tasks())
    if then.open is not None and sorted(then.open) != names:
        yield Unmet(f"open {_listed(sorted(then.open))}", _listed(names))
    if then.task is not None:
        task = outside.last_open(then.task)
        if task is None:
            yield Unmet(f"task {then.task} open", f"open {_listed(names)}")
        else:
            yield from _task(then, task, days)
    for name, end in then.closed.items():
        last = next((outside.tasks[id] for id in reversed(outside.closed) if outside.tasks[id].name == name), None)
        if last is None or end not in (last.end, last.outcome):
            yield Unmet(f"{name} closed as {end}", "none closed" if last is None else str(last.outcome or last.end))


def _task(then: Then, task: SeenTask, days: Days) -> Iterator[Unmet]:
    if then.role is not None and then.role != task.role:
        yield Unmet(f"{task.name} of role {then.role}", task.role)
    for noun, wanted, got in (("of", then.department, task.department), ("for", then.person, task.person)):
        if wanted is not None and wanted != (got or "nobody"):
            yield Unmet(f"{task.name} {noun} {wanted}", got or "nobody")
    due = "never" if task.due is None else days.written(task.due)
    wanted = then.due if then.due is None or then.due == "never" else days.written(then.due)
    if wanted is not None and wanted != due:
        yield Unmet(f"{task.name} due {wanted}", due)
    if then.urgent is not None and then.urgent is not task.urgent:
        yield Unmet(f"{task.name} urgent {_yes_no(then.urgent)}", _yes_no(task.urgent))
    escalated_to = task.escalated_to or "nobody"
    if then.escalated_to is not None and then.escalated_to != escalated_to:
        yield Unmet(f"{task.name} escalated to {then.escalated_to}", escalated_to)
    if then.flagged is not None and then.flagged is not task.flagged:
        yield Unmet(f"{task.name} flagged {_yes_no(then.flagged)}", _yes_no(task.flagged))


def _others(then: Then, outside: Outside, days: Days) -> Iterator[Unmet]:
    """Visits, questions and the journey's end."""
    for name, state in then.visit.items():
        last = next((visit for visit in reversed(list(outside.visits.values())) if visit.name == name), None)
        got = "none booked" if last is None else last.end or "planned"
        if got != state:
            yield Unmet(f"visit {name} {state}", got)
    forms = sorted(outside.asks.values())
    if then.waiting is not None and (forms if then.waiting == "nothing" else then.waiting not in forms):
        yield Unmet(f"waiting {then.waiting}", _listed(forms))
    if then.tags is not None and sorted(then.tags) != sorted(outside.tags):
        yield Unmet(f"tags {_listed(sorted(then.tags))}", _listed(sorted(outside.tags)))
    for name, at in then.anchors.items():
        known = outside.anchors.get(name)
        if known != at:
            yield Unmet(f"anchor {name} {_date(at, days)}", _date(known, days))
    if then.ended is not None and then.ended != (outside.ended or "nothing"):
        expected = "not ended" if then.ended == "nothing" else f"ended {then.ended}"
        yield Unmet(expected, outside.ended or "not ended")


def _date(at: datetime | None, days: Days) -> str:
    return "none" if at is None else days.written(at)


def _happened(then: Then, outside: Outside) -> Iterator[Unmet]:
    """What must have happened since the previous look, or must not have."""
    yield from _done("sent", then.sent, then.not_sent, outside.sent)
    yield from _done("notified", then.notified, (), outside.notified)
    yield from _done("called", then.called, then.not_called, outside.called)
    yield from _done("enrolled", then.enrolled, (), outside.enrolled)
    for track, code in then.reason.items():
        codes = [reason.code for reason in outside.reasons if reason.track == track]
        if code not in codes:
            yield Unmet(f"reason {track}: {code}", _listed(codes))
    if then.alarm is not None and (outside.alarms if then.alarm == "none" else then.alarm not in outside.alarms):
        yield Unmet(f"alarm {then.alarm}", _listed(outside.alarms))


def _done(
    verb: str, must: tuple[str, ...], must_not: tuple[str, ...] | Literal["anything"], done: tuple[str, ...]
) -> Iterator[Unmet]:
    """Each that must have been is among what was done, none that must not."""
    for name in must:
        if name not in done:
            yield Unmet(f"{verb} {name}", _listed(done))
    if must_not == "anything" and done:
        yield Unmet(f"not {verb} anything", _listed(done))
    for name in () if must_not == "anything" else must_not:
        if name in done:
            yield Unmet(f"not {verb} {name}", _listed(done))


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
