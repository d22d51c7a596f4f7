"""Telling the patient: consent, quiet hours and the contact budget are asked before an intent leaves the engine."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pathways.engine.actions import SendMessage
from pathways.engine.caps import WEEK, contact_time
from pathways.engine.evidence import shown_value
from pathways.engine.journey import Activation, Scalar
from pathways.engine.panels import stood_on
from pathways.engine.paths import at_own_hour
from pathways.engine.turn import Turn

Contacted = Literal["told", "deferred", "no-consent"]


def tell(
    turn: Turn, key: str, path: str, template: str, *, mark: str = "", urgent: bool = False
) -> tuple[Contacted, datetime]:
    """Sends the intent, or says until when it waits, or that there is no consent to it.

    `mark` tells several messages of one step apart. An urgent message may cross quiet hours and the budget, and so may
    one at an hour that the patient chose.
    """
    track = turn.activation(key).track
    purpose = turn.track(track).purpose
    allowed_to = turn.facts.consent if purpose == "care" else turn.facts.consents.get(purpose)
    if allowed_to is not True:
        turn.decide("no-consent", track=track, step=path)
        return "no-consent", turn.now
    own_hour = at_own_hour(turn.activation(key).nodes, path)
    allowed = turn.now if urgent or own_hour else contact_time(turn.now, turn.journey.contacts, turn.facts, turn.zone)
    if allowed > turn.now:
        turn.decide("deferred", track=track, step=path)
        return "deferred", allowed
    if not urgent and not own_hour:
        recent = tuple(at for at in turn.journey.contacts if at > turn.now - WEEK)
        turn.journey = replace(turn.journey, contacts=(*recent, turn.now))
    turn.act(
        SendMessage(
            message=turn.id_of(key, path, mark),
            template=template,
            track=track,
            urgent=urgent,
            own_hour=own_hour,
            not_before=turn.now,
            purpose=purpose,
            values=values_of(turn, turn.activation(key)),
        )
    )
    return "told", turn.now


def values_of(turn: Turn, activation: Activation) -> Mapping[str, Scalar | None]:
    """What the activation stands on, by its name in the pathway."""
    shown: dict[str, Scalar | None] = {}
    for cause in activation.causes:
        for reading in stood_on(turn.track(activation.track).when, cause, turn.journey):
            shown[reading.data] = reading.unread if reading.unread is not None else shown_value(reading)
            if reading.clamped:
                shown["time"] = "clamped"
    return shown
