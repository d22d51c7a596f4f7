"""Values of devices and of patients wait for others that agree; nobody waits for ever, and nothing is dropped."""

import pytest

from pathways.engine.journey import Origin
from tests.pathways.engine.build import Player

LOW = """
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= low", worse: lower, by: 0.5, confirm: {again: 2, within: 10m}}
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
"""
THREE = LOW.replace("again: 2", "again: 3")


def measured(play: Player, minute: int, value: float, *, origin: Origin = "device", id: str | None = None) -> list[str]:
    """A value is taken and received at that minute of the first morning, if it is not past; else received now."""
    moment = f"2026-01-05 09:{minute:02}"
    play.until(moment)
    return play.result(value, id or f"m{minute}", effective=moment, origin=origin)


@pytest.mark.parametrize("origin", ["device", "patient"])
def test_one_value_of_a_device_or_patient_waits(origin: Origin) -> None:
    """The first one starts nothing; the second that agrees does, and is due from its receipt."""
    play = Player(LOW)
    assert measured(play, 0, 3.0, origin=origin) == []
    assert play.why == ["low unconfirmed"]
    assert measured(play, 5, 3.2, origin=origin) == ["open call"]
    assert play.due("call") == "2026-01-05 09:35"
    (activation,) = play.journey.activations.values()
    assert [cause.result for cause in activation.causes] == ["m5", "m0"]
    assert play.journey.tracks["low"].unconfirmed == ()


@pytest.mark.parametrize("origin", ["laboratory", "unknown"])
def test_what_others_measured_is_acted_on_at_once(origin: Origin) -> None:
    """A laboratory needs nobody who agrees; what waited then goes with it."""
    play = Player(LOW)
    assert measured(play, 0, 3.0, origin=origin) == ["open call"]
    play = Player(LOW)
    measured(play, 0, 3.0)
    assert measured(play, 5, 3.0, origin=origin) == ["open call"]
    assert play.journey.tracks["low"].unconfirmed == ()


@pytest.mark.parametrize(("minutes", "started"), [((0, 10), True), ((0, 11), False)])
def test_values_agree_within_the_span(minutes: tuple[int, int], started: bool) -> None:
    """By when they were taken, the last instant of the span included."""
    play = Player(LOW)
    play.until("2026-01-05 09:30")
    for minute in minutes:
        play.result(3.0, f"m{minute}", effective=f"2026-01-05 09:{minute:02}", origin="device")
    assert play.open == (["call"] if started else [])


def test_values_agree_whatever_their_order() -> None:
    """An earlier one that comes late confirms too."""
    play = Player(LOW)
    measured(play, 5, 3.0)
    assert play.result(3.1, "m1", effective="2026-01-05 09:01", origin="device") == ["open call"]


def test_three_must_agree_where_three_are_asked_for() -> None:
    """Two within the span do not suffice, nor do three that are too far apart."""
    play = Player(THREE)
    measured(play, 0, 3.0)
    assert measured(play, 4, 3.0) == []
    assert measured(play, 8, 3.0) == ["open call"]
    play = Player(THREE)
    measured(play, 0, 3.0)
    measured(play, 6, 3.0)
    assert measured(play, 11, 3.0) == []
    assert play.open == ["review-result"]


def test_three_that_are_near_the_middle_one_are_not_near_each_other() -> None:
    """The span is that of all of them, from the first to the last."""
    play = Player(THREE)
    measured(play, 0, 3.0)
    measured(play, 16, 3.0)
    assert play.result(3.0, "m8", effective="2026-01-05 09:08", origin="device") == []
    assert play.why == ["low unconfirmed"]


def test_a_false_value_between_them_separates() -> None:
    """What it contradicts is dropped with the reason `false`; the next true one waits anew."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    assert measured(play, 3, 5.0) == []
    assert play.why == ["low false", "low false"]
    assert measured(play, 6, 3.0) == []
    assert play.why == ["low unconfirmed"]
    assert [cause.result for cause in play.journey.tracks["low"].unconfirmed] == ["m6"]


def test_a_false_value_from_before_contradicts_nothing() -> None:
    """Nor does one that was taken when the span was over."""
    play = Player(LOW)
    measured(play, 5, 3.0)
    play.result(5.0, "before", effective="2026-01-05 09:01", origin="device")
    assert play.why == ["low false"]
    assert measured(play, 9, 3.0) == ["open call"]


def test_a_value_that_cannot_be_read_neither_agrees_nor_contradicts() -> None:
    """It asks a person as any other does."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    assert play.result(None, "odd", text="?", origin="device") == ["open call"]
    assert [cause.result for cause in play.journey.tracks["low"].unconfirmed] == ["m0"]


