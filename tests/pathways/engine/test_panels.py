"""Panels: results of one measurement are one cause, whatever their order."""

from itertools import permutations

import pytest

from pathways.engine.journey import Origin, ResultStatus
from tests.pathways.engine.build import Player

PRESSURE = """
pressure:
  safety: yes
  when: {observed: [sbp, dbp], if: "sbp >= 180 || dbp >= 110", worse: higher, by: 10, fresh: 24h}
  steps:
    - task: call
      role: diabetes-nurse
      clock: elapsed
      due: 30m
      ladder: urgent
"""
BOTH = """
both:
  safety: no
  when: {observed: [sbp, dbp], if: "sbp >= 140 && dbp >= 90"}
  steps:
    - choose: grade
      cases: [{if: "sbp >= 160 || dbp >= 100", steps: [{task: call, role: diabetes-nurse}]}]
      otherwise: [{task: check, role: diabetes-nurse}]
      unknown: []
"""


def test_the_second_member_of_a_panel_shows_on_what_the_first_one_started() -> None:
    """One cause a panel: the other result of the measurement never starts the track again."""
    play = Player(PRESSURE)
    assert play.result(185, "s", data="sbp", panel="p") == ["open call"]
    assert play.task("call").values == {"sbp": 185}
    assert play.result(115, "d", data="dbp", panel="p") == ["note call annotated"]
    assert play.why == ["pressure annotated"]
    (activation,) = play.journey.activations.values()
    assert [cause.result for cause in activation.causes] == ["p"]


@pytest.mark.parametrize(
    ("panel", "effective", "origin", "together"),
    [
        ("p", "2026-01-05 08:50", "laboratory", True),
        (None, "2026-01-05 08:50", "device", True),
        (None, "2026-01-05 08:51", "device", False),
        (None, "2026-01-05 08:50", "laboratory", False),
        ("q", "2026-01-05 08:50", "device", False),
    ],
    ids=["told", "same time and origin", "another time", "another origin", "another panel"],
)
def test_results_of_one_measurement_are_a_panel(
    panel: str | None, effective: str, origin: Origin, together: bool
) -> None:
    """The panel that is told, else a companion of the same time and origin: `&&` needs both of one measurement."""
    play = Player(BOTH)
    told = "p" if panel else None
    play.result(150, "s", data="sbp", effective="2026-01-05 08:50", origin="device", panel=told)
    assert play.why == ["both unknown"]
    brought = play.result(95, "d", data="dbp", effective=effective, origin=origin, panel=panel)
    assert brought == (["open check"] if together else [])


def test_a_companion_takes_over_the_panel_that_was_told() -> None:
    """What was told of the one holds for the other of the same time and origin."""
    play = Player(BOTH)
    play.result(150, "s", data="sbp", panel="p")
    assert play.result(95, "d", data="dbp") == ["open check"]
    assert {reading.panel for reading in play.journey.readings.values()} == {"p"}


@pytest.mark.parametrize("told", ["p", None])
def test_two_results_of_one_data_are_never_one_panel(told: str | None) -> None:
    """Each of them is judged: a low one beside it hides nothing and takes nothing back."""
    play = Player(PRESSURE)
    play.result(120, "low", data="sbp", panel=told)
    assert play.result(190, "high", data="sbp", panel=told) == ["open call"]
    play.result(80, "d", data="dbp", panel=told)
    assert play.open == ["call"]


def test_a_member_that_was_taken_back_leaves_its_place_to_another() -> None:
    """A result sent anew under another id belongs to the measurement of the one it replaces."""
    play = Player(BOTH)
    play.result(190, "s", data="sbp", panel="p")
    play.result(190, "s", 2, "entered-in-error", data="sbp", panel="p")
    play.result(150, "t", data="sbp", panel="p")
    assert play.result(95, "d", data="dbp", panel="p") == ["open check"]


