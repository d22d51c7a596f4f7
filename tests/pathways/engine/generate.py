"""Random pathways and what happens to them, in shapes that reach every kind of step, trigger, event and result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from random import Random
from typing import Any, get_args

from hypothesis import strategies as st

from pathways.engine.journey import ResultStatus
from pathways.language.release import Release
from tests.pathways.engine.build import BASE, CALENDAR, FACTS, read_yaml, release, release_of

_PARTS = read_yaml(BASE)
TRACKS = ("a", "b", "c", "d")
TASKS = ("call", "check")
OUTCOMES = ("reached", "refer")
ROLES = ("diabetes-nurse", "family-doctor")
STATUSES: tuple[ResultStatus, ...] = get_args(ResultStatus)
EVENT_KINDS = (
    "result",
    "tick",
    "complete",
    "claim",
    "release",
    "hand-over",
    "answer",
    "visit",
    "happen",
    "start",
    "stop",
    "pause",
    "resume",
    "unattended",
    "enrol",
    "withdraw",
    "die",
    "leave",
    "reinstate",
    "anchor",
    "parameter",
)
# What ends a journey or repeats its beginning is rarer, so that most of a play happens before it.
ON_TASKS = ("attempt", "suspend", "continue", "leave-purpose")
OF_OTHERS = ("reply", "reply", "decline")
_WEIGHTED = (
    *(EVENT_KINDS[:14] * 3 + EVENT_KINDS[:1] * 16 + EVENT_KINDS[1:3] * 6 + EVENT_KINDS[7:9] * 6 + EVENT_KINDS[14:]),
    *(ON_TASKS * 3),
    *(OF_OTHERS * 5),
    *(("anchor",) * 5),
)
GAPS = ("0s", "0s", "1m", "31m", "5h", "25h", "3d", "9d", "40d")

_spans = st.sampled_from(["30m", "4h", "1d", "3d"])
_working = st.sampled_from(["2 working hours", "1 working day", "3 working days"])
_conditions = st.sampled_from(
    [
        "latest(glucose) > 10",
        "count(glucose, 7d) >= 2",
        "mean(glucose, 3d) < low",
        "min(glucose, 30d) < 3",
        "max(pulse, 1d) > 100",
        "previous(glucose) > 5",
        "level > 1",
        "flag",
        "inpatient",
        "age > 60",
        "diagnosed('E11')",
        "word == 'x'",
        "score('f') >= 2",
        "item('f', 'well')",
        "tier('words', 'f', 'said') == 'grave'",
        "unanswered('f') >= 1",
        "happened('fell', 7d) >= 2",
        "days_since('surgery') > 0",
        "known('birth')",
        "lost",
    ]
)
_names = st.sampled_from(["n", "m"])


_NOTHING: st.SearchStrategy[dict[str, Any]] = st.just({})


def _maybe(key: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(_NOTHING, values.map(lambda value: {key: value}))


def _merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


_lateness = _merged(
    _maybe("late", st.sampled_from(["run", "skip", "collapse", "ask"])),
    _maybe("late_after", st.sampled_from(["1h", "2d"])),
)


_attempts = _maybe("attempts", st.sampled_from([{"max": 1}, {"max": 3, "spaced": "10m"}]))


def _set() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {"set": "level", "to": 2},
            {"set": "level", "to": "latest(glucose) + 1.0"},
            {"set": "flag", "to": True},
            {"set": "word", "to": "'x'"},
            {"set": "lost", "to": "yes"},
            {"set": "level", "to": "score('f')"},
            {"set": "birth", "to": "surgery + 9d"},
            {"set": "surgery", "to": "enrolled + 20d", "tentative": True},
            {"set": "surgery", "to": "done(call) + 3d"},
        ]
    )


def _urgent_task(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.just({"clock": "elapsed", "due": "30m", "ladder": "urgent"}),
        st.sampled_from(TASKS).map(lambda name: {"task": name}),
        st.sampled_from(ROLES).map(lambda name: {"role": name}),
        _maybe("outcomes", st.dictionaries(st.sampled_from(OUTCOMES), inner, min_size=1)),
        _attempts,
    )


def _routine_task(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    clocked = st.one_of(
        _NOTHING,
        _spans.map(lambda span: {"due": span, "clock": "working"}),
        _spans.map(lambda span: {"due": span, "clock": "working", "suspended_while": "waiting-for-patient"}),
        _spans.map(lambda span: {"due": span}),
        _working.map(lambda span: {"due": span}),
    )
    return _merged(
        clocked,
        st.sampled_from(TASKS).map(lambda name: {"task": name, "role": "diabetes-nurse"}),
        _maybe("ladder", st.just("routine")),
        _maybe("of", st.sampled_from(["visit.department", "patient.department"])),
        _maybe("to", st.just("patient.surgeon")),
        _attempts,
        _maybe("outcomes", st.dictionaries(st.sampled_from(OUTCOMES), inner, min_size=1)),
    )


def _visit(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.sampled_from(
            [{"visit": "v", "window": {"late": "3d"}}, {"visit": "w", "window": {"early": "2d", "late": "1d"}}]
        ),
        _maybe("remind", st.sampled_from([["1d"], ["3d", "1d"]])),
        _maybe("satisfied_by", st.sampled_from([{"data": "glucose"}, {"data": "pulse", "from": "device"}])),
        _maybe("kept", inner),
        _maybe("missed", inner),
    )


def _ask(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.sampled_from([{"ask": "f", "message": "n"}, {"ask": "g", "message": "m"}]),
        _maybe("remind", st.just(["1d", "2d"])),
        _maybe("answered", inner),
        st.one_of(
            _NOTHING, st.just({"expires": "3d"}), inner.map(lambda steps: {"expires": "3d", "unanswered": steps})
        ),
    )


def _choose(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    cases = st.lists(st.tuples(_conditions, inner).map(lambda c: {"if": c[0], "steps": c[1]}), min_size=1, max_size=2)
    return st.tuples(cases, inner, inner).map(
        lambda found: {"choose": "way", "cases": found[0], "otherwise": found[1], "unknown": found[2]}
    )


def _some(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    return inner.map(lambda steps: steps or [{"notify": "family-doctor", "message": "n"}])


def _together(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(inner, inner).map(lambda ways: {"together": {"one": ways[0], "two": ways[1]}})


def _repeat(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.just({"repeat": "series"}),
        st.sampled_from(["4h", "1d"]).map(lambda every: {"every": every}),
        st.integers(1, 3).map(lambda times: {"times": times}),
        _maybe("until", _conditions),
        _some(inner).map(lambda steps: {"steps": steps}),
        _lateness,
    )


def _again(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Something that is done again, by a person's outcome or after a miss."""
    back = inner.map(lambda steps: [*(step for step in steps if "end" not in step), {"again": "try", "at_most": 2}])
    return st.one_of(
        back.map(lambda steps: {"task": "call", "role": "diabetes-nurse", "outcomes": {"reached": steps, "refer": []}}),
        back.map(lambda steps: {"visit": "v", "window": {"late": "1d"}, "missed": steps}),
        back.map(lambda steps: {"call": "book", "failed": steps}),
    ).map(lambda step: {**step, "name": "try"})


