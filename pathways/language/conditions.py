"""What a lead writes as a condition, compiled into something that is true, false or unknown.

A value that is missing makes unknown whatever depends on it, and nothing else: `sbp >= 180 || dbp >= 110` is true where
the one that is known suffices. A value known only within bounds ("<1.1") decides where every value within them agrees.
"""

import functools
import itertools
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from cel_expr_python import cel

from pathways.language.condition_text import Rewritten, rewrite
from pathways.language.tokens import A_CONDITION, ENDS_EARLY, ConditionProblem
from pathways.language.vocabulary import RESERVED, Feature, FeatureKind, ValueType, Vocabulary

__all__ = [
    "RESERVED",
    "Condition",
    "ConditionProblem",
    "Feature",
    "FeatureKind",
    "Interval",
    "Known",
    "Truth",
    "ValueType",
    "Vocabulary",
    "compile_condition",
]

_TYPES = {"n": cel.Type.DOUBLE, "t": cel.Type.STRING, "b": cel.Type.BOOL}
_CONSTANTS: Mapping[str, float | str | bool] = {"n": 1.0, "t": "x", "b": True}
_WORDS = {"double": "a number", "string": "a text", "bool": "true or false"}
_LARGEST = sys.float_info.max
# CEL reads a text with a null character, and Python cannot hand over a lone surrogate.
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_CEL_ERROR = re.compile(r"<input>:1:([0-9]+): ([^\n]*)")
_CEL_MISFIT = re.compile(r"no matching overload for '(.*)' applied to '\((.*)\)'")


class Truth(Enum):
    """What is known of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number known only within bounds; None is no bound, an open end does not belong to it."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False


Known = float | bool | str | Interval
Answer = float | bool | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that compiled: plain data, so it compares, copies and pickles; made by `compile_condition` alone."""

    text: str
    features: frozenset[Feature]
    thresholds: tuple[float, ...]
    """The numbers in the text that an observed value is compared with."""
    source: str
    variables: tuple[tuple[Feature, str], ...]
    marks: tuple[float, ...]
    computed: frozenset[str]

    def evaluate(self, values: Mapping[Feature, Known]) -> Truth:
        """Whether it holds; a feature that is missing, not a number or of another type counts as unknown."""
        answer = self.value(values)
        if answer is None:
            return Truth.UNKNOWN
        return Truth.TRUE if answer is True else Truth.FALSE

    def value(self, values: Mapping[Feature, Known]) -> Answer:
        """What the expression gives, None where that is unknown."""
        known: dict[str, float | bool | str] = {}
        bounded: dict[str, Interval] = {}
        for feature, variable in self.variables:
            given = values.get(feature)
            if isinstance(given, Interval):
                bounded[variable] = given
            elif given is not None and _fits(given, variable):
                known[variable] = given
        return self._agreed(known, bounded) if bounded else self._run(known)

    def _agreed(self, known: dict[str, float | bool | str], bounded: dict[str, Interval]) -> Answer:
        """What every value within the bounds gives, else None.

        Between two neighbouring marks a comparison of values and constants does not change, so the marks and the floats
        beside them stand for every value. Where the text calculates with a bounded value, or compares three of them,
        that does not hold, and they count as missing.
        """
        compared = {name: bounds for name, bounds in bounded.items() if name[0] == "n" and name not in self.computed}
        if len(compared) > 2:
            return self._run(known)
        numbers = [number for name, number in known.items() if name[0] == "n" and not isinstance(number, str)]
        ends = [end for bounds in compared.values() for end in (bounds.low, bounds.high) if end is not None]
        marks = (*self.marks, *numbers, *ends)
        samples = {name: _samples(bounds, marks) for name, bounds in compared.items()}
        answers: set[Answer] = set()
        for chosen in itertools.product(*samples.values()):
            answers.add(self._run(known | dict(zip(samples, chosen, strict=True))))
            if len(answers) > 1:
                return None
        return answers.pop() if answers else self._run(known)

    def _run(self, known: Mapping[str, float | bool | str]) -> Answer:
        program, result_type = _program(self.source, tuple(variable for _, variable in self.variables))
        result = program.eval(data=known)
        # An error is a result too, and a truthy one: the type comes first.
        if result.type() != result_type:
            return None
        answer: float | bool | str = result.value()
        return None if isinstance(answer, float) and not math.isfinite(answer) else answer


