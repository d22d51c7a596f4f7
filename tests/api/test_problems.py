"""Problem documents: one shape, both languages, and nothing of a patient in them or in the log."""

import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from api.errors import KINDS, kind_of, problem_of
from api.languages import preferred
from pathways import errors
from pathways.errors import TongxingError
from settings import Settings
from store.database import Database, StoreDefect
from tests.api.clinic import NAME, NURSE, PHONE, Desk, Known, open_desk, person, result


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "zh-CN"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.5, zh;q=0.4", "en"),
        ("zh-TW, en;q=0.9", "zh-CN"),
        ("fr", "zh-CN"),
        ("en;q=nonsense", "zh-CN"),
    ],
)
def test_the_better_of_our_languages_is_chosen(accept: str, language: str) -> None:
    """Chinese unless English is wanted more."""
    assert preferred(accept) == language


async def test_a_problem_is_titled_in_both_languages(desk: Desk) -> None:
    """The title is in the caller's language; the code stays."""
    zh = await desk.http.get("/api/v1/tasks/nothing")
    en = await desk.http.get("/api/v1/tasks/nothing", headers={"Accept-Language": "en"})
    assert (zh.json()["title"], zh.headers["Content-Language"]) == ("找不到", "zh-CN")
    assert (en.json()["title"], en.headers["Content-Language"]) == ("It does not exist", "en")
    assert (zh.json()["detail"], zh.json()["hint"]) == ("没有这个任务。", "GET /api/v1/tasks 可查看列表。")
    assert (en.json()["detail"], en.json()["hint"]) == ("There is no such task.", "GET /api/v1/tasks lists them.")
    assert zh.json()["code"] == en.json()["code"]
    assert zh.json()["type"] == "urn:tongxing:problem:not-found"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/tasks", 405), ("GET", "/api/v1/tasks/", 404)],
)
async def test_an_address_that_is_not_there_is_a_problem_too(desk: Desk, method: str, path: str, status: int) -> None:
    """Nothing but problem documents comes back from the API."""
    answer = await desk.http.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (person(born=PHONE), "body.born"),
        (person(sex=PHONE), "body.sex"),
        (person(contacts=[{"kind": PHONE, "value": "x"}]), "body.contacts.0.kind"),
        (person() | {PHONE: NAME}, "body.…"),
    ],
)
async def test_a_malformed_body_is_told_by_field_without_its_value(
    desk: Desk, body: dict[str, object], field: str
) -> None:
    """The field is named; what was sent never is, not even as a field's name."""
    answer = await desk.http.post("/api/v1/patients", json=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert PHONE not in answer.text


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"name": "\\ud800"}'])
async def test_what_cannot_be_read_is_malformed(desk: Desk, content: bytes) -> None:
    """Whatever the bytes are, the answer is a problem of the caller's."""
    answer = await desk.http.post(
        "/api/v1/patients", content=content, headers={"Content-Type": "application/json", "Idempotency-Key": "x"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


async def _in_parts(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b" " * 1000


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/patients", "/api/v1/journeys"])
async def test_a_body_that_is_too_large_is_refused(desk: Desk, told: bool, path: str) -> None:
    """It is not read to its end, whether its length was told or not."""
    content = b" " * 5_000_000 if told else _in_parts(5_000_000)
    answer = await desk.http.post(path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert answer.json()["code"] == "http-413"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("LocalHost:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("evil.example:8000", 400),
        ("127.0.0.1.evil.example", 400),
        ("127.0.0.1@evil.example", 400),
        ("[::2]", 400),
        ("", 400),
    ],
)
async def test_another_name_for_this_machine_is_refused(desk: Desk, host: str, status: int) -> None:
    """A page from elsewhere that had its own name point here gets nothing."""
    answer = await desk.http.get("/api/v1/tasks", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        assert (answer.headers["Content-Type"], answer.json()["code"]) == ("application/problem+json", "foreign-host")


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/nothing", "/", "/openapi.json", "/ready"])
async def test_no_answer_is_kept_on_its_way(desk: Desk, path: str) -> None:
    """Neither a browser nor a proxy keeps what may be about a patient; a style sheet may be kept."""
    assert (await desk.http.get(path)).headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in (await desk.http.get("/static/worklist.css")).headers


async def test_what_is_refused_at_the_entrance_is_logged(store: Database, settings: Settings, log: io.StringIO) -> None:
    """Who tries is seen in the log, without the name that was used."""
    async with open_desk(store, settings) as desk:
        await desk.http.get("/api/v1/tasks", headers={"Host": "evil.example"})
        await desk.http.post("/api/v1/patients", content=b" " * 5_000_000)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    said = [(line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert said == [("unknown", 400), ("unknown", 413)]
    assert "evil" not in log.getvalue()


def test_every_error_has_its_place_in_the_table() -> None:
    """An error class of ours is in the table itself or is served by its nearest base."""
    named = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TongxingError)]
    assert set(named) <= set(KINDS)
    assert kind_of(StoreDefect()).status == 500


def test_an_error_of_ours_inside_tells_nothing_of_the_inside() -> None:
    """Only its code is told."""
    problem = problem_of(StoreDefect("secret"), "en")
    assert (problem.status, problem.code) == (500, "store-defect")
    assert "secret" not in problem.model_dump_json()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged in a test, a JSON object a line."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    yield written
    structlog.configure(**before)


async def test_a_defect_tells_its_class_and_place_alone(
    store: Database, settings: Settings, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is a 500 without internals, and its message, which may hold anything, is not logged."""

    def broken(_: object) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr("store.people.departments", broken)
    async with open_desk(store, settings) as desk:
        answer = await desk.http.get("/api/v1/departments")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert NAME not in answer.text + log.getvalue()
    assert "RuntimeError" in log.getvalue()


async def test_a_log_holds_no_id_name_or_value(
    store: Database, settings: Settings, log: io.StringIO, known: Known, tmp_path: Path
) -> None:
    """A request is logged by its method, route and status; its address, body and people never are."""
    task, patient = known.ids["task-open"], known.ids["patient-1"]
    async with open_desk(store, settings) as desk:
        await desk.http.post("/api/v1/patients", json=person("L-1"), headers=NURSE)
        await desk.http.post("/api/v1/observations", json=result(patient, "L-1"), headers=NURSE)
        await desk.http.post(f"/api/v1/tasks/{task}/complete", json={"outcome": "cured"}, headers=NURSE)
        await desk.http.get("/api/v1/tasks", params={"patient": patient})
        await desk.http.get(f"/api/v1/{PHONE}")
        metrics = (await desk.http.get("/metrics")).text
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    said = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert said == [
        ("POST", "/api/v1/patients", 201),
        ("POST", "/api/v1/observations", 202),
        ("POST", "/api/v1/tasks/{task}/complete", 422),
        ("GET", "/api/v1/tasks", 200),
        ("GET", "unknown", 404),
        ("GET", "/metrics", 200),
    ]
    for secret in (NAME, PHONE, task, patient, "L-1", "nurse-1", "2.8", "14771"):
        assert secret not in log.getvalue(), secret
        assert secret not in metrics, secret
