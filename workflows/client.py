"""The connection to Temporal and what converts values on the way there."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.service import RPCError, RPCStatusCode

from pathways.errors import EngineUnavailable
from workflows.codec import EncryptionCodec, UnreadableConverter
from workflows.keyring import Keyring

_ATTEMPT = timedelta(seconds=3)
_PAUSE_SECONDS = 0.2


class _JSONConverter(PydanticJSONPlainPayloadConverter):
    """Pydantic's, which works out once how a type is read: every workflow has its own converter, and waits for that.

    Hundreds of journeys that a new worker brings back at once would otherwise each work it out, all too slowly.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._readers: dict[Any, TypeAdapter[Any]] = {}

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """The value of the type."""
        hint: Any = Any if type_hint is None else type_hint
        reader = self._readers.get(hint)
        if reader is None:
            with self._lock:
                reader = self._readers.get(hint) or TypeAdapter[Any](hint)
                self._readers[hint] = reader
        return reader.validate_json(payload.data)


@cache
def _json() -> _JSONConverter:
    return _JSONConverter()


class PayloadConverter(CompositePayloadConverter):
    """Temporal's converters, with pydantic for JSON (dataclasses, unions, dates) and the placeholder's reader."""

    def __init__(self) -> None:
        json = _json()
        defaults = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(
            UnreadableConverter(), *(json if isinstance(one, JSONPlainPayloadConverter) else one for one in defaults)
        )


def data_converter(keyring: Keyring) -> DataConverter:
    """Build the converter that every client and worker uses: pydantic values, encrypted, failure texts too."""
    return DataConverter(
        payload_converter_class=PayloadConverter,
        payload_codec=EncryptionCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    address: str,
    namespace: str,
    keyring: Keyring,
    *,
    within: timedelta,
    say: Callable[[str], None] | None = None,
) -> Client:
    """Connect to Temporal at `host:port`, trying again for as long as `within`; `say` gets one line if that takes time.

    Raises:
        EngineUnavailable: no answer in that time, or the server does not have the namespace.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    said = False
    while True:
        left = deadline - loop.time()
        try:
            async with asyncio.timeout(max(left, 0.1)):
                return await _connect_once(address, namespace, keyring)
        except (RuntimeError, RPCError, TimeoutError) as away:
            trouble = _trouble(away, address, namespace)
        if loop.time() + _PAUSE_SECONDS >= deadline:
            raise trouble
        if say is not None and not said:
            say(f"等待 Temporal · {trouble.message} Waiting up to {within.total_seconds():g} s.")
            said = True
        await asyncio.sleep(_PAUSE_SECONDS)


async def _connect_once(address: str, namespace: str, keyring: Keyring) -> Client:
    client = await Client.connect(
        address, namespace=namespace, data_converter=data_converter(keyring), connect_timeout=_ATTEMPT
    )
    # A connection says nothing on the namespace, and a worker would learn it only from its first poll.
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=_ATTEMPT)
    return client


def _trouble(away: Exception, address: str, namespace: str) -> EngineUnavailable:
    if isinstance(away, RPCError) and away.status == RPCStatusCode.NOT_FOUND:
        return EngineUnavailable(
            f"The Temporal server at {address} has no namespace {namespace}.",
            hint="Create it, or set TONGXING_TEMPORAL_NAMESPACE to one that is there.",
        )
    return EngineUnavailable(
        f"The Temporal server at {address} does not answer.",
        hint="Start it (on one machine `tongxing up` does), or set TONGXING_TEMPORAL_ADDRESS.",
    )
