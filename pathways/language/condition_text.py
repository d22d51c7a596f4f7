"""The text of a condition, rewritten so that CEL sees typed variables and doubles alone.

The lead writes `mean(glucose, 7d) > 7 && sex == 'female'`; CEL gets `n0 > 7.0 && t1 == 'female'` and the two features
that the variables stand for. Only the tokens below get through: no macro, member, index, escape or function of CEL.
"""

import bisect
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from pathways.language.calls import Cursor, read_call, suggestion
from pathways.language.thresholds import Piece, computed_in, marks_of, thresholds_of
from pathways.language.tokens import INSTEAD, ConditionProblem, Token, tokens_of, unexpected
from pathways.language.vocabulary import CALLS, PATIENT, Feature, ValueType, Vocabulary

LONGEST = 2000
"""Characters of a condition; CEL limits the depth by itself."""


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


def rewrite(text: str, vocabulary: Vocabulary) -> Rewritten:
    """Rewrite a condition; ConditionProblem where a token or a name cannot be used."""
    if len(text) > LONGEST:
        raise ConditionProblem(
            f"the condition has {len(text)} characters", LONGEST, f"expected at most {LONGEST}: split it"
        )
    rewriter = _Rewriter(tuple(tokens_of(text)), vocabulary)
    pieces = tuple(rewriter.pieces())
    return Rewritten(
        source=" ".join(piece.code for piece in pieces),
        variables=tuple(rewriter.variables.items()),
        marks=marks_of(pieces),
        thresholds=thresholds_of(pieces),
        computed=computed_in(pieces),
        starts=tuple(itertools.accumulate((len(piece.code) + 1 for piece in pieces), initial=0)),
        offsets=(*(piece.offset for piece in pieces), len(text)),
    )


class _Rewriter:
    """One pass over the tokens; `variables` fills on the way."""

    def __init__(self, tokens: tuple[Token, ...], vocabulary: Vocabulary) -> None:
        self.variables: dict[Feature, str] = {}
        self._cursor = Cursor(tokens)
        self._vocabulary = vocabulary

    def pieces(self) -> Iterator[Piece]:
        before = Token("end", "", 0)
        while self._cursor.next.kind != "end":
            yield self._piece(self._cursor.step(), before)
            before = self._cursor.last

    def _piece(self, token: Token, before: Token) -> Piece:
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
                    raise unexpected(token.text, token.offset)
                return Piece(token.text, token.offset, token)

    def _number(self, token: Token) -> Piece:
        number = float(token.text)
        if not math.isfinite(number):
            raise ConditionProblem(f"'{token.text[:20]}' is too large", token.offset, "expected a number below 1e308")
        return Piece(repr(number), token.offset, token, number=number)

    def _named(self, token: Token) -> Piece:
        if token.text in ("true", "false", "in"):
            return Piece(token.text, token.offset, token)
        call = CALLS.get(token.text)
        if call is None:
            feature, value_type = self._looked_up(token)
        else:
            feature, value_type = read_call(self._cursor, call, self._vocabulary)
        return self._variable(token, feature, value_type)

    def _looked_up(self, token: Token) -> tuple[Feature, ValueType]:
        name, known = token.text, self._vocabulary
        if self._cursor.next.text == "(":
            raise ConditionProblem(f"there is no call '{name}'", token.offset, suggestion(name, CALLS))
        if name in PATIENT:
            return Feature(kind="patient", name=name), PATIENT[name]
        if name in known.data:
            return Feature(kind="value", name=name), known.data[name]
        if name in known.parameters:
            return Feature(kind="parameter", name=name), "number"
        if name in known.values:
            return Feature(kind="set", name=name), known.values[name]
        if name in known.bound:
            return Feature(kind="bound", name=name), known.bound[name]
        if name in INSTEAD:
            raise unexpected(name, token.offset)
        names = {*known.data, *known.parameters, *known.values, *known.bound, *PATIENT}
        raise ConditionProblem(f"unknown name '{name}'", token.offset, suggestion(name, names))

    def _variable(self, token: Token, feature: Feature, value_type: ValueType) -> Piece:
        variable = self.variables.setdefault(feature, f"{value_type[0]}{len(self.variables)}")
        return Piece(variable, token.offset, token, feature=feature)
