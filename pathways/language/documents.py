"""The text of one YAML file, read into plain values with the place of each key and value.

The YAML of a pathway is the plain part of the language: mappings with text keys, lists, texts, numbers, true, false and
null. What surprises a reader of the file (anchors, tags, dates that were meant as text, a key twice) is a problem.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pathways.language.problems import Problem

LONGEST_FILE = 300_000
"""Characters of a file."""
DEEPEST = 40
"""Levels of mappings and lists in a file."""

Path = tuple[str | int, ...]
"""The keys and indices (from 0) that lead to a value."""

_NULL = re.compile("~|null|Null|NULL|")
_TRUE = re.compile("true|True|TRUE")
_FALSE = re.compile("false|False|FALSE")
_NUMBER = re.compile(r"[-+]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")
_STRANGE_NUMBER = re.compile(
    r"[-+]?(\.(inf|Inf|INF)|([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?)|\.(nan|NaN|NAN)|0x[0-9a-fA-F]+|0o[0-7]+"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


_Kind = Literal["scalar", "mapping", "list", "alias", "end", "document", "other"]
_KINDS: Mapping[str, _Kind] = {
    "ScalarEvent": "scalar",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "list",
    "AliasEvent": "alias",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
    "DocumentStartEvent": "document",
}


class Place(NamedTuple):
    """Where something stands, counted from 1."""

    line: int
    column: int
    text: int | None = None
    """The column of a text's first character, where the text stands in the file just as it is."""


_START = Place(1, 1)


@dataclass(kw_only=True)
class Document:
    """A file as far as it could be read."""

    file: str
    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])
    values: dict[Path, Place] = field(default_factory=dict[Path, Place])
    problems: list[Problem] = field(default_factory=list[Problem])
    unreadable: set[Path] = field(default_factory=set[Path])
    """Where the value is not what stands in the file; each has its problem."""
    aside: list[object] = field(default_factory=list[object])
    """What stands under keys that cannot be used."""

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value (or its key) stands; for one that is not there, where what should hold it stands."""
        if key and path in self.keys:
            return self.keys[path]
        return next((self.values[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.values), _START)

    def is_unreadable(self, path: Path) -> bool:
        """Whether the value lies in a part that could not be read."""
        return any(path[:end] in self.unreadable for end in range(len(path) + 1))


class _Event(NamedTuple):
    """What the parser met; `strange` says what makes a value more than it looks like."""

    kind: _Kind
    place: Place
    text: str = ""
    quoted: bool = False
    strange: tuple[str, str] | None = None


class _Refused(NamedTuple):
    what: str
    expected: str


class _Stop(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, place: Place, what: str, expected: str) -> None:
        super().__init__(place, what, expected)
        self.said = place, what, expected


def read_document(file: str, content: str | bytes) -> Document:
    """Read a file's content; whatever it is, every problem found in it is in the document."""
    composer = _Composer(Document(file=file))
    document = composer.document
    try:
        document.value = composer.compose(content if isinstance(content, str) else _decoded(content))
    except _Stop as stop:
        composer.note(*stop.said)
        document.unreadable.add(())
    return document


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode()) + 1)
        raise _Stop(place, "this is not UTF-8", "expected a text file in UTF-8") from None


