"""What people read for names of a pathway."""

import pytest

from api.words import title
from pathways.language.release import Release
from store.library import built_in, release


@pytest.fixture(scope="module")
def maternity() -> Release:
    return release(built_in() / "maternity-to-day-42")


@pytest.mark.parametrize(
    ("name", "zh"),
    [
        ("score('epds')", "最近一周的感受总分"),
        ("item('check-in', 'harm')", "伤害"),
        ("item('check-in', 'nothing')", "item('check-in', 'nothing')"),
        ("item('nowhere', 'harm')", "item('nowhere', 'harm')"),
        ("tier('words', 'check-in', 'harm')", "伤害"),
        ("days_since('birth')", "days_since('birth')"),
    ],
)
def test_an_answer_is_shown_by_its_question(maternity: Release, name: str, zh: str) -> None:
    """A nurse reads the question, not the code; what has no words stays as it is written."""
    assert zh in title(maternity, name).zh
