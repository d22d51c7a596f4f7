"""Taking a message in: read, translated, committed, and only then acknowledged. It blocks its thread."""

import traceback
from dataclasses import dataclass, replace

import structlog

from api.charsets import codec_named
from api.hl7.acknowledgement import Verdict, acknowledgements
from api.hl7.escapes import clean
from api.hl7.faults import Answer, Fault
from api.hl7.figures import Figures
from api.hl7.header import Header, UnreadableMessage, read_header
from api.hl7.message import Message, read_message
from api.hl7.sources import rule_of
from api.hl7.translation import Translation, translate, unreadable
from api.intake import Arrived, Intake, Taking
from api.mapping import SiteMapping
from pathways.errors import Conflict, TongxingError
from store.notices import AnyNotice
from store.tables import TransmissionState

MOST_BYTES = 4_000_000
"""Of a message."""
_LONGEST_NAME = 200
_TRIES = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message with its verdict; `taking` is None where nothing could be committed."""

    header: Header
    kind: str | None
    verdict: Verdict
    taking: Taking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What is to be committed of a message."""

    header: Header
    kind: str | None
    notices: tuple[AnyNotice, ...]
    state: TransmissionState
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Mailroom:
    """What it takes to take HL7 messages in; several threads may use it."""

    intake: Intake
    figures: Figures

    def answer(self, body: bytes) -> tuple[bytes, ...]:
        """Take the message in and say what its sender is answered; no input and no outage raises."""
        try:
            received = self.receive(body)
        except Exception as defect:
            _on_defect(defect)
            received = self._not_taken(body, Fault(reason="defect"))
        return self._told(received)

    def too_large(self, begin: bytes) -> tuple[bytes, ...]:
        """What is answered to a message of which no more than its begin was read."""
        return self._told(self._not_taken(begin, Fault(reason="too-large")))

    def receive(self, body: bytes, *, again: str | None = None) -> Received:
        """Take the message in; what cannot be read is kept for a person. The store's outages are a verdict.

        `again` makes it another message than the one that came before, so that it is read anew.
        """
        read = _read(body, self.intake.mapping(), self.intake.zone)
        for tries_left in reversed(range(_TRIES)):
            try:
                taking = self._take(body, read, again)
            except Conflict as clash:
                # The same message came by another connection at this moment: the next look finds it.
                if tries_left:
                    continue
                return self._away(read, clash)
            except TongxingError as away:
                return self._away(read, away)
            answer: Answer = taking.answer if taking.answer in ("AA", "AE", "AR") else read.verdict.answer
            verdict = replace(read.verdict, answer=answer)
            return Received(header=read.header, kind=read.kind, verdict=verdict, taking=taking)
        raise AssertionError("unreachable: the last try returns")

    def _take(self, body: bytes, read: _Read, again: str | None) -> Taking:
        header = read.header
        # A message without an id is known by its content alone.
        control = header.control if again is None else f"{header.control} {again}"
        arrived = Arrived(
            channel="hl7",
            sender=clean(header.sender)[:_LONGEST_NAME],
            message=clean(read.kind or "?")[:_LONGEST_NAME],
            body=body,
            control=control,
        )
        with self.intake.database.write() as session:
            taking = self.intake.take(
                session,
                arrived,
                read.notices,
                answer=read.verdict.answer,
                now=self.intake.clock(),
                state=read.state,
            )
        self.intake.prompt()
        return taking

    def _away(self, read: _Read, error: TongxingError) -> Received:
        _log.warning(
            "message not taken in; its sender is to send it again", error=type(error).__name__, code=error.code
        )
        verdict = Verdict(answer="AE", faults=(Fault(reason="try-again"),), kept=False)
        return Received(header=read.header, kind=read.kind, verdict=verdict)

    def _not_taken(self, body: bytes, fault: Fault) -> Received:
        try:
            header = read_header(body)
        except UnreadableMessage as none:
            header = none.header
        rule = rule_of(header.sender, self.intake.mapping())
        if not header.charset and rule is not None and (usual := codec_named(rule.charset)) is not None:
            header = replace(header, codec=usual)
        verdict = Verdict(answer="AE", faults=(fault,), kept=False)
        return Received(header=header, kind=header.kind or None, verdict=verdict)

    def _told(self, received: Received) -> tuple[bytes, ...]:
        header = received.header
        if header.kind.startswith("ACK"):  # nothing answers an answer
            self.figures.answered(received.kind, "none")
            return ()
        self.figures.answered(received.kind, received.verdict.answer)
        return acknowledgements(header, received.verdict, now=self.intake.clock())


def _read(body: bytes, mapping: SiteMapping, zone: str) -> _Read:
    message: Message | None = None
    try:
        message = read_message(body, lambda sender: rule.charset if (rule := rule_of(sender, mapping)) else None)
        translation: Translation = translate(message, mapping, zone)
    except UnreadableMessage as refused:
        fault = refused.fault
        text = body.decode("utf-8", "replace") if message is None else message.text
        known = None if message is None else message.kind
        return _Read(
            header=refused.header,
            kind=known,
            notices=(unreadable(fault, message=known or "?", text=clean(text)),),
            state="refused",
            verdict=Verdict(answer=fault.kind.answer, faults=(fault,)),
        )
    refused_whole = translation.refused
    state: TransmissionState = "ignored" if translation.ignored else "refused" if refused_whole else "taken"
    return _Read(
        header=message.header,
        kind=message.kind,
        notices=translation.notices,
        state=state,
        verdict=Verdict(answer="AE" if refused_whole else "AA", faults=translation.faults),
    )


def _on_defect(error: Exception) -> None:
    # The message of an error that nobody foresaw may hold anything, so its class and place alone are written down.
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
    _log.error("message broke off", error=type(error).__name__, place=place)
