"""What a journey decided becomes what people see: one transaction a projection, idempotent by (journey, sequence)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import assert_never

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import Projected, Projection, Turned, Unattended, fingerprint
from pathways.engine.actions import (
    AnnotateTask,
    AnyAction,
    BookVisit,
    CallSystem,
    CloseAsk,
    CloseTask,
    CloseVisit,
    EndJourney,
    EnrolPatient,
    EscalateTask,
    HoldTask,
    NotifyStaff,
    OpenAsk,
    OpenTask,
    RaiseAlarm,
    RecallMessage,
    ReopenJourney,
    SendMessage,
)
from pathways.engine.context import Facts
from pathways.errors import Conflict, Invalid, Refused, StoreUnavailable, TongxingError
from store import alarms, asks, attendance, inbox, journeys, messages, releases, tables, tasks, visits
from store.attendance import Standing, rungs_of
from store.database import Database, Session
from store.facts import Policy, facts_of

REFUSED = "projection-refused"


def project(session: Session, projection: Projection, *, now: datetime, policy: Policy) -> Projected:
    """Write the turns that the store does not show yet, and tell what the journey needs for its next one.

    Raises:
        Invalid: there is no such journey, a turn is missing, or an action names what was never opened.
    """
    row = journeys.lock(session, projection.journey.id)
    if row is None:
        raise Invalid("The store has no such journey.")
    if _others_shown(row, projection.turns):
        return Projected(
            sequence=row.sequence,
            facts=_facts(session, row, policy, now=now),
            unattended=_unattended(session, attendance.standing_of(session, row), now=now),
            stands=journeys.state_of(row),
        )
    new = [turn for turn in projection.turns if turn.sequence > row.sequence]
    if new:
        _check_complete(row, new, projection.journey.sequence)
        for turn in new:
            for action in turn.actions:
                perform(session, row, action)
            journeys.keep_reasons(session, row, turn.sequence, turn.reasons)
        taken_in = [turn.event.id for turn in new]
        tasks.close_unadopted(session, taken_in, now=now)
        inbox.mark_reflected(session, taken_in)
        journeys.show(session, row, projection.journey, wakeup=projection.wakeup)
    return Projected(
        sequence=row.sequence,
        facts=_facts(session, row, policy, now=now),
        # Also of turns that were shown before: the answer may be lost.
        unattended=_unattended(session, rungs_of(_actions(projection.turns)), now=now),
    )


def _actions(turns: Sequence[Turned]) -> Iterator[AnyAction]:
    return (action for turn in turns for action in turn.actions)


def _facts(session: Session, row: tables.Journey, policy: Policy, *, now: datetime) -> Facts:
    wanted = releases.seasons_of(releases.read(session, row.release).text)
    return facts_of(session, row.patient, policy, now=now, wanted=wanted)


def _others_shown(row: tables.Journey, turns: Sequence[Turned]) -> bool:
    """Whether what the store shows is no turn of these.

    A workflow task that is lost with its worker or its server is done again, at another time and perhaps on other
    events; what its first run had shown by then was seen by people, and stands.
    """
    if row.sequence < turns[0].sequence:
        return False
    same = next((turn for turn in turns if turn.sequence == row.sequence), None)
    return same is None or same.state != fingerprint(row.state.encode())


def _check_complete(row: tables.Journey, new: Sequence[Turned], last: int) -> None:
    if [turn.sequence for turn in new] != list(range(row.sequence + 1, last + 1)):
        raise Invalid("The turns do not follow on what the store shows.")


def perform(session: Session, journey: tables.Journey, action: AnyAction) -> None:
    """Write one action; one whose id is there already is the same action."""
    match action:
        case OpenTask() | AnnotateTask() | EscalateTask() | HoldTask() | CloseTask():
            _perform_on_task(session, journey, action)
        case SendMessage() | NotifyStaff() | RecallMessage():
            _perform_on_message(session, journey, action)
        case OpenAsk():
            asks.open_(session, journey, action)
        case CloseAsk():
            asks.close(session, action)
        case BookVisit():
            visits.book(session, journey, action)
        case CloseVisit():
            visits.close(session, action)
        case RaiseAlarm():
            alarms.raise_(session, journey, action)
        case EndJourney():
            journeys.end(session, journey, action)
            if action.reason != "completed":
                # What the pathway said on its last step still leaves; after every other end nothing does.
                messages.recall_unsent(session, journey.id)
        case ReopenJourney():
            journeys.reopen(session, journey)
        case CallSystem() | EnrolPatient():
            pass  # The journey has them done as errands of their own.
        case _:
            assert_never(action)


def _perform_on_task(
    session: Session,
    journey: tables.Journey,
    action: OpenTask | AnnotateTask | EscalateTask | HoldTask | CloseTask,
) -> None:
    match action:
        case OpenTask():
            tasks.open_(session, journey, action)
        case AnnotateTask():
            tasks.annotate(session, action)
        case EscalateTask():
            tasks.escalate(session, action)
        case HoldTask():
            tasks.hold(session, action)
        case CloseTask():
            tasks.close(session, action)
        case _:
            assert_never(action)


def _perform_on_message(
    session: Session, journey: tables.Journey, action: SendMessage | NotifyStaff | RecallMessage
) -> None:
    match action:
        case SendMessage():
            messages.send(session, journey, action)
        case NotifyStaff():
            messages.notify(session, journey, action)
        case RecallMessage():
            messages.recall(session, action)
        case _:
            assert_never(action)


def _unattended(session: Session, rungs: Sequence[Standing], *, now: datetime) -> tuple[Unattended, ...]:
    """Those on which a task now stands with nobody on duty."""
    return tuple(Unattended(task=one.task, rung=one.rung) for one in attendance.unattended(session, rungs, now=now))


class ProjectionActivities:
    """Writes of journeys into the store."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    # A time-out must not interrupt the thread: between taking the store's turn and giving it back nothing may.
    @activity.defn(name="project", no_thread_cancel_exception=True)
    def project(self, projection: Projection) -> Projected:
        """Write the projection in one transaction.

        Raises:
            ApplicationError: `store-unavailable`, to be tried again; `projection-refused`, which no retry can mend.
        """
        now = projection.journey.clock  # the journey's own time, so that a retry decides alike
        try:
            with self._database.write() as session:
                return project(session, projection, now=now, policy=self._policy)
        except Conflict as clash:  # somebody wrote the same row at the same moment; by now it is there
            raise ApplicationError(clash.message, type=StoreUnavailable.code) from None
        except Refused as refused:
            raise ApplicationError(refused.message, type=REFUSED, non_retryable=True) from None
        except TongxingError as failed:
            raise ApplicationError(failed.message, type=failed.code) from None
