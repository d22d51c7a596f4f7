"""Every kind of step and of trigger with the branch of the engine that serves it, and a scenario that misses it.

Without its branch a step is passed as if it were done, and a trigger never starts anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.proof.mutation import Mutant

ENGINE = "pathways/engine"
PASSED = 'close(turn, key, path, at_once, "done")'
"""What a step does that nobody serves."""
SKIPPED = 'close(turn, key, path, at_once, "skipped")'
"""The same of one that has others below it, where nothing is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The branch of a kind left out, and the scenario that must not be met without it."""

    file: str
    old: str
    new: str
    scenario: str

    def of(self, kind: str) -> Mutant:
        """The same as a change of the tree."""
        return Mutant(name=kind, file=f"{ENGINE}/{self.file}", old=self.old, new=self.new, tests=())


def _library(pathway: str, scenario: str) -> str:
    return f"pathways/library/{pathway}/scenarios/{scenario}.yaml"


def _own(scenario: str) -> str:
    return f"tests/proof/other-kinds/scenarios/{scenario}.yaml"


def _step(case: str, served: str, scenario: str, *, passed: str = PASSED) -> Removal:
    """A step that is passed where it should be entered."""
    old, new = (f"        case {case}():\n            return {what}\n" for what in (served, passed))
    return Removal(file="steps.py", old=old, new=new, scenario=scenario)


def _walked(case: str, walked: str, scenario: str) -> Removal:
    """A step around others that are never gone through."""
    old = f"        case {case}():\n            return {walked}\n"
    return Removal(
        file="steps.py", old=old, new=f"        case {case}():\n            return ended\n", scenario=scenario
    )


def _trigger(file: str, old: str, new: str, scenario: str) -> Removal:
    return Removal(file=file, old=old, new=new, scenario=scenario)


STEPS: Mapping[str, Removal] = {
    "send": _step("Send", "enter_send(turn, key, path, step, at_once)", _library("demonstration", "climb")),
    "notify": Removal(
        file="steps.py",
        old="            notify(turn, key, path, step)\n",
        new="",
        scenario=_library("complaint-loop", "grave"),
    ),
    "ask": _step("Ask", "_enter_ask(turn, key, path, step, node)", _library("complaint-loop", "nobody-answers")),
    "task": _step("Task", "open_task(turn, key, path, step, node)", _library("demonstration", "in-time")),
    "visit": _step(
        "Visit", "visits.enter_visit(turn, key, path, step, node)", _library("dental-implant", "sutures-in-time")
    ),
    "wait": _step("Wait", "turn.put_node(key, path, node)", _library("dental-implant", "not-ready")),
    "choose": _step(
        "Choose",
        'close(turn, key, path, at_once, "done", way=way_of(turn, key, path, step))',
        _library("complaint-loop", "reopened"),
    ),
    "together": _walked(
        "Together", "walk_beside(turn, key, path, step, ended, walk)", _library("dental-implant", "booking-fails")
    ),
    "repeat": _walked("Repeat", "walk_repeat(turn, key, path, step, ended, walk, _decided)", _own("repeat")),
    "for_each": _step(
        "ForEach",
        "enter_each(turn, key, path, step, at_once)",
        _library("hypertension", "pills-by-default"),
        passed=SKIPPED,
    ),
    "again": _step("Again", "again(turn, key, path, step, at_once)", _library("complaint-loop", "reopened")),
    "call": _step("Call", "enter_call(turn, key, path, step, node)", _library("dental-implant", "booking-fails")),
    "set": _step(
        "Set", "set_value(turn, key, path, step, at_once)", _library("dental-implant", "date-passed-unconfirmed")
    ),
    "start": _step(
        "Start", 'effect(turn, key, path, at_once, "start", step.start)', _library("dental-implant", "no-second-stage")
    ),
    "stop": _step("Stop", 'effect(turn, key, path, at_once, "stop", step.stop)', _own("stop")),
    "enrol": _step("Enrol", "_enter_enrol(turn, key, path, step, at_once)", _own("enrol")),
    "end": _step("EndStep", 'effect(turn, key, path, at_once, "end", step.end)', _library("complaint-loop", "content")),
}
TRIGGERS: Mapping[str, Removal] = {
    "enrolment": _trigger(
        "happenings.py",
        'if track.when == "enrolment"]',
        'if track.when == ""]',
        _library("complaint-loop", "nobody-answers"),
    ),
    "by-hand": _trigger(
        "happenings.py",
        "            carry_out(turn, admit(turn, event.track, cause, values={}))\n",
        "",
        _library("dental-implant", "third-week-review"),
    ),
    "at": _trigger(
        "plans.py",
        "date = instant_of(moment, journey, facts) if number == 1 else None",
        "date = None",
        _library("dental-implant", "sutures-in-time"),
    ),
    "every": _trigger(
        "plans.py",
        "date = _repeated(every, state, number, journey, facts)",
        "date = None",
        _library("hypertension", "pills-by-default"),
    ),
    "observed": _trigger(
        "watching.py",
        "if isinstance(track.when, Observed):\n            yield",
        "if track.when == '':\n            yield",
        _library("demonstration", "climb"),
    ),
    "answered": _trigger(
        "answering.py", "and track.when.answered == form]", 'and form == ""]', _library("complaint-loop", "content")
    ),
    "silent": _trigger(
        "wakes.py",
        "if isinstance(track.when, Silent):",
        "if isinstance(track.when, Silent) and not track.steps:",
        _library("hypertension", "silent"),
    ),
    "missed": _trigger("outcomes.py", "and missed == effect.name:", 'and missed == "":', _own("missed")),
    "unanswered": _trigger(
        "outcomes.py",
        "and form == effect.name:",
        'and form == "":',
        _library("maternity-to-day-42", "check-ins-unanswered"),
    ),
    "overdue": _trigger(
        "wakes.py",
        "and not (state.holds or state.stopped):",
        "and not (state.holds or state.stopped or track.steps):",
        _library("dental-implant", "date-passed-unconfirmed"),
    ),
    "becomes": _trigger(
        "becomings.py",
        "if isinstance(track.when, Becomes)]",
        "if isinstance(track.when, Becomes) and not track.steps]",
        _library("hypertension", "about-to-be-lost"),
    ),
    "outcome": _trigger("outcomes.py", "if outcome == effect.outcome:", 'if outcome == "":', _own("outcome")),
    "event": _trigger("occasions.py", "and track.when.event == event.name", 'and event.name == ""', _own("outcome")),
}
REMOVALS: Mapping[str, Removal] = {**STEPS, **TRIGGERS}
