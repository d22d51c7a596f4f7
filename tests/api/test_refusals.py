"""What is wrong is refused with what happened and what to do, and changes nothing."""

from typing import Any

import pytest

from tests.api.clinic import FILES, LEAD, NAME, NURSE, PHONE, Desk, Known, person, result
from tests.api.requests import API, REQUESTS, routes

HEAD = {"Tongxing-Actor": "head-1"}
NOBODY: dict[str, str] = {}
ELSEWHERE = {"Tongxing-Actor": "nobody-1"}
GONE = {"Tongxing-Actor": "gone-1"}

TOMORROW = "2199-01-01T00:00:00+08:00"
CHILD = {"patient": "{patient-child}", "pathway": "clinic"}
START = {"patient": "{patient-3}", "pathway": "clinic"}
DONE = {"outcome": "reached"}
DEAD = {"at": TOMORROW}
LOST = {"reason": "lost"}
ONE = {"survivor": "{patient-1}"}
SHIFT = {"staff": "nurse-1", "role": "diabetes-nurse", "department": "ward"}
BACKWARDS = {"starts": "2026-01-06T16:00:00Z", "ends": "2026-01-06T08:00:00Z"}
NO_CURSOR = "?cursor=bm9uc2Vuc2U="

Refusal = tuple[str, str, str, Any, dict[str, str], int, str]

