"""The API behind a real port, for a browser, and the program that drives one."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from tests.api.browser import running_driver
from tests.api.clinic import Desk

WIDTH_OF_A_PHONE = 360


@pytest.fixture(scope="session")
def driver() -> Iterator[str]:
    with running_driver() as address:
        yield address


@asynccontextmanager
async def served(desk: Desk) -> AsyncGenerator[str]:
    """Serve it; the address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(desk.app, lifespan="off", log_level="warning"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving
