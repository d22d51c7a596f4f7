"""Dates that move: anchors set, corrected, planned and overdue, and what counts from when a step was done."""

from dataclasses import replace
from datetime import date

import pytest

from pathways.engine.context import Facts
from pathways.engine.journey import Scalar
from tests.pathways.engine.build import FACTS, Player, local, release

MORE = """
anchors:
  enrolled: {}
  surgery: {required: no, overdue_after: 10d}
  birth: {required: no, estimate: surgery + 1 month, overdue_after: 10d}
  fu: {required: no, season: first-fu}
"""
CALL = "{task: call, role: diabetes-nurse, due: 1 working day, ladder: routine, outcomes: {reached: [], refer: []}}"


def player(tracks: str, *, facts: Facts = FACTS, surgery: str | None = None) -> Player:
    anchors = {} if surgery is None else {"surgery": surgery}
    return Player(release(tracks, more=MORE), facts=facts, parameters=None, **anchors)


AT = f't: {{when: {{at: surgery + 3 days, time: "09:00"}}, steps: [{CALL}]}}'


def test_what_has_not_begun_moves_by_itself() -> None:
    """A corrected anchor moves what is planned from it: nothing happens at the old date."""
    play = player(AT, surgery="2026-01-10 12:00")
    assert play.anchor("surgery", "2026-01-20 12:00") == []
    assert play.why == ["set"]
    assert play.until("2026-01-22 12:00") == []
    assert play.until("2026-01-23 12:00") == ["open call"]


def test_what_nobody_has_begun_comes_anew_at_its_new_date() -> None:
    """An open task whose date lies ahead again is closed, and opens at that date; once."""
    play = player(AT, surgery="2026-01-10 12:00")
    assert play.until("2026-01-13 12:00") == ["open call"]
    assert play.anchor("surgery", "2026-01-20 12:00") == ["close call cancelled moved"]
    assert play.why == ["set", "t moved"]
    assert [reason.occurrence for reason in play.reasons] == [None, "1"]
    assert play.until("2026-01-23 12:00")[-1:] == ["open call"]
    assert play.complete("call", "reached") == ["close call done"]
    assert play.anchor("surgery", "2026-03-20 12:00") == []
    assert play.until("2026-06-01 12:00") == []


def test_what_came_anew_has_other_ids_however_long_after() -> None:
    """A task that comes again months later is another task than the one that was cancelled."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.until("2026-01-13 12:00")
    first = play.task("call").task
    play.anchor("surgery", "2026-06-10 12:00")
    play.until("2026-06-13 12:00")
    assert play.task("call").task != first


@pytest.mark.parametrize("how", ["claimed", "past"])
def test_what_was_begun_stays(how: str) -> None:
    """A task that somebody holds, or whose new date has passed too, stays; its holder sees that the date moved."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.until("2026-01-13 12:00")
    if how == "claimed":
        play.claim("call")
    to = "2026-01-20 12:00" if how == "claimed" else "2026-01-09 12:00"
    assert play.anchor("surgery", to) == ["note call moved flag"]
    assert play.until("2026-02-10 12:00").count("open call") == 0


def test_an_anchor_that_is_taken_back_takes_its_plans_along() -> None:
    """Without its anchor nothing is planned; what nobody has begun is cancelled, and comes once it is known again."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.until("2026-01-13 12:00")
    assert play.anchor("surgery", None) == ["close call cancelled moved"]
    assert play.wakeup is None
    assert play.anchor("surgery", "2026-01-11 12:00") == []
    assert play.until("2026-01-14 12:00") == ["open call"]
    play.claim("call")
    assert play.anchor("surgery", None) == ["note call moved flag"]
    assert play.anchor("surgery", "2026-02-11 12:00") == ["note call moved flag"]


def test_nothing_starts_from_a_plan() -> None:
    """A tentative anchor starts nothing, until the date is known."""
    play = player(AT)
    assert play.anchor("surgery", "2026-01-10 12:00", tentative=True) == []
    assert play.until("2026-01-19 12:00") == []
    assert play.anchor("surgery", "2026-01-18 12:00") == []
    assert play.until("2026-01-21 12:00") == ["open call"]
    assert play.anchor("surgery", "2026-01-18 12:00", tentative=True) == ["close call cancelled moved"]


VISIT = (
    "t: {when: {at: surgery + 30d}, steps: [{visit: v, window: {early: 2d, late: 5d}, remind: [3d], reminder: m,"
    " satisfied_by: {data: glucose}, missed: [{send: m}]}]}"
)


def test_a_visit_that_nobody_booked_is_planned_anew() -> None:
    """Where the new date has not come into sight the visit is cancelled, and planned again in time."""
    play = player(VISIT, surgery="2026-01-01 12:00")
    assert play.until("2026-01-28 13:00") == ["book v 2026-01-31 12:00", "send m"]
    assert play.anchor("surgery", "2026-01-11 12:00") == ["close v cancelled"]
    assert play.until("2026-02-07 13:00") == ["book v 2026-02-10 12:00", "send m"]


def test_a_visit_in_sight_gets_its_new_date() -> None:
    """Where the new date is near, the same visit is booked for it; it is missed after its new window."""
    play = player(VISIT, surgery="2026-01-01 12:00")
    play.until("2026-01-28 13:00")
    assert play.anchor("surgery", "2025-12-31 12:00") == ["book v 2026-01-30 12:00"]
    assert play.until("2026-02-04 11:00") == []
    assert play.until("2026-02-04 13:00") == ["close v missed", "send m"]


def test_a_booked_visit_keeps_the_date_that_the_hospital_gave() -> None:
    """What the hospital booked stays; booked for later than it is needed now, a person looks."""
    play = player(VISIT, surgery="2026-01-01 12:00")
    play.until("2026-01-28 13:00")
    play.visit("v", "booked", "2026-02-01 09:00")
    assert play.anchor("surgery", "2026-01-20 12:00") == ["book v 2026-02-01 09:00"]
    assert play.anchor("surgery", "2025-12-20 12:00") == ["book v 2026-02-01 09:00", "open review-booking"]


def test_a_result_in_the_new_window_stands_for_the_visit() -> None:
    """A value from before the move that lies in the new window is what the visit was for."""
    play = player(VISIT, surgery="2026-01-01 12:00")
    play.until("2026-01-25 12:00")
    play.result(6.0, effective="2026-01-25 11:00")
    assert play.until("2026-01-28 13:00") == ["book v 2026-01-31 12:00", "send m"]
    assert play.anchor("surgery", "2025-12-27 12:00") == ["book v 2026-01-26 12:00", "close v done"]


def test_a_message_that_was_told_is_done() -> None:
    """What was done for the old date is not done again."""
    play = player("t: {when: {at: surgery + 3 days}, steps: [{send: m}]}", surgery="2026-01-10 12:00")
    assert play.until("2026-01-13 12:00") == ["send m"]
    assert play.anchor("surgery", "2026-03-10 12:00") == []
    assert play.until("2026-05-10 12:00") == []


def test_what_was_skipped_as_too_late_comes_when_its_date_lies_ahead_again() -> None:
    """A wrong date had let it pass: nothing of it was done, so it comes at the right one."""
    play = player("t: {when: {at: surgery + 3 days}, steps: [{send: m}]}")
    assert play.anchor("surgery", "2025-12-10 12:00") == []
    assert play.why == ["set", "t started", "t too-late m"]
    assert play.anchor("surgery", "2026-01-10 12:00") == []
    assert play.until("2026-01-13 12:00") == ["send m"]


@pytest.mark.parametrize(
    ("to", "again"),
    [("2026-01-13 12:00", False), ("2026-01-13 12:01", True), ("2026-01-07 12:00", False), ("2026-01-07 11:59", True)],
)
def test_what_was_done_is_redone_where_its_date_moved_too_far(to: str, again: bool) -> None:
    """`redo_if_moved: 3d`: a move of 3 days is not too far, a minute more is, to either side."""
    play = player(f"t: {{when: {{at: surgery + 30d, redo_if_moved: 3d}}, steps: [{CALL}]}}", surgery="2026-01-10 12:00")
    play.until("2026-02-09 12:00")
    play.complete("call", "reached")
    brought = play.anchor("surgery", to)
    assert (brought + play.until("2026-03-20 12:00")).count("open call") == again


def test_a_series_is_redone_from_the_first_that_moved() -> None:
    """Occurrences that were done for dates that moved too far come again, and the series goes on from there."""
    play = player(
        f"t: {{when: {{every: 7d, from: surgery, times: 4, redo_if_moved: 3d}}, steps: [{CALL}]}}",
        surgery="2026-01-05 10:00",
    )
    for day in (12, 19):
        play.until(f"2026-01-{day} 12:00")
        play.complete("call", "reached")
    assert play.anchor("surgery", "2026-01-07 10:00") == []
    assert play.until("2026-01-28 12:00") == ["open call"]
    assert play.complete("call", "reached") == ["close call done"]
    assert play.anchor("surgery", "2026-02-01 10:00") == []
    assert play.until("2026-02-08 12:00") == ["open call"]
    play.complete("call", "reached")
    assert play.until("2026-02-15 12:00") == ["open call"]


def test_a_moved_series_keeps_what_was_done_and_moves_the_rest() -> None:
    """The occurrence that is open and not begun comes anew; the ones before it stay done."""
    play = player(f"t: {{when: {{every: 7d, from: surgery}}, steps: [{CALL}]}}", surgery="2026-01-05 10:00")
    play.until("2026-01-12 12:00")
    play.complete("call", "reached")
    assert play.until("2026-01-19 12:00") == ["open call"]
    assert play.anchor("surgery", "2026-01-07 10:00") == ["close call cancelled moved"]
    assert play.until("2026-01-21 12:00") == ["open call"]


def test_an_earlier_occurrence_does_not_come_after_a_later_one() -> None:
    """Where a later one has been done, one before it that is still open only gets its date."""
    play = player(
        f"t: {{when: {{every: 7d, from: surgery}}, while_running: parallel, steps: [{CALL}]}}",
        surgery="2026-01-05 10:00",
    )
    play.until("2026-01-19 12:00")
    assert play.open == ["call", "call"]
    play.complete("call", "reached")
    assert play.anchor("surgery", "2026-01-30 10:00") == ["note call moved flag"]
    assert play.until("2026-02-19 12:00").count("open call") == 0
    assert play.until("2026-02-20 12:00").count("open call") == 1


def test_what_waits_to_start_moves_too() -> None:
    """A deferred occurrence is forgotten where its date lies ahead again, and comes at that date."""
    tracks = AT.replace("steps:", "unless: flag, defer: enrolled + 90d, steps:")
    play = player(tracks, surgery="2026-01-10 12:00")
    play.journey = replace(play.journey, values={"flag": True})
    play.until("2026-01-13 12:00")
    assert play.journey.tracks["t"].deferred != ()
    assert play.anchor("surgery", "2026-01-09 12:00") == []
    assert play.why == ["set"]
    assert play.anchor("surgery", "2026-01-20 12:00") == []
    assert play.why == ["set", "t moved"]
    assert play.journey.tracks["t"].deferred == ()
    play.journey = replace(play.journey, values={"flag": False})
    assert play.until("2026-01-23 12:00") == ["open call"]


def test_a_pause_keeps_nothing_at_its_old_date() -> None:
    """What became due in a pause comes at resume, unless its date lies ahead again by then."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.pause()
    play.until("2026-01-14 12:00")
    assert play.anchor("surgery", "2026-01-20 12:00") == []
    assert play.resume() == []
    assert play.until("2026-01-23 12:00") == ["open call"]


