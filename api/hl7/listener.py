"""The MLLP listener: frames in, acknowledgements out. Messages of a connection in order, connections side by side."""

import asyncio
import ssl
from asyncio import StreamReaderProtocol, StreamWriter
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from socket import socket

import structlog
from hl7.mllp import MLLPStreamReader
from hl7.mllp.streams import CARRIAGE_RETURN, END_BLOCK, START_BLOCK

from api.hl7.figures import CutOff, NotLetIn
from api.hl7.mailroom import MOST_BYTES, Mailroom
from pathways.errors import Misconfigured

Network = IPv4Network | IPv6Network
_HEAD_BYTES = 16_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a connection may take."""

    bytes: int = MOST_BYTES
    connections: int = 64
    threads: int = 8
    """Messages that are taken in at the same time."""
    idle_seconds: float = 3600
    """Senders keep connections; one that is silent for longer is dropped, and may come again."""
    frame_seconds: float = 60
    """From the first byte of a message to its last."""
    write_seconds: float = 30
    end_seconds: float = 5


@asynccontextmanager
async def listening(
    mailroom: Mailroom,
    sockets: Sequence[socket],
    *,
    peers: Sequence[Network],
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
) -> AsyncGenerator[None]:
    """Listen on the sockets while the block runs; at its end, messages that have begun are still answered."""
    listener = _Listener(mailroom, peers, limits or Limits())
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(listener.protocol, sock=one, ssl=tls) for one in sockets]
    try:
        yield
    finally:
        for server in servers:
            server.close()
        await listener.end()


def tls_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """What TLS needs; with a `client_ca`, a client must show a certificate that it signed.

    Raises:
        Misconfigured: a file cannot be read, or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError):
        raise Misconfigured(
            "The TLS files of the HL7 listener cannot be used.",
            hint="Look at TONGXING_HL7_TLS_CERTIFICATE, TONGXING_HL7_TLS_KEY and TONGXING_HL7_TLS_CLIENT_CA.",
        ) from None
    return context


class _Cut(Exception):
    """The connection is closed on its sender."""

    def __init__(self, why: CutOff) -> None:
        super().__init__(why)
        self.why: CutOff = why


class _Listener:
    def __init__(self, mailroom: Mailroom, peers: Sequence[Network], limits: Limits) -> None:
        self._mailroom = mailroom
        self._peers = peers
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="hl7")
        self._waiting: set[StreamWriter] = set()
        """Connections between two messages, which can be closed at once."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False

    def protocol(self) -> StreamReaderProtocol:
        """What asyncio asks for with each connection."""
        reader = MLLPStreamReader(limit=self._limits.bytes, loop=asyncio.get_running_loop())
        return StreamReaderProtocol(reader, self._on_connection, loop=asyncio.get_running_loop())

    async def end(self) -> None:
        """Close what waits, let what has begun be answered, then close all."""
        self._ending = True
        for writer in tuple(self._waiting):
            writer.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.end_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _on_connection(self, reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        why = self._turned_away(writer)
        if why is not None:
            self._mailroom.figures.not_let_in(why)
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _turned_away(self, writer: StreamWriter) -> NotLetIn | None:
        peer = writer.get_extra_info("peername")
        address = ip_address(str(peer[0]).partition("%")[0]) if peer else None
        address = getattr(address, "ipv4_mapped", None) or address
        if address is None or not any(address in network for network in self._peers):
            return "peer"
        return "too-many" if self._ending or len(self._tasks) >= self._limits.connections else None

    async def _serve(self, reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        figures = self._mailroom.figures
        figures.connections.inc()
        try:
            while not self._ending and (body := await self._frame(reader, writer)) is not None:
                loop = asyncio.get_running_loop()
                await self._tell(writer, await loop.run_in_executor(self._threads, self._mailroom.answer, body))
        except _Cut as cut:
            figures.cut(cut.why)
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass  # the sender is gone; what it has no answer for it sends again
        except Exception as defect:
            figures.cut("defect")
            _log.error("connection broke off", error=type(defect).__name__)
        finally:
            figures.connections.dec()
            writer.close()
            with suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), self._limits.write_seconds)

    async def _frame(self, reader: asyncio.StreamReader, writer: StreamWriter) -> bytes | None:
        """The next message; None where the sender is done.

        The library's `readblock` takes no byte between two frames and none but its own end; senders write a line feed
        here and leave the carriage return out there.
        """
        self._waiting.add(writer)
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                await reader.readuntil(START_BLOCK)
        except (TimeoutError, asyncio.IncompleteReadError):
            return None
        except asyncio.LimitOverrunError:
            raise _Cut("too-large") from None
        finally:
            self._waiting.discard(writer)
        try:
            async with asyncio.timeout(self._limits.frame_seconds):
                return (await reader.readuntil(END_BLOCK))[:-1]
        except TimeoutError:
            raise _Cut("too-slow") from None
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            await self._tell(writer, self._mailroom.too_large(await reader.read(_HEAD_BYTES)))
            raise _Cut("too-large") from None

    async def _tell(self, writer: StreamWriter, answers: Sequence[bytes]) -> None:
        for answer in answers:
            writer.write(START_BLOCK + answer + END_BLOCK + CARRIAGE_RETURN)
        async with asyncio.timeout(self._limits.write_seconds):
            await writer.drain()
