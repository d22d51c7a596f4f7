"""The results of a journey, of each data in the order of time: a turn looks at those that it needs and no others."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Self

from pathways.engine.journey import Journey, Reading
from pathways.language.conditions import Interval, Known


class Readings(dict[str, Reading]):
    """The latest version of each result by its id; never changed once it is made."""

    def __init__(self, readings: Mapping[str, Reading] | None = None) -> None:
        super().__init__(readings or {})
        self._series: dict[str, list[Reading]] = {}
        self._panels: dict[str, tuple[str, ...]] = {}
        for reading in self.values():
            self._series.setdefault(reading.data, []).append(reading)
            self._join(reading)
        for series in self._series.values():
            series.sort(key=in_series)

    def _join(self, reading: Reading) -> None:
        if reading.panel is not None and reading.id not in self._panels.get(reading.panel, ()):
            self._panels[reading.panel] = (*self._panels.get(reading.panel, ()), reading.id)

    def _copy(self) -> Self:
        copy = type(self)()
        copy.update(self)
        copy._series, copy._panels = dict(self._series), dict(self._panels)
        return copy

    def with_(self, reading: Reading) -> Self:
        """These, with the reading in the place of its earlier version."""
        copy, before = self._copy(), self.get(reading.id)
        if before is not None:
            copy._drop(before)
        series = list(copy._series.get(reading.data, ()))
        series.insert(bisect_left(series, in_series(reading), key=in_series), reading)
        copy._series[reading.data] = series
        copy[reading.id] = reading
        copy._join(reading)
        return copy

    def without(self, gone: Collection[Reading]) -> Self:
        """These, less those that are let go."""
        copy = self._copy()
        for reading in gone:
            copy._drop(reading)
            del copy[reading.id]
        return copy

    def _drop(self, reading: Reading) -> None:
        series = list(self._series[reading.data])
        del series[bisect_left(series, in_series(reading), key=in_series)]
        self._series[reading.data] = series
        if not series:
            del self._series[reading.data]
        if reading.panel is not None:
            self._panels[reading.panel] = tuple(id for id in self._panels[reading.panel] if id != reading.id)
            if not self._panels[reading.panel]:
                del self._panels[reading.panel]

    def of(self, data: str) -> list[Reading]:
        """Every reading of the data, in the order of time."""
        return self._series.get(data, [])

    def since(self, data: str, start: datetime) -> list[Reading]:
        """Those taken at that instant or later."""
        series = self.of(data)
        return series[bisect_left(series, start, key=_taken) :]

    def before(self, data: str, end: datetime) -> list[Reading]:
        """Those taken before that instant."""
        series = self.of(data)
        return series[: bisect_left(series, end, key=_taken)]

    def between(self, data: str, after: datetime, until: datetime) -> list[Reading]:
        """Those taken later than `after`, and not later than `until`."""
        series = self.of(data)
        return series[bisect_right(series, after, key=_taken) : bisect_right(series, until, key=_taken)]

    def backwards(self, data: str, *, before: Reading | None = None) -> Iterator[Reading]:
        """Those of the data from the last one back, or from the one in front of `before`."""
        series = self.of(data)
        end = len(series) if before is None else bisect_left(series, in_series(before), key=in_series)
        return (series[place] for place in range(end - 1, -1, -1))

    def panel(self, panel: str) -> list[Reading]:
        """The readings that were measured together: by the id of the panel, or of its first result."""
        first = self.get(panel)
        founder = [] if first is None or first.panel is not None else [first]
        return [*founder, *(self[id] for id in self._panels.get(panel, ()))]


def in_series(reading: Reading) -> tuple[datetime, datetime, str]:
    """The place of a reading among those of its data: by when it was taken."""
    return (reading.effective, reading.received, reading.id)


def known_value(reading: Reading) -> Known | None:
    """The value of a reading as conditions see it: a number, an interval, or None where it cannot be used."""
    if reading.void or reading.unread is not None:
        return None
    if reading.low is not None and reading.low == reading.high:
        return reading.low
    return Interval(low=reading.low, high=reading.high, low_open=reading.low_open, high_open=reading.high_open)


def _taken(reading: Reading) -> datetime:
    return reading.effective


def readings_of(journey: Journey) -> Readings:
    """The readings of the journey in their order: a turn keeps them so, others are put in order."""
    return journey.readings if isinstance(journey.readings, Readings) else Readings(journey.readings)
