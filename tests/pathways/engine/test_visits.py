"""Visits: booked, announced, kept, missed, stood for by a result, open again."""

from dataclasses import replace

import pytest

from pathways.engine.journey import Origin, ResultStatus
from tests.pathways.engine.build import FACTS, Player, VisitState

RECHECK = """
t:
  when: {at: enrolled + 10d}
  steps:
    - visit: recheck
      window: {early: 3d, late: 2d}
      remind: [3d, 1d]
      satisfied_by: {data: glucose, from: laboratory}
      kept: [{notify: head-nurse, message: was-kept}]
      missed: [{task: recheck-call, role: ward-nurse}]
    - {notify: head-nurse, message: after}
"""


def booked() -> Player:
    play = Player(RECHECK)
    assert play.until("2026-01-12 09:00") == ["book recheck 2026-01-15 09:00", "send recheck"]
    return play


def test_a_visit_is_booked_ahead_and_reminded_of() -> None:
    """The occurrence begins ahead of its date, with the first reminder; the next one comes a day before."""
    play = booked()
    assert play.until("2026-01-14 08:59") == []
    assert play.until("2026-01-14 09:00") == ["send recheck"]


def test_what_stands_beside_a_visit_begins_with_it() -> None:
    """Steps together begin as early as the visits that they open with; a way without steps has none."""
    play = Player(
        """
t:
  when: {at: enrolled + 10d}
  steps:
    - together:
        coming: [{visit: recheck, window: {late: 2d}, remind: [3d]}]
        telling: [{notify: head-nurse, message: told}]
        nothing: []
"""
    )
    assert play.until("2026-01-12 08:59") == []
    assert play.until("2026-01-12 09:00") == ["book recheck 2026-01-15 09:00", "notify head-nurse told", "send recheck"]


def test_a_visit_is_missed_when_its_window_ends() -> None:
    """Nothing heard until the window's end means missed: its steps and the later ones follow."""
    play = booked()
    play.until("2026-01-17 08:59")
    assert play.until("2026-01-17 09:00") == ["close recheck missed", "open recheck-call"]
    assert play.complete("recheck-call") == ["close recheck-call done", "notify head-nurse after"]


@pytest.mark.parametrize(
    ("state", "brought"),
    [
        ("kept", ["close recheck done", "notify head-nurse was-kept", "notify head-nurse after"]),
        ("missed", ["close recheck missed", "open recheck-call"]),
        ("cancelled", []),
    ],
)
def test_what_the_hospital_reports_of_a_visit(state: VisitState, brought: list[str]) -> None:
    """Kept and missed end the visit; a cancelled one is still needed and stays open until its window ends."""
    play = booked()
    assert play.visit("recheck", state) == brought
    if state == "cancelled":
        assert play.why == ["t flagged recheck"]
        assert play.open == ["recheck"]


def test_a_visit_that_is_booked_moves() -> None:
    """A booking moves the date and its reminders, and the window lasts as long as either date allows."""
    play = booked()
    assert play.visit("recheck", "booked", "2026-01-16 09:00") == ["book recheck 2026-01-16 09:00"]
    assert play.until("2026-01-13 08:59") == []
    assert play.until("2026-01-13 09:00") == ["send recheck"]
    assert play.until("2026-01-15 08:59") == []
    assert play.until("2026-01-15 09:00") == ["send recheck"]
    assert play.until("2026-01-18 08:59") == []
    assert play.until("2026-01-18 09:00") == ["close recheck missed", "open recheck-call"]


def test_a_visit_that_is_booked_later_than_it_is_needed_reaches_a_person() -> None:
    """A booking beyond the window is reviewed; the visit waits for it."""
    play = booked()
    assert play.visit("recheck", "booked", "2026-01-20 09:00") == [
        "book recheck 2026-01-20 09:00",
        "open review-booking",
    ]
    assert "close recheck missed" not in play.until("2026-01-22 08:59")
    assert "close recheck missed" in play.until("2026-01-22 09:00")


