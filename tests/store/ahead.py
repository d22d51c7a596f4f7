"""A pathway with urgent work, the people of its ladder, and the engine that comes back after an outage."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from activities.contracts import Projection, Turned, fingerprint
from activities.projection import project
from pathways.engine.advance import advance, next_wakeup
from pathways.engine.context import Context
from pathways.engine.events import AnyEvent, RungUnattended, Tick
from pathways.engine.ids import derive
from pathways.engine.journey import write_journey
from pathways.language.reading import read
from pathways.language.release import Release
from store import inbox, journeys, messages, observations, people, releases, tables, tasks
from store.database import Database, Session
from store.facts import Policy, facts_of
from tests.store import builders
from tests.store.builders import NOW

POLICY = Policy()
GLUCOSE = "14771-0"
ROLES = ("diabetes-nurse", "head-nurse", "attending-doctor", "quality-office")
_PATHWAY = """
pathway: watch
title: {zh: 观察, en: Watch}
owner: diabetes-nurse
evidence: [test]
anchors: {enrolled: {}}
data:
  glucose: {observation: [14771-0], unit: mmol/L}
ladders:
  urgent: [{after: 30m, to: head-nurse}, {after: 2h, to: attending-doctor, page: yes}, {after: 4h, to: quality-office}]
  routine: [{after: 1 working day, to: head-nurse}]
tracks:
  low:
    safety: yes
    when: {observed: glucose, if: "glucose <= 3.9", worse: lower, by: 0.5, fresh: 48h}
    steps:
      - {send: advice, urgent: yes}
      - {task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent, outcomes: {reached: []}}
  high:
    when: {observed: glucose, if: "glucose >= 11.1", fresh: 48h}
    steps: [{task: review, role: diabetes-nurse, due: 1 working day, ladder: routine, outcomes: {reached: []}}]
words:
  low: {zh: 低血糖, en: Low}
  high: {zh: 高血糖, en: High}
  call: {zh: 致电, en: Call}
  review: {zh: 复核, en: Review}
  reached: {zh: 已联系, en: Reached}
"""
_ADVICE = 'message: advice\ntext: {zh: "请进食。", en: "Please eat."}\n'


def watch() -> Release:
    """A pathway that calls people with a low glucose."""
    return read({"pathway.yaml": _PATHWAY, "messages/advice.yaml": _ADVICE})


def hire(session: Session, *roles: str) -> None:
    """One person for each of these roles; the others have nobody."""
    people.load_seed(
        session,
        {
            "roles": [{"id": role, "zh": role, "en": role} for role in ROLES],
            "staff": [{"id": f"{role}-1", "name": role, "roles": [role]} for role in roles],
        },
    )


def begin(session: Session, *, roles: Sequence[str] = ROLES, pathway: Release | None = None) -> tables.Journey:
    """A journey that has not had a turn yet, of a patient who agreed to be told things."""
    hire(session, *roles)
    return builders.journey(session, builders.consented(session), pathway or watch())


def started(database: Database, *, roles: Sequence[str] = ROLES, pathway: Release | None = None) -> str:
    """A journey that took its enrolment in; the id."""
    with database.write() as session:
        journey = begin(session, roles=roles, pathway=pathway).id
    come_back(database, journey, now=NOW)
    return journey


def say(session: Session, journey: str, value: float, *, source: str = "1", now: datetime = NOW, **more: Any) -> str:
    """A result of the journey's patient is accepted; its event."""
    given: dict[str, Any] = {
        "source_system": "lis",
        "source_id": source,
        "patient": journeys.read(session, journey).patient,
        "code": GLUCOSE,
        "effective": NOW - timedelta(minutes=5),
        "status": "final",
        "value": value,
        "unit": "mmol/L",
        "origin": "laboratory",
    }
    return observations.take_in(session, observations.Result(**(given | more)), now=now).events[0]


def come_back(database: Database, journey: str, *, now: datetime, unheard: Sequence[AnyEvent] = ()) -> None:
    """The engine takes in what waits, each event at its receipt and the last one now, and what is due.

    `unheard` reached the journey before all that, and the store does not know of it.
    """
    with database.read() as session:
        events = [*unheard, *(inbox.event_of(row) for row in inbox.of_journey(session, journey))]
    _turns(database, journey, events, now=now)
    with database.read() as session:
        row = journeys.read(session, journey)
    if row.wakeup is not None and row.wakeup <= now:
        _turns(database, journey, [Tick(id=derive(journey, "tick", str(row.sequence)), received=now)], now=now)


def _turns(database: Database, journey: str, events: Sequence[AnyEvent], *, now: datetime) -> None:
    with database.write() as session:
        row = journeys.read(session, journey)
        release = releases.load(releases.read(session, row.release))
        state, facts = journeys.state_of(row), facts_of(session, row.patient, POLICY, now=now)
        turns: list[Turned] = []
        for place, event in enumerate(events, start=1):
            at = now if place == len(events) else min(max(event.received, state.clock), now)
            turn = advance(release, state, event, Context(now=at, facts=facts))
            state = turn.journey
            told = Turned(
                sequence=state.sequence,
                event=event,
                state=fingerprint(write_journey(state)),
                actions=turn.actions,
                reasons=turn.reasons,
            )
            turns.append(told)
        if not turns:
            return
        whole = Projection(journey=state, turns=tuple(turns), wakeup=next_wakeup(release, state, facts))
        empty = project(session, whole, now=now, policy=POLICY).unattended
    again = [
        RungUnattended(
            id=derive(journey, "unattended", one.task, str(one.rung)), received=now, task=one.task, rung=one.rung
        )
        for one in empty
    ]
    _turns(database, journey, again, now=now)


def tasks_of(session: Session, journey: str) -> list[tables.Task]:
    """Every task of the journey, ended or not."""
    return list(session.query(tables.Task).where(tables.Task.journey == journey).order_by(tables.Task.opened))


def the_call(session: Session, journey: str) -> tables.Task:
    """The only call that the journey ever asked for."""
    (task,) = [task for task in tasks_of(session, journey) if task.name == "call"]
    return task


def roles_of(session: Session, task: str) -> list[str]:
    """The roles to which the task has come, in order."""
    return [row.role for row in tasks.roles_of(session, task)]


def lines_of(session: Session, task: str) -> list[str]:
    """The history of the task, a word a line."""
    return [row.what for row in tasks.history(session, task)]


def pages_of(session: Session, journey: str) -> list[str | None]:
    """The roles that were called."""
    return [row.role for row in messages.list_(session, journey=journey) if row.role is not None]


def newer(state: str) -> str:
    """The state as a program of tomorrow writes it."""
    return state.replace("{", '{"format":99,', 1)
