"""What is wrong with a scenario file, each at its place."""

from collections.abc import Collection

from pathways.language.documents import Document, Path
from pathways.language.names import did_you_mean
from pathways.language.problems import Problem
from pathways.language.written import Written


class Notes:
    """Collects the problems of a file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = list(document.problems)

    def add(self, path: Path, what: str, expected: str, *, key: bool = False) -> None:
        """Notes a problem with the value at the path, or with its key."""
        place = self._document.place(path, key=key)
        file = self._document.file
        self.problems.append(Problem(file=file, line=place.line, column=place.column, what=what, expected=expected))

    def split(self, path: Path, error: ValueError) -> None:
        """Notes an error whose text holds what is wrong and, after a semicolon, what was expected."""
        what, _, expected = str(error).partition("; ")
        self.add(path, what, expected)

    def known(self, path: Path, name: str, names: Collection[str], noun: str, *, key: bool = False) -> None:
        """Notes a name that is not among the known ones."""
        if name not in names:
            self.add(path, f"there is no {noun} '{name}'", did_you_mean(name, names).removeprefix("; "), key=key)

    def said(self, path: Path, written: Written) -> frozenset[str]:
        """The keys that have a value; one that stands there without any is noted."""
        # A key that Python keeps for itself has an underscore behind its name there.
        said = {name.removesuffix("_"): getattr(written, name) for name in sorted(written.model_fields_set)}
        for key, value in said.items():
            if value is None:
                self.add((*path, key), f"'{key}' is nothing", "expected a value behind it", key=True)
        return frozenset(said)

    def line(self, path: Path) -> int:
        """The line of the file in which the value stands."""
        return self._document.place(path).line
