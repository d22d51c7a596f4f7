"""Every error is an OperationOutcome, in both languages, and holds nothing that was sent."""

from pathlib import Path
from typing import Any

import pytest

from api.fhir.bundles import MOST_ENTRIES
from settings import Settings
from store.database import open_database
from tests.api.clinic import open_desk
from tests.api.fhir.speaking import TYPE, Fhir, glucose, patient

SECRET = "林小满-13800138000"
# Method, address, content, headers; then status, issue code and the code of the problem.
BROKEN: list[tuple[str, str, bytes | None, dict[str, Any], int, str, str | None]] = [
    ("POST", "/Patient", b"{", {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b"[]", {}, 400, "structure", "resource-unreadable"),
    ("POST", "/Patient", b"{}", {}, 400, "structure", "resource-unreadable"),
    ("POST", "/Patient", b"\xff\xfe", {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b'{"resourceType": NaN}', {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b'{"a":' * 90 + b"1" + b"}" * 90, {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b'{"a":' * 9000, {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b'{"resourceType": "Patient", "id": "\\u0000"}', {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b'{"resourceType": "Patient", "id": "\\ud800"}', {}, 400, "invalid", "resource-unreadable"),
    ("POST", "/Patient", b"<Patient/>", {"Content_Type": "application/fhir+xml"}, 415, "not-supported", None),
    ("POST", "/Patient", b"{}", {"Content_Type": f"{TYPE};charset=gbk"}, 415, "not-supported", None),
    ("POST", "/Patient/_search", b"{}", {}, 415, "not-supported", "media-type-refused"),
    ("GET", "/Patient", None, {"Accept": "application/fhir+xml"}, 406, "not-supported", "not-acceptable"),
    ("GET", "/Patient?_format=xml", None, {}, 406, "not-supported", "not-acceptable"),
    ("GET", "/Practitioner", None, {}, 404, "not-supported", "resource-missing"),
    ("GET", "/Patient/nobody", None, {}, 404, "not-found", "resource-missing"),
    ("GET", "/Patient/nobody/extra/parts", None, {}, 404, "not-found", "http-404"),
    ("DELETE", "/Patient/nobody", None, {}, 405, "not-supported", "http-405"),
    ("POST", "/Task", b"{}", {}, 405, "not-supported", "http-405"),
    ("GET", "", None, {}, 400, "not-supported", "search-refused"),
    ("POST", "/Patient", b" " * 4_100_000, {}, 413, "too-long", "http-413"),
    ("GET", "/Patient", None, {"Host": "evil.example"}, 400, "invalid", "foreign-host"),
    ("POST", "/Patient", b"{}", {"Tongxing_Actor": "nobody"}, 403, "forbidden", "staff-unknown"),
]


@pytest.mark.parametrize(("method", "path", "content", "headers", "status", "issue", "problem"), BROKEN)
async def test_what_cannot_be_read_is_refused_in_fhir(
    method: str,
    path: str,
    content: bytes | None,
    headers: dict[str, Any],
    status: int,
    issue: str,
    problem: str | None,
    fhir: Fhir,
) -> None:
    """With the status of the one table, and the code on which programs branch."""
    answer = await fhir.send(method, path, content=content, **headers)
    told = answer.json()
    assert (answer.status_code, told["resourceType"], told["issue"][0]["code"]) == (status, "OperationOutcome", issue)
    if problem is not None:
        assert told["issue"][0]["details"]["coding"][0]["code"] == problem


async def test_an_outcome_speaks_the_callers_language(fhir: Fhir) -> None:
    """Chinese unless English is wanted more."""
    zh = await fhir.send("GET", "/Patient/nobody")
    en = await fhir.send("GET", "/Patient/nobody", Accept_Language="en")
    assert zh.json()["issue"][0]["diagnostics"] == "没有这个资源。"
    assert en.json()["issue"][0]["diagnostics"] == "There is no such resource."


TOLD: list[dict[str, Any]] = [
    patient(gender=SECRET),
    patient(birthDate=SECRET),
    patient() | {SECRET: 1},
    patient(name=SECRET),
    glucose(status=SECRET),
    glucose(valueQuantity={"value": SECRET}),
    glucose(subject={"reference": SECRET}),
    glucose(component=[{SECRET: SECRET}]),
    {"resourceType": SECRET},
    {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "PUT", "url": SECRET}}]},
    {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": SECRET, "url": "Patient"}}]},
    {"resourceType": "Bundle", "type": "transaction", "entry": [{SECRET: {}}]},
]


@pytest.mark.parametrize("body", TOLD)
async def test_a_refusal_repeats_nothing(body: dict[str, Any], fhir: Fhir) -> None:
    """Neither a value nor a name of an element that the caller made up."""
    type = str(body["resourceType"])
    answer = await fhir.send("POST", "" if type == "Bundle" else f"/{'Patient' if type == SECRET else type}", body)
    assert "OperationOutcome" in answer.text
    assert SECRET not in answer.text
    assert "13800138000" not in answer.text


async def test_a_name_of_a_parameter_is_repeated_only_where_it_looks_like_one(fhir: Fhir) -> None:
    """Somebody may have typed a name into the address."""
    for name in ("13800138000", "小满"):
        answer = await fhir.send("GET", f"/Patient?{name}=1")
        assert answer.status_code == 400
        assert name not in answer.text


async def test_a_bundle_has_its_limit(fhir: Fhir) -> None:
    """500 entries are taken, one more is not."""
    entry = {"request": {"method": "GET", "url": "Patient/nobody"}}
    most = {"resourceType": "Bundle", "type": "batch", "entry": [entry] * MOST_ENTRIES}
    answer = await fhir.send("POST", "", most)
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["404 Not Found"] * MOST_ENTRIES
    answer = await fhir.send("POST", "", most | {"entry": [entry] * (MOST_ENTRIES + 1)})
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Bundle.entry"])


async def test_as_the_sender_prefers(fhir: Fhir) -> None:
    """Nothing, the resource or an outcome; the place and version are always told."""
    minimal = await fhir.send("POST", "/Patient", patient(), Prefer="return=minimal")
    outcome = await fhir.send("POST", "/Patient", patient(), Prefer="return=OperationOutcome")
    whole = await fhir.send("POST", "/Patient", patient(), Content_Type="application/json; charset=utf-8")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert outcome.json()["resourceType"] == "OperationOutcome"
    assert whole.json()["resourceType"] == "Patient"
    places = {one.headers["Location"] for one in (minimal, outcome, whole)}
    assert places == {f"http://127.0.0.1:8000/fhir/R4/Patient/{whole.json()['id']}"}
    assert {one.headers["ETag"] for one in (minimal, outcome, whole)} == {'W/"1"'}


async def test_a_store_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    """503 with when to try again, on every route that needs it; in a batch, entry by entry."""
    database = open_database(f"sqlite:///{tmp_path / 'no-such-folder' / 'store.sqlite'}")
    async with open_desk(database, Settings(state_dir=tmp_path)) as desk:
        fhir = Fhir(desk=desk)
        answers = [
            await fhir.send("POST", "/Patient", patient()),
            await fhir.send("PUT", "/Patient/1", patient(id="1")),
            await fhir.send("GET", "/Patient/1"),
            await fhir.send("GET", "/Task"),
            await fhir.send("POST", "/Patient/_search", form={"name": "x"}),
            await fhir.send("GET", "?_getpages=1&_cursor=x"),
            await fhir.send(
                "POST",
                "",
                {
                    "resourceType": "Bundle",
                    "type": "transaction",
                    "entry": [{"resource": patient(), "request": {"method": "POST", "url": "Patient"}}],
                },
            ),
        ]
        entry = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
        batch = await fhir.send("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        assert (await fhir.send("GET", "/metadata")).status_code == 200
    database.close()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["issue"][0]["code"] == "transient"
        assert int(answer.headers["Retry-After"]) > 0
    assert batch.json()["entry"][0]["response"]["status"] == "503 Service Unavailable"


async def test_metrics_know_routes_by_their_templates(fhir: Fhir) -> None:
    """No id, identifier or type of search stands in them."""
    made = await fhir.create(patient("P-77"))
    await fhir.get(f"/Patient/{made['id']}")
    await fhir.search("Patient", identifier="urn:his|P-77")
    metrics = (await fhir.desk.http.get("/metrics")).text
    assert 'route="/fhir/R4/{resource}/{id}"' in metrics
    assert 'route="/fhir/R4/{resource}/_search"' in metrics
    for secret in (made["id"], "P-77", "urn:his"):
        assert secret not in metrics
