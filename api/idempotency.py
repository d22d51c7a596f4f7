"""Requests that make something can be sent again: the same `Idempotency-Key` and body get the same answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from api.errors import KeyReused
from pathways.errors import Conflict
from store import idempotency
from store.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request by its key, route and body; without a key every request is a new one."""

    key: str | None
    route: str
    digest: str

    def recall(self, session: Session) -> Answer | None:
        """The answer that this request was given before; None where it is new.

        Raises:
            KeyReused: the key came with another request.
        """
        if self.key is None:
            return None
        try:
            row = idempotency.recall(session, key=self.key, route=self.route, digest=self.digest)
        except Conflict as clash:
            raise KeyReused(hint=clash.hint) from None
        return None if row is None else Answer(status=row.status, body=row.response)

    def remember(self, session: Session, answer: Answer, *, now: datetime) -> None:
        """Keep the answer in the transaction that it is about."""
        if self.key is not None:
            idempotency.remember(
                session,
                key=self.key,
                route=self.route,
                digest=self.digest,
                status=answer.status,
                response=answer.body,
                now=now,
            )


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=100,
            pattern=r"^[!-~]+$",
            description="Any text of yours; the same key and body get the same answer, and nothing is done twice.",
            examples=["7f1d-enrol"],
        ),
    ] = None,
) -> Once:
    """The request's identity."""
    body = await request.body()
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        canonical = body  # Refused elsewhere, or not JSON on purpose.
    actor = request.headers.get("tongxing-actor", "")
    digest = blake2b(canonical + b"\0" + actor.encode(), digest_size=16).hexdigest()
    return Once(key=idempotency_key, route=f"{request.method} {request.url.path}", digest=digest)


OnceOf = Annotated[Once, Depends(once)]
