"""What the intake bears, and how soon urgent work is seen, in one run on one server beside a bare update."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.clock import utc_now
from bench.bare import Bare
from store import tables
from tests.proof.house import House, running_house
from tests.proof.senders import Person, Sender, Told, hl7_of
from tests.proof.watching import GLUCOSE, UNIT, open_ward
from worker import sandbox

PATIENTS = 20
CONNECTIONS = 4
BATCH = 100
RESULTS = 600
"""Sent each way, but for batches, of which there are three times as many."""
ALARMS = 100
UPDATES = 200
QUEUE = "bare"


Send = Callable[[Sender, Sequence[Told]], bool]


@dataclass(kw_only=True)
class Findings:
    """Results a second by each way; and seconds, of a bare update, until a task is seen, and until it is adopted."""

    rates: dict[str, float] = field(default_factory=dict[str, float])
    updates: Sequence[float] = ()
    seen: Sequence[float] = ()
    adopted: Sequence[float] = ()


def measure() -> Findings:
    """Run it all; a few minutes."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as folder, running_house(Path(folder)) as house:
        open_ward(house.database)
        numbers = [f"B{number}" for number in range(PATIENTS + ALARMS)]
        people = [Person(id=house.admit(number, ["watching"]), number=number) for number in numbers]
        house.quiet()
        findings.updates = asyncio.run(_updates(house))
        findings.seen, findings.adopted = _alarms(house, people[PATIENTS:])
        ways: Sequence[tuple[str, Send, int]] = (
            ("JSON, one by one", Sender.json, 1),
            (f"JSON, {BATCH} at once", Sender.json, BATCH),
            ("HL7 (MLLP)", lambda sender, told: sender.hl7(hl7_of(told[0])), 1),
            ("FHIR", lambda sender, told: sender.fhir(told[0]), 1),
        )
        for way, send, size in ways:
            findings.rates[way] = _rate(house, people[:PATIENTS], way, send, size)
    return findings


def show(findings: Findings) -> None:
    """Print both tables."""
    single = findings.rates["JSON, one by one"]
    print(f"\nResults a second into the inbox, by {CONNECTIONS} connections, of {PATIENTS} patients who are watched:\n")
    print("| | results a second | ratio |\n|---|---|---|")
    for way, rate in findings.rates.items():
        print(f"| {way} | {rate:.0f} | {rate / single:.1f} |")
    print("\nFrom the request to the task on its list, against a bare update on the same server:\n")
    print("| | p50, ms | p99, ms | p50, ratio | p99, ratio |\n|---|---|---|---|---|")
    base = _p(findings.updates, 50), _p(findings.updates, 99)
    for name, took in (
        ("a bare update", findings.updates),
        ("until the task is seen", findings.seen),
        ("until its journey has adopted it", findings.adopted),
    ):
        p50, p99 = _p(took, 50), _p(took, 99)
        print(f"| {name} | {p50 * 1000:.0f} | {p99 * 1000:.0f} | {p50 / base[0]:.1f} | {p99 / base[1]:.1f} |")


def _p(took: Sequence[float], percent: int) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]


async def _updates(house: House) -> Sequence[float]:
    client: Client = await house.connect()
    async with Worker(client, task_queue=QUEUE, workflows=[Bare], workflow_runner=sandbox()):
        # `Any`, because the SDK leaves a part of this method's overloads untyped.
        handle: Any = await client.start_workflow(Bare.run, id="bare", task_queue=QUEUE)
        took: list[float] = []
        for _ in range(UPDATES):
            began = time.perf_counter()
            await handle.execute_update(Bare.touch)
            took.append(time.perf_counter() - began)
        await handle.terminate()
    return took


def _alarms(house: House, people: Sequence[Person]) -> tuple[list[float], list[float]]:
    """A low glucose of each, one after the other."""
    seen: list[float] = []
    adopted: list[float] = []
    with closing(Sender(house)) as sender, ThreadPoolExecutor(1) as aside:
        for person in people:
            told = _glucose(person, 0, 2.1)
            began = time.perf_counter()
            sending = aside.submit(sender.json, [told])
            seen.append(_until(house, person, began, lambda task: True))
            adopted.append(_until(house, person, began, lambda task: task.provisional is None))
            sending.result()
    return seen, adopted


def _until(house: House, person: Person, began: float, true: Callable[[tables.Task], bool]) -> float:
    while True:
        with house.database.read() as session:
            task = session.query(tables.Task).where(tables.Task.patient == person.id).first()
        if task is not None and true(task):
            return time.perf_counter() - began
        time.sleep(0.001)


def _rate(house: House, people: Sequence[Person], way: str, send: Send, size: int) -> float:
    """Normal values, which nothing follows from; then the journeys may catch up."""
    count = RESULTS if size == 1 else RESULTS * 3
    told = [_glucose(people[number % len(people)], f"{way[:4]}{size}-{number}", 5.5) for number in range(count)]
    parcels = [told[at : at + size] for at in range(0, count, size)]

    def work(share: Sequence[list[Told]]) -> None:
        with closing(Sender(house)) as sender:
            for parcel in share:
                send(sender, parcel)

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        for done in [threads.submit(work, parcels[place::CONNECTIONS]) for place in range(CONNECTIONS)]:
            done.result()
    rate = count / (time.perf_counter() - began)
    house.quiet(1800)
    return rate


def _glucose(person: Person, number: object, value: float) -> Told:
    now = utc_now()
    return Told(
        id=f"{person.number}-{number}".replace(" ", "").replace(",", ""),
        version=1,
        person=person,
        code=GLUCOSE,
        unit=UNIT,
        value=value,
        effective=now - timedelta(minutes=1),
        issued=now,
    )
