"""The text of a condition, rewritten so that CEL sees typed variables and doubles alone.

The lead writes `mean(glucose, 7d) > 7 && sex == 'female'`; CEL gets `n0 > 7.0 && t1 == 'female'` and the two features
that the variables stand for. Only the tokens below get through: no macro, member, index, escape or function of CEL.
"""

import bisect
import itertools
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pathways.errors import Invalid
from pathways.language.names import nearest
from pathways.language.schedule import parse_duration

ValueType = Literal["number", "text", "boolean"]
FeatureKind = Literal[
    "value",
    "latest",
    "previous",
    "mean",
    "min",
    "max",
    "count",
    "parameter",
    "patient",
    "diagnosed",
    "set",
    "score",
    "item",
    "tier",
    "happened",
    "unanswered",
    "days_since",
    "known",
    "bound",
]
Call = Literal["latest", "previous", "mean", "min", "max", "count", "diagnosed"]

LONGEST = 2000
"""Characters of a condition; CEL limits the depth by itself."""
PATIENT: Mapping[str, ValueType] = {"age": "number", "sex": "text", "inpatient": "boolean"}
CALLS: Mapping[str, Call] = {
    "latest": "latest",
    "previous": "previous",
    "mean": "mean",
    "min": "min",
    "max": "max",
    "count": "count",
    "diagnosed": "diagnosed",
}
RESERVED = frozenset({*PATIENT, *CALLS, "true", "false", "in"})
"""Names that a pathway cannot give to its data, parameters or values."""

_WINDOWED = ("mean", "min", "max", "count")
_NUMERIC = ("mean", "min", "max")
_MEASURED = ("value", "latest", "previous", "mean", "min", "max", "set")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_ARITHMETIC = ("+", "-", "*", "/")
A_CONDITION = "a comparison such as 'glucose <= 3.9', joined by '&&' or '||'"
A_TEXT = "expected a text in quotes on one line, without a backslash"
ENDS_EARLY = "the condition ends too early"
_INSTEAD = {"and": "'&&'", "or": "'||'", "not": "'!'", "=": "'=='", "&": "'&&'", "|": "'||'"}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    # A line break or another control character in a text is a slip, a backslash would be an escape of CEL.
    r"|(?P<text>'[^'\\\x00-\x1f\x7f\ud800-\udfff]*'|\"[^\"\\\x00-\x1f\x7f\ud800-\udfff]*\")"
    r"|(?P<window>[0-9]+\s*(?!(?:in|and|or)\b)(?:working )?[a-z]+(?!\w))"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>&&|\|\||[=!<>]=|[-+*/!<>?:(),\[\]])"
)


