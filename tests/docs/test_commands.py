"""`docs/commands.md` says the same as the commands themselves, and the tour in the documents is the tour."""

import re
from pathlib import Path

import pytest

from api.tour import tour
from cli import app
from tests.docs.markdown import commands_of

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "commands.md"
COMMANDS = commands_of(app)
TOURED = [file for file in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")) if "<!-- tour -->" in file.read_text("utf-8")]


def section(name: str) -> str:
    """What stands under the command's heading."""
    found = re.search(rf"^## `tongxing {name}\b.*?(?=^## |\Z)", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{name} is not documented"
    return found.group()


def rows(name: str) -> list[str]:
    """The rows of the command's table, as they must stand there."""
    told: list[str] = []
    for one in COMMANDS[name].params:
        shown = (*one.opts, *one.secondary_opts) if one.param_type_name == "option" else (one.opts[0].upper(),)
        told.append(f"| {', '.join(f'`{way}`' for way in shown)} | {getattr(one, 'help', '')} |")
    return told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """It has a section with its help, and a row with the help of each option and argument, and no other row."""
    written = section(name)
    assert (COMMANDS[name].help or "") in written
    assert re.findall(r"^\| `.*$", written, re.MULTILINE) == rows(name)


def test_nothing_is_documented_that_does_not_exist() -> None:
    """The sections are the commands, in the order of `tongxing --help`."""
    assert re.findall(r"^## `tongxing ([a-z0-9-]+(?: [a-z-]+)*)", DOCUMENT.read_text("utf-8"), re.MULTILINE) == list(
        COMMANDS
    )


@pytest.mark.parametrize("file", TOURED, ids=lambda file: file.name)
def test_the_tour_is_the_one_that_is_printed(file: Path) -> None:
    """Whoever pastes it from a document pastes what the tests paste from the terminal."""
    written = re.findall(r"<!-- tour -->\n```sh\n(.*?)```", file.read_text("utf-8"), re.DOTALL)
    assert written == ["".join(f"{line}\n" for line in tour("http://127.0.0.1:8000"))]


def test_the_tour_is_in_a_document() -> None:
    """There is one to paste from."""
    assert DOCUMENT in TOURED
