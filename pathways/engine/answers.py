"""Answers as the engine keeps them: versions, and of their contents only what the pathway looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pathways.engine.binding import is_number
from pathways.engine.events import FormAnswered
from pathways.engine.horizons import HORIZON
from pathways.engine.journey import Answers, Journey, Scalar
from pathways.language.forms import Form, Item
from pathways.language.lexicons import tier_of
from pathways.language.release import VALUE_TYPES, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledAnswers:
    """What became of answers: a new version, with the one that it replaces, or why they change nothing."""

    verdict: Literal["new", "revised", "duplicate", "superseded", "beyond-the-horizon"]
    answers: Answers
    before: Answers | None = None


def file_answers(release: Release, journey: Journey, event: FormAnswered) -> FiledAnswers | None:
    """Reads answers as a version of those of their id; None where the pathway has no such form. Changes nothing."""
    form = release.contents.forms.get(event.form)
    if form is None:
        return None
    before, answers = journey.answers.get(event.answers), _read(release, form, event)
    if before is not None and event.version == before.version:
        return FiledAnswers(verdict="duplicate", answers=answers, before=before)
    if before is not None and event.version < before.version:
        return FiledAnswers(verdict="superseded", answers=answers, before=before)
    if before is not None:
        return FiledAnswers(verdict="revised", answers=answers, before=before)
    if event.version > 1 and answers.at < journey.clock - HORIZON:
        return FiledAnswers(verdict="beyond-the-horizon", answers=answers)
    return FiledAnswers(verdict="new", answers=answers)


def _read(release: Release, form: Form, event: FormAnswered) -> Answers:
    looked = [feature for feature in release.features if feature.name == form.form]
    given = {item.code: value for item in form.items if (value := _given(item, event.items)) is not None}
    items = {feature.item for feature in looked if feature.kind == "item"}
    tiers = {(feature.lexicon, feature.item) for feature in looked if feature.kind == "tier"}
    lexicons = release.pathway.lexicons
    return Answers(
        id=event.answers,
        version=event.version,
        form=form.form,
        at=min(event.at or event.received, event.received),
        received=event.received,
        score=_score(form, given) if any(feature.kind == "score" for feature in looked) else None,
        items={code: value for code, value in given.items() if code in items},
        tiers={
            f"{lexicon}/{code}": tier_of(lexicons[lexicon], text)
            for lexicon, code in sorted(tiers, key=str)
            if lexicon is not None and code is not None and isinstance(text := given.get(code), str)
        },
        withdrawn=event.withdrawn,
    )


def _given(item: Item, items: Mapping[str, Scalar]) -> Scalar | None:
    """The answer to an item as conditions see it; None where it was not answered, or not with what it takes."""
    value = items.get(item.code)
    match VALUE_TYPES[item.type]:
        case "number":
            return float(value) if is_number(value) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, str) and value.strip() else None


def _score(form: Form, given: Mapping[str, Scalar]) -> float | None:
    """The sum of what was chosen; None where an item that counts was not answered."""
    total = 0
    for item in form.items:
        scores = {option.code: option.score for option in item.options if option.score is not None}
        if not scores:
            continue
        score = scores.get(str(given.get(item.code)))
        if score is None:
            return None
        total += score
    return float(total)


def latest_answers(journey: Journey, form: str) -> Answers | None:
    """The answers to the form that were given last and not withdrawn."""
    found = (answers for answers in journey.answers.values() if answers.form == form and not answers.withdrawn)
    return max(found, key=lambda answers: (answers.at, answers.received, answers.id), default=None)


KEPT = 2
"""How many answers to each form always stay."""


def without_old_answers(journey: Journey) -> Journey:
    """The journey without answers older than they may be corrected, but for the latest and those in use."""
    if not journey.answers:
        return journey
    used = {cause.answers for activation in journey.activations.values() for cause in activation.causes}
    used |= {cause.answers for state in journey.tracks.values() for cause in state.unstarted}
    used |= {node.result for activation in journey.activations.values() for node in activation.nodes.values()}
    standing = sorted(journey.answers.values(), key=lambda one: (one.at, one.received, one.id))
    for form in {answers.form for answers in standing}:
        used |= {one.id for one in [one for one in standing if one.form == form and not one.withdrawn][-KEPT:]}
    horizon = journey.clock - HORIZON
    kept = {key: one for key, one in journey.answers.items() if key in used or one.at >= horizon}
    return journey if len(kept) == len(journey.answers) else replace(journey, answers=kept)