class ConditionProblem(Invalid):
    """The condition cannot be used.

    `message` is what is wrong, `offset` the character of the text (from 0) where it is, `expected` what was expected
    there; it prints as `what is wrong; what was expected`.
    """

    def __init__(self, message: str, offset: int, expected: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.expected = expected
        self.args = (message, offset, expected)

    def __str__(self) -> str:
        return f"{self.message}; {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names that a condition of one pathway may use; the mappings are never changed afterwards."""

    data: Mapping[str, ValueType]
    parameters: frozenset[str] = frozenset()
    values: Mapping[str, ValueType]
    """What steps `set`."""

    def __hash__(self) -> int:
        return hash((frozenset(self.data.items()), self.parameters, frozenset(self.values.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A fact that a condition asks for and the engine supplies.

    `name` is the name of the data, parameter or value, `age`, `sex` or `inpatient`, or the code of a diagnosis.
    `window` is a duration in its canonical text ("7d", "2 weeks"), given for mean, min, max, count and happened alone.
    Of an `item` or `tier`, `name` is the form and `item` its item; of a `tier`, `lexicon` holds the words looked for.
    """

    kind: FeatureKind
    name: str
    window: str | None = None
    item: str | None = None
    lexicon: str | None = None


class Rewritten(NamedTuple):
    """A condition as CEL reads it."""

    source: str
    variables: tuple[tuple[Feature, str], ...]
    """Each feature with its variable, whose first letter is its type: n number, t text, b boolean."""
    marks: tuple[float, ...]
    """Every number written in the text, with its sign."""
    thresholds: tuple[float, ...]
    """Those of the marks that an observed value is compared with."""
    computed: frozenset[str]
    """Variables that the text may calculate with, and so does not merely compare."""
    starts: tuple[int, ...]
    """Where each token would start in `source`, and the next one after it."""
    offsets: tuple[int, ...]
    """Where each token starts in the text, and the text's end."""

    def offset(self, position: int) -> int:
        """The place in the text of a place in the source."""
        if position >= len(self.source):
            return self.offsets[-1]
        return self.offsets[bisect.bisect_right(self.starts, position) - 1]


class Token(NamedTuple):
    """A piece of the text; `kind` is text, window, number, name, operator or end."""

    kind: str
    text: str
    offset: int


class _Piece(NamedTuple):
    code: str
    offset: int
    token: Token
    number: float | None = None
    feature: Feature | None = None


def rewrite(text: str, vocabulary: Vocabulary) -> Rewritten:
    """Rewrite a condition; ConditionProblem where a token or a name cannot be used."""
    if len(text) > LONGEST:
        raise ConditionProblem(
            f"the condition has {len(text)} characters", LONGEST, f"expected at most {LONGEST}: split it"
        )
    rewriter = _Rewriter(tuple(_tokens(text)), vocabulary)
    pieces = tuple(rewriter.pieces())
    return Rewritten(
        source=" ".join(piece.code for piece in pieces),
        variables=tuple(rewriter.variables.items()),
        marks=tuple(_signed(pieces, at) for at, piece in enumerate(pieces) if piece.number is not None),
        thresholds=tuple(_signed(pieces, at) for at in range(len(pieces)) if _is_threshold(pieces, at)),
        computed=_computed(pieces),
        starts=tuple(itertools.accumulate((len(piece.code) + 1 for piece in pieces), initial=0)),
        offsets=(*(piece.offset for piece in pieces), len(text)),
    )


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            if text[at] in "'\"":
                raise ConditionProblem("a text that does not end, or has a character it cannot have", at, A_TEXT)
            raise _unexpected(text[at], at)
        if found.lastgroup != "space":
            yield Token(found.lastgroup, found.group(), at)
        at = found.end()
    yield Token("end", "", len(text))


def _unexpected(text: str, offset: int) -> ConditionProblem:
    """The problem of a token that has no business there; what cannot be shown is escaped."""
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return ConditionProblem(f"unexpected '{shown}'", offset, f"expected {_INSTEAD.get(text, A_CONDITION)}")


class _Rewriter:
    """One pass over the tokens; `variables` fills on the way."""

    def __init__(self, tokens: tuple[Token, ...], vocabulary: Vocabulary) -> None:
        self.variables: dict[Feature, str] = {}
        self._tokens = tokens
        self._at = 0
        self._vocabulary = vocabulary

    def pieces(self) -> Iterator[_Piece]:
        before = Token("end", "", 0)
        while (token := self._tokens[self._at]).kind != "end":
            self._at += 1
            yield self._piece(token, before)
            before = self._tokens[self._at - 1]

    def _take(self, expected: str, *, exactly: str | None = None) -> Token:
        """The next token of a call, which must be `exactly` that where it is given."""
        token = self._tokens[self._at]
        if token.kind == "end":
            raise ConditionProblem(ENDS_EARLY, token.offset, expected)
        if exactly is not None and token.text != exactly:
            raise ConditionProblem(f"unexpected '{token.text}'", token.offset, expected)
        self._at += 1
        return token

    def _piece(self, token: Token, before: Token) -> _Piece:
        if before.text == "/" and not (token.kind == "number" and float(token.text) != 0):
            raise ConditionProblem(
                "only a number other than 0 can divide", token.offset, "expected such a number after '/'"
            )
        match token.kind:
            case "number":
                return self._number(token)
            case "name":
                return self._named(token)
            case "window":
                raise ConditionProblem(
                    f"'{token.text}' cannot stand here",
                    token.offset,
                    "expected a duration only where a call takes one, such as 'mean(glucose, 7d)'",
                )
            case _:
                if token.text == "[" and before.text != "in":
                    raise _unexpected(token.text, token.offset)
                return _Piece(token.text, token.offset, token)

    def _number(self, token: Token) -> _Piece:
        number = float(token.text)
        if not math.isfinite(number):
            raise ConditionProblem(f"'{token.text[:20]}' is too large", token.offset, "expected a number below 1e308")
        return _Piece(repr(number), token.offset, token, number=number)

    def _named(self, token: Token) -> _Piece:
        if token.text in ("true", "false", "in"):
            return _Piece(token.text, token.offset, token)
        call = CALLS.get(token.text)
        if call is not None:
            return self._called(token, call)
        feature, value_type = self._looked_up(token)
        return self._variable(token, feature, value_type)

    def _looked_up(self, token: Token) -> tuple[Feature, ValueType]:
        name, known = token.text, self._vocabulary
        if self._tokens[self._at].text == "(":
            raise ConditionProblem(f"there is no call '{name}'", token.offset, _suggestion(name, CALLS))
        if name in PATIENT:
            return Feature(kind="patient", name=name), PATIENT[name]
        if name in known.data:
            return Feature(kind="value", name=name), known.data[name]
        if name in known.parameters:
            return Feature(kind="parameter", name=name), "number"
        if name in known.values:
            return Feature(kind="set", name=name), known.values[name]
        if name in _INSTEAD:
            raise _unexpected(name, token.offset)
        names = {*known.data, *known.parameters, *known.values, *PATIENT}
        raise ConditionProblem(f"unknown name '{name}'", token.offset, _suggestion(name, names))

    def _called(self, token: Token, call: Call) -> _Piece:
        example = f"{call}('E11')" if call == "diagnosed" else f"{call}(glucose{', 7d' if call in _WINDOWED else ''})"
        self._take(f"expected '{example}'", exactly="(")
        if call == "diagnosed":
            feature, value_type = self._diagnosis(example), "boolean"
        else:
            data = self._data(call, example)
            window = self._window(example) if call in _WINDOWED else None
            feature = Feature(kind=call, name=data, window=window)
            value_type = "number" if call == "count" else self._vocabulary.data[data]
        self._take(f"expected '{example}'", exactly=")")
        return self._variable(token, feature, value_type)

    def _diagnosis(self, example: str) -> Feature:
        token = self._take(f"expected '{example}'")
        if token.kind != "text" or not token.text[1:-1].strip():
            raise ConditionProblem("a diagnosis is named by its code", token.offset, f"expected '{example}'")
        return Feature(kind="diagnosed", name=token.text[1:-1].strip())

    def _data(self, call: Call, example: str) -> str:
        token = self._take(f"expected '{example}'")
        data = self._vocabulary.data
        if token.text not in data:
            raise ConditionProblem(
                f"'{call}' takes the name of data, not '{token.text}'",
                token.offset,
                _suggestion(token.text, data),
            )
        if call in _NUMERIC and data[token.text] != "number":
            raise ConditionProblem(f"'{token.text}' is not a number", token.offset, f"'{call}' needs numbers")
        return token.text

    def _window(self, example: str) -> str:
        self._take(f"expected a window, such as '{example}'", exactly=",")
        token = self._take(f"expected '{example}'")
        try:
            window = parse_duration(token.text)
        except ValueError as problem:
            raise ConditionProblem(str(problem), token.offset, f"expected '{example}'") from None
        if window.working or window.amount == 0:
            raise ConditionProblem(
                f"'{token.text}' is no window", token.offset, "expected a time of at least 1, not in working time"
            )
        return str(window)

    def _variable(self, token: Token, feature: Feature, value_type: ValueType) -> _Piece:
        variable = self.variables.setdefault(feature, f"{value_type[0]}{len(self.variables)}")
        return _Piece(variable, token.offset, token, feature=feature)


def _suggestion(name: str, names: Collection[str]) -> str:
    near = nearest(name.lower(), names)
    return f"did you mean '{near}'?" if near else f"expected one of: {', '.join(sorted(names)) or 'none'}"


def _operator(pieces: tuple[_Piece, ...], at: int) -> str:
    """The operator at that place, or "" where there is none."""
    inside = 0 <= at < len(pieces) and pieces[at].token.kind == "operator"
    return pieces[at].code if inside else ""


def _is_sign(pieces: tuple[_Piece, ...], at: int) -> bool:
    """Whether a minus there is the sign of the number that follows."""
    if _operator(pieces, at) != "-" or at + 1 == len(pieces) or pieces[at + 1].number is None:
        return False
    return at == 0 or pieces[at - 1].code == "in" or _operator(pieces, at - 1) not in ("", ")", "]")


def _signed(pieces: tuple[_Piece, ...], at: int) -> float:
    number = pieces[at].number or 0.0
    return -number if _is_sign(pieces, at - 1) else number


def _is_arithmetic(pieces: tuple[_Piece, ...], at: int) -> bool:
    return _operator(pieces, at) in _ARITHMETIC and not _is_sign(pieces, at)


def _computed(pieces: tuple[_Piece, ...]) -> frozenset[str]:
    """The variables in one operand of && or || with arithmetic.

    A number cannot be made of what && and || give, but for `? :`, so an operand without arithmetic only compares.
    """
    logical = () if any(_operator(pieces, at) == "?" for at in range(len(pieces))) else ("&&", "||")
    computed: set[str] = set()
    operand: set[str] = set()
    calculates = False
    for at, piece in enumerate(pieces):
        if piece.feature is not None:
            operand.add(piece.code)
        calculates = calculates or _is_arithmetic(pieces, at)
        if at + 1 == len(pieces) or _operator(pieces, at) in logical:
            computed |= operand if calculates else frozenset[str]()
            operand, calculates = set[str](), False
    return frozenset(computed)


def _is_threshold(pieces: tuple[_Piece, ...], at: int) -> bool:
    """Whether the number there is compared with, or added to, what was observed.

    A number beside a count, an age or a parameter is none; a factor is none.
    """
    if pieces[at].number is None or not any(piece.feature and piece.feature.kind in _MEASURED for piece in pieces):
        return False
    first = at - 1 if _is_sign(pieces, at - 1) else at
    sides = ((first - 1, first - 2), (at + 1, at + 2))
    if any(_operator(pieces, operator) in ("*", "/") for operator, _ in sides):
        return False
    return any(
        _operator(pieces, operator) in (*_COMPARISONS, "+", "-") and _may_be_measured(pieces, other)
        for operator, other in sides
    )


def _may_be_measured(pieces: tuple[_Piece, ...], at: int) -> bool:
    feature = pieces[at].feature if 0 <= at < len(pieces) else None
    return feature is None or feature.kind in _MEASURED
