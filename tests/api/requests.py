"""One well-formed request a route, in which `{name}` stands for an id of the clinic."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from tests.api.clinic import FILES, LEAD, NURSE, person, result

API = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; `route` is the template that serves it."""

    method: str
    route: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


def _asked(call: str, path: str = "", body: Any = None, headers: dict[str, str] | None = None) -> Asked:
    method, _, route = call.partition(" ")
    filled = path or route
    whole = route if route.startswith(("/live", "/ready", "/metrics")) else API + route
    return Asked(
        method=method, route=whole, path=filled if whole == route else API + filled, body=body, headers=headers or NURSE
    )


_SHIFT = {
    "staff": "nurse-1",
    "role": "diabetes-nurse",
    "department": "ward",
    "starts": "2026-01-06T08:00:00+08:00",
    "ends": "2026-01-06T16:00:00+08:00",
}
_DEATH = {"at": "2026-01-05T09:00:00+08:00"}

REQUESTS = (
    _asked("POST /patients", body=person("P-9")),
    _asked("POST /patients/search", body={"identifier": {"system": "his", "value": "P-1"}}),
    _asked("GET /patients/{patient}", "/patients/{patient-1}"),
    _asked("PUT /patients/{patient}/contacts", "/patients/{patient-1}/contacts", {"contacts": []}),
    _asked(
        "PUT /patients/{patient}/consents",
        "/patients/{patient-1}/consents",
        {"consents": [{"purpose": "care", "granted": False}]},
    ),
    _asked(
        "PUT /patients/{patient}/team",
        "/patients/{patient-1}/team",
        {"department": "ward", "team": {"surgeon": "nurse-2"}},
    ),
    _asked("POST /patients/{patient}/death", "/patients/{patient-1}/death", _DEATH),
    _asked("POST /patients/{patient}/death/withdraw", "/patients/{patient-dead}/death/withdraw"),
    _asked("PUT /patients/{patient}/inpatient", "/patients/{patient-1}/inpatient", {"inpatient": False}),
    _asked("PUT /patients/{patient}/diagnoses", "/patients/{patient-1}/diagnoses", {"diagnoses": ["E11"]}),
    _asked("POST /patients/{patient}/events", "/patients/{patient-1}/events", {"name": "visit-kept"}),
    _asked("GET /staff"),
    _asked("PUT /staff/{staff}", "/staff/nurse-9", {"name": "李"}),
    _asked("GET /departments"),
    _asked("PUT /departments/{department}", "/departments/icu", {"zh": "重症", "en": "ICU"}),
    _asked("GET /roles"),
    _asked("PUT /roles/{role}", "/roles/porter", {"zh": "护工", "en": "Porter"}),
    _asked("GET /holders"),
    _asked("PUT /roles/{role}/holders/{department}/{staff}", "/roles/head-nurse/holders/ward/nurse-1"),
    _asked("DELETE /roles/{role}/holders/{department}/{staff}", "/roles/diabetes-nurse/holders/ward/nurse-1"),
    _asked("GET /duty"),
    _asked("POST /duty", body=_SHIFT),
    _asked("DELETE /duty/{shift}", "/duty/{shift}"),
    _asked("POST /journeys", body={"patient": "{patient-3}", "pathway": "clinic"}),
    _asked("GET /journeys"),
    _asked("GET /journeys/{journey}", "/journeys/{journey-1}"),
    _asked("GET /journeys/{journey}/timeline", "/journeys/{journey-1}/timeline"),
    _asked("POST /journeys/{journey}/events", "/journeys/{journey-1}/events", {"name": "admitted"}),
    _asked("POST /journeys/{journey}/pause", "/journeys/{journey-1}/pause"),
    _asked("POST /journeys/{journey}/resume", "/journeys/{journey-2}/resume"),
    _asked("POST /journeys/{journey}/withdraw", "/journeys/{journey-1}/withdraw"),
    _asked("POST /journeys/{journey}/leave", "/journeys/{journey-1}/leave", {"reason": "lost"}),
    _asked("POST /journeys/{journey}/reinstate", "/journeys/{journey-lost}/reinstate"),
    _asked("POST /journeys/{journey}/death", "/journeys/{journey-1}/death", _DEATH),
    _asked("POST /journeys/{journey}/tracks/{track}/start", "/journeys/{journey-1}/tracks/symptoms/start"),
    _asked("POST /journeys/{journey}/tracks/{track}/stop", "/journeys/{journey-1}/tracks/symptoms/stop"),
    _asked(
        "POST /journeys/{journey}/anchors/{name}/preview",
        "/journeys/{journey-1}/anchors/surgery/preview",
        {"at": "2026-02-01T09:00:00+08:00"},
    ),
    _asked("PUT /journeys/{journey}/anchors/{name}", "/journeys/{journey-1}/anchors/surgery", {"at": None}),
    _asked("PUT /journeys/{journey}/parameters/{name}", "/journeys/{journey-1}/parameters/low", {"value": 4.5}),
    _asked("GET /tasks"),
    _asked("GET /tasks/{task}", "/tasks/{task-open}"),
    _asked("POST /tasks/{task}/claim", "/tasks/{task-open}/claim"),
    _asked("POST /tasks/{task}/release", "/tasks/{task-held}/release"),
    _asked("POST /tasks/{task}/hand-over", "/tasks/{task-held}/hand-over", {"to": "nurse-1"}),
    _asked("POST /tasks/{task}/attempts", "/tasks/{task-note}/attempts", {"result": "no-answer"}),
    _asked("POST /tasks/{task}/suspend", "/tasks/{task-note}/suspend", {}),
    _asked("POST /tasks/{task}/continue", "/tasks/{task-waiting}/continue"),
    _asked("POST /tasks/{task}/complete", "/tasks/{task-open}/complete", {"outcome": "unreachable"}),
    _asked("POST /observations", body=result("{patient-1}", "R-9")),
    _asked("GET /observations", "/observations?patient={patient-1}"),
    _asked("GET /observations/{observation}", "/observations/{observation}"),
    _asked("GET /patients/{patient}/record", "/patients/{patient-1}/record"),
    _asked("GET /record/{entry}", "/record/{entry}"),
    _asked("GET /merges"),
    _asked("POST /merges", body={"survivor": "{patient-1}", "retired": "{patient-twice}"}),
    _asked("POST /merges/{merge}/undo", "/merges/{merge}/undo"),
    _asked("GET /transmissions"),
    _asked("GET /transmissions/{transmission}", "/transmissions/{transmission}"),
    _asked("GET /transmissions/{transmission}/body", "/transmissions/{transmission}/body"),
    _asked("GET /quarantine"),
    _asked("POST /quarantine/{id}/release", "/quarantine/{quarantined}/release", {"patient": "{patient-1}"}),
    _asked("POST /quarantine/{id}/discard", "/quarantine/{quarantined}/discard"),
    _asked("POST /answers", body={"journey": "{journey-1}", "form": "symptoms", "items": {"thirst": True}}),
    _asked("GET /answers", "/answers?patient={patient-1}"),
    _asked("GET /visits"),
    _asked("GET /visits/{visit}", "/visits/{visit}"),
    _asked("POST /visits/{visit}/report", "/visits/{visit}/report", {"state": "booked"}),
    _asked("GET /messages"),
    _asked("GET /messages/{message}", "/messages/{message}"),
    _asked("GET /alarms"),
    _asked("POST /alarms/{alarm}/acknowledge", "/alarms/{alarm}/acknowledge"),
    _asked("GET /releases"),
    _asked("POST /releases/check", body={"files": FILES}),
    _asked("POST /releases", body={"files": {"pathway.yaml": FILES["pathway.yaml"]} | FILES}, headers=LEAD),
    _asked("GET /releases/{checksum}", "/releases/{release}"),
    _asked("GET /acts/{act}", "/acts/{act}"),
    _asked("GET /live"),
    _asked("GET /ready"),
    _asked("GET /metrics"),
)


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and template of every route of the API."""
    return {(method.upper(), path) for path, operations in app.openapi()["paths"].items() for method in operations}
