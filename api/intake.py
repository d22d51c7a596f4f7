"""The one way in for facts from outside: each is committed with the message that told it, then journeys are told.

In one transaction the message and what was read from it are kept, patients are found, journeys that care get their
inbox rows, and urgent tasks that follow are on their lists. Whoever sent it is answered after the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from api import reception
from api.desk import Desk, hold
from api.mapping import SiteMapping
from api.registration import refuse_patient
from pathways.errors import Refused
from store import foresights, identities, inbox, observations, patients, quarantine, tables, transmissions
from store.database import Database, Session
from store.facts import Policy
from store.notices import AnyNotice, MergeNotice, Outcome, PatientNotice, ResultNotice, Subject, Unreadable
from store.observations import Provenance
from store.patients import Identifier
from store.transmissions import Arrived

__all__ = ["Arrived", "Intake", "Taking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What became of a message: an outcome for each of its notices, in their order.

    `again`: the same message came before; nothing was done, and `answer` is what it was answered then.
    """

    transmission: str
    answer: str
    outcomes: tuple[Outcome, ...]
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What it takes to take messages in; `prompt` says that something was committed."""

    database: Database
    policy: Policy
    mapping: Callable[[], SiteMapping]
    prompt: Callable[[], None]
    clock: Callable[[], datetime]
    zone: str = "Asia/Shanghai"

    def take(
        self,
        session: Session,
        arrived: Arrived,
        notices: Sequence[AnyNotice],
        *,
        answer: str,
        now: datetime,
        by: str = "system",
        state: tables.TransmissionState = "taken",
        strict: bool = False,
    ) -> Taking:
        """Keep the message and what it says, in the caller's transaction; the caller commits, then calls `prompt`.

        A notice that is refused goes to quarantine; with `strict` the refusal is raised and nothing is to be kept.

        Raises:
            Refused: with `strict`, as the notice deserves.
        """
        known = transmissions.known(session, arrived)
        if known is not None:
            return Taking(transmission=known.id, answer=known.answer, outcomes=(), again=True)
        row = transmissions.keep(session, arrived, state=state, answer=answer, now=now)
        outcomes = self.take_in(session, notices, transmission=row.id, now=now, by=by, strict=strict)
        return Taking(transmission=row.id, answer=answer, outcomes=tuple(outcomes))

    def take_in(
        self,
        session: Session,
        notices: Sequence[AnyNotice],
        *,
        transmission: str | None,
        now: datetime,
        by: str = "system",
        strict: bool = False,
    ) -> list[Outcome]:
        """Take in what a message says that is kept already; as `take`."""
        desk = self._desk(session, transmission=transmission, by=by, now=now)
        return _Hall(desk, strict=strict).receive(notices)

    def welcome(self, session: Session, patient: str, *, by: str, now: datetime) -> None:
        """Take in what came before anybody was known by the patient's identifiers."""
        desk = self._desk(session, transmission=None, by=by, now=now)
        reception.take_in_what_waited(desk, patients.named(session, patient))
        _Hall(desk, strict=True).finish([])

    def release(
        self,
        session: Session,
        quarantined: str,
        *,
        by: str,
        now: datetime,
        patient: str | None = None,
        code: str | None = None,
        unit: str | None = None,
    ) -> Outcome:
        """Take in again what lies in quarantine, with what a person corrected.

        Raises:
            NotFound: there is nothing such, or no such patient.
            Conflict: it was decided before, is still not understood, or cannot be taken in.
        """
        transmission = quarantine.read(session, quarantined).transmission
        desk = self._desk(session, transmission=transmission, by=by, now=now)
        outcome = reception.release(desk, quarantined, patient=patient, code=code, unit=unit)
        _Hall(desk, strict=True).finish([outcome])
        return outcome

    def _desk(self, session: Session, *, transmission: str | None, by: str, now: datetime) -> Desk:
        return Desk(
            session=session,
            policy=self.policy,
            priorities=self.mapping().priorities,
            zone=self.zone,
            transmission=transmission,
            by=by,
            now=now,
        )


