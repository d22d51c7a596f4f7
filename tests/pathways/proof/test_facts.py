"""What a play says of the patient and the site."""

from pathways.proof.calendars import CALENDARS
from pathways.proof.facts import BEGINNING
from pathways.proof.rehearse import rehearse
from pathways.proof.scenario import Learnt
from tests.pathways.proof.plays import knee, of_lines, read


def test_the_head_says_what_is_so_at_first() -> None:
    """Every fact can be said; what is not said is the usual."""
    said = (
        "consent: no\nconsents: {marketing: yes}\ninpatient: yes\ndiagnoses: [E11.9]\n"
        "department: orthopaedics\nteam: {surgeon: s1}\ncalendar: weekends\nplay:"
    )
    facts = read(of_lines("{after: 1d}").replace("play:", said)).facts
    assert (facts.consent, facts.inpatient, facts.diagnoses) == (False, True, ("E11.9",))
    assert (facts.department, facts.team, facts.consents) == ("orthopaedics", {"surgeon": "s1"}, {"marketing": True})
    assert facts.calendar == CALENDARS["weekends"]
    assert read(of_lines("{after: 1d}")).facts == BEGINNING


def test_a_line_changes_what_it_names() -> None:
    """Everything else stays as it was, over several lines too."""
    scenario = read(
        of_lines(
            "{on: day 1 09:00, fact: {inpatient: yes, team: {surgeon: s1}}}",
            "{on: day 2 09:00, fact: {inpatient: no, team: {nurse: n1}}}",
        )
    )
    first, last = (line.does for line in scenario.play)
    assert isinstance(first, Learnt)
    assert isinstance(last, Learnt)
    assert (first.facts.inpatient, last.facts.inpatient) == (True, False)
    assert last.facts.team == {"surgeon": "s1", "nurse": "n1"}
    assert last.facts.consent is True


def test_what_became_known_counts_at_once() -> None:
    """The journey is told by a turn, and what happens from then on is decided by it."""
    text = of_lines(
        "{on: day 0 09:30, happened: wound-opened}",
        "then: {task: contact-patient, not_sent: anything}",
        "{on: day 1 09:00, fact: {consent: yes}}",
        "{happened: wound-opened}",
        "then: {sent: wound-question}",
    )
    played = rehearse(knee(), read(text.replace("play:", "consent: no\nplay:")))
    assert played.failures == ()
    assert [turn.event.kind for turn in played.timeline] == ["enrolled", "happened", "tick", "happened"]
