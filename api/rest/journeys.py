"""Journeys: a patient on a pathway, from the start to the exit, and why everything happened."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, Field

from api import fields
from api.acts import Act, Doing, accepted, check, do
from api.errors import InTheFuture, JourneyEnded
from api.fields import Given
from api.house import House, HouseOf, LanguageOf, Person, PersonOrSystem
from api.idempotency import Answer, Once, OnceOf
from api.languages import Language
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_instant_cursor, read_numbers_cursor
from api.rest.patients import Death, Died, die
from api.tasks import CLOCK_SKEW
from api.words import reason_title, title
from pathways.engine.events import (
    AnyEvent,
    Happened,
    Left,
    Paused,
    Reinstated,
    Resumed,
    TrackStarted,
    TrackStopped,
    Withdrawn,
)
from pathways.engine.journey import Own, Scalar
from pathways.engine.occasions import VISIT_KEPT
from pathways.engine.recall import tags_of
from pathways.errors import Invalid
from pathways.language.names import nearest
from pathways.language.release import Release
from pathways.language.texts import Text
from pathways.language.trigger import Named
from store import audit, enrolments, foresights, journeys, releases, returns, tables
from store.database import Session
from store.ids import new_id

router = APIRouter(prefix="/api/v1/journeys", tags=["journeys"])


class NewJourney(Given):
    """A patient starts on a pathway."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "patient": "0b7f3c2a9d1e4f5a8b6c7d8e9f0a1b2c",
                "pathway": "diabetes-management",
                "anchors": {"enrolled": "2026-01-05T09:00:00+08:00"},
            }
        }
    )

    patient: fields.OpaqueId
    pathway: fields.Slug
    anchors: dict[fields.Slug, fields.Instant] = Field(
        default={}, max_length=50, description="Named dates; `enrolled` is now where it is left out."
    )
    episode: Annotated[str, Field(max_length=60, pattern=r"^[\w.:@-]*$")] = Field(
        "", description="What makes two open journeys of one patient on one pathway different, such as a tooth."
    )
    data: dict[fields.DataSlug, fields.Scalar] = Field(
        default={},
        max_length=100,
        description="Values that the pathway declares, and the patient's own values of parameters that have a range.",
    )
    release: fields.OpaqueId | None = Field(None, description="Checksum of a release; the latest where left out.")


class HappenedNow(Given):
    """A named event from outside."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "surgery-booked", "data": {"room": "A-3", "nights": 2}}}
    )

    name: fields.Slug
    at: fields.Instant | None = Field(None, description="When it happened; now where left out.")
    data: dict[fields.DataSlug, fields.Scalar] = Field(
        default={}, max_length=50, description="What the pathway may bind of it, by name."
    )


class Leaving(Given):
    """Why the journey ends."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "lost"}})

    reason: Literal["transferred", "lost", "merged", "entered-in-error"]


class OwnParameter(Given):
    """A parameter as one patient has it, and who set it."""

    value: float | list[str]
    by: str
    at: datetime


class Journey(Given):
    """A patient on a release of a pathway, as the store shows it."""

    id: str
    patient: str
    pathway: str
    title: Text
    release: str
    episode: str
    status: tables.JourneyStatus = Field(description="`starting` until its workflow runs.")
    exit: str | None = Field(description="Why it ended, such as `completed`, `lost` or `died`.")
    ended_at: datetime | None
    enrolled_at: datetime
    anchors: dict[str, datetime]
    tags: list[str] = Field(description="The tags that are set.")
    tentative: list[str] = Field(description="Anchors that are plans: nothing is started from them.")
    parameters: dict[str, OwnParameter] = Field(description="Parameters that this patient has of their own.")
    started_by: str
    created: datetime
    sequence: int = Field(description="How many turns the store shows.")
    demonstration: bool = Field(description="On a release that serves demonstration data alone.")
    existing: bool = Field(False, description="Of a start: the journey was open already.")


