"""`docs/http.md` says the same as the API itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from api.app import create_app
from api.errors import KINDS
from pathways.errors import EngineUnavailable
from settings import Settings
from store.database import open_database

DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"


async def _away() -> Client:
    raise EngineUnavailable


def _routes() -> Iterator[str]:
    app = create_app(Settings(), database=open_database("sqlite:///unopened.sqlite"), client_provider=_away)
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            yield f"| `{method.upper()} {path}` | {' '.join(operation['description'].split())} |"


def _codes() -> Iterator[str]:
    for error, kind in KINDS.items():
        yield f"| `{error.code}` | {kind.status} | {kind.title.zh} | {kind.title.en} |"


def _documented(pattern: str) -> list[str]:
    return re.findall(pattern, DOCUMENT.read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", [*_routes()])
def test_every_route_is_documented(row: str) -> None:
    """A route stands in the table with what it does."""
    assert row in DOCUMENT.read_text().splitlines()


@pytest.mark.parametrize("row", [*_codes()])
def test_every_code_is_documented(row: str) -> None:
    """The code of a problem stands in the table with its status and titles."""
    assert row in DOCUMENT.read_text().splitlines()


def test_nothing_is_documented_that_does_not_exist() -> None:
    """The tables hold no route and no code that is gone."""
    assert len(_documented(r"^\| `(?:GET|POST|PUT|DELETE) .*")) == len(list(_routes()))
    assert len(_documented(r"^\| `[a-z-]+` \| \d{3} .*")) == len(KINDS)
