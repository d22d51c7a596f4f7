"""What each kind of step does, and how tracks lead to one another."""

from dataclasses import replace

import pytest

from tests.pathways.engine.build import FACTS, Player, local, release


@pytest.mark.parametrize(
    ("value", "way"),
    [(2.0, "very-low"), (3.0, "lowish"), (3.8, "otherwise")],
)
def test_the_first_true_case_is_chosen(value: float, way: str) -> None:
    """Of the cases the first true one is done, without any the otherwise; the triggering value is at hand."""
    play = Player("""
t:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps:
    - choose: how-low
      cases:
        - {if: "glucose < 2.5", steps: [{notify: head-nurse, message: very-low}]}
        - {if: "glucose < 3.5", steps: [{notify: head-nurse, message: lowish}]}
      otherwise: [{notify: head-nurse, message: otherwise}]
      unknown: [{notify: head-nurse, message: unknown}]
""")
    assert play.result(value) == [f"notify head-nurse {way}"]


def test_what_cannot_be_known_is_a_way_of_its_own() -> None:
    """A case that cannot be known before a true one was found leads to `unknown`, with its reason."""
    play = Player(
        """
t:
  when: {event: fell}
  steps:
    - choose: ward
      cases: [{if: inpatient, steps: [{notify: ward-nurse, message: n}]}, {if: "age > 1", steps: []}]
      otherwise: []
      unknown: [{notify: head-nurse, message: n}]
""",
        facts=replace(FACTS, inpatient=None),
    )
    assert play.happen("fell") == ["notify head-nurse n"]
    assert play.why == ["t started", "t unknown ward"]


@pytest.mark.parametrize(
    ("to", "values", "why"),
    [
        ("2", {"level": 2.0}, ["t started"]),
        ("latest(glucose) + 1.0", {"level": 7.0}, ["t started"]),
        ("latest(pulse)", {}, ["t started", "t unknown set-level"]),
    ],
)
def test_a_value_is_set_from_a_number_or_an_expression(to: str, values: dict[str, float], why: list[str]) -> None:
    """A value that cannot be known is not set and says why; the steps after it are done."""
    play = Player(
        f"t: {{when: {{event: fell}}, steps: [{{set: level, to: {to}}}, {{notify: head-nurse, message: n}}]}}"
    )
    play.result(6.0)
    assert play.happen("fell") == ["notify head-nurse n"]
    assert (play.journey.values, play.why) == (values, why)


def test_conditions_see_what_was_set() -> None:
    """A value that one track set decides about another; undone, the value before it counts again."""
    play = Player("""
first: {when: {event: fell}, steps: [{set: flag, to: true}, {wait: 30d}]}
second: {when: {event: rose}, unless: flag, steps: [{notify: head-nurse, message: n}]}
""")
    play.happen("fell")
    assert (play.happen("rose"), play.why) == ([], ["second excluded"])
    play.stop("first")
    assert play.journey.values == {}


def test_a_wait_holds_what_follows() -> None:
    """A wait ends at its time, also in working time."""
    play = Player(
        "t: {when: {event: fell}, steps: [{wait: 1d}, {wait: 1 working day}, {notify: head-nurse, message: n}]}"
    )
    play.happen("fell")
    assert play.until("2026-01-07 08:59") == []
    assert play.until("2026-01-07 09:00") == ["notify head-nurse n"]


TRACKS = """
a: {when: {event: fell}, steps: [{start: b}]}
b: {when: by-hand, unless: inpatient, at_most: once per 1d, steps: [{task: call, role: ward-nurse}]}
c: {when: {event: rose}, steps: [{stop: b}]}
"""


def test_tracks_start_and_stop_one_another() -> None:
    """`start` starts a track as any trigger does, `stop` undoes what it did."""
    play = Player(TRACKS)
    assert play.happen("fell") == ["open call"]
    assert play.happen("rose") == ["close call cancelled stopped"]
    assert play.why == ["c started", "b stopped stop-b"]


@pytest.mark.parametrize(("inpatient", "why"), [(True, "excluded"), (None, "asked"), (False, "started")])
def test_a_start_by_a_step_keeps_the_exclusions(inpatient: bool | None, why: str) -> None:
    """A start that no person chose is excluded, asked about and capped as any other."""
    play = Player(TRACKS, facts=replace(FACTS, inpatient=inpatient))
    play.happen("fell")
    assert play.why[-1] == f"b {why}"


