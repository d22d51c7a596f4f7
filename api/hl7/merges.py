"""Two records that are one person's: ADT^A40."""

from collections.abc import Iterator

from api.hl7.faults import Fault
from api.hl7.identifiers import retired_of, subject_of
from api.hl7.message import Message, Segment
from api.hl7.sources import Source
from store.notices import MergeNotice


def merges_of(message: Message, source: Source) -> Iterator[MergeNotice | Fault]:
    """A merge for each MRG, into the patient of the PID before it."""
    patient: Segment | None = None
    found = False
    for segment in message.named("PID", "MRG"):
        if segment.name == "PID":
            patient = segment
            continue
        found = True
        survivor, retired = subject_of(patient, source), retired_of(segment, source)
        if survivor.identifiers and retired.identifiers:
            yield MergeNotice(survivor=survivor, retired=retired)
        else:
            yield segment.fault("no-identity", 1)
    if not found:
        yield Fault(reason="missing-segment", segment="MRG")
