"""An alarm needs no engine: with Temporal and every worker dead, urgent work is there, climbs, is done, and is one."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from activities.clock import utc_now
from api.intake import Arrived, Intake
from api.mapping import SiteMapping
from pathways.engine.journey import ResultStatus
from store import alarms, journeys, tables, tasks
from store.facts import Policy
from store.notices import ResultNotice, Subject
from store.observations import Result
from tests.proof.house import House, running_house
from tests.proof.senders import WAYS, Person, Sender, Told, Way
from tests.proof.site import until
from tests.proof.watching import GLUCOSE, LOW, ROLES, RUNG_SECONDS, UNIT, open_ward

ON_THE_LIST_WITHIN = 1.0
RUNG_LATE_AT_MOST = 3.0
NURSE, HEAD, DOCTOR = ROLES[:3]


@dataclass(kw_only=True)
class Story:
    """A patient of the outage, who sent what when, and what was seen."""

    person: Person
    way: Way
    sent: datetime
    listed_after: float = 0.0
    task: str = ""
    rung_after: float = 0.0


def told(person: Person, value: float, *, version: int = 1, status: ResultStatus = "final", source: str = "r") -> Told:
    """A glucose of now."""
    now = utc_now()
    return Told(
        id=f"{person.number}-{source}",
        version=version,
        person=person,
        code=GLUCOSE,
        unit=UNIT,
        value=value,
        effective=now - timedelta(minutes=1),
        issued=now,
        status=status,
    )


def admit(house: House, number: str) -> Person:
    return Person(id=house.admit(number, ["watching"]), number=number)


def appears(house: House, role: str, patient: str, *, within: float) -> str:
    """The task of the patient that comes to the list of the role; AssertionError where none does in time."""
    until(lambda: house.listed(role, patient), within=within, what=f"a task on the list of {role}")
    (task,) = house.listed(role, patient)
    return str(task["id"])


def alarm(house: House, sender: Sender, person: Person, way: Way) -> Story:
    """A low glucose comes in, and is on the nurse's list within a second of being sent."""
    began = time.monotonic()
    story = Story(person=person, way=way, sent=utc_now())
    sender.tell(told(person, LOW), way)
    story.task = appears(house, NURSE, person.id, within=ON_THE_LIST_WITHIN)
    story.listed_after = time.monotonic() - began
    return story


def climb(house: House, stories: Sequence[Story]) -> None:
    """The next rung of each passes on time, on another person's list, and not before."""
    waiting = {story.person.id: story for story in stories}
    while waiting:
        for story in [*waiting.values()]:
            late = (utc_now() - story.sent).total_seconds() - RUNG_SECONDS[0]
            if listed := house.listed(HEAD, story.person.id):
                assert [task["id"] for task in listed] == [story.task]
                assert late >= 0, "the rung passed before its time"
                story.rung_after = late
                del waiting[story.person.id]
            assert late < RUNG_LATE_AT_MOST, f"the rung did not pass within {late:.1f} s"
        time.sleep(0.05)


def complete(house: House, story: Story) -> None:
    """The nurse did it; kept with its real time, since nobody can take it in."""
    answer = house.post(f"/tasks/{story.task}/complete", {"outcome": "reached"}, by=f"{NURSE}-1")
    assert (answer.status_code, answer.json()["state"]) == (202, "kept"), answer.text
    again = house.post(f"/tasks/{story.task}/complete", {"outcome": "reached"}, by=f"{HEAD}-1")
    assert (again.status_code, again.json()["code"]) == (409, "task-closed"), again.text


def slow_request(house: House, person: Person, value: float, *, began: datetime) -> None:
    """A result of a request that began then and commits only now."""
    result = Result(
        source_system="lis",
        source_id=f"{person.number}-slow",
        patient=None,
        code=GLUCOSE,
        effective=began - timedelta(minutes=2),
        status="final",
        value=value,
        unit=UNIT,
        origin="laboratory",
        coded=True,
    )
    policy = Policy()
    intake = Intake(
        database=house.database, policy=policy, mapping=SiteMapping, prompt=lambda: None, clock=lambda: began
    )
    notice = ResultNotice(subject=Subject(patient=person.id), result=result)
    arrived = Arrived(channel="json", sender="proof", message="observations", body=b"slow")
    with house.database.write() as session:
        intake.take(session, arrived, [notice], answer="202", now=began, strict=True)


