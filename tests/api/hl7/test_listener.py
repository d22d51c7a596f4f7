"""The listener on a real socket, driven by another HL7 library than the product's own."""

import asyncio
import shutil
import sqlite3
import ssl
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import generate_latest
from sqlalchemy import select

from api.hl7.listener import Limits, tls_context
from pathways.errors import Misconfigured
from store import tables
from store.database import Database, open_database
from tests.api.hl7.ward import case, mailroom_on, messages_counted
from tests.api.hl7.wire import ack_of, result, serving, wired


def observed(database: Database) -> list[tuple[str, float | None]]:
    """The results that are kept, in their order."""
    with database.read() as session:
        rows = session.scalars(select(tables.Observation).order_by(tables.Observation.received)).all()
        return [(row.source_id, row.value) for row in rows]


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6"])
async def test_a_message_of_another_library_is_taken_in(version: str, ward: Database) -> None:
    """Built by hl7apy, it is acknowledged so that hl7apy reads it, in its version and to its sender."""
    async with serving(mailroom_on(ward)) as port, wired(port) as wire:
        ack = await wire.tell(result("X1", "2.1", version=version))
    assert (ack.code, ack.control, ack.version) == ("AA", "X1", version)
    assert ack.kind.split("^")[:2] == ["ACK", "R01"]
    assert ack.raw.startswith(b"MSH|^~\\&|TONGXING|WARD|LIS|HOSPITAL|")
    assert observed(ward) == [("H1|14749-6", 2.1)]


async def test_the_answer_comes_after_the_commit(ward: Database) -> None:
    """Whoever has the answer finds the result; journeys are told after that."""
    seen: list[int] = []
    mailroom = mailroom_on(ward, prompt=lambda: seen.append(len(observed(ward))))
    async with serving(mailroom) as port, wired(port) as wire:
        for number in range(3):
            assert (await wire.tell(result(f"X{number}", "5.6", order=f"H{number}"))).code == "AA"
            assert len(observed(ward)) == number + 1
    assert seen == [1, 2, 3]


async def test_messages_of_a_connection_keep_their_order(ward: Database) -> None:
    """Sent at once without waiting, they are taken in and answered one by one."""
    bodies = [result(f"X{number}", f"{number}.0", order="SAME") for number in range(1, 8)]
    async with serving(mailroom_on(ward)) as port, wired(port) as wire:
        await wire.put(b"".join(b"\x0b" + body + b"\x1c\r" for body in bodies))
        assert [(await wire.get()).control for _ in bodies] == [f"X{number}" for number in range(1, 8)]
    assert [value for _, value in observed(ward)] == [float(number) for number in range(1, 8)]


async def test_connections_are_served_side_by_side(ward: Database) -> None:
    """One that waits for its answer holds up no other."""
    held, entered = threading.Event(), threading.Event()

    def prompt() -> None:
        if not entered.is_set():
            entered.set()
            held.wait(20)

    async with serving(mailroom_on(ward, prompt=prompt)) as port, wired(port) as slow, wired(port) as quick:
        waiting = asyncio.create_task(slow.tell(result("SLOW", "5.6", order="S")))
        await asyncio.to_thread(entered.wait, 20)
        assert (await quick.tell(result("QUICK", "5.7", order="Q"))).code == "AA"
        assert not waiting.done()
        held.set()
        assert (await waiting).code == "AA"


async def test_frames_as_senders_write_them(ward: Database) -> None:
    """A line feed between frames, bytes one by one, and an end without its carriage return are no fault."""
    async with serving(mailroom_on(ward)) as port, wired(port) as wire:
        body = result("X1", "5.6")
        for byte in b"\r\n\x0b" + body + b"\x1c":
            await wire.put(bytes([byte]))
        assert (await wire.get()).control == "X1"
        await wire.put(b"\n\n\x0b" + result("X2", "5.7") + b"\x1c\r\n")
        assert (await wire.get()).control == "X2"


