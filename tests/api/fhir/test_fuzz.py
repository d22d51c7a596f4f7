"""Whatever is sent is answered in FHIR: never an error of ours, and never a word of what was sent in a refusal."""

import asyncio
import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settings import Settings
from store.database import open_database
from tests.api.clinic import open_desk
from tests.api.fhir.speaking import Fhir
from tests.api.fhir.stories import stories

SENT = [
    (path, step["body"])
    for story in stories()
    for step in story.steps
    if step.get("send", "").startswith("POST ") and "body" in step
    for path in [step["send"].removeprefix("POST ").strip("/")]
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "2026", "2026-01-05", "0001-01-01", "9999-12-31T23:59:59Z", "Patient/x", "#", "urn:uuid:"]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
VALUES = ["a|b", "|", "ge", "2026-02-30", "\\,", "a\\,b", "9999", "2026-01-05T24:00", "2200-12-31", "1850"]
QUICK = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, kw_only=True)
class Open:
    """A FHIR side that stays open, and the loop that it runs in."""

    runner: asyncio.Runner
    fhir: Fhir

    def ask(self, path: str, content: bytes) -> None:
        """Send something; the answer must be FHIR, and what was made must be there."""
        self.runner.run(_ask(self.fhir, path, content))


@pytest.fixture(scope="module")
def shared(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """One store for all examples: what earlier ones left makes later ones odder."""
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copyfile(staffed, folder / "fuzz.sqlite")
    database = open_database(f"sqlite:///{folder / 'fuzz.sqlite'}")
    opening = open_desk(database, Settings(state_dir=folder))
    with asyncio.Runner() as runner:
        yield Open(runner=runner, fhir=Fhir(desk=runner.run(opening.__aenter__())))
        runner.run(opening.__aexit__(None, None, None))
    database.close()


def _places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if place:
        yield place
    if isinstance(value, dict):
        for name, inner in cast(dict[str, object], value).items():
            yield from _places(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(cast(list[object], value)):
            yield from _places(inner, (*place, number))


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A resource of a story of which some parts are gone, doubled, or something else."""
    path, body = draw(st.sampled_from(SENT))
    changed = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(changed))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        inner = changed
        for part in way:
            inner = inner[part]
        match draw(st.sampled_from(["drop", "replace", "double", "add"])):
            case "drop":
                del inner[last]
            case "replace":
                inner[last] = draw(ANYTHING)
            case "double":
                inner[last] = [inner[last], inner[last]]
            case _:
                if isinstance(inner, dict):
                    inner[draw(st.text(max_size=12))] = draw(ANYTHING)
    return path, changed


async def _ask(fhir: Fhir, path: str, content: bytes) -> None:
    answer = await fhir.send("POST", f"/{path}" if path else "", content=content)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["resourceType"] == "OperationOutcome"
    if answer.status_code in (200, 201) and "Location" in answer.headers:
        assert (await fhir.send("GET", answer.headers["Location"])).status_code == 200


@QUICK
@given(sent=_mutated())
def test_a_mutated_resource_is_answered(sent: tuple[str, Any], shared: Open) -> None:
    """With success, a reason to wait, or a refusal; what was made can be read."""
    path, body = sent
    shared.ask(path, json.dumps(body).encode())


@QUICK
@given(path=st.sampled_from(["", "Patient", "Observation", "Consent"]), body=ANYTHING | st.binary(max_size=40))
def test_anything_is_answered(path: str, body: Any, shared: Open) -> None:
    """JSON that is no resource, and bytes that are no JSON."""
    shared.ask(path, body if isinstance(body, bytes) else json.dumps(body).encode())


@QUICK
@given(
    type=st.sampled_from(["Patient", "Observation", "Appointment", "Questionnaire"]),
    name=st.sampled_from(["_id", "date", "identifier", "patient", "_lastUpdated", "_count", "name", "code", "x"]),
    value=st.text(max_size=30) | st.sampled_from(VALUES),
)
def test_any_search_is_answered(type: str, name: str, value: str, shared: Open) -> None:
    """With a Bundle or a refusal."""
    answer = shared.runner.run(shared.fhir.send("POST", f"/{type}/_search", form={name: value}))
    assert answer.status_code < 500, answer.text
