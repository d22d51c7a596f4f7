"""What was put in comes out equal in meaning: sent back as it is shown, it changes nothing."""

import re
from typing import Any

import pytest

from store.database import Database
from tests.api.fhir.speaking import Fhir, glucose, patient
from tests.api.fhir.stories import at, stories

TAKEN = (
    "Patient",
    "Observation",
    "DiagnosticReport",
    "Encounter",
    "Appointment",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationDispense",
    "QuestionnaireResponse",
    "Consent",
)


def _sent(type: str) -> list[dict[str, Any]]:
    """The resources of a type that stories create with success, each once."""
    found: list[dict[str, Any]] = []
    for story in stories():
        for step in story.steps:
            if step.get("send") == f"POST {type}" and step.get("status", 200) == 201:
                found.append(step["body"])
    # What refers to things that its story made before is left out.
    found = [body for body in found if not re.search(r"[A-Z][A-Za-z]+/\{", str(body))]
    return found


def _named(resource: dict[str, Any]) -> str:
    return str(at(resource, "identifier.0.value") or at(resource, "identifier.value") or "unnamed")


MOST = 3
"""Of a type; the first ones differ enough."""
CASES = [(type, number, body) for type in TAKEN for number, body in enumerate(_sent(type)[:MOST])]


def test_every_type_makes_the_round() -> None:
    """No type is left out."""
    assert {type for type, _, _ in CASES} == set(TAKEN)


@pytest.mark.parametrize(
    "body", [body for _, _, body in CASES], ids=[f"{type}-{_named(body)}-{number}" for type, number, body in CASES]
)
async def test_sent_back_as_shown_nothing_changes(body: dict[str, Any], fhir: Fhir, empty: Database) -> None:
    """The resource that was read is the same version when it is sent again."""
    del empty
    await fhir.create(patient("P-1"))
    await fhir.send("POST", "/Patient", patient("P-2", name=[{"text": "王芳"}]))
    if body["resourceType"] == "QuestionnaireResponse":
        found = await fhir.search("Patient", identifier="urn:his|P-1")
        await fhir.desk.post("/journeys", {"patient": found[0]["id"], "pathway": "clinic"})
    made = await fhir.send("POST", f"/{body['resourceType']}", body)
    assert made.status_code in (200, 201), made.text
    shown = made.json()
    again = await fhir.send("PUT", f"/{body['resourceType']}/{shown['id']}", shown)
    assert again.status_code == 200, again.text
    assert again.json() == shown
    assert await fhir.get(f"/{body['resourceType']}/{shown['id']}") == shown


async def test_who_measured_comes_out_again(fhir: Fhir) -> None:
    """A patient's own value stays the patient's, a device's the device's."""
    who = await fhir.create(patient())
    own = await fhir.create(glucose("O-1", performer=[{"reference": f"Patient/{who['id']}"}]))
    device = await fhir.create(glucose("O-2", device={"display": "血糖仪"}))
    assert own["performer"] == [{"reference": f"Patient/{who['id']}"}]
    assert "device" in device
    for shown in (own, device):
        again = await fhir.send("PUT", f"/Observation/{shown['id']}", shown)
        assert again.json()["meta"]["versionId"] == "1", again.text
