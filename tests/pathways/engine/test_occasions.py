"""Named events: what is bound of their data, and what conditions know of the events and dates of a journey."""

from typing import Any

import pytest

from pathways.engine.journey import Scalar
from tests.pathways.engine.build import Player, at, release

MORE = """
anchors: {enrolled: {}, surgery: {required: no}}
values: {level: {type: number}, word: {type: text}, told: {type: tag}, flag: {type: boolean}}
parameters: {most: {value: 2, evidence: made up, source: product, confirmed: yes}}
"""
FELL = '{event: fell, if: "height > most", bind: {height: number, place: text, alone: boolean, day: date}}'


@pytest.mark.parametrize(
    ("data", "why"),
    [({"height": 3}, "started"), ({"height": 1}, "false"), ({}, "unknown"), ({"height": "3"}, "unknown")],
)
def test_a_condition_looks_at_what_is_bound(data: dict[str, Any], why: str) -> None:
    """Data of the declared type is bound; what is missing or of another type is unknown."""
    play = Player(release(f"t: {{when: {FELL}, steps: [{{task: call, role: diabetes-nurse}}]}}", more=MORE))
    play.happen("fell", **data)
    assert play.why == [f"t {why}"]


@pytest.mark.parametrize(
    ("name", "value", "bound"),
    [
        ("place", "hall", "hall"),
        ("place", 3, None),
        ("alone", True, True),
        ("alone", "yes", None),
        ("day", "2026-02-28", "2026-02-28"),
        ("day", "2026-02-30", None),
        ("day", "2026-02-28T08:00:00+08:00", "2026-02-28T08:00:00+08:00"),
        ("day", 3, None),
        ("height", True, None),
        ("height", float("nan"), None),
    ],
)
def test_only_what_fits_is_bound(name: str, value: Scalar, bound: Scalar | None) -> None:
    """Each name takes its own type and no other; a date is written as ISO has it."""
    play = Player(release(f"t: {{when: {FELL.replace('height > most', 'true')}, steps: [{{wait: 1d}}]}}", more=MORE))
    data: dict[str, Any] = {name: value}
    play.happen("fell", **data)
    (activation,) = play.journey.activations.values()
    assert activation.bound.get(name) == bound
    assert activation.bound["at"] == at("2026-01-05 09:00").isoformat()


def test_steps_use_what_was_bound() -> None:
    """The steps of the track choose by what was bound, and set it; each start has its own."""
    of = release(
        """
        t:
          when: {event: fell, bind: {height: number, place: text}}
          while_running: parallel
          steps:
            - {set: level, to: height}
            - {set: word, to: place}
            - choose: how
              cases: [{if: "height > most", steps: [{task: call, role: diabetes-nurse}]}]
              otherwise: []
              unknown: [{task: check, role: diabetes-nurse}]
        """,
        more=MORE,
    )
    play = Player(of)
    assert play.happen("fell", height=3, place="hall") == ["open call"]
    assert play.happen("fell", height=1) == []
    assert play.happen("fell") == ["open check"]
    assert play.journey.values == {"level": 1.0, "word": "hall"}


def test_what_a_person_starts_has_nothing_bound() -> None:
    """A track that is started by hand has no event: what would be bound is unknown."""
    play = Player(
        release("t: {when: {event: fell, bind: {height: number}}, steps: [{set: level, to: height}]}", more=MORE)
    )
    play.start("t")
    assert play.why == ["t started", "t unknown set-level"]


def asked(condition: str, **anchors: Any) -> Player:
    """A journey with a track that an event starts where the condition holds."""
    track = f't: {{when: {{event: asked, if: "{condition}"}}, steps: [{{visit: v, window: {{late: 90d}}}}]}}'
    return Player(release(track, more=MORE), **anchors)


def test_events_are_counted_within_a_time() -> None:
    """`happened` counts the events of that name within the time, by when they happened, and forgets older ones."""
    play = asked("happened('fell', 30d) >= 2")
    play.happen("fell", "2025-12-01 09:00")
    play.happen("fell")
    play.happen("asked")
    assert play.why == ["t false"]
    play.happen("fell", "2025-12-20 09:00")
    play.happen("asked")
    assert play.why == ["t started"]
    assert len(play.journey.happened["fell"]) == 2
    play.after("31d")
    play.happen("asked")
    assert play.why == ["t false"]
    assert play.journey.happened["fell"] == ()


def test_kept_visits_are_counted() -> None:
    """A visit that the hospital reported as kept counts as the event `visit-kept`; a missed one does not."""
    play = asked("happened('visit-kept', 90d) == 0")
    play.happen("asked")
    play.visit("v", "kept")
    play.happen("asked")
    assert play.why == ["t false"]
    play = asked("happened('visit-kept', 90d) == 0")
    play.happen("asked")
    play.visit("v", "missed")
    play.happen("asked")
    assert play.why == ["t started"]


@pytest.mark.parametrize(
    ("condition", "anchors", "why"),
    [
        ("days_since('enrolled') == 0", {}, "started"),
        ("days_since('surgery') == 1", {"surgery": "2026-01-04 23:59"}, "started"),
        ("days_since('surgery') == -1", {"surgery": "2026-01-06 00:00"}, "started"),
        ("days_since('surgery') > 0", {}, "unknown"),
        ("known('surgery')", {}, "false"),
        ("known('surgery')", {"surgery": "2026-02-04 00:00"}, "started"),
    ],
)
def test_dates_are_known_or_not(condition: str, anchors: dict[str, str], why: str) -> None:
    """Days are whole days of the patient's calendar, negative ahead of the date; without the date they are unknown."""
    play = asked(condition, **anchors)
    play.happen("asked")
    assert play.why == [f"t {why}"]


@pytest.mark.parametrize(("steps", "why"), [("", "started"), ("{set: told, to: yes}", "false")])
def test_a_tag_is_false_until_it_is_set(steps: str, why: str) -> None:
    """A tag is never unknown; another value is until it is set."""
    of = release(
        f"""
        s: {{when: by-hand, steps: [{{wait: 1m}}, {steps or "{wait: 1m}"}]}}
        t: {{when: {{event: asked, if: "!told"}}, steps: [{{wait: 1m}}]}}
        u: {{when: {{event: asked, if: "flag"}}, steps: [{{wait: 1m}}]}}
        """,
        more=MORE,
    )
    play = Player(of)
    play.start("s")
    play.after("1h")
    play.happen("asked")
    assert play.why == [f"t {why}", "u unknown"]