def test_a_value_known_within_bounds_may_leave_it_open() -> None:
    """Unknown between two that are true does not separate them."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    play.result(5.0, "bound", comparator="<", origin="device")
    assert play.why == ["low unknown"]
    assert measured(play, 6, 3.0) == ["open call"]


def test_a_value_that_nothing_confirms_reaches_a_person() -> None:
    """A review opens when the span after its receipt is over; a second one joins it."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    assert play.until("2026-01-05 09:09") == []
    assert play.until("2026-01-05 09:10") == ["open review-result"]
    assert play.why == ["low unconfirmed"]
    measured(play, 30, 3.0)
    assert play.until("2026-01-05 09:40") == ["note review-result unconfirmed flag"]
    assert play.open == ["review-result"]


def test_each_value_that_waits_has_its_own_time() -> None:
    """The review of the first opens while the second still waits."""
    play = Player(THREE)
    measured(play, 0, 3.0)
    measured(play, 4, 3.0)
    assert play.until("2026-01-05 09:10") == ["open review-result"]
    assert [cause.result for cause in play.journey.tracks["low"].unconfirmed] == ["m4"]


def test_a_review_gives_way_to_the_value_that_confirms_late() -> None:
    """What only looked at the first value is not needed any more."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    play.until("2026-01-05 09:12")
    brought = play.result(3.0, "late", effective="2026-01-05 09:08", origin="device")
    assert brought == ["close review-result cancelled restarted", "open call"]


def test_a_revision_of_an_unconfirmed_value_judges_it_again() -> None:
    """Still true it waits on; newly false it does not."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    play.result(3.1, "m0", 2, "corrected", effective="2026-01-05 09:00", origin="device")
    assert [cause.occurrence for cause in play.journey.tracks["low"].unconfirmed] == ["m0/2/corrected"]
    assert play.result(5.0, "m0", 3, "corrected", effective="2026-01-05 09:00", origin="device") == []
    assert play.journey.tracks["low"].unconfirmed == ()
    assert play.until("2026-01-05 10:00") == []


def test_losing_one_of_those_that_agreed_leaves_the_rest() -> None:
    """What was started lives while any value behind it is true."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    measured(play, 5, 3.0)
    assert play.result(5.0, "m5", 2, "corrected", effective="2026-01-05 09:05", origin="device") == [
        "note call re-based flag"
    ]
    assert play.result(5.0, "m0", 2, "corrected", effective="2026-01-05 09:00", origin="device") == [
        "close call cancelled undone"
    ]


def test_a_confirmed_value_joins_what_runs() -> None:
    """With the one that it agrees with; an unconfirmed one does not."""
    play = Player(LOW)
    measured(play, 0, 3.0, origin="laboratory")
    assert measured(play, 20, 3.0) == []
    assert play.why == ["low unconfirmed"]
    assert measured(play, 25, 3.0) == ["note call joined"]
    (activation,) = play.journey.activations.values()
    assert {cause.result for cause in activation.causes} == {"m0", "m20", "m25"}


def test_a_pause_holds_the_look_at_what_waits() -> None:
    """A track that is no safety track looks after the pause."""
    play = Player(LOW.replace("safety: yes", "safety: no"))
    measured(play, 0, 3.0)
    play.pause()
    assert play.until("2026-01-05 10:00") == []
    assert "open review-result" in [*play.resume(), *play.until("2026-01-05 10:01")]


def test_an_exit_ends_the_wait() -> None:
    """Nothing opens after a death."""
    play = Player(LOW)
    measured(play, 0, 3.0)
    play.die()
    assert play.until("2026-01-06 09:00") == []


def test_panels_are_confirmed_as_one() -> None:
    """Both results of one measurement are one value; the second measurement confirms."""
    play = Player("""
high:
  safety: yes
  when: {observed: [sbp, dbp], if: "sbp >= 180 || dbp >= 110", confirm: {again: 2, within: 10m}}
  steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
""")
    play.result(185, "s", data="sbp", origin="device", panel="p")
    assert play.result(115, "d", data="dbp", origin="device", panel="p") == []
    assert len(play.journey.tracks["high"].unconfirmed) == 1
    play.after("5m")
    assert play.result(112, "e", data="dbp", origin="device", panel="q") == ["open call"]


def test_values_that_agree_with_a_capped_one_wait_no_more() -> None:
    """Two values agree while the cap lasts: they start together when it ends, and no review opens for the first."""
    play = Player(LOW.replace("steps:", "at_most: once per 4h\n  steps:"))
    measured(play, 0, 3.0)
    measured(play, 1, 3.0)
    play.complete(play.open[0], "done")
    measured(play, 30, 3.0)
    measured(play, 31, 3.0)
    assert play.why[-1].endswith("capped")
    assert "open review-result" not in play.after("2h")