class Withdrawal(Given):
    """What the patient leaves."""

    model_config = ConfigDict(json_schema_extra={"example": {"purpose": "marketing"}})

    purpose: tables.Purpose | None = Field(None, description="`marketing` or `research`; the pathway where left out.")


class Decision(Given):
    """One decision of a turn: what happened, or why not."""

    sequence: int
    position: int
    at: datetime
    code: str
    said: str = Field(description="The decision in words, in the language of Accept-Language.")
    track: str | None
    track_title: str | None
    occurrence: str | None
    step: str | None
    event: str
    values: dict[str, Scalar | None] = Field(description="What was looked at, by its name in the pathway.")


@router.post(
    "",
    status_code=201,
    summary="Start a journey",
    responses={200: {"model": Journey, "description": "It is open already for this patient, pathway and episode."}},
)
def start_journey(
    given: NewJourney, house: HouseOf, actor: PersonOrSystem, once: OnceOf, response: Response
) -> Journey:
    """Put a patient on a pathway; results of the last 30 days are told to the journey.

    With the engine away the journey is kept as `starting` and begins when the engine is back.
    """
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            start = _start(session, house, given, now)
            begun = enrolments.begin(session, start, house.policy, by=actor, now=now)
            if begun.created:
                foresights.look_ahead(session, begun.journey.id, house.policy, now=now)
                audit.record(session, at=now, actor=actor, action="journey-started", subject=begun.journey.id)
            shown = show(session, begun.journey, existing=not begun.created)
            answer = Answer(status=201 if begun.created else 200, body=shown.model_dump(mode="json"))
            once.remember(session, answer, now=now)
    house.engine.prompt()
    shown = Journey.model_validate(answer.body)
    response.status_code = answer.status
    response.headers["Location"] = f"{router.prefix}/{shown.id}"
    return shown


def _start(session: Session, house: House, given: NewJourney, now: datetime) -> journeys.Start:
    row = releases.latest(session, given.pathway) if given.release is None else releases.read(session, given.release)
    own = releases.load(row).pathway.parameters
    anchors = {name: house.aware(at) for name, at in given.anchors.items()}
    return journeys.Start(
        patient=given.patient,
        pathway=given.pathway,
        release=given.release,
        enrolled=anchors.pop("enrolled", now),
        anchors=anchors,
        parameters={name: _number(name, value) for name, value in given.data.items() if name in own},
        values={name: value for name, value in given.data.items() if name not in own},
        episode=given.episode,
    )


def _number(name: str, value: Scalar) -> float:
    if isinstance(value, bool | str):
        raise Invalid(f"Parameter '{name}' must be a number.")
    return value


