"""When things come, by the calendar: month ends, leap days, changes of summer time, zones, working days; as tables."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pathways.engine import plans
from pathways.engine.clocks import due_at, moved, rung_at
from pathways.engine.journey import Journey, Node, Patient, TrackState
from pathways.language.definition import Rung
from pathways.language.schedule import parse_duration
from pathways.language.step import Task
from tests.pathways.engine.build import CALENDAR, FACTS, Player, at, release

SHANGHAI, BERLIN, NEW_YORK = "Asia/Shanghai", "Europe/Berlin", "America/New_York"
KATHMANDU, LORD_HOWE, AUCKLAND = "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland"


def wall(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def dates(when: str, anchor: str, zone: str, count: int = 1, *, done: bool = False) -> list[str]:
    """The first dates of a track, as clocks in the zone show them; counted from enrolment, or from a step done then."""
    of = release(
        f"t: {{when: {{{when}}}, steps: [{{send: m}}]}}\n"
        "u: {when: by-hand, steps: [{task: call, role: ward-nurse, outcomes: {reached: []}}]}"
    )
    instant = wall(anchor, zone)
    journey = Journey(
        id="j",
        release=of.checksum,
        patient=Patient(born=date(1960, 1, 1), zone=zone),
        anchors={"enrolled": instant},
        clock=instant,
        done={"call": instant} if done else {},
    )
    track = of.pathway.tracks["t"]
    found: list[str] = []
    state = plans.current(track, TrackState(), journey)
    for number in range(1, count + 1):
        came = plans.dated(track, state, number, journey, FACTS)
        assert came is not None
        found.append(f"{came.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}")
    return found


AT = [
    ("at: enrolled + 1 month", "2026-01-31 09:00", SHANGHAI, "2026-02-28 09:00"),
    ("at: enrolled + 1 month", "2028-01-31 09:00", SHANGHAI, "2028-02-29 09:00"),
    ("at: enrolled + 1 year", "2028-02-29 09:00", SHANGHAI, "2029-02-28 09:00"),
    ("at: enrolled + 4 years", "2028-02-29 09:00", SHANGHAI, "2032-02-29 09:00"),
    ("at: enrolled - 3 months", "2026-05-31 09:00", SHANGHAI, "2026-02-28 09:00"),
    ("at: enrolled + 6 months", "2026-08-31 09:00", SHANGHAI, "2027-02-28 09:00"),
    ('at: enrolled + 1 day, time: "02:30"', "2026-03-28 09:00", BERLIN, "2026-03-29 03:00"),  # skipped
    ('at: enrolled + 1 day, time: "02:30"', "2026-10-24 09:00", BERLIN, "2026-10-25 02:30"),  # twice: the first
    ("at: enrolled + 1 day", "2026-03-28 09:00", BERLIN, "2026-03-29 09:00"),
    ("at: enrolled + 24h", "2026-03-28 09:00", BERLIN, "2026-03-29 10:00"),
    ("at: enrolled + 24h", "2026-10-24 09:00", BERLIN, "2026-10-25 08:00"),
    ("at: enrolled + 24h", "2026-03-07 09:00", NEW_YORK, "2026-03-08 10:00"),
    ("at: enrolled + 1 day", "2026-10-31 09:00", NEW_YORK, "2026-11-01 09:00"),
    ("at: enrolled + 24h", "2026-10-31 09:00", NEW_YORK, "2026-11-01 08:00"),
    ("at: enrolled + 24h", "2026-10-03 09:00", LORD_HOWE, "2026-10-04 09:30"),  # half an hour
    ("at: enrolled + 24h", "2026-09-26 09:00", AUCKLAND, "2026-09-27 10:00"),
    ("at: enrolled + 1 month", "2026-01-31 23:45", KATHMANDU, "2026-02-28 23:45"),
]


@pytest.mark.parametrize(("when", "anchor", "zone", "expected"), AT)
def test_an_instant_comes_on_its_date(when: str, anchor: str, zone: str, expected: str) -> None:
    """Months clamp to their end, days keep the wall clock, hours are absolute; a skipped time is the end of the gap."""
    assert dates(when, anchor, zone) == [expected]


@pytest.mark.parametrize(("when", "anchor", "zone", "expected"), AT)
def test_what_counts_from_a_step_comes_on_the_same_dates(when: str, anchor: str, zone: str, expected: str) -> None:
    """`done(...)` counts by the very same rules as an anchor."""
    assert dates(when.replace("enrolled", "done(call)"), anchor, zone, done=True) == [expected]


@pytest.mark.parametrize(
    ("when", "anchor", "zone", "expected"),
    [
        (
            "every: 1 month, from: enrolled",
            "2026-01-31 09:00",
            SHANGHAI,
            ["2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00"],  # never drifts to the 28th
        ),
        (
            "every: 1 month, from: enrolled",
            "2027-12-30 09:00",
            SHANGHAI,
            ["2028-01-30 09:00", "2028-02-29 09:00", "2028-03-30 09:00"],
        ),
        (
            "every: 1 year, from: enrolled",
            "2028-02-29 09:00",
            SHANGHAI,
            ["2029-02-28 09:00", "2030-02-28 09:00", "2031-02-28 09:00", "2032-02-29 09:00"],
        ),
        (
            'every: 1d, from: enrolled, time: "02:30"',
            "2026-03-27 09:00",
            BERLIN,
            ["2026-03-28 02:30", "2026-03-29 03:00", "2026-03-30 02:30"],
        ),
        (
            'every: 1d, from: enrolled, time: "01:30"',
            "2026-10-30 09:00",
            NEW_YORK,
            ["2026-10-31 01:30", "2026-11-01 01:30", "2026-11-02 01:30"],
        ),
        ("every: 12h, from: enrolled", "2026-10-24 20:00", BERLIN, ["2026-10-25 07:00", "2026-10-25 19:00"]),
        ("every: 1 week, from: enrolled", "2026-03-01 09:00", NEW_YORK, ["2026-03-08 09:00", "2026-03-15 09:00"]),
        ("every: 1 week, from: enrolled", "2026-03-29 09:00", AUCKLAND, ["2026-04-05 09:00", "2026-04-12 09:00"]),
        ("every: 1 day, from: enrolled", "2026-04-04 09:00", LORD_HOWE, ["2026-04-05 09:00", "2026-04-06 09:00"]),
        ("every: 1 month, from: enrolled", "2026-10-31 05:45", KATHMANDU, ["2026-11-30 05:45", "2026-12-31 05:45"]),
    ],
)
def test_a_repetition_comes_on_its_dates(when: str, anchor: str, zone: str, expected: list[str]) -> None:
    """Each occurrence is counted from the origin, so that a short month or a change of clocks leaves no trace."""
    assert dates(when, anchor, zone, len(expected)) == expected
    again = when.replace("from: enrolled", "from: done(call)")
    assert dates(again, anchor, zone, len(expected), done=True) == expected


FEBRUARY = replace(
    CALENDAR,
    holidays=frozenset(date(2026, 2, day) for day in range(15, 24)),
    makeup=frozenset({date(2026, 2, 14), date(2026, 2, 28)}),
    covers_until=date(2026, 12, 31),
)
"""Spring Festival of 2026, with the Saturdays that were made up for."""


@pytest.mark.parametrize(
    ("opened", "due", "expected"),
    [
        ("2026-02-13 09:00", "1 working day", "2026-02-14 09:00"),  # a make-up Saturday
        ("2026-02-13 09:00", "2 working days", "2026-02-24 09:00"),
        ("2026-02-14 16:00", "2 working hours", "2026-02-24 09:00"),
        ("2026-02-27 16:00", "2 working hours", "2026-02-28 09:00"),
        ("2026-02-20 12:00", "4h", "2026-02-24 12:00"),  # hours on a working clock are working hours
        ("2026-12-31 09:00", "1 working day", "2027-01-01 09:00"),  # not announced: weekends alone
        ("2027-02-13 09:00", "1 working day", "2027-02-15 17:00"),
    ],
)
def test_a_working_clock_runs_on_working_days(opened: str, due: str, expected: str) -> None:
    """Holidays stand still, make-up days run, and beyond the announcement only weekends stand still."""
    step = Task(task="call", role="ward-nurse", clock="working", due=parse_duration(due))
    node = Node(kind="task", order=1, entered=at(opened), since=at(opened))
    known = replace(FACTS, calendar=FEBRUARY)
    assert due_at(node, step, known, SHANGHAI) == at(expected)
    assert rung_at(node, step, Rung(after=parse_duration(due), to="head-nurse"), known, SHANGHAI) == at(expected)


@pytest.mark.parametrize(
    ("covers_until", "opened", "due", "expected", "alarm"),
    [
        (date(2026, 12, 31), "2026-12-30 09:00", "1 working day", "2026-12-31 09:00", False),
        (date(2026, 12, 31), "2026-12-31 09:00", "1 working day", "2027-01-01 09:00", True),
        (date(2026, 12, 31), "2027-06-04 09:00", "1 working day", "2027-06-07 09:00", True),
        (date(2025, 12, 31), "2026-02-13 09:00", "1 working day", "2026-02-16 09:00", True),  # a year without one
        (None, "2027-06-04 09:00", "1 working day", "2027-06-07 09:00", False),
    ],
)
def test_an_exhausted_calendar_raises_an_alarm_and_falls_back_to_weekends(
    covers_until: date | None, opened: str, due: str, expected: str, alarm: bool
) -> None:
    """Work beyond the announced days is due by weekends alone, and an operator is told; work within them is not."""
    of = release(f"t: {{when: {{event: fell}}, steps: [{{task: call, role: ward-nurse, due: {due}}}]}}")
    play = Player(of, facts=replace(FACTS, calendar=replace(FEBRUARY, covers_until=covers_until)))
    play.until(opened)
    brought = play.happen("fell")
    assert ("alarm calendar-exhausted" in brought) == alarm
    assert play.task("call").due == at(expected)
    assert moved(at(opened), parse_duration(due), play.facts, SHANGHAI) == at(expected)


def test_what_waits_for_a_step_that_was_not_done_after_all_does_not_come() -> None:
    """A start that waits, planned from when a step was done, goes when that is taken back."""
    play = Player(
        """
