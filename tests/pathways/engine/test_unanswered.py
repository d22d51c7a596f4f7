"""Forms that nobody answers: counted in a row, and what they led to is taken back by an answer."""

import pytest

from tests.pathways.engine.build import Player

ASK = """
ask:
  when: {every: 1 week, from: enrolled}
  steps: [{ask: f, message: m, expires: 3d}]
"""
LOST = "lost: {when: {unanswered: f, times: 2}, steps: [{task: call, role: diabetes-nurse, due: 1 working day}]}"


def days_of(play: Player, until: str) -> list[str]:
    """The days on which a call was opened."""
    found: list[str] = []
    while play.now.isoformat() < until:
        if "open call" in play.after("1d"):
            found.append(f"{play.now:%m-%d}")
    return found


@pytest.mark.parametrize(
    ("times", "days"),
    [(1, ["01-15", "01-22", "01-29", "02-05"]), (2, ["01-22", "02-05"]), (3, ["01-29"])],
)
def test_so_many_in_a_row_start_the_track(times: int, days: list[str]) -> None:
    """The form has expired so many times in a row; so many more start it again."""
    play = Player(ASK + LOST.replace("times: 2", f"times: {times}").replace("steps", "while_running: parallel, steps"))
    assert days_of(play, "2026-02-06") == days


def test_answers_begin_the_row_anew() -> None:
    """Answers between two that expired: the row begins again."""
    play = Player(ASK + LOST)
    play.until("2026-01-18 09:00")
    play.answer("f")
    play.until("2026-01-26 09:00")
    assert play.open == ["f"]
    play.until("2026-02-02 09:00")
    assert play.open == ["call", "f"]


def test_an_answer_takes_back_what_nobody_has_begun() -> None:
    """Whoever is heard again need not be called; who has begun to call is told."""
    play = Player(ASK + LOST)
    play.until("2026-01-23 09:00")
    assert play.open == ["call"]
    assert play.answer("f") == ["close call cancelled no-longer-true", "close f done"]
    assert "lost no-longer-true" in play.why
    play = Player(ASK + LOST)
    play.until("2026-01-23 09:00")
    play.claim("call")
    assert "note call no-longer-true flag" in play.answer("f")


def test_withdrawn_answers_are_no_answers() -> None:
    """What was taken back at once says nothing of the patient."""
    play = Player(ASK + LOST)
    play.until("2026-01-23 09:00")
    play.answer("f", withdrawn=True)
    assert play.open == ["call"]


def test_an_answer_with_nothing_standing_on_the_silence_changes_nothing() -> None:
    """The row begins anew where no track had started yet, also after the end of the journey."""
    play = Player(ASK + LOST)
    play.until("2026-01-16 09:00")
    assert play.answer("f") == ["close f done"]
    assert "lost false" in play.why
    play.until("2026-01-23 09:00")
    play.withdraw()
    play.answer("f")
    assert play.journey.unanswered["f"]


def test_a_person_keeps_what_they_started() -> None:
    """A track that a person has started as well stays when the silence ends; its holders are told."""
    play = Player(ASK + LOST)
    play.until("2026-01-23 09:00")
    play.start("lost")
    assert "note call no-longer-true flag" in play.answer("f")
    assert play.open == ["call"]


def test_conditions_count_the_row() -> None:
    """`unanswered` is how often in a row; 0 where every form was answered."""
    tracks = "t: {when: {event: asked, if: \"unanswered('f') >= 2\"}, steps: [{task: call, role: diabetes-nurse}]}"
    play = Player(ASK + tracks)
    play.happen("asked")
    assert play.why == ["t false"]
    play.until("2026-01-23 09:00")
    play.happen("asked")
    assert play.why == ["t started"]
