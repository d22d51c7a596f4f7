"""What was accepted and not understood: a person corrects and releases it, or discards it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api import decisions, fields
from api.fields import Given
from api.house import HouseOf, Person
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from store import quarantine, tables
from store.notices import OutcomeState

router = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])


class Correction(Given):
    """What was wrong; what is left out stays as it came."""

    model_config = ConfigDict(json_schema_extra={"example": {"unit": "mmol/L"}})

    patient: fields.OpaqueId | None = None
    code: fields.Word | None = None
    unit: fields.Word | None = None


class Released(Given):
    """What became of it when it was taken in again."""

    id: str | None = Field(description="Of what is kept now: the result, the entry of the record, the patient ...")
    state: OutcomeState = Field(description="`accepted`: a journey is told; `stored`: it is in the record.")
    version: int


class Held(Given):
    """Something that was not understood, as it came."""

    id: str
    kind: str = Field(
        description="What it is: `result`, `patient`, `entry`, `consent`, `answers`, `merge` or `unreadable`."
    )
    reason: str = Field(
        description="`unknown-patient`, `identity-conflict`, `incomplete-patient`, `unknown-code`, `unknown-unit`,"
        " `older-version-again`, `death-contradicted`, `no-such-form`, a refusal's code, or why it is unreadable."
    )
    observation: str | None
    transmission: str | None = Field(description="The message in which it came.")
    content: dict[str, Any]
    received: datetime
    state: tables.QuarantineState
    decided_by: str | None
    decided_at: datetime | None


@router.get("", summary="List what is quarantined")
def list_quarantine(
    house: HouseOf,
    state: Annotated[tables.QuarantineState, Query(description="With this state.")] = "held",
    reason: Annotated[str | None, fields.wanted("For this reason.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Held]:
    """What waits for a person, oldest first."""
    with house.database.read() as session:
        rows = quarantine.list_(session, state=state, reason=reason, after=read_instant_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (row.received, row.id))


@router.post("/{id}/release", status_code=202, summary="Release what is quarantined")
def release(id: fields.IdInPath, given: Correction, house: HouseOf, actor: Person) -> Released:
    """Take it in again with what is corrected; what is still not understood stays (409)."""
    outcome = decisions.release(house, id, by=actor, patient=given.patient, code=given.code, unit=given.unit)
    return Released(id=outcome.id, state=outcome.state, version=outcome.version)


@router.post("/{id}/discard", summary="Discard what is quarantined")
def discard(id: fields.IdInPath, house: HouseOf, actor: Person) -> Held:
    """Decide that it is not to be used; it is kept, and shows who decided."""
    return show(decisions.discard(house, id, by=actor))


def show(row: tables.Quarantine) -> Held:
    """What callers see of it."""
    return Held(
        id=row.id,
        kind=decisions.kind_of(row),
        reason=row.reason,
        observation=row.observation,
        transmission=row.transmission,
        content=dict(row.payload),
        received=row.received,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
