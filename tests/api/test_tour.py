"""A result opens a task; a nurse claims and completes it; the timeline says why."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from settings import Settings
from store.database import Database
from tests.api.clinic import NURSE, Desk, open_desk, person, seed, working


@pytest.fixture
async def live(database: Database, settings: Settings, client: Client) -> AsyncIterator[Desk]:
    """The API with a real engine, once on each database."""
    async with working(client, database, settings), open_desk(database, settings, client) as desk:
        await seed(desk)
        yield desk


async def test_a_low_result_becomes_a_call(live: Desk) -> None:
    """From the laboratory to the nurse's outcome, and every answer says where it stands."""
    patient = await live.post("/patients", person(), status=201)
    journey = await live.post("/journeys", {"patient": patient["id"], "pathway": "clinic"}, status=201)
    task = await live.call_task(patient["id"], "R-1")
    assert task["title"] == {"zh": "致电患者", "en": "Call the patient"}
    assert task["urgent"]
    assert task["values"]["glucose"] == 2.8

    claimed = await live.post(f"/tasks/{task['id']}/claim", status=200)
    assert (claimed["status"], claimed["holder"]) == ("held", "nurse-1")
    done = await live.post(
        f"/tasks/{task['id']}/complete", {"outcome": "reached", "answers": {"condition": "well"}}, status=200
    )
    assert (done["status"], done["outcome"], done["completed_by"]) == ("closed", "reached", "nurse-1")
    assert done["report"] == {"answers": {"condition": "well"}, "note": None}
    assert [line["what"] for line in done["history"]] == ["opened", "held", "closed"]

    timeline = await live.http.get(f"/api/v1/journeys/{journey['id']}/timeline", headers={"Accept-Language": "en"})
    started = [one for one in timeline.json()["items"] if one["track"] == "low-glucose" and one["code"] == "started"]
    assert started[0]["track_title"] == "Low glucose"
    again = await live.http.post(f"/api/v1/tasks/{task['id']}/complete", json={"outcome": "reached"}, headers=NURSE)
    assert (again.status_code, again.json()["code"]) == (409, "task-closed")
