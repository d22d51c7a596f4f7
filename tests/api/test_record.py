"""A patient's record: what is known, each thing once, with those who told it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from settings import Settings
from store.database import Database
from store.record import AllergyContent, Coding, ConditionContent, EncounterContent, MedicationContent
from tests.api.clinic import GLUCOSE, Desk, Known, open_desk
from tests.api.told import (
    DIABETES,
    METFORMIN,
    NOW,
    PENICILLIN,
    ago,
    dispense,
    entry,
    measured,
    tell,
    tell_all,
)


@pytest.fixture
async def told(store: Database, settings: Settings) -> AsyncIterator[Desk]:
    """The clinic some minutes after NOW, of whose patient P-twice nothing is known yet."""
    async with open_desk(store, settings, clock=lambda: NOW + timedelta(minutes=5)) as desk:
        yield desk


async def record(desk: Desk, known: Known, **query: Any) -> Any:
    return await desk.get(f"/patients/{known.ids['patient-twice']}/record", **query)


def systems(item: Any) -> list[str]:
    return [one["system"] for one in item["sources"]]


async def test_what_two_systems_tell_alike_stands_there_once(told: Desk, known: Known) -> None:
    """With both of them as its sources, the latest first, each with when it came and in which message."""
    tell_all(told, "P-twice")
    shown = await record(told, known)
    assert [(one["code"]["code"], systems(one)) for one in shown["conditions"]["items"]] == [
        (None, ["his"]),
        ("E11", ["emr", "his"]),
    ]
    (allergy,) = shown["allergies"]["items"]
    assert systems(allergy) == ["emr", "his"]
    booked, stay = shown["visits"]["items"]
    assert (booked["kind"], booked["status"], stay["kind"], systems(stay)) == (
        "appointment",
        "booked",
        "encounter",
        ["emr", "his"],
    )
    (medication,) = shown["medications"]["items"]
    assert [systems(one) for one in medication["dispenses"]] == [["pharmacy", "his"], ["his"]]
    (glucose,) = shown["results"]["items"]
    assert [(one["value"], systems(one)) for one in glucose["items"]] == [
        (7.8, ["emr", "lis"]),
        (2.1, ["lis"]),
        (5.1, ["lis"]),
    ]
    source = glucose["items"][0]["sources"][0]
    message = await told.get(f"/transmissions/{source['transmission']}")
    assert (message["sender"], message["received"]) == ("emr", source["received"])
    assert (await told.get(f"/observations/{source['id']}"))["source"]["id"] == "X-5"


async def test_of_several_words_on_one_condition_the_latest_is_shown(told: Desk, known: Known) -> None:
    """By when the sources said it; the onset is the earliest, and what was entered in error is not there."""
    tell(
        told,
        [
            entry("condition", "1", ConditionContent(), code=DIABETES, start=ago(9), issued=ago(1), number="P-twice"),
            entry(
                "condition",
                "2",
                ConditionContent(),
                code=Coding(system="icd-10", code="E11"),
                system="emr",
                status="resolved",
                start=ago(90),
                issued=ago(2),
                number="P-twice",
            ),
            entry(
                "condition",
                "3",
                ConditionContent(verification="entered-in-error"),
                code=Coding(system="icd-10", code="I10"),
                number="P-twice",
            ),
        ],
    )
    (one,) = (await record(told, known))["conditions"]["items"]
    assert (one["status"], one["code"]["display"]) == ("active", DIABETES.display)
    assert one["start"] == ago(90).isoformat().replace("+00:00", "Z")
    assert {source["system"]: source["status"] for source in one["sources"]} == {"his": "active", "emr": "resolved"}


async def test_a_diagnosis_that_was_told_as_a_code_is_a_condition(told: Desk, known: Known) -> None:
    """It has no source; where a system tells of it too, it is that condition."""
    await told.http.put(f"/api/v1/patients/{known.ids['patient-twice']}/diagnoses", json={"diagnoses": ["I10", "E11"]})
    tell(told, [entry("condition", "1", ConditionContent(), code=DIABETES, number="P-twice")])
    items = (await record(told, known))["conditions"]["items"]
    assert [(one["code"]["code"], systems(one)) for one in items] == [("E11", ["his"]), ("I10", [])]


async def test_an_allergy_counts_for_as_long_as_anybody_says_so(told: Desk, known: Known) -> None:
    """The higher risk and every reaction are shown, also where the latest word is a milder one."""
    tell(
        told,
        [
            entry(
                "allergy",
                "1",
                AllergyContent(criticality="high", reactions=("皮疹", "休克")),
                code=PENICILLIN,
                number="P-twice",
            ),
            entry(
                "allergy",
                "2",
                AllergyContent(criticality="low", reactions=("皮疹", "恶心")),
                system="emr",
                status="inactive",
                code=PENICILLIN,
                issued=NOW + timedelta(minutes=1),
                number="P-twice",
            ),
        ],
    )
    (one,) = (await record(told, known))["allergies"]["items"]
    assert (one["status"], one["criticality"]) == ("active", "high")
    assert sorted(one["reactions"]) == sorted(["皮疹", "休克", "恶心"])


@pytest.mark.parametrize(
    ("dispenses", "state", "covered", "days"),
    [
        pytest.param([dispense("1", 9, 10)], "enough", 10, 10, id="enough since the first supply"),
        pytest.param([dispense("1", 99, 60)], "gaps", 60, 100, id="too little"),
        pytest.param(
            [dispense("1", 9, 5), dispense("2", 9, 5, system="pharmacy")],
            "gaps",
            5,
            10,
            id="one supply that two systems tell of is one",
        ),
        pytest.param(
            [dispense("1", 9, 5), dispense("2", 9, 5)], "enough", 10, 10, id="two that one system tells of are two"
        ),
        pytest.param([dispense("1", 9, None)], "unknown", None, None, id="nobody said for how long it lasts"),
        pytest.param([dispense("1", 9, 10, status="unknown")], "unknown", None, None, id="nobody knows whether"),
        pytest.param(
            [dispense("1", 9, 10, status="cancelled")], "never-dispensed", None, None, id="it was not handed over"
        ),
        pytest.param([], "never-dispensed", None, None, id="nothing was handed over"),
    ],
)
async def test_refill_coverage_is_told_of_each_medication(
    told: Desk, known: Known, dispenses: list[Any], state: str, covered: int | None, days: int | None
) -> None:
    """In a word that a nurse can act on, with the days behind it; what cannot be known is not guessed."""
    tell(
        told,
        [
            entry("medication-request", "M", MedicationContent(), code=METFORMIN, start=ago(99), number="P-1"),
            *dispenses,
        ],
    )
    shown = await told.get(f"/patients/{known.ids['patient-1']}/record")
    (medication,) = shown["medications"]["items"]
    found = medication["coverage"]
    assert (found["state"], found["covered"], found["days"]) == (state, covered, days)


async def test_days_in_hospital_are_left_out_of_the_coverage(told: Desk, known: Known) -> None:
    """And use up nothing."""
    stay = EncounterContent(setting="inpatient")
    tell(
        told,
        [
            entry("encounter", "V", stay, status="finished", start=ago(8), end=ago(5)),
            dispense("1", 9, 7),
        ],
    )
    shown = await told.get(f"/patients/{known.ids['patient-1']}/record")
    found = shown["medications"]["items"][0]["coverage"]
    assert (found["covered"], found["days"], found["state"], found["share"]) == (7, 7, "enough", 1.0)


async def test_a_prescription_that_was_cancelled_does_not_stop_another_one(told: Desk, known: Known) -> None:
    """As one that was written twice; what is taken all the same is to be there."""
    twice = [
        entry("medication-request", id, MedicationContent(), code=METFORMIN, status=status, start=ago(9))
        for id, status in (("M", "active"), ("N", "cancelled"))
    ]
    tell(told, [*twice, dispense("1", 9, 30)])
    shown = await told.get(f"/patients/{known.ids['patient-1']}/record")
    assert shown["medications"]["items"][0]["coverage"]["state"] == "enough"


async def test_of_a_medication_that_was_stopped_no_coverage_is_told(told: Desk, known: Known) -> None:
    """Nobody is reminded of what they are not to take."""
    tell(
        told,
        [
            entry("medication-request", "M", MedicationContent(), code=METFORMIN, status="stopped", start=ago(9)),
            dispense("1", 99, 10),
        ],
    )
    shown = await told.get(f"/patients/{known.ids['patient-1']}/record")
    assert shown["medications"]["items"][0]["coverage"]["state"] == "stopped"


@pytest.mark.parametrize(
    ("result", "mark"),
    [
        ({"value": 3.8}, "low"),
        ({"value": 3.9}, None),
        ({"value": 6.1}, None),
        ({"value": 6.2}, "high"),
        ({"value": 3.0, "interpretation": "LL"}, "critical-low"),
        ({"value": 30.0, "interpretation": "HH"}, "critical-high"),
        ({"value": 5.0, "interpretation": "A"}, "abnormal"),
        ({"value": 9.0, "interpretation": "N"}, None),
        ({"value": 7.0, "reference_low": None, "reference_high": None}, None),
        ({"value": 3.0, "comparator": "<"}, "low"),
        ({"value": 7.0, "comparator": "<"}, None),
        ({"value": 3.0, "comparator": ">"}, None),
        ({"value": 7.0, "comparator": ">"}, "high"),
    ],
)
async def test_a_result_is_marked_by_its_laboratory_and_else_by_its_range(
    told: Desk, known: Known, result: dict[str, Any], mark: str | None
) -> None:
    """The limits belong to the range; "less than" says nothing of the upper limit."""
    tell(told, [measured("R", number="P-twice", **result)])
    (series,) = (await record(told, known))["results"]["items"]
    (one,) = series["items"]
    assert (one["mark"], one["reference_low"]) == (mark, result.get("reference_low", 3.9))


async def test_of_each_result_the_version_that_holds_now_is_shown(told: Desk, known: Known) -> None:
    """A correction in the place of what it corrects; what was withdrawn, or is another's by now, not at all."""
    first = [measured(id, 5.0, number="P-twice", effective=ago(place)) for place, id in enumerate("abcd")]
    tell(told, first)
    tell(
        told,
        [
            measured("a", 6.0, status="corrected", effective=ago(0), number="P-twice"),
            measured("b", 5.0, status="entered-in-error", effective=ago(1), number="P-twice"),
            measured("c", 5.0, status="corrected", effective=ago(2), number="P-again"),
            measured("c2", 4.0, status="corrected", effective=ago(2), number="P-1"),
        ],
        now=NOW + timedelta(minutes=1),
    )
    tell(told, [measured("c", 5.5, status="corrected", effective=ago(2))], now=NOW + timedelta(minutes=2))
    (series,) = (await record(told, known))["results"]["items"]
    assert [(one["value"], one["status"]) for one in series["items"]] == [(6.0, "corrected"), (5.0, "final")]


