"""Every row of the clinical texts on type 2 diabetes is a part of the pathway, or an omission that is stated."""

from pathlib import Path
from typing import Any

import pytest

from pathways.language.definition import Pathway
from pathways.language.documents import read_document

FOLDER = Path("pathways/library/diabetes-management")

ROWS: dict[str, tuple[str, ...]] = {
    # Thresholds
    "Hypoglycaemia level 1": ("track low-glucose",),
    "Hypoglycaemia level 2 and 3": (),
    "Boundary at 3.9": ("parameter urgent_low", "scenario low-boundary"),
    "Glucose 16.7 urgent referral": ("track very-high-glucose", "parameter urgent_high"),
    "Glucose 3.9 urgent referral": ("track low-glucose", "parameter urgent_low"),
    "Active follow-up within two weeks": ("track follow-up-after-referral",),
    "Blood pressure 180/110 urgent referral": (),
    "Danger signs urgent referral": (),
    "Same-day call, 13.9 repeated": ("track repeated-high-glucose", "parameter same_day_high"),
    "Same-day call, 13.9 with symptoms": ("track symptoms-of-high-glucose", "form symptoms"),
    "DKA": (),
    "HHS": (),
    "SGLT2 inhibitor": (),
    # Monitoring and targets
    "HbA1c at least two a year": ("track hba1c-overdue",),
    "HbA1c every three months off goal": ("track hba1c-check",),
    "HbA1c after a change of therapy": (),
    "HbA1c target": ("track hba1c-above-goal", "parameter hba1c_goal"),
    "Fasting glucose target": (),
    "Non-fasting glucose target": ("track high-glucose", "parameter glucose_goal"),
    "Blood pressure target": (),
    "LDL cholesterol": ("track ldl-above-goal", "parameter ldl_goal"),
    "LDL cholesterol with cardiovascular disease": ("parameter ldl_goal", "scenario ldl-own-goal"),
    "Urine ACR for all": ("track kidney-urine-check",),
    "Urine ACR stage A2": ("track raised-acr", "parameter acr_raised"),
    "eGFR for all": ("track kidney-blood-check",),
    "eGFR": (),
    "Eye at diagnosis": ("track eye-check-first",),
    "Eye every one to two years": ("track eye-check",),
    "Eye check every one or two years by finding": (),
    "Foot yearly": ("track foot-check",),
    "Foot check at every visit for high risk": (),
    "Lipids yearly": ("track lipid-check",),
    # The product's own schedule
    "Glucose recheck two weeks after registration": ("track first-recheck",),
    "Nutrition assessment at one month": ("track nutrition",),
    "Announced three days ahead": ("message visit-reminder", "scenario recheck-satisfied", "scenario nutrition"),
    "No upload for 14 days": ("track silent",),
    "Abnormal glucose is followed by a nurse's call": ("track high-glucose",),
    # Codes and units
    "Fasting glucose 14771-0": ("code glucose 14771-0",),
    "Capillary glucose 14770-2": ("code glucose 14770-2",),
    "Fasting glucose 1558-6": ("code glucose 1558-6",),
    "Random glucose 14749-6": ("code glucose 14749-6",),
    "Random glucose 2345-7": ("code glucose 2345-7",),
    "HbA1c 59261-8": ("code hba1c 59261-8",),
    "HbA1c 4548-4": ("code hba1c 4548-4",),
    "LDL 22748-8": ("code ldl 22748-8",),
    "LDL 13457-7": ("code ldl 13457-7",),
    "Urine ACR 30000-4": ("code acr 30000-4",),
    "Urine ACR 9318-7": ("code acr 9318-7",),
    "eGFR 98979-8": ("code egfr 98979-8",),
    "Codes of other data": (),
}
"""What each row became; without anything it must be a stated omission."""

VALUES: dict[str, tuple[float, str | None, str]] = {
    "urgent_low": (3.9, "mmol/L", "secondary"),
    "urgent_high": (16.7, "mmol/L", "secondary"),
    "same_day_high": (13.9, "mmol/L", "expert"),
    "glucose_goal": (10.0, "mmol/L", "secondary"),
    "hba1c_goal": (7.0, "%", "secondary"),
    "ldl_goal": (2.6, "mmol/L", "secondary"),
    "acr_raised": (30.0, "mg/g", "primary"),
}


def _load(path: Path) -> Any:
    return read_document(path.name, path.read_bytes()).value


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return Pathway.model_validate(_load(FOLDER / "pathway.yaml"))


@pytest.fixture(scope="module")
def omitted() -> dict[str, str]:
    return {entry["row"]: entry["omitted"] for entry in _load(FOLDER / "omissions.yaml")}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_in_the_pathway_or_omitted_with_a_reason(row: str, pathway: Pathway, omitted: dict[str, str]) -> None:
    """A row is one of both, never neither."""
    parts = {
        *(f"track {name}" for name in pathway.tracks),
        *(f"parameter {name}" for name in pathway.parameters),
        *(f"code {name} {code}" for name, data in pathway.data.items() for code in data.observation),
        *(f"form {path.stem}" for path in (FOLDER / "forms").glob("*.yaml")),
        *(f"message {path.stem}" for path in (FOLDER / "messages").glob("*.yaml")),
        *(f"scenario {path.stem}" for path in (FOLDER / "scenarios").glob("*.yaml")),
    }
    if ROWS[row]:
        assert set(ROWS[row]) <= parts
        assert row not in omitted
    else:
        assert omitted[row].strip()


def test_no_omission_is_stated_that_no_row_asks_for(omitted: dict[str, str]) -> None:
    """An omission that became a track is taken out of the list."""
    assert set(omitted) <= set(ROWS)


def test_every_parameter_has_the_value_and_source_of_its_text(pathway: Pathway) -> None:
    """Values come from the clinical texts; what was not read in a primary one waits for a clinician."""
    assert {
        name: (parameter.value, parameter.unit, parameter.source) for name, parameter in pathway.parameters.items()
    } == VALUES
    assert {name for name, parameter in pathway.parameters.items() if parameter.confirmed} == {"acr_raised"}
    assert {parameter.evidence for parameter in pathway.parameters.values()} <= set(pathway.evidence)
