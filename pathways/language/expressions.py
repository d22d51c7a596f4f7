"""Whether every condition and expression of a release compiles, where it stands."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pathways.language.conditions import Condition, ConditionProblem, ValueType, Vocabulary, compile_condition
from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.problems import Problem
from pathways.language.release import vocabulary_of
from pathways.language.step import Choose, Repeat, Set
from pathways.language.trigger import Observed

# Compared with a constant, an expression compiles only where it gives values of the constant's type.
_PROBES: dict[ValueType, str] = {"number": "({}) == 0", "text": "({}) == ''", "boolean": "({}) == true"}


class Written(NamedTuple):
    """A condition or expression and where it stands; `triggered` is the data whose results are at hand there."""

    path: Path
    text: str
    triggered: tuple[str, ...] = ()
    result: Literal["boolean", "any"] = "boolean"


def broken_expressions(draft: Draft) -> Iterator[Problem]:
    """A problem for each condition or value that cannot be used."""
    vocabulary = vocabulary_of(draft.pathway)
    for written in _written(draft):
        try:
            condition = compile_condition(written.text, vocabulary, result=written.result)
        except ConditionProblem as problem:
            yield draft.error(written.path, problem.message, problem.expected, offset=problem.offset)
        else:
            yield from _bare_names(draft, written, condition)
    yield from _set_values(draft, vocabulary)


def numbers_in_conditions(draft: Draft) -> Iterator[Problem]:
    """A warning for each condition that compares what was observed with a number that has no source."""
    vocabulary = vocabulary_of(draft.pathway)
    for written in _written(draft):
        try:
            condition = compile_condition(written.text, vocabulary, result=written.result)
        except ConditionProblem:
            continue
        for threshold in condition.thresholds:
            what = f"the threshold {threshold:g} has no evidence"
            yield draft.warning(written.path, what, "expected a parameter, which states its source")


def _written(draft: Draft) -> Iterator[Written]:
    enrol = draft.pathway.enrol
    for key, text in (("when", enrol.when), ("unless", enrol.unless)):
        if text is not None:
            yield Written(("pathway", "enrol", key), text)
    for name, track in draft.pathway.tracks.items():
        path: Path = ("pathway", "tracks", name)
        if isinstance(track.when, Observed):
            yield Written((*path, "when", "if"), track.when.if_, track.when.data)
        if track.unless is not None:
            yield Written((*path, "unless"), track.unless)
    for placed in draft.steps:
        if isinstance(placed.step, Choose):
            trigger = draft.pathway.tracks[placed.track].when
            triggered = trigger.data if isinstance(trigger, Observed) else ()
            for number, case in enumerate(placed.step.cases):
                yield Written((*placed.path, "cases", number, "if"), case.if_, triggered)
        elif isinstance(placed.step, Repeat) and placed.step.until is not None:
            yield Written((*placed.path, "until"), placed.step.until)
        elif isinstance(placed.step, Set) and isinstance(placed.step.to, str):
            yield Written((*placed.path, "to"), placed.step.to, (), "any")


def _bare_names(draft: Draft, written: Written, condition: Condition) -> Iterator[Problem]:
    if any(name not in draft.pathway.data for name in written.triggered):
        return  # told already
    for name in sorted(feature.name for feature in condition.features if feature.kind == "value"):
        if name not in written.triggered:
            what = f"'{name}' alone is the result that triggered, and there is none here"
            yield draft.error(written.path, what, f"expected which one: 'latest({name})'")


def _set_values(draft: Draft, vocabulary: Vocabulary) -> Iterator[Problem]:
    for placed in draft.steps:
        step = placed.step
        if not isinstance(step, Set) or step.set not in draft.pathway.values:
            continue
        wanted = draft.pathway.values[step.set].type
        if not _gives(step.to, wanted, vocabulary):
            what = f"this is not what '{step.set}' takes"
            yield draft.error((*placed.path, "to"), what, f"expected {_EXPECTED[wanted]}")


_EXPECTED: dict[ValueType, str] = {
    "number": "a number or an expression that gives one",
    "text": "a text in quotes of its own, such as \"'high'\", or an expression that gives one",
    "boolean": "true, false or a condition",
}


def _gives(value: str | float | bool, wanted: ValueType, vocabulary: Vocabulary) -> bool:
    if not isinstance(value, str):
        return wanted == ("boolean" if isinstance(value, bool) else "number")
    try:
        compile_condition(value, vocabulary, result="any")
    except ConditionProblem:
        return True  # told already
    try:
        compile_condition(_PROBES[wanted].format(value), vocabulary)
    except ConditionProblem:
        return False
    return True
