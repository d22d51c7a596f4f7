"""The HTTP side: composed here, started by `tongxing api`."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from activities.clock import utc_now
from api import errors, operations
from api.access import AccessLog
from api.engine import ClientProvider, EngineLink
from api.entrance import Entrance
from api.fhir import routes as fhir
from api.house import House, Site
from api.intake import Intake
from api.mapping import SiteMapping
from api.mapping_reading import DEFAULT
from api.metrics import Metrics
from api.openapi import describe
from api.pages import quarantine as quarantine_page
from api.pages import record as record_page
from api.pages import reference, worklist
from api.rest import (
    acts,
    alarms,
    anchors,
    answers,
    events,
    journeys,
    merges,
    messages,
    observations,
    patients,
    quarantine,
    record,
    releases,
    staff,
    standing,
    tasks,
    transmissions,
    visits,
)
from pathways.language.schedule import QuietHours
from store.database import Database
from store.facts import Policy

MOST_BYTES = 4_000_000
"""Of a request."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine; a page from elsewhere that had its name point here is refused."""

_TAGS = [
    {"name": "patients", "description": "Who they are, how to reach them, what they agreed to."},
    {"name": "staff", "description": "People, departments, roles and duty."},
    {"name": "journeys", "description": "A patient on a pathway."},
    {"name": "tasks", "description": "Work for people."},
    {"name": "observations", "description": "Results."},
    {"name": "record", "description": "Visits, conditions, medications, allergies, results and lifestyle."},
    {"name": "merges", "description": "Records that are one person's."},
    {"name": "transmissions", "description": "Messages of other systems, as they came."},
    {"name": "quarantine", "description": "What was not understood."},
    {"name": "answers", "description": "Answers to forms."},
    {"name": "visits", "description": "Planned visits and what became of them."},
    {"name": "messages", "description": "What patients and staff are told."},
    {"name": "alarms", "description": "What an operator must look at."},
    {"name": "releases", "description": "Published versions of pathways."},
    {"name": "acts", "description": "What became of a 202."},
    {"name": "operations", "description": "For operators and supervisors."},
]


def policy_of(settings: Site) -> Policy:
    """What the site has settled for contact."""
    return Policy(
        zone=settings.zone,
        quiet=QuietHours(start=settings.quiet_hours_start, end=settings.quiet_hours_end),
        contacts_a_day=settings.contacts_per_day,
        contacts_a_week=settings.contacts_per_week,
    )


def create_app(
    settings: Site,
    *,
    database: Database,
    client_provider: ClientProvider,
    clock: Callable[[], datetime] = utc_now,
    mapping: Callable[[], SiteMapping] = lambda: DEFAULT,
) -> FastAPI:
    """Build the app over a store that may be away and an engine that is connected to in the background.

    The caller opens and closes the database; `client_provider` is asked again until it gives a client, and `mapping`
    with every message.
    """
    policy = policy_of(settings)
    engine = EngineLink(
        client_provider,
        database,
        task_queue=settings.task_queue,
        policy=policy,
        history_length=settings.history_length,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        running = asyncio.create_task(engine.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    app = FastAPI(
        title="Tongxing 同行",
        version="1",
        description="Care pathways: patients, journeys, tasks, results. Errors are problem documents (RFC 9457).",
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    metrics = Metrics()
    app.state.house = House(
        settings=settings,
        database=database,
        engine=engine,
        policy=policy,
        metrics=metrics,
        clock=clock,
        mapping=mapping,
        intake=Intake(
            database=database, policy=policy, mapping=mapping, prompt=engine.prompt, clock=clock, zone=settings.zone
        ),
    )
    for module in (
        patients,
        events,
        standing,
        staff,
        journeys,
        anchors,
        tasks,
        observations,
        record,
        merges,
        transmissions,
        quarantine,
        answers,
        visits,
        messages,
        alarms,
        releases,
        acts,
    ):
        app.include_router(module.router)
    app.include_router(fhir.router)
    app.include_router(operations.router)
    app.include_router(worklist.router)
    app.include_router(record_page.router)
    app.include_router(quarantine_page.router)
    app.include_router(reference.router)
    app.mount("/static", StaticFiles(directory=Path(str(files("api"))) / "static"), name="static")
    errors.install(app)
    app.add_middleware(Entrance, hosts=LOOPBACK, most_bytes=MOST_BYTES)
    app.add_middleware(AccessLog, metrics=metrics)
    app.openapi = lambda: describe(app)
    return app
