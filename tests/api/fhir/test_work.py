"""A journey and its work as FHIR: CarePlan, Task, planned Appointment and Communication."""

from typing import Any

import pytest

from tests.api.clinic import Desk, Known
from tests.api.fhir.speaking import Fhir

# By what a clinic calls them: the status that FHIR has for it.
STATUSES = [
    ("CarePlan", "journey-1", "active"),
    ("CarePlan", "journey-2", "on-hold"),
    ("CarePlan", "journey-3", "revoked"),
    ("CarePlan", "journey-dead", "revoked"),
    ("Task", "task-open", "requested"),
    ("Task", "task-held", "in-progress"),
    ("Task", "task-waiting", "on-hold"),
    ("Task", "task-closed", "completed"),
    ("Appointment", "visit", "proposed"),
]


@pytest.fixture
def clinic(desk: Desk) -> Fhir:
    """The FHIR side of a clinic that a real engine served."""
    return Fhir(desk=desk)


@pytest.mark.parametrize(("type", "name", "status"), STATUSES)
async def test_each_state_has_its_status(type: str, name: str, status: str, clinic: Fhir, known: Known) -> None:
    """It is read with it, found by it, and by no other one."""
    id = known.ids[name]
    assert (await clinic.get(f"/{type}/{id}"))["status"] == status
    assert [one["id"] for one in await clinic.search(type, _id=id, status=status)] == [id]
    assert await clinic.search(type, _id=id, status="entered-in-error") == []


async def test_a_care_plan_leads_to_its_work(clinic: Fhir, known: Known) -> None:
    """Tasks and visits refer to it, and it to them; its definition is the release."""
    plan = await clinic.get(f"/CarePlan/{known.ids['journey-1']}")
    assert plan["subject"] == {"reference": f"Patient/{known.ids['patient-1']}"}
    assert plan["instantiatesCanonical"] == [f"urn:tongxing:pathway:clinic|{known.ids['release']}"]
    assert "end" not in plan["period"]
    addresses = [one["reference"]["reference"] for one in plan["activity"]]
    assert {f"Task/{known.ids['task-closed']}", f"Appointment/{known.ids['visit']}"} <= set(addresses)
    for address in addresses:
        await clinic.get(f"/{address}")
    work = await clinic.search("Task", **{"based-on": f"CarePlan/{plan['id']}"})
    assert {f"Task/{one['id']}" for one in work} == {one for one in addresses if one.startswith("Task/")}
    ended = await clinic.get(f"/CarePlan/{known.ids['journey-3']}")
    assert "end" in ended["period"]


async def test_a_task_says_who_by_when_and_how_it_ended(clinic: Fhir, known: Known) -> None:
    """Its priority, roles, due time, holder, reason and outcome."""
    held = await clinic.get(f"/Task/{known.ids['task-held']}")
    closed = await clinic.get(f"/Task/{known.ids['task-closed']}")
    assert (held["intent"], held["priority"]) == ("order", "urgent")
    assert held["for"] == {"reference": f"Patient/{known.ids['patient-1']}"}
    assert held["basedOn"] == [{"reference": f"CarePlan/{known.ids['journey-1']}"}]
    assert held["owner"]["identifier"]["value"] == "nurse-2"
    assert "diabetes-nurse" in {role["coding"][0]["code"] for role in held["performerType"]}
    assert held["restriction"]["period"]["end"] > held["authoredOn"]
    assert held["reasonCode"]["coding"][0]["code"] == "low-glucose"
    assert held["code"]["text"] == "致电患者"
    assert closed["output"][0]["valueCodeableConcept"]["coding"][0]["code"] == "reached"
    assert "end" in closed["executionPeriod"]


async def test_a_message_shows_its_words_once_it_was_worded(clinic: Fhir, known: Known) -> None:
    """Before that it has none."""
    found: list[dict[str, Any]] = await clinic.search("Communication", patient=known.ids["patient-1"])
    by_status = {one["status"]: one for one in found}
    assert {"completed"} <= set(by_status) <= {"completed", "preparation", "in-progress", "not-done", "stopped"}
    sent = by_status["completed"]
    assert sent["payload"][0]["contentString"]
    assert sent["recipient"] == [{"reference": f"Patient/{known.ids['patient-1']}"}]
    assert await clinic.search("Communication", _id=sent["id"], sent=f"le{sent['sent']}")
    for one in found:
        assert ("sent" in one) is (one["status"] == "completed")


async def test_a_planned_visit_is_booked_at_its_own_address(clinic: Fhir, known: Known) -> None:
    """The hospital updates the Appointment that it was shown, and the visit is booked."""
    id = known.ids["visit"]
    shown = await clinic.get(f"/Appointment/{id}")
    assert {"start", "end"} <= set(shown["requestedPeriod"][0])
    assert "start" not in shown
    booked = shown | {"status": "booked", "start": "2026-12-01T09:00:00+08:00", "end": "2026-12-01T09:30:00+08:00"}
    answer = await clinic.send("PUT", f"/Appointment/{id}", booked)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["status"]) == (id, "booked")
    assert (await clinic.desk.get(f"/visits/{id}"))["reported"] == "booked"


async def test_a_planned_visit_is_booked_for_nobody_else(clinic: Fhir, known: Known) -> None:
    """Its address is the visit of one patient."""
    shown = await clinic.get(f"/Appointment/{known.ids['visit']}")
    other = [{"actor": {"reference": f"Patient/{known.ids['patient-twice']}"}, "status": "accepted"}]
    times = {"start": "2026-12-01T09:00:00+08:00", "end": "2026-12-01T09:30:00+08:00"}
    told = shown | times | {"status": "booked", "participant": other}
    answer = await clinic.send("PUT", f"/Appointment/{known.ids['visit']}", told)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Appointment.participant"])
    assert await clinic.get(f"/Appointment/{known.ids['visit']}") == shown


async def test_a_low_glucose_is_heard_by_its_journey(clinic: Fhir, known: Known) -> None:
    """What FHIR tells is told to the journey that watches it."""
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "14771-0"}]},
        "subject": {"reference": f"Patient/{known.ids['patient-2']}"},
        "effectiveDateTime": (await clinic.get(f"/Patient/{known.ids['patient-2']}"))["meta"]["lastUpdated"],
        "valueQuantity": {"value": 2.1, "unit": "mmol/L"},
    }
    made = await clinic.create(observation)
    version = await clinic.desk.get("/observations", patient=known.ids["patient-2"])
    assert version["items"][0]["state"] == "accepted"
    assert made["valueQuantity"]["value"] == 2.1
