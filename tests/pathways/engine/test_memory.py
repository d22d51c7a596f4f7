"""What a journey remembers: as much as its conditions and revisions need, however many results come."""

import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from types import FrameType
from typing import Any

import pytest

from pathways.engine.advance import Advance, advance, next_wakeup
from pathways.engine.aggregates import DAYS, figures_of, rolled
from pathways.engine.context import Context
from pathways.engine.events import ResultReceived, Tick
from pathways.engine.journey import Aggregate, Journey, read_journey, write_journey
from pathways.engine.readings import Readings
from pathways.language.release import Release
from tests.pathways.engine.build import CODES, FACTS, START, ZONE, Player, at, journey, release

HOME = """
high:
  safety: yes
  when:
    observed: [sbp, dbp]
    if: "sbp >= 180 || dbp >= 110"
    worse: higher
    by: 10
    fresh: 24h
    confirm: {again: 2, within: 10m}
  at_most: once per 4h
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
uncontrolled:
  when: {observed: sbp, if: "mean(sbp, 365d) >= 150 && count(sbp, 365d) >= 10"}
  at_most: once per 30d
  steps: [{task: check, role: diabetes-nurse, due: 3 working days, ladder: routine}]
silent:
  when: {silent: sbp, for: 14d}
  steps: [{task: check, role: diabetes-nurse, due: 2 working days, ladder: routine}]
monthly: {when: {every: 1 month, from: enrolled}, steps: [{send: n}]}
"""
ALL_KEPT = """
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= low", worse: lower, fresh: 24h}
  at_most: once per 4h
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
high:
  when: {observed: glucose, if: "glucose > 10 && previous(glucose) > 10 && count(glucose, 1d) >= 2"}
  steps: [{task: check, role: diabetes-nurse, due: 3 working days, ladder: routine}]
year: {when: {observed: pulse, if: "max(glucose, 365d) > 20"}, steps: [{send: n}]}
silent:
  when: {silent: glucose, for: 14d}
  steps: [{task: check, role: diabetes-nurse, due: 2 working days, ladder: routine}]
"""


class Year:
    """A journey to which results come at one pace, woken whenever it asks for it."""

    def __init__(self, of: Release) -> None:
        self.release, self.journey, self.now, self.count = of, journey(of), START, 0

    def pass_(self, span: timedelta) -> None:
        """Lets the time pass."""
        end = self.now + span
        while (wake := next_wakeup(self.release, self.journey, FACTS)) is not None and wake <= end:
            self.now = max(wake, self.now)
            self.journey = self.turn(Tick(id="tick", received=self.now)).journey
        self.now = end

    def result(self, data: str, value: float) -> ResultReceived:
        """The next result; its id is as random as a real one."""
        self.count += 1
        name = blake2b(str(self.count).encode(), digest_size=16).hexdigest()
        code, unit = CODES[data]
        return ResultReceived(
            id=name,
            received=self.now,
            result=name,
            version=1,
            status="final",
            code=code,
            effective=self.now,
            value=value,
            unit=unit,
            origin="device",
        )

    def turn(self, event: ResultReceived | Tick) -> Advance:
        """One turn now."""
        return advance(self.release, self.journey, event, Context(now=self.now, facts=FACTS))

    def take(self, data: str, value: float) -> None:
        """The result is taken in."""
        self.journey = self.turn(self.result(data, value)).journey


def test_a_year_of_home_values_fits_in_sixteen_kilobytes() -> None:
    """1,460 readings with few alarms: at most 16 kB when it travels compressed."""
    year = Year(release(HOME))
    for number in range(730):
        year.pass_(timedelta(hours=12))
        year.take("sbp", 185.0 if number % 120 == 100 else 128.0 + number % 17)
        year.take("dbp", 79.0 + number % 11)
    assert year.count == 1460
    size = len(zlib.compress(write_journey(year.journey)))
    assert size <= 16_000, f"{size} bytes"
    assert read_journey(write_journey(year.journey)) == year.journey


def instructions(work: Callable[[], object]) -> int:
    """How many instructions of Python the work takes: counted, so that it is the same on every machine."""
    counted = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


@pytest.mark.parametrize(
    ("tracks", "data", "gap", "kept"),
    [
        (HOME, "sbp", timedelta(hours=12), 100),
        # Every value of a year is kept here: the longest window says so, and nothing declares figures.
        (ALL_KEPT, "glucose", timedelta(hours=1), 5000),
    ],
    ids=["figures", "all kept"],
)
def test_five_thousand_readings_do_not_slow_a_turn(tracks: str, data: str, gap: timedelta, kept: int) -> None:
    """A result costs the same work after 5,000 of them as after 1,000, as does a look at the clock."""
    year = Year(release(tracks))
    work: list[tuple[int, int]] = []
    for number in range(5000):
        year.pass_(gap)
        if number in {999, 4999}:
            event = year.result(data, 6.0)
            year.turn(event)
            year.turn(event)
            tick = Tick(id="tick", received=year.now)
            work.append((instructions(lambda event=event: year.turn(event)), instructions(lambda t=tick: year.turn(t))))
        year.take(data, 6.0 + number % 5 / 10)
    assert len(year.journey.readings) <= kept
    (early, early_tick), (late, late_tick) = work
    assert late <= early * 1.05, f"{early} instructions after 1,000 results, {late} after 5,000"
    assert late_tick <= early_tick * 1.05, f"{early_tick} instructions after 1,000 results, {late_tick} after 5,000"


