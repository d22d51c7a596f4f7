"""Patients and results: the same one told twice is one, and what is not understood is seen."""

from typing import Any

from tests.api.clinic import NAME, PHONE, Desk, Known, person, result


async def test_a_known_identifier_gives_the_patient_who_has_it(desk: Desk, known: Known) -> None:
    """200 with the patient unchanged, and saying so."""
    again = await desk.post("/patients", person("P-1", name="别人"), status=200)
    assert (again["id"], again["name"], again["existing"]) == (known.ids["patient-1"], NAME, True)


async def test_a_creation_is_done_once_a_key(desk: Desk) -> None:
    """The same key and body give the same answer; another body is refused."""
    first = await desk.post("/patients", person("K-1"), status=201, Idempotency_Key="p-1")
    again = await desk.post("/patients", person("K-1"), status=201, Idempotency_Key="p-1")
    assert again == first
    other = await desk.post("/patients", person("K-2"), status=422, Idempotency_Key="p-1")
    assert other["code"] == "key-reused"


async def test_a_patient_is_found_by_what_is_known(desk: Desk, known: Known) -> None:
    """By identifier, contact, name and birth date; everything that is told must fit."""
    searches: list[tuple[dict[str, Any], int]] = [
        ({"identifier": {"system": "his", "value": "P-1"}}, 1),
        ({"contact": PHONE}, 6),
        ({"name": NAME, "born": "1961-03-02"}, 3),
        ({"name": "无此人"}, 0),
    ]
    for search, count in searches:
        assert len((await desk.post("/patients/search", search))["items"]) == count, search
    page = await desk.post("/patients/search", {"name": NAME, "limit": 3})
    following = await desk.post("/patients/search", {"name": NAME, "limit": 3, "cursor": page["next"]})
    assert len({one["id"] for one in page["items"] + following["items"]}) == 6


async def test_contacts_and_consents_change(desk: Desk, known: Known) -> None:
    """Contacts are replaced, consents are added; the latest holds."""
    path = f"/api/v1/patients/{known.ids['patient-1']}"
    await desk.http.put(f"{path}/contacts", json={"contacts": [{"kind": "app", "value": "a-1"}]})
    answer = await desk.http.put(f"{path}/consents", json={"consents": [{"purpose": "care", "granted": False}]})
    shown = answer.json()
    assert [one["kind"] for one in shown["contacts"]] == ["app"]
    assert [one["granted"] for one in shown["consents"]] == [False, True]
    assert shown["consents"][0]["by"] == "system"


async def test_the_same_result_is_the_same_result(desk: Desk, known: Known) -> None:
    """The same content under its source id changes nothing; other content is the next version."""
    first = result(known.ids["patient-1"], "X-1")
    taken = await desk.post("/observations", first, status=202)
    again = await desk.post("/observations", first, status=202)
    assert (taken["state"], taken["version"], taken["duplicate"]) == ("accepted", 1, False)
    assert again == taken | {"duplicate": True}
    revised = await desk.post("/observations", first | {"value": 5.8, "status": "corrected"}, status=202)
    assert revised["version"] == 2
    listed = (await desk.get("/observations", patient=known.ids["patient-1"], code="14771-0"))["items"]
    assert {(one["version"], one["value"]) for one in listed if one["source"]["id"] == "X-1"} == {(1, 2.8), (2, 5.8)}


async def test_many_results_are_answered_in_their_order(desk: Desk, known: Known) -> None:
    """What is not understood is accepted, quarantined and says why."""
    patient = known.ids["patient-1"]
    many = [
        result(patient, "M-1"),
        result("nobody", "M-2"),
        result(patient, "M-3", code="0-0"),
        result(patient, "M-4", unit="bananas"),
    ]
    items = (await desk.post("/observations", many, status=202))["items"]
    assert [one["reason"] for one in items] == [None, "unknown-patient", "unknown-code", "unknown-unit"]
    held = (await desk.get("/quarantine", limit=200))["items"]
    assert {one["quarantine"] for one in items[1:]} <= {one["id"] for one in held}
    released = await desk.post(f"/quarantine/{items[3]['quarantine']}/release", {"unit": "mmol/L"}, status=202)
    assert released["state"] == "accepted"


async def test_results_sent_at_once_count_as_received_in_the_order_of_their_times(desk: Desk, known: Known) -> None:
    """A month of a device's values, in whatever order it sends them, is judged as if each had come in its time."""
    hours = [13, 9, 17, 11]
    times = [f"2026-01-06T{hour:02}:00:00Z" for hour in hours]
    many = [result(known.ids["patient-1"], f"O-{time}", effective=time) for time in times]
    items = (await desk.post("/observations", many, status=202))["items"]
    kept = [await desk.get(f"/observations/{one['id']}") for one in items]
    assert [one["effective"] for one in kept] == times
    assert [one["effective"] for one in sorted(kept, key=lambda one: one["received"])] == sorted(times)


async def test_results_of_one_measurement_are_told_as_a_panel(desk: Desk, known: Known) -> None:
    """They share an id that is not the source's own; without a panel there is none."""
    patient = known.ids["patient-1"]
    many = [result(patient, "P-1", panel="EX-7"), result(patient, "P-2", panel="EX-7"), result(patient, "P-3")]
    items = (await desk.post("/observations", many, status=202))["items"]
    first, second, alone = [(await desk.get(f"/observations/{one['id']}"))["panel"] for one in items]
    assert first == second != "EX-7"
    assert (first is None, alone) == (False, None)


async def test_a_time_without_a_zone_is_the_hospitals(desk: Desk, known: Known) -> None:
    """Senders without zones are read in the configured one."""
    taken = await desk.post(
        "/observations", result(known.ids["patient-1"], "Z-1", effective="2026-01-05T09:00:00"), status=202
    )
    assert (await desk.get(f"/observations/{taken['id']}"))["effective"] == "2026-01-05T01:00:00Z"


async def test_files_are_checked_and_published(desk: Desk, known: Known) -> None:
    """Problems come with their place; the same files are the same release."""
    wrong = await desk.post("/releases/check", {"files": {"pathway.yaml": "pathway: x\ncolour: red\n"}})
    assert not wrong["ok"]
    assert any((one["line"], one["file"]) == (2, "pathway.yaml") for one in wrong["problems"])
    contents = await desk.get(f"/releases/{known.ids['release']}")
    assert contents["contents"]["pathway"]["pathway"] == "clinic"


async def test_an_alarm_is_acknowledged_once(desk: Desk, known: Known) -> None:
    """The first who looks at it stays."""
    path = f"/alarms/{known.ids['alarm']}/acknowledge"
    first = await desk.post(path)
    again = await desk.post(path, Tongxing_Actor="nurse-2")
    assert again == first
    assert first["acknowledged_by"] == "nurse-1"
    assert (await desk.get("/alarms"))["items"] == []
    assert len((await desk.get("/alarms", acknowledged=True))["items"]) == 1


async def test_messages_show_what_left(desk: Desk, known: Known) -> None:
    """The preview channel's text is in the API."""
    shown = await desk.get(f"/messages/{known.ids['message']}")
    assert shown["state"] in ("sent", "delivered")
    assert shown["text"] == f"{NAME}，请进食含糖食物。"
