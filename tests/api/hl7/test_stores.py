"""On each database alike: what is answered, and that one message by many connections is one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
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


_LONG = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(3000))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"PID|1||{_LONG}^^^HIS^PI\rOBR|1||O1\rOBX|1|NM|2345-7^^LN||5.1|mmol/L|||||F", id="patient"),
        pytest.param(f"PID|1||P1^^^{_LONG}^PI\rOBR|1||O1\rOBX|1|NM|2345-7^^LN||5.1|mmol/L|||||F", id="authority"),
        pytest.param(f"PID|1||P1^^^HIS^PI\rOBR|1||{_LONG}\rOBX|1|NM|2345-7^^LN||5.1|mmol/L|||||F", id="order"),
        pytest.param(f"PID|1||P1^^^HIS^PI\rOBR|1||O1\rOBX|1|NM|{_LONG}||5.1|mmol/L|||||F", id="code"),
        pytest.param(f"PID|1||P1^^^HIS^PI\rOBR|1||O1\rOBX|1|NM|2345-7^^LN|{_LONG}|5.1|mmol/L|||||F", id="sub-id"),
        pytest.param(f"PID|1||P1^^^HIS^PI\rPV1|1|I{'|' * 17}{_LONG}", id="visit"),
        pytest.param(f"SCH|1|{_LONG}|||||||30|M|^^^202601200900\rPID|1||P1^^^HIS^PI", id="appointment"),
        pytest.param(f"PID|1||P1^^^HIS^PI\rPV1|1|I{'|' * 17}V1\rDG1|1||E11^^I10{'|' * 17}{_LONG}", id="diagnosis"),
    ],
)
def test_an_id_of_any_length_is_kept(database: Database, message: str) -> None:
    """No message is one that the store can never take, which its sender would send for ever; sent anew it is known."""
    admit(database)
    mailroom = mailroom_on(database)
    kind = "SIU^S12" if message.startswith("SCH") else "ADT^A01" if "PV1" in message else "ORU^R01"
    for control, again in (("L1", False), ("L2", True)):
        body = f"MSH|^~\\&|LIS|HOSPITAL|||20260116110000||{kind}|{control}|P|2.5||||||UTF-8\r{message}\r"
        received = mailroom.receive(body.encode())
        assert received.verdict.answer == "AA"
        assert received.taking is not None
        assert not again or all(one.state == "duplicate" for one in received.taking.outcomes)
    with database.read() as session:
        counted = [session.scalar(select(func.count()).select_from(one)) for one in (tables.Observation, tables.Entry)]
        assert sum(one or 0 for one in counted) == (2 if "DG1" in message else 1)


def test_the_sender_of_any_length_is_known_again(database: Database) -> None:
    """Its name stands with every result of it."""
    admit(database)
    mailroom = mailroom_on(database)
    body = case("oru-final-glucose").body.replace(b"|LIS|", f"|{_LONG}|".encode(), 1)
    assert mailroom.receive(body).verdict.answer == "AA"