def test_a_start_under_a_chosen_outcome_passes_exclusions_and_caps() -> None:
    """What a person's outcome starts is started."""
    play = Player(
        """
a: {when: {event: fell}, steps: [{task: decide, role: ward-nurse, outcomes: {go: [{start: b}], stay: []}}]}
b: {when: by-hand, unless: inpatient, at_most: once per 1d, steps: [{task: call, role: ward-nurse}]}
""",
        facts=replace(FACTS, inpatient=True),
    )
    for _ in range(2):
        play.happen("fell")
        assert play.complete("decide", "go") == ["close decide done", "open call"]
        play.complete("call")


def test_a_person_starts_and_stops_a_track() -> None:
    """A start by hand passes exclusions and caps; a stop by hand undoes and forgets what waits."""
    play = Player(TRACKS, facts=replace(FACTS, inpatient=True))
    for _ in range(2):
        assert play.start("b") == ["open call"]
        assert play.stop("b") == ["close call cancelled stopped"]
    assert play.why == ["b stopped"]


def test_other_tracks_hear_of_an_outcome() -> None:
    """The outcome of a task starts the tracks that wait for it, and only those."""
    play = Player("""
a:
  when: {event: fell}
  while_running: parallel
  steps: [{task: call, role: ward-nurse, outcomes: {reached: [], lost: []}}]
b: {when: {outcome: lost, of: call}, steps: [{task: search, role: ward-nurse}]}
c: {when: {outcome: not-possible, of: call}, steps: [{task: think, role: ward-nurse}]}
""")
    opened: dict[str, list[str]] = {}
    for outcome in ("reached", "lost", "not-needed", "not-possible"):
        play.happen("fell")
        opened[outcome] = play.complete("call", outcome)[1:]
    assert opened == {"reached": [], "lost": ["open search"], "not-needed": [], "not-possible": ["open think"]}


def test_answers_go_on_and_silence_has_steps_of_its_own() -> None:
    """An answered form goes its way; one that expired goes the other, and tracks that wait for it hear."""
    steps = """
t:
  when: {event: fell}
  steps:
    - ask: f
      message: m
      expires: 2d
      answered: [{notify: head-nurse, message: answered}]
      unanswered: [{notify: head-nurse, message: unanswered}]
    - {notify: head-nurse, message: after}
gone: {when: {missed: f}, steps: [{task: call, role: ward-nurse}]}
"""
    play = Player(steps)
    play.happen("fell")
    assert play.answer("f") == ["close f done", "notify head-nurse answered", "notify head-nurse after"]
    play = Player(steps)
    play.happen("fell")
    assert play.after("2d") == [
        "close f missed",
        "notify head-nurse unanswered",
        "notify head-nurse after",
        "open call",
    ]


def test_answers_find_their_question() -> None:
    """Answers go to the question that they name, else to the oldest open one of the form."""
    play = Player("t: {when: {event: fell}, while_running: parallel, steps: [{ask: f, message: m}]}")
    play.happen("fell")
    play.after("1h")
    play.happen("fell")
    first, second = play.asks
    play.answer("f", second)
    assert list(play.asks) == [first]
    assert play.answer("f") == ["close f done"]
    assert (play.answer("f"), play.why) == ([], ["not-watched"])
    assert (play.answer("strange"), play.why) == ([], ["not-watched"])


def test_the_second_of_a_name_is_told_apart() -> None:
    """The same task twice in a row is two tasks."""
    play = Player("t: {when: {event: fell}, steps: [{task: call, role: ward-nurse}, {task: call, role: ward-nurse}]}")
    play.happen("fell")
    first = play.task("call").task
    assert play.complete("call") == ["close call done", "open call"]
    assert play.task("call").task != first


@pytest.mark.parametrize(
    ("when", "instants"),
    [
        ("{at: enrolled + 1d}", ["2026-01-06 09:00"]),
        ('{at: enrolled, time: "10:00"}', ["2026-01-05 10:00"]),
        ("{at: surgery - 1d}", ["2026-01-14 09:00"]),
        ("{every: 10d, from: enrolled, times: 2}", ["2026-01-15 09:00", "2026-01-25 09:00"]),
        ("{every: 10d, from: surgery - 10d, until: enrolled + 20d}", ["2026-01-15 09:00", "2026-01-25 09:00"]),
        ('{every: 7d, from: enrolled, times: 1, time: "07:30"}', ["2026-01-12 07:30"]),
        ("{every: 1 month, from: late, times: 2}", ["2026-02-28 09:00", "2026-03-31 09:00"]),
    ],
)
def test_planned_tracks_start_at_their_instants(when: str, instants: list[str]) -> None:
    """The day of an anchor is day 0, a series counts from it, and months end where they end."""
    more = "anchors: {enrolled: {}, surgery: {required: no}, late: {required: no}}"
    play = Player(
        release(f"t: {{when: {when}, steps: [{{notify: head-nurse, message: n}}]}}", more=more),
        surgery="2026-01-15 09:00",
        late="2026-01-31 09:00",
    )
    found: list[str] = []
    while (wake := play.wakeup) is not None:
        found += [local(wake)] * len(play.until(local(wake)))
    assert found == instants