def _call(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.sampled_from(["book", "report"]).map(lambda name: {"call": name, "bind": {"booking": "text"}}),
        _maybe("with", st.sampled_from([{"level": 2}, {"glucose": "latest(glucose)"}, {"room": "booking"}])),
        _maybe("undo", st.just("take-back")),
        _maybe("within", _spans),
        _maybe("answered", inner),
        _maybe("failed", inner),
        _lateness,
    )


def _enrol() -> st.SearchStrategy[dict[str, Any]]:
    return _merged(
        st.just({"enrol": "foot-care"}),
        _maybe("anchors", st.just({"referred": "enrolled + 1d", "operated": "surgery"})),
        _maybe("with", st.sampled_from([{"level": 2}, {"glucose": "latest(glucose)"}])),
        _maybe("episode", st.sampled_from(["'left'", "latest(pulse)"])),
    )


@cache
def _steps(tracks: tuple[str, ...], depth: int) -> st.SearchStrategy[list[Any]]:
    inner: st.SearchStrategy[list[Any]] = st.just([]) if depth == 0 else _steps(tracks, depth - 1)
    kinds: list[st.SearchStrategy[dict[str, Any]]] = [
        _merged(_names.map(lambda n: {"send": n}), _maybe("urgent", st.just(True)), _lateness),
        _merged(_names.map(lambda n: {"notify": "family-doctor", "message": n}), _lateness),
        _merged(st.one_of(_routine_task(inner), _urgent_task(inner)), _lateness),
        _merged(_routine_task(inner), _lateness),
        _merged(_visit(inner), _lateness),
        _merged(_ask(inner), _lateness),
        st.one_of(_spans, _working).map(lambda span: {"wait": span}),
        _choose(inner),
        _set(),
        st.sampled_from(tracks).map(lambda name: {"start": name}),
        st.sampled_from(tracks).map(lambda name: {"stop": name}),
        _together(inner),
        _repeat(inner),
        _merged(_some(inner).map(lambda steps: {"for_each": "pill_times", "steps": steps}), _lateness),
        _again(inner),
        _call(inner),
        _enrol(),
    ]
    body = st.lists(st.one_of(kinds), min_size=1, max_size=3)
    ended = st.tuples(body, st.booleans()).map(lambda found: [*found[0], *([{"end": "completed"}] if found[1] else [])])
    return st.one_of(body, body, body, ended)


