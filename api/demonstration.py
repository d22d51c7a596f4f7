"""Made-up patients for trying the product, who arise as any others do: through the public API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from importlib.resources import files
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter
from ruamel.yaml import YAML

from pathways.errors import Unavailable
from pathways.language.schedule import Duration, parse_duration, shift

SYSTEM = "demonstration"
"""What the made-up identifiers are of."""
PATIENCE_SECONDS = 15.0


class DemonstrationIncomplete(Unavailable):
    """The demonstration patients are not all there."""

    code = "demonstration-incomplete"


Span = Annotated[Duration, BeforeValidator(parse_duration)]


class _Observation(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: str
    value: float
    unit: str
    ago: Span


class DemonstrationPatient(BaseModel):
    """A made-up patient, the pathway they are on since `enrolled`, and their results."""

    model_config = ConfigDict(extra="forbid")
    identifier: str
    name: str
    born: date
    sex: str
    diagnoses: list[str] = []
    pathway: str
    enrolled: Span
    observations: list[_Observation] = []


def patients() -> Sequence[DemonstrationPatient]:
    """The made-up patients that come with the product."""
    reader: Any = YAML(typ="safe", pure=True)
    read = reader.load(files("api").joinpath("demonstration.yaml").read_text("utf-8"))
    return TypeAdapter(list[DemonstrationPatient]).validate_python(read)


def send(url: str, *, begun: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Make the patients at the API under `url` and give how many there are; again with the same `begun`, nothing more.

    `begun` is the instant from which their times are counted back. `stopping` is asked between two patients.

    Raises:
        DemonstrationIncomplete: the API did not take all of it in; what it took stays.
    """
    count = 0
    with httpx.Client(base_url=f"{url}/api/v1", timeout=PATIENCE_SECONDS, trust_env=False) as client:
        for one in patients():
            if stopping():
                break
            _send_one(client, one, begun)
            count += 1
    return count


def _send_one(client: httpx.Client, one: DemonstrationPatient, begun: datetime) -> None:
    def ago(span: Duration) -> str:
        return shift(begun, span, "UTC", -1).isoformat()

    key = f"{SYSTEM}-{begun:%Y%m%dT%H%M%S}-{one.identifier}"
    patient = _post(
        client,
        "/patients",
        f"{key}-patient",
        {
            "identifiers": [{"system": SYSTEM, "value": one.identifier}],
            "name": one.name,
            "born": one.born.isoformat(),
            "sex": one.sex,
            "contacts": [{"kind": "wechat", "value": f"{SYSTEM}-{one.identifier}", "preferred": True}],
            "consents": [{"purpose": "care", "granted": True, "at": ago(one.enrolled)}],
            "diagnoses": one.diagnoses,
        },
    )["id"]
    journey = {"patient": patient, "pathway": one.pathway, "anchors": {"enrolled": ago(one.enrolled)}}
    _post(client, "/journeys", f"{key}-journey", journey)
    results = [
        {
            "patient": patient,
            "code": result.code,
            "value": result.value,
            "unit": result.unit,
            "effective": ago(result.ago),
            "status": "final",
            "source": {"system": SYSTEM, "id": f"{one.identifier}-{number}"},
        }
        for number, result in enumerate(one.observations, 1)
    ]
    if results:
        _post(client, "/observations", f"{key}-observations", results)


def _post(client: httpx.Client, path: str, key: str, body: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any]:
    try:
        answer = client.post(path, json=body, headers={"Idempotency-Key": key})
    except httpx.HTTPError as away:
        raise DemonstrationIncomplete(
            f"The API did not answer POST {path} ({type(away).__name__}).", hint="The next start tries again."
        ) from None
    if answer.is_error:
        raise DemonstrationIncomplete(
            f"The API answered POST {path} with {answer.status_code}.", hint="The next start tries again."
        )
    return answer.json()