@pytest.mark.parametrize(
    ("effective", "origin", "status", "satisfied"),
    [
        ("2026-01-12 09:00", "laboratory", "final", True),
        ("2026-01-12 08:59", "laboratory", "final", False),
        ("2026-01-12 10:00", "device", "final", False),
        ("2026-01-12 10:00", "laboratory", "preliminary", False),
        ("2026-01-12 10:00", "laboratory", "cancelled", False),
    ],
)
def test_a_settled_result_within_the_window_stands_for_the_visit(
    effective: str, origin: Origin, status: ResultStatus, satisfied: bool
) -> None:
    """A settled, readable value of the right origin and time is the visit, whoever ordered it."""
    play = booked()
    play.until("2026-01-12 12:00")
    brought = play.result(6.0, status=status, effective=effective, origin=origin)
    assert (brought[:1] == ["close recheck done"]) is satisfied


@pytest.mark.parametrize(("effective", "satisfied"), [("2026-01-17 09:00", True), ("2026-01-17 09:01", False)])
def test_the_last_instant_of_the_window_belongs_to_it(effective: str, satisfied: bool) -> None:
    """A result of the instant at which the window ends stands for the visit, one of a minute later does not."""
    play = booked()
    play.until("2026-01-17 09:30")
    assert ("close recheck done" in play.result(6.0, effective=effective)) is satisfied


def test_a_result_that_is_there_already_stands_for_the_visit() -> None:
    """A value within the window from before the visit was entered satisfies it at once."""
    play = Player(RECHECK.replace("remind: [3d, 1d]", "remind: [1d]"))
    play.until("2026-01-12 08:00")
    play.result(6.0, effective="2026-01-12 08:00")
    assert play.until("2026-01-12 09:00") == ["book recheck 2026-01-15 09:00"]
    play = Player(RECHECK.replace("early: 3d", "early: 9d").replace("[3d, 1d]", "[1d]"))
    play.until("2026-01-07 08:00")
    play.result(6.0, effective="2026-01-07 08:00")
    other = Player(RECHECK.replace("[3d, 1d]", "[5d]").replace("at: enrolled + 10d", "event: fell"))
    other.result(6.0, effective="2026-01-05 09:00")
    assert other.happen("fell") == [
        "book recheck 2026-01-05 09:00",
        "close recheck done",
        "notify head-nurse was-kept",
        "notify head-nurse after",
    ]


def test_a_result_that_comes_after_the_miss_still_stands_for_the_visit() -> None:
    """A value taken in time and reported late turns the miss around; what the miss had opened is not needed."""
    play = booked()
    play.until("2026-01-18 09:00")
    assert play.result(6.0, effective="2026-01-16 09:00") == [
        "close recheck-call cancelled undone",
        "close recheck done",
        "notify head-nurse was-kept",
        "notify head-nurse after",
    ]


def test_a_begun_call_about_the_miss_stays() -> None:
    """Work that somebody began because of the miss goes on."""
    play = booked()
    play.until("2026-01-18 09:00")
    play.claim("recheck-call")
    assert "close recheck-call cancelled undone" not in play.result(6.0, effective="2026-01-16 09:00")
    assert play.open == ["recheck-call"]


def test_a_visit_whose_value_is_withdrawn_is_open_again() -> None:
    """A withdrawn value opens the visit again and takes back what had followed; the steps may come anew."""
    play = booked()
    play.result(6.0, effective="2026-01-12 09:00")
    assert play.result(6.0, "r1", 2, "entered-in-error", effective="2026-01-12 09:00") == [
        "recall after",
        "open correct-message",
        "recall was-kept",
        "open correct-message",
        "book recheck 2026-01-15 09:00",
    ]
    assert play.visit("recheck", "kept") == [
        "close recheck done",
        "notify head-nurse was-kept",
        "notify head-nurse after",
    ]


