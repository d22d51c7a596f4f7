"""What a journey may forget, so that its state stays small: what no window and no revision can need any more."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.exits import HORIZON
from pathways.engine.journey import Activation, Journey, TrackState
from pathways.language.release import Release

USED_LIMIT = 32


def forget(release: Release, journey: Journey, facts: Facts) -> Journey:
    """The journey without results and finished activations older than its horizon; the latest two of each data stay."""
    horizon = horizon_of(release, journey, facts)
    activations = {key: activation for key, activation in journey.activations.items() if not _over(activation, horizon)}
    journey = _with_used(journey, [gone for key, gone in journey.activations.items() if key not in activations])
    used = {cause.result for activation in activations.values() for cause in activation.causes}
    used |= {cause.result for state in journey.tracks.values() for cause in state.unstarted}
    used |= {node.result for activation in activations.values() for node in activation.nodes.values()}
    old = [reading for reading in journey.readings.values() if reading.effective < horizon and reading.id not in used]
    if not old and len(activations) == len(journey.activations):
        return journey
    recent: set[str] = set()
    for data in {reading.data for reading in old}:
        newest = sorted(
            (r for r in journey.readings.values() if r.data == data and not r.void),
            key=lambda r: (r.effective, r.received, r.id),
        )
        recent |= {reading.id for reading in newest[-2:]}
    gone = {reading.id for reading in old} - recent
    readings = {key: reading for key, reading in journey.readings.items() if key not in gone}
    return replace(
        journey,
        readings=readings,
        activations=activations,
        horizon=horizon if gone else journey.horizon,
    )


def _with_used(journey: Journey, gone: list[Activation]) -> Journey:
    """The journey with the results that finished activations stood on; the latest of each track."""
    tracks = dict(journey.tracks)
    for activation in gone:
        state = tracks.get(activation.track, TrackState())
        results = tuple(cause.result for cause in activation.causes if cause.result is not None)
        tracks[activation.track] = replace(state, used=(*state.used, *results)[-USED_LIMIT:])
    return replace(journey, tracks=tracks)


def _over(activation: Activation, horizon: datetime) -> bool:
    closed = all(node.end is not None for node in activation.nodes.values())
    return activation.state != "running" and activation.ended is not None and activation.ended < horizon and closed


def horizon_of(release: Release, journey: Journey, facts: Facts) -> datetime:
    """Before this instant results are let go: the revision horizon, or the longest window of any condition."""
    starts = [moved(journey.clock, window, facts, journey.patient.zone, -1) for window in release.windows]
    return min([journey.clock - HORIZON, *starts])
