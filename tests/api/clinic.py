"""A small clinic for tests of the API: people, a pathway and patients, made once with a real engine and then copied."""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from activities.clock import utc_now
from activities.messaging import send_batch
from api.app import create_app
from pathways.engine.actions import RaiseAlarm
from pathways.errors import EngineUnavailable
from settings import Settings
from store import alarms, entries, journeys
from store.database import Database
from store.record import Coding, ConditionContent, NewEntry
from worker import make_worker, outbox_of

BASE = "http://127.0.0.1:8000"
NURSE = {"Tongxing-Actor": "nurse-1"}
LEAD = {"Tongxing-Actor": "lead-1"}
GLUCOSE = "14771-0"
NAME = "林小满"
PHONE = "13800138000"

PATHWAY = """
pathway: clinic
title: {zh: 门诊, en: Clinic}
owner: diabetes-nurse
evidence: [test]
enrol: {unless: "age < 18"}
anchors: {enrolled: {}, surgery: {required: no}}
data:
  glucose: {observation: [14771-0], unit: mmol/L, plausible: [0.6, 60]}
values:
  smokes: {type: boolean}
  resident: {type: tag}
parameters:
  low: {value: 3.9, unit: mmol/L, evidence: test, source: product, confirmed: yes, per_patient: [3.5, 5.0]}
ladders:
  urgent: [{after: 30m, to: head-nurse}]
  routine: [{after: 1 working day, to: head-nurse}]
tracks:
  low-glucose:
    safety: yes
    when: {observed: glucose, if: "glucose <= low"}
    while_running: parallel
    steps:
      - {send: advice, urgent: yes}
      - task: call-patient
        role: diabetes-nurse
        clock: elapsed
        due: 30m
        ladder: urgent
        form: call
        outcomes: {reached: [], unreachable: []}
  recheck:
    when: enrolment
    steps: [{visit: recheck, window: {late: 7d}}]
  symptoms:
    when: by-hand
    steps: [{ask: symptoms, message: symptom-request, expires: 24h}]
  admission:
    when: {event: admitted}
    while_running: parallel
    steps:
      - task: admission-note
        role: diabetes-nurse
        of: patient.department
        to: patient.surgeon
        clock: working
        due: 2 working days
        ladder: routine
        attempts: {max: 2, spaced: 10m}
        suspended_while: waiting-for-patient
words:
  glucose: {zh: 血糖, en: Glucose}
  low-glucose: {zh: 低血糖, en: Low glucose}
  recheck: {zh: 复查, en: Recheck}
  symptoms: {zh: 症状, en: Symptoms}
  admission: {zh: 入院, en: Admission}
  call-patient: {zh: 致电患者, en: Call the patient}
  admission-note: {zh: 入院记录, en: Admission note}
  waiting-for-patient: {zh: 等待患者, en: Waiting for the patient}
  reached: {zh: 已联系到, en: Reached}
  unreachable: {zh: 无法联系, en: Unreachable}
"""
FILES = {
    "pathway.yaml": PATHWAY,
    "forms/call.yaml": """
form: call
title: {zh: 电话记录, en: Call}
items:
  - code: condition
    text: {zh: 目前情况, en: Condition}
    type: choice
    required: yes
    options: [{code: well, text: {zh: 良好, en: Well}}, {code: ill, text: {zh: 不适, en: Ill}}]
  - {code: sugar, text: {zh: 已进食含糖食物, en: Has eaten sugar}, type: boolean}
  - {code: repeated, text: {zh: 复测值, en: Repeated value}, type: number, unit: mmol/L, range: [0.6, 60]}
""",
    "forms/symptoms.yaml": """
form: symptoms
title: {zh: 症状, en: Symptoms}
items: [{code: thirst, text: {zh: 口渴, en: Thirst}, type: boolean, required: yes}]
""",
    "messages/advice.yaml": """
message: advice
variables: [patient_name]
text: {zh: "{{ patient_name }}，请进食含糖食物。", en: "{{ patient_name }}, please eat sugar."}
""",
    "messages/symptom-request.yaml": """
message: symptom-request
text: {zh: 请填写症状。, en: Please fill in your symptoms.}
""",
    "messages/recheck.yaml": """
message: recheck
text: {zh: 请来复查。, en: Please come for a recheck.}
""",
}
OTHER = """
pathway: other
title: {zh: 其他, en: Other}
owner: diabetes-nurse
evidence: [test]
enrol: {not_with: [clinic]}
anchors: {enrolled: {}, birth: {}}
tracks:
  greeting:
    when: by-hand
    steps: [{task: greet, role: diabetes-nurse, due: 1 working day, ladder: routine}]
ladders:
  routine: [{after: 2 working days, to: head-nurse}]
words:
  greeting: {zh: 问候, en: Greeting}
  greet: {zh: 问候患者, en: Greet}
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A client of the API and what it stands on."""

    http: httpx.AsyncClient
    database: Database
    app: FastAPI

    async def post(self, path: str, body: Any = None, *, status: int | None = None, **headers: str) -> Any:
        """Send a JSON body as nurse-1; the answer's JSON, whose status must be one of success or `status`."""
        sent = NURSE | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.post(f"/api/v1{path}", json=body, headers=sent)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of an address."""
        answer = await self.http.get(f"/api/v1{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()

    async def until(self, path: str, true: Callable[[Any], bool], **query: Any) -> Any:
        """Look at an address until what it says is so."""
        deadline = time.monotonic() + 20
        while not true(said := await self.get(path, **query)):
            assert time.monotonic() < deadline, said
            await asyncio.sleep(0.02)
        return said

    async def call_task(self, patient: str, id: str, value: float = 2.8) -> Any:
        """A low result, and the open task that it causes."""
        await self.post("/observations", result(patient, id, value=value))
        page = await self.until("/tasks", lambda said: said["items"], patient=patient)
        return page["items"][0]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The ids of what a clinic holds, by what a test calls them, and its SQLite file."""

    file: Path
    ids: Mapping[str, str]

    def fill(self, given: Any) -> Any:
        """Put ids in the place of `{name}` in addresses and bodies."""
        if isinstance(given, str):
            for name, id in self.ids.items():
                given = given.replace("{" + name + "}", id)
            return given
        if isinstance(given, dict):
            entries = cast(dict[str, Any], given)
            return {name: self.fill(value) for name, value in entries.items()}
        return [self.fill(one) for one in cast(list[Any], given)] if isinstance(given, list) else given


