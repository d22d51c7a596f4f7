"""What a journey will find urgent is foreseen from what it has not taken in: under its own ids, and no more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pathways.engine.actions import AnyAction, OpenTask
from pathways.engine.advance import advance
from pathways.engine.context import Context
from pathways.engine.events import AnyEvent, Happened, ResultReceived, RungUnattended, TaskCompleted, Tick
from pathways.engine.foresight import Foreseen, foresee, has_urgent
from pathways.engine.journey import Journey
from pathways.language.release import Release
from tests.pathways.engine.build import FACTS, START, at, journey, release

TRACKS = """
low:
  safety: yes
  when: {observed: glucose, if: "glucose <= 3.9", worse: lower, by: 0.5}
  steps:
    - {send: advice, urgent: yes}
    - {notify: head-nurse, message: told}
    - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}
high:
  when: {observed: glucose, if: "glucose >= 11.1"}
  steps: [{task: review, role: diabetes-nurse, due: 1 working day, ladder: routine}]
fall:
  safety: no
  when: {event: fell}
  steps: [{task: look, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]
"""


def result(value: float, minute: int = 0, **more: Any) -> ResultReceived:
    """A glucose that was received so long after the start."""
    then = at(f"2026-01-05 {9 + minute // 60:02}:{minute % 60:02}")
    given: dict[str, Any] = {"id": f"e{minute}-{value}", "result": f"r{minute}", "version": 1, "status": "final"}
    given |= {"code": "14749-6", "value": value, "unit": "mmol/L", "origin": "laboratory"}
    return ResultReceived(received=then, effective=then, **(given | more))


def tick(minute: int) -> Tick:
    return Tick(id=f"t{minute}", received=result(5, minute).received)


def look(*events: AnyEvent, of: Release | None = None, since: Journey | None = None, minute: int = 600) -> Foreseen:
    """Foresee these events as it is seen then."""
    release_of = of or release(TRACKS)
    return foresee(release_of, since or journey(release_of), events, FACTS, now=tick(minute).received)


def told(foreseen: Foreseen) -> list[str]:
    """Each thing done ahead in short."""
    return [_told(one.action) for one in foreseen.ahead]


def _told(action: AnyAction) -> str:
    match action.kind:
        case "open-task":
            return f"open {action.name}"
        case "escalate-task":
            return f"rung {action.rung} {action.to}"
        case "close-task":
            return f"close {action.end}"
        case "notify-staff":
            return f"notify {action.template}"
        case "raise-alarm":
            return f"alarm {action.code}"
        case _:
            return action.kind


def completed(task: str, minute: int) -> TaskCompleted:
    then = tick(minute).received
    return TaskCompleted(id=f"c{minute}", received=then, task=task, by="anna", outcome="done", at=then)


def opened(foreseen: Foreseen) -> OpenTask:
    (task,) = [one.action for one in foreseen.ahead if isinstance(one.action, OpenTask)]
    return task


FELL = Happened(id="fell", received=START, name="fell")


@pytest.mark.parametrize(
    ("events", "ahead"),
    [
        pytest.param([], [], id="nothing-waits"),
        pytest.param([result(2.1)], ["open call"], id="urgent"),
        pytest.param([FELL], ["open look"], id="urgent-by-an-event"),
        pytest.param([result(12.0)], [], id="routine"),
        pytest.param([result(6.0)], [], id="normal"),
        pytest.param([result(2.1), result(6.0, 5)], ["open call"], id="a-normal-value-ends-nothing"),
        pytest.param([result(2.1, 0), tick(30)], ["open call", "rung 1 head-nurse"], id="a-rung"),
        pytest.param(
            [result(2.1, 0), tick(120)],
            ["open call", "rung 1 head-nurse", "rung 2 attending-doctor", "notify page", "alarm last-rung"],
            id="the-last-rung-pages-and-calls-an-operator",
        ),
        pytest.param([result(3.8), result(3.0, 5)], ["open call", "rung 1 head-nurse"], id="worse-is-due-at-once"),
        pytest.param([result(3.8), result(3.6, 5)], ["open call"], id="as-bad-attaches"),
        pytest.param(
            [result(2.1), result(5.9, 5, result="r0", version=2, status="corrected")],
            ["open call", "close cancelled"],
            id="a-correction-takes-back",
        ),
        pytest.param([result(2.1), result(2.1)], ["open call"], id="twice-is-once"),
        pytest.param([result(2.1, status="preliminary")], ["open call"], id="safety-acts-on-a-preliminary-one"),
    ],
)
def test_what_cannot_wait_is_foreseen_and_nothing_else(events: Sequence[AnyEvent], ahead: list[str]) -> None:
    """Urgent tasks, their rungs, pages and last alarms; patients are told by the journey alone."""
    assert told(look(*events)) == ahead


def test_it_is_what_the_journey_will_do() -> None:
    """The same events, taken in when the engine is back, give the same task: id, role, due time and rungs."""
    of = release(TRACKS)
    foreseen = look(result(2.1), tick(30), of=of)
    later = Context(now=tick(125).received, facts=FACTS)
    adopted = advance(of, journey(of), result(2.1), later)
    ahead, own = opened(foreseen), next(one for one in adopted.actions if isinstance(one, OpenTask))
    assert replace(own, opened=ahead.opened) == ahead
    rungs = [one for one in adopted.actions if one.kind == "escalate-task"]
    assert [(one.rung, one.to, one.task) for one in rungs] == [
        (1, "head-nurse", ahead.task),
        (2, "attending-doctor", ahead.task),
    ]


def test_each_event_counts_from_its_receipt_and_not_from_the_look() -> None:
    """Seen an hour late, the task is due half an hour after its result, and nothing is done before it was received."""
    foreseen = look(result(2.1), minute=60)
    assert opened(foreseen).due == tick(30).received
    assert foreseen.journey.clock == START
    assert [rung for rung in told(look(result(2.1), tick(60))) if rung.startswith("rung")] == ["rung 1 head-nurse"]


def test_a_completion_that_waits_lets_no_rung_pass() -> None:
    """Who did the work is not overtaken by the ladder, nor by a rung that nobody let pass before it was done."""
    task = opened(look(result(2.1))).task
    assert told(look(result(2.1), completed(task, 20), tick(200))) == ["open call"]
    assert told(look(result(2.1), completed(task, 40), tick(200))) == ["open call"]
    assert told(look(result(2.1), tick(30), completed(task, 40), tick(200))) == ["open call", "rung 1 head-nurse"]


def test_nobody_on_duty_passes_the_next_rung_at_once() -> None:
    """Word that a role is empty is an event like others."""
    foreseen = look(result(2.1))
    empty = RungUnattended(id="u", received=tick(1).received, task=opened(foreseen).task, rung=0)
    assert told(look(empty, since=foreseen.journey)) == ["rung 1 head-nurse"]


def test_a_foresight_goes_on_where_the_last_one_ended() -> None:
    """Event by event or all at once, it is the same journey and the same work."""
    events = [result(3.8), result(3.0, 5), result(12.0, 7), result(2.2, 9), tick(90)]
    of = release(TRACKS)
    whole = look(*events, of=of)
    since = journey(of)
    ahead: list[str] = []
    for event in events:
        step = look(event, of=of, since=since)
        since = step.journey
        ahead += told(step)
    assert (since, ahead) == (whole.journey, told(whole))


def test_a_receipt_before_the_journeys_clock_counts_from_the_clock() -> None:
    """Time never runs back for a journey; nor does it run ahead of the one who looks."""
    foreseen = look(result(12.0, 60))
    late = look(result(2.1), since=foreseen.journey, minute=60)
    assert late.journey.clock == tick(60).received
    assert look(result(2.1, 90), minute=30).journey.clock == tick(30).received


@pytest.mark.parametrize(
    ("ladders", "urgent"),
    [("routine", False), ("urgent", True), ("urgent-night", True), ("urgently", False)],
)
def test_a_pathway_without_an_urgent_ladder_needs_no_foresight(ladders: str, urgent: bool) -> None:
    """Nothing of it can be urgent, so nobody looks."""
    step, rung = "task: call, role: diabetes-nurse", "to: head-nurse"
    due = "clock: elapsed, due: 1h" if urgent else "due: 1 working day"
    steps = f"[{{{step}, {due}, ladder: {ladders}}}]"
    routine = "" if ladders == "routine" else f"{ladders}: [{{after: 1h, {rung}}}]"
    more = f"ladders: {{routine: [{{after: 1 working day, {rung}}}], {routine}}}"
    assert has_urgent(release(f"t: {{safety: no, when: by-hand, steps: {steps}}}", more=more)) is urgent
