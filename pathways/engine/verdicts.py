"""A decision on a track and an occurrence, before anything acts on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pathways.engine.journey import ActivationKind, Cause, Scalar
from pathways.engine.reasons import Code

Intent = Literal["none", "start", "restart", "attach", "annotate", "cap", "hold", "defer", "yield", "wait", "lose"]
Values = Mapping[str, Scalar | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One decision on a track and occurrence, and the change that it intends."""

    track: str
    code: Code
    cause: Cause
    intent: Intent = "none"
    kind: ActivationKind = "steps"
    """What would be walked, where something starts."""
    target: str | None = None
    """The activation to attach to or to lose a cause of."""
    confirming: tuple[Cause, ...] = ()
    """Other values that agree with the cause, of a track that needs several."""
    note: str | None = None
    values: Values = field(default_factory=dict[str, "Scalar | None"])