def person(number: str = "P-1", **more: Any) -> dict[str, Any]:
    """A patient who may be told things."""
    return {
        "identifiers": [{"system": "his", "value": number}],
        "name": NAME,
        "born": "1961-03-02",
        "sex": "female",
        "contacts": [{"kind": "sms", "value": PHONE}],
        "consents": [{"purpose": "care", "granted": True}],
        **more,
    }


def result(patient: str, id: str = "R-1", **more: Any) -> dict[str, Any]:
    """A low glucose of the patient."""
    return {
        "patient": patient,
        "code": GLUCOSE,
        "value": 2.8,
        "unit": "mmol/L",
        "effective": utc_now().isoformat(),
        "status": "final",
        "source": {"system": "lis", "id": id},
        **more,
    }


async def _away() -> Client:
    raise EngineUnavailable


@asynccontextmanager
async def open_desk(
    database: Database, settings: Settings, client: Client | None = None, *, clock: Callable[[], datetime] = utc_now
) -> AsyncGenerator[Desk]:
    """The API on the store; without `client` the engine is away."""

    async def provide() -> Client:
        return await _away() if client is None else client

    app = create_app(settings, database=database, client_provider=provide, clock=clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=BASE, timeout=30) as http,
    ):
        yield Desk(http=http, database=database, app=app)


@asynccontextmanager
async def working(client: Client, database: Database, settings: Settings) -> AsyncGenerator[None]:
    """Run the product's worker."""
    with ThreadPoolExecutor(settings.activity_threads * 2) as threads:
        async with make_worker(client, database, outbox_of(settings, database), settings, threads):
            yield


async def seed(desk: Desk) -> None:
    """People, roles and pathways, through the API."""
    put = desk.http.put
    for role in ("diabetes-nurse", "head-nurse", "clinical-lead"):
        assert (await put(f"/api/v1/roles/{role}", json={"zh": role, "en": role})).is_success
    assert (await put("/api/v1/departments/ward", json={"zh": "病房", "en": "Ward"})).is_success
    holders = {
        "nurse-1": "diabetes-nurse",
        "nurse-2": "diabetes-nurse",
        "head-1": "head-nurse",
        "lead-1": "clinical-lead",
    }
    for staff, role in holders.items():
        assert (await put(f"/api/v1/staff/{staff}", json={"name": staff})).is_success
        assert (await put(f"/api/v1/roles/{role}/holders/ward/{staff}")).is_success
    assert (await put("/api/v1/staff/gone-1", json={"name": "gone", "active": False})).is_success
    await desk.post("/releases", {"files": FILES}, Tongxing_Actor="lead-1")
    await desk.post("/releases", {"files": {"pathway.yaml": OTHER}}, Tongxing_Actor="lead-1")


