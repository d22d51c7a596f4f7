"""What senders leave out or overdo: nothing is taken back by it, and nothing breaks off."""

import pytest

from store import entries, observations, patients
from store.database import Database, Session
from store.patients import Identifier
from tests.api.hl7.ward import mailroom_on


def told(ward: Database, *messages: str) -> None:
    """The messages come one after the other, a minute apart."""
    mailroom = mailroom_on(ward)
    for number, text in enumerate(messages):
        kind, _, segments = text.partition(" ")
        at = f"2026011611{number:02}00"
        head = f"MSH|^~\\&|HIS|HOSPITAL|||{at}||{kind}|E{number}|P|2.5||||||UTF-8\rEVN||{at}\r"
        received = mailroom.receive(f"{head}PID|1||P1^^^HIS^PI\r{segments}\r".encode())
        assert received.verdict.answer == "AA"


def patient(session: Session) -> str:
    """The one whom the messages tell of."""
    (row,) = patients.find(session, identifier=Identifier(system="his", value="P1"))
    return row.id


def visit(kind: str) -> str:
    """The segment of the visit V1."""
    return f"PV1|1|{kind}|W1{'|' * 16}V1"


def test_what_is_suspected_later_takes_no_diagnosis_back(ward: Database) -> None:
    """A working diagnosis at the next admission is no word against the confirmed one."""
    told(ward, "ADT^A03 " + visit("I") + "\rDG1|1||E11.9^^I10|||F", "ADT^A01 " + visit("I") + "\rDG1|1||E11.9^^I10|||A")
    with ward.read() as session:
        assert patients.read(session, patient(session)).diagnoses == ["E11.9"]


@pytest.mark.parametrize(("event", "there"), [("A02", True), ("A03", False)])
def test_a_stay_whose_class_is_not_told_again_stays_one(ward: Database, event: str, there: bool) -> None:
    """A transfer takes nobody out of the hospital, and a discharge is one and no visit of an outpatient."""
    told(ward, "ADT^A01 " + visit("I"), f"ADT^{event} " + visit(""))
    with ward.read() as session:
        (entry,) = entries.of_patient(session, patient(session), "encounter")
        assert entry.content["setting"] == "inpatient"
        assert patients.read(session, patient(session)).inpatient is there


def test_an_appointment_at_the_end_of_all_years_is_kept(ward: Database) -> None:
    """Senders write the last day that there is where they know none; its end lies beyond it."""
    told(ward, "SIU^S12 SCH|A1|A1|||||||99|D|^^^99991231")
    with ward.read() as session:
        (entry,) = entries.of_patient(session, patient(session), "appointment")
        assert (entry.source_id, entry.end) == ("A1", None)


def test_numbers_that_begin_anew_are_of_their_day(ward: Database) -> None:
    """The same order number on another day is another result; corrected on its own day it is the next version."""
    mailroom = mailroom_on(ward)
    for control, day, value, status in ((1, 15, "5.1", "F"), (2, 16, "6.2", "F"), (3, 16, "6.4", "C")):
        head = f"MSH|^~\\&|WARD-LIS|HOSPITAL|||202601{day}09000{control}||ORU^R01|W{control}|P|2.5||||||UTF-8"
        order = f"OBR|1||0012|GLU|||202601{day}080000"
        result = f"OBX|1|NM|14749-6^Glucose^LN||{value}|mmol/L|||||{status}"
        body = "\r".join((head, "PID|1||P1^^^HIS^PI", order, result, "")).encode()
        assert mailroom.receive(body).verdict.answer == "AA"
    with ward.read() as session:
        rows = observations.list_(session, patient=patient(session))
        found = {(row.source_id, row.version, row.value) for row in rows}
    assert found == {
        ("20260115/0012|14749-6", 1, 5.1),
        ("20260116/0012|14749-6", 1, 6.2),
        ("20260116/0012|14749-6", 2, 6.4),
    }
