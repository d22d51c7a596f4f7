"""Why something happened, or why not: every decision of the engine leaves one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pathways.engine.journey import Scalar

Code = Literal[
    "started",
    "false",
    "unknown",
    "excluded",
    "yielded",
    "unconfirmed",
    "interrupted",
    "used-up",
    "failed",
    "moved",
    "set",
    "reinstated",
    "no-longer-true",
    "asked",
    "capped",
    "joined",
    "worse",
    "annotated",
    "re-based",
    "undone",
    "ignored",
    "deferred",
    "stale",
    "duplicate",
    "superseded",
    "not-final",
    "unreadable",
    "held",
    "no-consent",
    "too-late",
    "collapsed",
    "flagged",
    "satisfied",
    "reopened",
    "missed",
    "stopped",
    "refused",
    "not-watched",
    "paused",
    "resumed",
    "ended",
    "beyond-the-horizon",
    "cascade",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One decision: on a track and occurrence where it was about one, on a step where it was about one.

    For one event there is exactly one reason a track and occurrence (`step` None); steps may add theirs.
    """

    code: Code
    at: datetime
    event: str
    track: str | None = None
    occurrence: str | None = None
    step: str | None = None
    values: Mapping[str, Scalar | None] = field(default_factory=dict[str, "Scalar | None"])
    """What was looked at, by its name in the pathway."""
