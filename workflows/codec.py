"""Encryption and compression of everything that crosses Temporal, and what stands for a payload without its key."""

import os
import zlib
from collections.abc import Sequence
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    EncodingPayloadConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from pathways.errors import TongxingError
from workflows.keyring import Keyring

ENCODING = b"binary/tongxing-aesgcm"
UNREADABLE = b"binary/tongxing-unreadable"
_NONCE_BYTES = 12
_PLAIN, _ZLIB = b"\x00", b"\x01"


class PayloadTampered(TongxingError):
    """A payload from Temporal does not verify: it was changed or damaged after it was written."""

    code = "payload-tampered"


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Compress where that is shorter, then encrypt with AES-GCM under the key of the workflow.

    Metadata is `{encoding, kid}`, authenticated with the data. Data is a 12-byte random nonce, then the ciphertext of
    one byte (0 plain, 1 zlib) and the serialised payload. Decoding needs the metadata alone; a payload in another
    encoding is passed on as it is.
    """

    def __init__(self, keyring: Keyring, workflow_id: str | None = None) -> None:
        self._keyring = keyring
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> Self:
        """Give a codec that encrypts for the workflow of `context`."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return type(self)(self._keyring, context.workflow_id)
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload.

        Raises:
            EncryptionKeyMissing: the keyring has no key for this workflow.
        """
        kid, key = self._keyring.key_for(self._workflow_id)
        cipher = AESGCM(key)
        return [_encrypted(payload, kid, cipher) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload; one whose key is gone becomes a placeholder, so that lists of many still work.

        Raises:
            PayloadTampered: the key is there and the payload does not verify.
        """
        return [self._decrypted(payload) for payload in payloads]

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        kid = payload.metadata.get("kid", b"")
        key = self._keyring.key(kid.decode(errors="replace"))
        if key is None:
            return Payload(metadata={"encoding": UNREADABLE, "kid": kid})
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            opened = AESGCM(key).decrypt(nonce, sealed, _associated(kid))
            plain = zlib.decompress(opened[1:]) if opened[:1] == _ZLIB else opened[1:]
            return Payload.FromString(plain)
        except (InvalidTag, ValueError, zlib.error, DecodeError) as damaged:
            raise PayloadTampered(hint="Find out who can write to Temporal's database.") from damaged


def _encrypted(payload: Payload, kid: str, cipher: AESGCM) -> Payload:
    plain = payload.SerializeToString()
    packed = zlib.compress(plain)
    inner = _ZLIB + packed if len(packed) < len(plain) else _PLAIN + plain
    nonce = os.urandom(_NONCE_BYTES)
    return Payload(
        metadata={"encoding": ENCODING, "kid": kid.encode()},
        data=nonce + cipher.encrypt(nonce, inner, _associated(kid.encode())),
    )


def _associated(kid: bytes) -> bytes:
    return ENCODING + b"\x00" + kid


class UnreadableConverter(EncodingPayloadConverter):
    """Reads the placeholder of a payload whose key is gone: shown where anything goes, refused where a type is asked.

    A workflow whose input cannot be read must fail its tasks, not run on made-up values.
    """

    @property
    def encoding(self) -> str:
        """Encoding of the placeholder."""
        return UNREADABLE.decode()

    def to_payload(self, value: Any) -> Payload | None:
        """Leave every value to the other converters."""
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> dict[str, str]:
        """Give `{unreadable: <key id>}`.

        Raises:
            RuntimeError: a type was asked for.
        """
        kid = payload.metadata.get("kid", b"").decode(errors="replace")
        if type_hint is not None:
            raise RuntimeError(f"a payload cannot be read: its encryption key {kid} is unknown or was destroyed")
        return {"unreadable": kid, "message": f"cannot be read: encryption key {kid} is unknown or was destroyed"}
