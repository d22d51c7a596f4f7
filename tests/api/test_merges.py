"""Merges over HTTP, down to the journeys: one goes on for both, the other ends as merged, and all of it goes back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from activities.clock import utc_now
from api.intake import Arrived, Intake
from api.mapping import SiteMapping
from store import audit, merges, observations
from store.database import Database
from store.facts import Policy
from tests.api.clinic import GLUCOSE, Desk, Known, person, result
from tests.api.told import NOW, measured
from tests.store import builders


async def _on_the_pathway(desk: Desk, number: str, value: float) -> dict[str, str]:
    """A patient on the pathway with a low result, whose call is open."""
    patient = (await desk.post("/patients", person(number, name=f"病人{number}")))["id"]
    journey = (await desk.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    task = await desk.call_task(patient, f"R-{number}", value)
    return {"patient": patient, "journey": journey, "task": task["id"]}


async def _status(desk: Desk, journey: str, status: str) -> Any:
    return await desk.until(f"/journeys/{journey}", lambda said: said["status"] == status)


async def _open_calls(desk: Desk, patient: str, count: int) -> list[Any]:
    def are_so_many(said: Any) -> bool:
        return len([one for one in said["items"] if one["name"] == "call-patient"]) == count

    page = await desk.until("/tasks", are_so_many, patient=patient, status="open")
    return [one for one in page["items"] if one["name"] == "call-patient"]


async def test_one_journey_goes_on_for_both_and_the_other_comes_back(live: Desk) -> None:
    """Its end and its return are the engine's; the open call is on the survivor's list in between."""
    one, other = await _on_the_pathway(live, "P-1", 2.8), await _on_the_pathway(live, "P-2", 3.2)
    pair = {"survivor": one["patient"], "retired": other["patient"]}
    merge = await live.post("/merges", pair)
    ended = await _status(live, other["journey"], "ended")
    assert (ended["exit"], ended["patient"]) == ("merged", one["patient"])
    assert (await _status(live, one["journey"], "active"))["patient"] == one["patient"]
    calls = await _open_calls(live, one["patient"], 3)
    # The survivor's journey hears of the other's low value too, and its call is one more.
    assert {one["task"], other["task"]} < {call["id"] for call in calls}
    assert (await live.get("/tasks", patient=other["patient"]))["items"] == []

    undone = await live.post(f"/merges/{merge['id']}/undo", Tongxing_Actor="nurse-2")
    assert (undone["undone_by"], undone["id"]) == ("nurse-2", merge["id"])
    back = await _status(live, other["journey"], "active")
    assert (back["patient"], back["exit"]) == (other["patient"], None)
    # What the other's value had caused with the survivor is taken back: nobody had begun it.
    assert [call["id"] for call in await _open_calls(live, one["patient"], 1)] == [one["task"]]
    assert [call["id"] for call in await _open_calls(live, other["patient"], 1)] == [other["task"]]
    timeline = (await live.get(f"/journeys/{other['journey']}/timeline", limit=200))["items"]
    assert {"ended", "reinstated"} <= {line["code"] for line in timeline}


async def test_what_comes_for_either_goes_to_the_survivor_and_afterwards_to_its_own(live: Desk) -> None:
    """By the identifiers of the other, and by the id here that it had."""
    one, other = await _on_the_pathway(live, "P-1", 2.8), await _on_the_pathway(live, "P-2", 3.2)
    merge = await live.post("/merges", {"survivor": one["patient"], "retired": other["patient"]})
    taken = await live.post("/observations", result(other["patient"], "R-9", value=5.0))
    assert (await live.get(f"/observations/{taken['id']}"))["patient"] == one["patient"]
    known = await live.post("/patients", person("P-2"))
    assert (known["id"], known["existing"]) == (one["patient"], True)
    await live.post(f"/merges/{merge['id']}/undo")
    assert (await live.post("/patients", person("P-2")))["id"] == other["patient"]
    taken = await live.post("/observations", result(other["patient"], "R-10", value=5.1))
    assert (await live.get(f"/observations/{taken['id']}"))["patient"] == other["patient"]


async def test_the_same_merge_is_done_once(desk: Desk, known: Known) -> None:
    """Sent again with its key, and also without one."""
    pair = {"survivor": known.ids["patient-1"], "retired": known.ids["patient-2"]}
    first = await desk.post("/merges", pair, Idempotency_Key="m-1")
    assert await desk.post("/merges", pair, Idempotency_Key="m-1") == first
    assert (await desk.post("/merges", pair))["id"] == first["id"]
    listed = (await desk.get("/merges", patient=known.ids["patient-2"]))["items"]
    assert [one["id"] for one in listed] == [first["id"]]
    with desk.database.read() as session:
        assert [line.actor for line in audit.list_(session, subject=first["id"])] == ["nurse-1"]


async def test_a_merge_is_undone_once(desk: Desk, known: Known) -> None:
    """A second undoing is refused, and so is one whose survivor went on into another record."""
    undone = await desk.post(f"/merges/{known.ids['merge']}/undo")
    assert undone["undone_by"] == "nurse-1"
    assert (await desk.post(f"/merges/{known.ids['merge']}/undo", status=409))["code"] == "conflict"


async def test_what_is_urgent_is_seen_with_the_engine_away(desk: Desk, known: Known) -> None:
    """The low value of the one is an urgent task of the other's journey before any engine has looked."""
    one = (await desk.post("/patients", person("P-77")))["id"]
    sent = await desk.post("/observations", result(one, "R-77", value=2.2))
    assert sent["state"] == "stored"
    before = {task["id"] for task in (await desk.get("/tasks", patient=known.ids["patient-1"]))["items"]}
    await desk.post("/merges", {"survivor": known.ids["patient-1"], "retired": one})
    tasks = (await desk.get("/tasks", patient=known.ids["patient-1"]))["items"]
    (call,) = [task for task in tasks if task["id"] not in before]
    assert (call["name"], call["urgent"]) == ("call-patient", True)
    assert (await desk.get("/observations", patient=known.ids["patient-1"], code=GLUCOSE))["items"]


