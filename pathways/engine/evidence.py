"""Results as the engine keeps them: versions, comparators as intervals, and the values that conditions look at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from pathways.engine import aggregates
from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.events import ResultReceived
from pathways.engine.horizons import horizon_of
from pathways.engine.journey import Journey, Reading, Scalar, Unread
from pathways.engine.panels import Results, joined_panel
from pathways.engine.readings import known_value, readings_of
from pathways.engine.recall import NOTHING, Told, recalled
from pathways.language.conditions import Feature, Interval, Known
from pathways.language.definition import Data
from pathways.language.release import Release
from pathways.language.schedule import parse_duration, zone_named
from pathways.language.units import DECIMALS, convert

AHEAD = timedelta(minutes=10)
"""A time further ahead of its receipt than this is a wrong clock: it is set to the receipt and flagged."""
_OF_DATA = frozenset({"latest", "previous", "mean", "min", "max", "count"})
_OF_RESULTS_AND_PATIENT = _OF_DATA | {"value", "parameter", "patient", "diagnosed"}
_COMPARED = re.compile(r"(<=|>=|<|>)? *(-?[0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of a result: a new version of `data`, with the one that it replaces, or why it changes nothing."""

    verdict: Literal["new", "revised", "duplicate", "superseded", "beyond-the-horizon", "not-watched"]
    reading: Reading | None = None
    before: Reading | None = None


def file_result(release: Release, journey: Journey, facts: Facts, event: ResultReceived) -> Filed:
    """Reads a result as a version of one of the pathway's data; changes nothing itself."""
    pathway, readings = release.pathway, readings_of(journey)
    name = next((name for name, data in pathway.data.items() if event.code in data.observation), None)
    if name is None:
        return Filed(verdict="not-watched")
    before = readings.get(event.result)
    reading = _reading(pathway.data[name], name, event)
    reading = replace(reading, panel=joined_panel(pathway, readings, reading, event.panel, before))
    if before is not None:
        if event.version == before.version:
            return Filed(verdict="duplicate", reading=reading, before=before)
        if event.version < before.version:
            return Filed(verdict="superseded", reading=reading, before=before)
        return Filed(verdict="revised", reading=reading, before=before)
    if event.version > 1 and _let_go(release, journey, facts, reading):
        return Filed(verdict="beyond-the-horizon", reading=reading)
    return Filed(verdict="new", reading=reading)


def _let_go(release: Release, journey: Journey, facts: Facts, reading: Reading) -> bool:
    """Whether earlier versions of the result may have been forgotten."""
    if journey.horizon is None:
        return False
    return reading.effective < min(journey.horizon, horizon_of(release, journey, facts, reading.data))


def _reading(data: Data, name: str, event: ResultReceived) -> Reading:
    bounds = _bounds(data, event)
    unread: Unread | None = None
    if bounds is None:
        unread = "unreadable"
    elif data.plausible is not None and any(
        not data.plausible[0] <= bound <= data.plausible[1] for bound in (bounds.low, bounds.high) if bound is not None
    ):
        unread = "implausible"
    clamped = event.effective > event.received + AHEAD
    shown = bounds or Interval(low=None, high=None)
    return Reading(
        id=event.result,
        version=event.version,
        status=event.status,
        data=name,
        effective=event.received if clamped else event.effective,
        received=event.received,
        low=shown.low,
        high=shown.high,
        low_open=shown.low_open,
        high_open=shown.high_open,
        unread=unread,
        origin=event.origin,
        clamped=clamped,
    )


def _bounds(data: Data, event: ResultReceived) -> Interval | None:
    """The value as an interval in the unit of the data; None where it cannot be read."""
    if event.value is not None:
        unit = event.unit
        value = None if unit is None else convert(event.value, code=event.code, unit=unit, to=data.unit)
        return None if value is None else _interval(event.comparator, value)
    text = (event.text or "").strip()
    written = data.text.get(text)
    match = _COMPARED.fullmatch(written if written is not None else text)
    if match is None:
        return None
    # A declared word stands for a number in the unit of the data; other text is in the unit that it came with.
    unit = data.unit if written is not None else event.unit
    value = None if unit is None else convert(float(match[2]), code=event.code, unit=unit, to=data.unit)
    return None if value is None else _interval(match[1], value)


def _interval(comparator: str | None, value: float) -> Interval:
    match comparator:
        case "<" | "<=":
            return Interval(low=None, high=value, high_open=comparator == "<")
        case ">" | ">=":
            return Interval(low=value, high=None, low_open=comparator == ">")
        case _:
            return Interval(low=value, high=value)


def shown_value(reading: Reading) -> Scalar:
    """A reading for a person's eye: its number, or its bound with the comparator."""
    if reading.low is not None and reading.low == reading.high:
        return reading.low
    return _bound(Interval(low=reading.low, high=reading.high, low_open=reading.low_open, high_open=reading.high_open))


