"""What paths of steps lead to."""

import pytest

from pathways.engine.paths import trace
from pathways.language.step import name_of
from tests.pathways.engine.build import release

STEPS = """
t:
  when: by-hand
  steps:
    - task: call
      role: ward-nurse
      outcomes: {late: [{wait: 1d}, {again: call, at_most: 2}], fine: []}
    - {repeat: series, every: 1d, times: 3, steps: [{wait: 1h}]}
    - {for_each: pill_times, steps: [{send: n}]}
    - {together: {one: [{wait: 1h}], two: []}}
    - {wait: 1d}
    - {wait: 2d}
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("call", ["call"]),
        ("call/late/wait", ["call", "call/late/wait"]),
        ("call/again/again", ["call/again/again"]),
        ("call/again/late/wait", ["call/again", "call/again/late/wait"]),
        ("series/#2", ["series", "series/#2"]),
        ("series/#2/wait", ["series", "series/#2/wait"]),
        ("each-pill-times/05-00", ["each-pill-times", "each-pill-times/05-00"]),
        ("each-pill-times/05-00/n", ["each-pill-times", "each-pill-times/05-00/n"]),
        ("together/one/wait", ["together", "together/one/wait"]),
        ("wait#2", ["wait#2"]),
        ("strange", []),
        ("call/strange/wait", []),
        ("call/late", []),
        ("together/one", []),
    ],
)
def test_a_path_leads_through_the_steps_around_it(path: str, found: list[str]) -> None:
    """Each step on the way is found under its own path; a path that names no step leads nowhere."""
    traced = trace(release(STEPS).pathway.tracks["t"].steps, path)
    assert [place for place, _ in traced] == found
    assert all(name_of(step) in place for place, step in traced)