v: {when: {event: fell}, steps: [{visit: v, window: {late: 6d}, satisfied_by: {data: glucose}}]}
t: {when: {at: done(v) + 2d}, unless: inpatient, defer: surgery, steps: [{task: check, role: ward-nurse}]}
""",
        facts=replace(FACTS, inpatient=True),
    )
    play.happen("fell")
    play.result(5.0)
    play.after("3d")
    assert play.why == ["t deferred"]
    play.result(None, version=2, status="entered-in-error")
    assert "t moved" in play.why
    play.facts = FACTS
    assert play.happen("home") == []


def test_a_planned_visit_that_a_person_let_start_keeps_its_date() -> None:
    """Where a person decides whether an occurrence starts, its visit is booked for the date of the occurrence."""
    play = Player(
        "t: {when: {at: enrolled + 20d}, unless: inpatient, steps: [{visit: v, window: {early: 5d, late: 6d}}]}",
        facts=replace(FACTS, inpatient=None),
    )
    play.until("2026-01-20 10:00")
    assert "book v 2026-01-25 09:00" in play.complete("decide-start", "start")
    assert play.anchor("enrolled", "2026-01-08 09:00") == ["book v 2026-01-28 09:00"]


def test_what_a_person_started_for_a_planned_track_is_not_moved_away() -> None:
    """An occurrence that a person asked for as well stays where its date moves, and is told."""
    play = Player("t: {when: {at: surgery + 1d}, steps: [{task: check, role: ward-nurse}]}", surgery="2026-01-06 09:00")
    play.until("2026-01-07 10:00")
    play.start("t")
    assert play.anchor("surgery", "2026-02-06 09:00") == ["note check moved flag"]
    assert play.open == ["check"]


def test_each_date_of_a_series_without_tasks_has_its_own_visit() -> None:
    """A visit that is still open takes nothing from the next one of its series."""
    play = Player("t: {when: {every: 7d, from: enrolled}, steps: [{visit: v, window: {early: 2d, late: 6d}}]}")
    brought = play.until("2026-01-25 09:00")
    assert [line for line in brought if line.startswith("book")] == [
        "book v 2026-01-12 09:00",
        "book v 2026-01-19 09:00",
        "book v 2026-01-26 09:00",
    ]
