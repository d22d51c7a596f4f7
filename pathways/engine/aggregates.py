"""What is kept of values that were let go: figures of each day, of days long past figures of the month."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby

from pathways.engine.journey import Aggregate, Journey, Reading
from pathways.engine.readings import in_series, known_value
from pathways.language.conditions import Known
from pathways.language.definition import Keep
from pathways.language.schedule import zone_named

DAYS = timedelta(days=90)
"""For how long days are told apart, before they are rolled into months."""


def folded(kept: Sequence[Aggregate], gone: Iterable[Reading], keep: Keep, zone: str) -> tuple[Aggregate, ...]:
    """The figures with those of the readings that are let go; what cannot be read leaves nothing."""
    tz = zone_named(zone)
    found = list(kept)
    for day, readings in groupby(sorted(gone, key=in_series), lambda r: r.effective.astimezone(tz).date()):
        values = [value for value in map(known_value, readings) if value is not None]
        if not values:
            continue
        figures = _declared(figures_of(values, since=day, until=day), keep)
        place = next((at for at, one in enumerate(found) if one.since <= day <= one.until), None)
        if place is None:
            found.append(figures)
        else:
            # What comes so late came before what closed the day.
            found[place] = replace(_together([figures, found[place]]), last=found[place].last)
    return tuple(sorted(found, key=lambda one: one.since))


def rolled(kept: Sequence[Aggregate], now: datetime, zone: str) -> tuple[Aggregate, ...]:
    """The figures, those of days long past as one a month."""
    recent = now.astimezone(zone_named(zone)).date() - DAYS

    def month(one: Aggregate) -> tuple[date, date]:
        past = one.until < recent
        return (one.since.replace(day=1), one.until.replace(day=1)) if past else (one.since, one.until)

    return tuple(_together(list(group)) for _, group in groupby(kept, month))


def figures_of(values: Sequence[Known], *, since: date, until: date) -> Aggregate:
    """The figures of at least one value; unknown where one of them is known within bounds alone."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        return Aggregate(since=since, until=until, count=len(values))
    return Aggregate(
        since=since,
        until=until,
        count=len(numbers),
        mean=sum(numbers) / len(numbers),
        low=min(numbers),
        high=max(numbers),
        last=numbers[-1],
    )


def _declared(figures: Aggregate, keep: Keep) -> Aggregate:
    return replace(
        figures,
        mean=figures.mean if "mean" in keep.as_ else None,
        low=figures.low if "min" in keep.as_ else None,
        high=figures.high if "max" in keep.as_ else None,
        last=figures.last if "last" in keep.as_ else None,
    )


def _together(parts: Sequence[Aggregate]) -> Aggregate:
    """One of all of them, in their order; unknown where one of them is."""
    if len(parts) == 1:
        return parts[0]
    mean, low, high = mean_of(parts), low_of(parts), high_of(parts)
    return Aggregate(
        since=min(part.since for part in parts),
        until=max(part.until for part in parts),
        count=sum(part.count for part in parts),
        mean=mean,
        low=low,
        high=high,
        last=parts[-1].last,
    )


def mean_of(parts: Sequence[Aggregate]) -> float | None:
    """The mean of all values behind the figures."""
    sums = [part.mean * part.count for part in parts if part.mean is not None]
    return sum(sums) / sum(part.count for part in parts) if sums and len(sums) == len(parts) else None


def low_of(parts: Sequence[Aggregate]) -> float | None:
    """The smallest of all values behind the figures."""
    lows = [part.low for part in parts if part.low is not None]
    return min(lows) if lows and len(lows) == len(parts) else None


def high_of(parts: Sequence[Aggregate]) -> float | None:
    """The largest of all values behind the figures."""
    highs = [part.high for part in parts if part.high is not None]
    return max(highs) if highs and len(highs) == len(parts) else None


def within(journey: Journey, data: str, start: datetime, until: datetime) -> list[Aggregate]:
    """The figures whose last day does not lie before the window and whose first day not behind it."""
    tz = zone_named(journey.patient.zone)
    first, last = start.astimezone(tz).date(), until.astimezone(tz).date()
    return [one for one in journey.aggregates.get(data, ()) if one.until >= first and one.since <= last]
