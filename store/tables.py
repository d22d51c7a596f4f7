"""What is remembered: every table, typed.

Ids are opaque text. Instants are aware UTC datetimes; a naive one is refused. `values`, `items` and `payload` are JSON.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from pathways.engine.journey import Scalar

Values = Mapping[str, Scalar | None]
Json = Mapping[str, Any]

JourneyStatus = Literal["starting", "active", "paused", "ended"]
TaskStatus = Literal["open", "held", "closed"]
MessageState = Literal["waiting", "leased", "sent", "delivered", "failed", "dropped", "recalled"]
ObservationState = Literal["accepted", "stored", "quarantined", "outdated"]
"""`outdated`: its source had said something newer before it came."""
InboxState = Literal["pending", "reflected", "refused"]
QuarantineState = Literal["held", "released", "discarded"]
Purpose = Literal["care", "marketing", "research"]
Channel = Literal["json", "fhir", "hl7"]
TransmissionState = Literal["taken", "ignored", "refused"]
"""`taken`: what it says was kept; `ignored`: nothing here asks for its kind; `refused`: it could not be read."""


class UTCDateTime(TypeDecorator[datetime]):
    """An instant, always in UTC; ValueError for a datetime without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what has no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """A row."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        float: Float(53),
        str: Text(),
        Values: JSON(none_as_null=True),
        Json: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        dict[str, str]: JSON(none_as_null=True),
        **{
            literal: String(20)
            for literal in (
                JourneyStatus,
                TaskStatus,
                MessageState,
                ObservationState,
                InboxState,
                QuarantineState,
                Purpose,
                Channel,
                TransmissionState,
            )
        },
    }


def _updated() -> Mapped[datetime]:
    """When the row last changed, by the database's own clock."""
    return mapped_column(insert_default=func.current_timestamp(), onupdate=func.current_timestamp(), index=True)


# --- patients ---------------------------------------------------------------------------------------------------


class Patient(Base):
    """A person in care."""

    __tablename__ = "patients"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    born: Mapped[date]
    sex: Mapped[str]
    zone: Mapped[str]
    language: Mapped[str]
    diagnoses: Mapped[list[str] | None]
    """ICD-10 codes; none where nobody has told."""
    inpatient: Mapped[bool | None]
    department: Mapped[str | None]
    """The department that the patient belongs to."""
    team: Mapped[dict[str, str]] = mapped_column(default=dict)
    """Who cares for the patient: staff by what they are, such as `surgeon`."""
    died_at: Mapped[datetime | None]
    demonstration: Mapped[bool] = mapped_column(default=False)
    merged_into: Mapped[str | None] = mapped_column(index=True)
    """The patient whose record this one went into; what is told of this one is told of that one."""
    told: Mapped[datetime | None]
    """When the system that last told who the patient is said so: what was said before changes nothing."""
    alive: Mapped[datetime | None]
    """When a death was withdrawn: one that was told before does not come back by itself."""
    created: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    updated: Mapped[datetime] = _updated()


class Identifier(Base):
    """What another system calls the patient."""

    __tablename__ = "identifiers"

    system: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)


class Contact(Base):
    """A way to reach the patient; `position` keeps the order in which they were told."""

    __tablename__ = "contacts"

    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    preferred: Mapped[bool]


class Consent(Base):
    """A yes or a no that the patient gave; for each purpose the latest holds."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_latest", "patient", "purpose", "at", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    purpose: Mapped[Purpose]
    granted: Mapped[bool]
    at: Mapped[datetime]
    by: Mapped[str]


# --- people -----------------------------------------------------------------------------------------------------


class Staff(Base):
    """A person who works here."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class Department(Base):
    """Where people work."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(primary_key=True)
    zh: Mapped[str]
    en: Mapped[str]


class Role(Base):
    """What pathways call the people who do a thing: `diabetes-nurse`."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(primary_key=True)
    zh: Mapped[str]
    en: Mapped[str]


class RoleHolder(Base):
    """Who holds a role in a department."""

    __tablename__ = "role_holders"

    role: Mapped[str] = mapped_column(ForeignKey("roles.name"), primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("departments.id"), primary_key=True)
    staff: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True, index=True)