REFUSALS: list[Refusal] = [
    # route, path, what is wrong with it, body, headers, status, code
    ("POST /patients", "", "born tomorrow", person("N-1", born="2999-01-01"), NURSE, 422, "invalid"),
    ("POST /patients", "", "born long ago", person("N-1", born="1800-01-01"), NURSE, 422, "invalid"),
    ("POST /patients", "", "no identifier", person("N-1", identifiers=[]), NURSE, 422, "malformed"),
    ("POST /patients", "", "unknown zone", person("N-1", zone="Mars/Olympus"), NURSE, 422, "invalid"),
    ("POST /patients", "", "this machine's zone", person("N-1", zone="localtime"), NURSE, 422, "invalid"),
    ("POST /patients", "", "a word for a yes", person("N-1", inpatient="yes"), NURSE, 422, "malformed"),
    (
        "POST /patients",
        "",
        "a consent in words",
        person("N-1", consents=[{"purpose": "care", "granted": "yes"}]),
        NURSE,
        422,
        "malformed",
    ),
    ("POST /patients", "", "unknown field", person("N-1", nickname="x"), NURSE, 422, "malformed"),
    ("POST /patients", "", "null character", person("N-1", name="a\0b"), NURSE, 422, "malformed"),
    ("POST /patients", "", "not JSON at all", None, NURSE, 422, "malformed"),
    (
        "POST /patients",
        "",
        "identifiers of two patients",
        person(identifiers=[{"system": "his", "value": "P-1"}, {"system": "his", "value": "P-2"}]),
        NURSE,
        409,
        "conflict",
    ),
    (
        "POST /patients",
        "",
        "consent of tomorrow",
        person("N-1", consents=[{"purpose": "care", "granted": True, "at": TOMORROW}]),
        NURSE,
        422,
        "invalid",
    ),
    ("POST /patients", "", "an actor who left", person("N-1"), GONE, 403, "staff-unknown"),
    ("POST /patients/search", "", "nothing to look for", {}, NURSE, 422, "malformed"),
    ("POST /patients/search", "", "no cursor of ours", {"name": "x", "cursor": "!!"}, NURSE, 422, "invalid"),
    ("GET /patients/{patient}", "/patients/nobody", "unknown", None, NURSE, 404, "not-found"),
    ("GET /patients/{patient}", "/patients/a%00b", "no id at all", None, NURSE, 422, "malformed"),
    ("PUT /patients/{patient}/contacts", "/patients/nobody/contacts", "", {"contacts": []}, NURSE, 404, "not-found"),
    (
        "PUT /patients/{patient}/inpatient",
        "/patients/nobody/inpatient",
        "",
        {"inpatient": True},
        NURSE,
        404,
        "not-found",
    ),
    (
        "PUT /patients/{patient}/diagnoses",
        "/patients/{patient-1}/diagnoses",
        "a word",
        {"diagnoses": "E11"},
        NURSE,
        422,
        "malformed",
    ),
    ("POST /patients/{patient}/events", "/patients/nobody/events", "", {"name": "seen"}, NURSE, 404, "not-found"),
    (
        "POST /patients/{patient}/events",
        "/patients/{patient-1}/events",
        "of tomorrow",
        {"name": "seen", "at": TOMORROW},
        NURSE,
        422,
        "in-the-future",
    ),
    (
        "POST /patients/{patient}/events",
        "/patients/{patient-dead}/events",
        "of the dead",
        {"name": "seen"},
        NURSE,
        409,
        "conflict",
    ),
    (
        "POST /journeys/{journey}/anchors/{name}/preview",
        "/journeys/{journey-1}/anchors/nowhere/preview",
        "unknown anchor",
        {"at": "2026-01-05T09:00:00Z"},
        NURSE,
        404,
        "not-found",
    ),
    (
        "PUT /journeys/{journey}/anchors/{name}",
        "/journeys/{journey-1}/anchors/nowhere",
        "unknown anchor",
        {"at": "2026-01-05T09:00:00Z"},
        NURSE,
        404,
        "not-found",
    ),
    (
        "PUT /journeys/{journey}/parameters/{name}",
        "/journeys/{journey-1}/parameters/low",
        "out of its range",
        {"value": 99},
        NURSE,
        422,
        "invalid",
    ),
    (
        "PUT /patients/{patient}/consents",
        "/patients/{patient-1}/consents",
        "of tomorrow",
        {"consents": [{"purpose": "care", "granted": True, "at": TOMORROW}]},
        NURSE,
        422,
        "invalid",
    ),
    (
        "PUT /patients/{patient}/team",
        "/patients/{patient-1}/team",
        "an unknown department",
        {"department": "nowhere"},
        NURSE,
        404,
        "not-found",
    ),
    (
        "PUT /patients/{patient}/team",
        "/patients/{patient-1}/team",
        "an unknown person",
        {"team": {"surgeon": "nobody-1"}},
        NURSE,
        404,
        "not-found",
    ),
    ("POST /patients/{patient}/death", "/patients/{patient-1}/death", "of tomorrow", DEAD, NURSE, 422, "invalid"),
    (
        "POST /patients/{patient}/death/withdraw",
        "/patients/{patient-1}/death/withdraw",
        "who lives",
        None,
        NURSE,
        409,
        "conflict",
    ),
    ("POST /patients/{patient}/death", "/patients/{patient-1}/death", "no actor", DEAD, NOBODY, 401, "nobody-acts"),
    ("GET /staff", "/staff" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("PUT /staff/{staff}", "/staff/x", "no name", {"name": " "}, NURSE, 422, "malformed"),
    ("PUT /departments/{department}", "/departments/x", "one language", {"zh": "x"}, NURSE, 422, "malformed"),
    ("PUT /roles/{role}", "/roles/x", "unknown actor", {"zh": "x", "en": "x"}, ELSEWHERE, 403, "staff-unknown"),
    ("GET /holders", "/holders?role=a%20b", "no name of a role", None, NURSE, 422, "malformed"),
    (
        "PUT /roles/{role}/holders/{department}/{staff}",
        "/roles/nothing/holders/ward/nurse-1",
        "unknown role",
        None,
        NURSE,
        404,
        "not-found",
    ),
    (
        "DELETE /roles/{role}/holders/{department}/{staff}",
        "/roles/head-nurse/holders/ward/nobody-1",
        "unknown person",
        None,
        NURSE,
        404,
        "not-found",
    ),
    ("GET /holders", "/holders" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("GET /duty", "/duty?at=soon", "no time", None, NURSE, 422, "malformed"),
    ("GET /duty", "/duty" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("POST /duty", "", "ends before it starts", SHIFT | BACKWARDS, NURSE, 422, "invalid"),
    ("DELETE /duty/{shift}", "/duty/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("POST /journeys", "", "unknown pathway", START | {"pathway": "nothing"}, NURSE, 404, "not-found"),
    ("POST /journeys", "", "unknown patient", START | {"patient": "nobody"}, NURSE, 404, "not-found"),
    ("POST /journeys", "", "unknown anchor", START | {"anchors": {"surgry": "2026-01-01"}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "anchor missing", {"patient": "{patient-3}", "pathway": "other"}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "enrolled tomorrow", START | {"anchors": {"enrolled": TOMORROW}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "enrolled unborn", START | {"anchors": {"enrolled": "1961-01-01"}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "operated unborn", START | {"anchors": {"surgery": "1961-01-01"}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "unknown value", START | {"data": {"drinks": True}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "a word for a yes", START | {"data": {"smokes": "yes"}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "a number for a yes", START | {"data": {"smokes": 1}}, NURSE, 422, "invalid"),
    ("PUT /staff/{staff}", "/staff/x", "a number for a yes", {"name": "x", "active": 1}, NURSE, 422, "malformed"),
    ("POST /journeys", "", "parameter out of range", START | {"data": {"low": 9}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "parameter is a text", START | {"data": {"low": "4"}}, NURSE, 422, "invalid"),
    ("POST /journeys", "", "excluded by its condition", CHILD, NURSE, 409, "conflict"),
    (
        "POST /journeys",
        "",
        "does not go with another",
        {"patient": "{patient-1}", "pathway": "other", "anchors": {"birth": "2026-01-01"}},
        NURSE,
        409,
        "conflict",
    ),
    ("GET /journeys", "/journeys?status=gone", "unknown status", None, NURSE, 422, "malformed"),
    ("GET /journeys/{journey}", "/journeys/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /journeys/{journey}/timeline", "/journeys/nothing/timeline", "unknown", None, NURSE, 404, "not-found"),
    (
        "GET /journeys/{journey}/timeline",
        "/journeys/{journey-1}/timeline" + NO_CURSOR,
        "no cursor of ours",
        None,
        NURSE,
        422,
        "invalid",
    ),
    (
        "POST /journeys/{journey}/events",
        "/journeys/{journey-3}/events",
        "ended",
        {"name": "admitted"},
        NURSE,
        409,
        "journey-ended",
    ),
    (
        "POST /journeys/{journey}/events",
        "/journeys/{journey-1}/events",
        "that nothing watches",
        {"name": "unheard"},
        NURSE,
        422,
        "invalid",
    ),
    ("POST /journeys/{journey}/pause", "/journeys/{journey-2}/pause", "paused", None, NURSE, 409, "conflict"),
    ("POST /journeys/{journey}/pause", "/journeys/{journey-3}/pause", "ended", None, NURSE, 409, "journey-ended"),
    ("POST /journeys/{journey}/pause", "/journeys/{journey-1}/pause", "no actor", None, NOBODY, 401, "nobody-acts"),
    ("POST /journeys/{journey}/resume", "/journeys/{journey-1}/resume", "not paused", None, NURSE, 409, "conflict"),
    ("POST /journeys/{journey}/withdraw", "/journeys/{journey-3}/withdraw", "", None, NURSE, 409, "journey-ended"),
    ("POST /journeys/{journey}/leave", "/journeys/{journey-3}/leave", "", LOST, NURSE, 409, "journey-ended"),
    ("POST /journeys/{journey}/leave", "/journeys/{journey-1}/leave", "no reason", {}, NURSE, 422, "malformed"),
    ("POST /journeys/{journey}/reinstate", "/journeys/{journey-3}/reinstate", "left", None, NURSE, 409, "conflict"),
    ("POST /journeys/{journey}/reinstate", "/journeys/{journey-dead}/reinstate", "dead", None, NURSE, 409, "conflict"),
    ("POST /journeys/{journey}/death", "/journeys/{journey-1}/death", "of tomorrow", DEAD, NURSE, 422, "invalid"),
    (
        "POST /journeys/{journey}/tracks/{track}/start",
        "/journeys/{journey-1}/tracks/nothing/start",
        "unknown track",
        None,
        NURSE,
        404,
        "not-found",
    ),
    (
        "POST /journeys/{journey}/tracks/{track}/stop",
        "/journeys/{journey-3}/tracks/symptoms/stop",
        "ended",
        None,
        NURSE,
        409,
        "journey-ended",
    ),
    ("GET /tasks", "/tasks?cursor=x", "no cursor of ours", None, NURSE, 422, "invalid"),
    ("GET /tasks", "/tasks?limit=0", "no limit", None, NURSE, 422, "malformed"),
    ("GET /tasks/{task}", "/tasks/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("POST /tasks/{task}/claim", "/tasks/{task-held}/claim", "held by another", None, NURSE, 409, "task-held"),
    ("POST /tasks/{task}/claim", "/tasks/{task-open}/claim", "of another role", None, HEAD, 403, "not-your-task"),
    ("POST /tasks/{task}/claim", "/tasks/{task-open}/claim", "no actor", None, NOBODY, 401, "nobody-acts"),
    ("POST /tasks/{task}/claim", "/tasks/{task-open}/claim", "unknown actor", None, ELSEWHERE, 403, "staff-unknown"),
    (
        "POST /tasks/{task}/claim",
        "/tasks/{task-open}/claim",
        "of another version",
        None,
        NURSE | {"If-Match": '"99"'},
        412,
        "changed-meanwhile",
    ),
    ("POST /tasks/{task}/release", "/tasks/{task-open}/release", "held by nobody", None, NURSE, 409, "conflict"),
    (
        "POST /tasks/{task}/hand-over",
        "/tasks/{task-held}/hand-over",
        "to another role",
        {"to": "head-1"},
        NURSE,
        422,
        "invalid",
    ),
    (
        "POST /tasks/{task}/hand-over",
        "/tasks/{task-held}/hand-over",
        "to nobody",
        {"to": "nobody-1"},
        NURSE,
        403,
        "staff-unknown",
    ),
    (
        "POST /tasks/{task}/attempts",
        "/tasks/{task-open}/attempts",
        "none are counted",
        {"result": "no-answer"},
        NURSE,
        409,
        "conflict",
    ),
    (
        "POST /tasks/{task}/attempts",
        "/tasks/{task-note}/attempts",
        "again in the past",
        {"result": "call-back", "again": "2020-01-05T09:00:00+08:00"},
        NURSE,
        422,
        "invalid",
    ),
    (
        "POST /tasks/{task}/attempts",
        "/tasks/{task-note}/attempts",
        "tried tomorrow",
        {"result": "no-answer", "at": TOMORROW},
        NURSE,
        422,
        "in-the-future",
    ),
    ("POST /tasks/{task}/suspend", "/tasks/{task-open}/suspend", "never waits", {}, NURSE, 409, "conflict"),
    ("POST /tasks/{task}/suspend", "/tasks/{task-waiting}/suspend", "twice", {}, NURSE, 409, "conflict"),
    (
        "POST /tasks/{task}/suspend",
        "/tasks/{task-note}/suspend",
        "until long ago",
        {"until": "2020-01-05T09:00:00+08:00"},
        NURSE,
        409,
        "conflict",
    ),
    ("POST /tasks/{task}/continue", "/tasks/{task-note}/continue", "not waiting", None, NURSE, 409, "conflict"),
    ("POST /tasks/{task}/complete", "/tasks/{task-closed}/complete", "twice", DONE, NURSE, 409, "task-closed"),
    (
        "POST /tasks/{task}/complete",
        "/tasks/{task-open}/complete",
        "undeclared outcome",
        {"outcome": "cured"},
        NURSE,
        422,
        "outcome-undeclared",
    ),
    (
        "POST /tasks/{task}/complete",
        "/tasks/{task-open}/complete",
        "answers of no form",
        DONE | {"answers": {"condition": "perfect"}},
        NURSE,
        422,
        "answers-do-not-fit",
    ),
    (
        "POST /tasks/{task}/complete",
        "/tasks/{task-open}/complete",
        "done next year",
        DONE | {"at": "2199-01-01T00:00:00Z"},
        NURSE,
        422,
        "in-the-future",
    ),
    ("POST /observations", "", "a text for a number", result("{patient-1}", value="2.8"), NURSE, 422, "malformed"),
    ("POST /observations", "", "neither number nor text", result("{patient-1}", value=None), NURSE, 422, "malformed"),
    ("POST /observations", "", "unknown status", result("{patient-1}", status="good"), NURSE, 422, "malformed"),
    (
        "POST /observations",
        "",
        "a number for a time",
        result("{patient-1}", effective=1767600000),
        NURSE,
        422,
        "malformed",
    ),
    (
        "POST /observations",
        "",
        "the year 1",
        result("{patient-1}", effective="0001-01-01T00:00:00Z"),
        NURSE,
        422,
        "malformed",
    ),
    ("POST /observations", "", "nothing", [], NURSE, 422, "malformed"),
    (
        "POST /observations",
        "",
        "a version with other content",
        [result("{patient-1}", "V", version=1), result("{patient-1}", "V", version=1, value=3)],
        NURSE,
        409,
        "conflict",
    ),
    ("GET /observations", "/observations", "of nobody", None, NURSE, 422, "malformed"),
    ("GET /observations", "/observations?patient=nobody", "of an unknown patient", None, NURSE, 404, "not-found"),
    ("GET /observations/{observation}", "/observations/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /quarantine", "/quarantine?state=lost", "unknown state", None, NURSE, 422, "malformed"),
    (
        "POST /quarantine/{id}/release",
        "/quarantine/{quarantined}/release",
        "still not understood",
        {},
        NURSE,
        409,
        "conflict",
    ),
    (
        "POST /quarantine/{id}/discard",
        "/quarantine/{discarded}/discard",
        "decided before",
        None,
        NURSE,
        409,
        "conflict",
    ),
    (
        "POST /answers",
        "",
        "do not fit",
        {"journey": "{journey-1}", "form": "symptoms", "items": {"thirst": "very"}},
        NURSE,
        422,
        "answers-do-not-fit",
    ),
    (
        "POST /answers",
        "",
        "unknown form",
        {"journey": "{journey-1}", "form": "moods", "items": {}},
        NURSE,
        404,
        "not-found",
    ),
    (
        "POST /answers",
        "",
        "ended",
        {"journey": "{journey-3}", "form": "symptoms", "items": {"thirst": True}},
        NURSE,
        409,
        "journey-ended",
    ),
    (
        "GET /answers",
        "/answers" + NO_CURSOR + "&patient={patient-1}",
        "no cursor of ours",
        None,
        NURSE,
        422,
        "invalid",
    ),
    ("GET /answers", "/answers?patient=nobody", "of an unknown patient", None, NURSE, 404, "not-found"),
    ("GET /visits", "/visits" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("GET /visits/{visit}", "/visits/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("POST /visits/{visit}/report", "/visits/nothing/report", "unknown", {"state": "kept"}, NURSE, 404, "not-found"),
    (
        "POST /visits/{visit}/report",
        "/visits/{visit}/report",
        "kept next year",
        {"state": "kept", "at": "2199-01-01T00:00:00Z"},
        NURSE,
        422,
        "in-the-future",
    ),
    ("GET /messages", "/messages?state=lost", "unknown state", None, NURSE, 422, "malformed"),
    ("GET /messages/{message}", "/messages/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /alarms", "/alarms" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("POST /alarms/{alarm}/acknowledge", "/alarms/nothing/acknowledge", "unknown", None, NURSE, 404, "not-found"),
    ("GET /releases", "/releases" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("POST /releases/check", "", "a file outside", {"files": {"../x.yaml": "x"}}, NURSE, 422, "malformed"),
    (
        "POST /releases",
        "",
        "does not check",
        {"files": FILES | {"pathway.yaml": "pathway: x\ntracks: {}\n"}},
        LEAD,
        422,
        "pathway-problems",
    ),
    ("GET /patients/{patient}/record", "/patients/nobody/record", "unknown", None, NURSE, 404, "not-found"),
    ("GET /patients/{patient}/record", "/patients/{patient-1}/record?limit=0", "", None, NURSE, 422, "malformed"),
    ("GET /record/{entry}", "/record/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /merges", "/merges?patient=nobody", "of an unknown patient", None, NURSE, 404, "not-found"),
    ("GET /merges", "/merges" + NO_CURSOR, "no cursor of ours", None, NURSE, 422, "invalid"),
    ("POST /merges", "", "of an unknown patient", ONE | {"retired": "nobody"}, NURSE, 404, "not-found"),
    ("POST /merges", "", "into itself", ONE | {"retired": "{patient-1}"}, NURSE, 422, "invalid"),
    ("POST /merges", "", "of one that went elsewhere", ONE | {"retired": "{patient-again}"}, NURSE, 409, "conflict"),
    ("POST /merges", "", "no actor", ONE | {"retired": "{patient-2}"}, NOBODY, 401, "nobody-acts"),
    ("POST /merges/{merge}/undo", "/merges/nothing/undo", "unknown", None, NURSE, 404, "not-found"),
    ("POST /merges/{merge}/undo", "/merges/{merge}/undo", "no actor", None, NOBODY, 401, "nobody-acts"),
    ("GET /transmissions", "/transmissions?channel=fax", "no such way", None, NURSE, 422, "malformed"),
    ("GET /transmissions/{transmission}", "/transmissions/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /transmissions/{transmission}/body", "/transmissions/nothing/body", "", None, NURSE, 404, "not-found"),
    (
        "GET /transmissions/{transmission}/body",
        "/transmissions/{transmission}/body",
        "nobody reads",
        None,
        NOBODY,
        401,
        "nobody-acts",
    ),
    (
        "PUT /patients/{patient}/consents",
        "/patients/{patient-again}/consents",
        "of a record that went into another",
        {"consents": [{"purpose": "care", "granted": False}]},
        NURSE,
        409,
        "conflict",
    ),
    ("GET /releases/{checksum}", "/releases/nothing", "unknown", None, NURSE, 404, "not-found"),
    ("GET /acts/{act}", "/acts/nothing", "unknown", None, NURSE, 404, "not-found"),
]
CANNOT_CLASH = {
    ("GET", "/live"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/api/v1/departments"),
    ("GET", "/api/v1/roles"),
}
"""They take nothing and change nothing."""


def _name(refusal: Refusal) -> str:
    return f"{refusal[0]} {refusal[2]}".strip()


def test_every_route_has_a_refusal(desk: Desk) -> None:
    """A new route without a request that it refuses fails here."""
    covered = {(method, API + route) for method, route in (one[0].split(" ") for one in REFUSALS)}
    assert covered | CANNOT_CLASH == routes(desk.app)


@pytest.mark.parametrize("refusal", REFUSALS, ids=_name)
async def test_what_is_wrong_is_refused_and_changes_nothing(refusal: Refusal, desk: Desk, known: Known) -> None:
    """A problem document with what to do, without a value that was sent; the store is as it was."""
    call, path, _, body, headers, status, code = refusal
    method, _, route = call.partition(" ")
    before = _contents(desk)
    answer = await desk.http.request(method, API + known.fill(path or route), json=known.fill(body), headers=headers)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert (answer.headers["Content-Type"], problem["code"]) == ("application/problem+json", code)
    assert problem["title"]
    assert problem["detail"].endswith((".", "。"))
    assert NAME not in answer.text
    assert PHONE not in answer.text
    assert _contents(desk) == before


def _contents(desk: Desk) -> dict[str, int]:
    with desk.database.connected() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in names}


def test_the_tables_agree() -> None:
    """Every route that is refused something is also served something."""
    assert {f"{one.method} {one.route.removeprefix(API)}" for one in REQUESTS} >= {one[0] for one in REFUSALS}
