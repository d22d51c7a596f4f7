"""Stories in files: messages in the order in which a hospital sends them, and what is to be seen after each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select

from store import tables
from store.database import Database
from tests.api.fhir.speaking import Fhir

FOLDER = Path(__file__).parents[2] / "messages" / "fhir"
_TABLES: Mapping[str, type[tables.Base]] = {
    "patients": tables.Patient,
    "observations": tables.Observation,
    "entries": tables.Entry,
    "consents": tables.Consent,
    "answers": tables.Answers,
    "quarantine": tables.Quarantine,
    "merges": tables.Merge,
    "transmissions": tables.Transmission,
    "inbox": tables.Inbox,
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """A file: the rule that it shows and its steps."""

    name: str
    rule: str
    steps: Sequence[Mapping[str, Any]]


def stories() -> list[Story]:
    """Every story, by the name of its file."""
    return [_read(file) for file in sorted(FOLDER.glob("*.json"))]


async def tell(story: Story, fhir: Fhir, database: Database) -> None:
    """Send what the story sends and look at what is to be seen; `{name}` is what was saved under that name."""
    saved: dict[str, str] = {}
    for number, raw in enumerate(story.steps, 1):
        step = _filled(raw, saved)
        where = f"{story.name}, step {number}"
        if "api" in step:
            method, path = step["api"].split(" ", 1)
            answer = await fhir.desk.http.request(
                method, f"/api/v1{path}", json=step.get("body"), headers={"Tongxing-Actor": "lead-1"}
            )
        elif "form" in step:
            answer = await fhir.send("POST", f"/{step['send']}/_search", form=step["form"])
        else:
            method, path = step["send"].split(" ", 1)
            answer = await fhir.send(
                method, "" if path == "/" else f"/{path}", step.get("body"), **step.get("with", {})
            )
        assert answer.status_code == step.get("status", 200), f"{where}: {answer.text}"
        told: Any = answer.json() if answer.content else {}
        for place, expected in step.get("has", {}).items():
            assert at(told, place) == expected, f"{where}: {place} in {told}"
        for place in step.get("lacks", []):
            assert at(told, place) is None, f"{where}: {place} in {told}"
        for name, place in step.get("save", {}).items():
            saved[name] = str(at(told, place))
        _look(step.get("kept", {}), database, where)


def at(told: Any, place: str) -> Any:
    """What stands at a place such as `entry.0.resource.id`; None where nothing does."""
    for part in place.split("."):
        if isinstance(told, list):
            listed = cast(list[Any], told)
            told = len(listed) if part == "length" else (listed[int(part)] if int(part) < len(listed) else None)
        elif isinstance(told, dict):
            told = cast(dict[str, Any], told).get(part)
        else:
            return None
    return told


def _look(kept: Mapping[str, Any], database: Database, where: str) -> None:
    """How many rows there are, and why what is held is held."""
    with database.read() as session:
        for name, expected in kept.items():
            if name == "held":
                rows = select(tables.Quarantine.reason).where(tables.Quarantine.state == "held")
                found: object = sorted(session.scalars(rows.order_by(tables.Quarantine.received)))
            else:
                found = session.scalar(select(func.count()).select_from(_TABLES[name]))
            assert found == expected, f"{where}: {name} is {found}"


def _read(file: Path) -> Story:
    told = json.loads(file.read_text("utf-8"))
    return Story(name=file.stem, rule=told["rule"], steps=told["steps"])


def _filled(given: Any, saved: Mapping[str, str]) -> Any:
    if isinstance(given, str):
        for name, value in saved.items():
            given = given.replace("{" + name + "}", value)
        return given
    if isinstance(given, dict):
        return {_filled(name, saved): _filled(value, saved) for name, value in cast(dict[str, Any], given).items()}
    return [_filled(one, saved) for one in cast(list[Any], given)] if isinstance(given, list) else given
