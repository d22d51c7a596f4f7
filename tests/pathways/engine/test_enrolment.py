"""Who may not be on a pathway."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from pathways.engine.advance import begin
from pathways.engine.context import Facts
from pathways.engine.enrolment import is_excluded
from pathways.engine.journey import Patient
from pathways.language.release import Contents, make_release
from pathways.language.schedule import Calendar

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unless", "excluded"),
    [(None, False), ("age < 18", True), ("age >= 18", False), ("diagnosed('E10')", False), ("low < 5.0", True)],
)
def test_an_exclusion_that_is_true_excludes(unless: str | None, excluded: bool) -> None:
    """One that is false or cannot be known excludes nobody."""
    pathway: dict[str, Any] = {
        "pathway": "checks",
        "title": {"zh": "检查", "en": "Checks"},
        "evidence": ["test"],
        "owner": "nurse",
        "enrol": {} if unless is None else {"unless": unless},
        "parameters": {"low": {"value": 3.9, "evidence": "test", "source": "product"}},
        "tracks": {"call": {"when": "by-hand", "steps": [{"task": "call", "role": "nurse"}]}},
    }
    release = make_release(Contents.model_validate({"pathway": pathway, "forms": {}, "messages": {}}))
    journey = begin(
        release,
        id="journey-1",
        patient=Patient(born=date(2020, 1, 1)),
        anchors={"enrolled": NOW},
        parameters={},
        now=NOW,
    )
    facts = Facts(calendar=Calendar(zone="Asia/Shanghai", opens=time(8), closes=time(17)))
    assert is_excluded(release, journey, facts, now=NOW) is excluded
