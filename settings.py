"""Every setting of Tongxing, read from the environment (`TONGXING_...`) by the composition roots alone."""

import base64
import binascii
import ipaddress
import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from pathways.errors import Misconfigured
from pathways.language.schedule import known_zone

PREFIX = "TONGXING_"
KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _loopback(host: str) -> str:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            "the server has no sign-in yet, so it listens on this machine alone; use 127.0.0.1, ::1 or localhost"
        )
    return host


def _address(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError("this is no IP address; 127.0.0.1 is this machine alone, 0.0.0.0 every network") from None
    return host


def _known_zone(name: str) -> str:
    try:
        known_zone(name)
    except ValueError as unknown:
        raise ValueError("this is no IANA time zone; an example is Asia/Shanghai") from unknown
    return name


def _default_database(values: dict[str, Any]) -> str:
    return f"sqlite:///{values['state_dir'] / 'tongxing.sqlite'}"


class Settings(BaseSettings):
    """What an installation chooses; `docs/settings.md` has the same list as a table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True
    )

    state_dir: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        default=Path(".tongxing"), description="Folder for databases, keys and logs of a one-machine installation."
    )
    database_url: str = Field(
        default_factory=_default_database,
        repr=False,
        description="SQLAlchemy address of the store; unset, a SQLite file `tongxing.sqlite` in the state folder.",
    )

    temporal_address: str = Field(default="127.0.0.1:7233", description="`host:port` of the Temporal server.")
    temporal_namespace: str = Field(
        default="tongxing", min_length=1, description="Temporal namespace that holds the journeys."
    )
    temporal_wait_seconds: PositiveFloat = Field(
        default=10, description="How long a start waits for Temporal before it says that it is away."
    )
    task_queue: str = Field(
        default="tongxing", min_length=1, description="Temporal task queue on which the workers listen."
    )
    history_length: int = Field(
        default=4000,
        ge=100,
        description="Temporal history events after which a journey continues as a new workflow run.",
    )
    max_cached_workflows: PositiveInt = Field(
        default=1000, description="Journeys that a worker keeps in memory; each takes about 150 kB."
    )
    activity_threads: PositiveInt = Field(
        default=20, description="Threads of a worker for writes to the store and sends."
    )
    shutdown_seconds: PositiveFloat = Field(
        default=8, description="How long a worker lets running activities finish when it is told to end."
    )

    api_host: Annotated[str, AfterValidator(_loopback)] = Field(
        default="127.0.0.1", description="Address on which the API listens; a loopback address until sign-in exists."
    )
    api_port: int = Field(default=8000, ge=0, le=65535, description="Port of the API; 0 takes a free one.")
    projection_wait_seconds: float = Field(
        default=2, ge=0, description="How long the API waits for the store to show a change before it answers 202."
    )
    mapping_file: Path | None = Field(
        default=None,
        description="File that maps identifiers, codes and units of other systems; unset, as `docs/hl7.md` says.",
    )
    hl7_host: Annotated[str, AfterValidator(_address)] = Field(
        default="127.0.0.1", description="Address on which HL7 messages are listened for (MLLP)."
    )
    hl7_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port for HL7 messages; unset, none are listened for; 0 takes a free one.",
    )
    hl7_peers: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = Field(
        default=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
        description="Networks from which HL7 connections are let in, as a JSON list; others are closed at once.",
    )
    hl7_tls_certificate: Path | None = Field(
        default=None, description="File with the certificate chain of the HL7 listener (PEM); set, it speaks TLS alone."
    )
    hl7_tls_key: Path | None = Field(default=None, description="File with its private key (PEM).")
    hl7_tls_client_ca: Path | None = Field(
        default=None,
        description="File with the authorities one of which must have signed a client's certificate (PEM).",
    )

    encryption_keys: dict[str, SecretStr] = Field(
        default_factory=dict[str, SecretStr],
        description="JSON object of key id to base64 of 32 random bytes; unset, `keys.json` in the state folder"
        " is made on the first start. Old keys stay in the list for as long as what they encrypted is kept.",
    )
    encryption_key_id: str | None = Field(
        default=None, description="Id of the key that encrypts from now on; needed when there are several keys."
    )

    hospital_name_zh: str = Field(
        default="示范医院", min_length=1, description="Name of the hospital in Chinese, as patients read it."
    )
    hospital_name_en: str = Field(
        default="Demonstration Hospital", min_length=1, description="Name of the hospital in English."
    )
    zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="Asia/Shanghai", description="IANA time zone of the hospital, and of patients who have none recorded."
    )
    hospital_url: str | None = Field(
        default=None,
        repr=False,
        description="Address of the hospital system that pathways call; unset, such calls fail and staff are asked.",
    )
    quiet_hours_start: time = Field(
        default=time(21), description="From this time of day on, in the patient's zone, only urgent messages leave."
    )
    quiet_hours_end: time = Field(default=time(8), description="Time of day at which quiet hours end.")
    contacts_per_day: PositiveInt = Field(default=2, description="Routine messages to one patient in a day, at most.")
    contacts_per_week: PositiveInt = Field(default=6, description="Routine messages to one patient in a week, at most.")

    channel: Literal["preview", "http"] = Field(
        default="preview",
        description="`preview` shows messages in the worklist and the API and tells nobody; `http` sends them.",
    )
    channel_url: str | None = Field(
        default=None, repr=False, description="Address of the message provider of the channel `http`."
    )
    channel_honours_keys: bool = Field(
        default=True,
        description="Whether that provider takes the same message key twice as one; else it is asked before a repeat.",
    )
    dispatcher_batch: PositiveInt = Field(default=50, description="Messages that a dispatcher leases at once.")
    dispatcher_lease_seconds: float = Field(
        default=15, ge=10, description="How long a leased message belongs to one dispatcher before another may take it."
    )
    dispatcher_poll_seconds: PositiveFloat = Field(
        default=1, description="Pause between two looks at the urgent lane of the outbox."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )

    @model_validator(mode="after")
    def _channel_has_an_address(self) -> Self:
        if self.channel == "http" and self.channel_url is None:
            raise ValueError("channel_url: the channel http needs the address of its provider")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.hl7_tls_certificate is None) != (self.hl7_tls_key is None):
            raise ValueError("hl7_tls_key: a certificate and its key belong together")
        if self.hl7_tls_client_ca is not None and self.hl7_tls_certificate is None:
            raise ValueError("hl7_tls_client_ca: clients show certificates where the listener has one")
        return self

    @model_validator(mode="after")
    def _keys_are_usable(self) -> Self:
        for kid, key in self.encryption_keys.items():
            if not _KEY_ID.fullmatch(kid):
                raise ValueError("encryption_keys: a key id is 1 to 64 letters, digits, dots, dashes or underscores")
            if len(_decoded(kid, key)) != KEY_BYTES:
                raise ValueError(f"encryption_keys: key {kid} is not base64 of {KEY_BYTES} bytes")
        if self.encryption_key_id is None and len(self.encryption_keys) > 1:
            raise ValueError("encryption_key_id: say which of the encryption_keys encrypts from now on")
        if self.encryption_key_id is not None and self.encryption_key_id not in self.encryption_keys:
            raise ValueError("encryption_key_id: this key is not among the encryption_keys")
        return self

    @property
    def keys(self) -> dict[str, bytes]:
        """Encryption keys by id, 32 bytes each; empty when none were given."""
        return {kid: _decoded(kid, key) for kid, key in self.encryption_keys.items()}

    @property
    def current_key_id(self) -> str | None:
        """Id of the key that encrypts from now on; none when no keys were given."""
        return self.encryption_key_id or next(iter(self.encryption_keys), None)


def _decoded(kid: str, key: SecretStr) -> bytes:
    try:
        return base64.b64decode(key.get_secret_value(), validate=True)
    except binascii.Error as wrong:
        raise ValueError(f"encryption_keys: key {kid} is not base64 of {KEY_BYTES} bytes") from wrong


def read_settings(**given: Any) -> Settings:
    """Read the environment; what is `given` (options of a command) goes before it.

    Raises:
        Misconfigured: names every setting that is wrong, without its value.
    """
    try:
        return Settings(**given)
    except SettingsError as unreadable:
        raise Misconfigured(f"{unreadable}.", hint="Write it as JSON; docs/settings.md has every setting.") from None
    except ValidationError as wrong:
        problems = [_problem(".".join(str(part) for part in error["loc"]), error["msg"]) for error in wrong.errors()]
        raise Misconfigured("; ".join(problems) + ".", hint="docs/settings.md has every setting.") from None


def _problem(field: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not field:
        field, _, message = message.partition(": ")
    return f"{PREFIX}{field.upper()}: {message}"
