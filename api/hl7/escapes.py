"""HL7's escapes in texts. The library's own reader of them writes what it cannot read, with its value, to the log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"\.(br|sp|ce)\+?[0-9]*")
_LAYOUT = re.compile(r"H|N|\.(fi|nf|in|ti)[+-]?[0-9]*|[CM][0-9A-Fa-f]{4,6}|Z[^\\]{0,20}")
_SPACES = re.compile(r"\.sk\+?([0-9]{0,2})")
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_UNKEPT = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """The characters that a message declares in MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def header(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent

    @property
    def letters(self) -> Mapping[str, str]:
        """What the escapes of one letter stand for."""
        return {
            "F": self.field,
            "S": self.component,
            "R": self.repetition,
            "E": self.escape,
            "T": self.subcomponent,
        }


def unescaped(text: str, separators: Separators, codec: str) -> str:
    """The text as it was meant; what is no escape stays as it stands. It holds nothing that a store cannot keep."""
    if separators.escape in text:
        mark = re.escape(separators.escape)
        text = re.sub(
            f"{mark}([^{mark}\r\n]{{1,400}}){mark}", lambda found: _meant(found[1], found[0], separators, codec), text
        )
    return clean(text)


def escaped(text: str, separators: Separators) -> str:
    """The text as a message may hold it."""
    letters = {
        stands: f"{separators.escape}{letter}{separators.escape}" for letter, stands in separators.letters.items()
    }
    breaks = {"\n": f"{separators.escape}.br{separators.escape}", "\r": ""}
    return "".join({**breaks, **letters}.get(sign, sign) for sign in clean(text))


def clean(text: str) -> str:
    """Without control characters and lone surrogates; lines end with a line feed alone."""
    return _UNKEPT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _meant(escape: str, as_it_stands: str, separators: Separators, codec: str) -> str:
    if escape in separators.letters:
        return separators.letters[escape]
    if _LINE.fullmatch(escape):
        return "\n"
    if found := _SPACES.fullmatch(escape):
        return " " * int(found[1] or 1)
    if found := _HEX.fullmatch(escape):
        return bytes.fromhex(found[1]).decode(codec, "replace")
    return "" if _LAYOUT.fullmatch(escape) else as_it_stands
