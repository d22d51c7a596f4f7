"""Dates and thresholds of one patient through the API: previewed, set, refused."""

from typing import Any

from tests.api.clinic import FILES, Desk, Known, person

TRACK = """
  wound:
    when: {at: surgery + 3 days, time: "09:00"}
    steps: [{task: wound-call, role: diabetes-nurse, due: 1 working day, ladder: routine}]
"""


async def journey(desk: Desk) -> str:
    """A journey on a pathway with a track that counts from an anchor."""
    text = (
        FILES["pathway.yaml"].replace("pathway: clinic", "pathway: wounds").replace("\ntracks:\n", f"\ntracks:{TRACK}")
    )
    await desk.post("/releases", {"files": FILES | {"pathway.yaml": text}}, Tongxing_Actor="lead-1")
    patient = (await desk.post("/patients", person()))["id"]
    started = await desk.post("/journeys", {"patient": patient, "pathway": "wounds"}, status=201)
    await desk.until(f"/journeys/{started['id']}", lambda said: said["status"] == "active")
    return str(started["id"])


async def put(desk: Desk, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await desk.http.put(f"/api/v1{path}", json=body, headers={"Tongxing-Actor": "nurse-1"})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_an_anchor_is_previewed_then_set(live: Desk) -> None:
    """The preview tells what would move and changes nothing; the journey then shows the date, and that it is a plan."""
    one = await journey(live)
    body = {"at": "2126-02-10T00:00:00+08:00"}
    seen = await live.post(f"/journeys/{one}/anchors/surgery/preview", body, status=200)
    line = {"track": "wound", "occurrence": "1", "before": None, "after": "2126-02-13T01:00:00Z"}
    assert seen == {"moved": [line], "cancelled": [], "already_done": [], "overdue": []}
    assert "surgery" not in (await live.get(f"/journeys/{one}"))["anchors"]
    assert (await put(live, f"/journeys/{one}/anchors/surgery", body))["state"] == "done"
    shown = await live.get(f"/journeys/{one}")
    assert (shown["anchors"]["surgery"], shown["tentative"]) == ("2126-02-09T16:00:00Z", [])
    seen = await live.post(f"/journeys/{one}/anchors/surgery/preview", {"at": None}, status=200)
    assert [moved["before"] for moved in seen["cancelled"]] == ["2126-02-13T01:00:00Z"]
    await put(live, f"/journeys/{one}/anchors/surgery", body | {"tentative": True})
    assert (await live.get(f"/journeys/{one}"))["tentative"] == ["surgery"]


async def test_a_patient_has_a_parameter_of_their_own(live: Desk) -> None:
    """Who set it is shown; `null` goes back to the pathway's."""
    one = await journey(live)
    await put(live, f"/journeys/{one}/parameters/low", {"value": 4.5})
    own = (await live.get(f"/journeys/{one}"))["parameters"]["low"]
    assert (own["value"], own["by"]) == (4.5, "nurse-1")
    await put(live, f"/journeys/{one}/parameters/low", {"value": None})
    assert (await live.get(f"/journeys/{one}"))["parameters"] == {}


async def test_what_cannot_be_set_is_refused(desk: Desk, known: Known) -> None:
    """An unknown name, a date that cannot be, a value out of its range: nothing changes, and the problem says why."""
    one = f"/journeys/{known.ids['journey-1']}"
    for path, body, status, said in (
        ("/anchors/strange", {"at": None}, 404, "锚点"),
        ("/anchors/enrolled", {"at": None}, 409, "入径日期"),
        ("/anchors/surgery", {"at": "1900-01-01T00:00:00+08:00"}, 422, "出生"),
        ("/anchors/surgery", {}, 422, ""),
        ("/parameters/strange", {"value": 1.0}, 404, "参数"),
        ("/parameters/low", {"value": 9.0}, 422, "3.5"),
        ("/parameters/low", {"value": ["08:00"]}, 422, "3.5"),
        ("/parameters/low", {"value": True}, 422, ""),
    ):
        refused = await put(desk, one + path, body, status)
        assert said in refused["detail"]
    refused = await desk.post(f"{one}/anchors/strange/preview", {"at": None}, status=404)
    assert "锚点" in refused["detail"]
