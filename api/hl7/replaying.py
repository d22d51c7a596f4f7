"""Taking messages in again that came before, by the same way and with today's mapping."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.hl7.mailroom import Mailroom, Received
from pathways.errors import Conflict, Invalid
from store import quarantine, tables, transmissions
from store.database import Database, Session

_PAGE = 200
_AGAIN = " again "
_BY = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A message that was taken in again, and what became of it."""

    transmission: str
    before: str
    received: Received

    @property
    def well(self) -> bool:
        """Whether all of it was understood now."""
        taking = self.received.taking
        return (
            self.received.verdict.answer == "AA"
            and taking is not None
            and all("quarantined" not in (one.state, one.kept) for one in taking.outcomes)
        )

    def __str__(self) -> str:
        taking = self.received.taking
        outcomes = () if taking is None else taking.outcomes
        states = [f"{one.state}{f' ({one.reason})' if one.reason else ''}" for one in outcomes]
        told = [f"{one.kind.text.zh} · {one.kind.text.en}" for one in self.received.verdict.faults]
        became = ", ".join(states) or "-"
        answer = self.received.verdict.answer
        return f"{self.transmission}: {self.before} → {answer}: {became}" + "".join(f"\n  {one}" for one in told)


def chosen(
    database: Database, *, ids: Sequence[str] = (), failed: bool = False, since: datetime | None = None
) -> list[str]:
    """The ids of the messages: those named, or all that could not be read, or all since a time; oldest first.

    Raises:
        NotFound: there is no such message.
        Invalid: a message of another channel, or nothing says which.
    """
    if not ids and not failed and since is None:
        raise Invalid("Nothing says which messages.", hint="Give ids, --failed or --since.")
    with database.read() as session:
        rows = [transmissions.read(session, id) for id in ids]
        if any(row.channel != "hl7" for row in rows):
            raise Invalid("One of these is no HL7 message.", hint="Only HL7 messages can be taken in again.")
        if failed or since is not None:
            state: tables.TransmissionState | None = "refused" if failed else None
            after: tuple[datetime, str] | None = None
            while page := transmissions.list_(
                session, channel="hl7", state=state, since=since, after=after, limit=_PAGE
            ):
                # What was taken in again is no message of its own.
                rows += [row for row in page if _AGAIN not in (row.control or "")]
                after = (page[-1].received, page[-1].id)
        return list(dict.fromkeys(row.id for row in rows))


def replay(mailroom: Mailroom, ids: Sequence[str], *, now: datetime) -> Iterator[Replayed]:
    """Take each of them in again; what is understood now is no more in quarantine."""
    database = mailroom.intake.database
    for id in ids:
        with database.read() as session:
            row = transmissions.read(session, id)
        received = mailroom.receive(row.body, again=f"{_AGAIN.strip()} {now.isoformat()}")
        one = Replayed(transmission=id, before=row.answer, received=received)
        if one.well:
            _settle(database, id, now=now)
        yield one


def _settle(database: Database, id: str, *, now: datetime) -> None:
    with database.write() as session:
        transmissions.read(session, id).state = "taken"
        after: tuple[datetime, str] | None = None
        while page := quarantine.list_(session, after=after, limit=_PAGE):
            after = (page[-1].received, page[-1].id)
            for held in page:
                if held.transmission == id:
                    _release(session, held.id, now=now)


def _release(session: Session, id: str, *, now: datetime) -> None:
    try:
        quarantine.decide(session, id, "released", by=_BY, now=now)
    except Conflict:
        return  # somebody decided at this moment
