"""Composition root of durable rehearsals: a time-skipping server, a worker and a store that live as long as they do."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from pathways.language.release import Release
from pathways.proof.rehearse import Player, Rehearsal
from pathways.proof.scenario import Scenario
from settings import Settings
from store.database import open_database
from store.facts import Policy
from worker import make_worker, outbox_of, sandbox
from workflows.client import data_converter
from workflows.delivery import Delivery
from workflows.embedded import time_skipping_binary
from workflows.keyring import StaticKeyring
from workflows.playtime import PlayClock, PlayRunner
from workflows.rehearsal import Stage
from workflows.witness import Witness

START_WITHIN = timedelta(seconds=60)
OF_OTHERS = frozenset({"call-hospital", "enrol-patient"})
"""Activities that reach what is no part of a rehearsal: hospital systems, journeys on other pathways."""
_KEY = "rehearsal"
_ERRORS_ALONE = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
"""Of the connection: that the server which skips time can do less than others is known."""


@contextmanager
def durable_player() -> Generator[Player]:
    """Set up a stage for as long as scenarios are played on it; see `stage` for what can fail."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        def player(release: Release, scenario: Scenario) -> Rehearsal:
            return runner.run(set_up.rehearse(release, scenario))

        try:
            set_up = runner.run(stack.enter_async_context(stage()))
            yield player
        finally:
            runner.run(stack.aclose())


@asynccontextmanager
async def stage() -> AsyncGenerator[Stage]:
    """Set everything up for rehearsals, which use no installation; afterwards nothing of it is left.

    Raises:
        EngineUnavailable: the time-skipping server is not installed.
    """
    binary = time_skipping_binary()
    clock = PlayClock()
    witness = Witness(clock)
    keyring = StaticKeyring({_KEY: os.urandom(32)}, _KEY)
    with tempfile.TemporaryDirectory(prefix="tongxing-rehearsal-") as folder:
        # Neither the environment's settings: a rehearsal is the same on every machine.
        settings = Settings.model_construct(
            state_dir=Path(folder), database_url=f"sqlite:///{folder}/store.sqlite", task_queue="rehearsal"
        )
        database = open_database(settings.database_url)
        try:
            database.migrate()
            async with await WorkflowEnvironment.start_time_skipping(
                data_converter=data_converter(keyring),
                test_server_existing_path=str(binary),
                test_server_startup_timeout=START_WITHIN,
                runtime=Runtime(telemetry=TelemetryConfig(logging=_ERRORS_ALONE)),
            ) as environment:
                with ThreadPoolExecutor(settings.activity_threads * 2, thread_name_prefix="activity") as threads:
                    async with make_worker(
                        environment.client,
                        database,
                        outbox_of(settings, database),
                        settings,
                        threads,
                        runner=PlayRunner(restrictions=sandbox().restrictions, clock=clock, by_lines=OF_OTHERS),
                        interceptors=[witness],
                    ):
                        yield Stage(
                            environment=environment,
                            database=database,
                            delivery=Delivery(
                                environment.client,
                                database,
                                task_queue=settings.task_queue,
                                policy=Policy(),
                                clock=lambda: clock.now,
                            ),
                            clock=clock,
                            witness=witness,
                        )
        finally:
            database.close()