_observed = _merged(
    st.sampled_from(
        [
            {"observed": "glucose", "if": "glucose <= low", "worse": "lower"},
            {"observed": "glucose", "if": "glucose <= 3.9", "worse": "lower", "by": 0.5},
            {"observed": "glucose", "if": "glucose > 10", "worse": "higher", "by": 1},
            {"observed": "glucose", "if": "glucose > 10 && count(glucose, 7d) >= 2"},
            {"observed": "pulse", "if": "pulse > 100 && latest(glucose) > 5"},
            {"observed": ["sbp", "dbp"], "if": "sbp >= 100 || dbp >= 11", "worse": "higher", "by": 1},
            {"observed": ["sbp", "dbp"], "if": "sbp > 2 && dbp > 2 && mean(sbp, 90d) > 3"},
            {"observed": "glucose", "if": "glucose <= low", "confirm": {"again": 2, "within": "1d"}},
            {"observed": ["sbp", "dbp"], "if": "sbp > 5 || dbp > 5", "confirm": {"again": 3, "within": "6h"}},
        ]
    ),
    _maybe("fresh", st.sampled_from(["1h", "1d"])),
)
_planned = st.sampled_from(
    [
        {"at": "enrolled + 1d"},
        {"at": "enrolled + 2h", "time": "09:00"},
        {"at": "surgery - 1d"},
        {"every": "4h", "from": "enrolled", "times": 5},
        {"every": "7d", "from": "enrolled", "time": "05:00"},
        {"every": "7d", "from": "last_done"},
        {"every": "1 month", "from": "surgery", "until": "enrolled + 100d"},
        {"at": "done(call) + 1d"},
        {"at": "surgery + 3d", "redo_if_moved": "1d"},
        {"at": "birth + 2d"},
        {"every": "3d", "from": "done(v)", "times": 3},
        {"every": "5d", "from": "birth", "redo_if_moved": "2d"},
    ]
)
_others = st.sampled_from(
    [
        "enrolment",
        "by-hand",
        {"silent": "glucose", "for": "3d"},
        {"silent": "pulse", "for": "7d", "from": "surgery"},
        {"missed": "v"},
        {"missed": "f"},
        {"outcome": "reached", "of": "call"},
        {"outcome": "not-possible", "of": "check"},
        {"event": "fell"},
        {"event": "fell", "if": "depth > 1", "bind": {"depth": "number"}},
        {"overdue": "birth"},
        {"answered": "f"},
        {"answered": "f", "if": "score('f') >= 2"},
        {"answered": "f", "if": "tier('words', 'f', 'said') == 'grave' || item('g', 'well')"},
        {"unanswered": "f"},
        {"unanswered": "f", "times": 2},
        {"becomes": "happened('fell', 7d) >= 2"},
        {"becomes": "inpatient || count(glucose, 7d) >= 2"},
        {"becomes": "unanswered('f') >= 1 || days_since('enrolled') >= 9", "time": "10:30"},
    ]
)
_triggers = st.one_of(_observed, _observed, _planned, _others)