# --- figures of days and months -----------------------------------------------------------------------------

FIGURES = """
mean: {when: {observed: pulse, if: "mean(sbp, 365d) >= 150"}, steps: [{send: n}]}
min: {when: {observed: pulse, if: "min(sbp, 365d) <= 100"}, steps: [{send: n}]}
max: {when: {observed: pulse, if: "max(sbp, 365d) >= 200"}, steps: [{send: n}]}
count: {when: {observed: pulse, if: "count(sbp, 365d) >= 6"}, steps: [{send: n}]}
"""


def seen(play: Player) -> dict[str, Any]:
    """What the conditions see now, by their function."""
    play.result(70, f"pulse-{play.now.isoformat()}", data="pulse")
    return {reason.track or "": next(iter(reason.values.values()), None) for reason in play.reasons if not reason.step}


def test_figures_stand_for_values_that_were_let_go() -> None:
    """A window sees the same before and after its values have become figures of a day, and then of a month."""
    play = Player(FIGURES)
    for day, value in (("05", 100.0), ("06", 140.0), ("07", 210.0), ("20", 150.0)):
        play.now = max(play.now, at(f"2026-01-{day} 10:00"))
        play.after("1h")
        play.result(value, f"{day}-{value}", data="sbp")
    before = seen(play)
    assert before == {"mean": 150.0, "min": 100.0, "max": 210.0, "count": 4.0}
    for months, figures in (("2026-03-15", 2), ("2026-07-15", 1)):
        play.outage(f"{months} 10:00")
        assert len(play.journey.aggregates["sbp"]) == figures
        assert seen(play) == before
    assert [reading for reading in play.journey.readings if "pulse" not in reading] == ["07-210.0", "20-150.0"]


def test_a_window_counts_a_day_or_month_whose_last_day_lies_in_it() -> None:
    """Cut days and months count as a whole, or not at all."""
    play = Player(FIGURES)
    for day in range(5, 11):
        play.until(f"2026-01-{day:02} 10:00")
        play.result(120, f"r{day}", data="sbp")
    # The latest two stay as they are; of the others, one of January remains in the window for a year.
    play.outage("2027-01-08 12:00")
    assert seen(play)["count"] == 6.0
    play.outage("2027-01-09 12:00")
    assert seen(play)["count"] == 1.0


def test_figures_go_when_no_window_reaches_them() -> None:
    """A year later, or after the longest window, nothing is left of them."""
    play = Player(FIGURES)
    for number in range(4):
        play.result(120, f"r{number}", data="sbp")
        play.after("1h")
    play.outage("2026-06-01 09:00")
    assert [one.count for one in play.journey.aggregates["sbp"]] == [2]
    play.outage("2027-06-01 09:00")
    assert play.journey.aggregates["sbp"] == ()


def test_a_value_known_within_bounds_leaves_figures_unknown() -> None:
    """As it leaves the window unknown while it is kept; it is counted all the same."""
    play = Player(FIGURES)
    play.result(120, "r0", data="sbp", comparator=">")
    for number in range(1, 4):
        play.result(120, f"r{number}", data="sbp")
    before = seen(play)
    assert before["mean"] is None
    play.outage("2026-06-01 09:00")
    assert seen(play) == {**before, "count": 4.0}


def test_what_cannot_be_read_leaves_no_figure() -> None:
    """It was never part of a window."""
    play = Player(FIGURES)
    play.result(None, "odd", data="sbp", text="?")
    for task in list(play.open):
        play.complete(task)
    for number in range(3):
        play.after("1d")
        play.result(120, f"r{number}", data="sbp")
    play.outage("2026-06-01 09:00")
    assert "odd" not in play.journey.readings
    assert [one.count for one in play.journey.aggregates["sbp"]] == [1]


def test_a_value_that_comes_after_its_day_was_closed_is_added_to_it() -> None:
    """It changes every figure but the last value of the day."""
    play = Player(FIGURES)
    for number, value in enumerate((120.0, 130.0, 140.0, 150.0)):
        play.result(value, f"r{number}", data="sbp")
    play.outage("2026-03-01 09:00")
    play.result(90, "late", data="sbp", effective="2026-01-05 08:00")
    play.after("1d")
    play.outage("2026-03-02 10:00")
    day = date(2026, 1, 5)
    figures = Aggregate(since=day, until=day, count=3, mean=340 / 3, low=90.0, high=130.0, last=130.0)
    assert play.journey.aggregates["sbp"] == (figures,)


