"""Where notices are received: one message's transaction, and the quarantine for what a person must decide."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated

from pydantic import Discriminator, TypeAdapter

from store import identities, quarantine, tables
from store.database import Session
from store.facts import Policy
from store.identities import Identity
from store.notices import AnyNotice, MergeNotice, Outcome, Subject, Unreadable


@dataclass(kw_only=True)
class Desk:
    """The transaction in which the notices of a message are received; `touched` are patients concerned beside them."""

    session: Session
    policy: Policy
    priorities: Sequence[str]
    zone: str
    transmission: str | None
    by: str
    now: datetime
    touched: set[str] = field(default_factory=set[str])

    def identify(self, subject: Subject) -> Identity:
        """Whom the subject means."""
        return identities.identify(self.session, subject, self.priorities)

    def identify_all(self, subjects: Collection[Subject]) -> Mapping[Subject, Identity]:
        """Whom each of the subjects means."""
        return identities.identify_all(self.session, subjects, self.priorities)


def hold(desk: Desk, notice: AnyNotice, reason: str) -> Outcome:
    """Put it where a person looks, with the identifiers by which its patient may become known."""
    subject = notice.survivor if isinstance(notice, MergeNotice) else notice.subject
    identifiers = () if subject is None else subject.identifiers
    payload = _adapter().dump_python(notice, mode="json")
    held = quarantine.hold(
        desk.session,
        reason=reason,
        payload=payload,
        notice=None if isinstance(notice, Unreadable) else payload,
        now=desk.now,
        transmission=desk.transmission,
        identifiers=identifiers,
    )
    return Outcome(state="quarantined", reason=reason, quarantine=held.id)


def held_notice(held: tables.Quarantine) -> AnyNotice | None:
    """The notice that lies there; None of what could not be read, and of results, which are kept as such."""
    return None if held.notice is None else _adapter().validate_python(held.notice)


@cache
def _adapter() -> TypeAdapter[AnyNotice]:
    return TypeAdapter(Annotated[AnyNotice, Discriminator("kind")])
