"""A patient's record beside journeys and tasks, and the versions of what stands in it."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from api import fields
from api.fields import Given
from api.house import HouseOf
from api.paging import DEFAULT_LIMIT, Limit
from api.record.whole import Record, record_of
from store import entries, tables
from store.database import Session

router = APIRouter(prefix="/api/v1", tags=["record"])


class EntryVersion(Given):
    """A version of an entry, as its source told it."""

    version: int
    told: dict[str, Any]
    issued: datetime | None
    received: datetime
    outdated: bool = Field(description="Its source had said something newer before it came: it never was shown.")
    transmission: str | None = Field(description="The message in which it came.")


class Entry(Given):
    """Something in the record, as it is shown now and with all that was said of it."""

    id: str
    patient: str
    kind: str
    status: str
    version: int
    received: datetime
    updated: datetime
    versions: list[EntryVersion] = Field(description="The first one first.")


@router.get("/patients/{patient}/record", summary="Read a patient's record")
def read_record(patient: fields.IdInPath, house: HouseOf, limit: Limit = DEFAULT_LIMIT) -> Record:
    """Visits, conditions, medications with refill coverage, allergies, results and lifestyle; each with its sources.

    What several systems tell alike stands there once. A record that went into another patient's gives that one.
    """
    with house.database.read() as session:
        return record_of(session, patient, now=house.clock(), zone=house.settings.zone, limit=limit)


@router.get("/record/{entry}", summary="Read an entry of a record")
def read_entry(entry: fields.IdInPath, house: HouseOf) -> Entry:
    """The entry as it is shown now, and every version of it as it came."""
    with house.database.read() as session:
        return show(session, entries.read(session, entry))


def show(session: Session, row: tables.Entry) -> Entry:
    """The entry as callers see it."""
    return Entry(
        id=row.id,
        patient=row.patient,
        kind=row.kind,
        status=row.status,
        version=row.version,
        received=row.received,
        updated=row.updated,
        versions=[
            EntryVersion(
                version=one.version,
                told=dict(one.told),
                issued=one.issued,
                received=one.received,
                outdated=one.outdated,
                transmission=one.transmission,
            )
            for one in entries.versions(session, row.id)
        ],
    )
