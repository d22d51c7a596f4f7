"""Every row of the clinical texts is a part of its pathway, or an omission that is stated with its reason.

`coverage/PATHWAY.yaml` holds the rows of one pathway's texts with the parts that they became, the parameters as the
texts have them, and those that were read in a primary text.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pathways.language.documents import read_document
from pathways.language.reading import read
from pathways.language.release import Release
from pathways.language.trigger import Named

LIBRARY = Path("pathways/library")
TABLES = Path(__file__).parent / "coverage"
WITHOUT_TEXTS = {"demonstration"}
"""Pathways that stand for no clinical text."""
NAMES = sorted(path.parent.name for path in LIBRARY.glob("*/pathway.yaml") if path.parent.name not in WITHOUT_TEXTS)


def _load(path: Path) -> Any:
    document = read_document(path.name, path.read_bytes())
    assert document.problems == []
    return document.value


@cache
def table_of(name: str) -> Any:
    """The rows, parameters and confirmed parameters of one pathway's texts."""
    return _load(TABLES / f"{name}.yaml")


@cache
def release_of(name: str) -> Release:
    folder = LIBRARY / name
    return read({path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")})


@cache
def omissions_of(name: str) -> dict[str, str]:
    """The reason of each row that the pathway leaves out."""
    return {entry["row"]: entry["omitted"] for entry in _load(LIBRARY / name / "omissions.yaml")}


@cache
def parts_of(name: str) -> frozenset[str]:
    """Everything of a pathway that a row may have become, as the tables name it."""
    release = release_of(name)
    pathway = release.pathway
    return frozenset(
        {
            *(f"track {track}" for track in pathway.tracks),
            *(f"parameter {parameter}" for parameter in (*pathway.parameters, *pathway.times)),
            *(f"anchor {anchor}" for anchor in pathway.anchors),
            *(f"ladder {ladder}" for ladder in pathway.ladders),
            *(f"lexicon {lexicon}" for lexicon in pathway.lexicons),
            *(f"event {track.when.event}" for track in pathway.tracks.values() if isinstance(track.when, Named)),
            *(f"code {data} {code}" for data, shape in pathway.data.items() for code in shape.observation),
            *(f"form {form}" for form in release.contents.forms),
            *(f"item {form} {item.code}" for form, shape in release.contents.forms.items() for item in shape.items),
            *(f"message {message}" for message in release.contents.messages),
            *(f"scenario {path.stem}" for path in (LIBRARY / name / "scenarios").glob("*.yaml")),
        }
    )


def _rows() -> list[tuple[str, str]]:
    return [(name, row) for name in NAMES for row in (table_of(name)["rows"] if _has_table(name) else ())]


def _has_table(name: str) -> bool:
    return (TABLES / f"{name}.yaml").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_pathway_has_a_table_of_its_texts(name: str) -> None:
    """A pathway for patients says which texts it stands on, row by row."""
    assert _has_table(name)
    assert table_of(name)["rows"]


@pytest.mark.parametrize(("name", "row"), _rows())
def test_a_row_is_in_the_pathway_or_omitted_with_a_reason(name: str, row: str) -> None:
    """A row is one of both, never neither."""
    became = table_of(name)["rows"][row]
    if became:
        assert [part for part in became if part not in parts_of(name)] == []
        assert row not in omissions_of(name)
    else:
        assert omissions_of(name)[row].strip()


@pytest.mark.parametrize("name", NAMES)
def test_no_omission_is_stated_that_no_row_asks_for(name: str) -> None:
    """An omission that became a track is taken out of the list."""
    assert set(omissions_of(name)) <= set(table_of(name)["rows"])


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_the_value_and_source_of_its_text(name: str) -> None:
    """Values come from the clinical texts; what was not read in a primary one waits for a clinician."""
    pathway, table = release_of(name).pathway, table_of(name)
    shipped = {key: [one.value, one.unit, one.source] for key, one in pathway.parameters.items()}
    assert shipped == table["parameters"]
    owned = {**pathway.parameters, **pathway.times}
    assert {key for key, one in owned.items() if one.confirmed} == set(table["confirmed"])
    assert {one.source for one in owned.values() if one.confirmed} <= {"primary"}
    assert {one.evidence for one in owned.values()} <= set(pathway.evidence)
