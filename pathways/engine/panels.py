"""Results of one measurement: which belong together, and which of them a trigger and its causes stand on."""

from collections.abc import Mapping
from dataclasses import replace

from pathways.engine.journey import Cause, Journey, Reading
from pathways.engine.readings import Readings, in_series, readings_of
from pathways.language.definition import Pathway
from pathways.language.trigger import Observed

Results = Mapping[str, Reading]
"""The results at hand, by their data."""


def panel_of(reading: Reading) -> str:
    """What the reading was measured together with, else itself."""
    return reading.panel or reading.id


def subject_of(trigger: object, reading: Reading) -> str:
    """What a cause is about: a panel is one, however many of its results came; else each result is."""
    return panel_of(reading) if _panelled(trigger) else reading.id


def _panelled(trigger: object) -> bool:
    return isinstance(trigger, Observed) and len(trigger.data) > 1


def joined_panel(
    pathway: Pathway, readings: Readings, reading: Reading, told: str | None, before: Reading | None
) -> str | None:
    """The panel of a version that comes in: its first version's, else the one that was told, else what fits in time.

    Two results of one data are never in one panel: the later one stands alone, so that each is judged.
    """
    if before is not None and before.data == reading.data:
        return before.panel
    if told is not None:
        return None if _taken(readings, told, reading) else told
    for data in _companions(pathway, reading.data):
        for other in readings.since(data, reading.effective):
            if other.effective > reading.effective:
                break
            if other.origin == reading.origin and not _taken(readings, panel_of(other), reading):
                return panel_of(other)
    return None


def _taken(readings: Readings, panel: str, reading: Reading) -> bool:
    return any(
        other.data == reading.data and other.id != reading.id and not other.void for other in readings.panel(panel)
    )


def _companions(pathway: Pathway, data: str) -> list[str]:
    triggers = [track.when for track in pathway.tracks.values() if isinstance(track.when, Observed)]
    watched = [trigger.data for trigger in triggers if data in trigger.data]
    return list(dict.fromkeys(other for together in watched for other in together if other != data))


def results_for(trigger: Observed, reading: Reading, journey: Journey, *, safety: bool) -> Results:
    """What the bare names stand for where the reading triggers; of its panel a safety track uses preliminary ones."""
    together = readings_of(journey).panel(panel_of(reading)) if _panelled(trigger) else []
    found = _at_hand([one for one in together if one.data in trigger.data], safety)
    if not (reading.void and found):
        found[reading.data] = reading
    return {data: _missing(data, reading) for data in trigger.data if data not in found} | found


def _missing(data: str, reading: Reading) -> Reading:
    """A member that is not there: unknown, and the windows of its data end with the panel all the same."""
    return replace(reading, data=data, status="cancelled", low=None, high=None, unread=None)


def results_of(trigger: object, cause: Cause, journey: Journey, *, safety: bool) -> Results:
    """What the bare names stand for in the steps that the cause made start."""
    readings = stood_on(trigger, cause, journey)
    return _at_hand(readings, safety) or {reading.data: reading for reading in readings}


def _at_hand(readings: list[Reading], safety: bool) -> dict[str, Reading]:
    counted = [reading for reading in readings if not reading.void and (safety or reading.settled)]
    return {reading.data: reading for reading in sorted(counted, key=in_series)}


def stood_on(trigger: object, cause: Cause, journey: Journey) -> list[Reading]:
    """The readings that a cause stands on, as they are kept now; those of a panel as the trigger names them."""
    readings = readings_of(journey)
    if cause.result is None:
        return []
    if isinstance(trigger, Observed) and len(trigger.data) > 1:
        together = [other for other in readings.panel(cause.result) if other.data in trigger.data]
        if together:
            return sorted(together, key=lambda other: trigger.data.index(other.data))
    found = readings.get(cause.result)
    return [] if found is None else [found]
