"""Who belongs on a pathway, and who may not be on it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pathways.engine.context import Facts
from pathways.engine.evidence import known_features
from pathways.engine.journey import Journey, Patient
from pathways.language.conditions import Truth
from pathways.language.release import Release

Sex = Literal["female", "male", "other", "unknown"]
SEXES: Mapping[str, Sex] = {"female": "female", "male": "male", "other": "other"}
"""Any other word is unknown."""


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


def belongs(release: Release, born: date, sex: str, zone: str, facts: Facts, *, now: datetime) -> bool:
    """Whether somebody who is on no journey yet is known to belong on the pathway, and known not to be excluded.

    A pathway without `when` is for nobody of itself.
    """
    patient = Patient(born=born, sex=SEXES.get(sex, "unknown"), zone=zone)
    journey = Journey(id="-", release=release.checksum, patient=patient, anchors={}, clock=now)
    enrol = release.pathway.enrol
    if enrol.when is None or _truth(release, journey, facts, enrol.when, now) is not Truth.TRUE:
        return False
    return enrol.unless is None or _truth(release, journey, facts, enrol.unless, now) is Truth.FALSE