async def test_lifestyle_stands_apart_with_what_was_answered(desk: Desk, known: Known) -> None:
    """Observations of that category, and of each form the latest answers in words."""
    tell_all(desk)
    for thirst in (False, True):
        await desk.post(
            "/answers", {"journey": known.ids["journey-1"], "form": "symptoms", "items": {"thirst": thirst}}
        )
    shown = await desk.get(f"/patients/{known.ids['patient-1']}/record")
    assert [one["name"] for one in shown["lifestyle"]["results"]["items"]] == ["吸烟状况"]
    assert [one["code"] for one in shown["results"]["items"]] == [GLUCOSE]
    (answers,) = shown["lifestyle"]["answers"]["items"]
    (question,) = answers["questions"]
    assert (answers["title"]["zh"], question["text"]["zh"], question["shown"]["zh"]) == ("症状", "口渴", "是")


async def test_a_section_says_that_there_is_more(told: Desk, known: Known) -> None:
    """Of results the limit counts for each code."""
    tell(
        told,
        [
            *(measured(f"R{place}", 5.0 + place, number="P-twice", effective=ago(place)) for place in range(3)),
            *(
                entry("condition", f"C{place}", ConditionContent(), code=Coding(display=f"{place}"), number="P-twice")
                for place in range(3)
            ),
        ],
    )
    few, all_ = await record(told, known, limit=2), await record(told, known, limit=3)
    for shown, count, more in ((few, 2, True), (all_, 3, False)):
        assert (len(shown["conditions"]["items"]), shown["conditions"]["more"]) == (count, more)
        (series,) = shown["results"]["items"]
        assert (len(series["items"]), series["more"], series["items"][0]["value"]) == (count, more, 5.0)


