"""Requests that ought to harm: good ones of JSON and FHIR, each broken in its own way; a seed gives the same ones."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, cast

Breaker = Callable[[bytes, random.Random], bytes]
_WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e308,
    10**400,
    "",
    " ",
    "\u0000",
    "\ud800",
    "０",
    "x" * 100_000,
    [],
    {},
    [[[[]]]],
    {"$ne": None},
    "2026-13-45T99:99:99Z",
    "'; DROP TABLE patients; --",
)


def venom(body: Any, count: int, *, seed: int) -> Iterator[bytes]:
    """So many broken versions of a body, none of which can be taken as it is."""
    chance = random.Random(seed)
    whole = json.dumps(body).encode()
    for _ in range(count):
        yield chance.choice(_BREAKERS)(whole, chance)


def _cut(whole: bytes, chance: random.Random) -> bytes:
    return whole[: chance.randrange(1, len(whole) - 1)]


def _doubled(whole: bytes, chance: random.Random) -> bytes:
    return whole + whole


def _noise(whole: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 3000))


def _deep(whole: bytes, chance: random.Random) -> bytes:
    depth = chance.randrange(1_000, 100_000)
    return b"[" * depth + b"]" * depth


def _charset(whole: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(1, len(whole) - 1)
    return whole[:at] + b"\xff\xfe\x00" + whole[at:]


def _not_a_number(whole: bytes, chance: random.Random) -> bytes:
    return whole.replace(b'"value": 5', chance.choice((b'"value": NaN, "v": 5', b'"value": -Infinity, "v": 5')))


def _wrong_part(whole: bytes, chance: random.Random) -> bytes:
    """A required part of another kind: a result without an id of its source, a code or a time is none."""
    body: dict[str, Any] = json.loads(whole)
    name = chance.choice(
        [one for one in ("source", "identifier", "code", "effective", "subject", "status") if one in body]
    )
    body[name] = chance.choice(_WRONG)
    return json.dumps(body).encode("utf-8", "surrogatepass")


def _stranger(whole: bytes, chance: random.Random) -> bytes:
    """Parts that nobody asked for, at every depth."""
    body: dict[str, Any] = json.loads(whole)
    parts = [body, *(cast(dict[str, Any], one) for one in body.values() if isinstance(one, dict))]
    chance.choice(parts)[f"x{chance.randrange(10**9)}"] = chance.choice(_WRONG)
    return json.dumps(body).encode("utf-8", "surrogatepass")


def _other_shape(whole: bytes, chance: random.Random) -> bytes:
    return json.dumps(chance.choice(_WRONG)).encode("utf-8", "surrogatepass")


_BREAKERS: tuple[Breaker, ...] = (
    _cut,
    _doubled,
    _noise,
    _deep,
    _charset,
    _not_a_number,
    _wrong_part,
    _wrong_part,
    _stranger,
    _other_shape,
)
