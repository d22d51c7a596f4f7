"""`docs/pathways/PATHWAY.md` asks ten questions of a pathway; each answer is what stands in the pathway's YAML."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from pathways.language.documents import read_document
from pathways.language.step import STEP_KINDS
from tests.docs.markdown import ROOT, named, rows, sections

LIBRARY = ROOT / "pathways" / "library"
DOCUMENTS = sorted((ROOT / "docs" / "pathways").glob("*.md"))
QUESTIONS = 10
WITHOUT_QUESTIONS = {"demonstration"}
"""Pathways that nobody is treated by."""

Tree = Mapping[str, "Tree"] | list["Tree"] | str | float | bool | None
"""What YAML holds."""


class Question(NamedTuple):
    """A question of one document: the answer in prose, and where it is read."""

    pathway: str
    text: str
    answer: str
    places: Sequence[tuple[str, str]]


@cache
def files_of(pathway: str) -> Tree:
    """What a reader has who has only the YAML: the pathway's keys, and `forms` and `messages` by name."""
    folder = LIBRARY / pathway
    whole = _load(folder / "pathway.yaml")
    assert isinstance(whole, Mapping)
    parts: Mapping[str, Tree] = {
        kind: {path.stem: _load(path) for path in folder.glob(f"{kind}/*.yaml")} for kind in ("forms", "messages")
    }
    return {**whole, **parts}


def _load(path: Path) -> Tree:
    return read_document(path.name, path.read_bytes()).value


def _questions(document: Path) -> Iterator[Question]:
    _, *asked = sections(document.read_text("utf-8")).items()
    for text, body in asked:
        prose = "\n".join(line for line in body.splitlines() if not line.startswith("|"))
        yield Question(document.stem, text, prose, [(row[0], named(row[1])[0]) for row in rows(body)])


ALL = [question for document in DOCUMENTS for question in _questions(document)]


def _within(there: Tree, step: str) -> Tree:
    """One part of what stands there: by its key, of a list by its number or by the name of what it is."""
    if isinstance(there, Mapping):
        return there[step]
    assert isinstance(there, list), f"nothing is called '{step}' where {there} stands"
    called = [one for one in there if isinstance(one, Mapping) and step in _names(one)]
    return called[0] if called else there[int(step) - 1]


def _names(part: Mapping[str, Tree]) -> Iterator[Tree]:
    """What an entry of a list may be called: a form's item by its code, a step by what it does."""
    for key in ("code", "name", *STEP_KINDS):
        yield part.get(key)


def _found(question: Question, place: str) -> str:
    there = files_of(question.pathway)
    for step in place.split(" / "):
        there = _within(there, step)
    return _written(there)


def _written(value: Tree) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


@cache
def _said(pathway: str) -> frozenset[str]:
    return frozenset(_all(files_of(pathway)))


def _all(value: Tree) -> Iterator[str]:
    """Every key and every scalar."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield key
            yield from _all(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _all(inside)
    else:
        yield _written(value)


def test_every_pathway_for_patients_has_questions() -> None:
    """Each pathway of the library has a document, and each document its pathway."""
    pathways = {path.parent.name for path in LIBRARY.glob("*/pathway.yaml")}
    assert {document.stem for document in DOCUMENTS} == pathways - WITHOUT_QUESTIONS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_ten_questions_are_asked(document: Path) -> None:
    """Each is a question about the pathway, with an answer and the places where it stands."""
    asked = [question for question in ALL if question.pathway == document.stem]
    assert len(asked) == QUESTIONS
    for question in asked:
        assert question.text.endswith("?")
        assert question.answer.strip()
        assert len(question.places) > 1, question.text


@pytest.mark.parametrize("question", ALL, ids=lambda question: f"{question.pathway}: {question.text}")
def test_an_answer_is_what_the_yaml_says(question: Question) -> None:
    """Who, what and within what time stand in the pathway as the answer has them."""
    assert {place: _found(question, place) for place, _ in question.places} == dict(question.places)


@pytest.mark.parametrize("question", ALL, ids=lambda question: f"{question.pathway}: {question.text}")
def test_an_answer_names_what_was_looked_up(question: Question) -> None:
    """The answer in words says all that its places hold, and no name that the pathway does not have."""
    told = set(named(question.answer.replace("\n", " ")))
    assert {value for _, value in question.places} <= told
    assert told <= _said(question.pathway)