_limits = _merged(
    _maybe("unless", _conditions),
    _maybe("defer", st.sampled_from(["enrolled + 3d", "surgery + 1d"])),
    _maybe("purpose", st.sampled_from(["care", "care", "marketing", "research"])),
    _maybe("interrupts", st.sampled_from(["all", ["a"], ["b", "c"]])),
    _maybe("yields_to", st.sampled_from([["b"], ["c"], ["c", "d"]])),
    _maybe("at_most", st.sampled_from(["once per 4h", "2 per 1d", "once per 14d"])),
    _maybe("while_running", st.sampled_from(["join", "restart", "parallel", "ignore"])),
)


DENSE = (
    """
a:
  when: {observed: glucose, if: "glucose <= low"}
  yields_to: [b]
  unless: "count(glucose, 7d) >= 2"
  defer: surgery + 1d
  steps:
    - task: call
      role: diabetes-nurse
      of: visit.department
      to: patient.surgeon
      clock: working
      due: 1d
      ladder: routine
      attempts: {max: 3, spaced: 10m}
      suspended_while: waiting-for-patient
      outcomes: {reached: [{send: n}], refer: []}
b:
  safety: yes
  when: {observed: glucose, if: "glucose <= 3.0", worse: lower}
  steps: [{send: n, urgent: yes}, {task: check, role: family-doctor, clock: elapsed, due: 30m, ladder: urgent}]
c: {when: {event: fell}, interrupts: all, steps: [{visit: v, window: {late: 3d}}, {send: m}]}
d: {purpose: marketing, when: {every: 7d, from: enrolled}, steps: [{ask: f, message: n, expires: 3d}, {send: m}]}
""",
    """
a:
  when: {event: fell}
  while_running: parallel
  steps:
    - visit: v
      window: {late: 3d}
      remind: [1d]
      satisfied_by: {data: glucose}
      kept: [{send: n}]
      missed: [{task: call, role: diabetes-nurse, ladder: routine, outcomes: {reached: [{send: m}], refer: []}}]
    - {start: d}
b: {when: {missed: v}, while_running: restart, steps: [{ask: f, message: n, expires: 3d}, {wait: 1d}]}
c: {when: {outcome: reached, of: call}, steps: [{task: check, role: family-doctor, outcomes: {refer: [{start: d}]}}]}
d: {when: {missed: f}, unless: inpatient, steps: [{send: m}, {notify: family-doctor, message: n}, {wait: 3d}]}
""",
    """
a:
  safety: yes
  when: {observed: glucose, if: "glucose <= low", worse: lower, by: 0.5, fresh: 1d}
  at_most: once per 4h
  steps:
    - {send: n, urgent: yes}
    - task: call
      role: diabetes-nurse
      clock: elapsed
      due: 30m
      ladder: urgent
      outcomes: {reached: [{visit: w, window: {late: 3d}}], refer: [{start: d}]}
b:
  safety: no
  when: {observed: glucose, if: "glucose > 10", worse: higher}
  unless: inpatient
  steps: [{send: m}, {stop: c}]
c: {when: {silent: glucose, for: 3d}, steps: [{task: check, role: diabetes-nurse, due: 1 working day, ladder: routine}]}
d:
  when: {event: fell}
  steps: [{ask: f, message: n, remind: [1d], answered: [{set: flag, to: true}]}, {end: completed}]
""",
    """
a:
  safety: yes
  when: {observed: [sbp, dbp], if: "sbp > 5 || dbp > 5", worse: higher, confirm: {again: 2, within: 1d}}
  at_most: once per 14d
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}, {send: n}]
b:
  when: {observed: [dbp, sbp], if: "sbp > 3 && dbp > 3 && count(sbp, 90d) > 1", fresh: 9d}
  while_running: restart
  steps:
    - choose: way
      cases: [{if: dbp > 5, steps: [{send: n}]}]
      otherwise: [{task: check, role: diabetes-nurse}]
      unknown: []
c: {when: {observed: sbp, if: "mean(sbp, 365d) > 5 || max(sbp, 90d) > 11"}, at_most: 2 per 1d, steps: [{send: m}]}
""",
    """
a:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  while_running: parallel
  steps: [{task: call, role: diabetes-nurse, due: 1d, ladder: routine, outcomes: {reached: [{send: n}], refer: []}}]
b: {when: by-hand, steps: [{set: level, to: 2}, {task: check, role: family-doctor, due: 3 working days}]}
c: {when: enrolment, steps: [{wait: 1d}, {send: m}, {wait: 1d}, {send: n}, {ask: f, message: m}]}
""",
    """
a:
  when: {at: surgery - 1d, redo_if_moved: 1d}
  steps:
    - {visit: v, window: {early: 2d, late: 5d}, remind: [1d], reminder: n, satisfied_by: {data: glucose}}
    - task: call
      role: diabetes-nurse
      due: 1 working day
      ladder: routine
      outcomes: {reached: [{set: birth, to: surgery + 5d}], refer: [{set: surgery, to: enrolled + 40d, tentative: yes}]}
b: {when: {overdue: birth}, steps: [{task: check, role: family-doctor, due: 1 working day, ladder: routine}]}
c: {when: {every: 5d, from: birth, until: done(v) + 60d, redo_if_moved: 2d}, steps: [{send: m}, {wait: 1d}]}
d: {when: {every: 4d, from: done(call), times: 3}, steps: [{task: check, role: family-doctor, due: 3 working days}]}
""",
    """
a: {when: {answered: f, if: "score('f') >= 2"}, at_most: 2 per 1d, steps: [{task: call, role: diabetes-nurse, due: 1d}]}
b: {when: {unanswered: f, times: 2}, steps: [{task: check, role: family-doctor}, {set: lost, to: yes}]}
c:
  safety: yes
  when: {becomes: "lost || happened('fell', 3d) >= 3"}
  unless: "item('f', 'well')"
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}, {set: flag, to: yes}]
d:
  when: {every: 2d, from: enrolled}
  while_running: parallel
  steps:
    - ask: f
      message: n
      expires: 1d
      answered:
        - choose: how
          cases: [{if: "tier('words', 'f', 'said') == 'grave'", steps: [{task: check, role: family-doctor}]}]
          otherwise: [{set: level, to: "score('f')"}]
          unknown: []
""",
    """
a:
  when: {event: fell}
  while_running: parallel
  steps:
    - together:
        one:
          - task: call
            role: diabetes-nurse
            outcomes: {reached: [], refer: [{wait: 1d}, {again: call, at_most: 1}, {notify: family-doctor, message: n}]}
        two: [{enrol: foot-care}, {for_each: pill_times, steps: [{send: n}, {wait: 1h}]}]
    - repeat: series
      every: 4h
      times: 3
      until: flag
      steps: [{call: book, bind: {booking: text}, undo: take-back, failed: [{task: check, role: family-doctor}]}]
    - {call: report, with: {booking: booking}, answered: [{set: flag, to: true}], failed: []}
b:
  safety: yes
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{call: report, undo: take-back, failed: []}, {visit: v, window: {late: 1d}, satisfied_by: {data: glucose}}]
c: {when: {event: rose}, steps: [{stop: a}]}
""",
)
"""Pathways on which much can happen: random ones alone seldom hold what some events need."""