async def furnish(desk: Desk, settings: Settings) -> dict[str, str]:
    """Patients in every state that the tests of refusals need; their ids."""
    ids: dict[str, str] = {}
    for number, born in (("1", "1961-03-02"), ("2", "1970-01-01"), ("3", "1980-05-05"), ("child", "2020-01-01")):
        ids[f"patient-{number}"] = (await desk.post("/patients", person(f"P-{number}", born=born)))["id"]
        if number != "child":
            started = await desk.post("/journeys", {"patient": ids[f"patient-{number}"], "pathway": "clinic"})
            ids[f"journey-{number}"] = started["id"]
    first = await desk.call_task(ids["patient-1"], "R-1")
    await desk.post(f"/tasks/{first['id']}/complete", {"outcome": "reached", "answers": {"condition": "well"}})
    ids["task-closed"] = first["id"]
    second = await desk.call_task(ids["patient-1"], "R-2")
    await desk.post(f"/tasks/{second['id']}/claim", Tongxing_Actor="nurse-2")
    ids["task-held"] = second["id"]
    ids["task-open"] = (await desk.call_task(ids["patient-2"], "R-3"))["id"]
    ids["act"] = (await desk.post(f"/journeys/{ids['journey-1']}/tracks/symptoms/start"))["id"]
    await desk.post(f"/journeys/{ids['journey-2']}/pause")
    await desk.post(f"/journeys/{ids['journey-3']}/withdraw")
    for number in ("lost", "dead"):
        ids[f"patient-{number}"] = (await desk.post("/patients", person(f"P-{number}")))["id"]
        started = await desk.post("/journeys", {"patient": ids[f"patient-{number}"], "pathway": "clinic"})
        ids[f"journey-{number}"] = started["id"]
        await desk.until(f"/journeys/{started['id']}", lambda said: said["status"] == "active")
    await desk.post(f"/journeys/{ids['journey-lost']}/leave", {"reason": "lost"})
    await desk.post(f"/patients/{ids['patient-dead']}/death", {"at": "2026-01-05T09:00:00+08:00"})
    await desk.until(f"/journeys/{ids['journey-dead']}", lambda said: said["status"] == "ended")
    for name in ("task-note", "task-waiting"):
        await desk.post(f"/journeys/{ids['journey-1']}/events", {"name": "admitted"})
        notes = (await desk.get("/tasks", journey=ids["journey-1"], status="open"))["items"]
        ids[name] = next(
            one["id"] for one in notes if one["name"] == "admission-note" and one["id"] not in ids.values()
        )
    await desk.post(f"/tasks/{ids['task-waiting']}/suspend", {})
    ids["visit"] = (await desk.get("/visits", journey=ids["journey-1"]))["items"][0]["id"]
    await asyncio.to_thread(send_batch, outbox_of(settings, desk.database), urgent=True)
    ids["message"] = (await desk.get("/messages", patient=ids["patient-1"]))["items"][0]["id"]
    held = await desk.post("/observations", [result("nobody", "Q-1"), result("nobody", "Q-2")])
    ids["quarantined"], ids["discarded"] = (one["quarantine"] for one in held["items"])
    ids["observation"] = held["items"][0]["id"]
    await desk.post(f"/quarantine/{ids['discarded']}/discard")
    shift = {"staff": "nurse-1", "role": "diabetes-nurse", "department": "ward"}
    hours = {"starts": "2026-01-05T08:00:00+08:00", "ends": "2026-01-05T16:00:00+08:00"}
    ids["shift"] = (await desk.post("/duty", shift | hours))["id"]
    ids |= await _received(desk, ids)
    ids["release"] = (await desk.get("/releases", pathway="clinic"))["items"][0]["checksum"]
    with desk.database.write() as session:
        journey = journeys.read(session, ids["journey-1"])
        alarms.raise_(
            session, journey, RaiseAlarm(alarm="alarm-1", code="last-rung", at=datetime(2026, 1, 5, tzinfo=UTC))
        )
    return ids | {"alarm": "alarm-1"}


async def _received(desk: Desk, ids: Mapping[str, str]) -> dict[str, str]:
    """What other systems told of it, and two records that were one person's."""
    twice = [person(f"P-{name}", name="陈双", contacts=[]) for name in ("twice", "again")]
    first, second = [(await desk.post("/patients", one))["id"] for one in twice]
    more = {"patient-twice": first, "patient-again": second}
    more["merge"] = (await desk.post("/merges", {"survivor": first, "retired": second}))["id"]
    told = NewEntry(
        kind="condition",
        source_system="emr",
        source_id="C-1",
        status="active",
        code=Coding(system="icd-10", code="E11", display="2 型糖尿病"),
        content=ConditionContent(),
    )
    with desk.database.write() as session:
        more["entry"] = entries.keep(session, told, patient=ids["patient-1"], now=utc_now()).row.id
    more["transmission"] = (await desk.get("/transmissions"))["items"][0]["id"]
    return more


def copied(known: Known, folder: Path) -> str:
    """The address of a copy of the clinic's store."""
    shutil.copyfile(known.file, folder / "clinic.sqlite")
    return f"sqlite:///{folder / 'clinic.sqlite'}"
