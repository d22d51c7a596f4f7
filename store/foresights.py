"""Alarms do not wait for the engine: what a journey will find urgent is on its list before the journey has seen it.

It is foreseen from the state that the store shows and what waits in the inbox, and done under the ids that the journey
will give. The journey adopts what it finds there, or closes it with a reason.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import and_, case, exists, or_, select

from pathways.engine.actions import CloseTask, EscalateTask, NotifyStaff, OpenTask, RaiseAlarm
from pathways.engine.advance import next_wakeup
from pathways.engine.context import Facts
from pathways.engine.events import AnyEvent, RungUnattended, Tick
from pathways.engine.foresight import Ahead, Foreseen, foresee, has_urgent
from pathways.engine.ids import derive
from pathways.engine.journey import Journey, read_journey, write_journey
from pathways.language.release import Release, load_release
from store import alarms, attendance, inbox, journeys, messages, releases, tables, tasks
from store.database import Session
from store.facts import Policy, facts_of
from store.ids import new_id

KEPT_FROM = 8
"""From so many events that a journey has not taken in on, what was foreseen of them is kept: each is looked at once."""
RUNGS = 10
"""No ladder has more rungs that find nobody on duty one after the other."""


def look_ahead(session: Session, journey: str, policy: Policy, *, now: datetime) -> bool:
    """Do what is urgent of what the journey has not taken in yet; whether there was any."""
    return _look(session, journey, policy, now=now, tick=False)


def look_ahead_of(session: Session, patient: str, policy: Policy, *, now: datetime) -> None:
    """Look ahead in each open journey of the patient."""
    session.flush()
    for journey in sorted(one.id for one in journeys.find_open(session, patient)):
        look_ahead(session, journey, policy, now=now)


def fire_rungs(session: Session, journey: str, policy: Policy, *, now: datetime) -> bool:
    """Pass the rungs of its urgent tasks that are due now, its engine being away; whether there was any."""
    return _look(session, journey, policy, now=now, tick=True)


def late(session: Session, *, before: datetime, limit: int, after: str = "") -> Sequence[str]:
    """Journeys with urgent work open that owed a turn before that instant, by id: their rungs may be due."""
    owed = case(
        (tables.Foresight.sequence == tables.Journey.sequence, tables.Foresight.wakeup), else_=tables.Journey.wakeup
    )
    unseen = exists().where(
        tables.Inbox.journey == tables.Journey.id, tables.Inbox.state == "pending", tables.Inbox.received <= before
    )
    rows = (
        select(tables.Journey.id)
        .join(tables.Task, tables.Task.journey == tables.Journey.id)
        .outerjoin(tables.Foresight, tables.Foresight.journey == tables.Journey.id)
        .where(tables.Task.status.in_(("open", "held")), tables.Task.urgent, tables.Journey.id > after)
        .where(or_(owed <= before, and_(tables.Foresight.journey.is_(None), unseen)))
        .distinct()
        .order_by(tables.Journey.id)
        .limit(limit)
    )
    return session.scalars(rows).all()


def _look(session: Session, id: str, policy: Policy, *, now: datetime, tick: bool) -> bool:
    row = journeys.lock(session, id)  # what it shows and what waits for it must be of one moment
    if row is None:
        return False
    release = releases.load(releases.read(session, row.release))
    if not _has_urgent(release.text):
        return False
    waiting = inbox.of_journey(session, row.id)
    known = session.get(tables.Foresight, row.id, populate_existing=True)
    ids = [one.id for one in waiting]
    goes_on = known is not None and known.sequence == row.sequence and ids[: len(known.events)] == known.events
    try:
        journey = read_journey(known.state if known is not None and goes_on else row.state)
        events = [inbox.event_of(one) for one in (waiting[len(known.events) :] if known and goes_on else waiting)]
    except ValueError:
        return False  # Written by a newer version: the journey itself is served by a worker of that one.
    facts = facts_of(session, row.patient, policy, now=now, wanted=releases.seasons_of(release.text))
    if tick:
        events.append(Tick(id=new_id(), received=now))
    if not events:
        return False
    journey, did = _serve(session, row, release, journey, events, facts, now=now)
    if did or tick or len(ids) >= KEPT_FROM:
        seen = tables.Foresight(
            journey=row.id,
            sequence=row.sequence,
            events=ids,
            state=write_journey(journey).decode(),
            wakeup=next_wakeup(release, journey, facts),
        )
        session.merge(seen)
    session.flush()
    return did


def _serve(
    session: Session,
    row: tables.Journey,
    release: Release,
    journey: Journey,
    events: Sequence[AnyEvent],
    facts: Facts,
    *,
    now: datetime,
) -> tuple[Journey, bool]:
    """Foresee, do what is urgent, and let rungs pass at once on which nobody is on duty."""
    did = False
    for _ in range(RUNGS):
        foreseen: Foreseen = foresee(release, journey, events, facts, now=now)
        journey = foreseen.journey
        done = _perform(session, row, foreseen.ahead)
        did = did or bool(done)
        empty = attendance.unattended(session, attendance.rungs_of(one.action for one in done), now=now)
        events = [_unattended(row, one, now=now) for one in empty]
        if not events:
            break
    return journey, did


def _perform(session: Session, row: tables.Journey, ahead: Sequence[Ahead]) -> list[Ahead]:
    """Do what is about urgent tasks; what there was to do."""
    done: list[Ahead] = []
    passed = False
    for place, one in enumerate(ahead):
        match one.action:
            case OpenTask():
                holds = not isinstance(one.event, Tick) and not _is_taken_back(one.action, ahead[place:])
                if holds and not tasks.is_there(session, one.action.task):
                    tasks.open_(session, row, one.action, provisional=one.event.id)
                    done.append(one)
            case CloseTask():
                tasks.doubt(session, one.action)
            case EscalateTask():
                passed = tasks.is_urgent(session, one.action.task, below=one.action.rung)
                if passed:
                    tasks.escalate(session, one.action)
                    done.append(one)
            case NotifyStaff():
                if passed:
                    messages.notify(session, row, one.action)
            case RaiseAlarm():
                if one.action.task is not None and tasks.is_urgent(session, one.action.task):
                    alarms.raise_(session, row, one.action)
    return done


def _is_taken_back(opened: OpenTask, ahead: Sequence[Ahead]) -> bool:
    """Whether it is over before anybody could see it: a value that was corrected in the same breath."""
    return any(isinstance(later.action, CloseTask) and later.action.task == opened.task for later in ahead)


def _unattended(row: tables.Journey, one: attendance.Standing, *, now: datetime) -> RungUnattended:
    id = derive(row.id, "unattended", one.task, str(one.rung))
    return RungUnattended(id=id, received=now, task=one.task, rung=one.rung)


@lru_cache(maxsize=256)
def _has_urgent(text: str) -> bool:
    return has_urgent(load_release(text))
