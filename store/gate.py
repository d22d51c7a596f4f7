"""The one gate that every message passes right before it is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pathways.engine.caps import WEEK, contact_time
from store import messages, patients, tables
from store.database import Session
from store.facts import Policy, facts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """It may leave now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """It may leave at `until`, when it is asked about again."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """It may not leave any more."""

    reason: Literal["recalled", "died", "no-consent", "over"]


def gate(session: Session, message: tables.Message, now: datetime, policy: Policy) -> Allowed | Deferred | Dropped:
    """Whether the message may leave now: recall, death, the consent that it needs, quiet hours, the contact budget.

    What is told to staff is stopped by a recall alone; what is urgent, or at an hour that
    the patient chose, crosses quiet hours and the budget. Ask, send and
    settle one message of a patient before the next one: the budget counts what has left.
    """
    # Read anew: between the lease and this moment the patient may have died.
    session.refresh(message)
    if message.state not in ("leased", "waiting"):
        return Dropped(reason="recalled")
    if message.role is not None:
        return Allowed()
    patient = patients.read(session, message.patient)
    if patient.died_at is not None:
        return Dropped(reason="died")
    if patients.consent(session, patient.id, message.purpose) is not True:
        return Dropped(reason="no-consent")
    if message.urgent or message.own_hour:
        return Allowed()
    left = messages.contacts(session, patient.id, since=now - WEEK)
    until = contact_time(now, left, facts_of(session, patient.id, policy, now=now), patient.zone)
    return Allowed() if until <= now else Deferred(until=until)
