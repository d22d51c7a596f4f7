"""The worklist page: who am I, what is mine to do and why, claim, complete; safe, and in two languages."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from api.words import REASONS
from pathways.engine.reasons import Code
from store import patients
from store.ids import new_id
from tests.api.clinic import NAME, NURSE, Desk, Known, person
from tests.api.requests import routes

FORM = {"Sec-Fetch-Site": "same-origin"}


class _Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def come_in(desk: Desk, staff: str = "nurse-1") -> None:
    answer = await desk.http.post("/who", data={"staff": staff}, headers=FORM)
    assert answer.status_code == 303


async def submit(desk: Desk, path: str, **fields: str) -> httpx.Response:
    page = (await desk.http.get("/")).text
    key = re.findall(r'name="key" value="(\w+)"', page)
    return await desk.http.post(path, data={"key": key[0] if key else "k", **fields}, headers=FORM)


async def test_who_is_asked_first(desk: Desk) -> None:
    """Only people who work here can be chosen; the choice is kept from scripts and other sites."""
    page = await desk.http.get("/")
    assert "您是谁" in page.text
    assert "gone-1" not in page.text
    chosen = await desk.http.post("/who", data={"staff": "nurse-1"}, headers=FORM)
    assert {"HttpOnly", "SameSite=strict"} <= set(chosen.headers["Set-Cookie"].split("; "))
    assert (await desk.http.post("/who", data={"staff": "nobody-1"}, headers=FORM)).status_code == 403
    assert "我的任务" in (await desk.http.get("/")).text
    await desk.http.post("/leave", headers=FORM)
    assert "您是谁" in (await desk.http.get("/")).text


async def test_the_list_says_what_why_and_by_when(desk: Desk, known: Known) -> None:
    """The tasks of my roles with patient, cause, due time and urgency, in words."""
    await come_in(desk)
    page = (await desk.http.get("/")).text
    for word in ("致电患者", NAME, "低血糖", "血糖 2.8 mmol/L", "紧急", "领取", "nurse-2"):
        assert word in page, word
    await come_in(desk, "lead-1")
    assert "没有待办任务" in (await desk.http.get("/")).text


async def test_the_other_language_is_a_click_away(desk: Desk, known: Known) -> None:
    """English beside Chinese, on every page."""
    await come_in(desk)
    await desk.http.post("/language", headers=FORM)
    page = await desk.http.get("/")
    assert (page.headers["Content-Language"], "Call the patient" in page.text) == ("en", True)
    task = (await desk.http.get(f"/tasks/{known.ids['task-open']}")).text
    for word in ("Low glucose", "Reached", "Condition", "When it was really done"):
        assert word in task, word


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/tasks/{task-open}",
        "/tasks/{task-held}",
        "/tasks/{task-closed}",
        "/messages",
        "/patients/{patient-1}",
        "/patients/{patient-again}",
        "/quarantine",
        "/docs",
    ],
)
async def test_a_page_is_safe_and_usable_without_a_mouse(desk: Desk, known: Known, path: str) -> None:
    """No script, no inline style, a strict policy; one h1, and a label for every field."""
    await come_in(desk)
    answer = await desk.http.get(known.fill(path))
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = _Page(answer.text)
    assert not page.all("script")
    assert not any("style" in attributes or "onclick" in attributes for _, attributes in page.found)
    assert len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "zh-CN"
    labelled = {label.get("for") for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for given in page.all(tag):
            assert given.get("type") in ("hidden", "radio") or given["id"] in labelled, given


async def test_what_people_wrote_is_only_ever_text(desk: Desk, known: Known) -> None:
    """A name that looks like markup is shown as it is."""
    with desk.database.write() as session:
        patients.read(session, known.ids["patient-2"]).name = "<script>alert(1)</script>"
    await come_in(desk)
    page = (await desk.http.get("/")).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


async def test_a_form_from_elsewhere_is_refused(desk: Desk, known: Known) -> None:
    """Another page of this machine cannot act for the nurse."""
    await come_in(desk)
    answer = await desk.http.post(
        f"/tasks/{known.ids['task-open']}/claim", data={"key": "k"}, headers={"Sec-Fetch-Site": "same-site"}
    )
    assert answer.status_code == 403


async def test_what_does_not_fit_comes_back_with_what_was_written(desk: Desk, known: Known) -> None:
    """Nothing that a nurse typed is lost, and the item that is wrong is named."""
    await come_in(desk)
    path = f"/tasks/{known.ids['task-open']}/complete"
    answer = await submit(
        desk, path, **{"outcome": "reached", "item-sugar": "yes", "item-repeated": "900", "note": "稍后再打"}
    )
    assert answer.status_code == 422
    page = _Page(answer.text)
    assert [one["id"] for tag in ("select", "input") for one in page.all(tag) if one.get("aria-invalid")] == [
        "item-condition",
        "item-repeated",
    ]
    assert "填写的内容与表单不符" in answer.text
    assert "稍后再打" in answer.text
    assert 'value="yes" selected' in answer.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "该任务没有这个结果选项"),
        ({"outcome": "reached", "at": "soon"}, "请求内容有误"),
        ({"outcome": "reached", "at": "2199-01-01T00:00"}, "时间不能在将来"),
    ],
)
async def test_an_error_is_said_in_words(desk: Desk, known: Known, fields: dict[str, str], said: str) -> None:
    """On the page, in the reader's language."""
    await come_in(desk)
    answer = await submit(desk, f"/tasks/{known.ids['task-open']}/complete", **fields)
    assert answer.status_code == 422
    assert said in answer.text


