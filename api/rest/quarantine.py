"""Results that were accepted and not understood: a person corrects and releases them, or discards them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api import fields
from api.fields import Given
from api.house import HouseOf, Person
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from api.rest.observations import Accepted, accepted
from store import audit, observations, quarantine, tables

router = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])


class Correction(Given):
    """What was wrong; what is left out stays as it came."""

    model_config = ConfigDict(json_schema_extra={"example": {"unit": "mmol/L"}})

    patient: fields.OpaqueId | None = None
    code: fields.Word | None = None
    unit: fields.Word | None = None


class Held(Given):
    """Something that was not understood, as it came."""

    id: str
    reason: str = Field(description="`unknown-patient`, `unknown-code`, `unknown-unit` or `older-version-again`.")
    observation: str | None
    content: dict[str, Any]
    received: datetime
    state: tables.QuarantineState
    decided_by: str | None
    decided_at: datetime | None


@router.get("", summary="List what is quarantined")
def list_quarantine(
    house: HouseOf,
    state: Annotated[tables.QuarantineState, Query(description="With this state.")] = "held",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Held]:
    """What waits for a person, oldest first."""
    with house.database.read() as session:
        rows = quarantine.list_(session, state=state, after=read_instant_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (row.received, row.id))


@router.post("/{id}/release", status_code=202, summary="Release a result")
def release(id: fields.IdInPath, given: Correction, house: HouseOf, actor: Person) -> Accepted:
    """Take the result in again with what is corrected; one that is still not understood stays (409)."""
    now = house.clock()
    with house.database.write() as session:
        taken = observations.readmit(
            session, id, by=actor, now=now, patient=given.patient, code=given.code, unit=given.unit
        )
        audit.record(session, at=now, actor=actor, action="quarantine-released", subject=id)
    house.engine.prompt()
    return accepted(taken)


@router.post("/{id}/discard", summary="Discard a result")
def discard(id: fields.IdInPath, house: HouseOf, actor: Person) -> Held:
    """Decide that the result is not to be used; it is kept, and shows who decided."""
    now = house.clock()
    with house.database.write() as session:
        row = quarantine.decide(session, id, "discarded", by=actor, now=now)
        audit.record(session, at=now, actor=actor, action="quarantine-discarded", subject=id)
    return show(row)


def show(row: tables.Quarantine) -> Held:
    """What callers see of it."""
    return Held(
        id=row.id,
        reason=row.reason,
        observation=row.observation,
        content=dict(row.payload),
        received=row.received,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
