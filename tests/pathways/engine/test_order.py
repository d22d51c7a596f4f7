"""Results of panels that come late, shuffled and revised end as those that came in order."""

from dataclasses import dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pathways.engine.journey import ResultStatus
from tests.pathways.engine.build import Player
from tests.pathways.engine.test_properties import sized

TRACKS = """
either:
  safety: no
  when: {observed: [sbp, dbp], if: "sbp >= 180 || dbp >= 110", worse: higher, by: 10}
  steps: [{task: call, role: diabetes-nurse}]
both:
  safety: yes
  when: {observed: [dbp, sbp], if: "sbp >= 140 && dbp >= 90"}
  while_running: parallel
  steps: [{task: check, role: diabetes-nurse}]
trend:
  safety: no
  when: {observed: [sbp, dbp], if: "sbp >= 120 && mean(sbp, 1d) >= 140 && count(dbp, 1d) >= 2"}
  steps: [{task: look, role: diabetes-nurse}]
"""


@dataclass(frozen=True)
class Version:
    """One version of one result of a measurement at that minute."""

    minute: int
    data: str
    number: int
    value: float
    status: ResultStatus
    panel: bool

    @property
    def id(self) -> str:
        """The result."""
        return f"{self.data}-{self.minute}"


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """Up to six measurements, each of one result or two, each in up to three versions, in their order."""
    found: list[Version] = []
    for minute in draw(st.lists(st.integers(0, 700), min_size=1, max_size=6, unique=True)):
        panel = draw(st.booleans())
        for data in draw(st.sampled_from([("sbp", "dbp"), ("dbp", "sbp"), ("sbp",), ("dbp",)])):
            values = draw(st.lists(st.sampled_from((85.0, 95.0, 115.0, 145.0, 190.0)), min_size=1, max_size=3))
            for number, value in enumerate(values, start=1):
                later: tuple[ResultStatus, ...] = ("corrected", "amended", "entered-in-error")
                status = draw(st.sampled_from(later)) if number > 1 else draw(st.sampled_from(("final", "preliminary")))
                found.append(Version(minute, data, number, value, status, panel))
    return sorted(found, key=lambda version: (version.minute, version.number))


def end_of(history: list[Version]) -> tuple[object, ...]:
    """What is known and open when all of it has come: panels by who belongs together, work by its kinds."""
    play = Player(TRACKS)
    play.until("2026-01-05 23:00")
    for one in history:
        play.result(
            one.value,
            one.id,
            one.number,
            one.status,
            data=one.data,
            effective=f"2026-01-05 {10 + one.minute // 60:02}:{one.minute % 60:02}",
            origin="device",
            panel=f"panel-{one.minute}" if one.panel else None,
        )
    readings = play.journey.readings.values()
    values = sorted((r.id, r.version, r.status, r.low) for r in readings)
    together: dict[str, set[str]] = {}
    for reading in readings:
        together.setdefault(reading.panel or reading.id, set()).add(reading.id)
    return values, sorted(map(sorted, together.values())), sorted(set(play.open))


@sized(60, 5_000)
@given(histories(), st.integers(0, 2**32))
def test_the_order_in_which_results_come_changes_nothing(history: list[Version], seed: int) -> None:
    """The same data, the same panels and the same kinds of open work as in order."""
    shuffled = list(history)
    Random(seed).shuffle(shuffled)
    assert end_of(shuffled) == end_of(history)
