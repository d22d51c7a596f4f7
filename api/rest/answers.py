"""Answers to forms that pathways put to patients."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api import fields
from api.acts import shown
from api.errors import AnswersDoNotFit, InTheFuture, JourneyEnded
from api.fields import Given
from api.house import HouseOf, PersonOrSystem
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor
from api.tasks import CLOCK_SKEW, release_of
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
            ask = _check(session, journey, given)
            row = _kept(session, journey, given, ask=ask, at=min(at, now), by=actor, now=now)
            event = FormAnswered(
                id=new_id(),
                received=now,
                form=row.form,
                answers=row.source,
                version=row.version,
                withdrawn=row.withdrawn,
                at=row.at,
                ask=ask,
                items=dict(row.items),
            )
            act = shown(session, inbox.add(session, journey=journey, event=event))
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


def _kept(
    session: Session,
    journey: tables.Journey,
    given: NewAnswers,
    *,
    ask: str | None,
    at: datetime,
    by: str,
    now: datetime,
) -> tables.Answers:
    """The version as it is kept: a new one, or the same that was sent before."""
    items = {code: value for code, value in given.items.items() if value is not None}
    before = () if given.id is None else asks.versions(session, journey=journey.id, source=given.id)
    if any(row.form != given.form for row in before):
        raise Conflict("The answers of that id are to another form.", hint="Send them under an id of their own.")
    version = given.version or (before[-1].version + 1 if before else 1)
    same = next((row for row in before if row.version == version), None)
    if same is not None:
        if (dict(same.items), same.withdrawn) != (items, given.withdrawn):
            raise Conflict("That version of the answers is there with other content.", hint="Send a later version.")
        return same
    return asks.keep_answers(
        session,
        journey,
        form=given.form,
        items=items,
        by=by,
        now=now,
        at=at,
        ask=ask,
        source=given.id,
        version=version,
        withdrawn=given.withdrawn,
    )


def _check(session: Session, journey: tables.Journey, given: NewAnswers) -> str | None:
    """The question that is answered, if one is named; refuses what does not belong to it."""
    if journey.status == "ended":
        raise JourneyEnded
    forms = release_of(session, journey).contents.forms
    form: Form | None = forms.get(given.form)
    if form is None:
        raise NotFound(f"The pathway has no form '{given.form}'{did_you_mean(given.form, forms)}.")
    problems = () if given.withdrawn else check_answers(form, given.items)
    if problems:
        raise AnswersDoNotFit(f"The answers do not fit the form: {'; '.join(problems)}.", hint="Correct these items.")
    if given.ask is None:
        return None
    ask = asks.read(session, given.ask)
    if ask.journey != journey.id or ask.form != given.form:
        raise Invalid("That question belongs to another form or journey.", hint="Leave `ask` out, or correct it.")
    if ask.end is not None:
        raise Conflict("That question is closed: it was answered, or its time is over.")
    return ask.id