async def test_a_page_says_what_happened_and_what_to_do(desk: Desk, known: Known) -> None:
    """In the language that was chosen, not in that of programs."""
    await come_in(desk)
    path = f"/tasks/{known.ids['task-open']}/complete"
    zh = (await submit(desk, path, outcome="cured")).text
    assert "该任务没有这个结果选项，任务保持打开。" in zh
    assert "请选择：reached" in zh
    assert "没有这个任务。" in (await desk.http.get("/tasks/nothing")).text
    await desk.http.post("/language", headers=FORM)
    assert "Choose one of: reached" in (await submit(desk, path, outcome="cured")).text
    assert "There is no such task." in (await desk.http.get("/tasks/nothing")).text


@pytest.mark.parametrize(
    ("path", "staff", "status"),
    [
        ("/tasks/nothing", "nurse-1", 404),
        ("/tasks/{task-open}", None, 403),
        ("/tasks/a%00", "nurse-1", 422),
        ("/patients/nobody", "nurse-1", 404),
        ("/patients/{patient-1}", None, 403),
        ("/quarantine", None, 403),
        ("/quarantine?state=lost", "nurse-1", 422),
    ],
)
async def test_a_page_that_cannot_be_shown_says_why(
    desk: Desk, known: Known, path: str, staff: str | None, status: int
) -> None:
    """An error is a page with the way back, never a bare text."""
    if staff is not None:
        await come_in(desk, staff)
    answer = await desk.http.get(known.fill(path))
    assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)


async def test_with_the_engine_away_a_completion_is_kept(desk: Desk, known: Known) -> None:
    """The nurse is told that it is kept, and the list shows nothing more to do on it."""
    await come_in(desk)
    path = f"/tasks/{known.ids['task-open']}"
    answer = await submit(desk, f"{path}/complete", outcome="unreachable")
    assert (answer.status_code, "已保存" in answer.text) == (202, True)
    assert "已保存" in (await desk.http.get(path)).text


