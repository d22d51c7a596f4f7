"""What a journey may forget, so that its state stays small: what no window and no revision can need any more."""

from dataclasses import replace
from datetime import datetime, timedelta

from pathways.engine.aggregates import folded, rolled
from pathways.engine.answers import without_old_answers
from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.horizons import HORIZON, horizon_of
from pathways.engine.journey import Activation, Aggregate, Journey, Reading, TrackState
from pathways.engine.occasions import without_old_events
from pathways.engine.panels import panel_of, stood_on
from pathways.engine.readings import readings_of
from pathways.language.release import Release
from pathways.language.trigger import Observed

USED_LIMIT = 32
LATEST = 2
"""How many values of each data always stay: `latest` and `previous`."""
FIGURES = timedelta(days=366)
"""For how long figures of days and months stay where no window looks further back."""

CALLS = timedelta(days=366)
"""For how long what was asked of another system stays: what it booked may have to be taken back."""


def forget(release: Release, journey: Journey, facts: Facts) -> Journey:
    """The journey without results and finished activations older than their horizons; the latest two of data stay."""
    horizons = {data: horizon_of(release, journey, facts, data) for data in release.pathway.data}
    over = {key for key, one in journey.activations.items() if _over(one, _horizon(release, journey, one, horizons))}
    if over:
        journey = _with_used(release, journey, [journey.activations[key] for key in over])
        kept = {key: activation for key, activation in journey.activations.items() if key not in over}
        journey = replace(journey, activations=kept)
    journey = without_old_events(release, without_old_answers(journey), facts)
    journey = _without_readings(release, journey, horizons)
    return _with_figures(release, journey, facts)


def _horizon(release: Release, journey: Journey, activation: Activation, horizons: dict[str, datetime]) -> datetime:
    if any(node.kind == "call" and node.told for node in activation.nodes.values()):
        return journey.clock - CALLS
    trigger = release.pathway.tracks[activation.track].when
    watched = trigger.data if isinstance(trigger, Observed) else ()
    return min([journey.clock - HORIZON, *(horizons[data] for data in watched)])


def _over(activation: Activation, horizon: datetime) -> bool:
    closed = all(node.end is not None for node in activation.nodes.values()) and activation.left is None
    return activation.state != "running" and activation.ended is not None and activation.ended < horizon and closed


def _with_used(release: Release, journey: Journey, gone: list[Activation]) -> Journey:
    """The journey with the results that finished activations stood on; the latest of each track."""
    tracks = dict(journey.tracks)
    for activation in gone:
        state, trigger = tracks.get(activation.track, TrackState()), release.pathway.tracks[activation.track].when
        used = [cause.subject for cause in activation.causes if cause.subject is not None]
        used += [reading.id for cause in activation.causes for reading in stood_on(trigger, cause, journey)]
        tracks[activation.track] = replace(state, used=tuple(dict.fromkeys((*state.used, *used)))[-USED_LIMIT:])
    return replace(journey, tracks=tracks)


def _without_readings(release: Release, journey: Journey, horizons: dict[str, datetime]) -> Journey:
    readings = readings_of(journey)
    old = [reading for data, horizon in horizons.items() for reading in readings.before(data, horizon)]
    if not old:
        return journey
    used = _used(journey)
    recent: set[str] = set()
    for data in horizons:
        standing = (reading.id for reading in readings.backwards(data) if not reading.void)
        recent.update(id for _, id in zip(range(LATEST), standing, strict=False))
    gone = [one for one in old if one.id not in used and panel_of(one) not in used and one.id not in recent]
    return _let_go(release, journey, gone, horizons) if gone else journey


def _used(journey: Journey) -> set[str | None]:
    """The results and panels on which something stands or waits."""
    found = {cause.result for activation in journey.activations.values() for cause in activation.causes}
    for state in journey.tracks.values():
        found |= {cause.result for cause in state.unstarted}
    return found | {node.result for activation in journey.activations.values() for node in activation.nodes.values()}


def _let_go(release: Release, journey: Journey, gone: list[Reading], horizons: dict[str, datetime]) -> Journey:
    figures = dict(journey.aggregates)
    for data in {reading.data for reading in gone}:
        keep = release.pathway.data[data].keep
        if keep is not None:
            mine = [reading for reading in gone if reading.data == data]
            figures[data] = folded(figures.get(data, ()), mine, keep, journey.patient.zone)
    return replace(
        journey,
        readings=readings_of(journey).without(gone),
        aggregates=figures,
        horizon=max(horizons[reading.data] for reading in gone),
    )


def _with_figures(release: Release, journey: Journey, facts: Facts) -> Journey:
    """The journey with figures of the days past rolled into months, less those that no window reaches."""
    if not journey.aggregates:
        return journey
    figures: dict[str, tuple[Aggregate, ...]] = {}
    for data, kept in journey.aggregates.items():
        starts = [moved(journey.clock, span, facts, journey.patient.zone, -1) for span in release.windows_of(data)]
        oldest = min([journey.clock - FIGURES, *starts]).date()
        figures[data] = tuple(one for one in rolled(kept, journey.clock, journey.patient.zone) if one.until >= oldest)
    return journey if figures == journey.aggregates else replace(journey, aggregates=figures)
