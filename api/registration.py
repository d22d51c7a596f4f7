"""Who patients are, as other systems tell: they are made, changed, found dead, and found to be one."""

from collections.abc import Sequence

from api.desk import Desk, hold
from pathways.errors import Invalid, NotFound
from store import audit, merges, patients
from store.identities import Identity
from store.notices import MergeNotice, Outcome, PatientNotice, Subject
from store.patients import Identifier


def take_patient(desk: Desk, notice: PatientNotice) -> Outcome:
    """Make the patient, or write what is told anew; a death counts at once."""
    identity = desk.identify(notice.subject)
    if identity.conflict or _is_another(desk, notice.subject, identity.patient):
        return hold(desk, notice, "identity-conflict")
    if identity.patient is None:
        if notice.subject.patient is not None:
            raise NotFound("There is no such patient.")
        if notice.name is None or notice.born is None or not notice.subject.identifiers:
            return hold(desk, notice, "incomplete-patient")
    outcome = _make(desk, notice) if identity.patient is None else _change(desk, notice, identity.patient)
    assert outcome.patient is not None, "it is made or found"
    _tell_death(desk, notice, outcome.patient)
    return outcome


def _is_another(desk: Desk, subject: Subject, patient: str | None) -> bool:
    """Whether the id here and an identifier that counts are two people's: nobody is to get another one's name."""
    if subject.patient is None or patient is None:
        return False
    counting = [one for one in subject.identifiers if one.system in desk.priorities]
    return any(desk.identify(Subject(identifiers=(one,))).patient not in (None, patient) for one in counting)


def refuse_patient(desk: Desk, notice: PatientNotice, reason: str) -> Outcome:
    """Put what cannot be written where a person looks; a death that it tells counts all the same."""
    outcome = hold(desk, notice, reason)
    patient = desk.identify(notice.subject).patient
    if patient is not None:
        desk.touched.add(patient)
        _tell_death(desk, notice, patient)
    return outcome


def _make(desk: Desk, notice: PatientNotice) -> Outcome:
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
    made.patient.told = notice.issued
    audit.record(desk.session, at=desk.now, actor=desk.by, action="patient-created", subject=made.patient.id)
    return Outcome(state="stored", id=made.patient.id, patient=made.patient.id, created=True)


def _change(desk: Desk, notice: PatientNotice, patient: str) -> Outcome:
    changed = patients.update(
        desk.session,
        patient,
        now=desk.now,
        name=notice.name,
        born=notice.born,
        sex=notice.sex,
        language=notice.language,
        contacts=notice.contacts,
        contacts_whole=notice.contacts_whole,
        identifiers=_free(desk, notice.subject.identifiers, patient),
        issued=notice.issued,
    )
    row = patients.read(desk.session, patient)
    if changed:
        audit.record(desk.session, at=desk.now, actor=desk.by, action="patient-changed", subject=patient)
    return Outcome(state="stored" if changed else "duplicate", id=patient, patient=patient, version=row.version)


def _free(desk: Desk, named: Sequence[Identifier], patient: str) -> list[Identifier]:
    """Those that are not somebody else's: one without a priority contradicts nobody, and stays with whom it is."""
    return [one for one in named if desk.identify(Subject(identifiers=(one,))).patient in (None, patient)]


def _tell_death(desk: Desk, notice: PatientNotice, patient: str) -> None:
    """A death counts at once; what contradicts one that is known is for a person to decide."""
    row = patients.read(desk.session, patient)
    at = notice.died_at or (desk.now if notice.deceased else None)
    if at is None:
        if notice.deceased is False and row.died_at is not None:
            hold(desk, notice, "death-contradicted")
        return
    if row.alive is not None and notice.issued is not None and notice.issued < row.alive:
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


def take_merge(desk: Desk, notice: MergeNotice) -> Outcome:
    """Let the one record go into the other."""
    survivor, retired = desk.identify(notice.survivor), desk.identify(notice.retired)
    if survivor.conflict and retired.patient is not None:
        survivor = desk.identify(_without(desk, notice.survivor, retired.patient))
    if survivor.conflict or retired.conflict:
        return hold(desk, notice, "identity-conflict")
    if survivor.patient is None or retired.patient is None:
        return _merge_of_unknown(desk, notice, survivor, retired)
    if merges.was_undone(desk.session, survivor.patient, retired.patient):
        return hold(desk, notice, "merge-undone")
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


def _without(desk: Desk, subject: Subject, patient: str) -> Subject:
    """The subject but for what is this patient's alone: a card that only the record that goes has is no conflict."""
    owners = {one: desk.identify(Subject(identifiers=(one,))).patient for one in subject.identifiers}
    others = {owner for owner in owners.values() if owner not in (None, patient)}
    have = {one.system for other in others for one in patients.named(desk.session, other)}
    kept = [one for one, owner in owners.items() if owner != patient or one.system in have]
    return Subject(identifiers=tuple(kept))


def _merge_of_unknown(desk: Desk, notice: MergeNotice, survivor: Identity, retired: Identity) -> Outcome:
    """One of them is not known here: whoever is known goes by both names from now on."""
    known = survivor.patient or retired.patient
    if known is None:
        return hold(desk, notice, "unknown-patient")
    named = (*notice.survivor.identifiers, *notice.retired.identifiers)
    patients.update(desk.session, known, now=desk.now, identifiers=_free(desk, named, known))
    return Outcome(state="stored", id=known, patient=known)