def test_a_track_of_an_anchor_that_is_not_known_waits() -> None:
    """Without its date nothing is planned."""
    assert Player("t: {when: {at: surgery}, steps: [{wait: 1d}]}").wakeup is None
    assert Player("t: {when: {every: 1d, from: surgery}, steps: [{wait: 1d}]}").wakeup is None


LAST_DONE = """
t:
  when: {every: 30d, from: last_done}
  unless: flag2
  steps: [{visit: v, window: {late: 9d}, satisfied_by: {data: glucose}}]
"""


def test_a_repetition_counts_from_when_it_was_last_done() -> None:
    """The next occurrence counts from the end of the one before, or from the value that stood for its visit."""
    play = Player(LAST_DONE.replace("  unless: flag2\n", ""))
    assert play.until("2026-02-04 09:00") == ["book v 2026-02-04 09:00"]
    play.until("2026-02-08 12:00")
    play.visit("v", "kept")
    assert play.until("2026-03-10 12:00") == ["book v 2026-03-10 12:00"]
    play.until("2026-03-12 12:00")
    play.result(6.0, effective="2026-03-11 08:00")
    assert play.until("2026-04-10 08:00") == ["book v 2026-04-10 08:00"]


@pytest.mark.parametrize("inpatient", [True, None])
def test_a_repetition_from_the_last_time_lives_on_when_one_is_not_done(inpatient: bool | None) -> None:
    """An excluded occurrence, and one that a person is asked about, do not end the series."""
    play = Player(LAST_DONE.replace("flag2", "inpatient"), facts=replace(FACTS, inpatient=inpatient))
    play.until("2026-02-04 09:00")
    for task in list(play.tasks.values()):
        play.complete(task.name, "leave")
    play.facts = FACTS
    assert play.until("2026-03-06 09:00") == ["book v 2026-03-06 09:00"]


def test_a_repetition_from_the_last_time_goes_on_after_a_skip() -> None:
    """A skipped occurrence counts from its date."""
    play = Player("t: {when: {every: 30d, from: last_done}, steps: [{notify: head-nurse, message: n, late: skip}]}")
    assert play.outage("2026-02-05 09:00") == []
    assert play.until("2026-03-06 09:00") == ["notify head-nurse n"]


def test_a_planned_track_that_was_stopped_does_not_come_back_until_it_is_started() -> None:
    """A stop ends a series; a start by hand takes it up again."""
    play = Player(LAST_DONE.replace("  unless: flag2\n", ""))
    play.until("2026-02-05 09:00")
    play.stop("t")
    assert play.wakeup is None
    assert play.start("t") == ["book v 2026-02-05 09:00"]
    play.visit("v", "kept")
    assert play.until("2026-03-07 09:00") == ["book v 2026-03-07 09:00"]


def test_what_is_told_late_is_due_from_its_telling_and_waits_from_when_it_was_done() -> None:
    """A task after a late report is due from the report; a wait after it counts from when the work was really done."""
    play = Player(
        """
        t:
          when: {event: fell}
          steps:
            - task: call
              role: ward-nurse
              outcomes: {far: [{task: visit, role: ward-nurse, due: 4h, clock: elapsed}]}
            - {wait: 2d}
            - {task: again, role: ward-nurse}"""
    )
    play.happen("fell")
    play.until("2026-01-05 15:00")
    assert play.complete("call", "far", done="2026-01-05 09:30") == ["close call done", "open visit"]
    assert play.due("visit") == "2026-01-05 19:00"
    play.until("2026-01-05 20:00")
    assert play.complete("visit", "done", done="2026-01-05 16:00") == ["close visit done"]
    assert play.until("2026-01-07 15:59") == []
    assert play.until("2026-01-07 16:00") == ["open again"]
