"""The one intake on a bare store, with a patient whose glucose is watched, for tests of what messages do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from api.intake import Arrived, Intake, Taking
from api.mapping import IdentifierRule, SiteMapping
from store import inbox, journeys, observations, patients, people, tables
from store.database import Database, Session
from store.notices import AnyNotice, Outcome, PatientNotice, ResultNotice, Subject
from store.observations import Result
from store.patients import Identifier
from tests.store import ahead, builders
from tests.store.ahead import GLUCOSE, POLICY
from tests.store.builders import NOW, at

MAPPING = SiteMapping(identifiers=(IdentifierRule(system="national"), IdentifierRule(system="his")))


def named(*told: str) -> Subject:
    """Whom these identifiers mean, each as `system:value`."""
    pairs = [one.split(":") for one in told]
    return Subject(identifiers=tuple(Identifier(system=system, value=value) for system, value in pairs))


def measured(value: float | None = 2.1, *, of: str = "his:1", source: str = "R-1", **more: Any) -> ResultNotice:
    """A final glucose of an hour ago, but for what a test varies."""
    given: dict[str, Any] = {
        "source_system": "lis",
        "source_id": source,
        "patient": None,
        "code": GLUCOSE,
        "effective": at(hours=-1),
        "status": "final",
        "value": value,
        "unit": "mmol/L",
        "origin": "laboratory",
    }
    return ResultNotice(subject=named(*of.split()), result=Result(**(given | more)))


def person(*told: str, name: str | None = "王芳", born: date | None = date(1961, 3, 2), **more: Any) -> PatientNotice:
    """Who somebody is."""
    return PatientNotice(subject=named(*told), name=name, born=born, **more)


@dataclass(kw_only=True)
class Hall:
    """Where messages are taken in; each comes a second after the one before."""

    database: Database
    now: datetime = NOW
    prompted: list[datetime] = field(default_factory=list[datetime])

    @property
    def intake(self) -> Intake:
        """The product's."""
        return Intake(
            database=self.database,
            policy=POLICY,
            mapping=lambda: MAPPING,
            prompt=lambda: self.prompted.append(self.now),
            clock=lambda: self.now,
        )

    def take(self, *notices: AnyNotice, control: str | None = None, body: bytes = b"", strict: bool = False) -> Taking:
        """A message with these notices."""
        self.now += timedelta(seconds=1)
        arrived = Arrived(channel="hl7", sender="lis", message="ORU^R01", body=body, control=control)
        with self.database.write() as session:
            return self.intake.take(session, arrived, notices, answer="AA", now=self.now, strict=strict)

    def one(self, notice: AnyNotice) -> Outcome:
        """What became of the only notice of a message."""
        (outcome,) = self.take(notice).outcomes
        return outcome

    def admit(self, *told: str) -> str:
        """A patient whose glucose is watched, with a journey that took its enrolment in; the patient's id."""
        with self.database.write() as session:
            if not people.roles(session):
                ahead.hire(session, *ahead.ROLES)
            who = builders.consented(session, told[0])
            builders.journey(session, who, ahead.watch())
            patients.update(session, who.id, now=NOW, identifiers=named(*told).identifiers)
        self.come_back()
        return who.id

    def come_back(self) -> None:
        """The engine takes in what waits."""
        with self.database.read() as session:
            waiting = session.query(tables.Inbox.journey).where(tables.Inbox.state == "pending").distinct()
            found = [str(row[0]) for row in waiting]
        for journey in found:
            ahead.come_back(self.database, journey, now=self.now)


def known(session: Session, patient: str) -> list[tuple[int, str, float | None, str]]:
    """Each version of the patient's results: its number, status, value, and what became of it."""
    rows = observations.list_(session, patient=patient)
    return sorted((row.version, row.status, row.value, row.state) for row in rows)


def calls(session: Session, patient: str) -> list[tables.Task]:
    """The patient's tasks."""
    return session.query(tables.Task).where(tables.Task.patient == patient, tables.Task.name == "call").all()


def told(session: Session, patient: str) -> Sequence[str]:
    """The kinds of what waits for the patient's journeys."""
    (journey,) = journeys.find_open(session, patient)
    return [row.kind for row in inbox.of_journey(session, journey.id)]
