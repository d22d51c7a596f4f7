"""A clinic with people and pathways and nobody in care, behind the FHIR side; the engine is away."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.house import House
from api.mapping import CodeRule, IdentifierRule, SiteMapping
from settings import Settings
from store.database import Database, open_database
from tests.api.clinic import open_desk, seed
from tests.api.fhir.speaking import Fhir

HOSPITAL = SiteMapping(
    identifiers=(IdentifierRule(system="his", uri=("urn:his",)),),
    codes={"GLU": CodeRule(loinc="14771-0", unit="mmol/L")},
    units={"毫摩": "mmol/L"},
    departments={"0301": "endocrinology"},
    doctors={"D7": "doctor-li"},
    visits={"FZ": "recheck"},
)
"""What the hospital calls things."""


@pytest.fixture(scope="session")
def staffed(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with people and pathways; each test gets a copy."""
    file = tmp_path_factory.mktemp("staffed") / "staffed.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    database = open_database(f"sqlite:///{file}")

    async def make() -> None:
        async with open_desk(database, Settings(state_dir=file.parent)) as desk:
            await seed(desk)

    asyncio.run(make())
    database.close()
    return file


@pytest.fixture
def empty(staffed: Path, tmp_path: Path) -> Iterator[Database]:
    """The store of that clinic, for this test alone."""
    file = tmp_path / "fhir.sqlite"
    shutil.copyfile(staffed, file)
    database = open_database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture
async def fhir(empty: Database, tmp_path: Path) -> AsyncIterator[Fhir]:
    """The FHIR side of that clinic."""
    async with open_desk(empty, Settings(state_dir=tmp_path)) as desk:
        house: House = desk.app.state.house
        intake = replace(house.intake, mapping=lambda: HOSPITAL)
        desk.app.state.house = replace(house, mapping=lambda: HOSPITAL, intake=intake)
        yield Fhir(desk=desk)