async def test_a_record_that_went_into_another_gives_that_one(told: Desk, known: Known) -> None:
    """And says so; the patient does too."""
    tell_all(told, "P-twice")
    survivor, retired = known.ids["patient-twice"], known.ids["patient-again"]
    shown = await told.get(f"/patients/{retired}/record")
    assert (shown["patient"], shown["merged_into"]) == (survivor, survivor)
    assert shown == (await record(told, known)) | {"merged_into": survivor}
    assert (await record(told, known))["merged_into"] is None
    assert (await told.get(f"/patients/{retired}"))["merged_into"] == survivor
    assert (await told.get(f"/patients/{survivor}"))["merged_into"] is None


async def test_an_entry_is_shown_with_all_that_was_said_of_it(told: Desk, known: Known) -> None:
    """Also a version that came when a newer one was known."""
    said = [("active", ago(3)), ("resolved", ago(1)), ("inactive", ago(2))]
    for place, (status, issued) in enumerate(said):
        notice = entry("condition", "C", ConditionContent(), status=status, issued=issued, number="P-twice")
        tell(told, [notice], now=NOW + timedelta(seconds=place))
    (one,) = (await record(told, known))["conditions"]["items"]
    shown = await told.get(f"/record/{one['sources'][0]['id']}")
    assert (shown["status"], shown["version"], shown["patient"]) == ("resolved", 2, known.ids["patient-twice"])
    assert [(version["told"]["status"], version["outdated"]) for version in shown["versions"]] == [
        ("active", False),
        ("resolved", False),
        ("inactive", True),
    ]
