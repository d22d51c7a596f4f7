"""Which key encrypts what crosses Temporal, and which keys still decrypt."""

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from pathways.errors import Misconfigured, TongxingError

KEY_BYTES = 32
_FIRST_KEY_ID = "k1"
_KEYS_FILE = TypeAdapter(dict[str, str | dict[str, str]])


class EncryptionKeyMissing(TongxingError):
    """Nothing can be encrypted for this workflow: its key is not there."""

    code = "encryption-key-missing"


class Keyring(Protocol):
    """The seam between the codec and the place where keys are kept: one master key now, a key per patient later."""

    def key_for(self, workflow_id: str | None) -> tuple[str, bytes]:
        """Give the key id and the 32-byte key that encrypts for this workflow (none: outside any workflow).

        Raises:
            EncryptionKeyMissing: there is none, or it was destroyed.
        """
        ...

    def key(self, kid: str) -> bytes | None:
        """Give the key of this id, or nothing when it is unknown or destroyed."""
        ...


class StaticKeyring:
    """Master keys from the settings: one encrypts, all of them decrypt, so a key is rotated by adding the next."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Take 32-byte keys by id.

        Raises:
            Misconfigured: the current id is not among them.
        """
        if current not in keys:
            raise Misconfigured(
                f"The encryption key {current} is not among the keys.", hint="Add it, or name one that is there."
            )
        self._keys = dict(keys)
        self._current = current

    def key_for(self, workflow_id: str | None) -> tuple[str, bytes]:
        """Give the current master key, the same for every workflow."""
        return self._current, self._keys[self._current]

    def key(self, kid: str) -> bytes | None:
        """Give the key of this id, or nothing when it is unknown."""
        return self._keys.get(kid)


def open_keys_file(path: Path) -> StaticKeyring:
    """Read the keyring at `path`, making it with one random key (mode 0600) when there is no file yet.

    Processes that start at once agree on one file: the first complete one wins.

    Raises:
        Misconfigured: the file is damaged, or may not be read or made.
    """
    try:
        if not path.exists():
            _make_keys_file(path)
        content = _KEYS_FILE.validate_json(path.read_bytes())
        current, keys = content["current"], content["keys"]
        if isinstance(current, str) and isinstance(keys, dict):
            return StaticKeyring({kid: _decoded(key) for kid, key in keys.items()}, current)
    except (OSError, ValidationError, KeyError, ValueError) as unreadable:
        raise _unreadable(path) from unreadable
    raise _unreadable(path)


def _unreadable(path: Path) -> Misconfigured:
    return Misconfigured(
        f"The encryption keys in {path} cannot be read.",
        hint="Restore the file from a backup: without it the running journeys stay unreadable.",
    )


def _decoded(key: str) -> bytes:
    decoded = base64.b64decode(key, validate=True)
    if len(decoded) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return decoded


def _make_keys_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".keys-") as draft:  # made with mode 0600
        json.dump({"current": _FIRST_KEY_ID, "keys": {_FIRST_KEY_ID: key}}, draft, indent=2)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)  # fails where a file exists: a key in use is never written over
        except FileExistsError:
            return
