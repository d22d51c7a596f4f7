"""Dates and thresholds of one patient: anchors, previewed before they are set, and parameters of their own."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from api import fields
from api.acts import Act, Doing, accepted, check, do
from api.fields import Given
from api.house import House, HouseOf, Person
from api.idempotency import OnceOf
from pathways.engine.events import AnchorSet, ParameterSet
from pathways.engine.preview import AnchorPreview, Moved, preview_anchor
from store import journeys, patients, releases, tables
from store.database import Session
from store.facts import facts_of
from store.ids import new_id

router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])

PREVIEWED = "preview"
"""Stands for the event and the person of a preview, which nobody keeps."""


class AnchorDate(Given):
    """When it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"at": "2026-02-10T00:00:00+08:00", "tentative": False}})

    at: fields.Instant | None = Field(description="`null` takes the date back.")
    tentative: fields.YesNo = Field(False, description="A plan: nothing is started from it yet.")


class OwnValue(Given):
    """The parameter as this patient has it."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 4.5}})

    value: fields.Number | list[str] | None = Field(
        description="A number within its range, or times of day as HH:MM; `null` goes back to the pathway's."
    )


class MovedDate(Given):
    """An occurrence of a track, with its date before and after."""

    track: str
    occurrence: str
    before: datetime | None
    after: datetime | None


class Preview(Given):
    """What setting the anchor would do now."""

    moved: list[MovedDate] = Field(description="They come, or stay open, at another date.")
    cancelled: list[MovedDate] = Field(description="They do not come any more.")
    already_done: list[MovedDate] = Field(description="They were done for the date before, and stay done.")
    overdue: list[MovedDate] = Field(description="Their new date has passed: they come at once, or are too late.")


@router.post("/{journey}/anchors/{name}/preview", summary="Preview what setting an anchor does")
def preview(journey: fields.IdInPath, name: fields.IdInPath, given: AnchorDate, house: HouseOf) -> Preview:
    """What would move, be cancelled, stay done or be overdue; nothing is changed."""
    now = house.clock()
    with house.database.read() as session:
        row = journeys.read(session, journey)
        event = _anchor_set(session, house, row, name, given, now=now, by=PREVIEWED)
        check(session, Doing(journey=row, event=event))
        release_row = releases.read(session, row.release)
        wanted = releases.seasons_of(release_row.text)
        found = preview_anchor(
            releases.load(release_row),
            journeys.state_of(row),
            facts_of(session, row.patient, house.policy, now=now, wanted=wanted),
            anchor=name,
            at=event.at,
            tentative=event.tentative,
            now=now,
        )
    return _shown(found)


@router.put("/{journey}/anchors/{name}", summary="Set, plan, correct or take back an anchor")
def set_anchor(
    journey: fields.IdInPath,
    name: fields.IdInPath,
    given: AnchorDate,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """What was planned from it follows: what was done stays done, what nobody has begun comes at its new date."""

    def make(session: Session, now: datetime) -> Doing:
        row = journeys.lock(session, journey) or journeys.read(session, journey)
        return Doing(journey=row, event=_anchor_set(session, house, row, name, given, now=now, by=actor))

    return accepted(request, response, do(house, once, make, actor=actor))


@router.put("/{journey}/parameters/{name}", summary="Set a parameter for one patient")
def set_parameter(
    journey: fields.IdInPath,
    name: fields.IdInPath,
    given: OwnValue,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """From now on the patient has a value of their own, or the pathway's again; who set it is kept."""
    value = tuple(given.value) if isinstance(given.value, list) else given.value

    def make(session: Session, now: datetime) -> Doing:
        row = journeys.lock(session, journey) or journeys.read(session, journey)
        event = ParameterSet(id=new_id(), received=now, parameter=name, value=value, by=actor)
        return Doing(journey=row, event=event)

    return accepted(request, response, do(house, once, make, actor=actor))


def _anchor_set(
    session: Session, house: House, row: tables.Journey, name: str, given: AnchorDate, *, now: datetime, by: str
) -> AnchorSet:
    at = None if given.at is None else house.aware(given.at)
    if at is not None:
        journeys.check_time(name, at, patients.read(session, row.patient), now)
    id = PREVIEWED if by == PREVIEWED else new_id()
    return AnchorSet(id=id, received=now, anchor=name, at=at, by=by, tentative=given.tentative)


def _shown(found: AnchorPreview) -> Preview:
    def lines(moved: tuple[Moved, ...]) -> list[MovedDate]:
        return [MovedDate(track=m.track, occurrence=m.occurrence, before=m.before, after=m.after) for m in moved]

    return Preview(
        moved=lines(found.moved),
        cancelled=lines(found.cancelled),
        already_done=lines(found.already_done),
        overdue=lines(found.overdue),
    )
