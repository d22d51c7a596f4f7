"""On each database alike: what is answered, and that one message by many connections is one."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from api.hl7.message import read_message
from store import tables
from store.database import Database
from tests.api.hl7.poison import poison
from tests.api.hl7.ward import admit, case, corpus, mailroom_on


def test_what_is_answered_is_the_same_on_each_database(database: Database) -> None:
    """No message of the corpus and no poison meets an error of the store's own."""
    admit(database)
    mailroom = mailroom_on(database)
    for one in corpus():
        answers = [next(read_message(ack, lambda _: None).named("MSA")).text(1) for ack in mailroom.answer(one.body)]
        wanted = one.expected.get("answers", [one.expected.get("answer")])
        assert answers == [code for code in wanted if code is not None], one.name
    for body in poison(60):
        assert all(b"|207^" not in ack for ack in mailroom.answer(body))


def test_one_message_by_many_connections_is_one(database: Database) -> None:
    """Sent at the same moment, each is answered AA, and it is taken in once."""
    admit(database)
    mailroom, body = mailroom_on(database), case("oru-several-orders").body
    with ThreadPoolExecutor(8) as threads:
        acks = [ack for answer in threads.map(mailroom.answer, [body] * 16) for ack in answer]
    assert len(acks) == 16
    assert all(b"MSA|AA|M9" in ack for ack in acks)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(tables.Transmission)) == 1
        assert session.scalar(select(func.count()).select_from(tables.Observation)) == 3


def test_many_senders_at_once(database: Database) -> None:
    """Results of the same patients that come at the same moment are all taken in."""
    admit(database)
    mailroom = mailroom_on(database)
    bodies = [
        case("oru-several-patients").body.replace(b"|M8|", b"|N%d|" % number).replace(b"8|GLU", b"8-%d|GLU" % number)
        for number in range(24)
    ]
    with ThreadPoolExecutor(8) as threads:
        acks = [ack for answer in threads.map(mailroom.answer, bodies) for ack in answer]
    assert all(b"MSA|AA|" in ack for ack in acks)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(tables.Observation)) == 72
