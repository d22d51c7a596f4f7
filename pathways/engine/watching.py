"""Tracks that watch results: what a result is to them, and whether their condition holds for it."""

from collections.abc import Iterator

from pathways.engine.evidence import known_features, shown_features
from pathways.engine.journey import Cause, Journey, Reading
from pathways.engine.panels import results_for, subject_of
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Values
from pathways.language.conditions import Truth
from pathways.language.definition import Track
from pathways.language.trigger import Observed


def watchers(turn: Turn) -> Iterator[tuple[str, Track, Observed]]:
    """The tracks that watch results, in file order."""
    for name, track in turn.release.pathway.tracks.items():
        if isinstance(track.when, Observed):
            yield name, track, track.when


def occurrence_of(reading: Reading) -> str:
    """What a version of a result is called."""
    return f"{reading.id}/{reading.version}/{reading.status}"


def cause_of(trigger: object, reading: Reading, journey: Journey) -> Cause:
    """The cause that a version of a result is; a panel is compared by the data that its trigger names first."""
    compared: Reading | None = reading
    if isinstance(trigger, Observed) and reading.data in trigger.data:
        compared = results_for(trigger, reading, journey, safety=True).get(trigger.data[0])
    return Cause(
        kind="observed",
        occurrence=occurrence_of(reading),
        received=reading.received,
        result=subject_of(trigger, reading),
        low=None if compared is None else compared.low,
        high=None if compared is None else compared.high,
    )


def truth_of(turn: Turn, name: str, reading: Reading, *, seen: Journey | None = None) -> tuple[Truth, Values]:
    """Whether the track's condition holds for the reading, and what was looked at; `seen` is the state to look at."""
    track, journey = turn.track(name), seen or turn.journey
    assert isinstance(track.when, Observed), "it watches results"
    results = results_for(track.when, reading, journey, safety=bool(track.safety))
    if all(result.void for result in results.values()):
        return Truth.FALSE, {"status": reading.status}
    condition = turn.release.condition(track.when.if_)
    # As it was when they were taken: what comes late is judged as if it had come in time.
    until = max(result.effective for result in results.values())
    known = known_features(
        turn.release, journey, turn.facts, condition.features, now=turn.now, results=results, until=until
    )
    return condition.evaluate(known), shown_features(known)
