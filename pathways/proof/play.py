"""A scenario as a play: it says what comes next and is told what came of it, whoever the player is.

`play` is a generator without I/O. It yields cues (the clock moves to an instant and everything that comes due on the
way is served at its own time; facts change; or an event arrives), is sent what was `Seen` from outside, and returns
the failures.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from pathways.engine.events import (
    AnyEvent,
    CallAnswered,
    Enrolled,
    EnrolmentRefused,
    RungUnattended,
    TaskAttempted,
    TaskClaimed,
    TaskCompleted,
    TaskContinued,
    TaskReleased,
    TaskSuspended,
)
from pathways.engine.reasons import Reason
from pathways.proof.checks import Unmet, unmet
from pathways.proof.days import Days
from pathways.proof.outside import Outside, SeenTask
from pathways.proof.scenario import PERSON, Learnt, Line, OnCall, OnEnrolment, OnTask, Scenario, Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The clock moves on; what is due exactly then is served too."""

    to: datetime


Cue = Move | Learnt | AnyEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is so after a cue; what has happened is that of this cue alone."""

    outside: Outside
    refused: str | None = None
    """Why the cue was refused, or could not be played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A line that was not met, with the reasons since the previous `then`."""

    file: str
    line: int
    expected: str
    got: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: expected {self.expected}, got {self.got}"


def play(scenario: Scenario) -> Generator[Cue, Seen, tuple[Failure, ...]]:
    """Plays every line, also after one that failed."""
    failures: list[Failure] = []
    now = scenario.enrolled
    seen = yield Enrolled(id="enrolled", received=now)
    outside = seen.outside
    for line in scenario.play:
        if line.at > now:
            now = line.at
            seen = yield Move(to=now)
            outside = seen.outside.with_earlier(outside)
            failures.extend(_refused("time to pass", seen, line, scenario, outside))
        if line.does is not None:
            event = _event(line.does, line.at, outside)
            if isinstance(event, Unmet):
                failures.append(_failure(event, line, scenario, outside))
            else:
                seen = yield event
                outside = seen.outside.with_earlier(outside)
                failures.extend(_refused("it to be accepted", seen, line, scenario, outside))
        if line.then is not None:
            found = unmet(line.then, outside, scenario.days)
            failures.extend(_failure(one, line, scenario, outside) for one in found)
            outside = outside.looked_at()
    return tuple(failures)


def _refused(expected: str, seen: Seen, line: Line, scenario: Scenario, outside: Outside) -> list[Failure]:
    if seen.refused is None:
        return []
    return [_failure(Unmet(expected, seen.refused), line, scenario, outside)]


def _failure(found: Unmet, line: Line, scenario: Scenario, outside: Outside) -> Failure:
    reasons = tuple(written(reason, scenario.days) for reason in outside.reasons)
    return Failure(file=scenario.file, line=line.number, expected=found.expected, got=found.got, reasons=reasons)


def written(reason: Reason, days: Days) -> str:
    """A reason on one line: when, about what, why, and what was looked at."""
    about = "/".join(part for part in (reason.track, reason.step) if part) or "journey"
    values = "".join(f" {name}={value}" for name, value in reason.values.items())
    return f"{days.written(reason.at)} {about}: {reason.code}{values} ({reason.event})"


def _event(does: Thing, now: datetime, outside: Outside) -> AnyEvent | Learnt | Unmet:
    match does:
        case OnCall():
            return _answer(does, now, outside)
        case OnEnrolment():
            return _refusal(does, now, outside)
        case OnTask():
            return _on_task(does, now, outside)
        case _:
            return does


def _answer(does: OnCall, now: datetime, outside: Outside) -> AnyEvent | Unmet:
    call = outside.last_call(does.call)
    if call is None:
        return Unmet(f"a call {does.call} to be answered", "none made")
    return CallAnswered(id=does.id, received=now, call=call, outcome=does.outcome, data=does.data)


def _refusal(does: OnEnrolment, now: datetime, outside: Outside) -> AnyEvent | Unmet:
    enrolment = outside.last_enrolment(does.pathway)
    if enrolment is None:
        return Unmet(f"an enrolment on {does.pathway} to be refused", "none asked for")
    return EnrolmentRefused(id=does.id, received=now, enrolment=enrolment, code=does.code)


def _on_task(does: OnTask, now: datetime, outside: Outside) -> AnyEvent | Unmet:
    task = outside.last_open(does.task)
    if task is None:
        names = ", ".join(task.name for task in outside.open_tasks()) or "nothing"
        return Unmet(f"an open task {does.task} to {does.act}", f"open {names}")
    return _task_event(does, task, now)


def _task_event(does: OnTask, task: SeenTask, now: datetime) -> AnyEvent:
    match does.act:
        case "claim":
            return TaskClaimed(id=does.id, received=now, task=task.id, by=PERSON)
        case "release":
            return TaskReleased(id=does.id, received=now, task=task.id, by=PERSON)
        case "complete":
            at = does.at or now
            return TaskCompleted(
                id=does.id,
                received=now,
                task=task.id,
                by=PERSON,
                outcome=does.outcome,
                at=at,
                items=does.items,
            )
        case "attempt":
            result = "call-back" if does.outcome == "call-back" else "no-answer"
            return TaskAttempted(
                id=does.id, received=now, task=task.id, by=PERSON, result=result, at=now, again_at=does.at
            )
        case "suspend":
            return TaskSuspended(id=does.id, received=now, task=task.id, by=PERSON, until=does.at)
        case "continue":
            return TaskContinued(id=does.id, received=now, task=task.id, by=PERSON)
        case "unattended":
            return RungUnattended(id=does.id, received=now, task=task.id, rung=task.rung)
        case _:
            assert_never(does.act)
