"""What an operator may set, and what a wrong setting says."""

import base64
import json
from pathlib import Path

import pytest

from pathways.errors import Misconfigured
from settings import PREFIX, Settings, read_settings

KEY = base64.b64encode(bytes(32)).decode()


def set_in(environment: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        environment.setenv(PREFIX + name.upper(), value)


def test_the_store_lies_in_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unless an address is given, the store is a SQLite file in the state folder, by its absolute path."""
    monkeypatch.chdir(tmp_path)
    assert read_settings(state_dir="here").database_url == f"sqlite:///{tmp_path}/here/tongxing.sqlite"
    assert read_settings(database_url="postgresql+psycopg://db/t").database_url == "postgresql+psycopg://db/t"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable sets its setting, and what a command gives goes before it."""
    set_in(monkeypatch, api_port="8123", hospital_name_zh="第一医院")
    assert (read_settings().api_port, read_settings().hospital_name_zh) == (8123, "第一医院")
    assert read_settings(api_port=0).api_port == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("api_host", "0.0.0.0", "no sign-in yet"),
        ("api_host", "hospital.example", "no sign-in yet"),
        ("api_port", "70000", "65535"),
        ("zone", "Asia/Atlantis", "IANA"),
        ("zone", "localtime", "IANA"),
        ("quiet_hours_start", "late", "time"),
        ("contacts_per_day", "0", "greater than 0"),
        ("log_level", "loud", "'debug'"),
        ("encryption_keys", "c2VjcmV0", "JSON"),
        ("encryption_keys", json.dumps({"k1": "c2VjcmV0"}), "key k1 is not base64 of 32 bytes"),
        ("encryption_keys", json.dumps({"k1": "c2VjcmV0*"}), "key k1 is not base64 of 32 bytes"),
        ("encryption_keys", json.dumps({"a b": KEY}), "a key id is"),
        ("encryption_key_id", "k9", "not among"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """The refusal names the variable and what was expected; the value may be a secret and is not repeated."""
    set_in(monkeypatch, **{name: value})
    with pytest.raises(Misconfigured) as refusal:
        read_settings()
    assert name in str(refusal.value).lower()
    assert said in str(refusal.value)
    assert "c2VjcmV0" not in str(refusal.value)


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes are reported together."""
    set_in(monkeypatch, api_port="x", zone="y")
    with pytest.raises(Misconfigured, match=r"(?s)TONGXING_API_PORT.*TONGXING_ZONE"):
        read_settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_a_loopback_address_is_accepted(host: str) -> None:
    """Any address of the machine itself will do."""
    assert read_settings(api_host=host).api_host == host


def test_keys() -> None:
    """One key is the current one; of several, one must be named; none leaves the choice to the keys file."""
    two = {"k1": KEY, "k2": KEY}
    assert (read_settings().keys, read_settings().current_key_id) == ({}, None)
    assert read_settings(encryption_keys={"k1": KEY}).current_key_id == "k1"
    assert read_settings(encryption_keys=two, encryption_key_id="k2").current_key_id == "k2"
    with pytest.raises(Misconfigured, match="say which"):
        read_settings(encryption_keys=two)


def test_secrets_are_not_printed() -> None:
    """The printed settings hold no key and no database password."""
    shown = repr(Settings.model_validate({"encryption_keys": {"k1": KEY}, "database_url": "postgresql://u:hush@db/t"}))
    assert KEY not in shown
    assert "hush" not in shown
