"""Messages of other systems: the same one is known again, and a list does not carry what they hold."""

import pytest
from sqlalchemy.exc import InvalidRequestError

from pathways.errors import NotFound
from store import tables, transmissions
from store.database import Database
from store.transmissions import Arrived
from tests.store.builders import NOW, at


def arrived(control: str | None = "1", body: bytes = b"MSH", **more: str) -> Arrived:
    return Arrived(channel="hl7", sender=more.get("sender", "lis"), message="ORU^R01", body=body, control=control)


@pytest.mark.parametrize(
    ("again", "known"),
    [
        (arrived(), True),
        (arrived("2"), False),
        (arrived(body=b"MSH other"), False),
        (arrived(sender="emr"), False),
        (arrived(None), False),
    ],
)
def test_the_same_message_is_known_again(database: Database, again: Arrived, known: bool) -> None:
    """By its sender, its control id and its content: senders use a control id twice."""
    with database.write() as session:
        row = transmissions.keep(session, arrived(), state="taken", answer="AA", now=NOW)
        found = transmissions.known(session, again)
        assert (None if found is None else found.id) == (row.id if known else None)


@pytest.mark.parametrize(("state", "known"), [("taken", False), ("refused", True)])
def test_one_without_a_control_id_is_the_same_only_where_it_was_refused(
    database: Database, state: tables.TransmissionState, known: bool
) -> None:
    """So that a retry of what cannot be read is not held twice, and a fact is told as often as it is sent."""
    with database.write() as session:
        transmissions.keep(session, arrived(None), state=state, answer="AE", now=NOW)
        assert (transmissions.known(session, arrived(None)) is not None) is known


def test_a_list_does_not_carry_the_bodies(database: Database) -> None:
    """They may be millions of bytes each; a message that is read alone has its own."""
    with database.write() as session:
        ids = [
            transmissions.keep(session, arrived(str(n)), state="taken", answer="AA", now=at(minutes=n)).id
            for n in range(3)
        ]
    with database.read() as session:
        rows = transmissions.list_(session, since=at(minutes=1))
        assert [row.id for row in rows] == ids[1:]
        first = rows[0]
        assert [row.id for row in transmissions.list_(session, after=(first.received, first.id))] == ids[2:]
        assert set(transmissions.heads(session, [*ids[:2], "nothing"])) == set(ids[:2])
        with pytest.raises(InvalidRequestError):
            assert first.body
    with database.read() as session:
        assert transmissions.read(session, ids[0]).body == b"MSH"
        with pytest.raises(NotFound):
            transmissions.read(session, "nothing")
