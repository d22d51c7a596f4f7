"""What is written down of a request: its method, route and status; never its address, body or who it is about."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics

_QUIET = frozenset({"/live", "/ready", "/metrics"})

_log = structlog.get_logger(__name__)


class AccessLog:
    """Logs and counts every request by its route's template, in which ids are only named."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = _method(scope), _template(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        log = _log.debug if route in _QUIET else _log.info
        log("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000))


def _template(scope: Scope) -> str:
    """The path with the names of its parameters in the place of their values; `unknown` where no route fits."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unknown"


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
