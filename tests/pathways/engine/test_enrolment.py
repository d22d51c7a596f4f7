"""Who may not be on a pathway."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from pathways.engine.advance import begin
from pathways.engine.context import Facts
from pathways.engine.enrolment import belongs, enrolment_refusal
from pathways.engine.journey import Patient
from pathways.language.release import Contents, Release, make_release
from pathways.language.schedule import Calendar

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def release_of(enrol: dict[str, str]) -> Release:
    pathway: dict[str, Any] = {
        "pathway": "checks",
        "title": {"zh": "检查", "en": "Checks"},
        "evidence": ["test"],
        "owner": "nurse",
        "enrol": enrol,
        "parameters": {"low": {"value": 3.9, "evidence": "test", "source": "product"}},
        "tracks": {"call": {"when": "by-hand", "steps": [{"task": "call", "role": "nurse"}]}},
    }
    return make_release(Contents.model_validate({"pathway": pathway, "forms": {}, "messages": {}}))


@pytest.mark.parametrize(
    ("enrol", "refused"),
    [
        ({}, None),
        ({"unless": "age < 18"}, "excluded"),
        ({"unless": "age >= 18"}, None),
        ({"unless": "diagnosed('E10')"}, None),
        ({"unless": "low < 5.0"}, "excluded"),
        ({"when": "age < 18"}, None),
        ({"when": "age >= 18"}, "not-eligible"),
        ({"when": "diagnosed('E11')"}, None),
        ({"when": "age >= 18", "unless": "age < 18"}, "excluded"),
    ],
)
def test_who_is_excluded_or_does_not_belong_is_refused(enrol: dict[str, str], refused: str | None) -> None:
    """An exclusion that is true refuses, and a condition that is false; what cannot be known refuses nobody."""
    release = release_of(enrol)
    journey = begin(
        release,
        id="journey-1",
        patient=Patient(born=date(2020, 1, 1)),
        anchors={"enrolled": NOW},
        parameters={},
        now=NOW,
    )
    facts = Facts(calendar=Calendar(zone="Asia/Shanghai", opens=time(8), closes=time(17)))
    assert enrolment_refusal(release, journey, facts, now=NOW) == refused


@pytest.mark.parametrize(
    ("enrol", "codes", "sex", "belonging"),
    [
        ({}, ("E11",), "female", False),
        ({"when": "diagnosed('E11')"}, ("E11",), "female", True),
        ({"when": "diagnosed('E11')"}, ("J45",), "female", False),
        ({"when": "diagnosed('E11')"}, None, "female", False),
        ({"when": "age < 18"}, None, "female", True),
        ({"when": "age < 18", "unless": "sex == 'male'"}, None, "female", True),
        ({"when": "age < 18", "unless": "sex == 'male'"}, None, "male", False),
        ({"when": "age < 18", "unless": "sex == 'male'"}, None, "unheard-of", False),
    ],
)
def test_a_cohort_takes_whom_it_is_known_to_be_for(
    enrol: dict[str, str], codes: tuple[str, ...] | None, sex: str, belonging: bool
) -> None:
    """Nobody is enrolled by what is not known, and nobody by a pathway that does not say whom it is for."""
    facts = Facts(calendar=Calendar(zone="Asia/Shanghai", opens=time(8), closes=time(17)), diagnoses=codes)
    assert belongs(release_of(enrol), date(2020, 1, 1), sex, "Asia/Shanghai", facts, now=NOW) is belonging
