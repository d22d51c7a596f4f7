"""A client that speaks FHIR: every answer that it gets is checked against the models of FHIR."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
from fhir.resources.R4B import get_fhir_model_class

from tests.api.clinic import Desk

ROOT = "/fhir/R4"
TYPE = "application/fhir+json"


@dataclass(frozen=True, kw_only=True)
class Fhir:
    """The FHIR side of a clinic."""

    desk: Desk

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        form: dict[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a request; `path` is what comes after the root, or a whole address."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if form is None and (body is not None or content is not None):
            sent = {"Content-Type": TYPE} | sent
        payload = content if body is None else json.dumps(body, ensure_ascii=False).encode()
        address = path if path.startswith("http") else ROOT + path
        answer = await self.desk.http.request(method, address, content=payload, data=form, headers=sent)
        if answer.content:
            assert answer.headers["Content-Type"] == TYPE, answer.text
            valid(answer.json())
        return answer

    async def create(self, body: dict[str, Any], *, status: int = 201) -> Any:
        """Create a resource; the answer's JSON."""
        answer = await self.send("POST", f"/{body['resourceType']}", body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        """The JSON of an address that is there."""
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def search(self, type: str, **form: str) -> list[Any]:
        """The resources that fit, by a form."""
        named = {name.replace("__", "-"): value for name, value in form.items()}
        answer = await self.send("POST", f"/{type}/_search", form=named)
        assert answer.status_code == 200, answer.text
        return [one["resource"] for one in answer.json().get("entry", [])]


def valid(resource: dict[str, Any]) -> None:
    """Fail where the models of FHIR do not take the resource."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def patient(number: str = "P-1", **more: Any) -> dict[str, Any]:
    """A patient of the hospital."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:his", "value": number}],
        "name": [{"use": "official", "family": "林", "given": ["小满"]}],
        "gender": "female",
        "birthDate": "1961-03-02",
        **more,
    }


def glucose(number: str = "O-1", of: str = "P-1", value: float = 5.6, **more: Any) -> dict[str, Any]:
    """A fasting glucose of a patient."""
    return {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:lis", "value": number}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "14771-0", "display": "空腹血糖"}]},
        "subject": {"identifier": {"system": "urn:his", "value": of}},
        "effectiveDateTime": "2026-01-05T08:00:00+08:00",
        "valueQuantity": {
            "value": value,
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
        **more,
    }
