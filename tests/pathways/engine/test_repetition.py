"""Steps beside each other, again and again, once more, and once for each time of day."""

from dataclasses import replace

import pytest

from pathways.engine.actions import OpenTask, SendMessage
from pathways.engine.journey import Own
from tests.pathways.engine.build import FACTS, START, Player, release

BESIDE = """
t:
  when: {event: fell}
  steps:
    - together:
        phone: [{task: call, role: ward-nurse}, {notify: head-nurse, message: phoned}]
        paper: [{wait: 1d}, {task: letter, role: ward-nurse}]
        nothing: []
    - {notify: head-nurse, message: after}
"""


def test_what_stands_together_goes_on_beside_each_other() -> None:
    """Each branch goes at its own pace, and what follows waits for the last of them."""
    play = Player(BESIDE)
    assert play.happen("fell") == ["open call"]
    assert play.complete("call") == ["close call done", "notify head-nurse phoned"]
    assert play.until("2026-01-06 09:00") == ["open letter"]
    assert play.complete("letter") == ["close letter done", "notify head-nurse after"]
    assert [one.state for one in play.journey.activations.values()] == ["done"]


def test_what_follows_counts_from_the_latest_end() -> None:
    """A wait behind counts from the end of the last branch, whichever that was."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - together: {a: [{wait: 3d}], b: [{wait: 1d}]}
    - {wait: 1d}
    - {task: call, role: ward-nurse}
""")
    play.happen("fell")
    assert play.until("2026-01-09 08:59") == []
    assert play.until("2026-01-09 09:00") == ["open call"]


def test_an_undo_takes_back_every_branch() -> None:
    """Stopped, what is open in any branch is cancelled, the latest first."""
    play = Player(BESIDE)
    play.happen("fell")
    play.after("1d")
    assert play.stop("t") == ["close letter cancelled stopped", "close call cancelled stopped"]
    assert play.after("9d") == []


def test_a_step_that_is_open_again_takes_back_what_follows_it_and_nothing_beside() -> None:
    """A visit whose value was withdrawn takes back what came after it in its branch, not the branch beside."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - together:
        a: [{visit: v, window: {late: 9d}, satisfied_by: {data: glucose}}, {task: call, role: ward-nurse}]
        b: [{wait: 1d}, {task: letter, role: ward-nurse}]
""")
    play.happen("fell")
    play.after("1h")
    play.result(5.0)
    play.after("1d")
    assert play.open == ["call", "letter"]
    play.result(5.0, version=2, status="entered-in-error")
    assert play.open == ["letter", "v"]
    assert play.result(5.0, id="r2") == ["close v done", "open call"]


REPEAT = """
t:
  when: {event: fell}
  steps:
    - repeat: measure
      every: 1d
      times: 3
      until: flag
      steps: [{task: call, role: ward-nurse, outcomes: {fine: [{set: flag, to: true}], not-yet: []}}]
    - {notify: head-nurse, message: after}
"""


def test_a_repetition_comes_every_so_often() -> None:
    """Each begins its span after the one before was due, and what follows waits for the last."""
    play = Player(REPEAT)
    assert play.happen("fell") == ["open call"]
    assert play.complete("call", "not-yet") == ["close call done"]
    assert play.until("2026-01-06 08:59") == []
    assert play.until("2026-01-06 09:00") == ["open call"]
    play.complete("call", "not-yet")
    play.after("1d")
    assert play.complete("call", "not-yet") == ["close call done", "notify head-nurse after"]


def test_a_repetition_waits_for_the_one_before() -> None:
    """One that takes longer than the span is followed at once, and the next keeps to the beginning of the series."""
    play = Player(REPEAT)
    play.happen("fell")
    play.after("30h")
    assert play.complete("call", "not-yet") == ["close call done", "open call"]
    assert play.complete("call", "not-yet") == ["close call done"]
    assert play.until("2026-01-07 09:00") == ["open call"]


def test_a_repetition_that_waited_for_the_one_before_is_not_late() -> None:
    """It is due from the end of the one before it, so that nothing of it is left out as too late."""
    play = Player(REPEAT.replace("times: 3", "times: 3\n      late: skip"))
    play.happen("fell")
    play.after("30h")
    assert play.complete("call", "not-yet") == ["close call done", "open call"]


