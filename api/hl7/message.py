"""A message as it was read: segments of fields of repetitions of components of subcomponents, all of them text."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import hl7

from api.charsets import codec_named, decoded
from api.hl7.escapes import Separators, unescaped
from api.hl7.faults import Fault, Reason
from api.hl7.header import Header, UnreadableMessage, bare, read_header

MOST_PARTS = 50_000
"""Fields, repetitions, components and subcomponents of a message: each takes time and memory, however few its bytes."""
_TEXTS = {"OBX": 5, "NTE": 3}
"""The fields whose texts are sent with bare line ends, though they ought to be escaped."""
DELETED = '""'
"""What says that a value is to be deleted, where nothing says that it is not told."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One value of a field."""

    components: tuple[tuple[str, ...], ...] = ()

    def text(self, component: int = 1, subcomponent: int = 1) -> str | None:
        """The text; None where nothing is told, or where it is to be deleted."""
        told = self._told(component, subcomponent)
        return None if told in ("", DELETED) else told

    @property
    def texts(self) -> tuple[str, ...]:
        """The first subcomponent of each component; empty where nothing is told."""
        return tuple(self.text(number + 1) or "" for number in range(len(self.components)))

    @property
    def deleted(self) -> bool:
        """Whether it says that the value is to be deleted."""
        return self._told(1, 1) == DELETED

    def _told(self, component: int, subcomponent: int) -> str:
        if len(self.components) < component or len(self.components[component - 1]) < subcomponent:
            return ""
        return self.components[component - 1][subcomponent - 1].strip()


_NOTHING = Repetition()


@dataclass(frozen=True, slots=True)
class Segment:
    """A line of a message; fields are counted as HL7 counts them."""

    name: str
    number: int
    """Which of its name it is, from 1."""
    fields: tuple[tuple[Repetition, ...], ...] = field(repr=False)
    raw: str = field(repr=False)

    def repeats(self, number: int) -> tuple[Repetition, ...]:
        """Every value of the field that says something."""
        told = self.fields[number - 1] if len(self.fields) >= number else ()
        return tuple(one for one in told if any(map(any, one.components)))

    def first(self, number: int) -> Repetition:
        """The first value of the field; one that says nothing where there is none."""
        return next(iter(self.repeats(number)), _NOTHING)

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str | None:
        """The text of the first value; None where nothing is told, or where it is to be deleted."""
        return self.first(number).text(component, subcomponent)

    def deleted(self, number: int) -> bool:
        """Whether the field says that its value is to be deleted."""
        return self.first(number).deleted

    def fault(self, reason: Reason, number: int | None = None) -> Fault:
        """Something wrong with it."""
        return Fault(reason=reason, segment=self.name, sequence=self.number, field=number)


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its header and every segment, the header's too."""

    header: Header
    segments: tuple[Segment, ...]
    text: str = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is, such as `ORU^R01`; old senders tell the event in EVN alone."""
        event = next((one.text(1) for one in self.named("EVN")), None)
        return f"{self.header.kind}^{event}" if event and not self.header.event else self.header.kind

    def named(self, *names: str) -> Iterator[Segment]:
        """The segments with one of these names."""
        return (one for one in self.segments if one.name in names)


def read_message(body: bytes, charset_of: Callable[[str], str | None]) -> Message:
    """Read a message; `charset_of` says in which set a sender writes where it does not tell.

    Raises:
        UnreadableMessage: it cannot be read; nothing else is raised, whatever the bytes.
    """
    header = read_header(body)
    rule = charset_of(header.sender)
    if codec_named(header.charset) is None and (usual := codec_named(rule)) is not None:
        header = replace(header, codec=usual)
    found = decoded(bare(body), declared=header.charset or None, rule=rule)
    if found is None:
        raise UnreadableMessage(Fault(reason="unreadable-charset", segment="MSH", field=18), header)
    text, codec = found
    # What was echoed from the header was read before its character set was known.
    header = replace(read_header(text.encode()), codec=codec)
    if codec_named(header.charset) != codec:
        header = replace(header, charset="")  # it is in another set than it says, so the answer does not say so either
    lines = tuple(_lines(text.lstrip("\ufeff"), header.separators))
    joined = "\r".join(lines)
    if sum(joined.count(sign) for sign in ("\r", *header.separators.letters.values())) > MOST_PARTS:
        raise UnreadableMessage(Fault(reason="too-many-parts"), header)
    segments = tuple(_segments(joined, header.separators, codec))
    if second := next((one for one in segments[1:] if one.name == "MSH"), None):
        raise UnreadableMessage(second.fault("unreadable-segment"), header)
    return Message(header, segments, text)


def _lines(text: str, separators: Separators) -> Iterator[str]:
    """The segments, one a line. What has not the shape of one goes on with a text that was broken, or is no part."""
    shape = re.compile(rf"[A-Z][A-Z0-9]{{2}}(?:{re.escape(separators.field)}|$)")
    broken = f"{separators.escape}.br{separators.escape}"
    pending: list[str] = []
    fields = 0
    for line in re.split(r"[\r\n]+", text):
        line = line.lstrip("\0 \t")
        if shape.match(line):
            if pending:
                yield broken.join(pending)
            pending, fields = [line], line.count(separators.field)
        elif line and pending and fields == _TEXTS.get(pending[0][:3]):
            pending.append(line)
            fields += line.count(separators.field)
    if pending:
        yield broken.join(pending)


def _segments(text: str, separators: Separators, codec: str) -> Iterator[Segment]:
    # The library's types are its own lists, of unequal depth: what has no separator is a text at once.
    counted: Counter[str] = Counter()
    parse: Callable[[str], Iterable[Any]] = cast(Any, hl7).parse
    for line, raw in zip(parse(text), text.split("\r"), strict=False):
        name = raw[:3]
        counted[name] += 1
        yield Segment(name, counted[name], tuple(_fields(line, separators, codec)), raw)


def _fields(line: Sequence[Any], separators: Separators, codec: str) -> Iterator[tuple[Repetition, ...]]:
    for told in line[1:]:
        yield tuple(
            Repetition(
                tuple(
                    tuple(unescaped(str(part), separators, codec) for part in _listed(component))
                    for component in _listed(repetition)
                )
            )
            for repetition in told
        )


def _listed(told: Any) -> Iterable[Any]:
    return (told,) if isinstance(told, str) else told
