"""What every request passes first: is it meant for this machine, and small enough? No answer is kept on its way."""

import re
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:\d*)?")


class Entrance:
    """Refuses a foreign host name and a body of more than `most_bytes` with problems.

    What holds patients' data is kept by no browser or proxy; the files under `/static` may be.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], most_bytes: int) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, headers = Request(scope), Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            await errors.on_foreign_host(request)(scope, receive, send)
        elif int(headers.get("content-length", "0")) > self._most_bytes:
            await errors.of_status(request, 413)(scope, receive, send)
        else:
            await self._app(scope, self._counting(receive), _unkept(scope, send))

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        return match is not None and match[1].lower() in self._hosts

    def _counting(self, receive: Receive) -> Receive:
        """A body of unknown length is read no further than it may go."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most_bytes:
                raise HTTPException(413)
            return message

        return counted


def _unkept(scope: Scope, send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and not scope["path"].startswith("/static/"):
            MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
