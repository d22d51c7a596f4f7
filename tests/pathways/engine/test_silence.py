"""Silence: nothing heard for a time, counted from the last value or from an anchor."""

from tests.pathways.engine.build import Player

SILENT = """
silent:
  when: {silent: glucose, for: 3d}
  steps: [{task: outreach, role: ward-nurse}, {wait: 1d}]
"""


def test_silence_counts_from_the_anchor_and_then_from_the_last_value() -> None:
    """Without a value silence counts from enrolment, with one from when it was taken."""
    play = Player(SILENT)
    assert play.until("2026-01-08 08:59") == []
    assert play.until("2026-01-08 09:00") == ["open outreach"]
    play = Player(SILENT)
    play.until("2026-01-07 09:00")
    play.result(6.0)
    assert play.why == ["silent false"]
    assert play.until("2026-01-10 08:59") == []
    assert play.until("2026-01-10 09:00") == ["open outreach"]


def test_silence_that_lasts_shows_on_the_open_task_and_stands_once() -> None:
    """Each further period joins the open task; the activation keeps the latest alone."""
    play = Player(SILENT)
    play.until("2026-01-08 09:00")
    assert play.until("2026-01-17 09:00") == ["note outreach joined"] * 3
    (activation,) = play.journey.activations.values()
    assert [cause.occurrence for cause in activation.causes] == ["none#4"]


def test_silence_served_late_starts_once() -> None:
    """However many periods an outage covered, the silence starts its track once, due from the opening."""
    play = Player(SILENT.replace("role: ward-nurse", "role: ward-nurse, due: 1d"))
    assert play.outage("2026-02-05 09:00") == ["open outreach"]
    assert play.why == ["silent started"]
    assert play.due("outreach") == "2026-02-06 09:00"


def test_a_value_ends_the_silence() -> None:
    """What nobody has begun because of the silence is not needed any more; what was begun is flagged."""
    play, begun = Player(SILENT), Player(SILENT)
    for one in (play, begun):
        one.until("2026-01-08 10:00")
    begun.claim("outreach")
    assert play.result(6.0) == ["close outreach cancelled no-longer-silent"]
    assert play.why == ["silent undone"]
    assert begun.result(6.0) == ["note outreach no-longer-silent flag"]


def test_an_old_value_does_not_end_the_silence() -> None:
    """A value taken before the last one known changes nothing."""
    play = Player(SILENT)
    play.result(6.0, "r1", effective="2026-01-05 09:00")
    play.until("2026-01-08 10:00")
    assert play.result(6.0, "r2", effective="2026-01-04 09:00") == []
    assert (play.why, play.open) == (["silent false"], ["outreach"])


def test_a_withdrawn_value_was_never_heard() -> None:
    """When the last value is withdrawn, silence counts from the one before it, and may have lasted already."""
    play = Player(SILENT)
    play.until("2026-01-07 09:00")
    play.result(6.0)
    play.until("2026-01-09 09:00")
    assert play.result(6.0, "r1", 2, "entered-in-error") == ["open outreach"]
    assert play.why == ["silent false", "silent started"]


def test_a_repeated_version_says_so() -> None:
    """A track that waits for silence gives its reason for a version that changes nothing."""
    play = Player(SILENT)
    play.result(6.0)
    play.result(6.0)
    assert play.why == ["silent duplicate"]


def test_silence_from_an_anchor_that_is_not_known_waits() -> None:
    """Silence from a date that nobody has told yet does not begin; the first value begins it."""
    play = Player(
        "silent: {when: {silent: glucose, for: 3d, from: surgery}, steps: [{task: outreach, role: ward-nurse}]}"
    )
    assert play.wakeup is None
    play.result(6.0)
    assert play.until("2026-01-08 09:00") == ["open outreach"]


def test_silence_is_capped_like_any_start() -> None:
    """Of the periods that a cap deferred the last alone is kept."""
    play = Player(
        "silent: {when: {silent: glucose, for: 1d}, at_most: once per 14d, steps: [{notify: head-nurse, message: n}]}"
    )
    assert play.until("2026-01-06 09:00") == ["notify head-nurse n"]
    assert play.until("2026-01-19 09:00") == []
    assert len(play.journey.tracks["silent"].capped) == 1
    assert play.until("2026-01-20 09:00") == ["notify head-nurse n"]


def test_an_exhausted_count_of_periods_goes_on_with_the_next_turn() -> None:
    """A silence of more than a thousand periods does not hold a turn up."""
    play = Player("silent: {when: {silent: glucose, for: 1m}, steps: [{task: outreach, role: ward-nurse}]}")
    assert play.outage("2026-01-07 09:00")[0] == "open outreach"
    assert play.open == ["outreach"]


def test_what_a_person_started_as_well_stays() -> None:
    """A value ends what the silence alone has started; what a person has asked for besides is only told of it."""
    play = Player("t: {when: {silent: glucose, for: 3d}, steps: [{task: call, role: ward-nurse}]}")
    play.after("4d")
    play.start("t")
    assert play.result(5.0) == ["note call no-longer-silent flag"]
    assert play.open == ["call"]