def test_until_ends_a_series_where_it_stands_now() -> None:
    """The end of a series moves with its anchor: what lies behind it now is not done."""
    play = player(
        f"t: {{when: {{every: 7d, from: enrolled, until: surgery}}, steps: [{CALL}]}}", surgery="2026-03-05 10:00"
    )
    assert play.until("2026-01-12 12:00") == ["open call"]
    play.complete("call", "reached")
    assert play.anchor("surgery", "2026-01-15 12:00") == []
    assert play.until("2026-04-12 12:00") == []


def test_what_has_a_visit_behind_it_was_begun() -> None:
    """After a visit was kept, the task that follows stays where it is; its holder sees that the date moved."""
    play = player(
        f"t: {{when: {{at: surgery + 3 days}}, steps: [{{visit: v, window: {{late: 5d}}}}, {CALL}]}}",
        surgery="2026-01-10 12:00",
    )
    play.until("2026-01-13 12:00")
    assert play.visit("v", "kept") == ["close v done", "open call"]
    assert play.anchor("surgery", "2026-01-20 12:00") == ["note call moved flag"]


def test_after_the_end_what_was_kept_moves_nothing() -> None:
    """An urgent task that an exit kept is done, and what would count from it does not come."""
    urgent = CALL.replace("due: 1 working day, ladder: routine", "clock: elapsed, due: 30m, ladder: urgent")
    play = player(
        f"s: {{safety: no, when: enrolment, steps: [{urgent}]}}\n"
        "t: {when: {at: done(call) + 1 day}, steps: [{send: m}]}"
    )
    play.withdraw()
    assert play.complete("call", "reached") == ["close call done"]
    assert play.until("2026-02-01 09:00") == []


