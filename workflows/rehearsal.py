"""Plays scenarios through the product itself: a journey as a workflow, its projection, a store.

What a scenario expects is looked for in the store's tables, as people see them; the server skips the time in between.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import get_args

from temporalio.testing import WorkflowEnvironment

from pathways.engine.context import Facts
from pathways.engine.events import AnyEvent, Enrolled, Happened, Tick, VisitReported
from pathways.engine.reasons import Reason
from pathways.errors import EngineUnavailable, NotReady, Refused
from pathways.language.release import Release
from pathways.proof.cast import cast_of
from pathways.proof.outside import HAPPENED, Outside
from pathways.proof.play import Cue, Failure, Move, Seen, play
from pathways.proof.rehearse import PATIENCE, Rehearsal
from pathways.proof.scenario import PERSON, Learnt, OnCall, Scenario
from store import calendars, inbox, journeys, patients, people, releases
from store.database import Database, Session
from store.ids import new_id
from store.outside import IN_STORE, outside_of
from store.tables import Purpose
from workflows.acts import act
from workflows.delivery import Delivery
from workflows.journey import PUT_OFF, PatientJourney
from workflows.playtime import PlayClock
from workflows.runs import workflow_id
from workflows.witness import Witness

WITHIN_SECONDS = 30.0
"""How long a turn may take, in real time, on a machine with much else to do."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where scenarios are played, one after the other: a time-skipping server, a worker, a SQLite store.

    The worker has a `PlayRunner` with this clock and this witness among its interceptors.
    """

    environment: WorkflowEnvironment
    database: Database
    delivery: Delivery
    clock: PlayClock
    witness: Witness

    async def rehearse(self, release: Release, scenario: Scenario) -> Rehearsal:
        """Play the scenario, which must be one of the release, to its end.

        Raises:
            EngineUnavailable: the server or its worker does not answer.
        """
        self.clock.now = scenario.enrolled
        player = _Player(stage=self, scenario=scenario, journey=enrol(self.database, release, scenario))
        script = play(scenario)
        cue = next(script)
        try:
            while True:
                cue = script.send(await player.serve(cue))
        except StopIteration as end:
            failures: tuple[Failure, ...] = end.value
            return player.rehearsal(failures)
        finally:
            await player.leave()


def enrol(database: Database, release: Release, scenario: Scenario) -> str:
    """Put the site, its people, the patient and the start of the journey into the store; gives the journey's id."""
    now, facts, who = scenario.enrolled, scenario.facts, scenario.patient
    with database.write() as session:
        _hire(session, release, scenario)
        row = releases.publish(session, release, by=PERSON, now=now, demonstration=True)
        patient = patients.create(
            session,
            identifiers=[patients.Identifier(system="rehearsal", value=new_id())],
            name=PERSON,
            born=who.born,
            sex=who.sex,
            zone=who.zone,
            language=who.language,
            demonstration=True,
            now=now,
        ).patient
        _keep(session, patient.id, facts, now=now)
        start = journeys.Start(
            patient=patient.id,
            pathway=release.pathway.pathway,
            release=row.checksum,
            enrolled=now,
            anchors=scenario.anchors,
            parameters=scenario.parameters,
            episode="" if journeys.episode_of(release) is None else "1",
        )
        return journeys.begin(session, start, by=PERSON, now=now).journey.id


def _hire(session: Session, release: Release, scenario: Scenario) -> None:
    """One person holds every role in every department of the play; the members of teams hold none."""
    things = [line.does for line in scenario.play]
    known = [scenario.facts, *(thing.facts for thing in things if isinstance(thing, Learnt))]
    named = {facts.department for facts in known}
    named |= {thing.department for thing in things if isinstance(thing, VisitReported)}
    # What is bound may name a department, too.
    told = [value for thing in things if isinstance(thing, Happened | OnCall) for value in thing.data.values()]
    departments = sorted({people.HOUSE, *(name for name in (*named, *told) if isinstance(name, str))})
    for department in departments:
        people.save_department(session, id=department, zh=department, en=department)
    for person in {PERSON, *(member for facts in known for member in facts.team.values())}:
        people.save_staff(session, id=person, name=person)
    for role in sorted(cast_of(release).roles):
        people.save_role(session, name=role, zh=role, en=role)
        session.flush()
        for department in departments:
            people.hold(session, staff=PERSON, role=role, department=department)


def _keep(session: Session, patient: str, facts: Facts, *, now: datetime) -> None:
    """These are the facts from now on."""
    calendars.save(session, facts.calendar, now=now)
    patients.set_inpatient(session, patient, facts.inpatient)
    patients.set_diagnoses(session, patient, facts.diagnoses)
    patients.set_team(session, patient, department=facts.department, team=facts.team)
    consents = {name: facts.consents[name] for name in get_args(Purpose) if name in facts.consents}
    if facts.consent is not None:
        consents["care"] = facts.consent
    told = [patients.Consent(purpose=name, granted=yes, at=now, by=PERSON) for name, yes in consents.items()]
    patients.record_consents(session, patient, told)


