"""What waits in quarantine comes out as if it had been understood at once: in its source's order, and once."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import pytest

from api.house import House
from pathways.errors import Conflict
from store import inbox, observations, patients, quarantine
from store.database import Database
from store.notices import ResultNotice
from store.patients import Identifier
from tests.api.clinic import Desk, person
from tests.api.hall import GLUCOSE, Arrived, Hall, calls, known, measured
from tests.api.hall import person as of_person
from tests.store.builders import NOW, at

FIRST = at(minutes=-30)
LAST = at(minutes=-20)


@pytest.fixture
def hall(database: Database) -> Hall:
    """Where messages are taken in, once on each database."""
    return Hall(database=database)


def let_in(hall: Hall, quarantined: str | None, unit: str) -> None:
    """A person corrects the unit."""
    assert quarantined is not None
    hall.now += timedelta(seconds=1)
    with hall.database.write() as session:
        hall.intake.release(session, quarantined, by="nurse", now=hall.now, unit=unit)


def values(hall: Hall, patient: str) -> list[float | None]:
    """What a journey that starts now would be told."""
    with hall.database.read() as session:
        rows = observations.recent(session, patient, frozenset({GLUCOSE}), since=at(hours=-48))
        return [row.value for row in rows]


def test_what_waited_for_its_patient_keeps_its_sources_order(hall: Hall) -> None:
    """The correction came before what it corrects, and both before anybody was known."""
    hall.one(measured(2.1, of="his:9", status="corrected", issued=LAST))
    hall.one(measured(7.1, of="his:9", issued=FIRST))
    patient = hall.one(of_person("his:9")).patient or ""
    assert values(hall, patient) == [2.1]
    with hall.database.read() as session:
        assert [state for *_, state in known(session, patient)] == ["stored", "outdated"]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([(7.1, FIRST, "?"), (2.1, LAST, "mmol/L")], id="the-older-waits"),
        pytest.param([(2.1, LAST, "mmol/L"), (7.1, FIRST, "?")], id="the-older-waits-and-came-late"),
        pytest.param([(2.1, LAST, "?"), (7.1, FIRST, "mmol/L")], id="the-newer-waits-and-the-older-came-late"),
        pytest.param([(7.1, FIRST, "mmol/L"), (2.1, LAST, "?")], id="the-newer-waits"),
    ],
)
def test_a_release_keeps_the_sources_order(hall: Hall, said: list[tuple[float, object, str]]) -> None:
    """What its source said last holds in the record and calls people, whichever of the versions had to wait."""
    patient = hall.admit("his:1")
    outcomes = [hall.one(measured(value, issued=issued, unit=unit)) for value, issued, unit in said]
    (waiting,) = [one.quarantine for one in outcomes if one.quarantine is not None]
    let_in(hall, waiting, "mmol/L")
    assert values(hall, patient) == [2.1]
    hall.come_back()
    with hall.database.read() as session:
        assert [(task.status, task.provisional) for task in calls(session, patient)] == [("open", None)]


def test_what_was_taken_in_with_its_patient_is_the_same_when_it_comes_again(hall: Hall) -> None:
    """Its patient is known now; its content is what it was."""
    hall.one(measured(2.1, of="his:9", issued=LAST))
    hall.one(of_person("his:9"))
    assert hall.one(measured(2.1, of="his:9", issued=LAST)).state == "duplicate"


def at_once(hall: Hall, first: ResultNotice, then: Callable[[], object]) -> None:
    """`then` happens while the message with the result is not committed yet."""
    began, may_end = Event(), Event()

    def take() -> None:
        with hall.database.write() as session:
            arrived = Arrived(channel="hl7", sender="lis", message="ORU^R01", body=b"")
            hall.intake.take(session, arrived, [first], answer="AA", now=NOW)
            began.set()
            may_end.wait(5)

    threads = [Thread(target=take), Thread(target=then)]
    threads[0].start()
    assert began.wait(5)
    threads[1].start()
    threads[1].join(0.5)  # it ends at once where nothing makes it wait
    may_end.set()
    for thread in threads:
        thread.join()


def test_a_result_and_its_patient_who_come_at_once_find_each_other(hall: Hall) -> None:
    """The one that is committed last sees the other; else the result would wait for good."""
    at_once(hall, measured(2.1, of="his:9"), lambda: hall.one(of_person("his:9")))
    with hall.database.read() as session:
        assert quarantine.count(session) == 0
        (patient,) = patients.find(session, identifier=Identifier(system="his", value="9"))
    assert values(hall, patient.id) == [2.1]


def test_two_decisions_at_once_are_one(hall: Hall) -> None:
    """What is being discarded is not let in beside it: who is second is told so."""
    hall.admit("his:1")
    waiting = hall.one(measured(2.1, unit="?")).quarantine or ""
    told: list[type[Exception]] = []

    def release() -> None:
        try:
            let_in(hall, waiting, "mmol/L")
        except Conflict as refused:
            told.append(type(refused))

    with hall.database.write() as session:
        quarantine.read(session, waiting)
        quarantine.decide(session, waiting, "discarded", by="nurse", now=hall.now)
        other = Thread(target=release)
        other.start()
        other.join(0.5)
    other.join()
    assert told == [Conflict]
    with hall.database.read() as session:
        assert (quarantine.read(session, waiting).state, inbox.pending(session, before=at(days=1), limit=9)) == (
            "discarded",
            [],
        )


async def test_a_patient_who_is_created_has_what_came_before(desk: Desk) -> None:
    """By whichever way they become known."""
    house: House = desk.app.state.house
    with house.database.write() as session:
        arrived = Arrived(channel="hl7", sender="lis", message="ORU^R01", body=b"")
        house.intake.take(session, arrived, [measured(5.1, of="his:K-9")], answer="AA", now=house.clock())
        waiting = quarantine.count(session)
    made = await desk.post("/patients", person("K-9"), status=201)
    with house.database.read() as session:
        assert quarantine.count(session) == waiting - 1
        assert [value for _, _, value, _ in known(session, made["id"])] == [5.1]