async def test_a_nurse_claims_and_completes(live: Desk) -> None:
    """On the page, from the list to the end, with a form that was sent twice done once."""
    patient = await live.post("/patients", person())
    await live.post("/journeys", {"patient": patient["id"], "pathway": "clinic"})
    task = (await live.call_task(patient["id"], "R-1"))["id"]
    await come_in(live)
    assert (await submit(live, f"/tasks/{task}/claim")).headers["Location"] == f"/tasks/{task}"
    assert (await live.get(f"/tasks/{task}"))["holder"] == "nurse-1"
    assert (await submit(live, f"/tasks/{task}/release")).status_code == 303
    fields: dict[str, Any] = {
        "key": "key-1",
        "outcome": "reached",
        "item-condition": "well",
        "item-sugar": "no",
        "item-repeated": "4.4",
        "at": "2026-01-05T09:30",
    }
    for _ in range(2):
        done = await live.http.post(f"/tasks/{task}/complete", data=fields, headers=FORM)
        assert (done.status_code, done.headers.get("Location")) == (303, "/")
    shown = await live.get(f"/tasks/{task}")
    assert shown["report"]["answers"] == {"condition": "well", "sugar": False, "repeated": 4.4}
    assert shown["done_at"] == "2026-01-05T01:30:00Z"
    assert "没有待办任务" in (await live.http.get("/")).text


async def test_a_nurse_tries_waits_and_goes_on(live: Desk) -> None:
    """Attempts, the wait and the department are on the page, in both languages, and what cannot be says why."""
    patient = await live.post("/patients", person())
    team = {"department": "ward", "team": {"surgeon": "nurse-1"}}
    assert (await live.http.put(f"/api/v1/patients/{patient['id']}/team", json=team, headers=NURSE)).is_success
    journey = (await live.post("/journeys", {"patient": patient["id"], "pathway": "clinic"}))["id"]
    await live.post(f"/journeys/{journey}/events", {"name": "admitted"})
    task = (await live.until("/tasks", lambda said: said["items"], journey=journey))["items"][0]["id"]
    await come_in(live)

    async def send(act: str, **fields: str) -> httpx.Response:
        return await live.http.post(f"/tasks/{task}/{act}", data={"key": new_id(), **fields}, headers=FORM)

    assert (await send("attempts", result="no-answer")).headers["Location"] == f"/tasks/{task}"
    assert (await send("attempts", result="call-back", again="2030-01-05T09:30")).status_code == 303
    assert (await send("attempts", result="call-back", again="2020-01-05T09:30")).status_code == 422
    assert (await send("attempts", result="no-answer")).status_code == 303
    assert (await send("attempts", result="no-answer")).status_code == 409
    assert (await send("continue")).status_code == 409
    assert (await send("suspend", until="2020-01-05T09:30")).status_code == 409
    page = (await live.http.get(f"/tasks/{task}")).text
    assert 'value="no-answer"' not in page
    assert (await send("suspend", until="2030-01-05T09:30")).status_code == 303
    for path in ("/", f"/tasks/{task}"):
        page = (await live.http.get(path)).text
        for word in ("等待患者", "病房", "下次联系"):
            assert word in page, (path, word)
    assert "2 / 2" in page
    assert "未接通" in page
    await live.http.post("/language", headers=FORM)
    page = (await live.http.get(f"/tasks/{task}")).text
    for word in ("Waiting for the patient", "Ward", "Next attempt", "Go on"):
        assert word in page, word
    assert (await send("continue")).status_code == 303
    assert (await live.get(f"/tasks/{task}"))["waiting"] is None


async def test_the_reference_shows_every_route(desk: Desk) -> None:
    """The API's docs need nothing from elsewhere and leave no route out."""
    page = (await desk.http.get("/docs")).text
    for method, path in routes(desk.app):
        assert f"<code>{method} {path}</code>" in page, path
    assert "http://" not in page
    assert "https://" not in page
    assert "Idempotency-Key" in page.replace("idempotency-key", "Idempotency-Key")


def test_every_decision_has_words() -> None:
    """What the engine can decide can be read in both languages."""
    assert set(Code.__args__) == set(REASONS)
