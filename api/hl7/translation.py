"""What a message says, as notices; one function for each kind of message."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from api.hl7.appointments import STATUSES, appointments_of
from api.hl7.escapes import clean
from api.hl7.faults import Fault
from api.hl7.header import UnreadableMessage
from api.hl7.merges import merges_of
from api.hl7.message import Message, Segment
from api.hl7.movements import movements_of
from api.hl7.results import results_of
from api.hl7.sources import Source, source_of
from api.mapping import SiteMapping
from store.notices import AnyNotice, Unreadable

VERSIONS = frozenset({"2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6"})
MOST_TEXT = 20_000
"""Of what is shown of a part that cannot be read; the whole message is kept as it came."""
_Translator = Callable[[Message, Source], Iterator[AnyNotice | Fault]]


def _movement(event: str) -> _Translator:
    return lambda message, source: movements_of(message, event, source)


def _appointment(event: str) -> _Translator:
    return lambda message, source: appointments_of(message, event, source)


TRANSLATORS: Mapping[str, _Translator] = {
    "ORU^R01": results_of,
    **{f"ADT^{event}": _movement(event) for event in ("A01", "A02", "A03", "A04", "A08", "A11", "A13", "A31")},
    "ADT^A40": merges_of,
    **{f"SIU^{event}": _appointment(event) for event in STATUSES},
}
"""Every kind of message that is understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The notices of a message, and what of it could not be read; each such part is among the notices too."""

    notices: tuple[AnyNotice, ...]
    faults: tuple[Fault, ...] = ()
    ignored: bool = False
    """Nothing here asks for this kind of message."""

    @property
    def refused(self) -> bool:
        """Whether nothing of it could be read."""
        return bool(self.faults) and all(isinstance(one, Unreadable) for one in self.notices)


def translate(message: Message, mapping: SiteMapping, zone: str) -> Translation:
    """What a message says; pure, and it raises nothing but what it says.

    Raises:
        UnreadableMessage: its version or processing id is not supported.
    """
    header = message.header
    if header.version not in VERSIONS:
        raise UnreadableMessage(Fault(reason="unsupported-version", segment="MSH", field=12), header)
    if header.processing not in mapping.processing:
        raise UnreadableMessage(Fault(reason="unsupported-processing", segment="MSH", field=11), header)
    translator = TRANSLATORS.get(message.kind)
    if translator is None:
        return Translation(notices=(), ignored=True)
    told = tuple(translator(message, source_of(message, mapping, zone)))
    return Translation(
        notices=tuple(map(partial(_noticed, message), told)),
        faults=tuple(one for one in told if isinstance(one, Fault)),
    )


def unreadable(fault: Fault, *, message: str, text: str) -> Unreadable:
    """What goes to quarantine for a person: why, where, and the text itself."""
    place = f"{fault.segment}[{fault.sequence}]" + (f"-{fault.field}" if fault.field is not None else "")
    said = fault.kind.text
    return Unreadable(
        reason=fault.reason,
        what=f"{message} {place if fault.segment else ''}: {said.zh} · {said.en}",
        payload={"message": message, "place": place if fault.segment else None, "text": text[:MOST_TEXT]},
    )


def _noticed(message: Message, told: AnyNotice | Fault) -> AnyNotice:
    if not isinstance(told, Fault):
        return told
    segment: Segment | None = next(
        (one for one in message.segments if (one.name, one.number) == (told.segment, told.sequence)), None
    )
    return unreadable(told, message=message.kind, text=clean(message.text if segment is None else segment.raw))
