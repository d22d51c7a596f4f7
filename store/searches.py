"""Searches whose next pages are asked for: kept for an hour, so that an address holds nothing of a person."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from pathways.errors import NotFound
from store import tables
from store.database import Session
from store.ids import new_id

KEPT = timedelta(hours=1)


def keep(session: Session, *, resource: str, parameters: tables.Json, now: datetime) -> str:
    """Keep the search and give its id."""
    row = tables.Search(id=new_id(), resource=resource, parameters=parameters, created=now)
    session.add(row)
    session.flush()
    return row.id


def read(session: Session, id: str, *, now: datetime) -> tables.Search:
    """The search; NotFound where there is none, or none any more."""
    row = session.get(tables.Search, id)
    if row is None or row.created <= now - KEPT:
        raise NotFound("There is no such search any more.", hint="Search again.")
    return row


def forget(session: Session, *, now: datetime) -> None:
    """Let go those that nobody may ask for any more."""
    session.execute(delete(tables.Search).where(tables.Search.created <= now - KEPT))
