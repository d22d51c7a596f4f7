"""Which numbers of a condition stand for what: its marks, its thresholds, and what it calculates with."""

from typing import NamedTuple

from pathways.language.tokens import Token
from pathways.language.vocabulary import Feature

_MEASURED = ("value", "latest", "previous", "mean", "min", "max", "set", "score", "item", "bound")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_ARITHMETIC = ("+", "-", "*", "/")


class Piece(NamedTuple):
    """A piece of the text that CEL reads, with what it was made from."""

    code: str
    offset: int
    token: Token
    number: float | None = None
    feature: Feature | None = None


def marks_of(pieces: tuple[Piece, ...]) -> tuple[float, ...]:
    """Every number written in the text, with its sign."""
    return tuple(_signed(pieces, at) for at, piece in enumerate(pieces) if piece.number is not None)


def thresholds_of(pieces: tuple[Piece, ...]) -> tuple[float, ...]:
    """The numbers that an observed value is compared with."""
    return tuple(_signed(pieces, at) for at in range(len(pieces)) if _is_threshold(pieces, at))


def _operator(pieces: tuple[Piece, ...], at: int) -> str:
    """The operator at that place, or "" where there is none."""
    inside = 0 <= at < len(pieces) and pieces[at].token.kind == "operator"
    return pieces[at].code if inside else ""


def _is_sign(pieces: tuple[Piece, ...], at: int) -> bool:
    """Whether a minus there is the sign of the number that follows."""
    if _operator(pieces, at) != "-" or at + 1 == len(pieces) or pieces[at + 1].number is None:
        return False
    return at == 0 or pieces[at - 1].code == "in" or _operator(pieces, at - 1) not in ("", ")", "]")


def _signed(pieces: tuple[Piece, ...], at: int) -> float:
    number = pieces[at].number or 0.0
    return -number if _is_sign(pieces, at - 1) else number


def _is_arithmetic(pieces: tuple[Piece, ...], at: int) -> bool:
    return _operator(pieces, at) in _ARITHMETIC and not _is_sign(pieces, at)


def computed_in(pieces: tuple[Piece, ...]) -> frozenset[str]:
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


def _is_threshold(pieces: tuple[Piece, ...], at: int) -> bool:
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


def _may_be_measured(pieces: tuple[Piece, ...], at: int) -> bool:
    feature = pieces[at].feature if 0 <= at < len(pieces) else None
    return feature is None or feature.kind in _MEASURED