def test_a_day_is_the_patients_day() -> None:
    """Values late in the evening and early in the morning belong to different days of the patient's zone."""
    play = Player(FIGURES)
    for moment in ("2026-01-05 23:59", "2026-01-06 00:00", "2026-01-07 09:00", "2026-01-07 10:00"):
        play.until(moment)
        play.result(120, moment, data="sbp")
    play.outage("2026-03-01 09:00")
    assert [(one.since, one.until) for one in play.journey.aggregates["sbp"]] == [
        (date(2026, 1, 5), date(2026, 1, 5)),
        (date(2026, 1, 6), date(2026, 1, 6)),
    ]


def test_only_declared_figures_are_kept() -> None:
    """The count is always kept."""
    play = Player(
        release(
            'a: {when: {observed: sbp, if: "mean(sbp, 90d) > 500"}, steps: [{send: n}]}',
            more='data: {sbp: {observation: [8480-6], unit: "mm[Hg]", keep: {per: day, as: [mean]}}}',
        )
    )
    for number in range(3):
        play.result(120, f"r{number}", data="sbp")
    play.outage("2026-03-01 09:00")
    day = date(2026, 1, 5)
    assert play.journey.aggregates["sbp"] == (Aggregate(since=day, until=day, count=1, mean=120.0),)


def test_days_of_ninety_days_are_told_apart_older_ones_by_month() -> None:
    """Two years of daily values are at most ninety figures of days and a figure a month."""
    year = Year(release(FIGURES))
    for number in range(730):
        year.pass_(timedelta(days=1))
        year.take("sbp", 120.0 + number % 9)
    figures = year.journey.aggregates["sbp"]
    assert len(figures) <= DAYS.days + 13
    assert sum(one.count for one in figures) + len(year.journey.readings) == pytest.approx(366, abs=31)
    assert [one.since for one in figures] == sorted({one.since for one in figures})


@pytest.mark.parametrize(("days_ago", "figures"), [(90, 2), (91, 1)])
def test_a_day_of_ninety_days_ago_is_still_told_apart(days_ago: int, figures: int) -> None:
    """The day before it has gone into its month; a day more and both have."""
    last = at("2026-06-20 10:00")
    days = [last.date() - timedelta(days=1), last.date()]
    kept = [figures_of([120.0], since=day, until=day) for day in days]
    assert len(rolled(kept, last + timedelta(days=days_ago), ZONE)) == figures


def test_the_horizon_of_each_data_is_its_own() -> None:
    """A long window of one data keeps nothing of another."""
    play = Player('a: {safety: no, when: {observed: glucose, if: "mean(glucose, 90d) < 1"}, steps: [{send: n}]}')
    for number in range(4):
        for data in ("glucose", "pulse"):
            play.result(60 if data == "pulse" else 6, f"{data}{number}", data=data)
    play.outage("2026-02-10 09:00")
    assert sorted(play.journey.readings) == ["glucose0", "glucose1", "glucose2", "glucose3", "pulse2", "pulse3"]


# --- readings in their order --------------------------------------------------------------------------------


def test_readings_stay_in_order_whatever_happens_to_them() -> None:
    """New, revised, moved to another time, data or panel, and let go: as if they were put in order anew."""
    play = Player('a: {safety: no, when: {observed: [sbp, dbp], if: "sbp > 500 && dbp > 500"}, steps: [{send: n}]}')
    play.result(120, "a", data="sbp", panel="p")
    play.result(80, "b", data="dbp", panel="p")
    play.result(121, "c", data="sbp", effective="2026-01-01 09:00")
    play.result(121, "c", 2, "corrected", data="sbp", effective="2026-01-06 09:00")
    play.result(70, "a", 2, "corrected", data="pulse")
    play.result(80, "b", 2, "corrected", data="glucose")
    held = play.journey.readings
    assert isinstance(held, Readings)
    anew = Readings({**held})
    assert held == anew
    assert vars(held) == vars(anew)
    gone = [held["a"], held["b"]]
    assert vars(held.without(gone)) == vars(Readings({key: one for key, one in held.items() if one not in gone}))


def test_a_journey_that_was_read_goes_on_as_the_one_that_was_not() -> None:
    """What travels is the readings alone; their order is found again."""
    first = Player(HOME)
    for number in range(6):
        first.result(120 + number, f"s{number}", data="sbp")
    event = ResultReceived(
        id="next",
        received=datetime(2026, 1, 6, tzinfo=UTC),
        result="next",
        version=1,
        status="final",
        code="8480-6",
        effective=datetime(2026, 1, 6, tzinfo=UTC),
        value=190.0,
        unit="mm[Hg]",
    )
    context = Context(now=datetime(2026, 1, 6, tzinfo=UTC), facts=FACTS)
    travelled: Journey = read_journey(write_journey(first.journey))
    assert advance(first.release, travelled, event, context) == advance(first.release, first.journey, event, context)
    assert replace(travelled, sequence=0) == replace(first.journey, sequence=0)
