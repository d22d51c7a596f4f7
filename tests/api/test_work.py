"""People work on tasks: priority, versions, hand-over, late entry, and what the journey has the last word on."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from activities.clock import utc_now
from tests.api.clinic import NURSE, Desk, Known, person

OTHER_NURSE = {"Tongxing-Actor": "nurse-2"}


async def started(live: Desk, number: str = "P-1") -> str:
    patient = await live.post("/patients", person(number))
    await live.post("/journeys", {"patient": patient["id"], "pathway": "clinic"})
    return patient["id"]


async def test_a_task_goes_from_hand_to_hand(live: Desk) -> None:
    """Claimed, handed over, given back: the store shows each at once, and the ETag is a new one each time."""
    task = (await live.call_task(await started(live), "R-1"))["id"]
    claimed = await live.http.post(f"/api/v1/tasks/{task}/claim", headers=NURSE)
    tag = claimed.headers["ETag"]
    handed = await live.http.post(
        f"/api/v1/tasks/{task}/hand-over", json={"to": "nurse-2"}, headers=NURSE | {"If-Match": tag}
    )
    assert (handed.status_code, handed.json()["holder"]) == (200, "nurse-2")
    late = await live.http.post(f"/api/v1/tasks/{task}/release", headers=OTHER_NURSE | {"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")
    tag = (await live.http.get(f"/api/v1/tasks/{task}")).headers["ETag"]
    back = await live.http.post(f"/api/v1/tasks/{task}/release", headers=OTHER_NURSE | {"If-Match": tag})
    assert (back.json()["status"], back.json()["holder"]) == ("open", None)


async def test_a_task_done_earlier_is_entered_with_its_real_time(live: Desk) -> None:
    """A late entry keeps when it was really done, beside when it was told."""
    task = (await live.call_task(await started(live), "R-1"))["id"]
    at = (utc_now() - timedelta(hours=3)).replace(microsecond=0)
    done = await live.post(f"/tasks/{task}/complete", {"outcome": "unreachable", "at": at.isoformat()}, status=200)
    assert done["done_at"] == at.isoformat().replace("+00:00", "Z")
    assert done["closed_at"] > done["done_at"]


async def test_of_two_who_complete_at_once_one_is_told(live: Desk) -> None:
    """One completion holds with what its nurse wrote; the other is a conflict."""
    task = (await live.call_task(await started(live), "R-1"))["id"]

    async def sent(actor: dict[str, str], note: str) -> httpx.Response:
        body = {"outcome": "unreachable", "note": note}
        return await live.http.post(f"/api/v1/tasks/{task}/complete", json=body, headers=actor)

    answers = await asyncio.gather(sent(NURSE, "one"), sent(OTHER_NURSE, "two"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    shown = await live.get(f"/tasks/{task}")
    assert shown["completed_by"] == won["completed_by"]
    assert shown["report"]["note"] == {"nurse-1": "one", "nurse-2": "two"}[won["completed_by"]]


async def test_a_completion_that_is_sent_again_is_answered_again(live: Desk) -> None:
    """A lost answer costs nothing: the same key is not a second completion."""
    task = (await live.call_task(await started(live), "R-1"))["id"]
    body = {"outcome": "unreachable"}
    first = await live.post(f"/tasks/{task}/complete", body, status=200, Idempotency_Key="k-1")
    again = await live.post(f"/tasks/{task}/complete", body, status=200, Idempotency_Key="k-1")
    assert again == first
    other = await live.post(f"/tasks/{task}/complete", {"outcome": "reached"}, status=422, Idempotency_Key="k-1")
    assert other["code"] == "key-reused"


async def test_the_list_is_in_clinical_priority_and_pages(live: Desk) -> None:
    """Urgent ones first, then by due time; the pages together are the list, each task once."""
    patient = await started(live)
    journey = (await live.get("/journeys", patient=patient))["items"][0]["id"]
    await live.post(f"/journeys/{journey}/events", {"name": "admitted"}, status=200)
    for number in range(3):
        await live.post("/observations", _low(patient, f"R-{number}"))
    await live.until("/tasks", lambda said: len(said["items"]) == 4, patient=patient)
    whole = [one["id"] for one in (await live.get("/tasks", role="diabetes-nurse"))["items"]]
    names = [one["name"] for one in (await live.get("/tasks", role="diabetes-nurse"))["items"]]
    assert names == ["call-patient", "call-patient", "call-patient", "admission-note"]
    paged: list[str] = []
    query: dict[str, Any] = {"role": "diabetes-nurse", "limit": 3}
    while True:
        page = await live.get("/tasks", **query)
        paged += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert paged == whole
    assert (await live.get("/tasks", role="head-nurse"))["items"] == []
    assert len((await live.get("/tasks", department="ward"))["items"]) == 4
    assert (await live.get("/tasks", overdue=True))["items"] == []


async def test_without_the_engine_a_completion_is_kept_with_its_time(desk: Desk, known: Known) -> None:
    """202 with where to look; the task shows what waits, and a second completion is told that it is done."""
    task = known.ids["task-open"]
    answer = await desk.http.post(f"/api/v1/tasks/{task}/complete", json={"outcome": "unreachable"}, headers=NURSE)
    act = answer.json()
    assert (answer.status_code, act["state"], act["what"]) == (202, "kept", "task-completed")
    assert answer.headers["Location"] == f"/api/v1/acts/{act['id']}"
    assert (await desk.get(f"/acts/{act['id']}"))["state"] == "kept"
    shown = await desk.get(f"/tasks/{task}")
    assert (shown["status"], shown["pending"]) == ("open", ["task-completed"])
    again = await desk.post(f"/tasks/{task}/complete", {"outcome": "reached"}, status=409)
    assert again["code"] == "task-closed"


def _low(patient: str, id: str) -> dict[str, Any]:
    return {
        "patient": patient,
        "code": "14771-0",
        "value": 2.8,
        "unit": "mmol/L",
        "effective": utc_now().isoformat(),
        "source": {"system": "lis", "id": id},
    }
