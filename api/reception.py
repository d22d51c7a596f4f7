"""Each kind of notice, received: whom it speaks of, what is kept of it, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Annotated, assert_never

from pydantic import Discriminator, TypeAdapter

from api import answers
from api.answers import Answered
from pathways.errors import Conflict, Invalid, NotFound
from store import (
    asks,
    audit,
    consequences,
    entries,
    identities,
    journeys,
    merges,
    observations,
    patients,
    quarantine,
    releases,
    tables,
)
from store.database import Session
from store.facts import Policy
from store.identities import Identity
from store.notices import (
    AnswersNotice,
    AnyNotice,
    ConsentNotice,
    EntryNotice,
    MergeNotice,
    Outcome,
    PatientNotice,
    ResultNotice,
    Subject,
    Unreadable,
)
from store.patients import Identifier
from store.record import ConsentContent, NewEntry, ResponseContent


@dataclass(kw_only=True)
class Reception:
    """The transaction in which the notices of a message are received; `touched` are patients concerned beside them."""

    session: Session
    policy: Policy
    priorities: Sequence[str]
    zone: str
    transmission: str | None
    by: str
    now: datetime
    touched: set[str] = field(default_factory=set[str])

    def identify(self, subject: Subject) -> Identity:
        """Whom the subject means."""
        return identities.identify(self.session, subject, self.priorities)


def receive(desk: Reception, notice: AnyNotice) -> Outcome:
    """Keep what the notice says and do what follows; what nobody can tell goes to quarantine.

    Raises:
        Refused: what it says cannot be.
    """
    match notice:
        case PatientNotice():
            return _patient(desk, notice)
        case EntryNotice() | ConsentNotice() | AnswersNotice():
            identity = desk.identify(notice.subject)
            if identity.patient is None:
                return hold(desk, notice, "identity-conflict" if identity.conflict else "unknown-patient")
            patients.lock(desk.session, identity.patient)
            match notice:
                case EntryNotice():
                    return _entry(desk, notice.entry, identity.patient, identity.via)
                case ConsentNotice():
                    return _consent(desk, notice, identity.patient, identity.via)
                case AnswersNotice():
                    return _answers(desk, notice, identity.patient, identity.via)
                case _:
                    assert_never(notice)
        case MergeNotice():
            return _merge(desk, notice)
        case Unreadable():
            return hold(desk, notice, notice.reason)
        case ResultNotice():
            identity = desk.identify(notice.subject)
            taken = observations.take_in(desk.session, result_of(notice, identity.patient), now=desk.now)
            return _of_result(taken)
        case _:
            assert_never(notice)


def result_of(notice: ResultNotice, patient: str | None) -> observations.Result:
    """The result with its patient."""
    return replace(notice.result, patient=patient)


def _of_result(taken: observations.Taken) -> Outcome:
    return Outcome(
        state=taken.state,
        id=taken.id,
        patient=taken.patient,
        version=taken.version,
        reason=taken.reason,
        kept=taken.state,
    )


def hold(desk: Reception, notice: AnyNotice, reason: str) -> Outcome:
    """Put it where a person looks, with the identifiers by which its patient may become known."""
    subject = notice.survivor if isinstance(notice, MergeNotice) else notice.subject
    identifiers = () if subject is None else subject.identifiers
    payload = _notices().dump_python(notice, mode="json")
    held = quarantine.hold(
        desk.session,
        reason=reason,
        payload=payload,
        notice=None if isinstance(notice, Unreadable) else payload,
        now=desk.now,
        transmission=desk.transmission,
        identifiers=identifiers,
    )
    return Outcome(state="quarantined", reason=reason, quarantine=held.id)


def release(
    desk: Reception, quarantined: str, *, patient: str | None = None, code: str | None = None, unit: str | None = None
) -> Outcome:
    """Take in what lies in quarantine, with what a person corrected; Conflict where it cannot be."""
    held = quarantine.read(desk.session, quarantined)
    if held.observation is not None:
        taken = observations.readmit(
            desk.session, quarantined, by=desk.by, now=desk.now, patient=patient, code=code, unit=unit
        )
        audit.record(desk.session, at=desk.now, actor=desk.by, action="quarantine-released", subject=quarantined)
        return _of_result(taken)
    if held.notice is None:
        raise Conflict("It cannot be read, so it cannot be taken in.", hint="Have it sent anew, then discard this.")
    notice = _notices().validate_python(held.notice)
    if patient is not None and not isinstance(notice, MergeNotice | Unreadable):
        notice = replace(notice, subject=Subject(patient=patients.lock(desk.session, patient).id))
    quarantine.decide(desk.session, quarantined, "released", by=desk.by, now=desk.now)
    outcome = receive(desk, notice)
    if outcome.state == "quarantined":
        raise Conflict(f"It is still not understood: {outcome.reason}.", hint="Name the patient.")
    audit.record(desk.session, at=desk.now, actor=desk.by, action="quarantine-released", subject=quarantined)
    return outcome


def _patient(desk: Reception, notice: PatientNotice) -> Outcome:
    identity = desk.identify(notice.subject)
    if identity.conflict:
        return hold(desk, notice, "identity-conflict")
    if identity.patient is None:
        if notice.subject.patient is not None:
            raise NotFound("There is no such patient.")
        if notice.name is None or notice.born is None or not notice.subject.identifiers:
            return hold(desk, notice, "incomplete-patient")
    outcome = _make(desk, notice) if identity.patient is None else _change(desk, notice, identity.patient)
    assert outcome.patient is not None, "it is made or found"
    _tell_death(desk, notice, outcome.patient)
    _take_what_waited(desk, notice.subject.identifiers)
    return outcome


def _make(desk: Reception, notice: PatientNotice) -> Outcome:
    assert notice.name is not None, "held otherwise"
    assert notice.born is not None, "held otherwise"
    made = patients.create(
        desk.session,
        identifiers=notice.subject.identifiers,
        name=notice.name,
        born=notice.born,
        now=desk.now,
        sex=notice.sex or "unknown",
        zone=desk.zone,
        language=notice.language or "zh-CN",
        contacts=notice.contacts or (),
    )
    audit.record(desk.session, at=desk.now, actor=desk.by, action="patient-created", subject=made.patient.id)
    return Outcome(state="stored", id=made.patient.id, patient=made.patient.id, created=True)


def _change(desk: Reception, notice: PatientNotice, patient: str) -> Outcome:
    changed = patients.update(
        desk.session,
        patient,
        now=desk.now,
        name=notice.name,
        born=notice.born,
        sex=notice.sex,
        language=notice.language,
        contacts=notice.contacts,
        identifiers=notice.subject.identifiers,
    )
    row = patients.read(desk.session, patient)
    if changed:
        audit.record(desk.session, at=desk.now, actor=desk.by, action="patient-changed", subject=patient)
    return Outcome(state="stored" if changed else "duplicate", id=patient, patient=patient, version=row.version)


def _tell_death(desk: Reception, notice: PatientNotice, patient: str) -> None:
    """A death counts at once; what contradicts one that is known is for a person to decide."""
    row = patients.read(desk.session, patient)
    at = notice.died_at or (desk.now if notice.deceased else None)
    if at is None:
        if notice.deceased is False and row.died_at is not None:
            hold(desk, notice, "death-contradicted")
        return
    if row.died_at is not None:
        if notice.died_at is not None and row.died_at != notice.died_at:
            hold(desk, notice, "death-contradicted")
        return
    try:
        patients.record_death(desk.session, patient, min(at, desk.now), now=desk.now)
    except Invalid:  # Of a time that cannot be: the patient is dead all the same, and a person looks at when.
        hold(desk, notice, "death-contradicted")
        patients.record_death(desk.session, patient, desk.now, now=desk.now)
    audit.record(desk.session, at=desk.now, actor=desk.by, action="death-recorded", subject=patient)


def _take_what_waited(desk: Reception, identifiers: Sequence[Identifier]) -> None:
    """What came before anybody was known by these identifiers is taken in now, in its order."""
    for held in quarantine.waiting_for(desk.session, identifiers):
        named = quarantine.identifiers_of(desk.session, held.id)
        identity = desk.identify(Subject(identifiers=tuple(named)))
        if identity.patient is None:
            continue
        desk.touched.add(identity.patient)
        try:
            with desk.session.begin_nested():
                release(desk, held.id, patient=identity.patient)
        except Conflict:
            continue  # its code or unit is not known either: it stays until a person looks


def _entry(desk: Reception, told: NewEntry, patient: str, via: str | None) -> Outcome:
    kept = entries.keep(desk.session, told, patient=patient, now=desk.now, transmission=desk.transmission, via=via)
    if kept.before is not None:
        desk.touched.add(kept.before.patient)
    consequences.follow(desk.session, kept, desk.policy, now=desk.now)
    state = "stored" if kept.state in ("created", "changed") else kept.state
    return Outcome(
        state=state, id=kept.row.id, patient=patient, version=kept.row.version, created=kept.state == "created"
    )


def _consent(desk: Reception, notice: ConsentNotice, patient: str, via: str | None) -> Outcome:
    entry = NewEntry(
        kind="consent",
        source_system=notice.source_system,
        source_id=notice.source_id,
        status="active",
        start=notice.at,
        content=ConsentContent(purpose=notice.purpose, granted=notice.granted),
    )
    outcome = _entry(desk, entry, patient, via)
    if outcome.state == "stored":
        said = patients.Consent(purpose=notice.purpose, granted=notice.granted, at=notice.at, by=desk.by)
        patients.record_consents(desk.session, patient, [said])
        journeys.wake(desk.session, patient, now=desk.now)
    return outcome


def _answers(desk: Reception, notice: AnswersNotice, patient: str, via: str | None) -> Outcome:
    """Answers go to the journey that asked, else to one that has the form; with none they are for a person."""
    journey = _asking(desk.session, notice, patient)
    if journey is None:
        return hold(desk, notice, "no-such-form")
    entry = NewEntry(
        kind="questionnaire-response",
        source_system=notice.source_system,
        source_id=notice.source_id,
        status="entered-in-error" if notice.withdrawn else "completed",
        start=notice.at,
        content=ResponseContent(form=notice.form, items=dict(notice.items)),
    )
    outcome = _entry(desk, entry, patient, via)
    if outcome.state != "stored":
        return outcome
    answered = Answered(
        form=notice.form,
        items=notice.items,
        at=min(notice.at, desk.now),
        ask=notice.ask,
        source=_source(notice),
        withdrawn=notice.withdrawn,
    )
    answers.keep(desk.session, journey, answered, by=desk.by, now=desk.now)
    return replace(outcome, state="accepted")


def _source(notice: AnswersNotice) -> str:
    """The id here of what the sender calls so: nothing of the sender's own id is in it."""
    return blake2b(f"{notice.source_system}|{notice.source_id}".encode(), digest_size=16).hexdigest()


