"""Two records that were merged by mistake are two again: what went over goes back, and what came since finds its owner.

Whose a thing is that came since is told by the identifier under which it came. What nobody can tell stays where it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update

from pathways.engine.events import Reinstated
from pathways.errors import Conflict
from store import audit, consequences, entries, inbox, journeys, observations, patients, releases, returns, tables
from store.database import Session
from store.identities import via_of
from store.ids import new_id
from store.merges import MOVED, key_of, read
from store.patients import Identifier
from store.record import ConsentContent

_NAMED_BY = (tables.Observation, tables.Entry)
"""What comes in after a merge goes back with the identifier by which it was told."""
_WITH_JOURNEY = (tables.Task, tables.Message, tables.Ask, tables.Answers, tables.Visit, tables.Inbox)
"""What a journey made since goes back with it."""


def undo(session: Session, merge: str, *, by: str, now: datetime) -> tables.Merge:
    """Give back what went over, and what came since under the identifiers that went over.

    What journeys were told of the other person's results is taken back, and journeys that had ended go on. A death
    that was told since stands for both, until it is withdrawn of the one who lives.

    Raises:
        NotFound: there is no such merge.
        Conflict: it was undone, or the survivor went into another record since.
    """
    row = read(session, merge)
    patients.lock_all(session, {row.survivor, row.retired})
    session.refresh(row)
    stays, gone = patients.read(session, row.survivor), patients.read(session, row.retired)
    if row.undone_at is not None:
        raise Conflict("That merge was undone already.")
    if stays.merged_into is not None or gone.merged_into != row.survivor:
        raise Conflict("The record went on into another one.", hint="Undo the later merge first.")
    moved: Mapping[str, Any] = row.moved
    before: Mapping[str, Any] = moved["before"]
    gone.merged_into = None
    session.flush()
    _return_rows(session, row, moved)
    _return_consents(session, row)
    _drop_contacts(session, row.survivor, moved["contacts"])
    _part(session, stays, before, gone)
    row.undone_at, row.undone_by = now, by
    session.flush()
    _part_deaths(session, stays, before, gone, by=by, now=now)
    _go_on(session, row, moved["superseded"], by=by, now=now)
    _take_back_results(session, row, now=now)
    for patient in (row.survivor, row.retired):
        journeys.wake(session, patient, now=now)
    audit.record(session, at=now, actor=by, action="merge-undone", subject=row.id)
    return row


def _return_rows(session: Session, row: tables.Merge, moved: Mapping[str, Any]) -> None:
    named = [Identifier(system=system, value=value) for system, value in moved["identifiers"]]
    for one in named:
        held = session.get(tables.Identifier, (one.system, one.value))
        if held is not None and held.patient == row.survivor:
            held.patient = row.retired
    session.flush()
    for table in MOVED:
        _move_back(session, table, row, key_of(table).in_(moved["rows"][table.__tablename__]))
    for later in _NAMED_BY:
        _move_back(session, later, row, later.via.in_([via_of(one) for one in named]))
    theirs = select(tables.Journey.id).where(tables.Journey.patient == row.retired)
    for table in _WITH_JOURNEY:
        _move_back(session, table, row, table.journey.in_(theirs))


def _move_back(session: Session, table: type[tables.Base], row: tables.Merge, which: Any) -> None:
    session.execute(
        update(table)
        .where(cast(Any, table).patient == row.survivor, which)
        .values(patient=row.retired)
        .execution_options(synchronize_session="fetch")
    )


def _return_consents(session: Session, row: tables.Merge) -> None:
    """What the retired person agreed to or refused since, by an identifier of theirs, is their word alone."""
    for entry in entries.of_patient(session, row.retired, "consent"):
        said = entries.content_of(entry)
        if isinstance(said, ConsentContent) and entry.received >= row.at:
            same = (tables.Consent.purpose == said.purpose, tables.Consent.granted == said.granted)
            _move_back(session, tables.Consent, row, (tables.Consent.at == entry.start) & same[0] & same[1])


def _drop_contacts(session: Session, survivor: str, added: Sequence[Sequence[str]]) -> None:
    gone = {(kind, value) for kind, value in added}
    known = patients.contacts_of(session, survivor)
    left = [one for one in known if (one.kind, one.value) not in gone]
    if len(left) < len(known):
        given = [patients.Contact(kind=one.kind, value=one.value, preferred=one.preferred) for one in left]
        patients.set_contacts(session, survivor, given)


def _part(session: Session, stays: tables.Patient, before: Mapping[str, Any], gone: tables.Patient) -> None:
    """The survivor knows no more what it learned from the other; what it learned since stays."""
    theirs = consequences.diagnoses_of(session, gone.id)
    if theirs:
        gone.diagnoses = [*(gone.diagnoses or []), *sorted(theirs.difference(gone.diagnoses or []))]
    if stays.diagnoses is not None:
        had: list[str] = before["diagnoses"] or []
        own = {*had, *consequences.diagnoses_of(session, stays.id)}
        learned = set(gone.diagnoses or []) - own
        left = [code for code in stays.diagnoses if code not in learned]
        stays.diagnoses = left if left or before["diagnoses"] is not None else None
    if stays.inpatient is gone.inpatient:
        stays.inpatient = before["inpatient"]
    if stays.department == gone.department:
        stays.department = before["department"]
    kept: Mapping[str, str] = before["team"]
    stays.team = {name: who for name, who in stays.team.items() if name in kept or gone.team.get(name) != who}
    stays.demonstration = before["demonstration"]
    stays.version += 1
    gone.version += 1
    session.flush()


def _part_deaths(
    session: Session, stays: tables.Patient, before: Mapping[str, Any], gone: tables.Patient, *, by: str, now: datetime
) -> None:
    if before["died_at"] is not None or _is_anothers(session, stays):
        if gone.died_at is None:
            returns.go_on_after_death(session, gone.id, by=by, now=now)
    elif stays.died_at is not None and gone.died_at == stays.died_at:
        returns.withdraw_death(session, stays.id, by=by, now=now)
    elif stays.died_at is not None and gone.died_at is None:
        # Of whom it was told nobody can say: nothing is sent to either until a person does.
        patients.record_death(session, gone.id, stays.died_at, now=now)


def _is_anothers(session: Session, stays: tables.Patient) -> bool:
    """Whether the death came to the survivor with another record that went into it."""
    if stays.died_at is None:
        return False
    rows = (
        select(tables.Merge.id)
        .join(tables.Patient, tables.Patient.id == tables.Merge.retired)
        .where(
            tables.Merge.survivor == stays.id,
            tables.Merge.undone_at.is_(None),
            tables.Patient.died_at == stays.died_at,
        )
    )
    return session.scalar(rows.limit(1)) is not None


def _go_on(session: Session, row: tables.Merge, superseded: Sequence[Sequence[str]], *, by: str, now: datetime) -> None:
    """Journeys that had ended by the merge are what they were, and hear what came since."""
    for id, _ in superseded:
        journey = journeys.read(session, id)
        journey.superseded_by = None
        if patients.read(session, journey.patient).died_at is not None:
            continue
        if journey.status != "ended":
            inbox.add(session, journey=journey, event=Reinstated(id=new_id(), received=now, by=by))
            _tell_missed(session, journey, since=row.at - returns.LATE_RESULTS, now=now)
        elif journey.exit_reason == "merged":
            returns.make_way(session, journey, now=now)
            inbox.add(session, journey=journey, event=Reinstated(id=new_id(), received=now, by=by))


def _tell_missed(session: Session, journey: tables.Journey, *, since: datetime, now: datetime) -> None:
    """Results that came while another journey stood for it; what it knows already is the same event."""
    codes = releases.codes_of(releases.read(session, journey.release).text)
    for place, result in enumerate(observations.recent(session, journey.patient, codes, since=since), start=1):
        received = now + timedelta(microseconds=place)
        inbox.add(session, journey=journey, event=observations.event_for(result, journey.id, received=received))


def _take_back_results(session: Session, row: tables.Merge, *, now: datetime) -> None:
    """What a journey was told of the other person's results is void."""
    for patient, other in ((row.survivor, row.retired), (row.retired, row.survivor)):
        for journey in journeys.find_open(session, patient):
            codes = releases.codes_of(releases.read(session, journey.release).text)
            since = min(row.at, now) - journeys.BACKFILL
            for result in observations.recent(session, other, codes, since=since):
                if inbox.read(session, observations.event_for(result, journey.id, received=now).id) is not None:
                    event = observations.void_for(result, journey.id, received=now)
                    inbox.add(session, journey=journey, event=event)
