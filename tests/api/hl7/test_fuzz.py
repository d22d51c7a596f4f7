"""No input, whatever it is, raises anything but what is said, and the listener answers after it."""

import asyncio
import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.hl7.acknowledgement import Verdict, acknowledgements
from api.hl7.escapes import Separators, escaped, unescaped
from api.hl7.faults import KINDS, Fault, Reason
from api.hl7.header import Header, UnreadableMessage, read_header
from api.hl7.listener import Limits
from api.hl7.message import read_message
from api.hl7.times import day, instant
from api.hl7.translation import translate
from api.mapping_reading import MappingFile
from store.database import Database
from tests.api.hl7.ward import MAPPING, NOW, corpus, mailroom_on
from tests.api.hl7.wire import result, serving, wired

BODIES = [one.body for one in corpus()]
SITE = MappingFile(MAPPING)()
SIGNS = st.sampled_from(
    [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b'""', b"\x00", b"\xff", b"\x81", b"\x1c", b"\x0b"]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message of the corpus in which bytes were put, taken out, doubled or swapped."""
    body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        put = draw(st.one_of(SIGNS, st.binary(max_size=12), st.just(body[start:end] * 2), st.just(b"")))
        body = body[:start] + put + body[end:]
    return body


def survive(body: bytes) -> None:
    """Read and translate it; whatever is answered can be read."""
    try:
        header = read_header(body)
    except UnreadableMessage as refused:
        header = refused.header
    verdict = Verdict(answer="AA")
    try:
        message = read_message(body, lambda _: None)
        translation = translate(message, SITE, "Asia/Shanghai")
        verdict = Verdict(answer="AA", faults=translation.faults)
        assert all("\x00" not in str(notice) for notice in translation.notices)
    except UnreadableMessage as refused:
        verdict = Verdict(answer=refused.fault.kind.answer, faults=(refused.fault,))
        header = refused.header
    for ack in acknowledgements(replace(header, accept="", application_accept=""), verdict, now=NOW):
        told = read_message(ack, lambda _: None)
        assert next(told.named("MSA")).text(1) == verdict.answer
        assert b"\x1c" not in ack
        assert b"\x0b" not in ack


@given(st.binary(max_size=3000))
@settings(max_examples=200)
def test_any_bytes_are_survived(body: bytes) -> None:
    """Bytes that are no message are told to be none."""
    survive(body)


@given(st.binary(max_size=600))
@settings(max_examples=200)
def test_any_bytes_behind_a_header_are_survived(body: bytes) -> None:
    """Bytes in the place of a message's content."""
    survive(b"MSH|^~\\&|LIS|HOSPITAL|T|H|20260110||ORU^R01|1|P|2.5\rPID|1||P1^^^HIS^PI\rOBX|1|NM|" + body)


@given(mutated())
@settings(max_examples=600)
def test_broken_messages_are_survived(body: bytes) -> None:
    """Good messages that were damaged on their way."""
    survive(body)


@given(
    st.text(max_size=40),
    st.sampled_from([Separators(), Separators(field="#", component="*", repetition="+", escape="!", subcomponent="$")]),
)
def test_what_is_escaped_is_read_as_it_was(text: str, separators: Separators) -> None:
    """A text survives its way through a message."""
    plain = unescaped(text.replace(separators.escape, ""), separators, "utf-8")
    assert unescaped(escaped(plain, separators), separators, "utf-8") == plain


@given(st.text(alphabet="0123456789+-./: TZ", max_size=30))
def test_any_time_is_one_or_none(text: str) -> None:
    """A time is aware and none is made up."""
    found = instant(text, ZoneInfo("Asia/Shanghai"))
    assert found is None or (found.tzinfo is not None and day(text) is not None)


@pytest.mark.parametrize("reason", KINDS)
@pytest.mark.parametrize("version", ["2.3", "2.5", "", "9"])
@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "ascii", "iso8859_1"])
def test_every_fault_can_be_told(reason: Reason, version: str, codec: str) -> None:
    """In every version and character set, without a character that it does not have."""
    header = Header(control="1", version=version, codec=codec, charset="")
    (ack,) = acknowledgements(header, Verdict(answer="AE", faults=(Fault(reason=reason, segment="PID"),)), now=NOW)
    assert b"?" not in ack
    assert KINDS[reason].text.en in ack.decode(codec)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=mutated())
@example(
    body=b"MSH|^~\\&|LIS|HOSPITAL|||||ORU^R01|B1|P|2.5||||||UNICODE UTF-8\rPID|1||\x9e\x97\rOBX|1"
)  # it says so alone
def test_whatever_comes_is_answered_and_kept(body: bytes, ward: Database) -> None:
    """Through the store too: damaged messages are answered, and never with an error of the store's own."""
    for ack in mailroom_on(ward).answer(body):
        code = next(read_message(ack, lambda _: None).named("MSA")).text(1)
        assert code in ("AA", "AE", "AR", "CA", "CR")
        assert "内部错误".encode() not in ack


async def test_the_listener_answers_after_noise(ward: Database) -> None:
    """Cut frames, frames in frames, and bytes without a frame leave it well, on the same machine and port."""
    chance = random.Random(7)
    async with serving(mailroom_on(ward), limits=Limits(frame_seconds=0.5, bytes=100_000)) as port:
        for _ in range(40):
            body = chance.choice(BODIES)
            cut = body[: chance.randrange(len(body) + 1)]
            noise = chance.choice(
                [b"\x0b" + cut, cut, b"\x0b\x0b" + cut + b"\x1c\r", b"\x1c\r" * 9, chance.randbytes(400)]
            )
            async with wired(port) as wire:
                await wire.put(noise)
                if chance.random() < 0.5:
                    wire.writer.transport.abort()
                await asyncio.sleep(0)
        async with wired(port) as wire:
            assert (await wire.tell(result("X1", "5.6"))).code == "AA"
