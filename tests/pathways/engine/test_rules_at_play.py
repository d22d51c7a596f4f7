"""Single rules under pressure: small pathways on which little else happens, in many plays of a few kinds of moves.

Each turn is checked by `World.play`. Plays of every kind at once seldom come to the one turn that breaks a rule.
"""

import os
from datetime import timedelta
from random import Random

import pytest

from pathways.engine.actions import AnnotateTask, CloseTask, EscalateTask, OpenTask
from pathways.engine.events import AnyEvent, Happened, Paused, ResultReceived, Resumed, TaskCompleted
from pathways.language.schedule import parse_duration, shift
from tests.pathways.engine.build import CODES, FACTS, ZONE, release
from tests.pathways.engine.generate import play
from tests.pathways.engine.world import World

PLAYS = 3_000 if os.environ.get("PROOF_SIZE") == "full" else 40
SOON = ("0s", "1m", "31m")
DAYS = ("0s", "5h", "25h", "3d")
NOW = ("0s",)

CHOSEN = """
a:
  safety: no
  when: {observed: glucose, if: "glucose > 10"}
  steps:
    - task: call
      role: diabetes-nurse
      outcomes:
        reached: [{visit: v, window: {late: 9d}}, {wait: 1d}, {task: check, role: family-doctor, outcomes: {refer: []}}]
        refer: [{ask: f, message: n, expires: 9d}]
    - {task: check, role: family-doctor, outcomes: {refer: [{wait: 3d}]}}
"""
MISSED = """
a:
  when: {event: fell}
  while_running: parallel
  steps:
    - visit: v
      window: {late: 1d}
      satisfied_by: {data: glucose}
      kept: [{send: n}]
      missed:
        - {task: call, role: diabetes-nurse, outcomes: {reached: [{wait: 9d}, {send: m}], refer: []}}
        - {task: check, role: diabetes-nurse, outcomes: {refer: [{visit: w, window: {late: 3d}}]}}
b:
  when: {event: fell}
  while_running: parallel
  steps:
    - ask: f
      message: n
      expires: 1d
      unanswered: [{task: call, role: diabetes-nurse, outcomes: {reached: [{wait: 9d}], refer: []}}]
"""
CAPPED = """
a:
  safety: yes
  when: {observed: glucose, if: "glucose <= 7", worse: lower, by: 0.3}
  at_most: once per 14d
  steps: [{task: call, role: diabetes-nurse, outcomes: {reached: [], refer: []}}]
b:
  safety: no
  when: {observed: glucose, if: "glucose > 4", worse: higher, by: 1}
  at_most: once per 14d
  steps: [{task: check, role: diabetes-nurse, outcomes: {refer: []}}]
"""
LEFT = """
a:
  when: {event: fell}
  while_running: parallel
  steps:
    - {send: n}
    - {ask: f, message: m, remind: [1d, 2d]}
b: {when: {event: fell}, while_running: parallel, steps: [{visit: v, window: {late: 30d}, remind: [5d, 1d]}, {send: n}]}
c: {when: {event: fell}, while_running: parallel, steps: [{wait: 1d}, {send: m}, {notify: family-doctor, message: n}]}
d: {when: {every: 1d, from: enrolled}, steps: [{send: n}]}
e:
  when: {event: fell}
  while_running: parallel
  steps: [{task: check, role: diabetes-nurse, ladder: routine, due: 1 working day, outcomes: {refer: [{send: m}]}}]
g:
  safety: yes
  when: {observed: glucose, if: "glucose > 10"}
  steps:
    - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent, outcomes: {reached: [{send: n}]}}
h: {when: by-hand, steps: [{visit: w, window: {late: 30d}, remind: [1d]}]}
k: {when: {every: 6d, from: enrolled}, steps: [{visit: w, window: {late: 3d}, remind: [3d, 1d]}]}
i: {when: {outcome: reached, of: call}, steps: [{wait: 3d}, {end: completed}]}
"""
ENDS = ("leave", "withdraw", "die", "reinstate", "reinstate", "reinstate")
RULES = {
    "what a person chose is never taken back": (CHOSEN, ("result", "result", "result", "complete", "claim"), SOON),
    "what was missed and came after all takes no choice back": (
        MISSED,
        ("happen", "happen", "tick", "complete", "complete", "visit", "result", "answer"),
        DAYS,
    ),
    "a worse value always reaches a person": (CAPPED, ("result", "result", "result", "complete", "complete"), SOON),
    "an exit leaves open what its row keeps, and nothing is sent": (
        LEFT,
        (*("happen", "start", "result", "claim", "complete", "tick", "visit", "release") * 2, *ENDS),
        DAYS,
    ),
}


