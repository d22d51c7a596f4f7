"""A release that is not checked yet: its contents, where each part stands in the files, and its steps with their paths.

Paths begin with `pathway`, `forms` and the form's name, or `messages` and the message's name, and go on with the keys
and indices of the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from pathways.language.definition import Pathway
from pathways.language.documents import Document, Path, Place
from pathways.language.problems import Problem
from pathways.language.release import Contents
from pathways.language.step import (
    AnyStep,
    Choose,
    Steps,
    Task,
    Together,
    Visit,
    branches,
)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the parts of a release stand: each file by the path of what it holds."""

    documents: Mapping[Path, Document] = field(default_factory=dict[Path, Document])

    def find(self, path: Path, *, key: bool) -> tuple[str, Place]:
        """The file and the place of a part; its beginning where the file is not at hand."""
        for end in (1, 2):
            document = self.documents.get(path[:end])
            if document is not None:
                return document.file, document.place(path[end:], key=key)
        return "/".join(map(str, path[:2])), Place(1, 1)


class Placed(NamedTuple):
    """A step, the track that it is part of, and where it stands."""

    path: Path
    track: str
    step: AnyStep


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is checked."""

    contents: Contents
    places: Places
    unread: frozenset[str] = frozenset()
    """Texts in the parts of the files that could not be read: what they name may well be there."""

    def may_name(self, name: str) -> bool:
        """Whether the name may stand in a part that could not be read, perhaps because it is misspelt there."""
        return _folded(name) in self._unread

    @cached_property
    def _unread(self) -> frozenset[str]:
        return frozenset(map(_folded, self.unread))

    @property
    def pathway(self) -> Pathway:
        """The pathway."""
        return self.contents.pathway

    @cached_property
    def steps(self) -> tuple[Placed, ...]:
        """Every step of every track, a step before those under it."""
        return tuple(
            placed
            for name, track in self.pathway.tracks.items()
            for placed in _placed(("pathway", "tracks", name, "steps"), name, track.steps)
        )

    @cached_property
    def counted_steps(self) -> frozenset[str]:
        """The names of tasks and visits: what `done(...)` may count from."""
        steps = [placed.step for placed in self.steps]
        tasks = {step.task for step in steps if isinstance(step, Task)}
        return frozenset(tasks | {step.visit for step in steps if isinstance(step, Visit)})

    def error(self, path: Path, what: str, expected: str, *, key: bool = False, offset: int = 0) -> Problem:
        """An error at the value (or key) of the path; `offset` counts characters into a text."""
        return self._problem(path, what, expected, "error", key, offset)

    def warning(self, path: Path, what: str, expected: str, *, key: bool = False) -> Problem:
        """A warning at the value (or key) of the path."""
        return self._problem(path, what, expected, "warning", key, 0)

    def _problem(
        self, path: Path, what: str, expected: str, severity: Literal["error", "warning"], key: bool, offset: int
    ) -> Problem:
        file, place = self.places.find(path, key=key)
        column = place.column if place.text is None or not offset else place.text + offset
        return Problem(
            file=file,
            line=place.line,
            column=column,
            what=what,
            expected=expected.removeprefix("; "),
            severity=severity,
        )


def _folded(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _placed(path: Path, track: str, steps: Steps) -> Iterator[Placed]:
    for number, step in enumerate(steps):
        here = (*path, number)
        yield Placed(here, track, step)
        for way, below in branches(step).items():
            yield from _placed((*here, *way_written(step, way)), track, below)


def way_written(step: AnyStep, way: str) -> Path:
    """The keys under which a file has the steps of a way (of `definition.branches`)."""
    if isinstance(step, Task):
        return ("outcomes", way)
    if isinstance(step, Choose) and way.startswith("case-"):
        return ("cases", int(way.removeprefix("case-")) - 1, "steps")
    if isinstance(step, Together):
        return ("together", way)
    return (way,)
