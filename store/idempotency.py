"""Answers that requests with a key were given, so that the same request again gets the same answer."""

from datetime import datetime

from sqlalchemy import delete

from pathways.errors import Conflict
from store import tables
from store.database import Session


def recall(session: Session, *, key: str, route: str, digest: str) -> tables.Idempotency | None:
    """The answer that this request was given before; None where it is new.

    Raises:
        Conflict: the key came with another request.
    """
    row = session.get(tables.Idempotency, (key, route))
    if row is not None and row.digest != digest:
        raise Conflict("This Idempotency-Key came with another request.", hint="Use a new key for a new request.")
    return row


def remember(
    session: Session, *, key: str, route: str, digest: str, status: int, response: tables.Json, now: datetime
) -> None:
    """Keep the answer in the transaction that it is about; of two at once the second one is a Conflict."""
    session.add(tables.Idempotency(key=key, route=route, digest=digest, status=status, response=response, created=now))
    session.flush()


def forget(session: Session, *, before: datetime) -> None:
    """Let old answers go."""
    session.execute(delete(tables.Idempotency).where(tables.Idempotency.created < before))
