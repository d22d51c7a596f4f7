"""Rules of the compose file: it starts the product with the product's own commands and settings."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from ruamel.yaml import YAML

from settings import PREFIX, Settings, read_settings

ROOT = Path(__file__).parents[2]
OURS = ("migrate", "worker", "api")


class Service(BaseModel):
    """What the rules ask about a service; `depends_on` maps a service to the condition waited for."""

    image: str
    command: list[str] = []
    environment: dict[str, str] = {}
    ports: list[str] = []
    network_mode: str | None = None
    depends_on: dict[str, dict[str, str]] = {}
    healthcheck: dict[str, Any] = {}


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    reader: Any = YAML(typ="safe", pure=True)
    return TypeAdapter(dict[str, Service]).validate_python(reader.load(ROOT / "docker-compose.yml")["services"])


def test_the_services_are_those_of_a_hospital_group(services: dict[str, Service]) -> None:
    """PostgreSQL, Temporal, and the three commands of the product."""
    assert set(services) == {"postgresql", "temporal", *OURS}
    assert services["postgresql"].image.startswith("postgres:16")


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_can_be_typed_by_hand(name: str, services: dict[str, Service]) -> None:
    """Each service of the product is one subcommand of `tongxing`."""
    command = [Path(sys.prefix, "bin", "tongxing"), *services[name].command, "--help"]
    shown = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert services[name].command == [name]
    assert shown.returncode == 0, shown.stderr.decode()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str, services: dict[str, Service]) -> None:
    """A variable of the product that no setting reads would be a silent mistake of the operator."""
    ours = {variable for variable in services[name].environment if variable.startswith(PREFIX)}
    assert ours
    assert ours <= {PREFIX + field.upper() for field in Settings.model_fields}


def test_the_services_share_one_store_server_and_key(services: dict[str, Service]) -> None:
    """What the API writes, the worker reads."""
    environments = [services[name].environment for name in OURS]
    assert all(environment == environments[0] for environment in environments)
    assert {"TONGXING_DATABASE_URL", "TONGXING_TEMPORAL_ADDRESS", "TONGXING_ENCRYPTION_KEYS"} <= set(environments[0])
    assert services["temporal"].environment["DEFAULT_NAMESPACE"] == environments[0]["TONGXING_TEMPORAL_NAMESPACE"]


def test_no_secret_is_written_down(services: dict[str, Service]) -> None:
    """Passwords and keys come from the operator's environment; without them nothing starts."""
    for service in services.values():
        for variable, value in service.environment.items():
            if "PASSWORD" in variable or "PWD" in variable or "KEYS" in variable or "DATABASE_URL" in variable:
                assert ":?" in value, variable


def test_nothing_listens_beyond_this_machine(services: dict[str, Service]) -> None:
    """Until there is a sign-in, the API and its neighbours are reachable from the host alone."""
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.ports)
    assert all(services[name].network_mode == "host" and not services[name].ports for name in OURS)
    assert "TONGXING_API_HOST" not in services["api"].environment
    assert read_settings().api_host == "127.0.0.1"


def test_services_start_in_order(services: dict[str, Service]) -> None:
    """Tables are there before the worker and the API; the API counts as started once `/ready` is green."""
    for name in ("worker", "api"):
        assert services[name].depends_on["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name].depends_on["temporal"] == {"condition": "service_healthy"}
    assert services["migrate"].depends_on["postgresql"] == {"condition": "service_healthy"}
    assert any("/ready" in part for part in services["api"].healthcheck["test"])