def compile_condition(text: str, vocabulary: Vocabulary, *, result: Literal["boolean", "any"] = "boolean") -> Condition:
    """Compile a condition (or, with `any`, an expression that gives a value); ConditionProblem where that fails."""
    return _compiled(text, vocabulary, result)


@functools.lru_cache(maxsize=4096)
def _compiled(text: str, vocabulary: Vocabulary, result: Literal["boolean", "any"]) -> Condition:
    rewritten = rewrite(text, vocabulary)
    names = tuple(variable for _, variable in rewritten.variables)
    try:
        program, _ = _program(rewritten.source, names)
    except RuntimeError as error:
        raise _problem(str(error), text, rewritten) from None
    # What compiles may still fail when it runs: it is run once here, where the lead sees it.
    given = program.eval(data={name: _CONSTANTS[name[0]] for name in names}).type()
    wanted = [cel.Type.BOOL] if result == "boolean" else list(_TYPES.values())
    if given not in wanted:
        raise ConditionProblem(
            f"this gives {_worded(given.name().lower())}", 0, "expected true or false, such as 'glucose <= 3.9'"
        )
    return Condition(
        text=text,
        features=frozenset(feature for feature, _ in rewritten.variables),
        thresholds=rewritten.thresholds,
        source=rewritten.source,
        variables=rewritten.variables,
        marks=rewritten.marks,
        computed=rewritten.computed,
    )


@functools.lru_cache(maxsize=4096)
def _program(source: str, names: tuple[str, ...]) -> tuple[cel.Expression, cel.Type]:
    """The compiled source and the type of its result; RuntimeError of CEL where it does not compile."""
    program = cel.NewEnv(variables={name: _TYPES[name[0]] for name in names}).compile(source)
    return program, program.return_type()


def _fits(given: float | bool | str, variable: str) -> bool:
    """Whether the value is of the variable's type; NaN and the infinities are no numbers here."""
    if isinstance(given, bool):
        return variable[0] == "b"
    if isinstance(given, str):
        return variable[0] == "t" and not _UNUSABLE.search(given)
    return variable[0] == "n" and -_LARGEST <= given <= _LARGEST


def _samples(bounds: Interval, marks: tuple[float, ...]) -> list[float]:
    low = -_LARGEST if bounds.low is None else bounds.low
    high = _LARGEST if bounds.high is None else bounds.high
    low = math.nextafter(low, math.inf) if bounds.low_open else low
    high = math.nextafter(high, -math.inf) if bounds.high_open else high
    beside = {
        near for mark in marks for near in (math.nextafter(mark, -math.inf), mark, math.nextafter(mark, math.inf))
    }
    return sorted(near for near in beside | {low, high} if low <= near <= high)


def _problem(error: str, text: str, rewritten: Rewritten) -> ConditionProblem:
    """CEL's message in a lead's words, at the place in the lead's text."""
    found = _CEL_ERROR.search(error)
    if found is None:
        return ConditionProblem("the condition is nested too deeply or too long", 0, "expected fewer parts: split it")
    offset = rewritten.offset(int(found.group(1)) - 1)
    misfit = _CEL_MISFIT.search(found.group(2))
    if misfit is not None:
        operator = misfit.group(1).strip("_@").replace("_", "")
        operands = " and ".join(_worded(name) for name in misfit.group(2).split(", "))
        expected = "a list such as ['a', 'b']" if operator == "in" else "values of the same type"
        return ConditionProblem(f"'{operator}' does not work on {operands}", offset, f"expected {expected}")
    if offset >= len(text):
        return ConditionProblem(ENDS_EARLY, offset, f"expected {A_CONDITION}")
    return ConditionProblem(
        f"the condition cannot be read from '{text[offset : offset + 20]}' on",
        offset,
        f"expected {A_CONDITION}",
    )


def _worded(cel_type: str) -> str:
    return _WORDS.get(cel_type, "a list")
