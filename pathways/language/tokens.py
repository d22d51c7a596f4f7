"""The text of a condition in pieces: only what they allow gets through to what evaluates it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pathways.errors import Invalid

A_CONDITION = "a comparison such as 'glucose <= 3.9', joined by '&&' or '||'"
ENDS_EARLY = "the condition ends too early"
A_TEXT = "expected a text in quotes on one line, without a backslash"
INSTEAD = {"and": "'&&'", "or": "'||'", "not": "'!'", "=": "'=='", "&": "'&&'", "|": "'||'"}
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
    there; it prints as `what is wrong; what was expected`. `name` is the name that there is not, where it is one.
    """

    def __init__(self, message: str, offset: int, expected: str, name: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.expected = expected
        self.name = name
        self.args = (message, offset, expected)

    def __str__(self) -> str:
        return f"{self.message}; {self.expected}"


class Token(NamedTuple):
    """A piece of the text; `kind` is text, window, number, name, operator or end."""

    kind: str
    text: str
    offset: int


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of the text, spaces left out, with an `end` behind the last; ConditionProblem where one is none."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            if text[at] in "'\"":
                raise ConditionProblem("a text that does not end, or has a character it cannot have", at, A_TEXT)
            raise unexpected(text[at], at)
        if found.lastgroup != "space":
            yield Token(found.lastgroup, found.group(), at)
        at = found.end()
    yield Token("end", "", len(text))


def unexpected(text: str, offset: int) -> ConditionProblem:
    """The problem of a token that has no business there; what cannot be shown is escaped."""
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return ConditionProblem(f"unexpected '{shown}'", offset, f"expected {INSTEAD.get(text, A_CONDITION)}")
