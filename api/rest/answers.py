"""Answers to forms that pathways put to patients."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api import fields
from api.acts import shown
from api.answers import Answered, keep
from api.errors import InTheFuture
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from api.tasks import CLOCK_SKEW
from pathways.engine.journey import Scalar
from store import asks, audit, foresights, journeys, patients, tables

router = APIRouter(prefix="/api/v1/answers", tags=["answers"])


class NewAnswers(Given):
    """What came back to a form."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "journey": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "form": "symptoms",
                "items": {"thirst": True, "acetone-breath": False},
            }
        }
    )

    journey: fields.OpaqueId
    form: fields.Slug
    ask: fields.OpaqueId | None = Field(None, description="Which question; the oldest open one of the form without.")
    items: dict[Annotated[str, Field(max_length=60)], fields.Scalar | None] = Field(default={}, max_length=200)
    id: fields.OpaqueId | None = Field(
        None, description="What the sender calls these answers, or the id of earlier ones that this corrects."
    )
    version: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="The next one of that id where left out; a higher one corrects those before."
    )
    withdrawn: fields.YesNo = Field(False, description="The answers were a mistake; `items` may be left out.")
    at: fields.Instant | None = Field(None, description="When they were given; now where left out.")


class Answers(Given):
    """A version of what came back to a form."""

    id: str
    version: int
    withdrawn: bool
    at: datetime
    patient: str
    journey: str
    form: str
    ask: str | None
    items: dict[str, Scalar]
    received: datetime
    by: str


class AnswersTaken(Given):
    """The answers are kept; the journey is told in the background."""

    id: str
    version: int
    state: str
    act: str = Field(description="GET /api/v1/acts/{act} says when the journey took them in.")


@router.post("", status_code=202, summary="Send answers to a form")
def send(given: NewAnswers, house: HouseOf, actor: PersonOrSystem, once: OnceOf) -> AnswersTaken:
    """Keep the answers and tell the journey; answers that do not fit the form are refused as a whole.

    The same version of the same answers again is the same; with other content it is refused.
    """
    now = house.clock()
    at = now if given.at is None else house.aware(given.at)
    if at > now + CLOCK_SKEW:
        raise InTheFuture(hint="Send answers when they have been given.")
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            journey = journeys.lock(session, given.journey) or journeys.read(session, given.journey)
            answered = Answered(
                form=given.form,
                items=given.items,
                at=min(at, now),
                ask=given.ask,
                source=given.id,
                version=given.version,
                withdrawn=given.withdrawn,
            )
            row, waiting = keep(session, journey, answered, by=actor, now=now)
            foresights.look_ahead(session, journey.id, house.policy, now=now)
            act = shown(session, waiting)
            audit.record(session, at=now, actor=actor, action="form-answered", subject=row.id)
            taken = AnswersTaken(id=row.source, version=row.version, state=act.state, act=act.id)
            answer = Answer(status=202, body=taken.model_dump(mode="json"))
            once.remember(session, answer, now=now)
    house.engine.prompt()
    return AnswersTaken.model_validate(answer.body)


@router.get("", summary="List a patient's answers")
def list_answers(
    house: HouseOf,
    patient: Annotated[str, Query(pattern=fields.ID_PATTERN, description="Of this patient.")],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Answers]:
    """What the patient answered, the latest first."""
    with house.database.read() as session:
        patients.read(session, patient)
        rows = asks.answers(session, patient=patient, after=read_instant_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (row.received, row.id))


def show(row: tables.Answers) -> Answers:
    """Answers as callers see them."""
    return Answers(
        id=row.source,
        version=row.version,
        withdrawn=row.withdrawn,
        at=row.at,
        patient=row.patient,
        journey=row.journey,
        form=row.form,
        ask=row.ask,
        items=dict(row.items),
        received=row.received,
        by=row.by,
    )