async def test_the_answer_is_in_the_senders_character_set(ward: Database) -> None:
    """To GBK it is GBK, and says in Chinese what is wrong."""
    async with serving(mailroom_on(ward)) as port, wired(port) as wire:
        broken = "MSH|^~\\&|LIS|HOSPITAL|T|H|20260110||ADT^A01|X1|P|2.5||||||GBK\r".encode("gbk")
        ack = await wire.tell(broken)
    assert ack.code == "AE"
    assert "缺少必需的段" in ack.raw.decode("gbk")
    assert "ERR||PID^1|100^Segment sequence error^HL70357|E" in ack.raw.decode("gbk")


async def test_a_dead_database_is_no_success(tmp_path: Path, admitted: Path) -> None:
    """With the store away the answer is AE and says to send it again; once it is back, the same message is taken in."""
    file = tmp_path / "dead.sqlite"
    shutil.copyfile(admitted, file)
    database = open_database(f"sqlite:///{file}", wait_seconds=0.05)
    body = result("X1", "2.1")
    async with serving(mailroom_on(database)) as port, wired(port) as wire:
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        refused = await wire.tell(body)
        assert refused.code == "AE"
        assert "请稍后重发".encode() in refused.raw
        lock.rollback()
        lock.close()
        assert (await wire.tell(body)).code == "AA"
    assert observed(database) == [("H1|14749-6", 2.1)]
    database.close()


async def test_a_full_disk_is_no_success(tmp_path: Path, admitted: Path) -> None:
    """A database that cannot grow refuses; the answer is AE, and nothing of the message is there."""
    file = tmp_path / "full.sqlite"
    shutil.copyfile(admitted, file)
    database = open_database(f"sqlite:///{file}")
    with database.connected() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    large = result("X1", "2.1") + b"\rNTE|1||" + b"x" * 500_000
    async with serving(mailroom_on(database)) as port, wired(port) as wire:
        assert (await wire.tell(large)).code == "AE"
    assert observed(database) == []
    database.close()


