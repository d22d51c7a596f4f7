"""The product with one line changed, in a tree of its own: what a test that keeps that line must find.

A mutant names a file, a piece of it that stands there once, what stands there instead, and the tests that must fail.
"""

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHIN_SECONDS = 240
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "histories")
_WITHOUT = ("xdist", "cov", "anyio", "hypothesispytest", "cacheprovider")
"""Plugins that the named tests do without: loading them takes longer than running the tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change, named by the rule that it breaks, and the tests that must find it, as pytest names them."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the tests failed, and the end of what they said."""

    killed: bool
    said: str


def changed(mutant: Mutant) -> str:
    """The file with the change; AssertionError where the piece does not stand there exactly once."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    found = text.count(mutant.old)
    assert found == 1, f"{mutant.name}: its piece stands {found} times in {mutant.file}"
    return text.replace(mutant.old, mutant.new)


def tree_of(folder: Path, parts: Sequence[str]) -> Path:
    """A copy of parts of the product in the folder, compiled, so that each run compiles only what was changed."""
    for part in parts:
        shutil.copytree(ROOT / part, folder / part, ignore=_LEFT_OUT)
    for file in (ROOT / "pyproject.toml", *ROOT.glob("*.py")):
        shutil.copy2(file, folder / file.name)
    compileall.compile_dir(folder, quiet=1)
    return folder


def put(tree: Path, mutant: Mutant) -> None:
    """Makes the change in the tree."""
    target = tree / mutant.file
    target.write_text(changed(mutant), encoding="utf-8")
    # What was compiled is told from what was changed by its time.
    os.utime(target, (0, 0))


def take_back(tree: Path, mutant: Mutant) -> None:
    """Makes the tree as it was."""
    shutil.copy2(ROOT / mutant.file, tree / mutant.file)


def judge(tree: Path, mutant: Mutant) -> Verdict:
    """Run the mutant's tests on the tree with its change; the tree is as before afterwards."""
    put(tree, mutant)
    try:
        return run(tree, mutant.tests)
    finally:
        take_back(tree, mutant)


def run(tree: Path, tests: Sequence[str]) -> Verdict:
    """Run the tests there; they count as failed where pytest says so, not where it could not run them."""
    without = [part for plugin in _WITHOUT for part in ("-p", f"no:{plugin}")]
    # Plain asserts and short traces, for it is enough to know whether they fail.
    done = in_tree(tree, "-m", "pytest", "-x", "-q", "--assert=plain", "--tb=short", *without, *tests)
    said = done.stdout[-2000:] + done.stderr[-500:]
    assert done.returncode in {0, 1}, f"the tests could not be run:\n{said}"
    return Verdict(killed=done.returncode == 1, said=said)


def in_tree(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the tree, which finds the product there and leaves nothing behind."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
    )
