"""Sending messages over MLLP, as a laboratory does: for tests of a connection, and to send a file by hand."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hl7.mllp.streams import CARRIAGE_RETURN, END_BLOCK, START_BLOCK

from api.hl7.header import Header, UnreadableMessage, read_header
from api.hl7.message import read_message
from pathways.errors import Invalid, Unavailable
from pathways.language.texts import Text

ANSWER_SECONDS = 30
MOST_BYTES = 1_000_000
"""Of an answer."""
_BEGIN = re.compile(rb"(?:^|(?<=[\r\n\x0b]))MSH")
_BATCH = re.compile(rb"(?:^|(?<=[\r\n]))(?:FHS|BHS|BTS|FTS)[^\r\n]*[\r\n]*")
_CODES = {
    "AA": Text(zh="已接收", en="accepted"),
    "CA": Text(zh="已存储", en="committed"),
    "AE": Text(zh="有错误", en="error"),
    "CE": Text(zh="未能存储", en="not committed"),
    "AR": Text(zh="被拒绝", en="rejected"),
    "CR": Text(zh="被拒绝", en="rejected"),
}


class ReceiverAway(Unavailable):
    """Nothing answers at that address."""

    code = "receiver-away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """An answer as it was read."""

    code: str
    control: str
    told: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether the message was taken in."""
        return self.code in ("AA", "CA")

    def __str__(self) -> str:
        said = _CODES.get(self.code, Text(zh="无法识别的应答", en="an answer that is not known"))
        return f"{self.control or '-'}: {self.code} {said.zh} · {said.en}" + "".join(f"\n  {one}" for one in self.told)


def messages_in(content: bytes) -> list[bytes]:
    """The messages of a file, framed or not, without the lines of a batch.

    Raises:
        Invalid: there is none.
    """
    content = _BATCH.sub(b"", content.removeprefix(b"\xef\xbb\xbf"))
    begins = [found.start() for found in _BEGIN.finditer(content)]
    if not begins:
        raise Invalid("There is no HL7 message in the file.", hint="A message begins with MSH at the start of a line.")
    ends = [*begins[1:], len(content)]
    return [content[begin:end].strip(b"\x0b\x1c\r\n \t") + b"\r" for begin, end in zip(begins, ends, strict=True)]


async def send(
    messages: Sequence[bytes], *, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Acknowledged]:
    """Send one after the other, each after the answer to the one before.

    Raises:
        ReceiverAway: the connection was not made, broke, or no answer came.
    """
    async with _connected(host, port, tls) as (reader, writer):
        for message in messages:
            try:
                yield await _exchange(reader, writer, message)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                raise ReceiverAway("The connection broke before an answer came.", hint="See its log.") from None


@asynccontextmanager
async def _connected(
    host: str, port: int, tls: ssl.SSLContext | None
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=MOST_BYTES)
    except (OSError, TimeoutError):
        raise ReceiverAway(
            f"Nothing that can be spoken to listens on port {port} of {host}.", hint="Is it running, and is it TLS?"
        ) from None
    try:
        yield reader, writer
    finally:
        writer.close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> Acknowledged:
    """Send a message and wait for the answers that it asks for; the last one counts."""
    header = _header_of(message)
    answer = Acknowledged(code="CA" if header.enhanced else "?", control=header.control)
    async with asyncio.timeout(ANSWER_SECONDS):
        writer.write(START_BLOCK + message + END_BLOCK + CARRIAGE_RETURN)
        await writer.drain()
        for _ in range(_answers_to(header)):
            await reader.readuntil(START_BLOCK)
            answer = _acknowledged((await reader.readuntil(END_BLOCK))[:-1])
            if not answer.well:
                break
    return answer


def _answers_to(header: Header) -> int:
    """How many answers come where all is well; nothing can be waited for that comes only where it is not."""
    if not header.enhanced:
        return 1
    return sum(condition in ("AL", "SU") for condition in (header.accept, header.application_accept))


def _header_of(message: bytes) -> Header:
    try:
        return read_header(message)
    except UnreadableMessage as broken:
        return broken.header


def _acknowledged(answer: bytes) -> Acknowledged:
    try:
        message = read_message(answer, lambda _: None)
    except UnreadableMessage:
        return Acknowledged(code="?", control="")
    header: Header = message.header
    state = next(message.named("MSA"), None)
    told = [text for one in message.named("ERR") if (text := one.text(8) or one.text(1, 4, 2)) is not None]
    if state is not None and not told and state.text(3) is not None:
        told = [state.text(3) or ""]
    return Acknowledged(
        code=(None if state is None else state.text(1)) or "?",
        control=(None if state is None else state.text(2)) or header.control,
        told=tuple(told),
    )
