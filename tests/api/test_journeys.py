"""Journeys through the API: started once, paused, ended, and every death in one place."""

import pytest

from store import audit
from tests.api.clinic import FILES, Desk, Known, person, result


async def test_a_start_is_one_start(live: Desk) -> None:
    """The same patient, pathway and episode is the journey that is open; another episode is another one."""
    await teeth(live)
    patient = (await live.post("/patients", person()))["id"]
    body = {"patient": patient, "pathway": "teeth", "episode": "36", "data": {"low": 4.5, "smokes": True}}
    first = await live.post("/journeys", body, status=201)
    again = await live.post("/journeys", body, status=200)
    assert (again["id"], again["existing"]) == (first["id"], True)
    other = await live.post("/journeys", body | {"episode": "46"}, status=201)
    assert other["id"] != first["id"]
    await live.until(f"/journeys/{first['id']}", lambda said: said["status"] == "active")


async def test_an_episode_is_named_where_the_pathway_has_one(live: Desk) -> None:
    """A second journey is never made by a word that the pathway does not know, nor one that nobody can tell apart."""
    await teeth(live)
    patient = (await live.post("/patients", person()))["id"]
    refused = await live.post("/journeys", {"patient": patient, "pathway": "teeth"}, status=422)
    assert "次别：tooth" in refused["detail"]
    await live.post("/journeys", {"patient": patient, "pathway": "clinic"}, status=201)
    refused = await live.post("/journeys", {"patient": patient, "pathway": "clinic", "episode": "2"}, status=422)
    assert "不分次别" in refused["detail"]


async def teeth(desk: Desk) -> None:
    """A pathway with a journey for each tooth."""
    text = FILES["pathway.yaml"].replace("pathway: clinic", "pathway: teeth\nepisode: tooth")
    await desk.post("/releases", {"files": FILES | {"pathway.yaml": text}}, Tongxing_Actor="lead-1")


async def test_a_start_with_the_engine_away_is_kept(desk: Desk, known: Known) -> None:
    """It is there as `starting`, and begins by itself."""
    started = await desk.post("/journeys", {"patient": known.ids["patient-3"], "pathway": "clinic"}, status=201)
    assert started["status"] == "starting"
    paused = await desk.post(f"/journeys/{started['id']}/pause", status=202)
    assert paused["state"] == "kept"


async def test_pause_and_resume(live: Desk) -> None:
    """Each is shown at once; what is already so is a conflict."""
    patient = (await live.post("/patients", person()))["id"]
    journey = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    assert (await live.post(f"/journeys/{journey}/pause", status=200))["state"] == "done"
    assert (await live.get(f"/journeys/{journey}"))["status"] == "paused"
    assert (await live.post(f"/journeys/{journey}/pause", status=409))["code"] == "conflict"
    await live.post(f"/journeys/{journey}/resume", status=200)
    await live.post(f"/journeys/{journey}/withdraw", status=200)
    ended = await live.get(f"/journeys/{journey}")
    assert (ended["status"], ended["exit"]) == ("ended", "withdrawn")


async def test_a_death_ends_every_journey(live: Desk) -> None:
    """Told at one journey, it holds for the patient: all journeys end, and no new one starts."""
    patient = (await live.post("/patients", person()))["id"]
    one = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    await teeth(live)
    two = (await live.post("/journeys", {"patient": patient, "pathway": "teeth", "episode": "36"}))["id"]
    died = await live.post(f"/journeys/{one}/death", {"at": "2026-01-05T09:00:00"}, status=200)
    assert died["died_at"] == "2026-01-05T01:00:00Z"
    assert {act["journey"] for act in died["journeys"]} == {one, two}
    for journey in (one, two):
        ended = await live.until(f"/journeys/{journey}", lambda said: said["status"] == "ended")
        assert ended["exit"] == "died"
    assert await live.post(f"/patients/{patient}/death", {"at": "2026-01-05T01:00:00Z"}, status=200)
    other = await live.post(f"/patients/{patient}/death", {"at": "2026-01-05T01:00:01Z"}, status=409)
    assert "已记录过" in other["detail"]
    refused = await live.post("/journeys", {"patient": patient, "pathway": "teeth", "episode": "46"}, status=409)
    assert "已经死亡" in refused["detail"]


