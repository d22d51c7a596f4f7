"""The port through which messages leave, and what a provider may answer."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

OutcomeKind = Literal[
    "accepted",
    "delivered",
    "retry",
    "refresh_token",
    "config_error",
    "bad_address",
    "opted_out",
    "quota",
    "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A rendered message; the provider takes the same `key` twice as one."""

    key: str
    recipient: str
    """An address of the channel's own kind; it is written to no log."""
    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a send. `unknown`: it may have left; ask the provider, or send only under the same key."""

    kind: OutcomeKind
    provider_id: str | None = None
    after: timedelta | None = None
    """Of `retry` and `quota`: not sooner than this; None leaves it to us."""


class Channel(Protocol):
    """A way to a recipient. It raises nothing that a provider or a network can cause: that is an outcome."""

    @property
    def name(self) -> str:
        """The name under which the outbox remembers the channel."""
        ...

    @property
    def honours_keys(self) -> bool:
        """Whether the provider takes the same key twice as one; else it is asked before anything is sent again."""
        ...

    def send(self, message: OutgoingMessage) -> Outcome:
        """Hand the message to the provider, within a few seconds."""
        ...

    def query(self, key: str) -> Outcome | None:
        """Ask what became of a message; None: the provider has never seen it."""
        ...
