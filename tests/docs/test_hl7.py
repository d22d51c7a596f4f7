"""`docs/hl7.md` says the same as the code that takes HL7 messages in."""

import re
from dataclasses import fields

import pytest
from prometheus_client import CollectorRegistry

from api.hl7.faults import KINDS, Reason
from api.hl7.figures import Figures
from api.hl7.results import STATUSES
from api.hl7.translation import TRANSLATORS
from api.mapping import SiteMapping
from tests.docs.markdown import ROOT, named, rows, sections

TEXT = (ROOT / "docs" / "hl7.md").read_text("utf-8")
NEVER_KEPT: frozenset[Reason] = frozenset({"too-large", "try-again", "defect"})


def test_every_kind_of_message_is_documented() -> None:
    """The table holds what is understood, and nothing else."""
    told: set[str] = set()
    for first, *_ in rows(sections(TEXT)["What is taken in"]):
        names = named(first)
        if "^" in names[0]:
            code = names[0].partition("^")[0]
            told |= {name if "^" in name else f"{code}^{name}" for name in names}
    assert told == set(TRANSLATORS)


def test_every_status_is_documented() -> None:
    """Each letter of OBX-11 that is a status stands in the table."""
    letters = {name for row in rows(sections(TEXT)["What is taken in"]) for name in named(row[0]) if len(name) == 1}
    assert letters == {*STATUSES, "I", "N", "O"}


@pytest.mark.parametrize("reason", [reason for reason in KINDS if reason not in NEVER_KEPT])
def test_every_reason_is_documented(reason: Reason) -> None:
    """Whoever finds it in quarantine finds it there."""
    assert f"`{reason}`" in TEXT


@pytest.mark.parametrize("field", [one.name for one in fields(SiteMapping)])
def test_every_part_of_the_mapping_is_documented(field: str) -> None:
    """Each has its row, and its place in the sample."""
    assert re.search(rf"^\| .*`{field}`", TEXT, re.MULTILINE)
    assert re.search(rf"^{field}:", (ROOT / "docs" / "mapping.example.yaml").read_text("utf-8"), re.MULTILINE)


def test_every_figure_is_documented() -> None:
    """And no figure that there is not."""
    registry = CollectorRegistry()
    Figures(registry, mapping_broken=lambda: False)
    figures = {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}
    assert {named(row[0])[0] for row in rows(sections(TEXT)["Figures"])} == figures
