"""The lines of a play, read in their order: the clock of the play moves with them."""

from collections.abc import Sequence
from datetime import datetime

from pathways.engine.context import Facts
from pathways.engine.events import (
    AnchorSet,
    Died,
    FormAnswered,
    Happened,
    Left,
    ParameterSet,
    Paused,
    Reinstated,
    Resumed,
    TrackStarted,
    TrackStopped,
    VisitReported,
    Withdrawn,
)
from pathways.language.documents import Path
from pathways.language.release import Release
from pathways.language.schedule import Unit, parse_duration, shift
from pathways.proof.cast import cast_of
from pathways.proof.days import Days
from pathways.proof.facts import facts_after
from pathways.proof.notes import Notes
from pathways.proof.results import Results, Unfit
from pathways.proof.scenario import PERSON, Learnt, Line, OnCall, OnEnrolment, OnTask, Thing
from pathways.proof.script import BESIDE, THINGS, WrittenLine
from pathways.proof.thens import read_then

_SPANS: frozenset[Unit] = frozenset({"second", "minute", "hour", "day", "week"})


class Lines:
    """Reads one line after the other."""

    def __init__(self, release: Release, days: Days, facts: Facts, notes: Notes) -> None:
        self._cast = cast_of(release)
        self._results = Results(release.pathway.data, days)
        self._days = days
        self._facts = facts
        self._notes = notes
        self._now = days.enrolled
        self._versions: dict[str, int] = {}
        """Of answers, by their id."""

    def read(self, written: WrittenLine, number: int) -> list[Line]:
        """The line of that number, counted from 0, once for each result in it; what is wrong with it is noted."""
        path: Path = ("play", number)
        self._fits_together(written, path)
        self._now = self._moved(written, path)
        then = written.then
        looks = None if then is None else read_then(then, (*path, "then"), self._cast, self._days, self._notes)
        things = self._things(written, path, f"line-{number + 1}")
        return [Line(number=self._notes.line(path), at=self._now, does=thing, then=looks) for thing in things]

    def _fits_together(self, written: WrittenLine, path: Path) -> None:
        said = self._notes.said(path, written)
        things = [thing for thing in THINGS if thing in said]
        if not said:
            self._notes.add(path, "a line that does nothing", "expected 'on', 'after', a thing that happens or 'then'")
        if "then" in said and len(said) > 1:
            self._notes.add(path, "a 'then' beside something else", "expected it in a line of its own")
        if len(things) > 1:
            listed = " and ".join(f"'{thing}'" for thing in things)
            self._notes.add(path, f"{listed} in one line", "expected one thing in a line")
        for key, beside in BESIDE.items():
            if key in said and said.isdisjoint(beside):
                listed = " or ".join(f"'{thing}'" for thing in beside)
                self._notes.add((*path, key), f"'{key}' without {listed}", f"expected {listed} beside it", key=True)
        for thing, key in (
            ("complete", "outcome"),
            ("attempt", "result"),
            ("visit", "state"),
            ("anchor", "to"),
            ("parameter", "to"),
            ("call", "outcome"),
        ):
            if thing in said and key not in said:
                self._notes.add((*path, thing), f"'{thing}' without '{key}'", f"expected '{key}' beside it", key=True)
        for thing in ("pause", "resume", "withdraw", "die", "reinstate"):
            if getattr(written, thing) is False:
                self._notes.add((*path, thing), f"'{thing}' is no", "expected yes")

    def _moved(self, written: WrittenLine, path: Path) -> datetime:
        if written.on is not None and written.after is not None:
            self._notes.add(path, "'on' and 'after' in one line", "expected one of them")
        if written.on is not None:
            at = self._instant((*path, "on"), written.on)
            if at < self._now:
                now = self._days.written(self._now)
                self._notes.add((*path, "on"), f"'{written.on}' is before the line above", f"expected {now} or later")
            return max(at, self._now)
        if written.after is not None:
            return self._after((*path, "after"), written.after)
        return self._now

    def _instant(self, path: Path, text: str) -> datetime:
        try:
            return self._days.instant(text)
        except ValueError as error:
            self._notes.add(path, str(error), "write 'day N HH:MM'")
            return self._now

    def _after(self, path: Path, text: str) -> datetime:
        try:
            span = parse_duration(text)
            if span.unit not in _SPANS:
                raise ValueError(f"the clock cannot move by '{text}'; expected seconds to weeks")
            return shift(self._now, span, self._days.zone)
        except ValueError as error:
            self._notes.split(path, error)
            return self._now

    def _things(self, written: WrittenLine, path: Path, id: str) -> Sequence[Thing | None]:
        if written.observe is None:
            return [self._thing(written, path, id)]
        try:
            return self._results.read(written.observe, id=id, now=self._now)
        except Unfit as unfit:
            key = unfit.key
            at: Path = (*path, "observe") if key is None else (*path, "observe", key)
            self._notes.add(at, unfit.what, unfit.expected, key=key is not None)
            return [None]

    def _thing(self, written: WrittenLine, path: Path, id: str) -> Thing | None:
        now = self._now
        if written.fact is not None:
            if not self._notes.said((*path, "fact"), written.fact):
                self._notes.add((*path, "fact"), "a 'fact' that says nothing", "expected something that is so now")
            self._facts = facts_after(self._facts, written.fact)
            return Learnt(at=now, facts=self._facts)
        to_the_journey = self._to_the_journey(written, id)
        if to_the_journey is not None:
            return to_the_journey
        of_others = self._of_others(written, path, id)
        if of_others is not None:
            return of_others
        on_task = self._on_task(written, path, id)
        if on_task is not None:
            return on_task
        return self._named(written, path, id)

    def _to_the_journey(self, written: WrittenLine, id: str) -> Thing | None:
        now = self._now
        if written.pause:
            return Paused(id=id, received=now, by=PERSON)
        if written.resume:
            return Resumed(id=id, received=now, by=PERSON)
        if written.withdraw:
            purpose = None if written.withdraw is True else written.withdraw
            return Withdrawn(id=id, received=now, by=PERSON, purpose=purpose)
        if written.die:
            return Died(id=id, received=now, at=now)
        if written.leave is not None:
            return Left(id=id, received=now, by=PERSON, reason=written.leave)
        if written.reinstate:
            return Reinstated(id=id, received=now, by=PERSON)
        return None

    def _of_others(self, written: WrittenLine, path: Path, id: str) -> OnCall | OnEnrolment | None:
        """What other systems reply."""
        if written.call is not None:
            self._notes.known((*path, "call"), written.call, self._cast.calls, "call")
            if written.outcome is not None:
                self._notes.known((*path, "outcome"), written.outcome, {"answered", "failed"}, "outcome of a call")
            outcome = "failed" if written.outcome == "failed" else "answered"
            return OnCall(id=id, call=written.call, outcome=outcome, data=dict(written.data or {}))
        if written.refuse is not None:
            self._notes.known((*path, "refuse"), written.refuse, self._cast.enrolments, "enrolment on")
            return OnEnrolment(id=id, pathway=written.refuse, code=written.code or "excluded")
        return None

    def _on_task(self, written: WrittenLine, path: Path, id: str) -> OnTask | None:
        for act in ("claim", "release", "complete", "attempt", "suspend", "continue", "unattended"):
            task: str | None = getattr(written, "continue_" if act == "continue" else act)
            if task is not None:
                self._notes.known((*path, act), task, self._cast.tasks, "task")
                said = {"at": written.at, "again": written.again, "until": written.until}
                when = next(((key, text) for key, text in said.items() if text is not None), None)
                at = None if when is None else self._instant((*path, when[0]), when[1])
                told = written.outcome or written.result or ""
                items = dict(written.items or {})
                return OnTask(id=id, act=act, task=task, outcome=told, items=items, at=at)
        return None

    def _named(self, written: WrittenLine, path: Path, id: str) -> Thing | None:
        now = self._now
        if written.answer is not None:
            self._notes.known((*path, "answer"), written.answer, self._cast.forms, "form")
            return self._answers(written, id, written.answer)
        if written.visit is not None and written.state is not None:
            self._notes.known((*path, "visit"), written.visit, self._cast.visits, "visit")
            return VisitReported(
                id=id, received=now, name=written.visit, state=written.state, at=now, department=written.department
            )
        if written.happened is not None:
            self._notes.known((*path, "happened"), written.happened, self._cast.events, "event")
            at = None if written.at is None else self._instant((*path, "at"), written.at)
            return Happened(id=id, received=now, name=written.happened, at=at, data=dict(written.data or {}))
        if written.to is not None:
            return self._said(written, path, id, written.to)
        if written.start is not None:
            self._notes.known((*path, "start"), written.start, self._cast.tracks, "track")
            return TrackStarted(id=id, received=now, track=written.start, by=PERSON)
        if written.stop is not None:
            self._notes.known((*path, "stop"), written.stop, self._cast.tracks, "track")
            return TrackStopped(id=id, received=now, track=written.stop, by=PERSON)
        return None

    def _said(
        self, written: WrittenLine, path: Path, id: str, to: str | float | tuple[str, ...]
    ) -> AnchorSet | ParameterSet | None:
        """What a person says of the patient: a date, or a parameter of their own."""
        if written.anchor is not None:
            self._notes.known((*path, "anchor"), written.anchor, self._cast.anchors, "anchor")
            at = None if to == "none" else self._instant((*path, "to"), str(to))
            tentative = written.tentative or False
            return AnchorSet(id=id, received=self._now, anchor=written.anchor, at=at, by=PERSON, tentative=tentative)
        if written.parameter is not None:
            self._notes.known((*path, "parameter"), written.parameter, self._cast.parameters, "parameter")
            if isinstance(to, str) and to != "none":
                self._notes.add((*path, "to"), f"'{to}' is no value", "expected a number, a list of times or 'none'")
            value = None if isinstance(to, str) else to
            return ParameterSet(id=id, received=self._now, parameter=written.parameter, value=value, by=PERSON)
        return None

    def _answers(self, written: WrittenLine, id: str, form: str) -> FormAnswered:
        """Answers of the patient; the same id again is their next version."""
        answers = written.id or id
        self._versions[answers] = written.version or self._versions.get(answers, 0) + 1
        return FormAnswered(
            id=id,
            received=self._now,
            form=form,
            answers=answers,
            version=self._versions[answers],
            withdrawn=written.withdrawn or False,
            items=dict(written.items or {}),
        )