ITEMS = """
f:
  - {code: well, type: boolean}
  - {code: how, type: choice, options: [{code: good, score: 0}, {code: bad, score: 2}]}
  - {code: said, type: text}
g: [{code: well, type: boolean}]
"""


def releases() -> st.SearchStrategy[Release]:
    """Releases that check."""
    return st.one_of(_random(), _random(), st.sampled_from(DENSE).map(dense))


def dense(tracks: str) -> Release:
    """The release of a pathway on which much can happen."""
    return release(tracks, items=ITEMS)


@st.composite
def _random(draw: st.DrawFn) -> Release:
    names = TRACKS[: draw(st.integers(1, 4))]
    tracks: dict[str, Any] = {}
    for name in names:
        track = draw(_limits)
        track["safety"] = draw(st.booleans())
        track["when"] = draw(_triggers)
        track["steps"] = draw(_steps(names, 2))
        tracks[name] = track
    _fit_qualities(tracks)
    try:
        return release_of({**_PARTS, "tracks": mend(tracks)}, items=read_yaml(ITEMS))
    except ValueError as error:
        raise AssertionError(str(error)) from None


def _fit_qualities(tracks: dict[str, Any]) -> None:
    """Names tracks that there are: a track interrupts others and gives way to later ones that are as safe."""
    for place, (name, track) in enumerate(tracks.items()):
        if "unless" not in track:
            track.pop("defer", None)
        later = [*tracks][place + 1 :]
        track["yields_to"] = [
            other
            for other in track.get("yields_to", ())
            if other in later and (tracks[other]["safety"] or not track["safety"])
        ]
        if track.get("interrupts", "all") != "all":
            track["interrupts"] = [other for other in track["interrupts"] if other in tracks and other != name]


