"""Who may not be on a pathway."""

from datetime import datetime

from pathways.engine.context import Facts
from pathways.engine.evidence import known_features
from pathways.engine.journey import Journey
from pathways.language.conditions import Truth
from pathways.language.release import Release


def is_excluded(release: Release, journey: Journey, facts: Facts, *, now: datetime) -> bool:
    """Whether the pathway's exclusion is true of the patient; one that is not known excludes nobody."""
    unless = release.pathway.enrol.unless
    if unless is None:
        return False
    condition = release.condition(unless)
    known = known_features(release, journey, facts, condition.features, now=now)
    return condition.evaluate(known) is Truth.TRUE