@router.get("", summary="List journeys")
def list_journeys(
    house: HouseOf,
    patient: Annotated[str | None, fields.wanted("Of this patient.")] = None,
    pathway: Annotated[str | None, fields.wanted("On this pathway.")] = None,
    status: Annotated[tables.JourneyStatus | None, Query(description="With this status.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Journey]:
    """Journeys in the order in which they were started."""
    with house.database.read() as session:
        rows = journeys.list_(
            session,
            patient=patient,
            pathway=pathway,
            status=status,
            after=read_instant_cursor(cursor),
            limit=limit + 1,
        )
        return page_of(rows, limit, lambda row: show(session, row), lambda row: (row.created, row.id))


@router.get("/{journey}", summary="Read a journey")
def read_journey(journey: fields.IdInPath, house: HouseOf) -> Journey:
    """The journey as the store shows it."""
    with house.database.read() as session:
        return show(session, journeys.read(session, journey))


@router.get("/{journey}/timeline", summary="Read why everything happened")
def read_timeline(
    journey: fields.IdInPath, house: HouseOf, language: LanguageOf, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Decision]:
    """Every decision of the engine in order: what started, what did not, and why."""
    after = read_numbers_cursor(cursor)
    with house.database.read() as session:
        release = _release(session, journeys.read(session, journey))
        rows = journeys.timeline(session, journey, after=after, limit=limit + 1)
    return page_of(
        rows, limit, lambda row: _decision(release, row, language), lambda row: (str(row.sequence), str(row.position))
    )


@router.post("/{journey}/events", summary="Tell of a named event")
def tell_event(
    journey: fields.IdInPath,
    given: HappenedNow,
    house: HouseOf,
    actor: PersonOrSystem,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """Something that the pathway knows by name happened outside; a name that starts none of its tracks is refused.

    A name is known as well where a condition counts how often it happened.
    """
    at = None if given.at is None else house.aware(given.at)
    if at is not None and at > house.clock() + CLOCK_SKEW:
        raise InTheFuture(hint="Tell of it when it has happened.")

    def make(session: Session, now: datetime) -> Doing:
        row = _open(session, journey)
        _check_watched(_release(session, row), given.name)
        return Doing(journey=row, event=_happened(given, at=at, now=now))

    return accepted(request, response, do(house, once, make, actor=actor))


@router.post("/{journey}/pause", summary="Pause a journey")
def pause(
    journey: fields.IdInPath, house: HouseOf, actor: Person, once: OnceOf, request: Request, response: Response
) -> Act:
    """Routine work and contact stop; safety tracks and open urgent ladders run on."""

    def event(id: str, now: datetime) -> Paused:
        return Paused(id=id, received=now, by=actor)

    return accepted(request, response, _act(house, once, journey, event, actor))


@router.post("/{journey}/resume", summary="Resume a journey")
def resume(
    journey: fields.IdInPath, house: HouseOf, actor: Person, once: OnceOf, request: Request, response: Response
) -> Act:
    """The journey goes on; what happened during the pause is decided now."""

    def event(id: str, now: datetime) -> Resumed:
        return Resumed(id=id, received=now, by=actor)

    return accepted(request, response, _act(house, once, journey, event, actor))


@router.post("/{journey}/withdraw", summary="Withdraw a patient from a pathway")
def withdraw(
    journey: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
    given: Withdrawal | None = None,
) -> Act:
    """The patient leaves the pathway and the journey ends; with a `purpose` other than care its tracks alone stop."""
    purpose = None if given is None else given.purpose

    def event(id: str, now: datetime) -> Withdrawn:
        return Withdrawn(id=id, received=now, by=actor, purpose=purpose)

    return accepted(request, response, _act(house, once, journey, event, actor))


@router.post("/{journey}/leave", summary="End a journey for another reason")
def leave(
    journey: fields.IdInPath,
    given: Leaving,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """The journey ends as transferred, lost, merged or entered in error; what stays open depends on that."""

    def event(id: str, now: datetime) -> Left:
        return Left(id=id, received=now, by=actor, reason=given.reason)

    return accepted(request, response, _act(house, once, journey, event, actor))


@router.post("/{journey}/reinstate", summary="Take the end of a journey back")
def reinstate(
    journey: fields.IdInPath, house: HouseOf, actor: Person, once: OnceOf, request: Request, response: Response
) -> Act:
    """The end was a mistake: the journey goes on from what it had cancelled. A death is withdrawn at the patient."""

    def make(session: Session, now: datetime) -> Doing:
        row = journeys.lock(session, journey) or journeys.read(session, journey)
        doing = Doing(journey=row, event=Reinstated(id=new_id(), received=now, by=actor))
        check(session, doing)
        returns.make_way(session, row, now=now)
        return doing

    return accepted(request, response, do(house, once, make, actor=actor))


@router.post("/{journey}/death", summary="Record the death of the journey's patient")
def record_death(journey: fields.IdInPath, given: Death, house: HouseOf, actor: Person) -> Died:
    """The same as recording it at the patient: every journey of theirs ends, and nothing is sent any more."""
    with house.database.read() as session:
        patient = journeys.read(session, journey).patient
    return die(house, patient, given, actor=actor)


@router.post("/{journey}/tracks/{track}/start", summary="Start a track by hand")
def start_track(
    journey: fields.IdInPath,
    track: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """Start a track of the pathway."""

    def event(id: str, now: datetime) -> TrackStarted:
        return TrackStarted(id=id, received=now, track=track, by=actor)

    return accepted(request, response, _act(house, once, journey, event, actor))


@router.post("/{journey}/tracks/{track}/stop", summary="Stop a track")
def stop_track(
    journey: fields.IdInPath,
    track: fields.IdInPath,
    house: HouseOf,
    actor: Person,
    once: OnceOf,
    request: Request,
    response: Response,
) -> Act:
    """Stop a track; what it did is undone."""

    def event(id: str, now: datetime) -> TrackStopped:
        return TrackStopped(id=id, received=now, track=track, by=actor)

    return accepted(request, response, _act(house, once, journey, event, actor))


def _act(house: House, once: Once, journey: str, event: Callable[[str, datetime], AnyEvent], actor: str) -> Act:
    def make(session: Session, now: datetime) -> Doing:
        return Doing(journey=_open(session, journey), event=event(new_id(), now))

    return do(house, once, make, actor=actor)


def _open(session: Session, journey: str) -> tables.Journey:
    """The journey, which nothing else changes in this transaction; JourneyEnded where it is over."""
    row = journeys.lock(session, journey) or journeys.read(session, journey)
    if row.status == "ended":
        raise JourneyEnded(hint="Start a new one where the patient needs it.")
    return row


def _happened(given: HappenedNow, *, at: datetime | None, now: datetime) -> Happened:
    happened = None if at is None else min(at, now)
    return Happened(id=new_id(), received=now, name=given.name, at=happened, data=dict(given.data))


def _check_watched(release: Release, name: str) -> None:
    known = {track.when.event for track in release.pathway.tracks.values() if isinstance(track.when, Named)}
    known |= release.event_windows.keys() - {VISIT_KEPT}
    if not known:
        raise Invalid("The pathway watches no named event.", hint="Start a track by hand instead.")
    if name not in known:
        near = nearest(name, known)
        meant = "" if near is None else f"Did you mean '{near}'? "
        raise Invalid(
            "The pathway watches no event of that name.", hint=f"{meant}It knows: {', '.join(sorted(known))}."
        )


def show(session: Session, row: tables.Journey, *, existing: bool = False) -> Journey:
    """The journey as callers see it."""
    state, release = journeys.state_of(row), _release(session, row)
    return Journey(
        id=row.id,
        patient=row.patient,
        pathway=row.pathway,
        title=release.pathway.title,
        release=row.release,
        episode=row.episode,
        status=row.status,
        exit=row.exit_reason,
        ended_at=row.ended_at,
        enrolled_at=row.enrolled_at,
        anchors=dict(state.anchors),
        tags=list(tags_of(release, state)),
        tentative=list(state.tentative),
        parameters={name: _own(own) for name, own in state.parameters.items()},
        started_by=row.started_by,
        created=row.created,
        sequence=row.sequence,
        demonstration=row.demonstration,
        existing=existing,
    )


def _own(own: Own) -> OwnParameter:
    value = list(own.value) if isinstance(own.value, tuple) else own.value
    return OwnParameter(value=value, by=own.by, at=own.at)


def _decision(release: Release, row: tables.Reason, language: Language) -> Decision:
    return Decision(
        sequence=row.sequence,
        position=row.position,
        at=row.at,
        code=row.code,
        said=reason_title(row.code).in_(language),
        track=row.track,
        track_title=None if row.track is None else title(release, row.track).in_(language),
        occurrence=row.occurrence,
        step=row.step,
        event=row.event,
        values=dict(row.values),
    )


def _release(session: Session, row: tables.Journey) -> Release:
    return releases.load(releases.read(session, row.release))
