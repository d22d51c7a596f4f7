"""Calls and enrolments of a running journey: made beside its loop, answered with an event, taken back."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from pathways.language.release import Release, make_release
from store import journeys, releases
from tests.hospital import asked_at, fail_at, hospital_process, visits_at
from tests.workflows.ward import Ward, settings_of, shell_release

TRACKS = """
  booking:
    when: {observed: pain, if: "pain >= 5 && pain < 7"}
    steps:
      - call: book-visit
        with: {kind: "'implant'"}
        bind: {booking: text}
        undo: cancel-visit
        within: 4h
        failed: [{task: book-by-hand, role: diabetes-nurse, due: 1 working day, ladder: routine}]
  onward:
    when: {event: discharged}
    steps: [{enrol: shell-two, with: {heard: "true"}}]
"""
WORDS = """  booking: {zh: 预约, en: Booking}
  onward: {zh: 转入, en: Onward}
  book-by-hand: {zh: 人工预约, en: Book by hand}
"""


def booking_release() -> Release:
    return shell_release(TRACKS, WORDS)


@pytest.fixture
def hospital() -> Iterator[str]:
    with hospital_process() as url:
        yield url


@pytest.fixture
async def booking(idle_ward: Ward, hospital: str) -> AsyncIterator[Ward]:
    """A ward whose pathway calls a hospital system, which runs as a process of its own."""
    idle_ward.release = booking_release
    idle_ward.settings = settings_of(idle_ward.settings.task_queue, hospital_url=hospital)
    async with idle_ward.working():
        yield idle_ward


async def test_a_corrected_result_cancels_the_visit_at_the_hospital(booking: Ward, hospital: str) -> None:
    """What a result had booked there is cancelled there once the result holds no more, and once only."""
    journey = booking.enrol()
    result = booking.pain(5)
    await booking.deliver(journey, result)
    await booking.until(lambda: [visit["state"] for visit in visits_at(hospital)] == ["booked"])
    assert visits_at(hospital)[0]["kind"] == "implant"
    await booking.until(lambda: "booking" in str(booking.row(journey).state) and not booking.tasks(journey, "open"))
    revised = replace(booking.pain(1), result=result.result, version=2, status="corrected", effective=result.effective)
    await booking.deliver(journey, revised)
    await booking.until(lambda: [visit["state"] for visit in visits_at(hospital)] == ["cancelled"])
    assert asked_at(hospital) == 2


async def test_a_system_that_hangs_holds_up_no_nurse(booking: Ward, hospital: str) -> None:
    """While the hospital's system fails, a result still opens its task; when the system is back the visit is booked."""
    fail_at(hospital, 503, 3)
    journey = booking.enrol()
    await booking.deliver(journey, booking.pain(5))
    await booking.deliver(journey, booking.pain(9))
    assert [task.name for task in booking.tasks(journey)] == ["call"]
    await booking.until(lambda: [visit["state"] for visit in visits_at(hospital)] == ["booked"])


async def test_what_the_hospital_refuses_reaches_a_person(booking: Ward, hospital: str) -> None:
    """A refused call fails at once: its task opens."""
    fail_at(hospital, 409, 1)
    journey = booking.enrol()
    await booking.deliver(journey, booking.pain(5))
    await booking.until(lambda: [task.name for task in booking.tasks(journey)] == ["book-by-hand"])
    assert visits_at(hospital) == []


async def test_a_call_survives_a_new_run_of_its_journey(idle_ward: Ward, hospital: str) -> None:
    """A call that was not answered when the run continued as new is made again under its id, and booked once."""
    idle_ward.release = booking_release
    settings = settings_of(idle_ward.settings.task_queue, hospital_url=hospital, history_length=100)
    idle_ward.settings = settings
    idle_ward.delivery = type(idle_ward)(
        client=idle_ward.client, database=idle_ward.database, settings=settings, now=idle_ward.now
    ).delivery
    fail_at(hospital, 503, 6)
    async with idle_ward.working():
        journey = idle_ward.enrol()
        await idle_ward.deliver(journey, idle_ward.pain(5))
        first = (await idle_ward.handle(journey).describe()).run_id
        for _ in range(40):
            await idle_ward.deliver(journey, idle_ward.ping())
        await idle_ward.until(lambda: [visit["state"] for visit in visits_at(hospital)] == ["booked"], within=60)
        assert (await idle_ward.handle(journey).describe()).run_id != first
    assert len(visits_at(hospital)) == 1


async def test_a_patient_is_enrolled_on_another_pathway(booking: Ward) -> None:
    """With what is carried over; a pathway that is not there becomes a task."""
    journey = booking.enrol()
    told = replace(booking.ping(), name="discharged")
    await booking.deliver(journey, told)
    await booking.until(lambda: [task.name for task in booking.tasks(journey)] == ["enrol-by-hand"])
    release = booking_release()
    other = release.contents.model_copy(update={"pathway": release.pathway.model_copy(update={"pathway": "shell-two"})})
    with booking.database.write() as session:
        releases.publish(session, make_release(other), by="lead-1", now=booking.now())
    await booking.deliver(journey, replace(booking.ping(), name="discharged"))

    def enrolled() -> bool:
        with booking.database.read() as session:
            return [journeys.state_of(row).values for row in journeys.list_(session, pathway="shell-two")] == [
                {"heard": True}
            ]

    await booking.until(enrolled)
