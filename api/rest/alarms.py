"""Alarms that an operator must look at."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api import fields
from api.fields import Given
from api.house import HouseOf, Person
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from store import alarms, audit, tables

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


class Alarm(Given):
    """Something that an operator must look at."""

    id: str
    code: str = Field(description="What it is about; `docs/operations.md` tells of each code.")
    journey: str
    task: str | None
    at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@router.get("", summary="List alarms")
def list_alarms(
    house: HouseOf,
    acknowledged: Annotated[bool, Query(description="Those that somebody has looked at.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Alarm]:
    """Alarms, oldest first."""
    with house.database.read() as session:
        rows = alarms.list_(session, acknowledged=acknowledged, after=read_instant_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (row.at, row.id))


@router.post("/{alarm}/acknowledge", summary="Acknowledge an alarm")
def acknowledge(alarm: fields.IdInPath, house: HouseOf, actor: Person) -> Alarm:
    """Somebody looks at it; the first who says so stays."""
    now = house.clock()
    with house.database.write() as session:
        row = alarms.acknowledge(session, alarm, by=actor, now=now)
        audit.record(session, at=now, actor=actor, action="alarm-acknowledged", subject=alarm)
    return show(row)


def show(row: tables.Alarm) -> Alarm:
    """The alarm as callers see it."""
    return Alarm(
        id=row.id,
        code=row.code,
        journey=row.journey,
        task=row.task,
        at=row.at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
