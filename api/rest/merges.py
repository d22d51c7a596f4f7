"""Records that are one person's: which went into which, by whose decision, and whether that was undone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api import decisions, fields
from api.fields import Given
from api.house import HouseOf, Person
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from store import merges, patients, tables

router = APIRouter(prefix="/api/v1/merges", tags=["merges"])


class NewMerge(Given):
    """Two records that are one person's."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "survivor": "0b7f3c2a9d1e4f5a8b6c7d8e9f0a1b2c",
                "retired": "1c8f4d3b0e2f5a6b9c7d8e9f0a1b2c3d",
            }
        }
    )

    survivor: fields.OpaqueId = Field(description="Id of the patient who goes on.")
    retired: fields.OpaqueId = Field(description="Id of the patient whose record goes into that one.")


class Merge(Given):
    """A merge."""

    id: str
    survivor: str
    retired: str
    at: datetime
    by: str = Field(description="Who decided it; a system's own name where its message told it.")
    transmission: str | None = Field(description="The message that told it.")
    undone_at: datetime | None
    undone_by: str | None


@router.get("", summary="List merges")
def list_merges(
    house: HouseOf,
    patient: Annotated[str | None, fields.wanted("Of this patient, on either side.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Merge]:
    """Merges, the latest first."""
    with house.database.read() as session:
        if patient is not None:
            patients.read(session, patient)
        rows = merges.list_(session, patient=patient, after=read_instant_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (row.at, row.id))


@router.post("", status_code=201, summary="Merge two records")
def merge(given: NewMerge, house: HouseOf, actor: Person, once: OnceOf, response: Response) -> Merge:
    """All that one record has goes over to the other; the same merge again is the one that is there.

    Of two open journeys on one pathway and episode the survivor's goes on, and the other ends as merged.
    """
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            row = decisions.merge(session, house, survivor=given.survivor, retired=given.retired, by=actor)
            answer = Answer(status=201, body=show(row).model_dump(mode="json"))
            once.remember(session, answer, now=house.clock())
    house.engine.prompt()
    response.status_code = answer.status
    return Merge.model_validate(answer.body)


@router.post("/{merge}/undo", summary="Undo a merge")
def undo(merge: fields.IdInPath, house: HouseOf, actor: Person) -> Merge:
    """What went over goes back, with what came since under its identifiers; journeys that had ended go on."""
    return show(decisions.undo(house, merge, by=actor))


def show(row: tables.Merge) -> Merge:
    """The merge as callers see it."""
    return Merge(
        id=row.id,
        survivor=row.survivor,
        retired=row.retired,
        at=row.at,
        by=row.by,
        transmission=row.transmission,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
