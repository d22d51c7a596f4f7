"""Messages that ought to harm: broken ones of the corpus, and each good one broken in its own way."""

import random
from collections.abc import Iterator

from tests.api.hl7.ward import corpus

_SEED = 20260110


def poison(count: int) -> list[bytes]:
    """So many messages none of which can be read as a whole, each different; the same ones with every call."""
    chance = random.Random(_SEED)
    bodies = [one.body for one in corpus()]
    found: dict[bytes, None] = {}
    while len(found) < count:
        for body in _broken(chance, bodies):
            found.setdefault(body)
    return list(found)[:count]


def _broken(chance: random.Random, bodies: list[bytes]) -> Iterator[bytes]:
    body = chance.choice(bodies) or b"MSH|"
    at = chance.randrange(len(body) + 1)
    yield b"XSH" + body[3:]
    yield b"MSH||||" + body[8:] + b"|" * chance.randrange(2000)
    yield chance.randbytes(chance.randrange(1, 4000)).replace(b"MSH", b"").replace(b"\x1c", b"").replace(b"\x0b", b"")
    yield _field(body, 12, b"9.%d" % chance.randrange(1000))
    yield _field(body, 18, b"UNICODE UTF-8")[: at + 200] + b"\xff\xfe" + body[at:]
    yield _field(body, 11, b"Z%d" % chance.randrange(1000))
    yield body[: body.find(b"\r") + 1] + b"PID|1||P1^^^HIS^PI\r" * 2 + body
    yield b"MSH|^~\\&|LIS|HOSPITAL|||20260110||ORU^R01|Q%d|P|2.5\rOBX|1|NM" % chance.randrange(10**9)
    yield b"MSH|^~\\&|LIS|HOSPITAL|||20260110||ADT^A01|Q%d|P|2.5\rPV1|1|I" % chance.randrange(10**9)
    yield b"MSH|^~\\&|LIS|HOSPITAL|||20260110||ORU^R01|Q%d|P|2.5\rPID|" % chance.randrange(10**9) + b"^~&" * 40_000


def _field(body: bytes, number: int, told: bytes) -> bytes:
    """The message with another text in a field of its header, which has the usual separators."""
    header, end, rest = body.partition(b"\r")
    fields = header.split(b"|") + [b""] * 20
    fields[number - 1] = told
    return b"|".join(fields[:20]) + end + rest
