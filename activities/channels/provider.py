"""A provider of messages that speaks plain HTTP.

`POST {url}/messages` with `{key, recipient, text, urgent}` and an `Idempotency-Key` header answers `{outcome, id?}`;
`GET {url}/messages/{key}` answers the same, or 404 where it never saw the key.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from http import HTTPStatus
from threading import Thread
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ValidationError

from activities.channels.channel import Outcome, OutcomeKind, OutgoingMessage

TIMEOUT = httpx.Timeout(5, connect=2)
SEND_WITHIN = timedelta(seconds=5)
"""For the whole of a request, however slowly its answer trickles: less than what a lease is kept for."""
QUERY_WITHIN = timedelta(seconds=3)
"""Both together are less than the time after which a silent sender counts as dead."""

_BY_STATUS: dict[int, OutcomeKind] = {
    HTTPStatus.BAD_REQUEST: "config_error",
    HTTPStatus.UNAUTHORIZED: "refresh_token",
    HTTPStatus.FORBIDDEN: "config_error",
    HTTPStatus.NOT_FOUND: "config_error",
    HTTPStatus.GONE: "opted_out",
    HTTPStatus.UNPROCESSABLE_ENTITY: "bad_address",
    HTTPStatus.TOO_MANY_REQUESTS: "quota",
    HTTPStatus.SERVICE_UNAVAILABLE: "retry",
}


class _Answer(BaseModel):
    outcome: Literal["accepted", "delivered"] = "accepted"
    id: str | None = None


class HttpChannel:
    """Speaks to a provider over HTTP; `honours_keys` says whether it takes the same key twice as one.

    Requests run on a loop of the channel's own: there alone is a whole request bounded, and not each read of it.
    """

    name = "http"

    def __init__(self, url: str, *, honours_keys: bool) -> None:
        self.honours_keys = honours_keys
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="http-channel", daemon=True)
        self._thread.start()

    def send(self, message: OutgoingMessage) -> Outcome:
        """Hand it over; a time-out after the request was written is `unknown`."""
        body = {"key": message.key, "recipient": message.recipient, "text": message.text, "urgent": message.urgent}
        headers = {"Idempotency-Key": message.key}
        try:
            response = self._wait(self._http.post("/messages", json=body, headers=headers), SEND_WITHIN)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Outcome(kind="retry")  # nothing was written
        except (httpx.HTTPError, TimeoutError):
            return Outcome(kind="unknown")
        return _outcome(response)

    def query(self, key: str) -> Outcome | None:
        """Ask what became of it; `retry` where the provider does not answer."""
        try:
            response = self._wait(self._http.get(f"/messages/{key}"), QUERY_WITHIN)
        except (httpx.HTTPError, TimeoutError):
            return Outcome(kind="retry")
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        return _outcome(response) if response.is_success else Outcome(kind="retry")

    def close(self) -> None:
        """Let the connections go."""
        asyncio.run_coroutine_threadsafe(self._http.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, request: Coroutine[Any, Any, httpx.Response], within: timedelta) -> httpx.Response:
        bounded = asyncio.wait_for(request, within.total_seconds())
        return asyncio.run_coroutine_threadsafe(bounded, self._loop).result()


def _outcome(response: httpx.Response) -> Outcome:
    if response.is_success:
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError:
            return Outcome(kind="unknown")
        return Outcome(kind=answer.outcome, provider_id=answer.id)
    return Outcome(kind=_BY_STATUS.get(response.status_code, "unknown"), after=_retry_after(response))


def _retry_after(response: httpx.Response) -> timedelta | None:
    seconds = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 7 else None
