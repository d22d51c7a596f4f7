"""The documents as tests read them: sections by their headings, tables and fenced blocks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer.main

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<marks>#{1,6}) (?P<title>.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: what stands after the opening fence, its text, and the line on which it begins."""

    info: str
    text: str
    line: int


def commands_of(app: typer.Typer) -> Mapping[str, Any]:
    """Every command by the words that are typed for it: `check`, `hl7 send`."""
    found: dict[str, Any] = {}
    for name, command in typer.main.get_group(app).commands.items():
        below: Mapping[str, Any] = getattr(command, "commands", {})
        found |= {f"{name} {part}": one for part, one in below.items()} or {name: command}
    return found


def documents() -> Sequence[Path]:
    """Every Markdown file that belongs to the project."""
    return sorted(path for pattern in ("*.md", "docs/**/*.md", "bench/**/*.md") for path in ROOT.glob(pattern))


def blocks(text: str, info: str | None = None) -> Sequence[Block]:
    """The fenced blocks, or those with this info string."""
    found = (
        Block(match["info"].strip(), match["text"], text[: match.start()].count("\n") + 1)
        for match in _FENCE.finditer(text)
    )
    return [block for block in found if info is None or block.info == info]


def headings(text: str) -> Sequence[tuple[int, str]]:
    """Each heading's level and title, fenced blocks left out."""
    return [(len(match["marks"]), match["title"]) for match in _HEADING.finditer(_FENCE.sub("", text))]


def sections(text: str) -> Mapping[str, str]:
    """What stands under each heading, up to the next one of any level, fenced blocks left out."""
    *parts, rest = _split(_FENCE.sub("", text))
    return {title: body for title, body in (*parts, rest) if title}


def _split(text: str) -> Iterator[tuple[str, str]]:
    title, start = "", 0
    for match in _HEADING.finditer(text):
        yield title, text[start : match.start()]
        title, start = match["title"], match.end()
    yield title, text[start:]


def anchors(text: str) -> frozenset[str]:
    """The anchors of the headings, as they are made where the documents are read."""
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in headings(text))


def rows(section: str) -> Sequence[Sequence[str]]:
    """The cells of each row of the section's tables, without their heads."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rules = [place for place, line in enumerate(lines) if re.fullmatch(r"[|\-: ]+", line)]
    heads = {place for rule in rules for place in (rule - 1, rule)}
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for place, line in enumerate(lines)
        if place not in heads
    ]


def named(cell: str) -> Sequence[str]:
    """The names in a cell: each text in backticks."""
    return re.findall(r"`([^`]+)`", cell)
