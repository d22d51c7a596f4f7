"""What an exclusion defers is looked at again until it may start; it is never dropped silently."""

from dataclasses import replace

from tests.pathways.engine.build import FACTS, Player

CONTACT = """
contact:
  when: {at: enrolled + 3d}
  unless: inpatient
  defer: surgery + 1d
  steps: [{task: call, role: ward-nurse, due: 1d, ladder: routine}]
"""
IN, OUT, UNKNOWN = replace(FACTS, inpatient=True), FACTS, replace(FACTS, inpatient=None)


def test_a_deferred_start_comes_at_its_moment() -> None:
    """Where the moment is known it comes then, due from then, and not before although the exclusion has ended."""
    play = Player(CONTACT, facts=IN, surgery="2026-01-12 15:00")
    play.after("3d")
    assert play.why == ["contact deferred"]
    play.facts = OUT
    assert play.happen("fell") == []
    assert play.until("2026-01-13 14:59") == []
    assert play.until("2026-01-13 15:00") == ["open call"]
    assert play.due("call") == "2026-01-14 15:00"


def test_what_is_still_excluded_at_its_moment_is_looked_at_each_morning() -> None:
    """Still excluded, it waits for the next morning at 08:00 in the patient's zone."""
    play = Player(CONTACT, facts=IN, surgery="2026-01-12 15:00")
    assert play.until("2026-01-15 08:00") == []
    play.facts = OUT
    assert play.until("2026-01-16 07:59") == []
    assert play.until("2026-01-16 08:00") == ["open call"]


def test_without_a_known_moment_it_comes_as_soon_as_it_may() -> None:
    """Every event looks; where nothing happens the morning does."""
    play = Player(CONTACT, facts=IN)
    play.after("3d")
    assert play.happen("fell") == []
    play.facts = OUT
    assert play.happen("fell") == ["open call"]
    play = Player(CONTACT, facts=IN)
    play.after("3d")
    play.facts = OUT
    assert play.until("2026-01-09 07:59") == []
    assert play.until("2026-01-09 08:00") == ["open call"]


def test_a_start_before_the_morning_is_looked_at_the_same_morning() -> None:
    """What is deferred at night is looked at at 08:00 of that day."""
    play = Player(CONTACT.replace("enrolled + 3d", "enrolled + 3d, time: '03:00'"), facts=IN)
    play.until("2026-01-08 04:00")
    play.facts = OUT
    assert play.until("2026-01-08 08:00") == ["open call"]


def test_an_exclusion_that_cannot_be_known_any_more_asks_a_person() -> None:
    """Unknown is not excluded: a person decides."""
    play = Player(CONTACT, facts=IN)
    play.after("3d")
    play.facts = UNKNOWN
    assert play.happen("fell") == ["open decide-start"]


LOW = """
low:
  when: {observed: glucose, if: "glucose < 5"}
  unless: inpatient
  defer: surgery
  steps: [{task: call, role: ward-nurse, due: 1d, ladder: routine}]
"""


def test_a_deferred_value_that_is_no_longer_true_does_not_start() -> None:
    """A later false value drops it with a reason; a correction takes it back."""
    play = Player(LOW, facts=IN)
    play.result(4, "r1")
    assert play.why == ["low deferred"]
    play.after("1h")
    play.result(9, "r2")
    play.facts = OUT
    assert play.happen("fell") == []
    assert "low false" in play.why
    play = Player(LOW, facts=IN)
    play.result(4, "r1")
    play.result(9, "r1", 2, "corrected")
    play.facts = OUT
    play.happen("fell")
    assert play.open == []


def test_a_pause_looks_at_nothing() -> None:
    """What is deferred waits for the resume."""
    play = Player(CONTACT, facts=IN)
    play.after("3d")
    play.pause()
    play.facts = OUT
    assert play.happen("fell") == []
    assert play.until("2026-01-12 09:00") == []
    assert play.resume() == ["open call"]


def test_the_exit_drops_what_is_deferred() -> None:
    """After the end nothing comes."""
    play = Player(CONTACT, facts=IN)
    play.after("3d")
    play.withdraw()
    play.facts = OUT
    assert play.happen("fell") == []
    assert play.after("9d") == []


def test_a_deferred_value_that_cannot_be_read_reaches_a_person() -> None:
    """On a safety track an unreadable value that was deferred opens its first task once nothing excludes it."""
    play = Player(
        """
low:
  safety: yes
  unless: inpatient
  defer: surgery + 1d
  when: {observed: glucose, if: "glucose <= low"}
  steps: [{send: n}, {task: call, role: ward-nurse, clock: elapsed, due: 30m, ladder: urgent}]
""",
        facts=replace(FACTS, inpatient=True),
    )
    play.result(None, text="?")
    assert play.why == ["low deferred"]
    play.facts = FACTS
    assert play.happen("home") == ["open call"]
