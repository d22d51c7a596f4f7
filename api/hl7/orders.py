"""The groups of an ORU^R01: orders of patients, each with its observations."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from api.hl7.identifiers import subject_of
from api.hl7.message import Message, Segment
from api.hl7.sources import Source, derived
from store.notices import Subject


@dataclass(kw_only=True)
class Order:
    """An OBR with what stands below it; results may come without one."""

    patient: Segment | None
    control: Segment | None = None
    request: Segment | None = None
    observations: list[Segment] = field(default_factory=list[Segment])
    specimens: list[Segment] = field(default_factory=list[Segment])

    def subject(self, source: Source) -> Subject:
        """Whose results they are."""
        return subject_of(self.patient, source)

    def number(self, source: Source) -> str:
        """What its results are known by: the filler's number, else the placer's, else one that is derived."""
        for segment in (self.request, self.control):
            for place in (3, 2):
                told = None if segment is None else segment.text(place)
                if told is not None:
                    return self._of_its_day(told, source)
        service = None if self.request is None else self.request.text(4) or self.request.text(4, 2)
        return derived(self.subject(source), source, service, self.effective(source))

    def _of_its_day(self, number: str, source: Source) -> str:
        """The number with its day, where the sender's begin anew each day."""
        at = self.effective(source) or source.issued
        return (
            number if source.rule.numbers == "unique" or at is None else f"{at.astimezone(source.zone):%Y%m%d}/{number}"
        )

    def effective(self, source: Source) -> datetime | None:
        """When what was measured was so, as far as the order tells: the observation, else the specimen."""
        of_request = None if self.request is None else source.time(self.request, 7)
        of_specimen = next((time for one in self.specimens if (time := source.time(one, 17)) is not None), None)
        received = None if self.request is None else source.time(self.request, 14)
        return of_request or of_specimen or received

    def issued(self, source: Source) -> datetime | None:
        """When its sender said so, as far as the order tells; the message has a time of its own."""
        return None if self.request is None else source.time(self.request, 22)

    @property
    def status(self) -> str:
        """OBR-25."""
        return ((None if self.request is None else self.request.text(25)) or "").upper()


def orders_of(message: Message) -> Iterator[Order]:
    """The orders in their order; each PID begins another patient."""
    order = Order(patient=None)
    for segment in message.segments:
        match segment.name:
            case "PID":
                yield from _with_results(order)
                order = Order(patient=segment)
            case "ORC":
                yield from _with_results(order)
                order = Order(patient=order.patient, control=segment)
            case "OBR":
                yield from _with_results(order)
                begun = order.control if order.request is None and not order.observations else None
                order = Order(patient=order.patient, control=begun, request=segment)
            case "OBX":
                order.observations.append(segment)
            case "SPM":
                order.specimens.append(segment)
            case _:
                pass
    yield from _with_results(order)


def _with_results(order: Order) -> Iterator[Order]:
    if order.observations:
        yield order