@pytest.mark.parametrize(("tracks", "kinds", "gaps"), RULES.values(), ids=RULES)
def test_the_rule_holds_in_every_play(tracks: str, kinds: tuple[str, ...], gaps: tuple[str, ...]) -> None:
    """No play of these moves breaks it."""
    of = release(tracks)
    for seed in range(PLAYS):
        world = World(of, FACTS)
        for move in play(seed, 25, kinds, gaps, NOW):
            world.move(move)
        world.wait(world.now + timedelta(days=9))


SAFE = """
safe:
  safety: yes
  when: {observed: glucose, if: "glucose <= 3.9", worse: lower, by: 0.5}
  at_most: once per 4h
  steps:
    - {send: n, urgent: yes}
    - task: call
      role: diabetes-nurse
      clock: elapsed
      due: 30m
      ladder: urgent
      outcomes: {reached: [{wait: 5h}, {task: check, role: family-doctor, due: 1 working day, ladder: routine}]}
quiet:
  safety: yes
  when: {silent: pulse, for: 3d}
  steps: [{task: check, role: diabetes-nurse, due: 2 working hours, ladder: routine}]
high:
  safety: no
  when: {observed: glucose, if: "glucose > 10"}
  steps: [{send: m}, {task: call, role: family-doctor, clock: elapsed, due: 30m, ladder: urgent}]
routine: {when: {event: fell}, steps: [{send: n}, {task: check, role: family-doctor, due: 1 working day}, {wait: 1d}]}
daily: {when: {every: 1d, from: enrolled}, steps: [{send: m}]}
"""
"""Safety tracks beside others that a pause holds."""
KINDS = ("result", "result", "pulse", "complete", "fell", "nothing", "pause", "resume")
GAPS = ("0s", "31m", "5h", "25h", "3d")
ON_SAFETY = frozenset({"safe", "quiet"})


def _safety(world: World) -> list[tuple[object, ...]]:
    """What became of the tasks of safety tracks, as people saw it, in order."""
    seen: list[tuple[object, ...]] = []
    for action in world.log:
        if not isinstance(action, OpenTask | CloseTask | EscalateTask | AnnotateTask):
            continue
        if world.opened[action.task].track in ON_SAFETY:
            seen.append((action.kind, action.task, getattr(action, "due", None), getattr(action, "rung", None)))
    return seen


def test_pauses_at_any_time_lose_no_safety_task() -> None:
    """Whatever else is held meanwhile, every safety task opens, climbs and ends as without the pauses."""
    of = release(SAFE)
    for seed in range(PLAYS):
        chance, through, paused = Random(seed), World(of, FACTS), World(of, FACTS)
        for number in range(30):
            end = shift(through.now, parse_duration(chance.choice(GAPS)), ZONE)
            for world in (through, paused):
                world.wait(end)
                world.now = end
            kind, value = chance.choice(KINDS), chance.choice((2.0, 2.4, 3.0, 3.8, 5.0, 12.0))
            event = _event(kind, f"e{number}", through, value)
            if event is not None:
                through.play(event)
                paused.play(event)
            elif kind == "pause" and paused.journey.status == "active":
                paused.play(Paused(id=f"e{number}", received=end, by="anna"))
            elif kind == "resume" and paused.journey.status == "paused":
                paused.play(Resumed(id=f"e{number}", received=end, by="anna"))
        assert _safety(paused) == _safety(through)


def _event(kind: str, id: str, world: World, value: float) -> AnyEvent | None:
    """What happens to both; a person acts on safety tasks alone, since what else is open differs."""
    task = next((task for task in world.tasks.values() if task.track in ON_SAFETY), None)
    match kind:
        case "result" | "pulse":
            code, unit = CODES["glucose" if kind == "result" else "pulse"]
            return ResultReceived(
                id=id,
                received=world.now,
                result=id,
                version=1,
                status="final",
                code=code,
                effective=world.now,
                value=value,
                unit=unit,
            )
        case "fell":
            return Happened(id=id, received=world.now, name="fell")
        case "complete" if task is not None:
            return TaskCompleted(
                id=id, received=world.now, task=task.task, by="anna", outcome=task.outcomes[0], at=world.now
            )
        case _:
            return None