def test_a_plan_is_agreed_to_by_setting_it_to_itself() -> None:
    """From now on the date is known."""
    play = player("t: {when: {event: agreed}, steps: [{set: surgery, to: surgery}]}")
    play.anchor("surgery", "2026-02-01 12:00", tentative=True)
    play.happen("agreed")
    assert play.journey.tentative == ()
    assert local(play.journey.anchors["surgery"]) == "2026-02-01 12:00"


def test_an_ended_journey_follows_nothing() -> None:
    """After the end an anchor is refused, and nothing moves."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.withdraw()
    assert play.anchor("surgery", "2026-03-05 10:00") == []
    assert [reason.values for reason in play.reasons] == [{"code": "journey-ended"}]


# --- overdue ------------------------------------------------------------------------------------------------

OVERDUE = f"t: {{when: {{overdue: birth}}, steps: [{CALL}]}}"


def test_an_anchor_is_overdue_after_its_estimate() -> None:
    """10 days after the estimate the track starts; it is taken back when the date becomes known."""
    play = player(OVERDUE, surgery="2026-01-10 12:00")
    assert play.until("2026-02-20 11:59") == []
    assert play.until("2026-02-20 12:00") == ["open call"]
    assert play.until("2026-02-21 11:00") == []
    assert play.anchor("birth", "2026-02-18 12:00") == ["close call cancelled moved"]
    assert play.why == ["set", "t no-longer-true"]
    assert play.until("2026-08-20 12:00") == []


def test_a_plan_comes_before_an_estimate() -> None:
    """A tentative date is when it is expected; planned for later it is overdue later, and started again then."""
    play = player(OVERDUE, surgery="2026-01-10 12:00")
    play.anchor("birth", "2026-01-20 12:00", tentative=True)
    assert play.until("2026-01-30 12:00") == ["open call"]
    assert play.anchor("birth", "2026-01-25 12:00", tentative=True) == ["close call cancelled moved"]
    assert play.until("2026-02-04 12:00") == ["open call"]
    assert play.anchor("birth", "2026-01-24 12:00", tentative=True) == []
    assert play.anchor("surgery", "2026-01-11 12:00") == []


def test_what_the_overdue_date_asked_for_is_served_once_begun() -> None:
    """A call that somebody has begun stays with its holder when the date becomes known."""
    play = player(OVERDUE, surgery="2026-01-10 12:00")
    play.until("2026-02-20 12:00")
    play.claim("call")
    assert play.anchor("birth", "2026-02-18 12:00") == ["note call moved flag"]
    assert play.complete("call", "reached") == ["close call done"]


@pytest.mark.parametrize("surgery", [None, "2026-01-10 12:00"])
def test_without_estimate_or_plan_nothing_is_overdue(surgery: str | None) -> None:
    """Nobody can say when an anchor without either is expected; one that is known is not overdue."""
    play = player(OVERDUE.replace("birth", "surgery"), surgery=surgery)
    assert play.wakeup is None


def test_a_stopped_track_is_not_started_by_an_overdue_date() -> None:
    """What a person stopped does not come any more."""
    play = player(OVERDUE, surgery="2026-01-10 12:00")
    play.stop("t")
    assert play.until("2026-05-20 12:00") == []


def test_what_a_pause_holds_of_an_overdue_date_is_forgotten_once_it_is_known() -> None:
    """Known before the pause ends, nothing is left to do."""
    play = player(OVERDUE, surgery="2026-01-10 12:00")
    play.until("2026-02-20 11:00")
    play.pause()
    play.anchor("surgery", "2026-01-09 12:00")
    assert play.anchor("birth", "2026-02-19 12:00") == []
    assert play.resume() == []


def test_an_overdue_date_held_by_a_pause_comes_at_resume() -> None:
    """The estimate may rest on a step that was done."""
    more = MORE.replace("estimate: surgery + 1 month", "estimate: done(call) + 1 month")
    tracks = f"t: {{when: {{overdue: birth}}, steps: [{{send: m}}]}}\nu: {{when: enrolment, steps: [{CALL}]}}"
    play = Player(release(tracks, more=more))
    assert play.wakeup is not None
    play.complete("call", "reached")
    assert play.until("2026-02-15 08:59") == []
    assert play.until("2026-02-15 09:00") == ["send m"]


# --- done(...) ----------------------------------------------------------------------------------------------

DONE = f"""
s: {{when: by-hand, steps: [{{visit: v, window: {{late: 90d}}, satisfied_by: {{data: glucose}}}}]}}
t: {{when: {{at: done(v) + 6 months, time: "09:00"}}, steps: [{CALL}]}}
"""


def test_a_date_counts_from_when_a_step_was_really_done() -> None:
    """Six months after the visit was kept, not after it was told; done again, it comes again."""
    play = player(DONE)
    assert play.until("2026-01-10 09:00") == []
    play.start("s")
    play.until("2026-01-20 09:00")
    play.visit("v", "kept", "2026-01-12 09:00")
    assert play.until("2026-07-12 08:59") == []
    assert play.until("2026-07-12 09:00") == ["open call"]
    play.complete("call", "reached")
    play.start("s")
    play.visit("v", "kept")
    assert play.until("2027-01-12 09:00") == ["open call"]
    assert play.journey.tracks["t"].anew == 1


def test_what_counts_from_a_step_is_taken_back_with_it() -> None:
    """A visit that is open again was not done: what it planned is gone, what nobody has begun is cancelled."""
    tracks = DONE.replace("+ 6 months", "+ 2 days")
    play = player(tracks)
    play.start("s")
    play.until("2026-01-05 11:00")
    play.result(6.0, id="r", effective="2026-01-05 10:00")
    assert play.open == []
    assert play.until("2026-01-07 12:00") == ["open call"]
    assert play.result(6.0, "r", 2, "entered-in-error") == ["book v 2026-01-05 09:00", "close call cancelled moved"]
    assert play.journey.done == {}
    assert play.visit("v", "kept") == ["close v done"]
    assert play.until("2026-01-10 12:00") == ["open call"]


def test_a_step_done_before_is_the_last_one_again() -> None:
    """Of two times that a step was done the earlier one counts again once the later is taken back."""
    play = player(DONE.replace("+ 6 months", "+ 20 days"))
    play.start("s")
    play.visit("v", "kept")
    play.until("2026-01-10 09:00")
    play.start("s")
    play.until("2026-01-10 11:00")
    play.result(6.0, id="r", effective="2026-01-10 10:00")
    assert local(play.journey.done["v"]) == "2026-01-10 10:00"
    play.result(6.0, "r", 2, "entered-in-error")
    assert local(play.journey.done["v"]) == "2026-01-05 09:00"
    assert play.until("2026-01-25 09:00") == ["open call"]


def test_what_was_begun_stays_when_its_step_was_not_done_after_all() -> None:
    """Its holder sees that the date moved, and the track does not come twice for the same date."""
    play = player(DONE.replace("+ 6 months", "+ 2 days"))
    play.start("s")
    play.until("2026-01-05 11:00")
    play.result(6.0, id="r", effective="2026-01-05 10:00")
    play.until("2026-01-07 12:00")
    play.claim("call")
    assert play.result(6.0, "r", 2, "entered-in-error") == ["book v 2026-01-05 09:00", "note call moved flag"]
    play.complete("call", "reached")
    assert play.visit("v", "kept", "2026-01-05 10:00") == ["close v done"]
    assert play.until("2026-02-10 12:00") == []


def test_a_repetition_counts_from_a_step_and_begins_again_with_it() -> None:
    """Each time that the step is done is a series of its own."""
    play = player(
        f"s: {{when: by-hand, steps: [{CALL}]}}\n"
        "t: {when: {every: 7d, from: done(call), times: 2}, while_running: parallel,"
        " steps: [{notify: head-nurse, message: m}]}"
    )
    assert play.wakeup is None
    play.start("s")
    play.complete("call", "reached")
    assert play.until("2026-02-20 12:00").count("notify head-nurse m") == 2
    play.start("s")
    play.complete("call", "reached")
    assert play.until("2026-02-28 12:00").count("notify head-nurse m") == 1
    assert play.until("2026-05-28 12:00").count("notify head-nurse m") == 1


def test_what_is_not_needed_was_not_done() -> None:
    """`not-needed` and `not-possible` are other ends than done."""
    play = player(
        f"s: {{when: enrolment, steps: [{CALL}]}}\nt: {{when: {{at: done(call) + 2 days}}, steps: [{{send: m}}]}}"
    )
    play.complete("call", "not-needed")
    assert play.wakeup is None


# --- set ----------------------------------------------------------------------------------------------------


def test_a_step_sets_an_anchor_and_undo_puts_it_back() -> None:
    """A moment is what the anchor becomes; taken back, it is what it was, also where that was a plan."""
    tracks = (
        't: {when: {observed: glucose, if: "glucose < 4"}, steps: [{set: surgery, to: enrolled + 9 days}]}\n'
        "u: {when: {at: surgery + 1 day}, steps: [{send: m}]}"
    )
    play = player(tracks)
    play.anchor("surgery", "2026-02-01 12:00", tentative=True)
    assert play.result(3.0) == []
    assert play.why == ["t started", "t set set-surgery"]
    assert local(play.journey.anchors["surgery"]) == "2026-01-14 09:00"
    assert play.journey.tentative == ()
    play.result(6.0, version=2)
    assert local(play.journey.anchors["surgery"]) == "2026-02-01 12:00"
    assert play.journey.tentative == ("surgery",)


def test_what_a_person_has_said_since_is_not_taken_back() -> None:
    """A date that a person gave after a step had set it stays when the step is undone."""
    play = player(
        't: {when: {observed: glucose, if: "glucose < 4"}, safety: no, steps: [{set: surgery, to: enrolled}]}'
    )
    play.result(3.0)
    play.anchor("surgery", "2026-02-01 12:00")
    play.result(6.0, version=2)
    assert local(play.journey.anchors["surgery"]) == "2026-02-01 12:00"
    play.anchor("surgery", None)
    play.result(3.0, "r2")
    play.result(6.0, "r2", 2)
    assert "surgery" not in play.journey.anchors


def test_an_anchor_may_be_set_as_a_plan_and_from_nothing_is_not_set() -> None:
    """`tentative: yes` books nothing; where the moment is not known the step is not possible."""
    play = player(
        "t: {when: enrolment, steps: [{set: birth, to: surgery + 1 day},"
        " {set: surgery, to: enrolled + 2 days, tentative: yes}]}"
    )
    assert play.why == ["t started", "t unknown set-birth", "t set set-surgery"]
    assert play.journey.tentative == ("surgery",)
    assert "birth" not in play.journey.anchors


def test_what_set_a_date_is_not_undone_by_it() -> None:
    """An open track that moved the anchor that it counts from stays: it would undo its own ground."""
    play = player(
        "t: {when: {at: surgery}, steps: [{task: ask, role: ward-nurse,"
        f" outcomes: {{later: [{{set: surgery, to: surgery + 30d}}]}}}}, {CALL}]}}",
        surgery="2026-01-06 12:00",
    )
    play.until("2026-01-06 12:00")
    assert play.complete("ask", "later") == ["close ask done", "open call", "note call moved flag"]
    assert play.until("2026-05-06 12:00").count("open ask") == 0


ITEMS = "f: [{code: day, type: date}, {code: ok, type: boolean}]"
BORN = """
t: {when: {overdue: birth}, steps: [{task: ask, role: ward-nurse, form: f, outcomes: {born: [
  {set: birth, to: "item('f', 'day')"}, {send: m}]}}]}
