"""The `then` of a play, read: its names are names of the release, its times are instants."""

from collections.abc import Collection, Mapping
from datetime import datetime

from pathways.language.documents import Path
from pathways.proof.cast import Cast
from pathways.proof.days import Days
from pathways.proof.notes import Notes
from pathways.proof.scenario import Then
from pathways.proof.script import ABOUT_TASK, Names, WrittenThen

_STATES = frozenset({"planned", "done", "missed", "cancelled", "skipped", "not-needed", "not-possible"})


def read_then(written: WrittenThen, path: Path, cast: Cast, days: Days, notes: Notes) -> Then:
    """What must be so; what cannot be is noted."""
    if not notes.said(path, written):
        notes.add(path, "a 'then' that looks at nothing", "expected something that must be so")
    _know_names(written, path, cast, notes)
    due = None
    if written.due == "never":
        due = "never"
    elif written.due is not None:
        try:
            due = days.instant(written.due)
        except ValueError as error:
            notes.add((*path, "due"), str(error), "write 'day N HH:MM' or 'never'")
    return Then(
        task=written.task,
        role=written.role,
        department=written.department,
        person=written.person,
        due=due,
        urgent=written.urgent,
        escalated_to=written.escalated_to,
        flagged=written.flagged,
        open=() if isinstance(written.open, str) else written.open,
        closed=written.closed,
        visit=written.visit,
        waiting=written.waiting,
        ended=written.ended,
        called=_names(written.called),
        not_called="anything" if written.not_called == "anything" else _names(written.not_called),
        enrolled=_names(written.enrolled),
        tags=written.tags,
        anchors={name: _instant(text, (*path, "anchor", name), days, notes) for name, text in written.anchor.items()},
        sent=_names(written.sent),
        not_sent="anything" if written.not_sent == "anything" else _names(written.not_sent),
        notified=_names(written.notified),
        reason=written.reason,
        alarm=written.alarm,
    )


def _instant(text: str, path: Path, days: Days, notes: Notes) -> datetime | None:
    """The time of the play; None for `none`."""
    if text == "none":
        return None
    try:
        return days.instant(text)
    except ValueError as error:
        notes.add(path, str(error), "write 'day N HH:MM' or 'none'")
        return None


def _names(written: Names | None) -> tuple[str, ...]:
    if written is None:
        return ()
    return (written,) if isinstance(written, str) else written


def _know_names(written: WrittenThen, path: Path, cast: Cast, notes: Notes) -> None:
    for number, tag in enumerate(written.tags or ()):
        notes.known((*path, "tags", number), tag, cast.tags, "tag")
    _know_keys(written.anchor, (*path, "anchor"), cast.anchors, "anchor", notes)
    if written.task is not None:
        notes.known((*path, "task"), written.task, cast.tasks, "task")
    for key in ABOUT_TASK:
        if written.task is None and key in written.model_fields_set:
            notes.add((*path, key), f"'{key}' without a task", "expected 'task' beside it", key=True)
    if written.role is not None:
        notes.known((*path, "role"), written.role, cast.roles, "role")
    if written.escalated_to is not None:
        notes.known((*path, "escalated_to"), written.escalated_to, {*cast.roles, "nobody"}, "role")
    if written.waiting is not None:
        notes.known((*path, "waiting"), written.waiting, {*cast.forms, "nothing"}, "form")
    if isinstance(written.open, str) and written.open != "nothing":
        expected = f"expected 'nothing' or a list, such as [{written.open}]"
        notes.add((*path, "open"), f"'open' is '{written.open}'", expected)
    if isinstance(written.open, tuple):
        for number, name in enumerate(written.open):
            notes.known((*path, "open", number), name, cast.tasks, "task")
    _know_keys(written.visit, (*path, "visit"), cast.visits, "visit", notes)
    for name, state in written.visit.items():
        notes.known((*path, "visit", name), state, _STATES, "state of a visit")
    _know_keys(written.closed, (*path, "closed"), cast.tasks, "task", notes)
    for name, end in written.closed.items():
        notes.known((*path, "closed", name), end, cast.tasks.get(name, {end}), f"end of {name}")
    _know_keys(written.reason, (*path, "reason"), cast.tracks, "track", notes)
    _know_happened(written, path, cast, notes)


def _know_happened(written: WrittenThen, path: Path, cast: Cast, notes: Notes) -> None:
    for name in _names(written.called):
        notes.known((*path, "called"), name, cast.calls, "call")
    for name in _names(written.not_called):
        notes.known((*path, "not_called"), name, {*cast.calls, "anything"}, "call")
    for name in _names(written.enrolled):
        notes.known((*path, "enrolled"), name, cast.enrolments, "enrolment on")
    for name in _names(written.sent):
        notes.known((*path, "sent"), name, cast.messages, "message")
    for name in _names(written.not_sent):
        notes.known((*path, "not_sent"), name, {*cast.messages, "anything"}, "message")
    for name in _names(written.notified):
        notes.known((*path, "notified"), name, cast.notices, "message to staff")


def _know_keys(written: Mapping[str, str], path: Path, known: Collection[str], noun: str, notes: Notes) -> None:
    for name in written:
        notes.known((*path, name), name, known, noun, key=True)