def test_a_repetition_ends_when_its_condition_holds() -> None:
    """It is looked at when one has ended, and the rest is not needed."""
    play = Player(REPEAT)
    play.happen("fell")
    assert play.complete("call", "fine") == ["close call done", "notify head-nurse after"]
    assert play.why[-1] == "t satisfied measure/#2"


def test_the_condition_is_looked_at_again_when_the_next_is_due() -> None:
    """What became true while it waited ends it too."""
    play = Player(REPEAT + "u: {when: {event: rose}, steps: [{set: flag, to: true}]}")
    play.happen("fell")
    play.complete("call", "not-yet")
    play.happen("rose")
    assert play.after("1d") == ["notify head-nurse after"]


@pytest.mark.parametrize("to", ["false", "latest(pulse) > 100"])
def test_a_condition_that_is_false_or_unknown_ends_nothing(to: str) -> None:
    """Only what is known to be true ends a repetition."""
    play = Player(REPEAT.replace("until: flag", f'until: "{to}"'))
    play.happen("fell")
    play.complete("call", "fine")
    assert play.after("1d") == ["open call"]


SERIES = """
t:
  when: {event: fell}
  steps:
    - {repeat: measure, every: 1d, times: 4, LATE steps: [{notify: head-nurse, message: n}]}
    - {notify: head-nurse, message: after}
"""


@pytest.mark.parametrize(
    ("late", "brought", "why"),
    [
        ("", ["notify head-nurse n"], ["t collapsed measure/#2"]),
        ("late: run,", ["notify head-nurse n", "notify head-nurse n"], []),
        ("late: skip,", [], ["t too-late measure/#2", "t too-late measure/#3"]),
        ("late: ask,", ["open decide-late"], ["t collapsed measure/#2", "t asked measure/#3"]),
        ("late: skip, late_after: 5h,", ["notify head-nurse n"], ["t too-late measure/#2"]),
    ],
)
def test_repetitions_that_are_late_collapse_unless_said(late: str, brought: list[str], why: list[str]) -> None:
    """After an outage over two of them the last one alone is done, or what the step says."""
    play = Player(SERIES.replace("LATE", late))
    play.happen("fell")
    assert (play.outage("2026-01-07 12:00"), play.why) == (brought, why)
    assert "ask" in late or play.after("1d") == ["notify head-nurse n", "notify head-nurse after"]


@pytest.mark.parametrize(("outcome", "brought"), [("run", ["notify head-nurse n"]), ("skip", [])])
def test_a_person_decides_on_a_late_repetition(outcome: str, brought: list[str]) -> None:
    """Asked, a person lets it be done or not, and the series goes on."""
    play = Player(SERIES.replace("LATE", "late: ask,"))
    play.happen("fell")
    play.outage("2026-01-07 12:00")
    assert play.complete("decide-late", outcome) == ["close decide-late done", *brought]
    assert play.until("2026-01-08 09:00") == ["notify head-nurse n", "notify head-nurse after"]


def test_a_pause_holds_a_repetition() -> None:
    """What came due in the pause collapses at resume."""
    play = Player(SERIES.replace("LATE", ""))
    play.happen("fell")
    play.pause()
    assert play.until("2026-01-07 12:00") == []
    assert play.resume() == ["notify head-nurse n"]


AGAIN = """
t:
  when: {event: fell}
  steps:
    - task: call
      role: ward-nurse
      due: 1h
      outcomes:
        reached: []
        no-answer: [{wait: 30m}, {again: call, at_most: 2}, {notify: head-nurse, message: given-up}]
    - {notify: head-nurse, message: after}
"""


def test_a_step_is_done_once_more() -> None:
    """`again` leads back to the step around it under an id of its own, and what follows it waits."""
    play = Player(AGAIN)
    play.happen("fell")
    first = play.task("call").task
    assert play.complete("call", "no-answer") == ["close call done"]
    assert play.after("30m") == ["open call"]
    assert play.task("call").task != first
    assert play.due("call") == "2026-01-05 10:30"
    assert play.complete("call", "reached") == ["close call done", "notify head-nurse after"]


