"""Lists come in pages: together they are the list, each row once."""

from typing import Any

import pytest

from tests.api.clinic import Desk, Known

SHIFT = {"role": "diabetes-nurse", "department": "ward"}
HOURS = {"starts": "2026-01-06T08:00:00+08:00", "ends": "2026-01-06T16:00:00+08:00"}


async def _pages(desk: Desk, path: str, **query: Any) -> list[Any]:
    page = await desk.get(path, limit=1, **query)
    items = page["items"]
    while page["next"] is not None:
        page = await desk.get(path, limit=1, cursor=page["next"], **query)
        items += page["items"]
    return items


@pytest.mark.parametrize("path", ["/holders", "/duty"])
async def test_the_pages_of_the_roster_are_the_roster(desk: Desk, path: str) -> None:
    """Also where shifts begin at once, or a person has several roles."""
    for staff in ("nurse-1", "nurse-2"):
        await desk.post("/duty", SHIFT | HOURS | {"staff": staff})
        assert (await desk.http.put(f"/api/v1/roles/head-nurse/holders/ward/{staff}")).is_success
    whole = (await desk.get(path))["items"]
    assert len(whole) >= 3
    assert await _pages(desk, path) == whole


async def test_the_pages_of_answers_are_the_answers(desk: Desk, known: Known) -> None:
    """The latest first, over as many pages as there are."""
    sent = {"journey": known.ids["journey-1"], "form": "symptoms", "items": {"thirst": True}}
    kept = [(await desk.post("/answers", sent))["id"] for _ in range(3)]
    paged = await _pages(desk, "/answers", patient=known.ids["patient-1"])
    assert [one["id"] for one in paged] == kept[::-1]