def _waited_for(when: dict[str, Any]) -> set[Any]:
    return {when.get("missed"), when.get("unanswered")} - {None}


def mend(tracks: dict[str, Any]) -> dict[str, Any]:
    """The tracks without what `check` refuses: a trigger that names nothing, a circle of starts."""
    everything = [step for track in tracks.values() for step in _all(track["steps"])]
    missed = {step.get("visit", step.get("ask")) for step in everything}
    ends = {(step["task"], end) for step in everything if "task" in step for end in step.get("outcomes", ())}
    ends |= {(step["task"], "not-possible") for step in everything if "task" in step}
    done = {str(step.get("visit", step.get("task"))) for step in everything}
    for place, track in enumerate(tracks.values()):
        when: Any = track["when"]
        rule: dict[str, Any] = {} if isinstance(when, str) else when
        if not _waited_for(rule) <= missed:
            track["when"] = "by-hand"
        if "of" in rule and (rule["of"], rule["outcome"]) not in ends:
            other = min(ends, default=None)
            track["when"] = "enrolment" if other is None else {"of": other[0], "outcome": other[1]}
        if any(f"done({name})" in str(when) for name in ("call", "v") if name not in done):
            track["when"] = "by-hand"
        _later_starts(track["steps"], list(tracks)[place + 1 :])
    counted = any(name in str(track["when"]) for track in tracks.values() for name in ("surgery", "birth"))
    for track in tracks.values():
        _dates(track["steps"], counted=counted, done=done)
    return tracks


