"""A clinic on the time-skipping server: days pass, results and visits come, and its people work their own lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from activities.messaging import send_batch
from pathways.engine.events import AnyEvent, TaskCompleted, VisitReported
from pathways.engine.journey import Origin
from store import journeys, library, observations, patients, people, releases, tables, tasks, visits
from tests.workflows.ward import Clock, Ward
from workflows.acts import act

ZONE = ZoneInfo("Asia/Shanghai")
GUARD = timedelta(seconds=0.5)
"""Every wait goes on for so long, so that no timer is due right when it ends and something else happens."""
ROUND = time(10)
"""When the clinic makes its round: visits are kept, tasks are done, messages leave."""
UPLOAD_EVERY_DAYS = 7
NOT_YET = datetime.min.replace(tzinfo=UTC)
CODES: Mapping[str, tuple[str, str]] = {
    "glucose": ("14771-0", "mmol/L"),
    "hba1c": ("4548-4", "%"),
    "acr": ("9318-7", "mg/g"),
    "egfr": ("98979-8", "mL/min/{1.73_m2}"),
    "ldl": ("22748-8", "mmol/L"),
}
TESTS: Mapping[str, str] = {
    "glucose-recheck": "glucose",
    "hba1c-test": "hba1c",
    "urine-test": "acr",
    "kidney-blood-test": "egfr",
    "lipid-test": "ldl",
}


@dataclass(kw_only=True)
class Clinic(Ward):
    """One patient on the diabetes pathway. `ignored` tasks nobody does, `missed` visits she does not come to."""

    clock: Clock
    journey: str = ""
    patient: str = ""
    enrolled: datetime = NOT_YET
    day: int = 0
    uploads: bool = True
    ignored: set[str] = field(default_factory=set[str])
    missed: set[str] = field(default_factory=set[str])
    laboratory: dict[str, float] = field(
        default_factory=lambda: {"glucose": 6.0, "hba1c": 6.4, "acr": 12.0, "egfr": 92.0, "ldl": 2.1}
    )

    async def open_(self) -> None:
        """Hire the people of the seed, publish the pathway, and enrol a patient on a Monday at nine."""
        today = self.now().astimezone(ZONE).date()
        await self._pass_until(datetime.combine(today + timedelta(days=7 - today.weekday()), time(9), ZONE))
        self.enrolled = now = self.now()
        reader: Any = YAML(typ="safe", pure=True)
        seed = reader.load(files("store").joinpath("seed.yaml").read_text("utf-8"))
        with self.database.write() as session:
            people.load_seed(session, {**seed, "roles": _roles(seed)})
            release = library.release(library.built_in() / "diabetes-management")
            releases.publish(session, release, by="lead-chen", now=now, demonstration=True)
            self.patient = patients.create(
                session,
                identifiers=[patients.Identifier(system="hospital", value="1")],
                name="王芳",
                born=date(1961, 3, 2),
                now=now,
                contacts=[patients.Contact(kind="sms", value="13800000000")],
                consents=[patients.Consent(purpose="care", granted=True, at=now, by="nurse-li")],
            ).patient.id
            start = journeys.Start(patient=self.patient, pathway="diabetes-management", enrolled=now)
            self.journey = journeys.begin(session, start, by="nurse-li", now=now).journey.id
        await self.rest()

    async def on(self, day: int, at: time = ROUND) -> None:
        """Let the days pass, each with its round, until this time of that day after the enrolment."""
        while self.day < day:
            self.day += 1
            await self._pass_until(self._instant(self.day, ROUND))
            await self.round()
        if at != ROUND:
            await self._pass_until(self._instant(day, at))

    async def after(self, **span: float) -> None:
        """Let this much time pass, without a round."""
        await self._pass_until(self.now() + timedelta(**span))

    async def round(self) -> None:
        """Uploads, visits, tasks and messages of a day."""
        if self.uploads and self.day % UPLOAD_EVERY_DAYS == 0:
            await self.observe("glucose", 6.4)
        for visit in self.open_visits():
            if visit.planned <= self.now() and visit.name not in self.missed:
                await self._come(visit)
        for task in self.tasks(self.journey):
            if task.name not in self.ignored:
                await self.complete(task)
        await self.send()

    async def observe(self, name: str, value: float, origin: Origin = "device") -> None:
        """A final result comes in."""
        code, unit = CODES[name]
        result = observations.Result(
            source_system="lis",
            source_id=self.new_id(),
            patient=self.patient,
            code=code,
            effective=self.now(),
            status="final",
            value=value,
            unit=unit,
            origin=origin,
        )
        with self.database.write() as session:
            observations.take_in(session, result, now=self.now())
        await self.rest()

    async def complete(self, task: tables.Task, outcome: str | None = None) -> None:
        """Somebody on whose list it is does the task, with its first outcome unless another is told."""
        event = TaskCompleted(
            id=self.new_id(),
            received=self.now(),
            task=task.id,
            by=self.on_whose_lists(task.id)[-1],
            outcome=outcome or task.outcomes[0],
            at=self.now(),
        )
        await self.do(event)

    async def do(self, event: AnyEvent) -> None:
        """Hand an act to the journey and wait until it shows."""
        await act(self.client, self.journey, event)
        await self.rest()

    async def rest(self) -> None:
        """Wait until the journey has taken in all that arrived and all that is due."""
        while await self.delivery.sweep():
            pass
        await self.until(self._rests, within=60)

    async def send(self) -> None:
        """Let the messages leave that may."""
        await self.clock.ask()
        for urgent in (True, False):
            while send_batch(self.outbox, urgent=urgent).more:
                pass

    def open_visits(self) -> list[tables.Visit]:
        """What is planned."""
        with self.database.read() as session:
            return list(visits.list_(session, journey=self.journey, open_only=True))

    def find(self, name: str) -> tables.Task:
        """The one open task of that name."""
        (found,) = [task for task in self.tasks(self.journey) if task.name == name]
        return found

    def on_whose_lists(self, task: str) -> list[str]:
        """The people on whose lists the task stands, in the order in which it came to their roles, one a role."""
        with self.database.read() as session:
            seen: list[str] = []
            for standing in tasks.roles_of(session, task):
                holder = people.holders(session, role=standing.role)[0].staff
                listed = tasks.list_tasks(session, tasks.Filter(role=standing.role), at=self.now()).tasks
                assert task in [row.id for row in listed]
                assert tasks.may_act(session, tasks.read(session, task), holder)
                seen.append(holder)
            return seen

    async def until_true(self, true: Callable[[], bool], *, days: int) -> None:
        """Let days pass until it is so."""
        last = self.day + days
        while not true():
            assert self.day < last, f"not within {days} days"
            await self.on(self.day + 1)

    async def _come(self, visit: tables.Visit) -> None:
        test = TESTS.get(visit.name)
        if test is not None:
            await self.observe(test, self.laboratory[test], "laboratory")
            return
        at = self.now()
        await self.do(
            VisitReported(id=self.new_id(), received=at, name=visit.name, state="kept", at=at, visit=visit.id)
        )

    async def _pass_until(self, instant: datetime) -> None:
        await self.clock.ask()
        await self.clock.pass_(seconds=(instant - self.clock.at + GUARD).total_seconds())
        if self.journey:
            await self.rest()

    def _instant(self, day: int, at: time) -> datetime:
        return datetime.combine(self.enrolled.astimezone(ZONE).date() + timedelta(days=day), at, ZONE).astimezone(UTC)

    def _rests(self) -> bool:
        row = self.row(self.journey)
        served = row.wakeup is None or row.wakeup > self.now()
        return served and row.status != "starting" and not self.pending(self.journey)


def _roles(seed: Any) -> list[dict[str, str]]:
    named = {role for person in seed["staff"] for role in person["roles"]}
    return [{"id": role, "zh": role, "en": role} for role in sorted(named)]
