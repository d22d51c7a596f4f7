"""A release: pathway, forms and message templates together, immutable and addressed by the checksum of its contents."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict

from pathways.language.conditions import Condition, Feature, ValueType, Vocabulary, compile_condition
from pathways.language.definition import Pathway, Track
from pathways.language.forms import Form
from pathways.language.messages import MessageTemplate
from pathways.language.schedule import Duration, is_moment, parse_duration
from pathways.language.step import AnyStep, Call, Choose, Enrol, Repeat, Set, Steps, branches
from pathways.language.trigger import Answered, AnyTrigger, Becomes, Named, Observed
from pathways.language.vocabulary import EVENT_TIME, WINDOWED
from pathways.language.written import BoundType

VALUE_TYPES: Mapping[str, ValueType] = {
    "number": "number",
    "text": "text",
    "boolean": "boolean",
    "tag": "boolean",
    "choice": "text",
    "date": "text",
}
"""What conditions see of a value, of an item of a form and of what is bound, by its type."""


class Contents(BaseModel):
    """What a release is made of; its canonical JSON is what travels and what the checksum is taken of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    pathway: Pathway
    forms: Mapping[str, Form]
    messages: Mapping[str, MessageTemplate]


@dataclass(frozen=True, eq=False)
class Release:
    """A checked release, ready to run. Two with the same checksum are the same."""

    contents: Contents
    text: str

    @property
    def pathway(self) -> Pathway:
        """The pathway of the release."""
        return self.contents.pathway

    @cached_property
    def checksum(self) -> str:
        """Its address: 32 hexadecimal digits of its contents."""
        return blake2b(self.text.encode(), digest_size=16).hexdigest()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that its conditions may use."""
        return vocabulary_of(self.contents)

    def condition(self, text: str) -> Condition:
        """A boolean condition of the pathway, compiled."""
        return compile_condition(text, self.vocabulary)

    def expression(self, text: str) -> Condition:
        """An expression of the pathway that may give any scalar, compiled."""
        return compile_condition(text, self.vocabulary, result="any")

    def rank(self, track: str) -> int:
        """After how many others, one behind the other, the track is decided: those to which it yields come first."""
        return self._ranks[track]

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        tracks = self.pathway.tracks
        ranks = dict.fromkeys(tracks, 0)
        for _ in tracks:  # No way of yielding is longer than there are tracks; circles are refused.
            ranks.update({n: max((ranks[other] + 1 for other in t.yields_to), default=0) for n, t in tracks.items()})
        return ranks

    @cached_property
    def unconfirmed(self) -> tuple[str, ...]:
        """Parameters and times that no clinician has confirmed: such a release serves demonstration data alone."""
        owned = {**self.pathway.parameters, **self.pathway.times}
        return tuple(name for name, parameter in owned.items() if not parameter.confirmed)

    @cached_property
    def counted_steps(self) -> frozenset[str]:
        """The tasks and visits of which it matters when they were last done: `done(...)` in any moment."""
        return frozenset(re.findall(r"done\(([a-z][a-z0-9-]*)\)", self.text))

    @cached_property
    def features(self) -> frozenset[Feature]:
        """Everything that the conditions and expressions of its tracks look at."""
        return frozenset(
            feature for text in condition_texts(self.pathway) for feature in self.expression(text).features
        )

    def windows_of(self, data: str) -> tuple[Duration, ...]:
        """How far back the conditions of the pathway look at results of the data."""
        return self._windows.get(data, ())

    @cached_property
    def _windows(self) -> Mapping[str, tuple[Duration, ...]]:
        found: dict[str, tuple[Duration, ...]] = {}
        for feature in self.features:
            if feature.kind in WINDOWED and feature.window is not None:
                found[feature.name] = (*found.get(feature.name, ()), parse_duration(feature.window))
        return found

    @cached_property
    def tags(self) -> frozenset[str]:
        """The values that are tags: false until they are set."""
        return frozenset(name for name, value in self.pathway.values.items() if value.type == "tag")

    @cached_property
    def event_windows(self) -> Mapping[str, tuple[Duration, ...]]:
        """How far back the conditions look at events, by the name of the event."""
        found: dict[str, tuple[Duration, ...]] = {}
        for feature in self.features:
            if feature.kind == "happened" and feature.window is not None:
                found[feature.name] = (*found.get(feature.name, ()), parse_duration(feature.window))
        return found


def condition_texts(pathway: Pathway) -> Iterator[str]:
    """Every condition and expression that the tracks of the pathway look at."""
    for track in pathway.tracks.values():
        if track.unless is not None:
            yield track.unless
        condition = condition_of(track.when)
        if condition is not None:
            yield condition
        for step in every_step(track.steps):
            yield from (text for _, text in expressions_of(step, pathway.anchors))


def condition_of(trigger: AnyTrigger) -> str | None:
    """The condition of a trigger; None where it has none."""
    match trigger:
        case Observed() | Answered() | Named():
            return trigger.if_
        case Becomes():
            return trigger.becomes
        case _:
            return None


def every_step(steps: Steps) -> Iterator[AnyStep]:
    """The steps and all that are under them."""
    for step in steps:
        yield step
        for way in branches(step).values():
            yield from every_step(way)


def expressions_of(step: AnyStep, anchors: Collection[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every condition and expression of the step itself, with the keys under which it stands.

    What an anchor is set to is no expression where it is written as a moment.
    """
    match step:
        case Choose(cases=cases):
            yield from ((("cases", number, "if"), case.if_) for number, case in enumerate(cases))
        case Set(set=name, to=str(text)):
            if name not in anchors or not is_moment(text):
                yield ("to",), text
        case Repeat(until=str(text)):
            yield ("until",), text
        case Call(with_=given):
            yield from ((("with", name), text) for name, text in given.items() if isinstance(text, str))
        case Enrol(with_=given, episode=episode):
            yield from ((("with", name), text) for name, text in given.items() if isinstance(text, str))
            if episode is not None:
                yield ("episode",), episode
        case _:
            pass


