"""How far back a journey remembers: as long as results may be revised, and as far as its conditions look."""

from datetime import datetime, time, timedelta

from pathways.engine.clocks import moved
from pathways.engine.context import Facts
from pathways.engine.journey import Journey
from pathways.language.release import Release
from pathways.language.schedule import at_local

HORIZON = timedelta(days=30)
"""How long an ended journey still takes in what belongs to the time before, and how long results may be revised."""


def horizon_of(release: Release, journey: Journey, facts: Facts, data: str) -> datetime:
    """Before this instant results of the data are let go.

    Where daily figures are kept the days before the revision horizon go as a whole, else what no window reaches.
    """
    zone, oldest = journey.patient.zone, journey.clock - HORIZON
    if release.pathway.data[data].keep is not None:
        return at_local(oldest, time(), zone)
    return min([oldest, *(moved(journey.clock, window, facts, zone, -1) for window in release.windows_of(data))])
