"""Scenarios played through workflows, a server that skips time and a store, beside the engine alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pathways.engine.reasons import Reason
from pathways.proof.rehearse import Player, Rehearsal, rehearse
from pathways.proof.scenario import Scenario
from stage import durable_player
from tests.pathways.proof.plays import HEAD, knee, of_lines, read


@pytest.fixture(scope="module")
def durable() -> Iterator[Player]:
    """One stage for all the plays of this file."""
    with durable_player() as player:
        yield player


def told(rehearsal: Rehearsal) -> list[tuple[object, ...]]:
    """What was decided, with the ids of neither player."""
    return [
        (turn.at, turn.event.kind, [action.kind for action in turn.actions], *map(_without_ids, turn.reasons))
        for turn in rehearsal.timeline
    ]


def _without_ids(reason: Reason) -> Reason:
    return replace(reason, event="", occurrence=None)


PLAYS = {
    "a task climbs its ladder at its instants": (
        "{on: day 0 09:30, observe: {glucose: 2.8 mmol/L}}",
        "then: {task: call, role: diabetes-nurse, urgent: yes, due: day 0 10:00, sent: advice}",
        "{on: day 0 10:00}",
        "then: {task: call, escalated_to: head-nurse, alarm: none}",
        "{after: 60m}",
        "then: {task: call, escalated_to: attending-doctor, alarm: last-rung}",
        "{complete: call, outcome: reached}",
        "then: {open: nothing, closed: {call: reached}}",
    ),
    "a visit is planned, announced and missed": (
        "{on: day 14 08:00}",
        "then: {visit: {x-ray: planned}, sent: visit-reminder}",
        "{on: day 23 08:00}",
        "then: {visit: {x-ray: missed}, task: rebook}",
    ),
    "a form waits and expires": (
        "{on: day 1 09:00, happened: wound-opened}",
        "then: {waiting: wound-form, sent: wound-question}",
        "{after: 1d}",
        "then: {waiting: nothing, task: call-about-form}",
    ),
    "a correction takes back what it led to": (
        "{on: day 2 09:00, observe: {glucose: 3.0 mmol/L, as: one}}",
        "{claim: call}",
        "{after: 5m, observe: {glucose: 6.0 mmol/L, as: one, status: corrected}}",
        "then: {task: call, flagged: yes, open: [call, correct-message], reason: {low-glucose: undone}}",
    ),
    "nobody is on duty": (
        "{on: day 2 09:00, observe: {glucose: 3.0 mmol/L}}",
        "{unattended: call}",
        "then: {task: call, escalated_to: head-nurse}",
    ),
    "people pause, resume and end it": (
        "{on: day 1 09:00, pause: yes}",
        "{on: day 3 09:00, resume: yes}",
        "{start: tell}",
        "{on: day 4 09:00, withdraw: yes}",
        "then: {ended: withdrawn, open: nothing}",
    ),
    "an end that was a mistake is taken back": (
        "{on: day 2 09:00, observe: {glucose: 3.0 mmol/L}}",
        "{after: 1m, die: yes}",
        "then: {ended: died, open: nothing}",
        "{on: day 4 09:00, reinstate: yes}",
        "then: {ended: nothing, open: [call, review-return]}",
    ),
    "the patient leaves for another hospital": (
        "{on: day 2 09:00, observe: {glucose: 3.0 mmol/L}}",
        "{after: 1m, leave: transferred}",
        "then: {ended: transferred, task: call, flagged: yes}",
    ),
    "seconds count": (
        "{on: 'day 0 09:00:07', observe: {glucose: 3.0 mmol/L}}",
        "then: {task: call, due: 'day 0 09:30:07'}",
    ),
}


@pytest.mark.parametrize("rule", PLAYS)
def test_both_players_meet_the_same_lines(rule: str, durable: Player) -> None:
    """Through the product, each turn comes at its instant and decides what the engine alone decides."""
    scenario = read(of_lines(*PLAYS[rule]))
    pure, played = rehearse(knee(), scenario), durable(knee(), scenario)
    assert str(played) == str(pure) == "knee.yaml: ok"
    assert told(played) == told(pure)


WRONG = {
    "another outcome of time": (
        "{on: day 0 09:30, observe: {glucose: 2.8 mmol/L}}",
        "then: {open: nothing, due: never, task: call}",
    ),
    "a message that was not sent": (
        "{on: day 1 09:00}",
        "then: {sent: advice, waiting: wound-form, visit: {x-ray: done}}",
    ),
    "a task that is not there": ("{on: day 1 09:00, complete: call, outcome: reached}",),
    "an outcome that is none": (
        "{on: day 0 09:30, observe: {glucose: 2.8 mmol/L}}",
        "{after: 1m, complete: call, outcome: reached}",
        "{after: 1m, start: recheck}",
        "{pause: yes}",
        "{pause: yes}",
        "then: {ended: withdrawn, alarm: cascade, reason: {low-glucose: undone}}",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_scenario_fails_at_the_same_lines(case: str, durable: Player) -> None:
    """Both tell the same place, the same expectation, what is so instead, and the same reasons."""
    scenario = read(of_lines(*WRONG[case]))
    pure, played = rehearse(knee(), scenario), durable(knee(), scenario)
    assert pure.failures
    assert str(played) == str(pure)


def in_zone(zone: str, enrolled: str, *lines: str) -> Scenario:
    head = HEAD.replace("sex: female", f"sex: female, zone: {zone}").replace("2026-01-05 09:00", enrolled)
    return read(
        head.replace("2026-01-06 08:00", "day 0 09:00") + "play:\n" + "".join(f"  - {line}\n" for line in lines)
    )


@pytest.mark.parametrize("enrolled", ["2026-03-28 09:00", "2026-10-24 09:00", "2028-02-28 09:00"])
def test_dates_are_those_of_the_play(enrolled: str, durable: Player) -> None:
    """Clock changes and 29 February fall where the calendar has them, whatever today's date is."""
    scenario = in_zone(
        "Europe/Berlin",
        enrolled,
        "{on: day 1 09:00, observe: {glucose: 2.8 mmol/L}}",
        "then: {task: call, due: day 1 09:30}",
        "{on: day 15 09:00}",
    )
    pure, played = rehearse(knee(), scenario), durable(knee(), scenario)
    assert str(played) == str(pure) == "knee.yaml: ok"
    assert told(played) == told(pure)


