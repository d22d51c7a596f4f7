"""The names that a scenario may use of its release: what can be opened, sent, asked, visited or started."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pathways.engine.questions import WORDS
from pathways.engine.refusals import ANY_TASK
from pathways.language.release import Release
from pathways.language.step import (
    AnyStep,
    Ask,
    Call,
    Enrol,
    Notify,
    Send,
    Steps,
    Task,
    Visit,
    branches,
)
from pathways.language.trigger import Answered, Named

ENDS = frozenset({"cancelled", "done", "skipped"}) | ANY_TASK
"""How any task may end, whatever outcomes it declares."""
_ENGINES_TASKS = (
    "review-result",
    "decide-start",
    "decide-late",
    "correct-message",
    "review-interruption",
    "contact-patient",
    "follow-up-outcome",
    "undo-by-hand",
    "enrol-by-hand",
    "review-return",
)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """By kind: the names of a release."""

    tasks: Mapping[str, frozenset[str]]
    """With the outcomes and ends of each."""
    visits: frozenset[str]
    forms: frozenset[str]
    messages: frozenset[str]
    notices: frozenset[str]
    """Messages to staff."""
    events: frozenset[str]
    calls: frozenset[str]
    """Those that take back what others did, too."""
    enrolments: frozenset[str]
    """The other pathways."""
    anchors: frozenset[str]
    parameters: frozenset[str]
    tags: frozenset[str]
    tracks: frozenset[str]
    roles: frozenset[str]


def cast_of(release: Release) -> Cast:
    """Everyone and everything that can appear in a play of the release."""
    pathway = release.pathway
    steps = [step for track in pathway.tracks.values() for step in _all(track.steps)]
    tasks = {name: ENDS | frozenset(WORDS) for name in _ENGINES_TASKS}
    for step in steps:
        if isinstance(step, Task):
            tasks[step.task] = tasks.get(step.task, ENDS) | frozenset(step.outcomes)
    rungs = {rung.to for ladder in pathway.ladders.values() for rung in ladder}
    asks = [step for step in steps if isinstance(step, Ask)]
    return Cast(
        tasks=tasks,
        visits=frozenset(step.visit for step in steps if isinstance(step, Visit)),
        forms=frozenset(
            {step.ask for step in asks}
            | {track.when.answered for track in pathway.tracks.values() if isinstance(track.when, Answered)}
        ),
        messages=frozenset(
            {step.send for step in steps if isinstance(step, Send)}
            | {step.message for step in asks}
            | {step.reminder for step in steps if isinstance(step, Visit) and step.reminder is not None}
        ),
        notices=frozenset(step.message for step in steps if isinstance(step, Notify)),
        events=frozenset(track.when.event for track in pathway.tracks.values() if isinstance(track.when, Named))
        | frozenset(release.event_windows),
        calls=frozenset(
            name for step in steps if isinstance(step, Call) for name in (step.call, step.undo) if name is not None
        ),
        enrolments=frozenset(step.enrol for step in steps if isinstance(step, Enrol)),
        anchors=frozenset(pathway.anchors),
        parameters=frozenset({*pathway.parameters, *pathway.times}),
        tags=release.tags,
        tracks=frozenset(pathway.tracks),
        roles=frozenset({step.role for step in steps if isinstance(step, Task)} | rungs | {pathway.owner}),
    )


def _all(steps: Steps) -> Iterator[AnyStep]:
    for step in steps:
        yield step
        for way in branches(step).values():
            yield from _all(way)
