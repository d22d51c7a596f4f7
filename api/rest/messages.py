"""Messages: what was to be told to patients and staff, and what became of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api import fields
from api.fields import Given
from api.house import HouseOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from store import messages, tables

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])


class Message(Given):
    """An intent to tell the patient or, with `role`, the staff."""

    id: str
    journey: str
    patient: str
    role: str | None
    template: str
    track: str
    urgent: bool
    state: tables.MessageState
    not_before: datetime
    created: datetime
    channel: str | None
    outcome: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    text: str | None = Field(description="The text that left; none before it did.")
    dropped: str | None = Field(description="Why it was not sent: `died`, `no-consent`, `recalled`.")


@router.get("", summary="List messages")
def list_messages(
    house: HouseOf,
    patient: Annotated[str | None, fields.wanted("About this patient.")] = None,
    journey: Annotated[str | None, fields.wanted("Of this journey.")] = None,
    state: Annotated[tables.MessageState | None, Query(description="With this state.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Message]:
    """Messages, the latest first. The preview channel shows its texts here and sends them to nobody."""
    with house.database.read() as session:
        rows = messages.list_(
            session,
            patient=patient,
            journey=journey,
            state=state,
            before=read_instant_cursor(cursor),
            limit=limit + 1,
        )
    return page_of(rows, limit, show, lambda row: (row.created, row.id))


@router.get("/{message}", summary="Read a message")
def read_message(message: fields.IdInPath, house: HouseOf) -> Message:
    """The message and what became of it."""
    with house.database.read() as session:
        return show(messages.read(session, message))


def show(row: tables.Message) -> Message:
    """The message as callers see it."""
    return Message(
        id=row.id,
        journey=row.journey,
        patient=row.patient,
        role=row.role,
        template=row.template,
        track=row.track,
        urgent=row.urgent,
        state=row.state,
        not_before=row.not_before,
        created=row.created,
        channel=row.channel,
        outcome=row.outcome,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        text=row.rendered,
        dropped=row.dropped,
    )