u: {when: {at: birth + 3 days, time: "09:00"}, steps: [{notify: head-nurse, message: n}]}
"""


def test_the_report_of_a_task_gives_a_date() -> None:
    """What a person wrote on the form of the task counts as the latest answers, also in the steps of its outcome."""
    play = Player(release(BORN, more=MORE, items=ITEMS), surgery="2026-01-10 12:00")
    assert play.until("2026-02-20 12:00") == ["open ask"]
    assert play.complete("ask", "born", day="2026-02-19") == ["close ask done", "send m"]
    assert local(play.journey.anchors["birth"]) == "2026-02-19 00:00"
    assert play.until("2026-02-22 09:00") == ["notify head-nurse n"]


@pytest.mark.parametrize("day", [None, "soon", "2026-02-30", 3.0, "2026-02-19T08:00:00"])
def test_what_is_no_date_sets_nothing(day: Scalar | None) -> None:
    """Without a date, or with a time that has no zone, the step is not possible, and what follows it goes on."""
    play = Player(release(BORN, more=MORE, items=ITEMS), surgery="2026-01-10 12:00")
    play.until("2026-02-20 12:00")
    told = play.complete("ask", "born", ok=True) if day is None else play.complete("ask", "born", day=day)
    assert told == ["close ask done", "send m"]
    assert "birth" not in play.journey.anchors


def test_the_report_of_a_task_starts_what_waits_for_answers() -> None:
    """A form that a nurse fills for the patient is answered; the patient's own question stays open."""
    tracks = """
a: {when: enrolment, steps: [{ask: f, message: m}]}
t: {when: by-hand, steps: [{task: ask, role: ward-nurse, form: f, outcomes: {reached: []}}]}
u: {when: {answered: f, if: "item('f', 'ok')"}, steps: [{notify: head-nurse, message: n}]}
"""
    play = Player(release(tracks, items=ITEMS))
    play.start("t")
    assert play.complete("ask", "reached", ok=True) == ["close ask done", "notify head-nurse n"]
    assert play.open == ["f"]


