"""What the codec keeps from readers of Temporal, and what it does when a key is gone."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from tests.workflows.letterbox import Dated, Letter, Text
from workflows.client import data_converter
from workflows.codec import ENCODING, EncryptionCodec, PayloadTampered
from workflows.keyring import EncryptionKeyMissing, StaticKeyring

KEY, NEXT_KEY = os.urandom(32), os.urandom(32)
SECRET = "秘密 13.9 mmol/L"


def codec(*, current: str = "k1", **keys: bytes) -> EncryptionCodec:
    return EncryptionCodec(StaticKeyring(keys or {"k1": KEY}, current))


def plain(data: bytes = SECRET.encode()) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


@given(
    st.lists(
        st.builds(
            Payload,
            metadata=st.dictionaries(st.text(max_size=9), st.binary(max_size=9), max_size=3),
            data=st.binary(max_size=500),
        ),
        max_size=4,
    )
)
async def test_what_is_encoded_decodes_to_itself(payloads: list[Payload]) -> None:
    """Any payloads, with any metadata, come back as they were and in their order."""
    encoded = await codec().encode(payloads)
    assert all(payload.metadata["encoding"] == ENCODING for payload in encoded)
    assert await codec().decode(encoded) == payloads


async def test_equal_payloads_do_not_look_equal() -> None:
    """Every encryption takes a nonce of its own."""
    first, second = await codec().encode([plain(), plain()])
    assert first.data != second.data
    assert SECRET.encode() not in first.SerializeToString()


@pytest.mark.parametrize(("data", "shorter"), [(b"journey " * 1000, True), (os.urandom(1000), False)])
async def test_compression_where_it_helps(data: bytes, shorter: bool) -> None:
    """Repetitive data shrinks, and data that does not compress grows by the frame alone."""
    [encoded] = await codec().encode([plain(data)])
    assert (len(encoded.data) < len(data) / 10) is shorter
    assert len(encoded.data) < len(data) + 100


async def test_rotation() -> None:
    """After a rotation old payloads decode by their key id, and new ones are encrypted with the new key."""
    rotated = codec(current="k2", k1=KEY, k2=NEXT_KEY)
    old = await codec().encode([plain()])
    new = await rotated.encode([plain()])
    assert new[0].metadata["kid"] == b"k2"
    assert await rotated.decode([*old, *new]) == [plain(), plain()]


async def test_what_is_in_another_encoding_passes() -> None:
    """A payload that this codec did not write is left as it is."""
    assert await codec().decode([plain()]) == [plain()]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "nonce": lambda data: flipped(data, 0),
    "text": lambda data: flipped(data, 14),
    "tag": lambda data: flipped(data, len(data) - 1),
    "truncated": lambda data: data[:-1],
    "shorter than a nonce": lambda data: data[:5],
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_changed_payload_is_refused(change: Callable[[bytes], bytes]) -> None:
    """A payload changed in any part after it was written raises an error and is never read."""
    [encoded] = await codec().encode([plain()])
    encoded.data = change(encoded.data)
    with pytest.raises(PayloadTampered) as refusal:
        await codec().decode([encoded])
    assert SECRET not in str(refusal.value)


async def test_the_key_id_is_authenticated() -> None:
    """A payload under another key's id is refused, even where both ids hold the same key."""
    both = codec(k1=KEY, k2=KEY)
    [encoded] = await both.encode([plain()])
    encoded.metadata["kid"] = b"k2"
    with pytest.raises(PayloadTampered):
        await both.decode([encoded])


def converter(**keys: bytes) -> DataConverter:
    return data_converter(StaticKeyring(keys, next(iter(keys))))


