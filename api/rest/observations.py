"""Results from laboratories and devices: kept first, understood second, never dropped."""

from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from api import fields
from api.fields import Given
from api.house import House, HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.intake import Arrived
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from pathways.engine.journey import Origin, ResultStatus
from store import observations, patients, tables
from store.notices import Outcome, ResultNotice, Subject

router = APIRouter(prefix="/api/v1/observations", tags=["observations"])

MOST_AT_ONCE = 500
_EXAMPLE: JsonDict = {
    "patient": "0b7f3c2a9d1e4f5a8b6c7d8e9f0a1b2c",
    "code": "14771-0",
    "value": 2.8,
    "unit": "mmol/L",
    "effective": "2026-01-08T21:40:00+08:00",
    "status": "final",
    "source": {"system": "lis", "id": "R-0001"},
    "origin": "laboratory",
}


class Source(Given):
    """Where the result comes from: the same id is the same result."""

    system: fields.Word = Field(examples=["lis"])
    id: fields.Word = Field(examples=["R-0001"])


class NewObservation(Given):
    """A version of a result."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    patient: fields.Word = Field(description="Id of the patient here.")
    code: fields.Word = Field(description="LOINC code.")
    value: fields.Number | None = None
    unit: fields.Word | None = Field(None, description="UCUM unit of measure.")
    comparator: Literal["<", "<=", ">", ">="] | None = None
    text: fields.Word | None = Field(None, description="What a device printed where it printed no number.")
    effective: fields.Instant
    status: ResultStatus = "final"
    source: Source
    panel: fields.Word | None = Field(
        None,
        description="What the source calls a measurement of several values, such as one blood pressure: its results"
        " are judged together. Without it results of the same time and origin are.",
    )
    origin: Origin = "unknown"
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = Field(
        None, description="Where the source counts versions; else other content under the same id is the next one."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "NewObservation":
        if self.value is None and self.text is None and self.status not in ("entered-in-error", "cancelled"):
            raise ValueError("give a value, or a text where there is no number")
        if self.comparator is not None and self.value is None:
            raise ValueError("a comparator needs a value")
        return self


def _listed(given: object) -> list[object]:
    return cast(list[object], given) if isinstance(given, list) else [given]


OneOrMany = Annotated[
    list[NewObservation],
    BeforeValidator(_listed, json_schema_input_type=NewObservation | list[NewObservation]),
    Field(min_length=1, max_length=MOST_AT_ONCE),
]


async def _body(request: Request) -> bytes:
    return await request.body()


class Accepted(Given):
    """What became of a result."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "7d0c2f4b8f6d4a3f9c1e2d3b4a5f6071",
                "state": "accepted",
                "version": 1,
                "duplicate": False,
                "reason": None,
                "quarantine": None,
            }
        }
    )

    id: str
    state: tables.ObservationState = Field(
        description="`accepted`: a journey watches it; `stored`: none does; `quarantined`: a person must look."
    )
    version: int
    duplicate: bool = Field(description="The latest version says the same already; nothing changed.")
    reason: str | None = Field(
        description="Why it is quarantined: `unknown-patient`, `unknown-code`, `unknown-unit`, `older-version-again`."
    )
    quarantine: str | None


class ManyAccepted(Given):
    """What became of several results, in their order."""

    items: list[Accepted]


class Observation(Given):
    """A version of a result as it is kept."""

    id: str
    patient: str | None
    code: str
    value: float | None
    unit: str | None
    comparator: str | None
    text: str | None
    effective: datetime
    status: str
    source: Source
    panel: str | None = Field(description="The same for every result of one measurement.")
    origin: str
    version: int
    received: datetime
    state: tables.ObservationState


@router.post(
    "",
    status_code=202,
    summary="Send one result or many",
    responses={202: {"description": "Committed; nothing that was accepted is lost."}},
)
def send(
    given: OneOrMany, body: Annotated[bytes, Depends(_body)], house: HouseOf, actor: PersonOrSystem, once: OnceOf
) -> Accepted | ManyAccepted:
    """A result is accepted once it is committed; a journey that watches it is told in the background.

    A list is accepted as a whole or not at all; its answers come in its order under `items`. The same source id with
    other content is a revision.
    """
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            notices = [ResultNotice(subject=Subject(patient=one.patient), result=_result(house, one)) for one in given]
            arrived = Arrived(channel="json", sender=actor, message="observations", body=body)
            taking = house.intake.take(session, arrived, notices, answer="202", now=now, by=actor, strict=True)
            shown = [accepted(one).model_dump(mode="json") for one in taking.outcomes]
            answer = Answer(status=202, body={"items": shown})
            once.remember(session, answer, now=now)
    house.engine.prompt()
    many = ManyAccepted.model_validate(answer.body)
    return many if body.lstrip()[:1] == b"[" else many.items[0]


@router.get("", summary="List a patient's results")
def list_observations(
    house: HouseOf,
    patient: Annotated[str, Query(pattern=fields.ID_PATTERN, description="Of this patient.")],
    code: Annotated[str | None, fields.wanted("With this code.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Observation]:
    """Every version of every result, the latest effective first."""
    with house.database.read() as session:
        patients.read(session, patient)
        rows = observations.list_(
            session, patient=patient, code=code, after=read_instant_cursor(cursor), limit=limit + 1
        )
    return page_of(rows, limit, show, lambda row: (row.effective, row.id))


@router.get("/{observation}", summary="Read a version of a result")
def read_observation(observation: fields.IdInPath, house: HouseOf) -> Observation:
    """The version as it came, with what became of it."""
    with house.database.read() as session:
        return show(observations.read(session, observation))


def accepted(outcome: Outcome) -> Accepted:
    """What callers are told of a result that was taken in."""
    assert outcome.id is not None, "a result is always kept"
    return Accepted(
        id=outcome.id,
        state=outcome.kept or "stored",
        version=outcome.version,
        duplicate=outcome.state == "duplicate",
        reason=outcome.reason,
        quarantine=outcome.quarantine,
    )


def show(row: tables.Observation) -> Observation:
    """The version as callers see it."""
    return Observation(
        id=row.id,
        patient=row.patient,
        code=row.code,
        value=row.value,
        unit=row.unit,
        comparator=row.comparator,
        text=row.text,
        effective=row.effective,
        status=row.status,
        source=Source(system=row.source_system, id=row.source_id),
        panel=row.panel,
        origin=row.origin,
        version=row.version,
        received=row.received,
        state=row.state,
    )


def _result(house: House, given: NewObservation) -> observations.Result:
    return observations.Result(
        source_system=given.source.system,
        source_id=given.source.id,
        patient=None,
        code=given.code,
        effective=house.aware(given.effective),
        status=given.status,
        value=given.value,
        unit=given.unit,
        comparator=given.comparator,
        text=given.text,
        panel=given.panel,
        origin=given.origin,
        version=given.version,
    )
