"""Pathways as folders of files on a disk, read into the texts that the language takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from pathways.errors import Invalid, NotFound, PathwayProblems
from pathways.language import reading as language
from pathways.language.reading import PATHWAY_FILE, Reading
from pathways.language.release import Release

_PARTS = ("forms", "messages")
_SCENARIOS = "scenarios"


def built_in() -> Path:
    """The folder of the pathways that come with Tongxing."""
    return Path(str(files("pathways.library")))


def pathway_folders(path: Path) -> Sequence[Path]:
    """The pathway that `path` is (its folder, or its `pathway.yaml`), or those in the folder `path`, by name.

    Raises:
        NotFound: there is no pathway there.
    """
    if path.name == PATHWAY_FILE and path.is_file():
        return (path.parent,)
    if (path / PATHWAY_FILE).is_file():
        return (path,)
    found = sorted(file.parent for file in path.glob(f"*/{PATHWAY_FILE}")) if path.is_dir() else []
    if not found:
        what = f"There is no pathway in {path}." if path.exists() else f"There is no {path}."
        raise NotFound(what, hint=f"Name a folder with a {PATHWAY_FILE}, that file, or a folder of such folders.")
    return found


def pathway_files(folder: Path) -> Mapping[str, bytes]:
    """What makes the release: the files of the folder by their path in it, hidden ones left out.

    Raises:
        Invalid: a file may not be read.
    """
    inside = (file for part in _PARTS for file in (folder / part).rglob("*"))
    chosen = [file for file in (folder / PATHWAY_FILE, *inside) if file.is_file() and not _is_hidden(file)]
    return {file.relative_to(folder).as_posix(): _content(file) for file in sorted(chosen)}


def scenario_files(path: Path) -> Mapping[Path, bytes]:
    """The scenarios of the pathway's folder by their files, or the one scenario file that `path` is.

    Raises:
        Invalid: a file may not be read.
    """
    chosen = [path] if path.is_file() else sorted((path / _SCENARIOS).glob("*.yaml"))
    return {file: _content(file) for file in chosen if not _is_hidden(file)}


def examine(folder: Path) -> Reading:
    """Read the pathway of the folder; each problem names its file with the folder before it."""
    reading = language.examine(pathway_files(folder))
    placed = tuple(replace(problem, file=str(folder / problem.file)) for problem in reading.problems)
    return replace(reading, problems=placed)


def release(folder: Path) -> Release:
    """The release that the folder makes.

    Raises:
        PathwayProblems: with every error in its files.
    """
    reading = examine(folder)
    if reading.release is None:
        raise PathwayProblems(
            (problem for problem in reading.problems if problem.severity == "error"), hint="Correct these lines."
        )
    return reading.release


def _is_hidden(file: Path) -> bool:
    return file.name.startswith(".") or file.name.endswith("~")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as refused:
        raise Invalid(f"{file} may not be read: {refused.strerror}.", hint="Correct its permissions.") from None
