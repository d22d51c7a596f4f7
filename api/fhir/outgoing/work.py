"""CarePlan, Task, Appointment and Communication: a journey, and what it has people do, plan and say."""

from collections.abc import Mapping
from datetime import datetime

from api.fhir.outgoing.parts import (
    Resource,
    Showing,
    instant,
    known_as,
    named,
    patient,
    period,
    resource,
    without_nothing,
)
from api.words import role_title
from pathways.language.release import Release
from store import journeys, matches, releases, shelves, tables, tasks, visits
from store.matches import Wanted
from store.shelves import WAITING

PATHWAY = "urn:tongxing:pathway:"
"""What stands before the name of a pathway in its canonical address."""

PLANS: Mapping[str, tuple[str, ...]] = {
    "draft": ("starting",),
    "active": ("active",),
    "on-hold": ("paused",),
    "completed": ("completed",),
    "revoked": ("withdrawn", "transferred", "lost", "died", "merged"),
    "entered-in-error": ("entered-in-error",),
}
"""By FHIR's status of a CarePlan: the states of a journey, the ended ones by their reason."""
TASKS: Mapping[str, tuple[str, ...]] = {
    "requested": ("open",),
    "in-progress": ("held",),
    "on-hold": (WAITING,),
    "completed": ("done",),
    "failed": ("not-possible", "missed"),
    "cancelled": ("cancelled", "skipped", "not-needed"),
}
"""By FHIR's status of a Task: its states here, the closed ones by how they ended."""
VISITS: Mapping[str, tuple[str, ...]] = {
    "proposed": ("planned",),
    "booked": ("booked",),
    "fulfilled": ("kept", "done"),
    "cancelled": ("cancelled", "skipped", "not-needed", "not-possible"),
    "noshow": ("missed",),
}
"""By FHIR's status of an Appointment: what became of a planned visit."""
MESSAGES: Mapping[str, tuple[str, ...]] = {
    "preparation": ("waiting",),
    "in-progress": ("leased",),
    "completed": ("sent", "delivered"),
    "stopped": ("failed",),
    "not-done": ("dropped", "recalled"),
}
"""By FHIR's status of a Communication: the states of a message."""
_MANY = 1_000
"""Activities of a plan that are listed; no journey comes near."""


def plan(showing: Showing, row: tables.Journey, updated: datetime) -> Resource:
    """A journey with its tasks and visits."""
    release = _release_of(showing, row)
    of_journey = Wanted(others={"journey": ((row.id,),)})
    work = matches.find(showing.session, shelves.TASKS, of_journey, limit=_MANY)
    planned = visits.list_(showing.session, journey=row.id, limit=_MANY)
    addresses = [f"Task/{one.id}" for one, _ in work] + [f"Appointment/{one.id}" for one in planned]
    return resource("CarePlan", row.id, updated=updated, version=row.sequence + 1) | without_nothing(
        {
            "instantiatesCanonical": [f"{PATHWAY}{row.pathway}|{row.release}"],
            "status": _status(PLANS, row.exit_reason or "" if row.status == "ended" else row.status),
            "intent": "plan",
            "title": release.pathway.title.zh,
            "subject": patient(row.patient),
            "period": period(row.enrolled_at, row.ended_at),
            "created": instant(row.created),
            "activity": [{"reference": {"reference": one}} for one in addresses],
        }
    )


def task(showing: Showing, row: tables.Task, updated: datetime) -> Resource:
    """Work for a person: by when, for which roles, and how it ended."""
    release = _release_of(showing, journeys.read(showing.session, row.journey))
    state = row.end or (WAITING if row.waiting is not None else row.status)
    ended = row.done_at or row.closed_at
    told = {
        "basedOn": [{"reference": f"CarePlan/{row.journey}"}],
        "status": _status(TASKS, state),
        "statusReason": {"text": row.why} if row.why else None,
        "intent": "order",
        "priority": "urgent" if row.urgent else "routine",
        "code": named(release, "step", row.name),
        "for": patient(row.patient),
        "executionPeriod": period(row.opened, ended),
        "authoredOn": instant(row.opened),
        "lastModified": instant(updated),
        "performerType": [_role(one.role) for one in tasks.roles_of(showing.session, row.id)],
        "owner": None if row.holder is None else known_as("staff", row.holder),
        "reasonCode": named(release, "track", row.track),
        "restriction": None if row.due is None else {"period": {"end": instant(row.due)}},
        "output": None if row.outcome is None else [_outcome(release, row.outcome)],
    }
    return resource("Task", row.id, updated=updated, version=row.version) | without_nothing(told)


def visit(showing: Showing, row: tables.Visit, updated: datetime) -> Resource:
    """A planned visit: proposed within its window, then as the hospital says."""
    release = _release_of(showing, journeys.read(showing.session, row.journey))
    status = _status(VISITS, row.end or row.reported or "planned")
    proposed = status == "proposed"
    told = {
        "status": status,
        "serviceType": [named(release, "visit", row.name)],
        "start": None if proposed else instant(row.planned),
        "end": None if proposed else instant(row.planned),
        "participant": [{"actor": patient(row.patient), "status": "needs-action" if proposed else "accepted"}],
        "requestedPeriod": [{"start": instant(row.earliest), "end": instant(row.latest)}],
    }
    return resource("Appointment", row.id, updated=updated) | without_nothing(told)


def communication(showing: Showing, row: tables.Message, updated: datetime) -> Resource:
    """A message to the patient or, by their role, to staff; its words once it was worded."""
    receiver = patient(row.patient) if row.role is None else known_as("role", row.role, role_title(row.role).zh)
    told = {
        "basedOn": [{"reference": f"CarePlan/{row.journey}"}],
        "status": _status(MESSAGES, row.state),
        "statusReason": {"text": row.dropped} if row.dropped else None,
        "priority": "urgent" if row.urgent else "routine",
        "medium": None if row.channel is None else [{"text": row.channel}],
        "subject": patient(row.patient),
        "topic": {"coding": [{"system": "urn:tongxing:message", "code": row.template}]},
        "sent": None if row.sent_at is None else instant(row.sent_at),
        "received": None if row.delivered_at is None else instant(row.delivered_at),
        "recipient": [receiver],
        "payload": None if row.rendered is None else [{"contentString": row.rendered}],
    }
    return resource("Communication", row.id, updated=updated) | without_nothing(told)


def _release_of(showing: Showing, row: tables.Journey) -> Release:
    return releases.load(releases.read(showing.session, row.release))


def _status(table: Mapping[str, tuple[str, ...]], state: str) -> str:
    return next(status for status, states in table.items() if state in states)


def _role(name: str) -> Resource:
    words = role_title(name)
    return {"coding": [{"system": "urn:tongxing:role", "code": name, "display": words.en}], "text": words.zh}


def _outcome(release: Release, outcome: str) -> Resource:
    return {"type": {"text": "结果"}, "valueCodeableConcept": named(release, "outcome", outcome)}
