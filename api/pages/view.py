"""What the worklist shows: tasks, patients and messages, ready to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.languages import Language
from api.pages.phrases import PHRASES
from api.tasks import form_of, outcomes_of, pending_of, release_of
from api.words import (
    MESSAGE_STATES,
    TASK_STATES,
    local,
    reason_title,
    role_title,
    shown_values,
    title,
)
from pathways.language.forms import Form
from pathways.language.release import Release
from pathways.language.texts import Text
from store import journeys, messages, patients, people, tables, tasks
from store.database import Session

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A task as a line of the list."""

    id: str
    version: int
    title: Text
    track: Text
    why: str
    patient: str
    due: str | None
    overdue: bool
    urgent: bool
    flagged: bool
    state: Text
    holder: str | None
    mine: bool
    waiting: Text | None
    """What it waits for; its clock stands still."""
    next_attempt: str | None
    department: str | None
    closed: bool
    kept: bool
    demonstration: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a task's history."""

    at: str
    what: Text
    by: str | None
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A task with all that is needed to do it."""

    card: Card
    patient: str
    """The id of whose task it is."""
    born: str
    contacts: Sequence[tuple[Text, str]]
    opened: str
    roles: Sequence[Text]
    person: str | None
    attempts: str | None
    """How many in vain, of how many; none where the task counts none."""
    may_attempt: bool
    """Whether another one in vain is allowed."""
    may_wait_for: Text | None
    outcomes: Sequence[tuple[str, Text]]
    form: Form | None
    history: Sequence[Line]
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person who works here."""

    id: str
    name: str
    roles: Sequence[Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A message as a line of the list."""

    at: str
    patient: str
    role: Text | None
    urgent: bool
    state: Text
    text: str | None


def members_of(session: Session) -> list[Member]:
    """Everybody who works here."""
    return [_member(session, row) for row in people.staff(session) if row.active]


def member_of(session: Session, staff: str | None) -> Member | None:
    """The person, where they work here."""
    row = None if staff is None else session.get(tables.Staff, staff)
    return None if row is None or not row.active else _member(session, row)


def work_of(session: Session, staff: str, *, now: datetime, zone: str, language: Language) -> tuple[list[Card], bool]:
    """The open tasks on the list of the person in clinical priority, and whether there are more."""
    page = tasks.list_tasks(session, tasks.Filter(staff=staff), at=now, limit=MOST)
    cards = [card_of(session, row, staff, now=now, zone=zone, language=language) for row in page.tasks]
    return cards, page.next is not None


def card_of(session: Session, row: tables.Task, staff: str, *, now: datetime, zone: str, language: Language) -> Card:
    """The task as a line."""
    journey = journeys.read(session, row.journey)
    release = release_of(session, journey)
    return Card(
        id=row.id,
        version=row.version,
        title=title(release, row.name),
        track=title(release, row.track),
        why=shown_values(release, row.values, language),
        patient=patients.read(session, row.patient).name,
        due=None if row.due is None else local(row.due, zone),
        overdue=row.due is not None and row.due < now and row.status != "closed",
        urgent=row.urgent,
        flagged=row.flagged,
        state=TASK_STATES[row.status],
        holder=_name(session, row.holder),
        mine=row.holder == staff,
        waiting=None if row.waiting is None else title(release, row.waiting),
        next_attempt=None if row.next_attempt is None else local(row.next_attempt, zone),
        department=_department(session, row.department, language),
        closed=row.status == "closed",
        kept="task-completed" in pending_of(session, row),
        demonstration=journey.demonstration,
    )


def sheet_of(session: Session, id: str, staff: str, *, now: datetime, zone: str, language: Language) -> Sheet:
    """The task with its patient, form and history; NotFound where there is none."""
    row = tasks.read(session, id)
    release = release_of(session, journeys.read(session, row.journey))
    patient = patients.read(session, row.patient)
    return Sheet(
        card=card_of(session, row, staff, now=now, zone=zone, language=language),
        patient=patient.id,
        born=patient.born.isoformat(),
        contacts=[(_kind(one.kind), one.value) for one in patients.contacts_of(session, patient.id)],
        opened=local(row.opened, zone),
        roles=[role_title(one.role) for one in tasks.roles_of(session, id)],
        person=_name(session, row.person),
        attempts=None if row.max_attempts is None else f"{row.attempts} / {row.max_attempts}",
        may_attempt=row.max_attempts is not None and row.attempts < row.max_attempts,
        may_wait_for=None if row.suspended_while is None else title(release, row.suspended_while),
        outcomes=[(name, title(release, name)) for name in outcomes_of(row)],
        form=form_of(release, row),
        history=[_line(session, release, one, zone, language) for one in tasks.history(session, id)],
        note=row.note,
    )


def notes_of(session: Session, *, zone: str) -> list[Note]:
    """The latest messages with their texts."""
    return [
        Note(
            at=local(row.sent_at or row.not_before, zone),
            patient=patients.read(session, row.patient).name,
            role=None if row.role is None else role_title(row.role),
            urgent=row.urgent,
            state=MESSAGE_STATES[row.state],
            text=row.rendered,
        )
        for row in messages.list_(session, limit=MOST)
    ]


def _line(session: Session, release: Release, event: tables.TaskEvent, zone: str, language: Language) -> Line:
    words = {
        "opened": PHRASES["opened_event"],
        "annotated": PHRASES["annotated"],
        "escalated": PHRASES["escalated"],
        "held": PHRASES["held"],
        "released": PHRASES["released"],
        "closed": PHRASES["closed"],
    }
    return Line(
        at=local(event.at, zone),
        what=words.get(event.what) or Text(zh=event.what, en=event.what),
        by=_name(session, event.by),
        values=_told(release, event, language),
    )


def _told(release: Release, event: tables.TaskEvent, language: Language) -> str:
    """What a line of the history says beside what happened."""
    if event.what == "escalated":
        return role_title(str(event.values.get("to"))).in_(language)
    if event.what != "annotated":
        return ""
    code = str(event.values.get("code"))
    about = str(event.values.get("result")) if code == "attempted" else code
    said = PHRASES.get(about.replace("-", "_")) or reason_title(code)
    rest = {} if code == "attempted" else {name: value for name, value in event.values.items() if name != "code"}
    return " ".join(part for part in (said.in_(language), shown_values(release, rest, language)) if part)


def _member(session: Session, row: tables.Staff) -> Member:
    roles = [role_title(role) for role in sorted(people.roles_of(session, row.id))]
    return Member(id=row.id, name=row.name, roles=roles)


def _kind(kind: str) -> Text:
    return PHRASES.get(kind) or Text(zh=kind, en=kind)


def _department(session: Session, id: str | None, language: Language) -> str | None:
    row = None if id is None else session.get(tables.Department, id)
    return id if row is None else Text(zh=row.zh, en=row.en).in_(language)


def _name(session: Session, staff: str | None) -> str | None:
    known = None if staff is None else session.get(tables.Staff, staff)
    return staff if known is None else known.name
