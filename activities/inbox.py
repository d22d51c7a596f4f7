"""What was accepted for a journey and has not reached it yet, read back for the journey itself."""

from dataclasses import dataclass

from temporalio import activity

from pathways.engine.events import Event
from store import inbox
from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """Events in the order of their receipt."""

    events: tuple[Event, ...]


class InboxActivities:
    """Reads of the inbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="undelivered", no_thread_cancel_exception=True)
    def undelivered(self, journey: str) -> Undelivered:
        """Give the events of the journey that the store does not show yet."""
        with self._database.read() as session:
            return Undelivered(events=tuple(inbox.event_of(row) for row in inbox.of_journey(session, journey)))
