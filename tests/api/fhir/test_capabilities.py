"""The CapabilityStatement tells the truth: what it lists works, and what it does not list is refused."""

import pytest

from activities.clock import utc_now
from api.fhir.capabilities import statement
from api.fhir.kinds import KINDS
from store.database import Database
from tests.api.fhir.speaking import Fhir, patient, valid

STATED = {one["type"]: one for one in statement("http://127.0.0.1/fhir/R4/", utc_now())["rest"][0]["resource"]}
VALUES = {"token": "x", "reference": "x", "date": "2026-01-05", "string": "x", "uri": "x"}


def _interactions(type: str) -> set[str]:
    return {one["code"] for one in STATED[type]["interaction"]}


async def test_it_is_served_as_it_is_made(fhir: Fhir) -> None:
    """It is FHIR, and of FHIR 4.0.1."""
    told = await fhir.get("/metadata")
    assert told["fhirVersion"] == "4.0.1"
    assert {one["type"] for one in told["rest"][0]["resource"]} == set(STATED) == {kind.type for kind in KINDS}
    assert {one["code"] for one in told["rest"][0]["interaction"]} == {"batch", "transaction"}


@pytest.mark.parametrize("type", STATED)
async def test_each_interaction_is_there_or_refused(type: str, fhir: Fhir) -> None:
    """Read and search serve; create and update do so where they are listed; nothing else is a route."""
    listed = _interactions(type)
    body = {"resourceType": type}
    answers = {
        "read": await fhir.send("GET", f"/{type}/nothing"),
        "search-type": await fhir.send("GET", f"/{type}"),
        "create": await fhir.send("POST", f"/{type}", body),
        "update": await fhir.send("PUT", f"/{type}/nothing", body),
        "patch": await fhir.send("PATCH", f"/{type}/nothing", body),
        "delete": await fhir.send("DELETE", f"/{type}/nothing"),
    }
    unrouted = {
        "vread": await fhir.send("GET", f"/{type}/nothing/_history/1"),
        "history-instance": await fhir.send("GET", f"/{type}/nothing/_history"),
    }
    assert {name for name, answer in answers.items() if answer.status_code != 405} == listed
    assert {answer.status_code for answer in unrouted.values()} == {404}
    assert answers["read"].status_code == 404
    assert answers["search-type"].status_code == 200
    for name in {"create", "update"} & listed:
        assert answers[name].status_code in (202, 404, 422), answers[name].text


@pytest.mark.parametrize("type", STATED)
async def test_each_parameter_is_taken(type: str, fhir: Fhir) -> None:
    """By a form always; in an address where it says nothing of a person."""
    for parameter in STATED[type]["searchParam"]:
        name = parameter["name"]
        value = "2026-01-05" if name == "birthdate" else VALUES[parameter["type"]]
        await fhir.search(type, **{name: value})
        answer = await fhir.send("GET", f"/{type}?{name}={value}")
        private = "POST _search" in parameter.get("documentation", "")
        assert answer.status_code == (400 if private else 200), name
        if private:
            assert answer.json()["issue"][0]["code"] == "security"


@pytest.mark.parametrize("type", ["Patient", "Observation", "Task"])
async def test_what_is_not_listed_is_refused(type: str, fhir: Fhir) -> None:
    """Unless the caller is content with less."""
    for name in ("_sort", "_include", "_summary", "_has:Observation:patient:code", "name:exact", "shoe"):
        answer = await fhir.send("POST", f"/{type}/_search", form={name: "x"})
        assert answer.status_code == 400, name
        assert answer.json()["issue"][0]["code"] == "not-supported"
        lenient = await fhir.send("POST", f"/{type}/_search", form={name: "x"}, Prefer="handling=lenient")
        assert lenient.status_code == 200, name


async def test_an_update_makes_nothing(fhir: Fhir, empty: Database) -> None:
    """As it says with `updateCreate`."""
    del empty
    assert not any(one.get("updateCreate", False) for one in STATED.values())
    answer = await fhir.send("PUT", "/Patient/made-up", patient() | {"id": "made-up"})
    assert answer.status_code == 404
    assert await fhir.search("Patient", identifier="urn:his|P-1") == []


def test_it_is_fhir() -> None:
    """The models take it."""
    valid(statement("http://127.0.0.1/fhir/R4/", utc_now()))
