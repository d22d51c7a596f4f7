"""Versions of a result end alike, in whatever order and however often they come: in the record and in the journey."""

import os
from collections.abc import Sequence
from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathways.engine.journey import ResultStatus
from store import journeys, observations, tables
from store.database import Database
from store.notices import ResultNotice
from tests.api.hall import Hall, calls, measured
from tests.store.builders import at

STATUSES: tuple[ResultStatus, ...] = ("preliminary", "final", "corrected", "amended", "entered-in-error", "cancelled")
VALUES = (2.1, 3.4, 6.0, 12.0)
_NUMBERS = count(1)


def version(minute: int, status: ResultStatus, value: float, *, of: str, source: str) -> ResultNotice:
    """What the source said at that minute."""
    return measured(value, of=of, source=source, status=status, issued=at(minutes=minute - 60), effective=at(hours=-2))


def shown(hall: Hall, patient: str) -> list[tuple[str, str, float | None]]:
    """The version of each result that the record shows."""
    with hall.database.read() as session:
        rows = observations.list_(session, patient=patient, limit=1000)
    told = [row for row in rows if row.state not in observations.NOT_TOLD]
    last = {row.source_id: row for row in sorted(told, key=lambda row: row.version)}
    return sorted((row.source_id, row.status, row.value) for row in last.values())


def heard(hall: Hall, patient: str) -> list[tuple[str, float | None]]:
    """The status and value that the journey goes by once it has taken everything in."""
    hall.come_back()
    with hall.database.read() as session:
        (journey,) = journeys.find_open(session, patient)
        readings = journeys.state_of(journey).readings.values()
        return sorted((one.status, one.low) for one in readings)


def open_calls(hall: Hall, patient: str) -> int:
    """How many calls are to be made; none that its journey did not adopt."""
    with hall.database.read() as session:
        rows: Sequence[tables.Task] = calls(session, patient)
        assert not [row for row in rows if row.provisional is not None]
        return sum(row.status != "closed" for row in rows)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([("preliminary", 2.1), ("final", 3.4), ("corrected", 6.0)], id="corrected"),
        pytest.param([("final", 6.0), ("corrected", 2.1), ("amended", 2.0)], id="worse-in-the-end"),
        pytest.param([("final", 2.1), ("corrected", 6.0), ("corrected", 2.1)], id="back-to-the-first-value"),
        pytest.param([("final", 2.1), ("entered-in-error", 2.1), ("corrected", 3.0)], id="withdrawn-between"),
        pytest.param([("final", 2.1), ("corrected", 3.0), ("entered-in-error", 3.0)], id="withdrawn"),
    ],
)
def test_three_versions_in_every_order_end_alike(database: Database, said: list[tuple[ResultStatus, float]]) -> None:
    """What its source said last is shown, is what the journey goes by, and decides whether somebody is called."""
    hall = Hall(database=database)
    for order in permutations(range(3)):
        number = f"his:{next(_NUMBERS)}"
        patient = hall.admit(number)
        versions = [
            version(minute, status, value, of=number, source=number) for minute, (status, value) in enumerate(said)
        ]
        for place in order:
            hall.take(versions[place])
        status, value = said[-1]
        assert shown(hall, patient) == [(number, status, value)], order
        assert heard(hall, patient) == [(status, value)], order
        assert open_calls(hall, patient) == (value <= 3.9 and status != "entered-in-error"), order


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, ResultStatus, float]]:
    """What a source said of a result, minute by minute; no two words of one minute."""
    minutes = draw(st.lists(st.integers(0, 50), min_size=1, max_size=5, unique=True))
    return [(minute, draw(st.sampled_from(STATUSES)), draw(st.sampled_from(VALUES))) for minute in sorted(minutes)]


@settings(
    max_examples=500 if os.environ.get("PROOF_SIZE") == "full" else 25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(said=histories(), data=st.data())
def test_any_order_any_repeat_and_any_grouping_end_alike(
    database: Database, said: list[tuple[int, ResultStatus, float]], data: st.DataObject
) -> None:
    """However a source's messages are shuffled, sent again and put together, its last word is what holds."""
    hall = Hall(database=database, now=at(hours=1))
    number = f"his:{next(_NUMBERS)}"
    patient = hall.admit(number)
    source = f"R-{number}"
    versions = [version(*one, of=number, source=source) for one in said]
    again = data.draw(st.lists(st.sampled_from(versions), max_size=4))
    sent = data.draw(st.permutations([*versions, *again]))
    while sent:
        together = data.draw(st.integers(1, len(sent)))
        hall.take(*sent[:together])
        if data.draw(st.booleans()):
            hall.come_back()
        sent = sent[together:]
    _, status, value = said[-1]
    assert shown(hall, patient) == [(source, status, value)]
    assert heard(hall, patient) == [(status, value)]
    acts = value <= 3.9 and status not in ("entered-in-error", "cancelled")
    assert open_calls(hall, patient) == acts
