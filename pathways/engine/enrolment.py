"""Who belongs on a pathway, and who may not be on it."""

from datetime import datetime
from typing import Literal

from pathways.engine.context import Facts
from pathways.engine.evidence import known_features
from pathways.engine.journey import Journey
from pathways.language.conditions import Truth
from pathways.language.release import Release


def enrolment_refusal(
    release: Release, journey: Journey, facts: Facts, *, now: datetime
) -> Literal["excluded", "not-eligible"] | None:
    """Why the patient may not be enrolled; a condition that is not known refuses nobody."""
    enrol = release.pathway.enrol
    if enrol.unless is not None and _truth(release, journey, facts, enrol.unless, now) is Truth.TRUE:
        return "excluded"
    if enrol.when is not None and _truth(release, journey, facts, enrol.when, now) is Truth.FALSE:
        return "not-eligible"
    return None


def _truth(release: Release, journey: Journey, facts: Facts, text: str, now: datetime) -> Truth:
    condition = release.condition(text)
    return condition.evaluate(known_features(release, journey, facts, condition.features, now=now))