def calls(house: House, person: Person) -> Sequence[tables.Task]:
    """Every task that the patient ever had."""
    with house.database.read() as session:
        return session.query(tables.Task).where(tables.Task.patient == person.id).all()


def test_alarms_need_no_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One outage, by every way in; then the engine adopts what was done, and says why.

    A task whose value was corrected meanwhile is closed with its reason, one that the journey opens for another cause
    is closed as not adopted. The same with nobody looking ahead: nothing appears until the engine is back.
    """
    with running_house(tmp_path) as house, closing(Sender(house)) as sender:
        open_ward(house.database)
        people = [admit(house, f"way-{way}") for way in WAYS]
        corrected, overtaken, unseen = (admit(house, number) for number in ("corrected", "overtaken", "unseen"))
        for person, way in zip(people, WAYS, strict=True):
            sender.tell(told(person, 5.5, source="before"), way)
        house.quiet()
        house.worker.kill()
        house.temporal.kill()

        stories = [alarm(house, sender, person, way) for person, way in zip(people, WAYS, strict=True)]
        wrong = alarm(house, sender, corrected, "hl7")
        sender.tell(told(corrected, 6.1, version=2, status="corrected"), "hl7")
        second = alarm(house, sender, overtaken, "json")
        slow_request(house, overtaken, 3.2, began=second.sent - timedelta(seconds=1))
        climb(house, stories)
        for story in stories:
            complete(house, story)
        time.sleep(RUNG_SECONDS[1] - RUNG_SECONDS[0] + RUNG_LATE_AT_MOST)  # what should not happen needs its time
        assert [house.listed(DOCTOR, story.person.id) for story in stories] == [[]] * len(stories)
        flagged = house.get(f"/tasks/{wrong.task}")
        assert (flagged["status"], flagged["flagged"]) == ("open", True)

        house.restart(house.api, "--look-ahead", "off")
        sender.close_wire()
        with pytest.raises(AssertionError, match="a task on the list"):
            alarm(house, sender, unseen, "json")
        assert calls(house, unseen) == []

        house.start(house.temporal, house.worker)
        house.quiet(90)
        for story in stories:
            _is_adopted(house, story)
        _is_taken_back(house, wrong)
        _is_replaced(house, second)
        assert [row.provisional for row in calls(house, unseen)] == [None]
    with capsys.disabled():
        seen = ", ".join(f"{one.way} {one.listed_after:.2f} s, rung {one.rung_after:+.2f} s" for one in stories)
        sys.stdout.write(f"\nsent until listed, and the next rung against its time: {seen}\n")


def _is_adopted(house: House, story: Story) -> None:
    """One task, done by who did it, with one line for each thing that happened and a reason for why it was there."""
    (task,) = calls(house, story.person)
    assert (task.id, task.provisional) == (story.task, None)
    assert (task.status, task.end, task.outcome, task.completed_by) == ("closed", "done", "reached", f"{NURSE}-1")
    assert task.rung == 1
    with house.database.read() as session:
        lines = [row.what for row in tasks.history(session, task.id)]
        assert lines == ["opened", "escalated", "closed"]
        timeline = [row.code for row in journeys.timeline(session, task.journey)]
        assert timeline.count("started") == 1
        assert not [row for row in alarms.list_(session) if row.task == task.id]


def _is_taken_back(house: House, story: Story) -> None:
    """The journey closed what did not hold, and its timeline says why."""
    (task,) = calls(house, story.person)
    assert (task.status, task.end, task.why, task.provisional) == ("closed", "cancelled", "undone", None)
    with house.database.read() as session:
        assert "undone" in [row.code for row in journeys.timeline(session, task.journey)]


def _is_replaced(house: House, story: Story) -> None:
    """What the journey opened is the one task of the patient; the other one is closed with its reason."""
    stood = {row.id: (row.status, row.end, row.why, row.provisional) for row in calls(house, story.person)}
    assert stood.pop(story.task) == ("closed", "cancelled", "not-adopted", None)
    assert list(stood.values()) == [("open", None, None, None)]
