"""What conditions know of a journey beside its results: answers, events, dates, and what their track was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pathways.engine.answers import latest_answers
from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.journey import Activation, Answers, Journey, Scalar
from pathways.language.conditions import Feature, Known
from pathways.language.release import Release
from pathways.language.schedule import parse_duration, zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What made a track start: the answers, or what was bound of an event; conditions of that track look at it."""

    answers: Answers | None = None
    bound: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])


NOTHING = Told()


def tags_of(release: Release, journey: Journey) -> tuple[str, ...]:
    """The tags that the patient has, by name."""
    return tuple(name for name in sorted(release.tags) if journey.values.get(name) is True)


def told_of(journey: Journey, activation: Activation) -> Told:
    """What an activation was told."""
    ids = [cause.answers for cause in activation.causes if cause.answers is not None]
    return Told(answers=journey.answers.get(ids[-1]) if ids else None, bound=activation.bound)


def recalled(
    release: Release, journey: Journey, facts: Facts, feature: Feature, told: Told, now: datetime
) -> Known | None:
    """The value of a fact of the journey; None where it is not known."""
    match feature.kind:
        case "score" | "item" | "tier":
            return _answered(journey, feature, told)
        case "happened":
            start = moved(now, parse_duration(feature.window or "0d"), facts, journey.patient.zone, -1)
            return float(sum(start < at <= now for at in journey.happened.get(feature.name, ())))
        case "unanswered":
            return float(len(journey.unanswered.get(feature.name, ())))
        case "days_since":
            return _days_since(journey, feature.name, now)
        case "known":
            return feature.name in journey.anchors and feature.name not in journey.tentative
        case "bound":
            return told.bound.get(feature.name)
        case _:
            value = journey.values.get(feature.name)
            is_tag = feature.name in release.tags
            return False if value is None and is_tag else value


def _answered(journey: Journey, feature: Feature, told: Told) -> Known | None:
    mine = told.answers is not None and told.answers.form == feature.name
    answers = told.answers if mine else latest_answers(journey, feature.name)
    if answers is None or answers.withdrawn:
        return None
    if feature.kind == "score":
        return answers.score
    if feature.kind == "item":
        return answers.items.get(feature.item or "")
    return answers.tiers.get(f"{feature.lexicon}/{feature.item}")


def _days_since(journey: Journey, anchor: str, now: datetime) -> float | None:
    at = journey.anchors.get(anchor)
    if at is None or anchor in journey.tentative:
        return None
    zone = zone_named(journey.patient.zone)
    return float((now.astimezone(zone).date() - at.astimezone(zone).date()).days)
