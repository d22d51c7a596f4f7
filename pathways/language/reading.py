"""The files of a pathway, read into a release: all of it, or every problem in it.

Files come as texts (or bytes) by their path relative to the pathway's folder. `pathway.yaml`, `forms/NAME.yaml` and
`messages/NAME.yaml` make a release; files elsewhere (scenarios) are not part of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from pathways.errors import PathwayProblems
from pathways.language.check import check
from pathways.language.definition import Pathway
from pathways.language.documents import Document, Path, read_document
from pathways.language.draft import Places
from pathways.language.forms import Form
from pathways.language.messages import MessageTemplate
from pathways.language.problems import Problem
from pathways.language.release import Contents, Release, make_release
from pathways.language.shapes import Misfit, fit, fitted

PATHWAY_FILE = "pathway.yaml"

_VALUES = ("data", "parameters", "values")
_SECTIONS = ("anchors", *_VALUES, "ladders", "tracks", "words")
# In the place of what cannot be read while the rest is checked; never part of a release.
_STAND_INS: Mapping[str, Any] = {
    "pathway": "unread",
    "title": {"zh": "-", "en": "-"},
    "evidence": ["-"],
    "owner": "operator",
    "anchors": {"enrolled": {}},
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What reading the files gave: a release where nothing is wrong with them, and the problems, warnings included."""

    release: Release | None
    problems: tuple[Problem, ...]


@dataclass(kw_only=True)
class _Found:
    """What was found so far."""

    problems: list[Problem] = field(default_factory=list[Problem])
    documents: dict[Path, Document] = field(default_factory=dict[Path, Document])
    forms: dict[str, Form] = field(default_factory=dict[str, Form])
    messages: dict[str, MessageTemplate] = field(default_factory=dict[str, MessageTemplate])
    pathway: Pathway | None = None
    unread: set[str] = field(default_factory=set[str])
    values_read: bool = True


def read(files: Mapping[str, str | bytes]) -> Release:
    """The release that the files make; PathwayProblems with everything that is wrong, warnings left out."""
    reading = examine(files)
    if reading.release is None:
        raise PathwayProblems(problem for problem in reading.problems if problem.severity == "error")
    return reading.release


def examine(files: Mapping[str, str | bytes]) -> Reading:
    """The release, or none, with every error and warning in the order of the files."""
    found = _Found()
    for file in sorted(files):
        _take_in(found, file, files[file])
    if PATHWAY_FILE not in files:
        expected = "expected it in the pathway's folder"
        found.problems.append(
            Problem(file=PATHWAY_FILE, line=1, column=1, what="there is no such file", expected=expected)
        )
    if found.pathway is None:
        return Reading(release=None, problems=tuple(sorted(found.problems)))
    contents = Contents(pathway=found.pathway, forms=found.forms, messages=found.messages)
    checked = check(
        contents, Places(documents=found.documents), unread=frozenset(found.unread), values_read=found.values_read
    )
    problems = tuple(sorted({*found.problems, *checked}))
    sound = all(problem.severity == "warning" for problem in problems)
    return Reading(release=make_release(contents) if sound else None, problems=problems)


def _take_in(found: _Found, file: str, content: str | bytes) -> None:
    folder, _, name = file.rpartition("/")
    if file == PATHWAY_FILE:
        _take_in_pathway(found, read_document(file, content))
    elif folder in ("forms", "messages") and name.endswith(".yaml") and name != ".yaml":
        _take_in_part(found, folder, read_document(file, content))
    elif file.startswith(("forms/", "messages/")):
        what = "this file would not be read"
        expected = "expected forms/NAME.yaml or messages/NAME.yaml"
        found.problems.append(Problem(file=file, line=1, column=1, what=what, expected=expected))


def _take_in_part(found: _Found, folder: str, document: Document) -> None:
    """A form or a message."""
    part, misfits = fit(document, Form if folder == "forms" else MessageTemplate)
    found.problems += (*document.problems, *(misfit.problem for misfit in misfits))
    found.unread.update(_texts(document.aside))
    if part is None:
        name = document.file.rpartition("/")[2].removesuffix(".yaml")
        found.unread.update((name, *_texts(document.value)))
        return
    key, name = ("form", part.form) if isinstance(part, Form) else ("message", part.message)
    if (folder, name) in found.documents:
        line, column, _ = document.place((key,))
        what = f"{key} '{name}' stands in {found.documents[folder, name].file} too"
        found.problems.append(
            Problem(file=document.file, line=line, column=column, what=what, expected="expected each name once")
        )
    found.documents[folder, name] = document
    if isinstance(part, Form):
        found.forms[name] = part
    else:
        found.messages[name] = part


def _take_in_pathway(found: _Found, document: Document) -> None:
    pathway, misfits = fit(document, Pathway)
    found.problems += (*document.problems, *(misfit.problem for misfit in misfits))
    found.documents["pathway",] = document
    found.unread.update(_texts(document.aside))
    found.pathway = pathway
    if pathway is None or document.unreadable:
        _take_in_the_rest(found, document, misfits)


def _take_in_the_rest(found: _Found, document: Document, misfits: tuple[Misfit, ...]) -> None:
    """The pathway without the tracks, data and so on that could not be read, so that the others are checked too."""
    found.pathway = None
    broken = document.unreadable.union(misfit.path for misfit in misfits)
    if () in broken:
        return
    rest: dict[Any, Any] = dict(document.value)
    for section, *inside in broken:
        held = rest.get(section)
        if section in _SECTIONS and not (inside and isinstance(held, dict)):
            return  # every name in it would be taken for unknown
        if section in _SECTIONS:
            rest[section] = cast("dict[Any, Any]", held) | {}
            found.unread.update(_texts({inside[0]: rest[section].pop(inside[0], None)}))
        else:
            found.unread.update(_texts(rest.pop(section, None)))
        found.values_read &= section not in _VALUES
    rest = {**_STAND_INS, **rest}
    rest["anchors"] = _STAND_INS["anchors"] | rest["anchors"]
    try:
        found.pathway = fitted(rest, Pathway)
    except ValidationError:
        return


def _texts(value: object) -> Iterator[str]:
    """Every text in a plain value, keys included."""
    match value:
        case str():
            yield value
        case dict():
            for key, held in cast("dict[str, object]", value).items():
                yield from (key, *_texts(held))
        case list():
            for held in cast("list[object]", value):
                yield from _texts(held)
        case _:
            pass
