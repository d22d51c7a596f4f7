"""Searches: dates by their precision, codes and identifiers by their system, pages that miss nothing."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.paging import write_cursor
from store.database import Database
from tests.api.fhir.speaking import Fhir, glucose, patient

# One glucose was measured at 2026-01-05 08:00 in Shanghai, which is midnight in UTC.
DATES = [
    ("2026-01-05", True),
    ("2026-01", True),
    ("2026", True),
    ("2025", False),
    ("2026-01-04", False),
    ("2026-01-05T08:00", True),
    ("2026-01-05T08:00:00", True),
    ("2026-01-05T00:00:00Z", True),
    ("2026-01-05T08:00:00+08:00", True),
    ("2026-01-05T08:00:01", False),
    ("2026-01-05T07:59", False),
    ("eq2026-01-05", True),
    ("ne2026-01-05", False),
    ("ne2026-01-06", True),
    ("gt2026-01-05", False),
    ("gt2026-01-04", True),
    ("ge2026-01-05", True),
    ("ge2026-01-06", False),
    ("lt2026-01-05", False),
    ("lt2026-01-06", True),
    ("le2026-01-05", True),
    ("le2026-01-04", False),
    ("2026-01-04,2026-01-05", True),
]
# One stay lasts from 2026-01-05 to 2026-01-09, another one since 2026-01-07.
PERIODS = [
    ("2026-01-05", set[str]()),
    ("2026-01", {"V-1"}),
    ("gt2026-01-09", {"V-2"}),
    ("ge2026-01-09", {"V-1", "V-2"}),
    ("lt2026-01-07", {"V-1"}),
    ("le2026-01-07", {"V-1", "V-2"}),
    ("ge2030", {"V-2"}),
    ("ne2026-01", {"V-2"}),
]
CODES = [
    ("14771-0", True),
    ("http://loinc.org|14771-0", True),
    ("http://snomed.info/sct|14771-0", False),
    ("2345-7,14771-0", True),
    ("2345-7", False),
]
BAD = [
    ("date", "yesterday"),
    ("date", "2026-13"),
    ("date", "2026-02-30"),
    ("date", "ap2026-01-05"),
    ("date", "xx2026"),
    ("date", ""),
    ("_lastUpdated", "5"),
    ("_count", "0"),
    ("_count", "-1"),
    ("_count", "many"),
    ("code", ""),
    ("patient", "a,,b"),
]


def _names(answer: list[dict[str, Any]]) -> set[str]:
    return {one["identifier"][0]["value"] for one in answer}


async def test_dates_have_the_precision_that_they_are_written_with(fhir: Fhir) -> None:
    """A day is a day of the hospital's zone."""
    await fhir.create(patient())
    await fhir.create(glucose())
    for text, fits in DATES:
        assert (await fhir.search("Observation", date=text) != []) is fits, text


async def test_what_lasts_is_compared_by_both_its_ends(fhir: Fhir) -> None:
    """A stay that has not ended lasts."""
    await fhir.create(patient())
    for number, period in (
        ("V-1", {"start": "2026-01-05T08:00:00+08:00", "end": "2026-01-09T10:00:00+08:00"}),
        ("V-2", {"start": "2026-01-07T08:00:00+08:00"}),
    ):
        await fhir.create(
            {
                "resourceType": "Encounter",
                "identifier": [{"system": "urn:his:visit", "value": number}],
                "status": "in-progress",
                "class": {"code": "IMP"},
                "subject": {"identifier": {"system": "urn:his", "value": "P-1"}},
                "period": period,
            }
        )
    for text, expected in PERIODS:
        assert _names(await fhir.search("Encounter", date=text)) == expected, text


async def test_codes_count_with_their_system(fhir: Fhir) -> None:
    """A code without a system is one of any."""
    await fhir.create(patient())
    await fhir.create(glucose())
    for text, fits in CODES:
        assert (await fhir.search("Observation", code=text) != []) is fits, text


