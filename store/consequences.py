"""What follows for a patient's journeys from what is told of the record: where they are, what they have, which visits.

A visit or discharge that lies further back than `FRESH` is history: it is kept, and no journey begins or asks because
of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from pathways.engine.events import Happened, VisitReported
from pathways.engine.journey import Scalar
from store import enrolments, entries, inbox, journeys, patients, tables, visits
from store.database import Session
from store.entries import Kept, Shown
from store.facts import Policy
from store.ids import new_id
from store.record import AppointmentContent, Content, EncounterContent
from store.visits import Reported

FRESH = timedelta(days=3)
DIAGNOSED = "diagnosed"
"""The event of a patient whose diagnoses became others: pathways may enrol on it."""
ICD10 = "icd-10"
_NOT_ADMITTED = "admission-cancelled"
_THERE = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_CAME = _THERE | {"finished"}
_HAD = frozenset({"active", "recurrence", "relapse"})
_NO_DIAGNOSIS = frozenset({"refuted", "entered-in-error", "unconfirmed", "provisional", "differential"})
_BOOKINGS: Mapping[str, Reported] = {
    "booked": "booked",
    "pending": "booked",
    "arrived": "kept",
    "checked-in": "kept",
    "fulfilled": "kept",
    "cancelled": "cancelled",
    "entered-in-error": "cancelled",
    "noshow": "missed",
}


def follow(session: Session, kept: Kept, policy: Policy, *, now: datetime) -> None:
    """Tell the patient's journeys what the entry changes for them; an entry that changed nothing has none."""
    if kept.state in ("duplicate", "outdated"):
        return
    content = entries.content_of(kept.row)
    concerned = {kept.row.patient, kept.row.patient if kept.before is None else kept.before.patient}
    match content.kind:
        case "encounter":
            before = None if kept.before is None else kept.before.content
            if _is_stay(content) or _is_stay(before):  # an outpatient's visit does not tell where they sleep
                for patient in sorted(concerned):
                    _look_where(session, patient, now=now)
            _tell_encounter(session, kept, content, policy, now=now)
        case "appointment":
            _tell_appointment(session, kept, content, now=now)
        case "condition":
            for patient in sorted(concerned):
                _look_what(session, patient, kept, policy, now=now)
        case "allergy" | "medication" | "diagnostic-report" | "consent" | "questionnaire-response":
            pass
        case _:
            assert_never(content.kind)


def happened(
    session: Session,
    patient: str,
    name: str,
    *,
    at: datetime,
    data: Mapping[str, Scalar],
    policy: Policy,
    now: datetime,
) -> None:
    """Tell every open journey of a living patient, and enrol where a pathway begins with that."""
    if patients.read(session, patient).died_at is not None:
        return
    for journey in journeys.find_open(session, patient):
        event = Happened(id=new_id(), received=now, name=name, at=min(at, now), data=dict(data))
        inbox.add(session, journey=journey, event=event)
    enrolments.by_event(session, patient, name, id=new_id(), at=min(at, now), data=data, policy=policy, now=now)


def _look_where(session: Session, patient: str, *, now: datetime) -> None:
    """In hospital while a stay there is open."""
    there = entries.of_patient(session, patient, "encounter", status=_THERE)
    inside = any(_is_stay(entries.content_of(row)) for row in there)
    if patients.read(session, patient).inpatient is not inside:
        patients.set_inpatient(session, patient, inside)
        journeys.wake(session, patient, now=now)


def _is_stay(content: Content | None) -> bool:
    return isinstance(content, EncounterContent) and content.setting == "inpatient"


def _look_what(session: Session, patient: str, kept: Kept, policy: Policy, *, now: datetime) -> None:
    """The diagnoses: those told by other ways, and every confirmed condition that the patient has."""
    row = patients.read(session, patient)
    has = diagnoses_of(session, patient)
    touched = {kept.row.code, None if kept.before is None else kept.before.code}
    stays = [code for code in row.diagnoses or [] if code not in touched or code in has]
    known = [*stays, *sorted(code for code in has if code not in stays)]
    if known == (row.diagnoses or []):
        return
    patients.set_diagnoses(session, patient, known)
    journeys.wake(session, patient, now=now)
    if row.died_at is None:
        enrolments.by_event(session, patient, DIAGNOSED, id=new_id(), at=now, data={}, policy=policy, now=now)


