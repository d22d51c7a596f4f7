"""A result over MLLP is on somebody's list when its sender is answered, with the engine away."""

from dataclasses import replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from activities.clock import utc_now
from api.hl7.figures import Figures
from api.hl7.mailroom import Mailroom
from api.house import House
from api.mapping_reading import DEFAULT
from tests.api.clinic import GLUCOSE, Desk, Known
from tests.api.hl7.wire import result, serving, wired


async def test_a_low_glucose_is_on_the_list_with_the_answer(desk: Desk, known: Known) -> None:
    """The urgent task is open once the answer is there, without Temporal and without a worker."""
    house: House = desk.app.state.house
    figures = Figures(CollectorRegistry(), mapping_broken=lambda: False)
    mailroom = Mailroom(intake=replace(house.intake, mapping=lambda: DEFAULT), figures=figures)
    drawn = (utc_now() + timedelta(hours=8)).strftime("%Y%m%d%H%M%S").encode()
    body = result("ALARM", "2.1", patient="P-1").replace(b"14749-6", GLUCOSE.encode())
    patient = known.ids["patient-1"]
    before = {one["id"] for one in (await desk.get("/tasks", patient=patient))["items"]}
    async with serving(mailroom) as port, wired(port) as wire:
        assert (await wire.tell(body.replace(b"20260110080000", drawn))).code == "AA"
        after = (await desk.get("/tasks", patient=patient))["items"]
    opened = [one for one in after if one["id"] not in before]
    assert [(one["name"], one["urgent"]) for one in opened] == [("call-patient", True)]
    assert 2.1 in opened[0]["values"].values()
