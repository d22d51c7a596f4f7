"""What holds for every route: a well-formed request is served, and a store that is away is said to be."""

from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from store.database import open_database
from tests.api.clinic import Desk, Known, open_desk
from tests.api.requests import REQUESTS, Asked, routes

WITHOUT_STORE = {("POST", "/api/v1/releases/check"), ("GET", "/live"), ("GET", "/metrics")}
"""Routes that need no store."""


def _name(asked: Asked) -> str:
    return f"{asked.method} {asked.route}"


def test_every_route_has_a_request(desk: Desk) -> None:
    """A new route without a well-formed request in the table fails here."""
    assert {(one.method, one.route) for one in REQUESTS} == routes(desk.app)


@pytest.mark.parametrize("asked", REQUESTS, ids=_name)
async def test_a_well_formed_request_is_served(asked: Asked, desk: Desk, known: Known) -> None:
    """Also with the engine away: what people do is kept."""
    answer = await desk.http.request(
        asked.method, known.fill(asked.path), json=known.fill(asked.body), headers=asked.headers
    )
    if asked.route == "/ready":
        assert (answer.status_code, answer.json()["missing"]) == (503, ["engine"])
    else:
        assert answer.is_success, answer.text


@pytest.mark.parametrize("asked", REQUESTS, ids=_name)
async def test_a_store_that_is_away_is_said_to_be(
    asked: Asked, settings: Settings, tmp_path: Path, known: Known
) -> None:
    """503 with when to try again, never a 500 and never a success that kept nothing."""
    database = open_database(f"sqlite:///{tmp_path / 'no-such-folder' / 'store.sqlite'}")
    async with open_desk(database, settings) as desk:
        answer = await desk.http.request(
            asked.method, known.fill(asked.path), json=known.fill(asked.body), headers=asked.headers
        )
    database.close()
    if (asked.method, asked.route) in WITHOUT_STORE:
        assert answer.is_success
    elif asked.route == "/ready":
        assert (answer.status_code, answer.json()["missing"]) == (503, ["store", "engine"])
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
        assert int(answer.headers["Retry-After"]) > 0


async def test_the_description_is_whole(desk: Desk) -> None:
    """Every route has a summary, says its errors as problems, and every body has an example."""
    document: dict[str, Any] = (await desk.http.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"]
            for content in operation.get("requestBody", {"content": {}})["content"].values():
                assert _has_example(document, content["schema"]), f"{method} {path}"


def _has_example(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    if "$ref" in schema:
        return _has_example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    options = schema.get("anyOf", [])
    return "example" in schema or any(_has_example(document, one) for one in options if "$ref" in one)
