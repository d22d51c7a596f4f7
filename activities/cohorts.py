"""Pathways that enrol a cohort every year: once its time has come, everybody who belongs is put on them, once a day."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import structlog

from pathways.errors import StoreUnavailable
from pathways.language.schedule import parse_moment, shift, zone_named
from store import enrolments, releases, seasons, tables
from store.database import Database
from store.facts import Policy

LOOK_EVERY = timedelta(minutes=10)
PAGE = 200

_log = structlog.get_logger(__name__)


class Cohorts:
    """Enrols cohorts; several processes may do so at once, since an episode is one journey."""

    def __init__(self, database: Database, policy: Policy, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._seen: set[tuple[str, date]] = set()

    async def run(self) -> None:
        """Look for as long as the process lives; a store that is away is waited for."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except StoreUnavailable as away:
                _log.warning("cohorts not enrolled", error=type(away).__name__)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    def look(self) -> int:
        """Enrol who belongs now, on what has not been looked through today; how many were enrolled.

        Raises:
            StoreUnavailable: the store is away; what was enrolled stays.
        """
        now = self._clock()
        today = now.astimezone(zone_named(self._policy.zone)).date()
        with self._database.read() as session:
            rows = [(row.pathway, releases.load(row).pathway.enrol.yearly) for row in releases.current(session)]
        enrolled = 0
        for pathway, yearly in rows:
            episode = None if yearly is None else due(yearly, now, self._policy.zone)
            if episode is None or (pathway, today) in self._seen:
                continue
            enrolled += self._enrol(pathway, episode, now)
            self._seen = {seen for seen in self._seen if seen[1] == today} | {(pathway, today)}
        return enrolled

    def _enrol(self, pathway: str, episode: str, now: datetime) -> int:
        enrolled = 0
        after: str | None = ""
        while after is not None:
            with self._database.write() as session:
                row: tables.Release = releases.latest(session, pathway)
                tried, after = enrolments.yearly(
                    session, row, episode=episode, after=after, limit=PAGE, policy=self._policy, now=now
                )
            enrolled += sum(one.created for one in tried)
            for one in tried:
                if one.code is not None:
                    _log.warning("not enrolled with the cohort", pathway=pathway, code=one.code)
        return enrolled


def due(yearly: str, now: datetime, zone: str) -> str | None:
    """The year whose cohort is enrolled now: from the moment of `yearly` until its season; None outside of that."""
    moment = parse_moment(yearly)
    for day in _dates(moment.anchor, now.year):
        season = datetime.combine(day, time(), zone_named(zone)).astimezone(UTC)
        opens = season if moment.offset is None else shift(season, moment.offset, zone, moment.sign)
        if opens <= now < max(season, opens + timedelta(days=1)):
            return str(day.year)
    return None


def _dates(season: str, year: int) -> Iterator[date]:
    for one in (year - 1, year, year + 1):
        found = {str(name): day for name, day in seasons.seasons_of(one).items()}
        if season in found:
            yield found[season]
