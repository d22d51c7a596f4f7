"""Visits that pathways planned, and what the hospital says of them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field

from api import fields
from api.acts import Act, Doing, accepted, do
from api.errors import InTheFuture
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from api.tasks import CLOCK_SKEW, release_of
from api.words import title
from pathways.engine.events import VisitReported
from pathways.language.texts import Text
from store import journeys, tables, visits
from store.database import Session
from store.ids import new_id
from store.visits import Reported

router = APIRouter(prefix="/api/v1/visits", tags=["visits"])


class Report(Given):
    """What the hospital says of a visit."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "kept", "at": "2026-01-19T09:30:00+08:00"}})

    state: Reported
    at: fields.Instant | None = Field(None, description="When that was; now where left out. A booking may lie ahead.")
    department: fields.OpaqueId | None = Field(None, description="Where the visit is or was.")


class Visit(Given):
    """A visit that a pathway planned."""

    id: str
    journey: str
    patient: str
    name: str
    title: Text
    track: str
    planned: datetime
    earliest: datetime
    latest: datetime
    reported: str | None = Field(description="What the hospital last said: `booked`, `kept`, `cancelled`, `missed`.")
    reported_at: datetime | None
    end: str | None = Field(description="What became of it on the pathway.")
    closed_at: datetime | None


@router.get("", summary="List visits")
def list_visits(
    house: HouseOf,
    patient: Annotated[str | None, fields.wanted("Of this patient.")] = None,
    journey: Annotated[str | None, fields.wanted("Of this journey.")] = None,
    open_only: Annotated[bool, Query(alias="open", description="Those that are to come or not decided alone.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Visit]:
    """Visits by their planned date."""
    with house.database.read() as session:
        rows = visits.list_(
            session,
            patient=patient,
            journey=journey,
            open_only=open_only,
            after=read_instant_cursor(cursor),
            limit=limit + 1,
        )
        return page_of(rows, limit, lambda row: show(session, row), lambda row: (row.planned, row.id))


@router.get("/{visit}", summary="Read a visit")
def read_visit(visit: fields.IdInPath, house: HouseOf) -> Visit:
    """The visit as planned, with what the hospital said."""
    with house.database.read() as session:
        return show(session, visits.read(session, visit))


@router.post("/{visit}/report", summary="Report on a visit")
def report(
    visit: fields.IdInPath,
    given: Report,
    house: HouseOf,
    actor: PersonOrSystem,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """Say that the visit was booked, kept, cancelled or missed."""

    def make(session: Session, now: datetime) -> Doing:
        at = now if given.at is None else house.aware(given.at)
        if given.state != "booked" and at > now + CLOCK_SKEW:
            raise InTheFuture(hint="Only a booking may lie ahead.")
        journey = journeys.lock(session, visits.read(session, visit).journey)
        row = visits.report(session, visit, given.state, at=at)
        assert journey is not None
        event = VisitReported(
            id=new_id(),
            received=now,
            name=row.name,
            state=given.state,
            at=at,
            visit=visit,
            department=given.department,
        )
        return Doing(journey=journey, event=event)

    return accepted(request, response, do(house, once, make, actor=actor))


def show(session: Session, row: tables.Visit) -> Visit:
    """The visit as callers see it."""
    release = release_of(session, journeys.read(session, row.journey))
    return Visit(
        id=row.id,
        journey=row.journey,
        patient=row.patient,
        name=row.name,
        title=title(release, row.name),
        track=row.track,
        planned=row.planned,
        earliest=row.earliest,
        latest=row.latest,
        reported=row.reported,
        reported_at=row.reported_at,
        end=row.end,
        closed_at=row.closed_at,
    )
