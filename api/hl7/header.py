"""The header of a message: who sent it, what it is, and how it wants to be answered."""

import re
import string
from dataclasses import dataclass

from api.charsets import codec_named, decoded
from api.hl7.escapes import Separators, clean
from api.hl7.faults import Fault
from pathways.errors import Invalid

MOST_BYTES = 10_000
"""Of a header; a longer one is none."""
_LEADING = b"\x0b\xef\xbb\xbf \t\r\n\0"
_SIGNS = frozenset(string.punctuation) - frozenset("\"'")


_STANDARD = Separators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """MSH, as far as it concerns the answer; what is not told is empty."""

    separators: Separators = _STANDARD
    application: str = ""
    facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    sent: str = ""
    kind: str = ""
    """Such as `ORU^R01`, whatever the separators."""
    control: str = ""
    processing: str = ""
    version: str = ""
    accept: str = ""
    """On which outcome an accept acknowledgement is wanted: `AL`, `NE`, `ER`, `SU`."""
    application_accept: str = ""
    charset: str = ""
    """As it was declared."""
    codec: str = "utf-8"
    """In which it is answered."""

    @property
    def sender(self) -> str:
        """Who sent it: `APPLICATION@FACILITY`, or what there is of it."""
        application, facility = (
            one.partition(self.separators.component)[0].strip() for one in (self.application, self.facility)
        )
        return f"{application}@{facility}" if application and facility else application or facility or "hl7"

    @property
    def enhanced(self) -> bool:
        """Whether it asks for HL7's enhanced mode of acknowledgement."""
        return bool(self.accept or self.application_accept)

    @property
    def event(self) -> str:
        """What triggered it, such as `R01`."""
        return self.kind.partition("^")[2]


class UnreadableMessage(Invalid):
    """The message cannot be read."""

    code = "hl7-unreadable"

    def __init__(self, fault: Fault, header: Header | None = None) -> None:
        """Takes the header where at least that could be read."""
        super().__init__()
        self.fault = fault
        self.header = header or Header()


def bare(body: bytes) -> bytes:
    """The message without what stands around it."""
    return body.strip(_LEADING + b"\x1c")


def read_header(body: bytes) -> Header:
    """The header of a message.

    Raises:
        UnreadableMessage: it has none that can be used.
    """
    line = re.split(rb"[\r\n]", bare(body)[:MOST_BYTES], maxsplit=1)[0]
    # Its character set is not known before it is read: a GBK character may hold the byte of a separator.
    text, codec = decoded(line, declared=None, rule=None) or (line.decode("latin-1"), "utf-8")
    if len(text) < 8 or not text.startswith("MSH"):
        raise UnreadableMessage(Fault(reason="no-header", segment="MSH"))
    separators = _separators(text)
    if separators is None:
        raise UnreadableMessage(Fault(reason="bad-separators", segment="MSH", field=2))
    fields = ["", separators.field, *text.split(separators.field)[1:]]
    fields = [clean(one.strip()) for one in fields] + [""] * 20

    def first(number: int) -> str:
        return re.split(f"[{re.escape(separators.component + separators.repetition)}]", fields[number])[0].strip()

    charset = next((one.strip() for one in fields[18].split(separators.repetition) if one.strip()), "")
    return Header(
        separators=separators,
        application=fields[3],
        facility=fields[4],
        receiving_application=fields[5],
        receiving_facility=fields[6],
        sent=first(7),
        kind=_kind(fields[9], separators),
        control=fields[10][:200],
        processing=first(11),
        version=first(12),
        accept=first(15).upper(),
        application_accept=first(16).upper(),
        charset=charset,
        codec=codec_named(charset) or codec,
    )


def _separators(text: str) -> Separators | None:
    field = text[3]
    end = text.find(field, 4)
    told = text[4 : max(end, 4)].strip()
    component, repetition, escape, subcomponent = (
        told[place] if place < len(told) else _STANDARD.header[place] for place in range(4)
    )
    signs = [field, component, repetition, escape, subcomponent]
    if not told or len(set(signs)) < len(signs) or not _SIGNS.issuperset(signs):
        return None
    return Separators(field=field, component=component, repetition=repetition, escape=escape, subcomponent=subcomponent)


def _kind(told: str, separators: Separators) -> str:
    """`ORU^R01`; senders also write `ORU_R01`, or leave the event out where there is but one."""
    parts = [part.strip().upper() for part in told.replace("_", separators.component).split(separators.component)]
    code, event = [*parts, ""][:2]
    if code == "ORU" and not event:
        event = "R01"
    return f"{code}^{event}" if event else code