def latest(journey: Journey, data: str, *, settled: bool = False) -> Reading | None:
    """The reading of the data with the latest effective time; void ones do not count, nor preliminary if `settled`."""
    last_first = readings_of(journey).backwards(data)
    return next((r for r in last_first if not r.void and (r.settled or not settled)), None)


def known_features(
    release: Release,
    journey: Journey,
    facts: Facts,
    features: frozenset[Feature],
    *,
    now: datetime,
    results: Results = MappingProxyType({}),
    told: Told = NOTHING,
    until: datetime | None = None,
) -> dict[Feature, Known]:
    """What is known of the features; those that are missing are unknown.

    The bare names of data are the `results` at hand, and the windows of their data end with them. The answers to a form
    are those that were `told`, where they are to that form, and what is bound is what was told. Results that were taken
    after `until` are not seen, where it is said.
    """
    found: dict[Feature, Known] = {}
    for feature in features:
        if feature.kind in _OF_RESULTS_AND_PATIENT:
            value = _feature(release, journey, facts, feature, now, results.get(feature.name), until)
        else:
            value = recalled(release, journey, facts, feature, told, now)
        if value is not None:
            found[feature] = value
    return found


def _feature(
    release: Release,
    journey: Journey,
    facts: Facts,
    feature: Feature,
    now: datetime,
    result: Reading | None,
    until: datetime | None,
) -> Known | None:
    match feature.kind:
        case "value":
            return None if result is None else known_value(result)
        case "parameter":
            own = journey.parameters.get(feature.name)
            if own is not None and isinstance(own.value, float):
                return own.value
            return release.pathway.parameters[feature.name].value
        case "diagnosed":
            codes = facts.diagnoses
            return None if codes is None else any(code.startswith(feature.name) for code in codes)
        case "patient":
            return _of_patient(journey, facts, feature.name, now)
        case "latest" | "previous":
            return _of_latest(journey, feature, result, until)
        case _:
            return _of_window(journey, facts, feature, until or now, result)


def _of_patient(journey: Journey, facts: Facts, name: str, now: datetime) -> Known | None:
    patient = journey.patient
    if name == "inpatient":
        return facts.inpatient
    if name == "sex":
        return None if patient.sex == "unknown" else patient.sex
    today = now.astimezone(zone_named(patient.zone)).date()
    had_birthday = (today.month, today.day) >= (patient.born.month, patient.born.day)
    return float(today.year - patient.born.year - (0 if had_birthday else 1))


def _of_latest(journey: Journey, feature: Feature, result: Reading | None, until: datetime | None) -> Known | None:
    """The latest value that can be read, or the one before: in front of the `result`, where one is at hand."""
    before = result if feature.kind == "previous" else None
    taken = readings_of(journey).backwards(feature.name, before=before)
    readable = (r for r in taken if (until is None or r.effective <= until) and known_value(r) is not None)
    last = next(readable, None)
    if feature.kind == "previous" and result is None:
        last = next(readable, None)
    return None if last is None else known_value(last)


def _of_window(journey: Journey, facts: Facts, feature: Feature, now: datetime, result: Reading | None) -> Known | None:
    """A figure of the values until the `result`, else until now: of those that are kept, and of what the rest left."""
    until = result.effective if result is not None else now
    start = moved(until, parse_duration(feature.window or "0d"), facts, journey.patient.zone, -1)
    kept = readings_of(journey).between(feature.name, start, until)
    values = [value for value in map(known_value, kept) if value is not None]
    parts = aggregates.within(journey, feature.name, start, until)
    if values:
        parts.append(aggregates.figures_of(values, since=start.date(), until=until.date()))
    match feature.kind:
        case "count":
            return float(sum(part.count for part in parts))
        case "mean":
            mean = aggregates.mean_of(parts)
            return None if mean is None else round(mean, DECIMALS)
        case "min":
            return aggregates.low_of(parts)
        case _:
            return aggregates.high_of(parts)


def shown_features(values: Mapping[Feature, Known]) -> dict[str, Scalar | None]:
    """The values that a condition looked at, by the name that a lead knows, for the reason."""
    shown: dict[str, Scalar | None] = {}
    for feature, value in sorted(values.items(), key=lambda item: (item[0].kind, item[0].name)):
        name = feature.name if feature.kind in _BARE else _written(feature)
        shown[name] = _bound(value) if isinstance(value, Interval) else value
    return shown


_BARE = frozenset({"value", "parameter", "set", "patient", "bound"})


def _written(feature: Feature) -> str:
    quoted = [f"'{name}'" for name in (feature.lexicon, feature.name, feature.item) if name is not None]
    inside = [feature.name] if feature.kind in _OF_DATA else quoted
    window = [feature.window] if feature.window is not None else []
    return f"{feature.kind}({', '.join((*inside, *window))})"


def _bound(value: Interval) -> str:
    if value.high is not None:
        return f"{'<' if value.high_open else '<='}{value.high:g}"
    return f"{'>' if value.low_open else '>='}{value.low:g}" if value.low is not None else "?"
