"""Tracks that start when a condition becomes true: by an event, by time, and taken back when it stops to hold."""

from dataclasses import replace
from typing import Any

import pytest

from pathways.engine.events import Tick
from tests.pathways.engine.build import FACTS, Player, release

MORE = """
anchors: {enrolled: {}, surgery: {required: no}}
values: {level: {type: number}, word: {type: text}, flag: {type: boolean}, lost: {type: tag}, left: {type: tag}}
"""
EVENTS = """
up: {when: {event: up}, while_running: parallel, steps: [{set: level, to: 5}]}
down: {when: {event: down}, while_running: parallel, steps: [{set: level, to: 1}]}
"""
TASK = "{task: call, role: diabetes-nurse, due: 1 working day}"


def player(condition: str, steps: str = TASK, *, quality: str = "", more: str = "", **anchors: Any) -> Player:
    """A journey with one track that starts when the condition becomes true."""
    track = f't: {{{quality}when: {{becomes: "{condition}"}}, steps: [{steps}]}}\n'
    return Player(release(EVENTS + track + more, more=MORE), **anchors)


def test_it_starts_once_while_it_holds() -> None:
    """It starts when the condition becomes true, not again while it is, and anew when it becomes true again."""
    play = player("level > 3", quality="while_running: parallel, ")
    assert play.happen("up") == ["open call"]
    assert play.happen("up") == []
    play.complete("call")
    assert play.happen("down") == []
    assert play.why == ["down started", "t no-longer-true"]
    assert play.happen("up") == ["open call"]
    assert play.why == ["up started", "t started"]


def test_what_nobody_has_begun_is_taken_back() -> None:
    """When it stops to hold, its tasks are cancelled and what it set is taken back; a begun task is flagged."""
    play = player("level > 3", f"{{set: lost, to: yes}}, {TASK}")
    play.happen("up")
    assert play.journey.values["lost"] is True
    assert play.happen("down") == ["close call cancelled no-longer-true"]
    assert play.why == ["down started", "t no-longer-true"]
    assert "lost" not in play.journey.values
    play.happen("up")
    play.claim("call")
    assert play.happen("down") == ["note call no-longer-true flag"]


@pytest.mark.parametrize(("work", "then"), [("left", ["open call"]), ("done", []), ("begun", [])])
def test_the_cap_counts_what_somebody_worked_at(work: str, then: list[str]) -> None:
    """A start that was taken back before anybody did anything does not keep the next one from starting."""
    play = player("level > 3", quality="at_most: once per 30d, while_running: parallel, ")
    play.happen("up")
    if work == "done":
        play.complete("call")
    elif work == "begun":
        play.claim("call")
    play.happen("down")
    assert play.happen("up") == then
    assert play.why == ["up started", "t started" if then else "t capped"]


def test_what_it_set_does_not_outlive_it() -> None:
    """What a track set is taken back when its condition stops to hold, also where its steps have ended by then."""
    play = player("level > 3", "{set: lost, to: yes}")
    play.happen("up")
    assert play.journey.values["lost"] is True
    play.happen("down")
    assert play.why == ["down started", "t no-longer-true"]
    assert "lost" not in play.journey.values


@pytest.mark.parametrize("first", ["level", "flag"])
def test_what_two_set_is_taken_back_with_the_second(first: str) -> None:
    """A tag that two conditions set stays while one of them holds, and goes with the second, whichever ends first."""
    play = Player(
        release(
            EVENTS
            + """
on: {when: {event: on}, while_running: parallel, steps: [{set: flag, to: yes}]}
off: {when: {event: off}, while_running: parallel, steps: [{set: flag, to: no}]}
t: {when: {becomes: "level > 3"}, steps: [{set: lost, to: yes}]}
u: {when: {becomes: "flag"}, steps: [{set: lost, to: yes}]}
""",
            more=MORE,
        )
    )
    play.happen("up")
    play.happen("on")
    events = {"level": "down", "flag": "off"}
    play.happen(events.pop(first))
    assert play.journey.values["lost"] is True
    play.happen(events.popitem()[1])
    assert "lost" not in play.journey.values


