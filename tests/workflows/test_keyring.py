"""Where the master keys of a one-machine installation are kept."""

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pathways.errors import Misconfigured
from workflows.keyring import StaticKeyring, open_keys_file


def test_the_first_start_makes_a_key_for_good(tmp_path: Path) -> None:
    """The file is made once, for its owner alone, and every later start reads the same key."""
    path = tmp_path / "state" / "keys.json"
    kid, key = open_keys_file(path).key_for(None)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_keys_file(path).key_for("journey/1") == (kid, key)
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    """The key is random."""
    assert open_keys_file(tmp_path / "a").key_for(None) != open_keys_file(tmp_path / "b").key_for(None)


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    """Eight openings at once end with one key."""
    with ThreadPoolExecutor(8) as pool:
        keyrings = list(pool.map(open_keys_file, [tmp_path / "keys.json"] * 8))
    assert len({keyring.key_for(None) for keyring in keyrings}) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"current": "k1"}',
        '{"current": {}, "keys": {}}',
        '{"current": "k1", "keys": {"k1": "c2hvcnQ="}}',
        '{"current": "k1", "keys": {"k1": "no base64!"}}',
        '{"current": "k1", "keys": {}}',
    ],
)
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    """A file without a usable key stops the start, and is never written over."""
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(Misconfigured) as refusal:
        open_keys_file(path)
    assert path.read_text() == content
    assert "c2hvcnQ=" not in str(refusal.value)


def test_a_key_is_rotated_in_the_file(tmp_path: Path) -> None:
    """A second key named as current encrypts; the first still decrypts."""
    path = tmp_path / "keys.json"
    kid, key = open_keys_file(path).key_for(None)
    content = json.loads(path.read_text())
    content["keys"]["k2"] = base64.b64encode(bytes(32)).decode()
    content["current"] = "k2"
    path.write_text(json.dumps(content))
    keyring = open_keys_file(path)
    assert keyring.key_for(None) == ("k2", bytes(32))
    assert keyring.key(kid) == key
    assert keyring.key("k3") is None


def test_the_current_key_must_be_there() -> None:
    """A keyring that could not encrypt is not made."""
    with pytest.raises(Misconfigured, match="k2"):
        StaticKeyring({"k1": bytes(32)}, "k2")
