"""What ought to harm harms nobody: it is kept for a person or precisely refused, and its neighbours hardly notice."""

import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from activities.clock import utc_now
from store import observations, tables
from tests.api.hl7.poison import poison
from tests.proof.house import House, running_house
from tests.proof.senders import ANSWER_SECONDS, WAYS, Person, Sender, Told, fhir_of, json_of
from tests.proof.venom import venom
from tests.proof.watching import GLUCOSE, UNIT, open_ward

FULL = os.environ.get("PROOF_SIZE") == "full"
OF_EACH = {"hl7": 300, "json": 100, "fhir": 100} if FULL else {"hl7": 90, "json": 30, "fhir": 30}
GOOD = 600 if FULL else 90
WARM = 2 * GOOD
NEIGHBOURS = 3
SEED = int(os.environ.get("PROOF_SEED", "20260105"))
SILENT_SECONDS = 0.5
"""So long an answer is waited for where there may be none."""
MUCH_SLOWER = 2.0


@dataclass
class Figures:
    """How long good messages took, and what poison was answered."""

    alone: list[float] = field(default_factory=list[float])
    beside: list[float] = field(default_factory=list[float])
    answers: Counter[str] = field(default_factory=Counter[str])

    @property
    def ratio(self) -> float:
        """The p95 of the good beside poison, against what it is without."""
        return _p95(self.beside) / _p95(self.alone)


def good(person: Person, number: int) -> Told:
    """A normal glucose."""
    now = utc_now()
    return Told(
        id=f"{person.number}-{number}",
        version=1,
        person=person,
        code=GLUCOSE,
        unit=UNIT,
        value=5.5,
        effective=now - timedelta(minutes=5),
        issued=now,
    )


def test_poison_harms_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is answered, none with a failure of ours; every good one among them is in the record, once."""
    figures = Figures()
    with running_house(tmp_path) as house:
        open_ward(house.database)
        people = [
            Person(id=house.admit(f"G{number}", ["watching"]), number=f"G{number}") for number in range(NEIGHBOURS)
        ]
        house.quiet()
        _live(house, people, WARM)  # the first ones pay for what is done once
        figures.alone = _live(house, people, 0)
        with ThreadPoolExecutor(1) as aside:
            poisoning = aside.submit(_poison, house, people[0], figures)
            figures.beside = _live(house, people, GOOD)
            poisoning.result()
        assert not [program.name for program in house.programs if program.dead]
        house.quiet()
        for person in people:
            _is_whole(house, person)
        _is_kept(house)
    with capsys.disabled():
        sys.stdout.write(_told(figures))
    assert sum(figures.answers.values()) == sum(OF_EACH.values())
    if FULL:
        assert figures.ratio < MUCH_SLOWER


def _live(house: House, people: Sequence[Person], first: int) -> list[float]:
    """Good results of each person, over a connection of their own; how long each took."""
    took: list[float] = []
    lock = threading.Lock()

    def work(person: Person) -> None:
        with closing(Sender(house)) as sender:
            for number in range(first, first + GOOD // NEIGHBOURS):
                began = time.perf_counter()
                sender.tell(good(person, number), WAYS[number % len(WAYS)])
                with lock:
                    took.append(time.perf_counter() - began)

    with ThreadPoolExecutor(len(people)) as threads:
        for done in [threads.submit(work, person) for person in people]:
            done.result()
    return took


def _poison(house: House, person: Person, figures: Figures) -> None:
    with closing(Sender(house)) as sender:
        for body in poison(OF_EACH["hl7"]):
            figures.answers[f"hl7 {_hl7(sender, body)}"] += 1
        sender.close_wire()
        for way, path, kind, body in _requests(person):
            answer = sender.http.post(f"{house.url}{path}", content=body, headers={"Content-Type": kind})
            figures.answers[f"{way} {_precisely(answer, way)}"] += 1


def _hl7(sender: Sender, body: bytes) -> str:
    """What the message is answered; nothing where it is an answer itself, or asks for none in such a case."""
    header = body.partition(b"\r")[0]
    silent = b"ACK" in header or bool({b"NE", b"SU", b"ER"} & {*header.split(b"|")})
    try:
        answer = sender.exchange(body, within=SILENT_SECONDS if silent else ANSWER_SECONDS)
    except TimeoutError:
        sender.close_wire()
        assert silent, f"no answer to {header!r}"
        return "none"
    code = answer.split(b"MSA", 1)[1][1:3].decode()
    assert code in ("AE", "AR", "CA", "CE", "CR"), answer  # in enhanced mode CA says that it is kept
    return code


def _requests(person: Person) -> Iterator[tuple[str, str, str, bytes]]:
    told = good(person, 10**6)
    for body in venom(json_of(told), OF_EACH["json"], seed=SEED):
        yield "json", "/api/v1/observations", "application/json", body
    for body in venom(fhir_of(told), OF_EACH["fhir"], seed=SEED + 1):
        yield "fhir", "/fhir/R4/Observation", "application/fhir+json", body


def _precisely(answer: httpx.Response, way: str) -> str:
    """The answer's status: a refusal that says what is wrong, or that it is kept for a person."""
    assert answer.status_code < 500, answer.text
    if answer.is_success:
        assert way == "fhir" or answer.json()["state"] == "quarantined", answer.text
        return "kept"
    if way == "json":
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]
    else:
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"][0]["code"]
    return str(answer.status_code)


def _is_whole(house: House, person: Person) -> None:
    """Each good result is there, once, and nothing else is by that name."""
    with house.database.read() as session:
        rows = observations.list_(session, patient=person.id, limit=10_000)
    kept = Counter(row.source_id.partition("|")[0] for row in rows if row.state == "accepted")
    want = {good(person, number).id for number in [*range(GOOD // NEIGHBOURS), *range(GOOD, GOOD + GOOD // NEIGHBOURS)]}
    assert want <= set(kept)
    assert {kept[id] for id in want} == {1}


def _is_kept(house: House) -> None:
    """Every HL7 message that ought to harm lies as it came, with something in quarantine for it."""
    with house.database.read() as session:
        kept = {
            row.body: row.id for row in session.query(tables.Transmission).where(tables.Transmission.channel == "hl7")
        }
        held = {row.transmission for row in session.query(tables.Quarantine).where(tables.Quarantine.state == "held")}
    lost = [body for body in poison(OF_EACH["hl7"]) if kept.get(body) not in held]
    assert lost == []


def _p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _told(figures: Figures) -> str:
    answers = ", ".join(f"{what}: {times}" for what, times in sorted(figures.answers.items()))
    alone, beside = (f"{_p95(took) * 1000:.0f} ms" for took in (figures.alone, figures.beside))
    return (
        f"\nseed {SEED}: {sum(OF_EACH.values())} poison messages answered ({answers});"
        f" p95 of {len(figures.alone)} good ones alone {alone}, of {len(figures.beside)} beside {beside}:"
        f" {figures.ratio:.2f} times\n"
    )