async def test_a_death_on_the_wrong_patient_is_withdrawn(live: Desk) -> None:
    """Every journey that it ended goes on, and the audit says who took it back."""
    patient = (await live.post("/patients", person()))["id"]
    one = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    await live.post(f"/patients/{patient}/death", {"at": "2026-01-05T01:00:00Z"}, status=200)
    await live.until(f"/journeys/{one}", lambda said: said["status"] == "ended")
    refused = await live.post(f"/journeys/{one}/reinstate", status=409)
    assert "撤销" in refused["hint"]
    alive = await live.post(f"/patients/{patient}/death/withdraw", status=200)
    assert [act["journey"] for act in alive["journeys"]] == [one]
    back = await live.until(f"/journeys/{one}", lambda said: said["status"] == "active")
    assert (back["exit"], back["ended_at"]) == (None, None)
    assert (await live.get(f"/patients/{patient}"))["died_at"] is None
    with live.database.read() as session:
        assert next(line.action for line in audit.list_(session, subject=one)) == "reinstated"
        assert next(line.action for line in audit.list_(session, subject=patient)) == "death-withdrawn"


async def test_a_patient_who_was_lost_is_found(live: Desk) -> None:
    """The journey ends and goes on; where the patient has started anew, it does not."""
    patient = (await live.post("/patients", person()))["id"]
    one = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    await live.post(f"/journeys/{one}/leave", {"reason": "lost"}, status=200)
    assert (await live.get(f"/journeys/{one}"))["exit"] == "lost"
    await live.post(f"/journeys/{one}/reinstate", status=200)
    assert (await live.get(f"/journeys/{one}"))["status"] == "active"
    await live.post(f"/journeys/{one}/leave", {"reason": "transferred"}, status=200)
    await live.post("/journeys", {"patient": patient, "pathway": "clinic"}, status=201)
    refused = await live.post(f"/journeys/{one}/reinstate", status=409)
    assert "重新进入" in refused["detail"]


async def test_the_timeline_pages_in_order(desk: Desk, known: Known) -> None:
    """The pages together are the timeline; decisions are said in the caller's language."""
    path = f"/journeys/{known.ids['journey-1']}/timeline"
    whole = (await desk.get(path, limit=200))["items"]
    page = await desk.get(path, limit=2)
    following = await desk.get(path, limit=200, cursor=page["next"])
    assert page["items"] + following["items"] == whole
    started = next(one for one in whole if one["code"] == "started" and one["track"] == "low-glucose")
    assert (started["said"], started["track_title"]) == ("启动", "低血糖")


async def test_answers_reach_the_journey(live: Desk) -> None:
    """Answers that fit are kept, told to the journey in the background, and end the question."""
    patient = (await live.post("/patients", person()))["id"]
    journey = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    await live.post(f"/journeys/{journey}/tracks/symptoms/start", status=200)
    body = {"journey": journey, "form": "symptoms", "items": {"thirst": True}}
    taken = await live.post("/answers", body, status=202, Idempotency_Key="a-1")
    assert await live.post("/answers", body, status=202, Idempotency_Key="a-1") == taken
    await live.until(f"/acts/{taken['act']}", lambda said: said["state"] == "done")
    answers = (await live.get("/answers", patient=patient))["items"]
    assert [(one["id"], one["items"]) for one in answers] == [(taken["id"], {"thirst": True})]