def diagnoses_of(session: Session, patient: str) -> set[str]:
    """The ICD-10 codes of the conditions that other systems told and the patient has."""
    told = entries.of_patient(session, patient, "condition", status=_HAD)
    return {one.code for one in told if one.code is not None and _is_diagnosis(one)}


def _is_diagnosis(row: tables.Entry) -> bool:
    content = entries.content_of(row)
    sure = content.kind == "condition" and content.verification not in _NO_DIAGNOSIS
    return row.code_system == ICD10 and row.status in _HAD and sure


def _tell_encounter(session: Session, kept: Kept, content: EncounterContent, policy: Policy, *, now: datetime) -> None:
    row, shown = kept.row, kept.before
    if shown is not None and shown.patient != row.patient:  # it was another person's all along
        _take_back(session, row, shown, policy, now=now)
        shown = None
    before = None if shown is None else shown.status
    if row.status in _CAME and before not in _CAME:
        _report(session, row, content.visit, None, "kept", at=row.start or now, now=now)
    if (name := _event_of(content, row.status, before)) is None:
        return
    at = (row.end if name in ("discharged", "visit-kept") else row.start) or now
    if at < now - FRESH:
        return
    data: dict[str, Scalar] = {"visit": row.id, "at": at.isoformat()}
    if content.department is not None:
        data["department"] = content.department
    happened(session, row.patient, name, at=at, data=data, policy=policy, now=now)


def _take_back(session: Session, row: tables.Entry, shown: Shown, policy: Policy, *, now: datetime) -> None:
    """Tell who was thought to be in hospital that they are not."""
    if _is_stay(shown.content) and shown.status in _THERE:
        data: dict[str, Scalar] = {"visit": row.id, "at": now.isoformat()}
        happened(session, shown.patient, _NOT_ADMITTED, at=now, data=data, policy=policy, now=now)


def _event_of(content: EncounterContent, status: str, before: str | None) -> str | None:
    """What an encounter's new status means to pathways."""
    if content.setting == "inpatient":
        if status in _THERE:
            return "discharge-cancelled" if before == "finished" else None if before in _THERE else "admitted"
        if status in ("cancelled", "entered-in-error") and before in _THERE:
            return _NOT_ADMITTED
        return "discharged" if status == "finished" and before != "finished" else None
    return "visit-kept" if status == "finished" and before != "finished" else None


def _tell_appointment(session: Session, kept: Kept, content: AppointmentContent, *, now: datetime) -> None:
    row = kept.row
    reported = _BOOKINGS.get(row.status)
    if reported is None:
        return
    same = kept.before is not None and kept.before.status == row.status
    if same and reported != "booked":
        return
    at = row.start or now
    _report(
        session, row, content.visit, content.planned, reported, at=at if reported == "booked" else min(at, now), now=now
    )


def _report(
    session: Session,
    row: tables.Entry,
    name: str | None,
    planned: str | None,
    state: Reported,
    *,
    at: datetime,
    now: datetime,
) -> None:
    """Tell the journey that planned the visit what became of it; nothing where no journey planned such a one."""
    visit = visits.of_entry(session, row.id) or _planned(session, row, name, planned)
    if visit is None or (visit.reported, visit.reported_at) == (state, at):
        return
    journey = journeys.read(session, visit.journey)
    visits.link(session, visit, None if state == "cancelled" else row.id)
    visits.report(session, visit.id, state, at=at)
    content = entries.content_of(row)
    department = content.department if isinstance(content, AppointmentContent | EncounterContent) else None
    event = VisitReported(
        id=new_id(), received=now, name=visit.name, state=state, at=at, visit=visit.id, department=department
    )
    inbox.add(session, journey=journey, event=event)


def _planned(session: Session, row: tables.Entry, name: str | None, planned: str | None) -> tables.Visit | None:
    if planned is not None:
        found = visits.find(session, planned)
        if found is not None and found.patient == row.patient:
            return found
    return None if name is None else visits.to_come(session, row.patient, name)
