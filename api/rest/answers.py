"""Answers to forms that pathways put to patients."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api import fields
from api.acts import shown
from api.errors import AnswersDoNotFit, JourneyEnded
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from api.tasks import release_of
from pathways.engine.events import FormAnswered
from pathways.engine.journey import Scalar
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.forms import Form, check_answers
from pathways.language.names import did_you_mean
from store import asks, audit, inbox, journeys, patients, tables
from store.database import Session
from store.ids import new_id

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
    items: dict[Annotated[str, Field(max_length=60)], fields.Scalar | None] = Field(max_length=200)


class Answers(Given):
    """What came back to a form."""

    id: str
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
    state: str
    act: str = Field(description="GET /api/v1/acts/{act} says when the journey took them in.")


@router.post("", status_code=202, summary="Send answers to a form")
def send(given: NewAnswers, house: HouseOf, actor: PersonOrSystem, once: OnceOf) -> AnswersTaken:
    """Keep the answers and tell the journey; answers that do not fit the form are refused as a whole."""
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            journey = journeys.lock(session, given.journey) or journeys.read(session, given.journey)
            ask = _check(session, journey, given)
            items = {code: value for code, value in given.items.items() if value is not None}
            row = asks.keep_answers(session, journey, form=given.form, items=items, by=actor, now=now, ask=ask)
            event = FormAnswered(id=new_id(), received=now, form=given.form, answers=row.id, ask=ask, items=items)
            act = shown(session, inbox.add(session, journey=journey, event=event))
            audit.record(session, at=now, actor=actor, action="form-answered", subject=row.id)
            taken = AnswersTaken(id=row.id, state=act.state, act=act.id)
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
        id=row.id,
        patient=row.patient,
        journey=row.journey,
        form=row.form,
        ask=row.ask,
        items=dict(row.items),
        received=row.received,
        by=row.by,
    )


def _check(session: Session, journey: tables.Journey, given: NewAnswers) -> str | None:
    """The question that is answered, if one is named; refuses what does not belong to it."""
    if journey.status == "ended":
        raise JourneyEnded
    forms = release_of(session, journey).contents.forms
    form: Form | None = forms.get(given.form)
    if form is None:
        raise NotFound(f"The pathway has no form '{given.form}'{did_you_mean(given.form, forms)}.")
    if problems := check_answers(form, given.items):
        raise AnswersDoNotFit(f"The answers do not fit the form: {'; '.join(problems)}.", hint="Correct these items.")
    if given.ask is None:
        return None
    ask = asks.read(session, given.ask)
    if ask.journey != journey.id or ask.form != given.form:
        raise Invalid("That question belongs to another form or journey.", hint="Leave `ask` out, or correct it.")
    if ask.end is not None:
        raise Conflict("That question is closed: it was answered, or its time is over.")
    return ask.id
