"""The product's worker in a process of its own, whole or, for a negative control, with a part left out.

python -m tests.proof.working [--sweeper off] [--keys fresh]
"""

import argparse
import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from activities.channels.channel import Channel, Outcome, OutgoingMessage
from activities.messaging import urgent_loop
from settings import Settings, read_settings
from store.database import open_database
from worker import delivery_of, keyring_of, make_worker, outbox_of, run_worker
from workflows.client import connect
from workflows.nudges import nudge_loop


class FreshKeys:
    """A channel under which no two requests have the same key."""

    name = "http"
    honours_keys = True

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send(self, message: OutgoingMessage) -> Outcome:
        """Hand it over under a key that nobody has seen."""
        return self._channel.send(replace(message, key=secrets.token_hex(16)))

    def query(self, key: str) -> Outcome | None:
        """Nobody can be asked about a key that was forgotten."""
        return None


async def _work(settings: Settings, *, sweep: bool, fresh_keys: bool) -> None:
    database = open_database(settings.database_url)
    client = await connect(
        settings.temporal_address, settings.temporal_namespace, keyring_of(settings), within=timedelta(seconds=60)
    )
    outbox = outbox_of(settings, database)
    if fresh_keys:
        outbox = replace(outbox, channel=FreshKeys(outbox.channel))
    loops = [
        urgent_loop(outbox, every=timedelta(seconds=settings.dispatcher_poll_seconds)),
        nudge_loop(client, outbox, task_queue=settings.task_queue, history_length=settings.history_length),
    ]
    if sweep:
        loops.append(delivery_of(client, database, settings).run())
    with ThreadPoolExecutor(settings.activity_threads * 2) as threads:
        async with make_worker(client, database, outbox, settings, threads):
            await asyncio.gather(*loops)


def main() -> None:
    """Run until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--sweeper", choices=["on", "off"], default="on")
    options.add_argument("--keys", choices=["kept", "fresh"], default="kept")
    given = options.parse_args()
    settings = read_settings()
    if given.sweeper == "on" and given.keys == "kept":
        run_worker(settings)
    else:
        asyncio.run(_work(settings, sweep=given.sweeper == "on", fresh_keys=given.keys == "fresh"))


if __name__ == "__main__":
    main()