class Duty(Base):
    """A shift on the roster of a role in a department, from `starts` to before `ends`."""

    __tablename__ = "duty"
    __table_args__ = (
        UniqueConstraint("role", "department", "staff", "starts"),
        Index("ix_duty_ends", "role", "department", "ends"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    staff: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(ForeignKey("roles.name"))
    department: Mapped[str] = mapped_column(ForeignKey("departments.id"))
    starts: Mapped[datetime]
    ends: Mapped[datetime]


class Calendar(Base):
    """The working calendar of the site, as `pathways.language.schedule.Calendar` in JSON; a site can change it."""

    __tablename__ = "calendars"

    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[Json]
    changed: Mapped[datetime]


# --- journeys ---------------------------------------------------------------------------------------------------


class Release(Base):
    """A published release; it never changes."""

    __tablename__ = "releases"
    __table_args__ = (Index("ix_releases_pathway", "pathway", "number"),)

    checksum: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """Counts what was published, so the latest is known."""
    pathway: Mapped[str]
    text: Mapped[str]
    published_at: Mapped[datetime]
    by: Mapped[str]
    demonstration: Mapped[bool]
    """Serves demonstration data alone: no clinician has confirmed its parameters."""


class Journey(Base):
    """A patient on a release, as its workflow last showed it."""

    __tablename__ = "journeys"
    __table_args__ = (
        Index(
            "ux_journeys_open",
            "patient",
            "pathway",
            "episode",
            unique=True,
            sqlite_where=text("status <> 'ended' AND superseded_by IS NULL"),
            postgresql_where=text("status <> 'ended' AND superseded_by IS NULL"),
        ),
        Index("ix_journeys_status", "status", "enrolled_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    pathway: Mapped[str] = mapped_column(index=True)
    release: Mapped[str] = mapped_column(ForeignKey("releases.checksum"))
    episode: Mapped[str]
    status: Mapped[JourneyStatus]
    exit_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    state: Mapped[str]
    """`write_journey` of the engine's state."""
    sequence: Mapped[int]
    """The last turn that the tables show."""
    wakeup: Mapped[datetime | None] = mapped_column(index=True)
    enrolled_at: Mapped[datetime]
    started_by: Mapped[str]
    demonstration: Mapped[bool]
    superseded_by: Mapped[str | None]
    """The journey of the same patient, pathway and episode that goes on where two records were merged."""
    created: Mapped[datetime]
    updated: Mapped[datetime] = _updated()


class Reason(Base):
    """One decision of a turn."""

    __tablename__ = "reasons"

    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(index=True)
    track: Mapped[str | None]
    occurrence: Mapped[str | None]
    step: Mapped[str | None]
    code: Mapped[str]
    at: Mapped[datetime]
    values: Mapped[Values]


class Inbox(Base):
    """An event that was accepted for a journey; kept until the journey has shown that it took it in."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_pending", "state", "signalled_at", "received"),
        Index("ix_inbox_journey", "journey", "state", "received"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """The event's own id."""
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"))
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str]
    payload: Mapped[Json]
    received: Mapped[datetime]
    state: Mapped[InboxState]
    signalled_at: Mapped[datetime | None]
    attempts: Mapped[int]


# --- work and contact -------------------------------------------------------------------------------------------


class Task(Base):
    """Work for a person."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_list", "status", "urgent", "due"),
        Index("ix_tasks_holder", "holder", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    name: Mapped[str]
    track: Mapped[str]
    role: Mapped[str]
    """The role it was opened for; `TaskRole` has all roles so far."""
    urgent: Mapped[bool]
    opened: Mapped[datetime]
    due: Mapped[datetime | None]
    outcomes: Mapped[list[str]]
    form: Mapped[str | None]
    about: Mapped[str | None]
    values: Mapped[Values]
    note: Mapped[str | None]
    status: Mapped[TaskStatus]
    holder: Mapped[str | None]
    flagged: Mapped[bool]
    rung: Mapped[int]
    """The highest rung of the ladder that passed."""
    end: Mapped[str | None]
    outcome: Mapped[str | None]
    why: Mapped[str | None]
    completed_by: Mapped[str | None]
    done_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    report: Mapped[Json | None]
    """What the person who completed it wrote: answers to its form and a note."""
    provisional: Mapped[str | None] = mapped_column(index=True)
    """The event for which it was opened before its journey took it in; none once the journey has adopted it."""
    department: Mapped[str | None]
    """Where its own role is looked for; none is everywhere."""
    person: Mapped[str | None] = mapped_column(index=True)
    """The person of the patient's team whose task it is."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often somebody tried in vain to reach the patient."""
    max_attempts: Mapped[int | None]
    """How many such attempts it allows; none where it counts none."""
    next_attempt: Mapped[datetime | None]
    suspended_while: Mapped[str | None]
    """What it may wait for; none where it never waits."""
    waiting: Mapped[str | None]
    """What it waits for now, its clock standing still."""
    version: Mapped[int]
    updated: Mapped[datetime] = _updated()


class TaskRole(Base):
    """A role that may complete the task, with the rung that brought it in; the task's own is rung zero."""

    __tablename__ = "task_roles"
    __table_args__ = (Index("ix_task_roles_role", "role", "task"),)

    task: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    rung: Mapped[int]
    since: Mapped[datetime]
    department: Mapped[str | None]
    """Where the role is looked for; none is everywhere."""


class TaskEvent(Base):
    """One line of a task's history."""

    __tablename__ = "task_events"

    task: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    what: Mapped[str]
    """`opened`, `annotated`, `escalated`, `held`, `released`, `closed`."""
    by: Mapped[str | None]
    values: Mapped[Values]


class Message(Base):
    """The outbox: an intent to tell the patient or, with `role`, the staff; and what became of it."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_outbox", "state", "urgent", "not_before"),
        Index("ix_messages_sent", "patient", "sent_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    """Whom it is about, also where the staff are told."""
    role: Mapped[str | None]
    template: Mapped[str]
    track: Mapped[str]
    urgent: Mapped[bool]
    purpose: Mapped[Purpose] = mapped_column(default="care")
    """Which consent it needs."""
    own_hour: Mapped[bool] = mapped_column(default=False)
    """At an hour that the patient chose: neither quiet hours nor the budget hold it, and it does not count."""
    not_before: Mapped[datetime]
    values: Mapped[Values]
    state: Mapped[MessageState]
    bucket: Mapped[int]
    """0 to 63, so that several dispatchers can share the outbox."""
    created: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_by: Mapped[str | None]
    attempts: Mapped[int]
    tried_at: Mapped[datetime | None]
    """The first attempt that did not succeed."""
    channel: Mapped[str | None]
    provider_id: Mapped[str | None] = mapped_column(index=True)
    outcome: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    rendered: Mapped[str | None]
    """The text that left."""
    dropped: Mapped[str | None]
    """Why it was not sent."""
    updated: Mapped[datetime] = _updated()


class Ask(Base):
    """A form that was put to the patient."""

    __tablename__ = "asks"

    id: Mapped[str] = mapped_column(primary_key=True)
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    form: Mapped[str]
    track: Mapped[str]
    opened: Mapped[datetime]
    expires: Mapped[datetime | None]
    end: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class Answers(Base):
    """A version of what came back to a form."""

    __tablename__ = "answers"
    __table_args__ = (Index("ux_answers_version", "journey", "source", "version", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    """What its sender calls the answers: their versions share it."""
    version: Mapped[int]
    withdrawn: Mapped[bool]
    at: Mapped[datetime]
    """When they were given."""
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    form: Mapped[str]
    ask: Mapped[str | None]
    items: Mapped[Json]
    received: Mapped[datetime]
    by: Mapped[str]


class Visit(Base):
    """A visit that a pathway planned, and what the hospital said of it."""

    __tablename__ = "visits"

    id: Mapped[str] = mapped_column(primary_key=True)
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    name: Mapped[str]
    track: Mapped[str]
    planned: Mapped[datetime]
    earliest: Mapped[datetime]
    latest: Mapped[datetime]
    reported: Mapped[str | None]
    """`booked`, `kept`, `cancelled` or `missed`, as the hospital last said."""
    reported_at: Mapped[datetime | None]
    entry: Mapped[str | None] = mapped_column(index=True)
    """The appointment or encounter of the record that it is."""
    end: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class Alarm(Base):
    """Something that an operator must look at."""

    __tablename__ = "alarms"

    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), index=True)
    task: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]


# --- results ----------------------------------------------------------------------------------------------------


class Observation(Base):
    """A version of a result, as it came."""

    __tablename__ = "observations"
    __table_args__ = (
        UniqueConstraint("source_system", "source_id", "version"),
        Index("ix_observations_patient", "patient", "code", "effective"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str | None] = mapped_column(ForeignKey("patients.id"))
    """None while it is quarantined for a patient who is not known."""
    source_system: Mapped[str]
    source_id: Mapped[str]
    result: Mapped[str] = mapped_column(index=True)
    """The same for every version; what the engine calls the result."""
    version: Mapped[int]
    code: Mapped[str]
    value: Mapped[float | None]
    unit: Mapped[str | None]
    comparator: Mapped[str | None]
    text: Mapped[str | None]
    effective: Mapped[datetime]
    status: Mapped[str]
    origin: Mapped[str]
    panel: Mapped[str | None] = mapped_column(index=True)
    """The same for every result of one measurement; derived, so that nothing of the source's own id is in it."""
    received: Mapped[datetime]
    state: Mapped[ObservationState]
    digest: Mapped[str]
    """Of its content: the same result sent twice is one."""
    issued: Mapped[datetime | None]
    """When its source said so."""
    sent: Mapped[datetime | None]
    """When the message was written that told it."""
    name: Mapped[str | None]
    """What the sender calls what was measured."""
    category: Mapped[str | None]
    reference_low: Mapped[float | None]
    reference_high: Mapped[float | None]
    reference: Mapped[str | None]
    interpretation: Mapped[str | None]
    coded: Mapped[bool] = mapped_column(default=False)
    """Its code is LOINC's by its system: where no pathway watches it, it is kept for the record."""
    transmission: Mapped[str | None]
    via: Mapped[str | None] = mapped_column(index=True)
    """The identifier by which its patient was found, as `SYSTEM|VALUE`; none where the sender gave the id here."""


class Quarantine(Base):
    """What was accepted and not understood; a person decides."""

    __tablename__ = "quarantine"

    id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    observation: Mapped[str | None] = mapped_column(ForeignKey("observations.id"), index=True)
    payload: Mapped[Json]
    notice: Mapped[Json | None]
    """What was read and could not be taken in, so that it can be taken in again; none of a result."""
    transmission: Mapped[str | None] = mapped_column(index=True)
    received: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[QuarantineState]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class QuarantineIdentifier(Base):
    """By which identifiers the patient of something in quarantine was named."""

    __tablename__ = "quarantine_identifiers"
    __table_args__ = (Index("ix_quarantine_identifiers", "system", "value"),)

    quarantine: Mapped[str] = mapped_column(ForeignKey("quarantine.id"), primary_key=True)
    system: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


# --- what other systems send ------------------------------------------------------------------------------------


class Transmission(Base):
    """A message of another system, as it came."""

    __tablename__ = "transmissions"
    __table_args__ = (
        Index("ux_transmissions_control", "channel", "sender", "control", "digest", unique=True),
        Index("ix_transmissions_received", "received", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[Channel]
    sender: Mapped[str]
    control: Mapped[str | None]
    """The sender's own id of the message; the same one with the same content is the same message."""
    message: Mapped[str]
    """What kind of message it is, such as `ORU^R01` or `Bundle`."""
    received: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str]
    state: Mapped[TransmissionState]
    answer: Mapped[str]
    """What the sender was answered: `AA`, `AE`, `AR`, or an HTTP status."""


class Entry(Base):
    """Something in a patient's record, as its source last told it: `store.record` has its kinds."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("kind", "source_system", "source_id"),
        Index("ix_entries_patient", "patient", "kind", "start"),
        Index("ix_entries_updated", "kind", "updated", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    source_system: Mapped[str]
    source_id: Mapped[str]
    version: Mapped[int]
    patient: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    status: Mapped[str] = mapped_column(String(30))
    code_system: Mapped[str | None]
    code: Mapped[str | None]
    display: Mapped[str | None]
    start: Mapped[datetime | None]
    end: Mapped[datetime | None]
    content: Mapped[Json]
    issued: Mapped[datetime | None]
    digest: Mapped[str]
    received: Mapped[datetime]
    updated: Mapped[datetime]
    transmission: Mapped[str | None]
    via: Mapped[str | None] = mapped_column(index=True)
    """The identifier by which its patient was found, as `SYSTEM|VALUE`; none where the sender gave the id here."""


class EntryVersion(Base):
    """A version of an entry, also one that came when a newer one was known."""

    __tablename__ = "entry_versions"

    entry: Mapped[str] = mapped_column(ForeignKey("entries.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    told: Mapped[Json]
    digest: Mapped[str]
    issued: Mapped[datetime | None]
    received: Mapped[datetime]
    outdated: Mapped[bool]
    transmission: Mapped[str | None]


class Merge(Base):
    """Two records that are one person's: `retired` went into `survivor`, and what moved."""

    __tablename__ = "merges"

    id: Mapped[str] = mapped_column(primary_key=True)
    survivor: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    retired: Mapped[str] = mapped_column(ForeignKey("patients.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]
    transmission: Mapped[str | None]
    moved: Mapped[Json]
    """Ids by table, so that it can be undone."""
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class Foresight(Base):
    """What a journey will make of what it has not taken in yet, as far as that is urgent."""

    __tablename__ = "foresights"

    journey: Mapped[str] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    sequence: Mapped[int]
    """The turn that the store showed when it was made."""
    events: Mapped[list[str]]
    """The inbox rows that went into it, in order."""
    state: Mapped[str]
    wakeup: Mapped[datetime | None] = mapped_column(index=True)


class Search(Base):
    """A search whose next pages are asked for by its id, so that nothing about a person stands in an address."""

    __tablename__ = "searches"

    id: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str]
    parameters: Mapped[Json]
    created: Mapped[datetime] = mapped_column(index=True)


# --- requests ---------------------------------------------------------------------------------------------------


class Idempotency(Base):
    """The answer that a request with this key was given."""

    __tablename__ = "idempotency"

    key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    status: Mapped[int]
    response: Mapped[Json]
    created: Mapped[datetime] = mapped_column(index=True)


class Audit(Base):
    """Who did what to whom, when."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
