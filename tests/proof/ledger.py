"""What outsiders were promised, and whether the site keeps it: nothing lost, nothing stuck, nobody told twice."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from temporalio.client import Client
from temporalio.service import RPCError

from pathways.engine.journey import Journey
from store import inbox, journeys, messages, observations, tables, tasks
from store.database import Session
from tests.proof.pathway import CODE, STRONG, TOP, Person, text_of
from tests.proof.site import Site
from workflows.journey import PatientJourney
from workflows.runs import workflow_id

LOOK_AT_MOST = 100_000


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result that was answered with 202."""

    id: str
    person: Person
    value: int

    @property
    def strong(self) -> bool:
        """Whether it needs a call."""
        return self.value >= STRONG


@dataclass(kw_only=True)
class Ledger:
    """What was accepted, by whom it is awaited; and the requests that are under way."""

    journeys: dict[str, Person] = field(default_factory=dict[str, Person])
    results: list[Result] = field(default_factory=list[Result])
    completed: set[str] = field(default_factory=set[str])
    under_way: set[str] = field(default_factory=set[str])
    broken: set[str] = field(default_factory=set[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def request(self, name: str) -> Generator[None]:
        """A request is under way; what breaks it leaves its name among the broken ones."""
        with self.lock:
            self.under_way.add(name)
        try:
            yield
        except BaseException:
            with self.lock:
                self.broken.add(name)
            raise
        finally:
            with self.lock:
                self.under_way.discard(name)


def wrong(site: Site, ledger: Ledger) -> list[str]:
    """Everything that is lost or stuck now, as the store and the provider show it."""
    with site.database.read() as session:
        return [*_unreflected(session, ledger), *_tasks(session, ledger), *_stuck(session), *_untold(site, ledger)]


def lost_results(site: Site, ledger: Ledger) -> list[str]:
    """Accepted results that their journey did not take in, with a reason for each, exactly once."""
    with site.database.read() as session:
        return _unreflected(session, ledger)


def told_twice(site: Site) -> list[str]:
    """Tellings of one recipient with one text, or under one key, beyond the first."""
    told = [request for request in site.requests() if request["told"]]
    by_text = Counter((request["recipient"], request["text"]) for request in told)
    by_key = Counter(request["key"] for request in told)
    twice = [(text, times) for (_, text), times in by_text.items() if times > 1]
    return [f"told {times} times: {what}" for what, times in (*twice, *((k, n) for k, n in by_key.items() if n > 1))]


def settle(site: Site, ledger: Ledger, *, within: float) -> None:
    """Wait until nothing is lost or stuck; what still is then fails."""
    deadline = time.monotonic() + within
    while found := wrong(site, ledger):
        dead = [program.name for program in site.programs if program.dead]
        assert not dead, f"{dead} ended without being killed"
        assert time.monotonic() < deadline, "\n".join([f"after {within:g} s {len(found)} are wrong:", *found[:20]])
        time.sleep(0.2)


async def differing(site: Site, client: Client, ledger: Ledger) -> list[str]:
    """Journeys of which the workflow's state is not the store's."""
    limit = asyncio.Semaphore(10)

    async def differs(journey: str) -> bool:
        async with limit:
            try:
                state: Journey = await client.get_workflow_handle_for(PatientJourney.run, workflow_id(journey)).query(
                    PatientJourney.state
                )
            except RPCError:
                return True
        with site.database.read() as session:
            return journeys.state_of(journeys.read(session, journey)) != state

    found = await asyncio.gather(*map(differs, ledger.journeys))
    return [journey for journey, differ in zip(ledger.journeys, found, strict=True) if differ]


def pending(session: Session) -> frozenset[str]:
    """Inbox rows that were handed to their journeys and are not shown: turns in flight."""
    rows = session.query(tables.Inbox).where(tables.Inbox.state == "pending", tables.Inbox.signalled_at.is_not(None))
    return frozenset(row.id for row in rows)


def leased(session: Session) -> frozenset[str]:
    """Messages that somebody is sending."""
    return frozenset(row.id for row in messages.list_(session, state="leased", limit=LOOK_AT_MOST))


def _unreflected(session: Session, ledger: Ledger) -> list[str]:
    journey_of = {person.id: journey for journey, person in ledger.journeys.items()}
    versions: dict[str, tables.Observation] = {}
    for person in ledger.journeys.values():
        for row in observations.list_(session, patient=person.id, code=CODE, limit=LOOK_AT_MOST):
            versions[row.source_id] = row
    reasons = Counter(
        row.event
        for journey in ledger.journeys
        for row in journeys.timeline(session, journey, limit=LOOK_AT_MOST)
        if row.code == "started"
    )
    found: list[str] = []
    for result in ledger.results:
        row, journey = versions.get(result.id), journey_of.get(result.person.id)
        event = None if row is None or journey is None else observations.event_for(row, journey, received=row.received)
        if event is None or reasons[event.id] != 1:
            found.append(f"result {result.id}: {0 if event is None else reasons[event.id]} times taken in")
    return found


def _tasks(session: Session, ledger: Ledger) -> list[str]:
    found: list[str] = []
    for journey, person in ledger.journeys.items():
        rows = session.query(tables.Task).where(tables.Task.journey == journey).all()
        have = Counter((row.name, int(row.values.get("pain") or 0)) for row in rows)
        want = Counter(("call", result.value) for result in ledger.results if result.person == person and result.strong)
        want["first-call", 0] = 1
        if have != want:
            found.append(f"{person.name}: tasks {dict(have - want)} too many, {dict(want - have)} too few")
        found += [f"task {row.id}: {trouble}" for row in rows if (trouble := _unfinished(session, ledger, row))]
    return found


def _unfinished(session: Session, ledger: Ledger, row: tables.Task) -> str | None:
    if row.id in ledger.completed:
        closings = sum(line.what == "closed" for line in tasks.history(session, row.id))
        return None if row.outcome == "reached" and closings == 1 else f"completed, and closed {closings} times"
    if row.name != "call":
        return None
    alarms = session.query(tables.Alarm).where(tables.Alarm.task == row.id).count()
    at_top = row.rung == TOP and len(tasks.roles_of(session, row.id)) == TOP + 1 and alarms == 1
    return None if at_top else f"on rung {row.rung} with {alarms} alarms"


def _stuck(session: Session) -> list[str]:
    waiting = [row for journey in session.query(tables.Journey) for row in inbox.of_journey(session, journey.id)]
    outbox = [row for state in ("waiting", "leased", "failed", "dropped") for row in _in_state(session, state)]
    return [
        *(f"inbox {row.id} ({row.kind}) is not taken in, {row.attempts} attempts" for row in waiting),
        *(f"message {row.id} is {row.state}, {row.attempts} attempts, {row.outcome}" for row in outbox),
    ]


def _in_state(session: Session, state: tables.MessageState) -> Sequence[tables.Message]:
    return messages.list_(session, state=state, limit=LOOK_AT_MOST)


def _untold(site: Site, ledger: Ledger) -> list[str]:
    told = {(request["recipient"], request["text"]) for request in site.requests() if request["told"]}
    wanted = {(person.phone, text_of("welcome", person.name, None)) for person in ledger.journeys.values()}
    for result in ledger.results:
        template = "heard" if result.strong else "noted"
        wanted.add((result.person.phone, text_of(template, result.person.name, result.value)))
    return [
        *(f"not told: {text}" for _, text in sorted(wanted - told)),
        *(f"told without a cause: {text}" for _, text in sorted(told - wanted)),
    ]