async def test_undone_with_the_engine_away_the_tasks_are_their_own_again(desk: Desk, known: Known) -> None:
    """Before any journey has heard of the merge or of its undoing."""
    first, second, task = (known.ids[name] for name in ("patient-1", "patient-2", "task-open"))
    merge = await desk.post("/merges", {"survivor": first, "retired": second})
    assert (await desk.get(f"/tasks/{task}"))["patient"] == first
    await desk.post(f"/merges/{merge['id']}/undo")
    shown = await desk.get(f"/tasks/{task}")
    assert (shown["patient"], shown["status"]) == (second, "open")
    journeys = (await desk.get("/journeys", patient=second))["items"]
    assert [(one["id"], one["status"]) for one in journeys] == [(known.ids["journey-2"], "paused")]


def test_a_result_that_comes_during_a_merge_is_the_survivors(database: Database) -> None:
    """It waits for the merge and is filed where the record went, not where it was when the message came."""
    with database.write() as session:
        first, second = builders.patient(session).id, builders.patient(session, "2").id
    merged, coming = Event(), Event()
    intake = Intake(
        database=database,
        policy=Policy(),
        mapping=SiteMapping,
        prompt=lambda: None,
        clock=utc_now,
        zone="Asia/Shanghai",
    )

    def merge() -> None:
        with database.write() as session:
            merges.merge(session, survivor=first, retired=second, by="nurse-1", now=NOW)
            merged.set()
            assert coming.wait(20)

    def take() -> str | None:
        assert merged.wait(20)
        coming.set()
        with database.write() as session:
            told = measured("R-1", 5.0, number="2", system="hospital", coded=True)
            arrived = Arrived(channel="hl7", sender="lis", message="ORU^R01", body=b"x", control="1")
            (outcome,) = intake.take(session, arrived, [told], answer="AA", now=NOW).outcomes
            assert outcome.id is not None
            return observations.read(session, outcome.id).patient

    with ThreadPoolExecutor(2) as threads:
        merging, taking = threads.submit(merge), threads.submit(take)
        merging.result(30)
        assert taking.result(30) == first
