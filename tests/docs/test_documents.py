"""What the documents point at is there, and what they tell to type can be typed."""

import re
import shlex
from pathlib import Path

import pytest

from cli import app
from tests.docs.markdown import ROOT, anchors, blocks, commands_of, documents, headings

COMMANDS = commands_of(app)
TARGETS = frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"`(tongxing [^`]+)`")
_PLACEHOLDER = re.compile(r"[A-Z]+(\.\.\.)?|[^ ]*[<…].*")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """A relative link names a file of the project, and a heading of it where it names one."""
    prose = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in _LINK.findall(prose):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), link
        assert there.is_relative_to(ROOT), link
        if heading:
            assert heading in anchors(there.read_text("utf-8")), link


def test_both_readmes_tell_the_same() -> None:
    """Each heading, link and block of the one has its counterpart in the other."""
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]
    assert [block[:2] for block in blocks(english)] == [block[:2] for block in blocks(chinese)]
    ours = {"README.md", "README.zh-CN.md"}
    assert sorted({*_LINK.findall(english)} - ours) == sorted({*_LINK.findall(chinese)} - ours)
    assert len(re.findall(r"^[-|] ?", english, re.MULTILINE)) == len(re.findall(r"^[-|] ?", chinese, re.MULTILINE))


@pytest.mark.parametrize("path", documents(), ids=_name)
def test_what_is_to_be_typed_exists(path: Path) -> None:
    """Every `tongxing` command with its options, and every target of make, is one that there is."""
    text = path.read_text("utf-8")
    typed = [line for block in blocks(text) if block.info == "sh" for line in block.text.splitlines()]
    for line in (*typed, *(one.replace("\n", " ") for one in _COMMAND.findall(text))):
        words = [word for word in shlex.split(line) if not _PLACEHOLDER.fullmatch(word)]
        if words[:1] == ["tongxing"] and len(words) > 1 and not words[1].startswith("-"):
            name = " ".join(words[1:3]) if " ".join(words[1:3]) in COMMANDS else words[1]
            assert name in COMMANDS, line
            known = {way for one in COMMANDS[name].params for way in (*one.opts, *one.secondary_opts)}
            assert {word for word in words[2:] if word.startswith("--")} <= known, line
    for target in re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE):
        assert target in TARGETS, target