class _Composer:
    """One pass over the events of a YAML parser; the document fills on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._events: Iterator[_Event] = iter(())

    def compose(self, text: str) -> object:
        """The value of the one document in the text."""
        if len(text) > LONGEST_FILE:
            raise _Stop(_START, f"the file has {len(text)} characters", f"expected at most {LONGEST_FILE}")
        self._events = _events(text)
        next(self._events)  # the stream's start
        if next(self._events).kind != "document":
            raise _Stop(_START, "the file is empty", "expected keys and values, such as 'title: …'")
        value = self._value((), next(self._events))
        next(self._events)  # the document's end
        following = next(self._events)
        if following.kind == "document":
            raise _Stop(following.place, "a second document begins here", "expected one in a file")
        return value

    def note(self, place: Place, what: str, expected: str) -> None:
        """Note a problem."""
        file = self.document.file
        self.document.problems.append(
            Problem(file=file, line=place.line, column=place.column, what=what, expected=expected)
        )

    def _value(self, path: Path, event: _Event) -> object:
        place = self.document.values[path] = event.place
        if event.strange:
            self.note(place, *event.strange)
            self.document.unreadable.add(path)
        if event.kind == "alias":
            return None
        if event.kind == "scalar":
            return self._scalar(path, event)
        if len(path) >= DEEPEST:
            raise _Stop(place, "this is nested too deeply", f"expected at most {DEEPEST} levels")
        return self._mapping(path) if event.kind == "mapping" else self._list(path)

    def _scalar(self, path: Path, event: _Event) -> object:
        value = _resolved(event)
        if isinstance(value, _Refused):
            self.note(self.document.values[path], *value)
            self.document.unreadable.add(path)
            return None
        return value

    def _list(self, path: Path) -> list[object]:
        items: list[object] = []
        while (event := next(self._events)).kind != "end":
            items.append(self._value((*path, len(items)), event))
        return items

    def _mapping(self, path: Path) -> dict[str, object]:
        entries: dict[str, object] = {}
        while (event := next(self._events)).kind != "end":
            key = self._key(path, event)
            if key is not None and key not in entries:
                self.document.keys[(*path, key)] = event.place
                entries[key] = self._value((*path, key), next(self._events))
                continue
            if key is not None:
                self.note(event.place, f"key '{key}' stands here a second time", "expected each key once")
            self._aside(path, next(self._events))
        return entries

    def _key(self, path: Path, event: _Event) -> str | None:
        """The key; None, and a problem, where it cannot be one."""
        key = _resolved(event) if event.kind == "scalar" and event.strange is None else None
        if isinstance(key, str) and key != "<<":
            return key
        self.note(event.place, "this key is not a text", "expected a name, in quotes where it looks like a number")
        if event.kind in ("mapping", "list"):
            self._aside(path, event)
        return None

    def _aside(self, path: Path, event: _Event) -> None:
        """Read what has no place in the value, for the problems in it."""
        # No name of a pathway holds a null character.
        self.document.aside.append(self._value((*path, f"\0{len(self.document.values)}"), event))


def _events(text: str) -> Iterator[_Event]:
    """The events of the parser; _Stop where it cannot read on."""
    parser: Any = YAML(typ="safe", pure=True)
    try:
        yield from map(_event, parser.parse(text))
    except YAMLError as error:
        raise _stop(error, text) from None
    except (ValueError, OverflowError):
        # An escape beyond the last character: the parser names no place.
        raise _Stop(_START, "an escape that stands for no character", "expected the character itself") from None


def _event(raw: Any) -> _Event:
    kind = _KINDS.get(type(raw).__name__, "other")
    place = Place(raw.start_mark.line + 1, raw.start_mark.column + 1)
    if kind == "alias":
        return _Event(kind, place, strange=(f"an alias, '*{raw.anchor}'", "expected what it stands for, written out"))
    if kind not in ("scalar", "mapping", "list"):
        return _Event(kind, place)
    strange = None
    if raw.anchor is not None:
        strange = f"an anchor, '&{raw.anchor}'", "expected no anchor: write things out"
    elif raw.tag is not None:
        strange = f"a tag, '{raw.tag.replace('tag:yaml.org,2002:', '!!')}'", "expected the value alone"
    if kind != "scalar":
        return _Event(kind, place, strange=strange)
    quotes = 0 if raw.style is None else 1
    width = raw.end_mark.column - raw.start_mark.column - 2 * quotes
    as_it_is = raw.end_mark.line == raw.start_mark.line and width == len(raw.value)
    place = place._replace(text=place.column + quotes if as_it_is else None)
    return _Event(kind, place, text=raw.value, quoted=raw.style is not None, strange=strange)


def _stop(error: Any, text: str) -> _Stop:
    """The parser's error in our words."""
    position: int | None = getattr(error, "position", None)
    if position is not None:
        before = text[:position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return _Stop(place, "a character that cannot be read", "expected text without control characters")
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1)
    problem: str = error.problem.replace("<", "").replace(">", "")
    if "'\\t'" in problem:
        return _Stop(place, "a tab", "expected spaces")
    if problem.startswith("mapping values are not allowed"):
        expected = "expected one key a line, and quotes around a text that holds ': '"
        return _Stop(place, "a ':' that can start no value here", expected)
    return _Stop(place, f"this is not YAML ({problem})", "expected keys and values, each level indented alike")


def _resolved(event: _Event) -> str | float | bool | _Refused | None:
    """The value of a scalar."""
    text = event.text
    if _UNKEEPABLE.search(text):
        return _Refused("a character that cannot be kept", "expected text without it")
    if event.quoted:
        return text
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() else number
    if _STRANGE_NUMBER.fullmatch(text):
        return _Refused("a number that cannot be used", "expected at most 15 digits, as in 3.9, or a text in quotes")
    if _DATE.fullmatch(text):
        return _Refused("a date, which a pathway has no use for", "expected text: put it in quotes")
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    return None if _NULL.fullmatch(text) else text
