"""The command as a person types it."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from cli import main
from settings import PREFIX
from store.library import built_in


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a command."""

    status: int
    out: str
    err: str


Tongxing = Callable[..., Ran]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, which is not there yet; Chinese, and no setting of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith((PREFIX, "LC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv(f"{PREFIX}STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def tongxing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Tongxing]:
    """Runs `tongxing` with these arguments; where a command wrote its log to does not outlive the test."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["tongxing", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ran(status=int(ended.value.code or 0), out=told.out, err=told.err)

    yield run
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], level=logging.WARNING, force=True)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the pathways that come with the product, to be edited."""
    return shutil.copytree(built_in(), tmp_path / "library", ignore=shutil.ignore_patterns("__pycache__"))


def edit(file: Path, old: str, new: str) -> None:
    """Put other words into a file."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