class TestAKeyThatIsGone:
    async def test_the_other_payloads_of_a_list_are_read(self) -> None:
        """An unknown key id gives a placeholder, and the readable payloads beside it are there."""
        gone = await codec(current="gone", gone=NEXT_KEY).encode([plain()])
        kept = await codec().encode([plain()])
        placeholder, read = await codec().decode([*gone, *kept])
        assert read == plain()
        assert SECRET.encode() not in placeholder.SerializeToString()

    async def test_a_list_shows_the_placeholder(self) -> None:
        """Where no type is asked, the value says which key is missing."""
        payloads = await converter(gone=NEXT_KEY).encode([SECRET])
        [shown] = await converter(k1=KEY).decode(payloads)
        assert shown["unreadable"] == "gone"

    @pytest.mark.parametrize("asked", [str, dict, Letter])
    async def test_a_typed_read_is_refused(self, asked: type) -> None:
        """A workflow never runs on a placeholder: a value of any stated type is refused."""
        payloads = await converter(gone=NEXT_KEY).encode([Letter(parts=())])
        with pytest.raises(RuntimeError):
            await converter(k1=KEY).decode(payloads, [asked])

    async def test_a_failure_is_still_a_failure(self) -> None:
        """A failure whose text cannot be read keeps its type and says why there is no text."""
        failure = await encoded_failure(converter(gone=NEXT_KEY))
        error = await converter(k1=KEY).decode_failure(failure)
        assert isinstance(error, ApplicationError)
        assert (error.type, "gone" in error.message) == ("Refused", True)


async def encoded_failure(using: DataConverter) -> Failure:
    error = ApplicationError(f"failed on {SECRET}", SECRET, type="Refused")
    error.__cause__ = ValueError(f"because of {SECRET}")
    failure = Failure()
    await using.encode_failure(error, failure)
    return failure


async def test_a_failure_shows_its_type_alone() -> None:
    """Message, details and the causes of a failure are encrypted, and come back whole."""
    failure = await encoded_failure(converter(k1=KEY))
    assert SECRET not in str(failure)
    assert SECRET.encode() not in failure.SerializeToString()
    error = await converter(k1=KEY).decode_failure(failure)
    assert isinstance(error, ApplicationError)
    assert (error.message, error.details, str(error.__cause__)) == (
        f"failed on {SECRET}",
        (SECRET,),
        f"ValueError: because of {SECRET}",
    )


class KeyForEach:
    """A keyring with a key for each workflow, none outside one."""

    def key_for(self, workflow_id: str | None) -> tuple[str, bytes]:
        if workflow_id is None:
            raise EncryptionKeyMissing
        return workflow_id, workflow_id.ljust(32).encode()

    def key(self, kid: str) -> bytes | None:
        return kid.ljust(32).encode()


ACTIVITY = ActivitySerializationContext(
    namespace="n",
    activity_id="a",
    activity_type="t",
    activity_task_queue="q",
    workflow_id="journey/1",
    workflow_type="w",
    is_local=True,
)


@pytest.mark.parametrize("context", [WorkflowSerializationContext(namespace="n", workflow_id="journey/1"), ACTIVITY])
async def test_the_keyring_learns_the_workflow(context: SerializationContext) -> None:
    """The key is chosen by the workflow that a payload belongs to, and decoding needs no context."""
    contextless = EncryptionCodec(KeyForEach())
    encoded = await contextless.with_context(context).encode([plain()])
    assert encoded[0].metadata["kid"] == b"journey/1"
    assert await contextless.decode(encoded) == [plain()]


async def test_nothing_leaves_without_a_key() -> None:
    """Where the keyring has no key, encoding raises and hands out nothing."""
    elsewhere = NexusSerializationContext(endpoint="e", service="s", operation="o")
    with pytest.raises(EncryptionKeyMissing):
        await EncryptionCodec(KeyForEach()).with_context(elsewhere).encode([plain()])


async def test_values_keep_their_types() -> None:
    """Frozen dataclasses with slots, tagged unions, dates and durations come back equal."""
    letter = Letter(
        parts=(
            Text(words=SECRET),
            Dated(on=date(2026, 2, 28), at=datetime(2026, 2, 28, 9, tzinfo=UTC), within=timedelta(days=14)),
        )
    )
    payloads = await converter(k1=KEY).encode([letter])
    assert await converter(k1=KEY).decode(payloads, [Letter]) == [letter]
