"""Systems that send results: each in its own language, again until it is answered with success."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import httpx

from pathways.engine.journey import ResultStatus
from tests.proof.house import PATIENT_URI, House
from tests.proof.ledger import Ledger

Way = Literal["json", "hl7", "fhir"]
WAYS: tuple[Way, ...] = ("json", "hl7", "fhir")
AWAY_AT_MOST_SECONDS = 120.0
PAUSE_SECONDS = 0.1
ANSWER_SECONDS = 30.0
_OBX_STATUS: dict[ResultStatus, str] = {
    "preliminary": "P",
    "final": "F",
    "amended": "A",
    "corrected": "C",
    "entered-in-error": "D",
    "cancelled": "X",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A patient: the id here, and the number that hospitals know."""

    id: str
    number: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """A version of a result, as its source tells it."""

    id: str
    version: int
    person: Person
    code: str
    unit: str
    value: float
    effective: datetime
    issued: datetime
    status: ResultStatus = "final"


@dataclass
class Sender:
    """One system with its connection; not to be shared by threads. `tries` counts what it had to send again."""

    house: House
    ledger: Ledger = field(default_factory=Ledger)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=ANSWER_SECONDS))
    wire: socket.socket | None = None
    tries: int = 0

    def tell(self, told: Told, way: Way) -> None:
        """Send it until it is answered with success, as a hospital's system does."""
        ask: Callable[[], bool] = {
            "json": lambda: self.json([told]),
            "hl7": lambda: self.hl7(hl7_of(told)),
            "fhir": lambda: self.fhir(told),
        }[way]
        self.insist(f"{told.id}-{told.version}", ask)

    def insist(self, name: str, ask: Callable[[], bool]) -> None:
        """Ask until the answer is success; each try is a request under way, of that name and its number."""
        deadline = time.monotonic() + AWAY_AT_MOST_SECONDS
        while True:
            try:
                with self.ledger.request(f"{name}/{self.tries}"):
                    done = ask()
                if done:
                    return
            except (httpx.HTTPError, OSError):
                self.close_wire()
            self.tries += 1
            assert time.monotonic() < deadline, "it was not answered with success"
            time.sleep(PAUSE_SECONDS)

    def json(self, told: Sequence[Told]) -> bool:
        """One request; whether it was accepted. What is refused and cannot be retried fails."""
        body = [json_of(one) for one in told]
        answer = self.http.post(f"{self.house.url}/api/v1/observations", json=body[0] if len(body) == 1 else body)
        assert answer.status_code in (202, 503), answer.text
        return answer.status_code == 202

    def fhir(self, told: Told) -> bool:
        """An Observation is created: the same identifier is the same result."""
        answer = self.http.post(
            f"{self.house.url}/fhir/R4/Observation",
            json=fhir_of(told),
            headers={"Content-Type": "application/fhir+json"},
        )
        assert answer.status_code in (200, 201, 503), answer.text
        return answer.status_code != 503

    def hl7(self, message: bytes) -> bool:
        """A message over MLLP; whether it was answered AA. AE that says to try again is no success."""
        answer = self.exchange(message)
        code = answer.split(b"\rMSA|", 1)[1][:2]
        assert code in (b"AA", b"AE"), answer
        return code == b"AA"

    def exchange(self, message: bytes, *, within: float = ANSWER_SECONDS) -> bytes:
        """Whatever is answered to these bytes in a frame; OSError where nothing is."""
        if self.wire is None:
            self.wire = socket.create_connection(("127.0.0.1", self.house.hl7_port), timeout=ANSWER_SECONDS)
        self.wire.settimeout(within)
        self.wire.sendall(b"\x0b" + message + b"\x1c\r")
        found = b""
        while not found.endswith(b"\x1c\r"):
            part = self.wire.recv(65_536)
            if not part:
                raise ConnectionResetError
            found += part
        return found[1:-2]

    def close_wire(self) -> None:
        """Let the MLLP connection go; the next message opens another."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def close(self) -> None:
        """Let all connections go."""
        self.close_wire()
        self.http.close()


def json_of(told: Told) -> dict[str, Any]:
    """As the API takes it."""
    return {
        "patient": told.person.id,
        "code": told.code,
        "value": told.value,
        "unit": told.unit,
        "effective": told.effective.isoformat(),
        "status": told.status,
        "source": {"system": "json", "id": told.id},
        "version": told.version,
        "origin": "laboratory",
    }


def hl7_of(told: Told) -> bytes:
    """As a laboratory sends it: ORU^R01."""
    control = f"{told.id}-{told.version}"
    segments = [
        f"MSH|^~\\&|LIS|PROOF|TONGXING|PROOF|{_stamp(told.issued)}||ORU^R01|{control}|P|2.5||||||UNICODE UTF-8",
        f"PID|1||{told.person.number}^^^HIS^PI",
        f"OBR|1||{told.id}|{told.code}^^LN|||{_stamp(told.effective)}" + "|" * 15 + _stamp(told.issued),
        f"OBX|1|NM|{told.code}^^LN||{told.value}|{told.unit}|||||{_OBX_STATUS[told.status]}|||{_stamp(told.effective)}",
    ]
    return "\r".join([*segments, ""]).encode()


def fhir_of(told: Told) -> dict[str, Any]:
    """As an EMR sends it: Observation."""
    quantity = {"value": told.value, "unit": told.unit, "system": "http://unitsofmeasure.org", "code": told.unit}
    return {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:proof:results", "value": told.id}],
        "status": told.status,
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": told.code}]},
        "subject": {"identifier": {"system": PATIENT_URI, "value": told.person.number}},
        "effectiveDateTime": told.effective.isoformat(),
        "issued": told.issued.isoformat(),
        "valueQuantity": quantity,
    }


def _stamp(instant: datetime) -> str:
    """An instant as HL7 writes it, to the millisecond."""
    told = instant.astimezone(UTC)
    return f"{told:%Y%m%d%H%M%S}.{told.microsecond // 1000:03}+0000"
