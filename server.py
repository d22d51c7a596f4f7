"""Composition root of the API: the app on a loopback port, and what runs with Temporal down too.

That is the HL7 listener, urgent messages, and the rungs of urgent tasks.
"""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

import uvicorn
from prometheus_client import CollectorRegistry

from activities.clock import utc_now
from activities.messaging import urgent_loop
from activities.vigil import Vigil
from api.app import create_app, policy_of
from api.hl7.figures import Figures
from api.hl7.listener import listening, tls_context
from api.hl7.mailroom import Mailroom
from api.house import House
from api.intake import Intake
from api.mapping_reading import MappingFile
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
    mapping = MappingFile(settings.mapping_file)
    database = open_database(settings.database_url)
    try:
        with (
            _listening("API", settings.api_host, settings.api_port) as listener,
            _hl7_listening(settings) as hl7,
        ):
            say(f"接口 · API: http://{_shown(listener)}")
            if hl7 is not None:
                say(f"HL7 (MLLP): {_shown(hl7)}")
            asyncio.run(_serve(settings, database, mapping, listener, hl7))
    finally:
        database.close()


async def _serve(
    settings: Settings, database: Database, mapping: MappingFile, listener: socket.socket, hl7: socket.socket | None
) -> None:
    keyring = keyring_of(settings)
    wait = timedelta(seconds=settings.temporal_wait_seconds)
    app = create_app(
        settings,
        database=database,
        client_provider=lambda: connect(settings.temporal_address, settings.temporal_namespace, keyring, within=wait),
        mapping=mapping,
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
        async with _hl7_served(settings, app.state.house, mapping, hl7):
            await _Server(config).serve(sockets=[listener])
    finally:
        for loop in (urgent, vigil):
            loop.cancel()
        await asyncio.gather(urgent, vigil, return_exceptions=True)


def mailroom_of(settings: Settings, database: Database) -> Mailroom:
    """What takes HL7 messages in beside a running API, which tells journeys of them.

    Raises:
        Misconfigured: the mapping file does not check.
    """
    mapping = MappingFile(settings.mapping_file)
    intake = Intake(
        database=database,
        policy=policy_of(settings),
        mapping=mapping,
        prompt=lambda: None,
        clock=utc_now,
        zone=settings.zone,
    )
    return Mailroom(intake=intake, figures=Figures(CollectorRegistry(), mapping_broken=lambda: mapping.broken))


def _hl7_served(
    settings: Settings, house: House, mapping: MappingFile, listener: socket.socket | None
) -> AbstractAsyncContextManager[None]:
    """Takes HL7 messages in while the API runs: it needs no Temporal either."""
    figures = Figures(house.metrics.registry, mapping_broken=lambda: mapping.broken)
    if listener is None:
        return nullcontext()
    certificate, key = settings.hl7_tls_certificate, settings.hl7_tls_key
    tls = None if certificate is None or key is None else tls_context(certificate, key, settings.hl7_tls_client_ca)
    mailroom = Mailroom(intake=house.intake, figures=figures)
    return listening(mailroom, [listener], peers=settings.hl7_peers, tls=tls)


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


def _hl7_listening(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    return nullcontext() if settings.hl7_port is None else _listening("HL7", settings.hl7_host, settings.hl7_port)


def _shown(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def _listening(what: str, host: str, port: int) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as refused:
        raise Misconfigured(
            f"The {what} cannot listen on port {port} of {host}: {refused.strerror}.",
            hint=f"End what uses the port, or set {PREFIX}{what}_PORT (0 takes a free one).",
        ) from None
    with listener:
        yield listener