def test_an_event_gives_a_date() -> None:
    """`at` is when it happened, a bound date is what it told."""
    tracks = """
t: {when: {event: born, bind: {due: date}}, steps: [{set: birth, to: at}, {set: surgery, to: due, tentative: yes}]}
"""
    play = player(tracks)
    play.until("2026-01-06 12:00")
    play.happen("born", "2026-01-06 03:20", due="2026-02-01")
    assert {name: local(at_) for name, at_ in play.journey.anchors.items() if name != "enrolled"} == {
        "birth": "2026-01-06 03:20",
        "surgery": "2026-02-01 00:00",
    }
    assert play.journey.tentative == ("surgery",)


# --- seasons ------------------------------------------------------------------------------------------------

SEASON = f'u: {{when: {{at: fu - 2 months, time: "09:00"}}, steps: [{CALL}]}}'


def known(*days: date) -> Facts:
    return replace(FACTS, seasons={"first-fu": days})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), None),
        ((date(2025, 7, 20),), None),
        ((date(2025, 7, 20), date(2026, 7, 15), date(2027, 7, 20)), "2026-07-15 00:00"),
        ((date(2026, 1, 5),), "2026-01-05 00:00"),
        ((date(2027, 1, 6),), "2027-01-06 00:00"),
        ((date(2027, 1, 7),), None),
    ],
)
def test_the_calendar_gives_the_date_of_a_season(days: tuple[date, ...], expected: str | None) -> None:
    """The first date from the day of enrolment on, at most 366 days ahead; else it is not known."""
    found = player(SEASON, facts=known(*days)).journey.anchors.get("fu")
    assert (None if found is None else local(found)) == expected