def test_facts_of_a_scenario_are_the_stores(durable: Player) -> None:
    """Without consent the message becomes a task for staff, in the store as in the engine."""
    text = of_lines("{on: day 0 09:30, happened: wound-opened}", "then: {task: contact-patient, not_sent: anything}")
    scenario = read(text.replace("play:", "consent: no\nplay:"))
    assert str(durable(knee(), scenario)) == str(rehearse(knee(), scenario)) == "knee.yaml: ok"


def test_a_stage_serves_scenario_after_scenario(durable: Player) -> None:
    """A play that ended long after its beginning disturbs none that begins before it."""
    late = read(of_lines("{on: day 900 09:00, observe: {glucose: 2.8 mmol/L}}"))
    early = read(of_lines(*PLAYS["a task climbs its ladder at its instants"]))
    assert [str(durable(knee(), one)) for one in (late, early, late)] == ["knee.yaml: ok"] * 3


def test_facts_may_change_in_a_play(durable: Player) -> None:
    """What becomes known counts from its line on, not only with the event after the next one."""
    text = of_lines(
        "{on: day 0 09:30, happened: wound-opened}",
        "then: {task: contact-patient, not_sent: anything}",
        "{on: day 1 09:00, fact: {consent: yes}}",
        "{happened: wound-opened}",
        "then: {sent: wound-question}",
    )
    scenario = read(text.replace("play:", "consent: no\nplay:"))
    assert str(durable(knee(), scenario)) == str(rehearse(knee(), scenario)) == "knee.yaml: ok"


def test_departments_people_attempts_and_waits_are_the_stores(durable: Player) -> None:
    """Whose task it is, what was tried and what it waits for show in the store as in the engine."""
    text = of_lines(
        "{on: day 0 09:30, fact: {department: surgery, team: {surgeon: s1}}}",
        "{happened: at-home}",
        "then: {task: ring, department: surgery, person: s1, due: day 0 13:30}",
        "{attempt: ring, result: no-answer}",
        "{on: day 0 10:30, suspend: ring, until: day 1 09:00}",
        "then: {task: ring, due: day 1 12:00}",
        "{on: day 1 09:00}",
        "{suspend: ring}",
        "{on: day 2 09:00, continue: ring}",
        "then: {task: ring, due: day 2 12:00}",
        "{happened: asked}",
        "{withdraw: marketing}",
        "then: {closed: {interview: cancelled}, ended: nothing}",
        "{on: day 15 09:00}",
        "{visit: x-ray, state: kept, department: imaging}",
        "{happened: seen}",
        "then: {task: letter, department: imaging}",
    )
    assert str(rehearse(knee(), read(text))) == "knee.yaml: ok"
    assert str(durable(knee(), read(text))) == "knee.yaml: ok"