async def test_answers_are_corrected_under_their_id(desk: Desk, known: Known) -> None:
    """A later version stands beside the earlier ones; the same again is the same, with other content it is refused."""
    body = known.fill({"journey": "{journey-1}", "form": "symptoms", "items": {"thirst": True}})
    given = {**body, "id": "phone-7", "at": "2026-01-05T08:30:00+08:00"}
    first = await desk.post("/answers", given, status=202)
    assert (first["id"], first["version"]) == ("phone-7", 1)
    again = await desk.post("/answers", {**given, "version": 1}, status=202)
    assert (again["id"], again["version"]) == ("phone-7", 1)
    await desk.post("/answers", {**given, "version": 1, "items": {"thirst": False}}, status=409)
    corrected = await desk.post("/answers", {**given, "items": {"thirst": False}}, status=202)
    assert corrected["version"] == 2
    withdrawn = await desk.post(
        "/answers", {"journey": body["journey"], "form": "symptoms", "id": "phone-7", "withdrawn": True}, status=202
    )
    assert withdrawn["version"] == 3
    kept = (await desk.get("/answers", patient=known.ids["patient-1"]))["items"]
    versions = {one["version"]: (one["withdrawn"], one["items"]) for one in kept if one["id"] == "phone-7"}
    assert versions == {1: (False, {"thirst": True}), 2: (False, {"thirst": False}), 3: (True, {})}
    await desk.post("/answers", {**given, "at": "2126-01-05T08:30:00+08:00", "id": "later"}, status=422)


async def test_an_event_brings_its_data(live: Desk) -> None:
    """What the event tells reaches the journey, with when it happened; what has not happened yet is refused."""
    patient = (await live.post("/patients", person()))["id"]
    start = {"patient": patient, "pathway": "clinic", "data": {"resident": True, "smokes": True}}
    journey = (await live.post("/journeys", start))["id"]
    told = {"name": "admitted", "at": "2026-01-05T08:30:00+08:00", "data": {"height": 2.0, "place": "hall"}}
    await live.post(f"/journeys/{journey}/events", told, status=200)
    shown = await live.get(f"/journeys/{journey}")
    assert shown["tags"] == ["resident"]
    await live.post(f"/journeys/{journey}/events", {**told, "at": "2126-01-05T08:30:00+08:00"}, status=422)


async def test_a_visit_that_was_kept_is_closed(live: Desk) -> None:
    """What the hospital says of a visit decides what becomes of it."""
    patient = (await live.post("/patients", person()))["id"]
    journey = (await live.post("/journeys", {"patient": patient, "pathway": "clinic"}))["id"]
    visits = await live.until("/visits", lambda said: said["items"], journey=journey)
    visit = visits["items"][0]["id"]
    assert (await live.post(f"/visits/{visit}/report", {"state": "kept"}, status=200))["state"] == "done"
    shown = await live.get(f"/visits/{visit}")
    assert (shown["reported"], shown["end"]) == ("kept", "done")
    assert (await live.get("/visits", journey=journey, open=True))["items"] == []
    assert (await live.post(f"/visits/{visit}/report", {"state": "missed"}, status=404))["code"] == "not-found"


async def test_a_result_of_a_patient_on_no_pathway_is_stored(desk: Desk, known: Known) -> None:
    """Nothing is dropped: it waits for a pathway that asks for it."""
    taken = await desk.post("/observations", result(known.ids["patient-child"], "S-1"), status=202)
    assert taken["state"] == "stored"


@pytest.mark.parametrize(
    ("pathway", "name", "hint"),
    [
        ("clinic", "admited", "Did you mean 'admitted'? It knows: admitted."),
        ("clinic", "surgery-booked", "It knows: admitted."),
        ("other", "admitted", "Start a track by hand instead."),
    ],
)
async def test_an_event_that_nothing_watches_is_refused(
    desk: Desk, known: Known, pathway: str, name: str, hint: str
) -> None:
    """The names that the pathway knows are told, the nearest one first."""
    anchors = {"birth": "2026-01-01"} if pathway == "other" else {}
    start = {"patient": known.ids["patient-3"], "pathway": pathway, "anchors": anchors}
    journey = (await desk.post("/journeys", start))["id"]
    refused = await desk.post(f"/journeys/{journey}/events", {"name": name}, status=422, Accept_Language="en")
    assert refused["hint"] == hint
