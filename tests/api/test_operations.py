"""What an operator asks: live, ready and metrics; and an engine that comes later."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from api.app import create_app
from pathways.errors import EngineUnavailable
from settings import Settings
from store.database import Database, open_database
from tests.api.clinic import BASE, Desk, open_desk, person, seed, working
from tests.temporal_fixtures import running_dev_server
from workflows.acts import PATIENCE
from workflows.client import connect
from workflows.keyring import StaticKeyring


@pytest.fixture
def empty(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A store with nobody in it."""
    shutil.copyfile(migrated_sqlite, tmp_path / "empty.sqlite")
    database = open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    yield database
    database.close()


async def test_ready_says_what_is_missing(empty: Database, settings: Settings, client: Client) -> None:
    """Without a worker journeys stand still, so it is not ready; with one it is."""
    async with open_desk(empty, settings, client) as desk:
        answer = await _settled(desk, ["workers"])
        assert answer.status_code == 503
        async with working(client, empty, settings):
            assert (await _settled(desk, [])).status_code == 200


async def test_a_store_without_its_schema_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    """It is told apart from a store that is away."""
    database = open_database(f"sqlite:///{tmp_path / 'bare.sqlite'}")
    async with open_desk(database, settings) as desk:
        assert (await desk.http.get("/ready")).json()["missing"] == ["schema", "engine"]
    database.close()


async def test_metrics_count_what_waits(desk: Desk) -> None:
    """Open work, quarantine and alarms are figures."""
    text = (await desk.http.get("/metrics")).text
    for line in ("tongxing_tasks_open 4.0", "tongxing_tasks_urgent 2.0", "tongxing_quarantine_held 1.0"):
        assert line in text
    assert "tongxing_alarms_open 1.0" in text
    assert "tongxing_journeys_overdue 0.0" in text
    assert 'tongxing_http_requests_total{method="GET",route="/metrics"' in (await desk.http.get("/metrics")).text


async def test_what_was_kept_is_done_when_the_engine_comes(empty: Database, settings: Settings, client: Client) -> None:
    """The API starts without Temporal, keeps what people do, and hands it over later; what is refused then is told."""
    there = asyncio.Event()

    async def provide() -> Client:
        if not there.is_set():
            raise EngineUnavailable
        return client

    app = create_app(settings, database=empty, client_provider=provide)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=BASE) as http,
        working(client, empty, settings),
    ):
        desk = Desk(http=http, database=empty, app=app)
        await seed(desk)
        patient = (await desk.post("/patients", person()))["id"]
        journey = (await desk.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
        act = await desk.post(f"/journeys/{journey}/pause", status=202)
        again = await desk.post(f"/journeys/{journey}/pause", status=202, Idempotency_Key="again")
        there.set()
        await desk.until(f"/acts/{act['id']}", lambda said: said["state"] == "done")
        refused = await desk.until(f"/acts/{again['id']}", lambda said: said["state"] != "kept")
        assert (refused["state"], refused["code"]) == ("refused", "already-paused")
        await desk.post(f"/journeys/{journey}/pause", status=409, Idempotency_Key="again")
        assert (await desk.get(f"/journeys/{journey}"))["status"] == "paused"


async def test_nobody_waits_for_an_engine_that_is_known_to_be_away(
    empty: Database, settings: Settings, keyring: StaticKeyring, tmp_path: Path
) -> None:
    """Once it is known, acts are kept at once; when Temporal is back they are done again."""
    with running_dev_server(tmp_path) as server:
        client = await connect(server.address, server.namespace, keyring, within=timedelta(seconds=60))
    async with open_desk(empty, settings, client) as desk:
        await seed(desk)
        patient = (await desk.post("/patients", person()))["id"]
        journey = (await desk.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
        await _settled(desk, ["engine"])
        await desk.post(f"/journeys/{journey}/pause", status=202)
        began = time.monotonic()
        for _ in range(10):
            await desk.post(f"/journeys/{journey}/events", {"name": "admitted"}, status=202)
        assert time.monotonic() - began < PATIENCE.total_seconds()
        with running_dev_server(tmp_path, port=int(server.address.rpartition(":")[2])):
            async with working(client, empty, settings):
                await _settled(desk, [])
                await desk.until(f"/journeys/{journey}", lambda said: said["status"] == "paused")
                await _done_at_once(desk, journey)


async def _done_at_once(desk: Desk, journey: str) -> None:
    deadline = time.monotonic() + 20
    while (await desk.post(f"/journeys/{journey}/tracks/symptoms/start"))["state"] != "done":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def _settled(desk: Desk, missing: list[str]) -> httpx.Response:
    deadline = time.monotonic() + 20
    while (answer := await desk.http.get("/ready")).json()["missing"] != missing:
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.02)
    return answer
