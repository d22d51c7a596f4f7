"""A store with two patients and a mailroom for tests of HL7, and messages with what they are expected to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from api.hl7.figures import Figures
from api.hl7.mailroom import Mailroom
from api.intake import Intake
from api.mapping import SiteMapping
from api.mapping_reading import MappingFile
from store import patients
from store.database import Database
from store.facts import Policy
from store.patients import Contact, Identifier

ROOT = Path(__file__).parents[3]
MESSAGES = ROOT / "tests" / "messages" / "hl7"
MAPPING = ROOT / "docs" / "mapping.example.yaml"
NOW = datetime(2026, 1, 16, 4, tzinfo=UTC)
PATIENTS: Mapping[str, tuple[str, date, patients.Sex, str]] = {
    "P1": ("林小满", date(1961, 3, 2), "female", "11010519610302003X"),
    "P2": ("周建国", date(1955, 6, 15), "male", "110101195506150015"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A message of the corpus, with what was written down of its effects."""

    name: str
    body: bytes
    expected: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


def case(name: str) -> Case:
    """The message of that name."""
    reader: Any = YAML(typ="safe", pure=True)
    return Case(
        name=name,
        body=(MESSAGES / f"{name}.hl7").read_bytes(),
        expected=reader.load((MESSAGES / f"{name}.yaml").read_text("utf-8")),
    )


def corpus() -> Sequence[Case]:
    """Every message, by its name."""
    return [case(file.stem) for file in sorted(MESSAGES.glob("*.hl7"))]


def admit(database: Database) -> None:
    """Make the two patients whom the messages know."""
    with database.write() as session:
        for number, (name, born, sex, card) in PATIENTS.items():
            patients.create(
                session,
                identifiers=[
                    Identifier(system="his", value=number),
                    Identifier(system="national-id", value=card),
                ],
                name=name,
                born=born,
                sex=sex,
                contacts=[Contact(kind="sms", value="13800138000")],
                now=NOW,
            )


def mailroom_on(
    database: Database,
    *,
    mapping: Callable[[], SiteMapping] | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    prompt: Callable[[], None] = lambda: None,
) -> Mailroom:
    """What takes messages in, with the sample of a mapping."""
    intake = Intake(
        database=database,
        policy=Policy(),
        mapping=mapping or MappingFile(MAPPING),
        prompt=prompt,
        clock=clock,
    )
    return Mailroom(intake=intake, figures=Figures(CollectorRegistry(), mapping_broken=lambda: False))


def messages_counted(mailroom: Mailroom, **labels: str) -> float:
    """How many messages the figures count under the labels."""
    return sum(
        sample.value
        for family in mailroom.figures.registry.collect()
        for sample in family.samples
        if sample.name == "tongxing_hl7_messages_total" and labels.items() <= sample.labels.items()
    )