def _asking(session: Session, notice: AnswersNotice, patient: str) -> tables.Journey | None:
    having = [
        one
        for one in journeys.find_open(session, patient)
        if notice.form in releases.load(releases.read(session, one.release)).contents.forms
        and notice.journey in (None, one.id)
    ]
    answered = [one for one in having if asks.versions(session, journey=one.id, source=_source(notice))]
    asked = [
        one
        for one in having
        if any(ask.form == notice.form for ask in asks.list_(session, journey=one.id, open_only=True))
    ]
    found = next(iter([*answered, *asked, *having]), None)
    return None if found is None else journeys.lock(session, found.id)


def _merge(desk: Reception, notice: MergeNotice) -> Outcome:
    survivor, retired = desk.identify(notice.survivor), desk.identify(notice.retired)
    if survivor.conflict or retired.conflict:
        return hold(desk, notice, "identity-conflict")
    if survivor.patient is None or retired.patient is None:
        return _merge_of_unknown(desk, notice, survivor, retired)
    if survivor.patient == retired.patient:
        return Outcome(state="duplicate", id=survivor.patient, patient=survivor.patient)
    row = merges.merge(
        desk.session,
        survivor=survivor.patient,
        retired=retired.patient,
        by=desk.by,
        now=desk.now,
        transmission=desk.transmission,
    )
    return Outcome(state="stored", id=row.id, patient=row.survivor, created=True)


def _merge_of_unknown(desk: Reception, notice: MergeNotice, survivor: Identity, retired: Identity) -> Outcome:
    """One of them is not known here: whoever is known goes by both names from now on."""
    known = survivor.patient or retired.patient
    if known is None:
        return hold(desk, notice, "unknown-patient")
    named = (*notice.survivor.identifiers, *notice.retired.identifiers)
    patients.update(desk.session, known, now=desk.now, identifiers=named)
    _take_what_waited(desk, named)
    return Outcome(state="stored", id=known, patient=known)


@cache
def _notices() -> TypeAdapter[AnyNotice]:
    return TypeAdapter(Annotated[AnyNotice, Discriminator("kind")])
