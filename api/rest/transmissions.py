"""Messages of other systems as they came. Their bodies name patients: who reads one is kept."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api import fields
from api.fields import Given
from api.house import HouseOf, Person
from api.paging import DEFAULT_LIMIT, MOST, Cursor, Limit, Page, page_of, read_instant_cursor
from api.rest import quarantine as held
from api.rest.quarantine import Held
from store import audit, quarantine, tables, transmissions

router = APIRouter(prefix="/api/v1/transmissions", tags=["transmissions"])


class Transmission(Given):
    """A message that came, without its body."""

    id: str
    channel: tables.Channel
    sender: str
    control: str | None = Field(description="The sender's own id of the message.")
    message: str = Field(description="What kind of message it is, such as `ORU^R01` or `Bundle`.")
    received: datetime
    state: tables.TransmissionState = Field(
        description="`taken`: what it says was kept; `ignored`: nothing here asks for its kind; `refused`: it could not"
        " be read."
    )
    answer: str = Field(description="What the sender was answered: `AA`, `AE`, `AR`, or an HTTP status.")


class WholeTransmission(Transmission):
    """A message that came, with what of it was not understood."""

    quarantine: list[Held]


@router.get("", summary="List messages received")
def list_transmissions(
    house: HouseOf,
    channel: Annotated[tables.Channel | None, Query(description="By this way.")] = None,
    state: Annotated[tables.TransmissionState | None, Query(description="With this state.")] = None,
    since: Annotated[fields.Instant | None, Query(description="Received at that time or later.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Transmission]:
    """Messages of other systems, oldest first, without their bodies."""
    with house.database.read() as session:
        rows = transmissions.list_(
            session,
            channel=channel,
            state=state,
            since=None if since is None else house.aware(since),
            after=read_instant_cursor(cursor),
            limit=limit + 1,
        )
    return page_of(rows, limit, show, lambda row: (row.received, row.id))


@router.get("/{transmission}", summary="Read a message received")
def read_transmission(transmission: fields.IdInPath, house: HouseOf) -> WholeTransmission:
    """The message without its body, and what of it was not understood."""
    with house.database.read() as session:
        row = transmissions.read(session, transmission)
        parts = quarantine.list_(session, state=None, transmission=transmission, limit=MOST)
    return WholeTransmission(**show(row).model_dump(), quarantine=[held.show(one) for one in parts])


@router.get(
    "/{transmission}/body",
    summary="Read the body of a message received",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The bytes as they came."}},
)
def read_body(transmission: fields.IdInPath, house: HouseOf, actor: Person) -> Response:
    """The bytes as they came. It is kept who read them."""
    with house.database.write() as session:
        row = transmissions.read(session, transmission)
        audit.record(session, at=house.clock(), actor=actor, action="message-read", subject=row.id)
        body = row.body
    # Nobody's browser is to take it for a page, whatever it holds.
    # Its character set is the sender's.
    return Response(body, headers={"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"})


def show(row: tables.Transmission) -> Transmission:
    """The message as callers see it."""
    return Transmission(
        id=row.id,
        channel=row.channel,
        sender=row.sender,
        control=row.control,
        message=row.message,
        received=row.received,
        state=row.state,
        answer=row.answer,
    )