async def test_a_defect_is_no_success(ward: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw is answered AE, and its log has its class and place, nothing of the message."""

    def defect() -> None:
        raise RuntimeError("林小满")

    mailroom = mailroom_on(ward)
    broken = replace(mailroom, intake=replace(mailroom.intake, prompt=defect))
    async with serving(broken) as port, wired(port) as wire:
        ack = await wire.tell(result("X1", "2.1"))
        assert ack.code == "AE"
        broken_message = await wire.tell(b"\xff" * 100)
        assert broken_message.code == "AE"
    told = capsys.readouterr()
    assert "RuntimeError" in told.out + told.err
    assert "林小满" not in told.out + told.err


async def test_strangers_are_not_let_in(ward: Database) -> None:
    """A peer outside the networks is closed at once, and counted."""
    mailroom = mailroom_on(ward)
    async with serving(mailroom, peers=[ip_network("10.0.0.0/8")]) as port, wired(port) as wire:
        assert await wire.closed()
    assert b'refused_total{why="peer"} 1.0' in generate_latest(mailroom.figures.registry)


async def test_there_are_so_many_connections(ward: Database) -> None:
    """One beyond the limit is closed; those that are open go on."""
    async with (
        serving(mailroom_on(ward), limits=Limits(connections=1)) as port,
        wired(port) as first,
    ):
        assert (await first.tell(result("X1", "5.6"))).code == "AA"
        async with wired(port) as second:
            assert await second.closed()
        assert (await first.tell(result("X2", "5.6"))).code == "AA"


@pytest.mark.parametrize(
    ("limits", "sent", "answered"),
    [
        pytest.param(Limits(frame_seconds=0.1), b"\x0bMSH|", False, id="a frame that never ends"),
        pytest.param(Limits(idle_seconds=0.1), b"", False, id="silence"),
        pytest.param(Limits(bytes=2000), b"\x0b" + result("BIG", "5.6") + b"x" * 9000, True, id="a frame too large"),
        pytest.param(Limits(bytes=2000), b"x" * 9000, False, id="no frame at all"),
    ],
)
async def test_what_never_ends_is_cut(limits: Limits, sent: bytes, answered: bool, ward: Database) -> None:
    """The connection is closed, others go on; a message that is too large is told so."""
    mailroom = mailroom_on(ward)
    async with serving(mailroom, limits=limits) as port:
        async with wired(port) as wire:
            await wire.put(sent)
            if answered:
                ack = await wire.get()
                assert (ack.code, ack.control) == ("AE", "BIG")
            assert await wire.closed()
        async with wired(port) as wire:
            assert (await wire.tell(result("X1", "5.6"))).code == "AA"


async def test_an_end_is_graceful(ward: Database) -> None:
    """A message that has begun is still answered; a connection that waits is closed."""
    held, entered = threading.Event(), threading.Event()

    def prompt() -> None:
        entered.set()
        held.wait(20)

    async with AsyncExitStack() as clients:
        async with serving(mailroom_on(ward, prompt=prompt)) as port:
            idle = await clients.enter_async_context(wired(port))
            busy = await clients.enter_async_context(wired(port))
            answer = asyncio.create_task(busy.tell(result("X1", "2.1")))
            await asyncio.to_thread(entered.wait, 20)
            asyncio.get_running_loop().call_later(0.05, held.set)
        assert (await answer).code == "AA"
        assert await idle.closed()
    assert observed(ward) == [("H1|14749-6", 2.1)]


async def test_figures_tell_kinds_and_answers_alone(ward: Database) -> None:
    """Each message is counted under its kind, of a closed set, and its answer."""
    mailroom = mailroom_on(ward)
    async with serving(mailroom) as port, wired(port) as wire:
        for name in ("oru-final-glucose", "other-order", "broken-no-message", "refused-version", "adt-without-pid"):
            await wire.tell(case(name).body)
    counted = {
        (kind, answer): messages_counted(mailroom, message=kind, answer=answer)
        for kind, answer in (
            ("ORU^R01", "AA"),
            ("other", "AA"),
            ("unreadable", "AE"),
            ("ORU^R01", "AR"),
            ("ADT^A01", "AE"),
        )
    }
    assert set(counted.values()) == {1.0}


def test_the_library_reads_every_answer_of_the_corpus(ward: Database) -> None:
    """hl7apy parses what old and new senders are answered."""
    mailroom = mailroom_on(ward)
    for name in (
        "oru-version-2.3",
        "refused-old-version",
        "oru-part-unreadable",
        "broken-separators",
        "oru-version-2.6",
    ):
        (raw,) = mailroom.answer(case(name).body)
        assert ack_of(raw).code in ("AA", "AE", "AR")


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate for localhost, its key, and the same certificate as the authority of itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files[0], files[1], files[0]


async def test_tls_with_a_certificate_of_the_client(ward: Database, tmp_path: Path) -> None:
    """With a client authority set, a client that shows such a certificate is served and another is not."""
    certificate, key, authority = _certificates(tmp_path)
    known = ssl.create_default_context(cafile=authority)
    known.load_cert_chain(certificate, key)
    unknown = ssl.create_default_context(cafile=authority)
    async with serving(mailroom_on(ward), tls=tls_context(certificate, key, authority)) as port:
        async with wired(port, known) as wire:
            assert (await wire.tell(result("X1", "5.6"))).code == "AA"
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            async with wired(port, unknown) as wire:
                await wire.tell(result("X2", "5.6"))
    assert len(observed(ward)) == 1


def test_tls_files_that_do_not_fit(tmp_path: Path) -> None:
    """A certificate that is none stops the start."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("x")
    with pytest.raises(Misconfigured, match="TLS"):
        tls_context(wrong, wrong, None)
