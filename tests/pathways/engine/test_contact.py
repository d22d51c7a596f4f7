"""Telling the patient: consent, quiet hours and the contact budget."""

from dataclasses import replace
from datetime import time

import pytest

from pathways.language.schedule import QuietHours
from tests.pathways.engine.build import FACTS, Player


def sends(*names: str, urgent: str = "no") -> str:
    steps = ", ".join(f"{{send: {name}, urgent: {urgent}}}" for name in names)
    return f"t: {{when: {{event: fell}}, while_running: parallel, steps: [{steps}]}}"


@pytest.mark.parametrize(
    ("clock", "urgent", "sent"),
    [
        ("20:59", "no", "20:59"),
        ("21:00", "no", "08:00"),
        ("03:00", "no", "08:00"),
        ("08:00", "no", "08:00"),
        ("03:00", "yes", "03:00"),
    ],
)
def test_routine_messages_wait_for_the_end_of_the_quiet_hours(clock: str, urgent: str, sent: str) -> None:
    """From 21:00 to 08:00 in the patient's zone nothing is sent but what is urgent."""
    play = Player(sends("n", urgent=urgent))
    play.until(f"2026-01-06 {clock}")
    at_once = play.happen("fell")
    assert at_once == (["send n"] if sent == clock else [])
    if not at_once:
        assert play.why == ["t started", "t deferred n"]
        day = 7 if clock > sent else 6
        assert play.until(f"2026-01-0{day} 07:59") == []
        assert play.until(f"2026-01-0{day} {sent}") == ["send n"]


def test_a_day_has_a_budget_of_routine_contacts() -> None:
    """At most two routine contacts a day: the third goes out when the next day's quiet hours end."""
    play = Player(sends("n", "m", "k"))
    assert play.happen("fell") == ["send n", "send m"]
    assert play.until("2026-01-06 07:59") == []
    assert play.until("2026-01-06 08:00") == ["send k"]


def test_a_week_has_a_budget_of_routine_contacts() -> None:
    """At most six routine contacts in any seven days."""
    play = Player(sends("n", "m"))
    for day in (5, 6, 7, 8):
        play.until(f"2026-01-{day:02} 09:00")
        brought = play.happen("fell")
        assert brought == (["send n", "send m"] if day < 8 else [])
    assert play.until("2026-01-12 08:59") == []
    assert play.until("2026-01-12 09:00") == ["send n", "send m"]


def test_urgent_messages_neither_wait_for_the_budget_nor_use_it() -> None:
    """Urgent messages pass the budget and do not count."""
    play = Player(sends("a", "b", "c", urgent="yes") + "\nu: {when: {event: rose}, steps: [{send: n}, {send: m}]}")
    assert play.happen("fell") == ["send a", "send b", "send c"]
    assert play.happen("rose") == ["send n", "send m"]


def test_a_site_that_allows_no_contact_sends_nothing() -> None:
    """With a budget of none a message waits for good and nothing breaks."""
    play = Player(sends("n"), facts=replace(FACTS, contacts_a_day=0))
    assert play.happen("fell") == []
    assert play.until("2026-03-01 09:00") == []
    weekly = Player(sends("n"), facts=replace(FACTS, contacts_a_week=0))
    assert weekly.happen("fell") == []


def test_quiet_hours_are_the_sites() -> None:
    """A site may change its quiet hours."""
    play = Player(sends("n"), facts=replace(FACTS, quiet=QuietHours(start=time(12), end=time(14))))
    play.until("2026-01-05 12:00")
    assert play.happen("fell") == []
    assert play.until("2026-01-05 14:00") == ["send n"]


@pytest.mark.parametrize("consent", [None, False])
@pytest.mark.parametrize("urgent", ["yes", "no"])
def test_without_a_recorded_yes_staff_make_contact(consent: bool | None, urgent: str) -> None:
    """Care contact needs a recorded yes: without one the message becomes a task, urgent or not."""
    play = Player(sends("n", urgent=urgent), facts=replace(FACTS, consent=consent))
    assert play.happen("fell") == ["open contact-patient"]
    assert play.why == ["t started", "t no-consent n"]
    assert play.task("contact-patient").about == "n"


def test_a_form_without_consent_is_asked_by_staff_once() -> None:
    """The form is open, staff make contact for it, and its reminders do not open the same task again."""
    play = Player("t: {when: {event: fell}, steps: [{ask: f, message: n, remind: [1d], expires: 3d}]}")
    play.facts = replace(FACTS, consent=None)
    assert play.happen("fell") == ["ask f", "open contact-patient"]
    brought = play.until("2026-01-10 09:00")
    assert "open contact-patient" not in brought


def test_consent_that_was_taken_back_while_a_message_waits_counts() -> None:
    """Consent is asked when the message leaves, not when it was decided."""
    play = Player(sends("n"))
    play.until("2026-01-05 22:00")
    play.happen("fell")
    play.facts = replace(FACTS, consent=False)
    assert play.until("2026-01-06 08:00") == ["open contact-patient"]


def test_a_deferred_message_does_not_hold_the_steps_after_it() -> None:
    """What follows a message is done at once; the activation ends with the message."""
    play = Player("t: {when: {event: fell}, steps: [{send: n}, {notify: head-nurse, message: m}]}")
    play.until("2026-01-05 22:00")
    assert play.happen("fell") == ["notify head-nurse m"]
    assert play.until("2026-01-06 08:00") == ["send n"]


def test_a_form_is_announced_when_the_quiet_hours_end() -> None:
    """A form opens at once; its message waits for the morning, and its reminders count from the opening."""
    play = Player("t: {when: {event: fell}, steps: [{ask: f, message: n, remind: [1d, 2d], expires: 3d}]}")
    play.until("2026-01-05 22:00")
    assert play.happen("fell") == ["ask f"]
    assert play.until("2026-01-06 08:00") == ["send n"]
    assert play.until("2026-01-07 08:00") == ["send n"]
    assert play.until("2026-01-08 08:00") == ["send n"]
    assert play.until("2026-01-08 22:00") == ["close f missed"]