def test_what_a_person_chose_to_set_stays() -> None:
    """What an outcome set is a person's choice: taking back what the track had set before does not reverse it."""
    task = "{task: call, role: diabetes-nurse, outcomes: {reached: [{set: word, to: \"'theirs'\"}]}}"
    play = player("level > 3", f"{{set: word, to: \"'ours'\"}}, {task}, {{wait: 9d}}")
    play.happen("up")
    play.complete("call", "reached")
    play.happen("down")
    assert play.why == ["down started", "t no-longer-true"]
    assert play.journey.values["word"] == "theirs"


def test_what_is_unknown_changes_nothing() -> None:
    """Neither does an unknown condition start a track, nor does it take back what a true one has started."""
    play = player("level > 3 && latest(glucose) > 10")
    play.happen("up")
    assert play.open == []
    play.result(12.0)
    assert play.open == ["call"]
    play.result(12.0, version=2, status="entered-in-error")
    assert play.open == ["call"]
    play.result(5.0, "r2")
    assert play.open == []


def test_time_makes_it_true() -> None:
    """Once a day at its time the condition is looked at, without any event."""
    play = player("days_since('surgery') >= 10", surgery="2026-01-06 15:00")
    play.until("2026-01-16 07:59")
    assert play.open == []
    assert play.until("2026-01-16 08:00") == ["open call"]
    play = Player(
        release(f't: {{when: {{becomes: "days_since(\'enrolled\') >= 2", time: "10:30"}}, steps: [{TASK}]}}', more=MORE)
    )
    play.until("2026-01-07 10:29")
    assert play.open == []
    play.until("2026-01-07 10:30")
    assert play.open == ["call"]


def test_what_the_store_comes_to_know_makes_it_true() -> None:
    """A fact of the patient that changes is seen at the next turn."""
    play = player("inpatient")
    play.facts = replace(FACTS, inpatient=True)
    assert play.play(Tick(id="tick", received=play.now)) == ["open call"]
    play.facts = FACTS
    assert play.play(Tick(id="tock", received=play.now)) == ["close call cancelled no-longer-true"]


def test_one_leads_to_another() -> None:
    """What a track sets makes another true in the same turn, and both are taken back together."""
    more = f"u: {{when: {{becomes: lost}}, steps: [{TASK}]}}\n"
    play = player("level > 3", "{set: lost, to: yes}, {wait: 1d}", more=more)
    assert play.happen("up") == ["open call"]
    assert play.happen("down") == ["close call cancelled no-longer-true"]


def test_a_choice_of_a_person_may_end_it() -> None:
    """What is set under an outcome stays, although the condition stops to hold by it."""
    then = "[{set: left, to: yes}, {task: note, role: diabetes-nurse}]"
    steps = f"{{task: call, role: diabetes-nurse, outcomes: {{reached: {then}}}}}"
    play = player("!left", steps)
    assert play.open == ["call"]
    play.complete("call", "reached")
    assert play.journey.values["left"] is True
    assert play.open == ["note"]
    assert "t false" not in play.why


def test_a_pause_holds_it() -> None:
    """During a pause it is held, and dropped where it has stopped to hold by the resume."""
    play = player("level > 3")
    play.pause()
    play.happen("up")
    play.happen("down")
    play.resume()
    assert play.open == []
    play.pause()
    play.happen("up")
    assert play.open == []
    play.resume()
    assert play.open == ["call"]


@pytest.mark.parametrize("ended", [True, False])
def test_the_end_of_a_journey_ends_it(ended: bool) -> None:
    """After the end nothing is looked at any more."""
    play = player("days_since('enrolled') >= 2")
    if ended:
        play.withdraw()
    play.until("2026-01-09 08:00")
    assert play.open == ([] if ended else ["call"])


def test_a_track_that_was_interrupted_comes_when_it_may_again() -> None:
    """While another track has stopped it, it starts by nothing; when that is undone, it starts if it holds."""
    more = 'stopper: {when: {observed: glucose, if: "glucose > 10"}, interrupts: [t], steps: [{wait: 1d}]}'
    play = player("level > 3", more=more)
    play.result(12.0)
    play.happen("up")
    assert play.open == []
    play.result(5.0, version=2)
    assert "call" in play.open