def test_work_that_is_opened_again_is_new_work() -> None:
    """A task that a withdrawn value brings back has an id of its own: the first one was cancelled."""
    play = booked()
    play.until("2026-01-18 09:00")
    first = play.task("recheck-call").task
    play.result(6.0, effective="2026-01-16 09:00")
    brought = play.result(6.0, "r1", 2, "entered-in-error", effective="2026-01-16 09:00")
    assert brought[-2:] == ["close recheck missed", "open recheck-call"]
    assert play.task("recheck-call").task != first
    assert play.complete("recheck-call") == ["close recheck-call done", "notify head-nurse after"]


def test_a_value_that_moved_out_of_the_window_no_longer_stands_for_the_visit() -> None:
    """A revision with another time is looked at again."""
    play = booked()
    play.result(6.0, effective="2026-01-12 09:00")
    play.result(6.0, "r1", 2, "corrected", effective="2026-01-02 09:00")
    assert "t reopened recheck" in play.why
    assert play.open[-1] == "recheck"


def test_two_visits_of_one_value_are_open_again_without_the_second() -> None:
    """When the first of two visits is open again, the second has not been entered any more."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - {visit: v, window: {late: 3d}, satisfied_by: {data: glucose}}
    - {visit: w, window: {late: 3d}, satisfied_by: {data: glucose}}
""")
    play.result(6.0)
    play.happen("fell")
    assert play.open == []
    assert play.result(6.0, "r1", 2, "cancelled") == ["book v 2026-01-05 09:00"]
    assert play.open == ["v"]
    assert play.visit("v", "kept") == ["close v done", "book w 2026-01-05 09:00"]


def test_a_stopped_visit_is_not_revived_by_a_result() -> None:
    """A value does not bring a stopped track back, neither one that would satisfy nor one that is withdrawn."""
    play = booked()
    play.until("2026-01-18 09:00")
    play.stop("t")
    assert play.result(6.0, effective="2026-01-16 09:00") == []
    assert play.result(6.0, "r1", 2, "cancelled", effective="2026-01-16 09:00") == []


def test_a_visit_under_a_chosen_outcome_is_served_after_an_undo() -> None:
    """A visit that a person arranged stays open when its cause is undone, and what follows it is done."""
    play = Player("""
low:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps:
    - task: call
      role: ward-nurse
      outcomes: {refer: [{visit: v, window: {late: 3d}, kept: [{notify: head-nurse, message: m}]}]}
    - {notify: head-nurse, message: later}
""")
    play.result(3.0)
    play.complete("call", "refer")
    assert play.result(6.0, "r1", 2, "corrected") == ["note call undone flag", "open review-decision"]
    assert play.open == ["review-decision", "v"]
    assert play.visit("v", "kept") == ["close v done", "notify head-nurse m"]


def test_a_value_that_is_true_again_reaches_a_person_though_a_visit_is_arranged() -> None:
    """An undone activation without an open task does not hold back a value that is true again."""
    play = Player("""
low:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{task: call, role: ward-nurse, outcomes: {refer: [{visit: v, window: {late: 3d}}]}}]
""")
    play.result(3.0)
    play.complete("call", "refer")
    play.result(6.0, "r1", 2, "corrected")
    assert play.result(3.0, "r1", 3, "corrected") == ["open call"]


def test_a_reminder_without_consent_goes_to_staff() -> None:
    """Each reminder of a visit becomes a task for staff where the patient may not be told."""
    play = Player(RECHECK, facts=replace(FACTS, consent=None))
    assert play.until("2026-01-12 09:00") == ["book recheck 2026-01-15 09:00", "open contact-patient"]


def test_a_reminder_waits_for_the_morning_and_late_ones_are_left_out() -> None:
    """A reminder keeps the quiet hours; one that an outage overtook is not sent."""
    play = Player("t: {when: {event: fell}, steps: [{visit: v, window: {late: 9d}, remind: [1d]}]}")
    play.happen("fell")
    assert play.visit("v", "booked", "2026-01-07 23:00") == ["book v 2026-01-07 23:00"]
    assert play.until("2026-01-07 07:59") == []
    assert play.until("2026-01-07 08:00") == ["send v"]
    late = Player(RECHECK)
    assert late.outage("2026-01-13 09:00") == ["book recheck 2026-01-15 09:00"]
    assert late.why == ["t started", "t too-late recheck"]