@dataclass
class _Hall:
    """Where the notices of one message are received, in their order."""

    desk: Desk
    strict: bool
    touched: set[str] = field(default_factory=set[str])

    def receive(self, notices: Sequence[AnyNotice]) -> list[Outcome]:
        """Receive all of them; results that stand together are taken in together."""
        known, unclear = self._look(notices)
        if unclear:
            identities.claim(self.desk.session, unclear)
            known, _ = self._look(notices)  # somebody may have become known just before
        patients.lock_all(self.desk.session, known)
        outcomes: list[Outcome] = []
        for is_result, run in groupby(notices, key=lambda one: isinstance(one, ResultNotice)):
            together = list(run)
            outcomes += self._results(together) if is_result else [self._one(notice) for notice in together]
        self.finish(outcomes)
        return outcomes

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Look what is urgent of what was told, before anything is answered."""
        self.touched |= {one.patient for one in outcomes if one.patient is not None} | self.desk.touched
        for patient in sorted(self.touched):
            foresights.look_ahead_of(self.desk.session, patient, self.desk.policy, now=self.desk.now)

    def _look(self, notices: Sequence[AnyNotice]) -> tuple[set[str], set[Identifier]]:
        """The patients who are known to be concerned, and identifiers of nobody yet, or that somebody may be given."""
        known: set[str] = set()
        unclear: set[Identifier] = set()
        named = self.desk.identify_all([subject for notice in notices for subject in _subjects(notice)])
        for notice in notices:
            for subject in _subjects(notice):
                found = named[subject].patient
                if found is not None:
                    known.add(found)
                if found is None or isinstance(notice, PatientNotice | MergeNotice):
                    unclear.update(subject.identifiers)
        return known, unclear

    def _one(self, notice: AnyNotice) -> Outcome:
        if self.strict:  # one that is refused takes all of them with it
            return reception.receive(self.desk, notice)
        try:
            with self.desk.session.begin_nested():
                return reception.receive(self.desk, notice)
        except Refused as refused:
            if isinstance(notice, PatientNotice):
                return refuse_patient(self.desk, notice, refused.code)
            return hold(self.desk, notice, refused.code)

    def _results(self, notices: Sequence[AnyNotice]) -> list[Outcome]:
        """Results of one message, judged as if each had been sent in its time."""
        results = [one for one in notices if isinstance(one, ResultNotice)]
        known = self.desk.identify_all([one.subject for one in results])
        named = [known[one.subject] for one in results]
        told = [reception.result_of(one, identity.patient) for one, identity in zip(results, named, strict=True)]
        intake = observations.Intake(self.desk.session, told)
        by_time = sorted(range(len(told)), key=lambda place: told[place].effective)
        rank = {place: number for number, place in enumerate(by_time)}
        outcomes: list[Outcome] = []
        for place, (notice, identity) in enumerate(zip(results, named, strict=True)):
            came = Provenance(
                transmission=self.desk.transmission,
                identifiers=notice.subject.identifiers,
                via=identity.via,
                conflict=identity.conflict,
            )
            received = self.desk.now + timedelta(microseconds=rank[place])
            outcomes.append(self._result(intake, told[place], came, received, place + 1))
        self.desk.session.flush()
        return outcomes

    def _result(
        self, intake: observations.Intake, result: observations.Result, came: Provenance, received: datetime, place: int
    ) -> Outcome:
        try:
            taken = intake.take(result, now=received, came=came)
        except Refused as refused:
            if self.strict:
                raise type(refused)(f"Result {place}: {refused.message}", hint=refused.hint) from None
            notice = ResultNotice(subject=Subject(identifiers=came.identifiers, patient=result.patient), result=result)
            return hold(self.desk, notice, refused.code)
        if taken.version > 1:  # an earlier version may have been another patient's
            rows = [inbox.read(self.desk.session, id) for id in taken.events]
            self.touched |= {row.patient for row in rows if row is not None}
        state = "duplicate" if taken.duplicate else taken.state
        return Outcome(
            state=state,
            id=taken.id,
            patient=taken.patient,
            version=taken.version,
            created=not taken.duplicate and taken.version == 1,
            reason=taken.reason,
            quarantine=taken.quarantine,
            kept=taken.state,
        )


def _subjects(notice: AnyNotice) -> tuple[Subject, ...]:
    match notice:
        case MergeNotice():
            return (notice.survivor, notice.retired)
        case Unreadable():
            return ()
        case _:
            return (notice.subject,)