@pytest.mark.parametrize(
    ("value", "status", "brought", "why"),
    [
        (115, "corrected", ["note call annotated"], ["pressure annotated"]),
        (95, "corrected", ["close call cancelled undone"], ["pressure undone"]),
        (95, "entered-in-error", ["close call cancelled undone"], ["pressure undone"]),
    ],
)
def test_revising_a_member_judges_the_panel_again(
    value: float, status: ResultStatus, brought: list[str], why: list[str]
) -> None:
    """Still true annotates, newly false or unknown takes back what the panel started."""
    play = Player(PRESSURE)
    play.result(150, "s", data="sbp", panel="p")
    play.result(112, "d", data="dbp", panel="p")
    assert play.result(value, "d", 2, status, data="dbp", panel="p") == brought
    assert play.why == why


def test_a_member_that_was_taken_back_does_not_take_a_true_panel_back() -> None:
    """The rest of the panel suffices."""
    play = Player(PRESSURE)
    play.result(185, "s", data="sbp", panel="p")
    play.result(112, "d", data="dbp", panel="p")
    assert play.result(112, "d", 2, "entered-in-error", data="dbp", panel="p") == ["note call annotated"]


def test_worse_compares_the_data_named_first() -> None:
    """A base that came late is no worse value, and the second member is never one."""
    play = Player(PRESSURE)
    play.result(115, "d1", data="dbp", panel="p")
    assert play.result(150, "s1", data="sbp", panel="p") == ["note call annotated"]
    play.after("1h")
    assert play.result(130, "d2", data="dbp", panel="q") == ["note call joined"]
    assert play.result(155, "s2", data="sbp", panel="q") == ["note call annotated"]
    assert play.result(160, "s3", data="sbp", panel="r") == []
    brought = play.result(112, "d3", data="dbp", panel="r")
    assert "note call worse due" in brought


def test_preliminary_members_count_for_safety_tracks_alone() -> None:
    """A track that is none waits for the final one before it judges the panel."""
    play = Player(BOTH)
    play.result(150, "s", 1, "preliminary", data="sbp", panel="p")
    assert play.why == ["both not-final"]
    assert play.result(105, "d", data="dbp", panel="p") == []
    assert play.why == ["both unknown"]
    assert play.result(150, "s", 2, "final", data="sbp", panel="p") == ["open call"]


def test_choices_see_the_panel_that_started_the_track() -> None:
    """Also where a later panel is known by then."""
    play = Player(BOTH)
    play.result(150, "s", data="sbp", panel="p")
    assert play.result(105, "d", data="dbp", panel="p") == ["open call"]
    assert play.task("call").values == {"sbp": 150, "dbp": 105}


def test_a_member_that_cannot_be_read_is_asked_about_unless_the_rest_suffices() -> None:
    """What is unreadable opens the first task; a member that comes after it takes that back only once it is read."""
    play = Player(PRESSURE)
    assert play.result(None, "s", data="sbp", panel="p", text="?") == ["open call"]
    assert play.result(80, "d", data="dbp", panel="p") == ["note call unknown flag"]
    assert play.result(120, "s", 2, "corrected", data="sbp", panel="p") == ["close call cancelled undone"]
    assert play.result(112, "e", data="dbp", panel="q") == ["open call"]
    assert play.result(None, "t", data="sbp", panel="q", text="?") == ["note call annotated"]


def test_a_false_panel_does_not_take_back_the_look_at_a_member_that_cannot_be_read() -> None:
    """`&&` is false with one low member; the other one still needs a person."""
    play = Player(BOTH)
    assert play.result(None, "s", data="sbp", panel="p", text="?") == ["open review-result"]
    assert play.result(80, "d", data="dbp", panel="p") == ["note review-result false flag"]
    assert play.open == ["review-result"]


def test_a_value_that_no_longer_can_be_read_keeps_what_it_started_until_the_panel_is_false() -> None:
    """True to unreadable keeps and flags; a member that makes the whole false takes it back."""
    play = Player(BOTH)
    play.result(150, "s", data="sbp", panel="p")
    play.result(95, "d", data="dbp", panel="p")
    assert play.result(None, "s", 2, "corrected", data="sbp", panel="p", text="?") == ["note check unreadable flag"]
    assert play.result(80, "d", 2, "corrected", data="dbp", panel="p") == ["close check cancelled undone"]


