"""What an operator and a supervisor ask: does it live, is it ready, how does it fare."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.house import House, HouseOf
from pathways.errors import TongxingError
from store import alarms, overdue, quarantine, tasks

router = APIRouter(tags=["operations"])


class Live(BaseModel):
    """The process answers."""

    live: bool = True


class Ready(BaseModel):
    """Whether everything that a journey needs is there."""

    model_config = ConfigDict(json_schema_extra={"example": {"ready": False, "missing": ["workers"]}})

    ready: bool
    missing: list[str] = Field(
        description="`store`: the database is away; `schema`: run `tongxing up` or migrate; `engine`: Temporal is away;"
        " `workers`: no worker listens."
    )


@router.get("/live", summary="Does the process live?")
def live() -> Live:
    """Answers for as long as the process does."""
    return Live()


@router.get(
    "/ready",
    summary="Is everything there?",
    responses={503: {"model": Ready, "description": "Something is missing; `missing` says what."}},
)
async def ready(house: HouseOf, response: Response) -> Ready:
    """Whether the store, its schema, the engine and a worker are there; 503 where something is missing."""
    store = await run_in_threadpool(_store_missing, house)
    engine = await house.engine.missing()
    missing = [part for part in (store, engine) if part is not None]
    response.status_code = 503 if missing else 200
    return Ready(ready=not missing, missing=missing)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(house: HouseOf) -> Response:
    """Requests, open work and what waits for an operator."""
    _look(house)
    return Response(generate_latest(house.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _store_missing(house: House) -> str | None:
    try:
        return None if house.database.schema_current() else "schema"
    except TongxingError:
        return "store"


def _look(house: House) -> None:
    """Read what the store alone knows; the last figures stay while it is away."""
    figures = house.metrics
    try:
        with house.database.read() as session:
            now = house.clock()
            counted = tasks.counts(session, tasks.Filter(), at=now)
            figures.tasks_open.set(counted.open)
            figures.tasks_urgent.set(counted.urgent)
            figures.tasks_overdue.set(counted.overdue)
            figures.journeys_overdue.set(overdue.count(session, at=now))
            figures.quarantine_held.set(quarantine.count(session))
            figures.alarms_open.set(alarms.count(session))
            figures.store_up.set(1)
    except TongxingError:
        figures.store_up.set(0)
