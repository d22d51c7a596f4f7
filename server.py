"""Composition root of the API: the app on a loopback port, and urgent messages, which leave with Temporal down too."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import uvicorn

from activities.clock import utc_now
from activities.messaging import urgent_loop
from activities.vigil import Vigil
from api.app import create_app, policy_of
from pathways.errors import Misconfigured
from settings import PREFIX, Settings
from store.database import Database, open_database
from worker import keyring_of, outbox_of
from workflows.client import connect

Say = Callable[[str], None]


def run_api(settings: Settings, say: Say) -> None:
    """Serve until a signal ends it; requests that are being answered may finish.

    Raises:
        Misconfigured: the port is taken, or the settings do not fit.
    """
    database = open_database(settings.database_url)
    try:
        with _listening(settings) as listener:
            host, port, *_ = listener.getsockname()
            say(f"接口 · API: http://{f'[{host}]' if ':' in host else host}:{port}")
            asyncio.run(_serve(settings, database, listener))
    finally:
        database.close()


async def _serve(settings: Settings, database: Database, listener: socket.socket) -> None:
    keyring = keyring_of(settings)
    wait = timedelta(seconds=settings.temporal_wait_seconds)
    app = create_app(
        settings,
        database=database,
        client_provider=lambda: connect(settings.temporal_address, settings.temporal_namespace, keyring, within=wait),
    )
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,  # its lines go the way of all others, which keeps what an exception says to itself
        log_level=settings.log_level,
        server_header=False,
        timeout_graceful_shutdown=round(settings.shutdown_seconds),
    )
    every = timedelta(seconds=settings.dispatcher_poll_seconds)
    urgent = asyncio.create_task(urgent_loop(outbox_of(settings, database), every=every))
    vigil = asyncio.create_task(Vigil(database, policy_of(settings), clock=utc_now).run())
    try:
        await _Server(config).serve(sockets=[listener])
    finally:
        for loop in (urgent, vigil):
            loop.cancel()
        await asyncio.gather(urgent, vigil, return_exceptions=True)


class _Server(uvicorn.Server):
    """Uvicorn's, which ends in order on a signal where that would kill the process with its own signal."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


@contextmanager
def _listening(settings: Settings) -> Generator[socket.socket]:
    host, port = settings.api_host, settings.api_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as refused:
        raise Misconfigured(
            f"The API cannot listen on port {port} of {host}: {refused.strerror}.",
            hint=f"End what uses the port, or set {PREFIX}API_PORT (0 takes a free one).",
        ) from None
    with listener:
        yield listener
