"""Whether every condition and expression of a release compiles, where it stands."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from pathways.language.conditions import Condition, ConditionProblem, ValueType, Vocabulary, compile_condition
from pathways.language.definition import Track
from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.problems import Problem
from pathways.language.release import VALUE_TYPES, bound_in, condition_of, expressions_of, vocabulary_of
from pathways.language.schedule import parse_duration
from pathways.language.step import Choose, Repeat, Set
from pathways.language.timing import length
from pathways.language.trigger import Becomes, Named, Observed
from pathways.language.vocabulary import EVENT_TIME

# Compared with a constant, an expression compiles only where it gives values of the constant's type.
_PROBES: dict[ValueType, str] = {"number": "({}) == 0", "text": "({}) == ''", "boolean": "({}) == true"}


class Written(NamedTuple):
    """A condition or expression and where it stands."""

    path: Path
    text: str
    result: Literal["boolean", "any"]
    triggered: tuple[str, ...] = ()
    """The data whose results are at hand there."""
    bound: frozenset[str] = frozenset()
    """The names that are bound there."""


def broken_expressions(draft: Draft) -> Iterator[Problem]:
    """A problem for each condition or value that cannot be used."""
    vocabulary = vocabulary_of(draft.contents)
    for written in _written(draft):
        try:
            condition = compile_condition(written.text, vocabulary, result=written.result)
        except ConditionProblem as problem:
            if problem.name is None or not draft.may_name(problem.name):
                yield draft.error(written.path, problem.message, problem.expected, offset=problem.offset)
        else:
            yield from _out_of_place(draft, written, condition)
            yield from _without_figures(draft, written, condition)
    yield from _set_values(draft, vocabulary)


def numbers_in_conditions(draft: Draft) -> Iterator[Problem]:
    """A warning for each condition that compares what was observed with a number that has no source."""
    vocabulary = vocabulary_of(draft.contents)
    for written in _written(draft):
        try:
            condition = compile_condition(written.text, vocabulary, result=written.result)
        except ConditionProblem:
            continue
        for threshold in condition.thresholds:
            what = f"the threshold {threshold:g} has no evidence"
            yield draft.warning(written.path, what, "expected a parameter, which states its source")


def _written(draft: Draft) -> Iterator[Written]:
    pathway = draft.pathway
    for key, text in (("when", pathway.enrol.when), ("unless", pathway.enrol.unless)):
        if text is not None:
            yield Written(("pathway", "enrol", key), text, "boolean")
    for name, track in pathway.tracks.items():
        path: Path = ("pathway", "tracks", name)
        condition = condition_of(track.when)
        if condition is not None:
            key = "becomes" if isinstance(track.when, Becomes) else "if"
            yield Written((*path, "when", key), condition, "boolean", _triggered(track), _bound_by_event(track))
        if track.unless is not None:
            yield Written((*path, "unless"), track.unless, "boolean")
    for placed in draft.steps:
        track = pathway.tracks[placed.track]
        bound = frozenset(bound_in(track))
        triggered = _triggered(track) if isinstance(placed.step, Choose) else ()
        result = "boolean" if isinstance(placed.step, Choose | Repeat) else "any"
        for keys, text in expressions_of(placed.step, pathway.anchors):
            yield Written((*placed.path, *keys), text, result, triggered, bound)


def _triggered(track: Track) -> tuple[str, ...]:
    return track.when.data if isinstance(track.when, Observed) else ()


def _bound_by_event(track: Track) -> frozenset[str]:
    return frozenset((*track.when.bind, EVENT_TIME)) if isinstance(track.when, Named) else frozenset()


KEPT = 30 * 86400
"""Seconds for which values stay as they are where figures are kept: as long as results may be revised."""
FIGURES = ("mean", "min", "max")
_OF_A_JOURNEY = frozenset({"score", "item", "tier", "happened", "unanswered", "days_since", "known"})


def _out_of_place(draft: Draft, written: Written, condition: Condition) -> Iterator[Problem]:
    """A problem for each fact that there is not where the condition stands."""
    by_kind: dict[str, list[str]] = {}
    for feature in condition.features:
        by_kind.setdefault(feature.kind, []).append(feature.name)
    known = all(name in draft.pathway.data for name in written.triggered)
    for name in sorted(by_kind.get("value", ())) if known else ():
        if name not in written.triggered:
            what = f"'{name}' alone is the result that triggered, and there is none here"
            yield draft.error(written.path, what, f"expected which one: 'latest({name})'")
    for name in sorted(by_kind.get("bound", ())):
        if name not in written.bound:
            what = f"nothing is bound to '{name}' here"
            yield draft.error(written.path, what, "expected it where its track binds it, and not in 'unless'")
    if written.path[:2] == ("pathway", "enrol"):
        for kind in sorted(_OF_A_JOURNEY & by_kind.keys()):
            what = f"'{kind}' looks at a journey, and there is none yet"
            yield draft.error(written.path, what, "expected what is known of the patient and the results")


def _without_figures(draft: Draft, written: Written, condition: Condition) -> Iterator[Problem]:
    """A problem for each look at figures that `keep` does not keep, further back than values stay."""
    features = sorted((f.name, f.kind, f.window) for f in condition.features if f.kind in FIGURES and f.window)
    for name, kind, window in features:
        keep = draft.pathway.data[name].keep
        if keep is not None and kind not in keep.as_ and length(parse_duration(window)) > KEPT:
            what = f"'{kind}({name}, {window})' looks further back than values of '{name}' are kept"
            yield draft.error(written.path, what, f"expected '{kind}' under 'as' of its 'keep'")


def _set_values(draft: Draft, vocabulary: Vocabulary) -> Iterator[Problem]:
    for placed in draft.steps:
        step = placed.step
        if not isinstance(step, Set) or step.set not in draft.pathway.values:
            continue
        wanted = VALUE_TYPES[draft.pathway.values[step.set].type]
        if not _gives(step.to, wanted, vocabulary):
            what = f"this is not what '{step.set}' takes"
            yield draft.error((*placed.path, "to"), what, f"expected {_EXPECTED[wanted]}")


_EXPECTED: dict[ValueType, str] = {
    "number": "a number or an expression that gives one",
    "text": "a text in quotes of its own, such as \"'high'\", or an expression that gives one",
    "boolean": "yes, no or a condition",
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
