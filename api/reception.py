"""Each kind of notice, received: whom it speaks of, what is kept of it, and what follows."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import assert_never

from api import answers
from api.answers import Answered
from api.desk import Desk, held_notice, hold
from api.registration import take_merge, take_patient
from pathways.errors import Conflict, Refused
from store import (
    asks,
    audit,
    consequences,
    entries,
    journeys,
    observations,
    patients,
    quarantine,
    releases,
    tables,
)
from store.database import Session
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


def receive(desk: Desk, notice: AnyNotice) -> Outcome:
    """Keep what the notice says and do what follows; what nobody can tell goes to quarantine.

    Raises:
        Refused: what it says cannot be.
    """
    match notice:
        case PatientNotice():
            outcome = take_patient(desk, notice)
            if outcome.state != "quarantined":
                take_in_what_waited(desk, notice.subject.identifiers)
            return outcome
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
            named = (*notice.survivor.identifiers, *notice.retired.identifiers)
            outcome = take_merge(desk, notice)
            if outcome.state != "quarantined":
                take_in_what_waited(desk, named)
            return outcome
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


def release(
    desk: Desk, quarantined: str, *, patient: str | None = None, code: str | None = None, unit: str | None = None
) -> Outcome:
    """Take in what lies in quarantine, with what a person corrected; Conflict where it cannot be."""
    held = quarantine.read(desk.session, quarantined)
    if held.observation is not None:
        taken = observations.readmit(
            desk.session, quarantined, by=desk.by, now=desk.now, patient=patient, code=code, unit=unit
        )
        audit.record(desk.session, at=desk.now, actor=desk.by, action="quarantine-released", subject=quarantined)
        return _of_result(taken)
    notice = held_notice(held)
    if notice is None:
        raise Conflict("It cannot be read, so it cannot be taken in.", hint="Have it sent anew, then discard this.")
    if patient is not None and not isinstance(notice, MergeNotice | Unreadable):
        notice = replace(notice, subject=Subject(patient=patients.lock(desk.session, patient).id))
    quarantine.decide(desk.session, quarantined, "released", by=desk.by, now=desk.now)
    outcome = receive(desk, notice)
    if outcome.state == "quarantined":
        raise Conflict(f"It is still not understood: {outcome.reason}.", hint="Name the patient.")
    again = quarantine.list_(desk.session, reason=held.reason, transmission=held.transmission)
    if any(one.received == desk.now for one in again):  # a part of it lies there anew
        raise Conflict(f"It is still not understood: {held.reason}.", hint="Withdraw the death if it was a mistake.")
    audit.record(desk.session, at=desk.now, actor=desk.by, action="quarantine-released", subject=quarantined)
    return outcome


def take_in_what_waited(desk: Desk, identifiers: Sequence[Identifier]) -> None:
    """Take in what came before anybody was known by these identifiers, in its order."""
    for place, held in enumerate(quarantine.waiting_for(desk.session, identifiers)):
        named = quarantine.identifiers_of(desk.session, held.id)
        identity = desk.identify(Subject(identifiers=tuple(named)))
        if identity.patient is None:
            continue
        desk.touched.add(identity.patient)
        with suppress(Refused), desk.session.begin_nested():
            # One whose code or unit is not known either stays until a person looks.
            in_its_turn = replace(desk, now=desk.now + timedelta(microseconds=place))
            release(in_its_turn, held.id, patient=identity.patient)


def _entry(desk: Desk, told: NewEntry, patient: str, via: str | None) -> Outcome:
    kept = entries.keep(desk.session, told, patient=patient, now=desk.now, transmission=desk.transmission, via=via)
    if kept.before is not None:
        desk.touched.add(kept.before.patient)
    consequences.follow(desk.session, kept, desk.policy, now=desk.now)
    state = "stored" if kept.state in ("created", "changed") else kept.state
    return Outcome(
        state=state, id=kept.row.id, patient=patient, version=kept.row.version, created=kept.state == "created"
    )


def _consent(desk: Desk, notice: ConsentNotice, patient: str, via: str | None) -> Outcome:
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
        # One that was said in the future would stand before whatever the patient says until then.
        at = min(notice.at, desk.now)
        said = patients.Consent(purpose=notice.purpose, granted=notice.granted, at=at, by=desk.by)
        patients.record_consents(desk.session, patient, [said])
        journeys.wake(desk.session, patient, now=desk.now)
    return outcome


def _answers(desk: Desk, notice: AnswersNotice, patient: str, via: str | None) -> Outcome:
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
