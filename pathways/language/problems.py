"""What is wrong with a pathway's files, each at its place."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that a lead must correct (an error) or should look at (a warning); line and column count from 1."""

    file: str
    line: int
    column: int
    what: str
    expected: str
    """What to write instead: `expected …`, `did you mean …?`, `write …`."""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        prefix = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {prefix}{self.what}; {self.expected}"