def vocabulary_of(contents: Contents) -> Vocabulary:
    """The names that conditions of the pathway may use."""
    pathway, items = contents.pathway, {name: form.items for name, form in contents.forms.items()}
    return Vocabulary(
        data=dict.fromkeys(pathway.data, "number"),
        parameters=frozenset(pathway.parameters),
        values={name: VALUE_TYPES[value.type] for name, value in pathway.values.items()},
        bound={name: VALUE_TYPES[kind] for track in pathway.tracks.values() for name, kind in bound_in(track).items()},
        forms={name: {item.code: VALUE_TYPES[item.type] for item in asked} for name, asked in items.items()},
        scored=frozenset(name for name, form in contents.forms.items() if form.scored),
        written=frozenset((name, item.code) for name, asked in items.items() for item in asked if item.type == "text"),
        anchors=frozenset(pathway.anchors),
        lexicons=frozenset(pathway.lexicons),
    )


def bound_in(track: Track) -> dict[str, BoundType]:
    """The names that the track binds to the data of its event and of the answers to its calls."""
    bound: dict[str, BoundType] = {}
    if isinstance(track.when, Named):
        bound |= {**track.when.bind, EVENT_TIME: "text"}
    for step in every_step(track.steps):
        if isinstance(step, Call):
            bound |= step.bind
    return bound


def make_release(contents: Contents) -> Release:
    """The release of contents that were read and checked."""
    document = contents.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return Release(contents, json.dumps(document, ensure_ascii=False, sort_keys=False, separators=(",", ":")))


@lru_cache(maxsize=64)
def load_release(text: str) -> Release:
    """The release that `Release.text` stands for; kept for the process, since it never changes."""
    return Release(Contents.model_validate_json(text), text)
