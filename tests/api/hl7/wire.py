"""An MLLP client of its own, and messages and acknowledgements by another HL7 library than the product's."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, cast

from hl7apy import consts, parser
from hl7apy.core import Message

from api.hl7.listener import Limits, Network, listening
from api.hl7.mailroom import Mailroom
from workflows.embedded import LOOPBACK

PEERS: Sequence[Network] = (ip_network("127.0.0.0/8"),)


@dataclass(frozen=True, kw_only=True)
class Ack:
    """An acknowledgement as hl7apy reads it."""

    code: str
    control: str
    version: str
    kind: str
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def put(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(raw)
        await self.writer.drain()

    async def get(self) -> Ack:
        """The next acknowledgement."""
        frame = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), 20)
        assert frame[:1] == b"\x0b"
        return ack_of(frame[1:-2])

    async def tell(self, body: bytes) -> Ack:
        """Send a message in a frame, and wait for its answer."""
        await self.put(b"\x0b" + body + b"\x1c\r")
        return await self.get()

    async def closed(self) -> bool:
        """Whether the other side closes the connection without another byte."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 20) == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def serving(
    mailroom: Mailroom,
    *,
    peers: Sequence[Network] = PEERS,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[int]:
    """A listener on a free port, which is given."""
    with socket.create_server((LOOPBACK, 0)) as sock:
        async with listening(mailroom, [sock], peers=peers, tls=tls, limits=limits):
            yield sock.getsockname()[1]


@asynccontextmanager
async def wired(port: int, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Wire]:
    """A connection to it."""
    reader, writer = await asyncio.open_connection(
        LOOPBACK, port, ssl=tls, server_hostname="localhost" if tls else None, limit=2**20
    )
    try:
        yield Wire(reader=reader, writer=writer)
    finally:
        writer.close()


def ack_of(raw: bytes) -> Ack:
    """The acknowledgement in a frame."""
    charset = "gb18030" if b"GB" in raw.partition(b"\r")[0] else "utf-8"
    text = raw.decode(charset)
    parse: Any = cast(Any, parser).parse_message
    parsed = parse(text, find_groups=False, validation_level=consts.VALIDATION_LEVEL.TOLERANT)
    return Ack(
        code=parsed.msa.msa_1.value,
        control=parsed.msa.msa_2.value,
        version=parsed.msh.msh_12.value,
        kind=parsed.msh.msh_9.value,
        raw=raw,
    )


def result(control: str, value: str, *, order: str = "H1", version: str = "2.5", patient: str = "P1") -> bytes:
    """A glucose by hl7apy, without its frame."""
    message: Any = Message("ORU_R01", version=version, validation_level=consts.VALIDATION_LEVEL.TOLERANT)
    message.msh.msh_3, message.msh.msh_4 = "LIS", "HOSPITAL"
    message.msh.msh_5, message.msh.msh_6 = "TONGXING", "WARD"
    message.msh.msh_7, message.msh.msh_9 = "20260110093000", "ORU^R01"
    message.msh.msh_10, message.msh.msh_11, message.msh.msh_18 = control, "P", "UNICODE UTF-8"
    for name, fields in (
        ("PID", {"pid_3": f"{patient}^^^HIS^PI", "pid_5": "林^小满"}),
        ("OBR", {"obr_3": order, "obr_4": "GLU^血糖", "obr_7": "20260110080000"}),
        (
            "OBX",
            {"obx_2": "NM", "obx_3": "14749-6^Glucose^LN", "obx_5": value, "obx_6": "mmol/L", "obx_11": "F"},
        ),
    ):
        segment = message.add_segment(name)
        for field, told in fields.items():
            setattr(segment, field, told)
    return message.to_er7().encode()