def _dates(steps: list[Any], *, counted: bool, done: set[str]) -> None:
    """Where a track counts from an anchor, anchors are set after the outcome of a task alone; from what is done."""
    for number, step in enumerate(steps):
        if step.get("set") in {"surgery", "birth"}:
            if counted:
                steps[number] = {"notify": "family-doctor", "message": "n"}
            elif "call" in str(step["to"]) and "call" not in done:
                steps[number] = {**step, "to": "enrolled + 3d"}
        for below in _ways(step):
            _dates(below, counted=counted and below not in [*step.get("outcomes", {}).values()], done=done)


def _later_starts(steps: list[Any], later: list[str]) -> None:
    """Starts lead to later tracks of the file alone where nothing takes time before them."""
    for number, step in enumerate(steps):
        if "start" in step and step["start"] not in later:
            steps[number] = {"start": later[0]} if later else {"notify": "family-doctor", "message": "n"}
        for below in _ways(step):
            _later_starts(below, later)


_WAYS = ("answered", "unanswered", "kept", "missed", "otherwise", "unknown", "steps", "failed")


def _ways(step: dict[str, Any]) -> list[list[Any]]:
    ways = [
        *step.get("together", {}).values(),
        *step.get("outcomes", {}).values(),
        *(case["steps"] for case in step.get("cases", ())),
    ]
    return [
        *ways,
        *(step[key] for key in _WAYS if key in step),
    ]


def _all(steps: list[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for step in steps:
        found.append(step)
        for below in _ways(step):
            found += _all(below)
    return found


KNOWN = (
    FACTS,
    FACTS,
    FACTS,
    replace(FACTS, consent=None),
    replace(FACTS, consents={"marketing": True}, department="surgery", team={"surgeon": "s1"}),
    replace(FACTS, inpatient=None, diagnoses=None),
    replace(FACTS, inpatient=True),
    replace(FACTS, contacts_a_day=1, contacts_a_week=2),
    replace(FACTS, calendar=replace(CALENDAR, covers_until=date(2026, 1, 20), holidays=frozenset({date(2026, 1, 7)}))),
)
facts = st.sampled_from(KNOWN)


@dataclass(frozen=True, kw_only=True)
class Move:
    """Something that happens after a gap: what `which` means depends on what there is then."""

    kind: str
    gap: str
    punctual: bool
    """Whether the journey was woken at each due time of the gap, or only at its end."""
    which: int
    value: float
    status: ResultStatus
    age: str
    """How long before its receipt a result was taken, a task done."""


_VALUES = (2.0, 2.4, 3.0, 3.8, 5.0, 7.0, 11.0, 12.5, 25.0, 120.0)
_STATUSES: tuple[ResultStatus, ...] = ("final", "final", "final", *STATUSES)
_AGES = ("0s", "0s", "0s", "5h", "9d", "40d")
moves = st.builds(
    Move,
    kind=st.sampled_from(_WEIGHTED),
    gap=st.sampled_from(GAPS),
    punctual=st.sampled_from([True, True, True, False]),
    which=st.integers(0, 11),
    value=st.sampled_from(_VALUES),
    status=st.sampled_from(_STATUSES),
    age=st.sampled_from(_AGES),
)


def play(
    seed: int, length: int, kinds: Sequence[str] = _WEIGHTED, gaps: Sequence[str] = GAPS, ages: Sequence[str] = _AGES
) -> list[Move]:
    """So many moves, each as likely as any other: drawn one by one they would resemble one another."""
    chance = Random(seed)
    return [
        Move(
            kind=chance.choice(kinds),
            gap=chance.choice(gaps),
            punctual=chance.random() < 0.75,
            which=chance.randrange(12),
            value=chance.choice(_VALUES),
            status=chance.choice(_STATUSES),
            age=chance.choice(ages),
        )
        for _ in range(length)
    ]


_long = st.builds(play, seed=st.integers(0, 2**32), length=st.integers(30, 50))
plays = st.one_of(_long, _long, _long, st.lists(moves, min_size=4, max_size=16))
