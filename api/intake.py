"""The one way in for facts from outside: each is committed with the message that told it, then journeys are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.mapping import SiteMapping
from store import tables
from store.database import Database, Session
from store.facts import Policy
from store.notices import AnyNotice, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it came; `control` is the sender's own id of it."""

    channel: tables.Channel
    sender: str
    message: str
    body: bytes
    control: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What became of a message: an outcome for each of its notices, in their order.

    `again`: the same message came before; nothing was done, and `answer` is what it was answered then.
    """

    transmission: str
    answer: str
    outcomes: tuple[Outcome, ...]
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What it takes to take messages in."""

    database: Database
    policy: Policy
    mapping: Callable[[], SiteMapping]
    prompt: Callable[[], None]
    clock: Callable[[], datetime]
    zone: str = "Asia/Shanghai"

    def take(
        self,
        session: Session,
        arrived: Arrived,
        notices: Sequence[AnyNotice],
        *,
        answer: str,
        now: datetime,
        by: str = "system",
        state: tables.TransmissionState = "taken",
        strict: bool = False,
    ) -> Taking:
        """Keep the message and what it says, in the caller's transaction; the caller commits, then calls `prompt`.

        A notice that is refused goes to quarantine; with `strict` the refusal is raised and nothing is to be kept.

        Raises:
            Refused: with `strict`, as the notice deserves.
        """
        raise AssertionError