def test_used_up_the_steps_behind_are_done() -> None:
    """After as many tries as it may have, what stands behind `again` is done instead."""
    play = Player(AGAIN)
    play.happen("fell")
    for _ in range(2):
        play.complete("call", "no-answer")
        assert play.after("30m") == ["open call"]
    play.complete("call", "no-answer")
    assert play.after("30m") == ["notify head-nurse given-up", "notify head-nurse after"]
    assert play.why[0] == "t used-up call/again/again/no-answer/again-call"
    assert [one.state for one in play.journey.activations.values()] == ["done"]


def test_again_leaves_the_steps_between() -> None:
    """From deep inside, what stands behind in the branches between is not done."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - task: call
      role: ward-nurse
      outcomes:
        later:
          - task: check
            role: ward-nurse
            outcomes: {bad: [{again: call, at_most: 1}], good: []}
          - {notify: head-nurse, message: checked}
        reached: []
""")
    play.happen("fell")
    play.complete("call", "later")
    assert play.complete("check", "bad") == ["close check done", "open call"]
    play.complete("call", "later")
    assert play.complete("check", "bad") == ["close check done", "notify head-nurse checked"]


def test_what_a_choice_leads_back_to_is_not_undone() -> None:
    """A task that came again by a person's outcome is only flagged, and its own outcome is still served."""
    play = Player("""
t:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps:
    - task: call
      role: ward-nurse
      outcomes: {no-answer: [{again: call, at_most: 5}], reached: [{notify: head-nurse, message: n}]}
    - {notify: head-nurse, message: after}
""")
    play.result(3.0)
    play.complete("call", "no-answer")
    assert play.result(5.0, version=2, status="corrected") == [
        "note call undone flag",
        "note call undone flag",
        "open review-decision",
    ]
    assert play.complete("call", "no-answer") == ["close call done", "open call"]
    assert play.complete("call", "reached") == ["close call done", "notify head-nurse n"]


def test_again_under_what_was_begun_is_served_after_an_undo() -> None:
    """A begun task whose outcome leads further back is served there."""
    play = Player(
        """
t:
  when: {event: fell}
  steps:
    - choose: way
      cases: []
      otherwise: []
      unknown: []
    - visit: v
      window: {late: 1d}
      missed:
        - task: call
          role: ward-nurse
          outcomes: {rebook: [{again: v, at_most: 1}], drop: []}
    - {notify: head-nurse, message: after}
""".replace("cases: []", "cases: [{if: inpatient, steps: []}]")
    )
    play.happen("fell")
    play.after("1d")
    play.claim("call")
    assert play.stop("t") == ["note call stopped flag"]
    assert play.complete("call", "rebook") == ["close call done", "book v 2026-01-06 09:00"]
    assert play.visit("v", "kept") == ["close v done"]


def test_an_earlier_try_that_was_late_takes_back_the_later() -> None:
    """A missed visit that was kept after all takes back the visit that was booked in its place."""
    play = Player("""
t:
  when: {event: fell}
  steps: [{visit: v, window: {late: 1d}, missed: [{again: v, at_most: 1}]}]
""")
    play.happen("fell")
    first = next(iter(play.visits))
    play.after("1d")
    second = next(iter(play.visits))
    assert second != first
    assert play.visit("v", "kept", visit=first) == ["close v cancelled", "close v done"]


def test_a_step_reopened_and_a_step_done_again_are_two() -> None:
    """The id of a visit that is open once more differs from that of another try, and of its reopening."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - visit: v
      window: {late: 3d}
      missed: [{task: call, role: ward-nurse, outcomes: {rebook: [{again: v, at_most: 3}], drop: []}}]
    - {task: after, role: ward-nurse}
""")
    play.happen("fell")
    first = next(iter(play.visits))
    play.after("3d")
    play.visit("v", "kept", visit=first)
    assert play.open == ["after"]
    play.stop("t")
    play.happen("fell")
    assert len({first, *play.visits}) == 2


