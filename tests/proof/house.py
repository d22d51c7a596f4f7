"""A site with the product's own API: Temporal with its file, a worker and the API, each killed by its own pid."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from settings import Settings
from store.database import Database, open_database
from tests.proof.site import (
    KEY_ID,
    NAMESPACE,
    Program,
    common_environment,
    python_program,
    settings_in,
    temporal_program,
    until,
)
from workflows.client import connect
from workflows.embedded import answers, free_ports
from workflows.keyring import StaticKeyring

PATIENT_URI = "urn:proof:patients"
"""How FHIR calls the identifiers of the proof's patients."""
_MAPPING = f"""
identifiers:
  - {{system: his, authority: [HIS], type: [PI], uri: ["{PATIENT_URI}"]}}
senders:
  LIS@PROOF: {{system: lis, zone: UTC, origin: laboratory}}
"""


@dataclass(kw_only=True)
class House:
    """The processes of a site, its store, and a client of its API."""

    folder: Path
    settings: Settings
    database: Database
    temporal: Program
    worker: Program
    api: Program
    url: str
    hl7_port: int
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    @property
    def programs(self) -> tuple[Program, ...]:
        """In the order in which they start."""
        return (self.temporal, self.worker, self.api)

    def start(self, *programs: Program) -> None:
        """Start these, else everything, and wait until they serve."""
        for program in programs or self.programs:
            program.start()
        for program in programs or self.programs:
            program.wait_ready()

    def restart(self, program: Program, *options: str) -> None:
        """Kill a program where it runs, and start it with these options from now on."""
        program.kill()
        program.options = options
        program.start()
        program.wait_ready()

    def end(self) -> None:
        """Kill everything that was started here."""
        for program in reversed(self.programs):
            program.kill()
        self.http.close()
        self.database.close()

    async def connect(self) -> Client:
        """A client of the Temporal server."""
        keyring = StaticKeyring(self.settings.keys, KEY_ID)
        return await connect(self.settings.temporal_address, NAMESPACE, keyring, within=timedelta(seconds=60))

    def post(self, path: str, body: Any, *, by: str | None = None) -> httpx.Response:
        """Ask the API; httpx.HTTPError where it is away or dies."""
        headers = {} if by is None else {"Tongxing-Actor": by}
        return self.http.post(f"{self.url}/api/v1{path}", json=body, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of an address."""
        answer = self.http.get(f"{self.url}/api/v1{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def listed(self, role: str, patient: str) -> Sequence[Any]:
        """The patient's tasks on the list of a role."""
        return self.get("/tasks", role=role, patient=patient)["items"]

    def admit(self, number: str, pathways: Sequence[str], **more: Any) -> str:
        """A patient who agreed to be told things, on these pathways; the id."""
        person = {
            "identifiers": [{"system": "his", "value": number}],
            "name": f"Patient {number}",
            "born": "1961-03-02",
            "contacts": [{"kind": "sms", "value": f"+86-{number}"}],
            "consents": [{"purpose": "care", "granted": True}],
        }
        made = self.post("/patients", person | more)
        assert made.status_code == 201, made.text
        patient = str(made.json()["id"])
        for pathway in pathways:
            begun = self.post("/journeys", {"patient": patient, "pathway": pathway})
            assert begun.status_code == 201, begun.text
        return patient

    def quiet(self, within: float = 60) -> None:
        """Wait until nothing that was accepted waits for its journey."""
        until(lambda: self.overdue() == 0, within=within, what="everything is taken in")

    def overdue(self) -> int:
        """How many inbox rows wait for their journeys."""
        with self.database.connected() as connection:
            found = connection.exec_driver_sql("SELECT count(*) FROM inbox WHERE state = 'pending'").scalar()
        return int(found or 0)


@contextmanager
def running_house(folder: Path, *options: str) -> Generator[House]:
    """A site that serves, with an empty store; API and worker are started with these options."""
    house = _house(folder)
    house.database.migrate()
    house.api.options = house.worker.options = options
    try:
        house.start()
        yield house
    finally:
        house.end()


def _house(folder: Path) -> House:
    temporal_port, http_port, metrics_port, api_port, hl7_port = free_ports(5)
    mapping = folder / "mapping.yaml"
    mapping.write_text(_MAPPING, "utf-8")
    environment = common_environment(folder, temporal_port) | {
        "TONGXING_API_PORT": str(api_port),
        "TONGXING_HL7_PORT": str(hl7_port),
        "TONGXING_MAPPING_FILE": str(mapping),
    }
    settings = settings_in(environment)
    worker_log = folder / "worker.log"
    return House(
        folder=folder,
        settings=settings,
        database=open_database(settings.database_url),
        temporal=temporal_program(folder, temporal_port, http_port, metrics_port),
        # Whether it polls shows in what it does; that it is alive is enough to go on.
        worker=python_program(folder, environment, "worker", "tests.proof.working", ready=worker_log.exists),
        api=python_program(
            folder, environment, "api", "tests.proof.serving", ready=lambda: answers(api_port) and answers(hl7_port)
        ),
        url=f"http://127.0.0.1:{api_port}",
        hl7_port=hl7_port,
    )
