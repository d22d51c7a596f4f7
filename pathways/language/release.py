"""A release: pathway, forms and message templates together, immutable and addressed by the checksum of its contents."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict

from pathways.language.conditions import Condition, Vocabulary, compile_condition
from pathways.language.definition import Pathway
from pathways.language.forms import Form
from pathways.language.messages import MessageTemplate
from pathways.language.schedule import Duration, parse_duration
from pathways.language.step import Choose, Repeat, Set, Steps, branches
from pathways.language.trigger import Observed


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
        return vocabulary_of(self.pathway)

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
        """Parameters that no clinician has confirmed: such a release may serve demonstration data alone."""
        return tuple(name for name, parameter in self.pathway.parameters.items() if not parameter.confirmed)

    @cached_property
    def windows(self) -> tuple[Duration, ...]:
        """How far back the conditions of the pathway look."""
        features = {feature for text in condition_texts(self.pathway) for feature in self.expression(text).features}
        return tuple(parse_duration(feature.window) for feature in features if feature.window is not None)


def condition_texts(pathway: Pathway) -> Iterator[str]:
    """Every condition and expression that the tracks of the pathway look at."""
    for track in pathway.tracks.values():
        if track.unless is not None:
            yield track.unless
        if isinstance(track.when, Observed):
            yield track.when.if_
        yield from _texts_of(track.steps)


def _texts_of(steps: Steps) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Choose):
            yield from (case.if_ for case in step.cases)
        if isinstance(step, Repeat) and step.until is not None:
            yield step.until
        if isinstance(step, Set) and isinstance(step.to, str):
            yield step.to
        for way in branches(step).values():
            yield from _texts_of(way)


def vocabulary_of(pathway: Pathway) -> Vocabulary:
    """The names that conditions of the pathway may use."""
    return Vocabulary(
        data=dict.fromkeys(pathway.data, "number"),
        parameters=frozenset(pathway.parameters),
        values={name: value.type for name, value in pathway.values.items()},
    )


def make_release(contents: Contents) -> Release:
    """The release of contents that were read and checked."""
    document = contents.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return Release(contents, json.dumps(document, ensure_ascii=False, sort_keys=False, separators=(",", ":")))


@lru_cache(maxsize=64)
def load_release(text: str) -> Release:
    """The release that `Release.text` stands for; kept for the process, since it never changes."""
    return Release(Contents.model_validate_json(text), text)