CAPPED = PRESSURE.replace("  steps:", "  at_most: once per 4h\n  steps:").replace(", worse: higher, by: 10", "")


def test_a_capped_panel_waits_once() -> None:
    """Both of its results are one that waits; it starts when the cap ends."""
    play = Player(CAPPED)
    play.result(185, "s1", data="sbp", panel="p")
    play.complete("call")
    play.after("1h")
    play.result(185, "s2", data="sbp", panel="q")
    play.result(115, "d2", data="dbp", panel="q")
    assert len(play.journey.tracks["pressure"].capped) == 1
    assert play.after("3h") == ["open call"]
    assert play.task("call").values == {"sbp": 185, "dbp": 115}


def test_a_capped_panel_with_a_later_false_one_does_not_start() -> None:
    """The later measurement, of both data, says that it is over."""
    play = Player(CAPPED)
    play.result(185, "s1", data="sbp", panel="p")
    play.complete("call")
    play.after("1h")
    play.result(185, "s2", data="sbp", panel="q")
    play.after("1h")
    play.result(130, "s3", data="sbp", panel="r")
    play.result(80, "d3", data="dbp", panel="r")
    assert play.after("4h") == []
    assert play.why == ["pressure false"]


def test_an_overruled_panel_is_judged_again_once() -> None:
    """The false one after it was wrong: the panel starts, once for all of its results."""
    play = Player(CAPPED)
    play.result(185, "s1", data="sbp", panel="p")
    play.complete("call")
    play.after("1h")
    play.result(185, "s2", data="sbp", panel="q")
    play.result(115, "d2", data="dbp", panel="q")
    play.after("1h")
    play.result(130, "s3", data="sbp", panel="r")
    play.result(80, "d3", data="dbp", panel="r")
    play.after("4h")
    assert play.result(130, "s3", 2, "entered-in-error", data="sbp", panel="r") == ["open call"]


RESTARTED = BOTH.replace("  steps:", "  while_running: restart\n  steps:", 1)


def test_an_older_panel_never_takes_the_place_of_a_newer_one() -> None:
    """It joins what the newer one started."""
    play = Player(RESTARTED)
    play.after("1h")
    play.result(150, "s", data="sbp", panel="p")
    play.result(95, "d", data="dbp", panel="p")
    play.result(170, "t", data="sbp", panel="q", effective="2026-01-05 09:30")
    assert play.result(95, "e", data="dbp", panel="q", effective="2026-01-05 09:30") == ["note check joined"]


def test_the_order_of_members_changes_nothing() -> None:
    """Whatever comes first, the same work is open and the same values are known."""
    members = {"s": ("sbp", 185.0, "p"), "d": ("dbp", 95.0, "p"), "t": ("sbp", 120.0, "q"), "e": ("dbp", 80.0, "q")}
    ends: set[tuple[str, ...]] = set()
    for order in permutations(members):
        play = Player(PRESSURE)
        for name in order:
            data, value, panel = members[name]
            play.result(value, name, data=data, panel=panel, effective=f"2026-01-05 08:{50 if panel == 'p' else 55}")
        ends.add((*play.open, *sorted(play.journey.readings)))
    assert ends == {("call", "d", "e", "s", "t")}


def test_a_panel_beyond_the_horizon_is_known_by_each_of_its_results() -> None:
    """A revision of what was let go still reaches a person."""
    play = Player(PRESSURE)
    play.result(185, "s", data="sbp")
    play.result(95, "d", data="dbp")
    play.complete("call")
    for number in range(3):
        for data in ("sbp", "dbp"):
            play.result(80, f"{data}{number}", data=data, panel=f"p{number}")
    play.outage("2027-01-05 09:00")
    assert play.result(95, "d", 2, "corrected", data="dbp", effective="2026-01-05 09:00") == ["open review-result"]
    assert play.why == ["pressure beyond-the-horizon"]