def test_other_tracks_hear_of_a_miss() -> None:
    """A missed visit starts the tracks that wait for it."""
    play = Player("""
t: {when: {event: fell}, steps: [{visit: v, window: {late: 1d}}]}
call: {when: {missed: v}, steps: [{task: call, role: ward-nurse}]}
other: {when: {missed: w}, steps: [{visit: w, window: {late: 1d}}]}
""")
    play.happen("fell")
    assert play.after("1d") == ["close v missed", "open call"]


def test_a_report_names_the_visit_or_the_oldest_of_the_name() -> None:
    """With an id it is that visit; without one the oldest open visit of the name."""
    play = Player("t: {when: {event: fell}, while_running: parallel, steps: [{visit: v, window: {late: 3d}}]}")
    play.happen("fell")
    play.after("1h")
    play.happen("fell")
    first, second = play.visits
    play.visit("v", "kept")
    assert list(play.visits) == [second]
    play.visit("v", "kept", visit=first)
    assert play.why == ["refused"]
    play.visit("v", "kept", visit=second)
    assert play.open == []


def test_a_booking_that_confirms_the_date_changes_nothing() -> None:
    """A booking at the planned time is booked as it is, with its reminders."""
    play = booked()
    assert play.visit("recheck", "booked", "2026-01-15 09:00") == ["book recheck 2026-01-15 09:00"]
    assert play.until("2026-01-14 09:00") == ["send recheck"]


@pytest.mark.parametrize(
    ("step", "ended"),
    [
        ("{visit: v, window: {late: 1d}}", "close v done"),
        ("{ask: f, message: m, expires: 1d}", "close f done"),
    ],
)
def test_what_comes_after_all_does_not_bring_back_what_was_interrupted(step: str, ended: str) -> None:
    """A late report or answer ends its step alone: what follows in a track that was undone since does not come."""
    play = Player(f"""
baby: {{when: {{event: born}}, steps: [{step}, {{wait: 1d}}, {{send: day-seven}}]}}
loss: {{when: {{event: loss}}, interrupts: all, steps: [{{task: call, role: diabetes-nurse}}]}}
""")
    play.happen("born")
    play.until("2026-01-06 12:00")
    play.happen("loss")
    assert (play.visit("v", "kept", "2026-01-05 12:00") if "visit" in step else play.answer("f")) == [ended]
    assert play.after("3d") == []
    assert play.open == ["call"]


def test_nobody_is_reminded_of_a_date_that_was_called_off() -> None:
    """A visit whose booking the hospital cancelled is needed when it was planned for, and reminded of then."""
    play = booked()
    play.visit("recheck", "booked", "2026-01-14 15:00")
    assert play.visit("recheck", "cancelled") == ["book recheck 2026-01-15 09:00"]
    assert play.until("2026-01-14 08:59") == []
    assert play.until("2026-01-14 09:00") == ["send recheck"]


def test_what_a_miss_led_to_under_a_choice_is_taken_back_too() -> None:
    """Nobody chose what followed from a miss: it goes with the miss, but for what was begun, which is served."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - task: call
      role: ward-nurse
      outcomes:
        refer:
          - visit: v
            window: {late: 1d}
            missed:
              - together:
                  one: [{repeat: r, every: 1d, times: 3, steps: [{send: n}]}]
                  two: [{task: chase, role: ward-nurse, outcomes: {lost: [{notify: head-nurse, message: was-lost}]}}]
""")
    play.happen("fell")
    play.complete("call", "refer")
    play.after("25h")
    play.claim("chase")
    assert "close v done" in play.visit("v", "kept", "2026-01-05 12:00")
    assert play.open == ["chase", "correct-message"]
    assert "send n" not in play.after("5d")
    assert play.complete("chase", "lost") == ["close chase done", "notify head-nurse was-lost"]
