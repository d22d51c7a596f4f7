"""What people decide about what other systems sent: what lies in quarantine, and which records are one person's."""

from api.house import House
from store import audit, foresights, merges, quarantine, separations, tables
from store.database import Session
from store.notices import Outcome


def kind_of(row: tables.Quarantine) -> str:
    """What it is that lies there: the kind of its notice."""
    return "result" if row.observation is not None else str(row.payload.get("kind", "unreadable"))


def release(
    house: House, id: str, *, by: str, patient: str | None = None, code: str | None = None, unit: str | None = None
) -> Outcome:
    """Take it in again with what is corrected.

    Raises:
        NotFound: there is nothing such, or no such patient.
        Conflict: it was decided before, is still not understood, or cannot be taken in.
    """
    with house.database.write() as session:
        outcome = house.intake.release(session, id, by=by, now=house.clock(), patient=patient, code=code, unit=unit)
    house.engine.prompt()
    return outcome


def discard(house: House, id: str, *, by: str) -> tables.Quarantine:
    """Decide that it is not to be used; NotFound, or Conflict where that was decided before."""
    now = house.clock()
    with house.database.write() as session:
        row = quarantine.decide(session, id, "discarded", by=by, now=now)
        audit.record(session, at=now, actor=by, action="quarantine-discarded", subject=id)
    return row


def merge(session: Session, house: House, *, survivor: str, retired: str, by: str) -> tables.Merge:
    """Let a record go into another one; what is urgent of that is on its lists at once.

    Raises:
        NotFound: one of them is not known.
        Invalid: they are the same record.
        Conflict: the one that is to go went into another record.
    """
    now = house.clock()
    row = merges.merge(session, survivor=survivor, retired=retired, by=by, now=now)
    foresights.look_ahead_of(session, row.survivor, house.policy, now=now)
    return row


def undo(house: House, id: str, *, by: str) -> tables.Merge:
    """Make two records of what was merged.

    Raises:
        NotFound: there is no such merge.
        Conflict: it was undone, or the survivor went into another record since.
    """
    now = house.clock()
    with house.database.write() as session:
        row = separations.undo(session, id, by=by, now=now)
        for patient in sorted((row.survivor, row.retired)):
            foresights.look_ahead_of(session, patient, house.policy, now=now)
    house.engine.prompt()
    return row
