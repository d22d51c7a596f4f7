"""Results by three ways at once, twice, late, shuffled and revised, under kills, end as they do in their own order."""

import asyncio
import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.clock import utc_now
from pathways.language.roles import ROLES
from store import journeys, observations, patients, people, quarantine, releases, tables, tasks
from store.database import Session
from store.facts import Policy, facts_of
from tests.proof.house import House, running_house
from tests.proof.ledger import Ledger
from tests.proof.oracle import Play, data_of, in_order, kinds, later
from tests.proof.plays import release_of
from tests.proof.reaper import Pace, Reaper
from tests.proof.senders import Person, Sender, Told, Way
from tests.proof.stream import HABITS, Patient, Stream, habit_of, stream_of
from workflows.journey import PatientJourney
from workflows.runs import workflow_id

FULL = os.environ.get("PROOF_SIZE") == "full"
SIZE, PATIENTS, KILLS = (10_000, 200, 18) if FULL else (500, 20, 3)
SEED = int(os.environ.get("PROOF_SEED", "20260105"))
SENDERS = 6
SETTLED_WITHIN = 1800.0 if FULL else 120.0
AHEAD = 20
"""So many results are sent while nobody delivers."""
POLICY = Policy()
EVERYTHING = 100_000


def admit(house: House) -> list[Patient]:
    """People for every role, both pathways, and patients of every habit."""
    names = sorted(HABITS)
    with house.database.write() as session:
        staff = [{"id": f"{role}-1", "name": role, "roles": [role]} for role in sorted(ROLES)]
        people.load_seed(session, {"roles": [{"id": role, "zh": role, "en": role} for role in ROLES], "staff": staff})
        for name in names:
            releases.publish(session, release_of(name), by="proof", now=utc_now(), demonstration=True)
    admitted: list[Patient] = []
    for number in range(PATIENTS):
        pathway = names[number % len(names)]
        id = house.admit(f"N{number}", [pathway], diagnoses=["E11", "I10"])
        habit = habit_of(pathway, number // len(names))
        admitted.append(Patient(person=Person(id=id, number=f"N{number}"), pathway=pathway, habit=habit))
    return admitted


def send(house: House, ledger: Ledger, told_: Sequence[tuple[Told, Way]], pace: Pace) -> float:
    """Send all of it by several connections at once, each in its order; how many a second."""
    waiting = [*reversed(told_)]
    lock, began = threading.Lock(), time.monotonic()

    def work() -> None:
        with closing(Sender(house, ledger)) as sender:
            while True:
                with lock:
                    if not waiting:
                        return
                    told, way = waiting.pop() if pace.may_go_on else (None, None)
                    pace.sent += told is not None
                if told is None or way is None:
                    time.sleep(0.01)
                    continue
                sender.tell(told, way)

    with ThreadPoolExecutor(SENDERS) as threads:
        for done in [threads.submit(work) for _ in range(SENDERS)]:
            done.result()
    return len(told_) / (time.monotonic() - began)


async def test_results_in_any_order_end_as_in_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that was answered with success is lost, nothing counts twice, and every journey is as it must be.

    While nobody delivers, what was accepted waits; with the sweeper back it is taken in. Then API, worker and Temporal
    are killed in turn, most of them with something in flight, and the record and the work end as in the right order.
    """
    with running_house(tmp_path, "--sweeper", "off") as house:
        patients_ = admit(house)
        enrolled = utc_now()
        stream = stream_of(patients_, SIZE, seed=SEED, now=enrolled)
        ledger = Ledger()
        send(house, ledger, stream.sent[:AHEAD], Pace(size=AHEAD, kills=0))
        await asyncio.sleep(2.5)  # longer than the sweeper takes
        assert house.overdue() >= PATIENTS + AHEAD // 2, "without the sweeper it was taken in all the same"
        for program in (house.api, house.worker):
            house.restart(program)
        house.quiet(SETTLED_WITHIN)

        rest = stream.sent[AHEAD:]
        pace = Pace(size=len(rest), kills=KILLS)
        reaper = Reaper(house=house, ledger=ledger, pace=pace, chance=random.Random(SEED))
        with ThreadPoolExecutor(1) as aside:
            sending = aside.submit(send, house, ledger, rest, pace)
            victims = [house.api, house.worker, house.temporal] * (KILLS // 3)
            for victim in victims:
                reaper.strike(victim)
            rate = sending.result()
        began = time.monotonic()
        house.quiet(SETTLED_WITHIN)
        settled = time.monotonic() - began
        wrong = _wrong(house, patients_, stream)
        differing = await _differing(await house.connect(), house)
    with capsys.disabled():
        sys.stdout.write(_figures(stream, reaper, rate, settled))
    assert wrong == []
    assert differing == []
    assert reaper.in_flight * 2 >= len(reaper.kills) == KILLS


def _figures(stream: Stream, reaper: Reaper, rate: float, settled: float) -> str:
    hits = Counter(f"{victim} during {what}" for victim, what in reaper.kills)
    return (
        f"\nseed {SEED}: {SIZE} results of {PATIENTS} patients in {len(stream.versions)} versions,"
        f" sent {len(stream.sent)} times by three ways, {rate:.0f} a second under {len(reaper.kills)} kills,"
        f" {reaper.in_flight / len(reaper.kills):.0%} with something in flight"
        f" ({', '.join(f'{what}: {times}' for what, times in sorted(hits.items()))}); at rest {settled:.1f} s later\n"
    )


def _wrong(house: House, patients_: Sequence[Patient], stream: Stream) -> list[str]:
    """Everything that is not as it must be, in the record and in the journeys."""
    found: list[str] = []
    now = utc_now()
    with house.database.read() as session:
        found += [f"{row.reason} in quarantine" for row in quarantine.list_(session, limit=EVERYTHING)]
        for patient in patients_:
            versions = [one for one in stream.versions if one.person == patient.person]
            last = [one for one in stream.last if one.person == patient.person]
            names, trouble = _record(session, patient, versions, last)
            found += trouble + _journey(session, patient, names, last, now)
    return found


def _record(
    session: Session, patient: Patient, versions: Sequence[Told], last: Sequence[Told]
) -> tuple[dict[str, str], list[str]]:
    """The sources' ids of results by the ids here; and what of the record is not what the sources said."""
    rows: defaultdict[str, list[tables.Observation]] = defaultdict(list)
    for row in observations.list_(session, patient=patient.person.id, limit=EVERYTHING):
        rows[row.source_id.partition("|")[0]].append(row)
    kept = Counter((id, row.status, row.value) for id, of_one in rows.items() for row in of_one)
    want: Counter[tuple[str, str, float | None]] = Counter((one.id, one.status, one.value) for one in versions)
    found = [f"kept {times} times too often: {what}" for what, times in (kept - want).items()]
    found += [f"lost: {what}" for what in want - kept]
    for one in last:
        told = [row for row in rows[one.id] if row.state not in observations.NOT_TOLD]
        shown = max(told, key=lambda row: row.version, default=None)
        if shown is None or (shown.status, shown.value, shown.effective) != (one.status, one.value, one.effective):
            found.append(f"another version is shown: {one.id}")
    return {row.result: id for id, of_one in rows.items() for row in of_one}, found


def _journey(
    session: Session, patient: Patient, names: dict[str, str], last: Sequence[Told], now: datetime
) -> list[str]:
    """What of the patient's journey is not as the engine alone makes it of the results in their order."""
    (row,) = journeys.list_(session, patient=patient.person.id)
    release = release_of(patient.pathway)
    facts = facts_of(session, row.patient, POLICY, now=now)
    person = patients.as_engine(patients.read(session, row.patient))
    oracle = in_order(release, facts, person, last, enrolled=row.enrolled_at, now=now)
    state = journeys.state_of(row)
    open_now = tasks.open_of(session, row.id)
    names_now = {task.id: task.name for task in open_now}
    play = Play(release=release, facts=facts, journey=state, now=now, tasks=names_now)
    who = f"{patient.person.number} ({patient.habit})"
    found: list[str] = []
    if data_of(state, names) != data_of(oracle.journey):
        found.append(f"{who}: the journey knows other results")
    have, want = kinds(play.tasks.values()), kinds(oracle.tasks.values())
    urgent = {task.name for task in open_now if task.urgent}
    # A cap may hold routine work back for longer where what had used it up was taken back.
    if have != want and (urgent & {*want} != urgent & {*have} or later(play) != later(oracle)):
        found.append(f"{who}: {have} is to be done and not {want}")
    found += [f"{who}: {task.name} was not adopted" for task in open_now if task.provisional]
    reasons = Counter(
        (one.event, one.track, one.occurrence)
        for one in journeys.timeline(session, row.id, limit=EVERYTHING)
        if one.step is None and one.track is not None and one.code in ("started", "joined", "worse")
    )
    return found + [f"{who}: {what} happened {times} times" for what, times in reasons.items() if times > 1]


async def _differing(client: Client, house: House) -> list[str]:
    """Journeys of which the workflow's state is not the store's."""
    limit = asyncio.Semaphore(10)
    with house.database.read() as session:
        rows = session.query(tables.Journey).all()

    async def differs(row: tables.Journey) -> bool:
        async with limit:
            handle = client.get_workflow_handle_for(PatientJourney.run, workflow_id(row.id))
            return await handle.query(PatientJourney.state) != journeys.state_of(row)

    found = await asyncio.gather(*map(differs, rows))
    return [row.id for row, differ in zip(rows, found, strict=True) if differ]
