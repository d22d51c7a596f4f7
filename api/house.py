"""What every route reaches: settings, store, engine and clock; and who acts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Protocol

from fastapi import Depends, Header, Request

from api.engine import EngineLink
from api.errors import NobodyActs, StaffUnknown
from api.intake import Intake
from api.languages import Language, language_of
from api.mapping import SiteMapping
from api.metrics import Metrics
from pathways.errors import NotFound
from pathways.language.schedule import zone_named
from store import people
from store.database import Database, Session
from store.facts import Policy

SYSTEM = "system"
"""Who acts where a client program says nobody."""


class Site(Protocol):
    """The settings that the HTTP side needs; a composition root reads them."""

    @property
    def zone(self) -> str:
        """IANA time zone of the hospital."""
        ...

    @property
    def task_queue(self) -> str:
        """Where the workers listen."""
        ...

    @property
    def history_length(self) -> int:
        """Events after which a journey continues as a new run."""
        ...

    @property
    def projection_wait_seconds(self) -> float:
        """How long an answer waits for the store to show a change."""
        ...

    @property
    def quiet_hours_start(self) -> time:
        """When quiet hours begin."""
        ...

    @property
    def quiet_hours_end(self) -> time:
        """When they end."""
        ...

    @property
    def contacts_per_day(self) -> int:
        """Routine messages to a patient in a day, at most."""
        ...

    @property
    def contacts_per_week(self) -> int:
        """Routine messages in a week, at most."""
        ...


@dataclass(frozen=True, kw_only=True)
class House:
    """What the routes work with."""

    settings: Site
    database: Database
    engine: EngineLink
    policy: Policy
    metrics: Metrics
    clock: Callable[[], datetime]
    mapping: Callable[[], SiteMapping]
    intake: Intake

    def aware(self, instant: datetime) -> datetime:
        """The instant in UTC; one without a zone is read in the hospital's."""
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=zone_named(self.settings.zone))
        return instant.astimezone(UTC)


def house_of(request: Request) -> House:
    """The house that `create_app` gave to the app."""
    return request.app.state.house


HouseOf = Annotated[House, Depends(house_of)]
LanguageOf = Annotated[Language, Depends(language_of)]

_Told = Annotated[
    str | None,
    Header(
        alias="Tongxing-Actor",
        max_length=64,
        description="Id of the member of staff who acts.",
        examples=["nurse-li"],
    ),
]


def person(house: HouseOf, tongxing_actor: _Told = None) -> str:
    """Who acts; needed.

    Raises:
        NobodyActs: the header is missing.
        StaffUnknown: no such person works here.
    """
    if tongxing_actor is None or not tongxing_actor.strip():
        raise NobodyActs(hint="Give your staff id in the header Tongxing-Actor.")
    with house.database.read() as session:
        check_staff(session, tongxing_actor)
    return tongxing_actor


def person_or_system(house: HouseOf, tongxing_actor: _Told = None) -> str:
    """Who acts; a program that says nobody acts as the system itself."""
    return SYSTEM if tongxing_actor is None else person(house, tongxing_actor)


def check_staff(session: Session, id: str) -> None:
    """StaffUnknown where no such person works here."""
    try:
        active = id.isprintable() and people.read_staff(session, id).active
    except NotFound:
        active = False
    if not active:
        raise StaffUnknown(hint="GET /api/v1/staff lists who does.")


Person = Annotated[str, Depends(person)]
PersonOrSystem = Annotated[str, Depends(person_or_system)]