PILLS = """
t:
  when: {at: enrolled + 1d, time: "00:00"}
  steps:
    - for_each: pill_times
      steps: [{send: pill, late_after: 1h}, {task: check, role: ward-nurse, due: 1h}]
    - {notify: head-nurse, message: after}
"""
TIMES = 'times: {pill_times: {value: ["05:00", "20:00"], evidence: made up, source: product, per_patient: yes}}'


def pills(steps: str = PILLS) -> Player:
    """A journey with times of day."""
    return Player(release(steps, more=TIMES))


def test_each_time_of_the_day_has_a_branch() -> None:
    """At each time of the list its steps are done, at an hour of the patient's own; the last one ends the step."""
    play = pills()
    assert play.until("2026-01-06 04:59") == []
    assert play.until("2026-01-06 05:00") == ["send pill", "open check"]
    (sent,) = [action for action in play.actions if isinstance(action, SendMessage)]
    assert sent.own_hour
    assert play.journey.contacts == ()
    assert play.until("2026-01-06 20:00") == ["send pill", "open check"]
    assert play.complete("check") == ["close check done"]
    assert play.complete("check") == ["close check done", "notify head-nurse after"]


def test_consent_is_needed_at_any_hour() -> None:
    """Without it nothing is sent, also at an hour of the patient's own."""
    play = pills()
    play.facts = replace(FACTS, consent=None)
    assert "open contact-patient" in play.until("2026-01-06 05:00")


def test_a_patient_has_times_of_their_own() -> None:
    """The list of the patient counts instead of the pathway's."""
    play = pills()
    own = Own(value=("07:30",), by="anna", at=START)
    play.journey = replace(play.journey, parameters={"pill_times": own})
    assert play.until("2026-01-06 07:29") == []
    assert play.until("2026-01-06 07:30") == ["send pill", "open check"]
    assert play.complete("check") == ["close check done", "notify head-nurse after"]


@pytest.mark.parametrize(
    ("late", "at", "brought", "why"),
    [
        ("", "12:00", [], ["t too-late each-pill-times/05-00"]),
        ("", "06:59", ["open check"], ["t too-late each-pill-times/05-00/pill"]),
        ("late_after: 9h,", "12:00", ["open check"], ["t too-late each-pill-times/05-00/pill"]),
        ("late: run,", "12:00", ["open check"], ["t too-late each-pill-times/05-00/pill"]),
        ("late: collapse,", "20:30", ["send pill", "open check"], ["t collapsed each-pill-times/05-00"]),
        ("late: ask,", "12:00", ["open decide-late"], ["t asked each-pill-times/05-00"]),
    ],
)
def test_times_that_have_passed_are_skipped_unless_said(late: str, at: str, brought: list[str], why: list[str]) -> None:
    """A time that lies further back than `late_after` when the step comes is too late."""
    play = pills(
        PILLS.replace("- for_each", f"- {{{late} for_each")
        .replace("pill_times\n     ", "pill_times,")
        .replace("1h}]", "1h}]}")
    )
    play.outage(f"2026-01-06 {at}")
    assert (play.brought, play.why) == (brought, ["t started", *why])


def test_a_task_under_a_time_is_due_from_it() -> None:
    """What an event caused counts from its time of the day."""
    play = pills(PILLS.replace('{at: enrolled + 1d, time: "00:00"}', "{event: fell}"))
    assert play.happen("fell") == []
    assert play.why == ["t started", "t too-late each-pill-times/05-00"]
    play.until("2026-01-05 20:00")
    assert play.due("check") == "2026-01-05 21:00"
    assert [action.name for action in play.actions if isinstance(action, OpenTask)] == ["check"]


@pytest.mark.parametrize(
    "step",
    [
        "{repeat: r, every: 1d, times: 2, late: ask, steps: [{send: n}]}",
        "{for_each: pill_times, late: ask, steps: [{send: n}]}",
    ],
)
def test_what_a_person_wants_done_late_is_done(step: str) -> None:
    """A person decided that a late repetition is still to be done: its message is not left out for being late."""
    play = Player(f"t: {{when: {{event: fell}}, steps: [{step}]}}")
    play.happen("fell")
    play.outage("2026-01-08 12:00")
    assert play.complete("decide-late", "run") == ["close decide-late done", "send n"]
