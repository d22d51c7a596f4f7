"""Each purpose has a consent of its own; only care is given to staff where a message may not be sent."""

from dataclasses import replace

import pytest

from pathways.engine.actions import OpenTask, SendMessage
from tests.pathways.engine.build import FACTS, Player, release

OFFER = """
offer: {purpose: PURPOSE, when: {every: 1d, from: enrolled}, steps: [{send: n}]}
care: {when: {event: fell}, steps: [{send: m}, {task: call, role: ward-nurse, due: 1d, ladder: routine}]}
"""


@pytest.mark.parametrize("purpose", ["marketing", "research"])
@pytest.mark.parametrize(("consents", "sent"), [({}, False), ({"P": False}, False), ({"P": True}, True)])
def test_another_purpose_needs_its_own_consent(purpose: str, consents: dict[str, bool], sent: bool) -> None:
    """Without a recorded yes to that purpose nothing is sent, and nobody is asked to call."""
    known = replace(FACTS, consents={key.replace("P", purpose): value for key, value in consents.items()})
    play = Player(OFFER.replace("PURPOSE", purpose), facts=known)
    assert play.after("1d") == (["send n"] if sent else [])
    assert ("offer no-consent n" in play.why) is not sent
    assert play.open == []
    if sent:
        assert [a.purpose for a in play.actions if isinstance(a, SendMessage)] == [purpose]


def test_consent_to_marketing_is_none_to_care() -> None:
    """Care without its consent becomes a task for staff, whatever else was agreed to."""
    play = Player(
        OFFER.replace("PURPOSE", "marketing"), facts=replace(FACTS, consent=None, consents={"marketing": True})
    )
    assert play.happen("fell") == ["open contact-patient", "open call"] or "contact-patient" in play.open
    assert "send n" in play.after("1d")


def test_leaving_a_purpose_stops_its_tracks_alone() -> None:
    """What ran for it is undone and comes no more; care goes on; a second time, and a start by hand, are refused."""
    play = Player(OFFER.replace("PURPOSE", "marketing"), facts=replace(FACTS, consents={"marketing": True}))
    play.happen("fell")
    play.withdraw("marketing")
    assert play.journey.withdrawn == ("marketing",)
    assert play.journey.status == "active"
    assert play.open == ["call"]
    assert "send n" not in play.after("3d")
    play.withdraw("marketing")
    assert [r.values["code"] for r in play.reasons] == ["already-withdrawn"]
    play.start("offer")
    assert [r.values["code"] for r in play.reasons] == ["purpose-withdrawn"]
    assert play.withdraw("care")[-1] == "end withdrawn"


def test_what_would_start_for_a_purpose_that_was_left_does_not() -> None:
    """An event for it leaves a reason and nothing else."""
    play = Player("""
offer: {purpose: research, when: {event: asked}, steps: [{task: interview, role: ward-nurse, due: 1d}]}
care: {when: {event: fell}, steps: [{send: m}]}
""")
    play.happen("asked")
    assert play.withdraw("research") == ["close interview cancelled stopped"]
    assert play.happen("asked") == []
    assert play.why == ["offer no-consent"]


URGENT = """
t: {safety: yes, when: {event: fell}, steps: [{send: n, urgent: URGENT}]}
u: {safety: yes, when: by-hand, steps: [{task: call, role: ward-nurse, clock: elapsed, due: 1h, ladder: LADDER}]}
"""


@pytest.mark.parametrize(
    ("urgent", "ladder", "more", "due", "is_urgent"),
    [
        ("yes", "urgent", "", "2026-01-05 09:30", True),
        ("no", "urgent", "", "2026-01-06 09:00", False),
        ("yes", "routine", "ladders: {routine: [{after: 1 working day, to: head-nurse}]}", "2026-01-06 09:00", False),
        ("yes", "routine", "ladders: {urgent: [], routine: []}", "2026-01-05 09:00", True),
    ],
)
def test_an_urgent_message_without_consent_becomes_urgent_work(
    urgent: str, ladder: str, more: str, due: str, is_urgent: bool
) -> None:
    """Somebody tells the patient instead, by the time the urgent ladder's first rung passes; routine where none is."""
    tracks = URGENT.replace("URGENT", urgent).replace("LADDER", ladder)
    play = Player(release(tracks, more=more), facts=replace(FACTS, consent=False))
    assert play.happen("fell")[0] == "open contact-patient"
    assert play.due("contact-patient") == due
    opened = play.task("contact-patient")
    assert isinstance(opened, OpenTask)
    assert opened.urgent is is_urgent


def test_staff_are_not_to_tell_what_no_longer_holds() -> None:
    """The value is corrected before anybody called: the urgent contact goes away with what caused it."""
    tracks = """
t: {safety: yes, when: {observed: glucose, if: "glucose <= low"}, steps: [{send: n, urgent: yes}, {wait: 1d}]}
"""
    play = Player(tracks, facts=replace(FACTS, consent=None))
    assert play.result(2.5) == ["open contact-patient"]
    assert play.result(9, "r1", 2, "corrected") == ["close contact-patient cancelled undone"]