async def test_conditions_narrow_each_other(fhir: Fhir) -> None:
    """Several parameters, and the same one several times, must all hold."""
    await fhir.create(patient())
    await fhir.create(glucose())
    found = await fhir.get("/Observation?date=ge2026-01-05&date=lt2026-01-06&code=14771-0")
    assert found["total"] == 1
    assert (await fhir.get("/Observation?date=ge2026-01-05&date=lt2026-01-05"))["total"] == 0
    assert (await fhir.get("/Observation?date=2026-01-05T08:00:00+08:00"))["total"] == 1


@pytest.mark.parametrize(("name", "value"), BAD)
async def test_a_value_that_cannot_be_meant_is_refused(name: str, value: str, fhir: Fhir) -> None:
    """With the parameter's name, and without the value; also where handling is lenient."""
    answer = await fhir.send("GET", f"/Observation?{name}={value}", Prefer="handling=lenient")
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["code"] == "value"
    assert not value or f"“{value}”" not in answer.text


def _query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


async def test_pages_miss_nothing_and_show_nothing_twice(fhir: Fhir) -> None:
    """The next page holds no more than an opaque id and a place in its address."""
    who = await fhir.create(patient())
    for number in range(23):
        await fhir.create(glucose(f"O-{number}", value=5 + number / 10))
    seen: list[str] = []
    answer = await fhir.send("POST", "/Observation/_search", form={"patient": who["id"], "_count": "5"})
    page = answer.json()
    assert "total" not in page
    while True:
        seen += [one["resource"]["id"] for one in page["entry"]]
        links: dict[str, str] = {one["relation"]: one["url"] for one in page["link"]}
        assert who["id"] not in str(links)
        if "next" not in links:
            break
        assert set(_query(links["next"])) == {"_getpages", "_cursor"}
        page = (await fhir.send("GET", links["next"])).json()
    assert len(seen) == len(set(seen)) == 23


async def test_the_private_part_of_a_search_stays_out_of_its_links(fhir: Fhir) -> None:
    """Pages of a search by identifier name it nowhere."""
    await fhir.create(patient("P-1"))
    await fhir.create(patient("P-2"))
    answer = await fhir.send("POST", "/Patient/_search", form={"name": "林", "_count": "1"})
    links = {one["relation"]: one["url"] for one in answer.json()["link"]}
    assert "林" not in str(links)
    assert "name" not in str(links)
    following = await fhir.send("GET", links["next"])
    assert len(following.json()["entry"]) == 1


async def test_a_search_that_is_kept_no_more_is_not_found(fhir: Fhir, empty: Database) -> None:
    """Neither is one that never was; a cursor that is not ours is refused."""
    del empty
    assert (await fhir.send("GET", "?_getpages=nothing&_cursor=x")).status_code == 404
    assert (await fhir.send("GET", "?name=x")).status_code == 400
    for number in range(2):
        await fhir.create(patient(f"P-{number}"))
    page = await fhir.get("/Patient?_count=1")
    address: str = next(one["url"] for one in page["link"] if one["relation"] == "next")
    for cursor in ("x", write_cursor("a"), write_cursor("a", "b")):
        id = _query(address)["_getpages"][0]
        assert (await fhir.send("GET", f"?_getpages={id}&_cursor={cursor}")).status_code == 422


async def test_what_changed_since_is_found(fhir: Fhir) -> None:
    """`_lastUpdated` is when the resource last changed here."""
    made = await fhir.create(patient())
    at = made["meta"]["lastUpdated"]
    assert (await fhir.get(f"/Patient?_lastUpdated=ge{at}"))["total"] == 1
    assert (await fhir.get(f"/Patient?_lastUpdated=gt{at}"))["total"] == 0
    assert (await fhir.get(f"/Patient?_id={made['id']}&_lastUpdated=le{at}"))["total"] == 1


async def test_somebody_is_found_by_phone(fhir: Fhir) -> None:
    """By a form; a name is found by how it begins."""
    await fhir.create(patient(telecom=[{"system": "phone", "value": "13800138000"}]))
    assert len(await fhir.search("Patient", phone="13800138000")) == 1
    assert await fhir.search("Patient", phone="138") == []
    assert len(await fhir.search("Patient", name="林小")) == 1
    assert await fhir.search("Patient", name="小满") == []
    assert await fhir.search("Patient", name="%") == []
