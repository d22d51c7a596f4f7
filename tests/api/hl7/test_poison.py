"""Messages that ought to harm do none."""

from collections import Counter

from sqlalchemy import func, select

from store import tables
from store.database import Database
from tests.api.hl7.poison import poison
from tests.api.hl7.ward import case, mailroom_on, messages_counted


def test_all_poison_is_quarantined(ward: Database) -> None:
    """Each of 500 is answered AE or AR and waits for a person; a good message after them is taken in."""
    mailroom = mailroom_on(ward)
    bodies = poison(500)
    assert len(set(bodies)) == 500
    said: Counter[bytes] = Counter()
    for body in bodies:
        for ack in mailroom.answer(body):
            said[ack.partition(b"\rMSA")[2][1:3]] += 1
    with ward.read() as session:
        kept = select(tables.Quarantine.transmission).where(tables.Quarantine.state == "held").distinct()
        assert session.scalar(select(func.count()).select_from(kept.subquery())) == 500
        assert session.scalar(select(func.count()).select_from(tables.Observation)) == 0
    assert not set(said) - {b"AE", b"AR", b"CA", b"CR"}
    assert messages_counted(mailroom, answer="AA") == 0
    assert mailroom.answer(case("oru-final-glucose").body)[0].split(b"MSA|")[1].startswith(b"AA")