@dataclass(kw_only=True)
class _Player:
    """Plays one journey; `now` is the play's time."""

    stage: Stage
    scenario: Scenario
    journey: str
    outside: Outside = field(default_factory=Outside)

    async def serve(self, cue: Cue) -> Seen:
        """What is to be seen after a cue, and after what is due at the same instant."""
        refused = None
        if isinstance(cue, Move):
            until = cue.to
        elif isinstance(cue, Learnt):
            until = cue.at
            await self._learn(cue)
        else:
            until = cue.received
            refused = await self._take_in(cue)
        refused = await self._wait(until) or refused
        return Seen(outside=self._look(), refused=refused)

    async def leave(self) -> None:
        """End the workflow, so that it does not wake in a later play."""
        handle = self.stage.environment.client.get_workflow_handle(workflow_id(self.journey))
        description = await handle.describe()
        if description.close_time is None:
            await handle.terminate()

    def rehearsal(self, failures: tuple[Failure, ...]) -> Rehearsal:
        """What came of it."""
        turns = self.stage.witness.turns(self.journey)
        with self.stage.database.read() as session:
            state = journeys.state_of(journeys.read(session, self.journey))
        timeline = tuple(turns[sequence] for sequence in sorted(turns))
        return Rehearsal(scenario=self.scenario, failures=failures, timeline=timeline, journey=state)

    async def _take_in(self, cue: AnyEvent) -> str | None:
        """Hand an event to the journey as the product does; why not, where it was refused."""
        if isinstance(cue, Enrolled):  # it stands in the inbox since the journey was begun
            await self._deliver()
            return None
        event = replace(cue, id=f"{self.journey}/{cue.id}")
        if hasattr(event, "by"):  # what people do is handed over at once
            try:
                taken = await act(self.stage.environment.client, self.journey, event)
            except (NotReady, Refused):
                pass  # taken in like what was accepted while nobody could ask, it is refused in its turn, with why
            else:
                await self._shown(taken.sequence)
                return None
        with self.stage.database.write() as session:
            inbox.add(session, journey=journeys.read(session, self.journey), event=event)
        await self._deliver()
        with self.stage.database.read() as session:
            row = inbox.read(session, event.id)
            code = journeys.refusal_of(session, event.id)
        if row is not None and row.state == "refused":
            code = "journey-ended"
        return None if code is None else f"refused, {code}"

    async def _learn(self, cue: Learnt) -> None:
        """Change the store, and tell the journey that there is something to look at."""
        tick = Tick(id=new_id(), received=cue.at)
        with self.stage.database.write() as session:
            row = journeys.read(session, self.journey)
            _keep(session, row.patient, cue.facts, now=cue.at)
            inbox.add(session, journey=row, event=tick)
        await self._deliver()

    async def _deliver(self) -> None:
        """Hand over what stands in the inbox and wait until the journey shows all of it."""
        while await self.stage.delivery.sweep():
            pass
        while self._pending():
            await self._shown(self._sequence() + 1)

    def _pending(self) -> bool:
        with self.stage.database.read() as session:
            return bool(inbox.of_journey(session, self.journey, limit=1))

    def _sequence(self) -> int:
        """The last turn that the store shows."""
        return max(self.stage.witness.turns(self.journey), default=0)

    async def _shown(self, sequence: int) -> None:
        if not await self.stage.witness.until(self.journey, sequence, within=WITHIN_SECONDS):
            raise _stuck()

    async def _wait(self, until: datetime) -> str | None:
        """Let time pass from one due instant to the next; why not, where the engine never stops asking for turns."""
        asked, turns = None, 0
        while (due := await self._next_due()) is not None and due <= until:
            now = max(due, self.stage.clock.now)
            turns = turns + 1 if now == asked else 0
            asked = now
            if turns > PATIENCE:
                return f"turn after turn at {now.isoformat()}"
            # What is due and was not served in its instant was put off by the journey itself.
            await self._pass(to=now, for_=max(now - self.stage.clock.now, PUT_OFF), turn=self._sequence() + 1)
        if until > self.stage.clock.now:
            await self._pass(to=until, for_=until - self.stage.clock.now)
        return None

    async def _pass(self, *, to: datetime, for_: timedelta, turn: int | None = None) -> None:
        """Let the server's clock run on, to that time of the play, until the turn that comes of it is shown."""
        self.stage.clock.now = to
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                await self.stage.environment.sleep(for_)
        except TimeoutError:
            raise _stuck() from None
        if turn is not None:
            await self._shown(turn)

    async def _next_due(self) -> datetime | None:
        """When the journey wakes next, once it has nothing more to do now."""
        handle = self.stage.environment.client.get_workflow_handle_for(PatientJourney.run, workflow_id(self.journey))
        while True:
            state = await handle.query(PatientJourney.state)
            await self._shown(state.sequence)
            with self.stage.database.read() as session:
                row = journeys.read(session, self.journey)
            if row.sequence == state.sequence:
                return row.wakeup

    def _look(self) -> Outside:
        """What is to be seen in the tables, and of what the journey asked of others; happened since the last look."""
        turns = self.stage.witness.turns(self.journey)
        asked = Outside().after((action for number in sorted(turns) for action in turns[number].actions), ())
        with self.stage.database.read() as session:
            tables = outside_of(session, self.journey)
        shown = replace(asked, **{name: getattr(tables, name) for name in IN_STORE})
        since = {name: getattr(shown, name)[len(getattr(self.outside, name)) :] for name in HAPPENED}
        self.outside = shown
        return replace(shown, **{**since, "reasons": tuple(map(self._named, since["reasons"]))})

    def _named(self, reason: Reason) -> Reason:
        """The reason, with its event called as in the scenario."""
        turns = self.stage.witness.turns(self.journey)
        for sequence, turn in turns.items():
            if turn.event.id == reason.event and isinstance(turn.event, Enrolled | Tick):
                return replace(reason, event="enrolled" if isinstance(turn.event, Enrolled) else f"tick-{sequence - 1}")
        return replace(reason, event=reason.event.removeprefix(f"{self.journey}/"))


def _stuck() -> EngineUnavailable:
    return EngineUnavailable("The rehearsed journey gives no turn.", hint="Is the machine overloaded?")