def test_a_season_is_known_as_soon_as_the_calendar_has_it() -> None:
    """A calendar that is filled later gives the date on the next turn; corrected by a person it stays so."""
    play = player(SEASON, facts=known())
    play.facts = known(date(2026, 7, 15))
    assert play.happen("anything") == []
    assert play.why == ["set", "not-watched"]
    play.anchor("fu", "2026-07-16 00:00")
    assert play.until("2026-05-16 08:00") == []
    assert play.until("2026-05-16 09:00") == ["open call"]
    play.withdraw()
    assert play.happen("anything") == []


# --- refusals and parameters --------------------------------------------------------------------------------

_MADE_UP = "evidence: made up, source: product, confirmed: yes"
TIMES = (
    f"times: {{pills: {{value: ['08:00', '20:00'], {_MADE_UP}, per_patient: yes}},"
    f" fixed: {{value: ['08:00'], {_MADE_UP}}}}}"
)
STRICT = f"parameters: {{low: {{value: 3.9, {_MADE_UP}, per_patient: [3, 5]}}, high: {{value: 9, {_MADE_UP}}}}}"


@pytest.mark.parametrize(
    ("anchor", "to", "tentative", "code"),
    [
        ("strange", "2026-01-10 12:00", False, "unknown-anchor"),
        ("enrolled", None, False, "anchor-needed"),
        ("enrolled", "2026-01-10 12:00", True, "anchor-needed"),
        ("fu", None, False, "anchor-needed"),
    ],
)
def test_an_anchor_that_cannot_be_set_is_refused(anchor: str, to: str | None, tentative: bool, code: str) -> None:
    """Nothing changes, and the reason says why."""
    play = player(AT)
    before = play.journey.anchors
    play.anchor(anchor, to, tentative=tentative)
    assert [reason.values for reason in play.reasons] == [{"code": code}]
    assert play.journey.anchors == before


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("strange", 3.0, "unknown-parameter"),
        ("high", 3.0, "not-per-patient"),
        ("fixed", ("08:00",), "not-per-patient"),
        ("low", 2.9, "wrong-value"),
        ("low", 5.1, "wrong-value"),
        ("low", ("08:00",), "wrong-value"),
        ("pills", 3.0, "wrong-value"),
        ("pills", (), "wrong-value"),
        ("pills", ("20:00", "08:00"), "wrong-value"),
        ("pills", ("08:00", "08:00"), "wrong-value"),
        ("pills", ("24:00",), "wrong-value"),
        ("pills", tuple(f"{hour:02}:00" for hour in range(13)), "wrong-value"),
    ],
)
def test_a_parameter_that_cannot_be_the_patients_own_is_refused(
    name: str, value: float | tuple[str, ...], code: str
) -> None:
    """Only one that may differ, within its range; times of day ascend, each once."""
    play = Player(release("t: {when: by-hand, steps: [{send: m}]}", more=f"{STRICT}\n{TIMES}"))
    play.parameter(name, value)
    assert [reason.values for reason in play.reasons] == [{"code": code}]
    assert play.journey.parameters == {}


def test_a_parameter_is_the_patients_own_from_now_on() -> None:
    """Who set it is kept; None goes back to the pathway's; after the end it is refused."""
    play = Player(
        release('t: {when: {observed: glucose, if: "glucose <= low"}, safety: no, steps: [{send: m}]}', more=TIMES)
    )
    assert play.result(4.2, "a") == []
    play.parameter("low", 4.5)
    assert play.why == ["set"]
    assert (play.journey.parameters["low"].by, play.journey.parameters["low"].value) == ("anna", 4.5)
    assert play.result(4.2, "b") == ["send m"]
    play.parameter("low", None)
    assert play.result(4.2, "c") == []
    play.parameter("pills", ("07:30", "19:30"))
    assert play.reasons[-1].values == {"pills": "07:30, 19:30"}
    play.withdraw()
    play.parameter("low", 4.5)
    assert play.reasons[-1].values == {"code": "journey-ended"}


# --- clocks and dates ---------------------------------------------------------------------------------------


def test_time_of_day() -> None:
    """An anchor moved within its day moves nothing that has a time of its own."""
    play = player(AT, surgery="2026-01-10 12:00")
    play.anchor("surgery", "2026-01-10 23:00")
    assert local(play.wakeup) == "2026-01-13 09:00"
