"""Units of measure: spellings fold to one UCUM code, conversions follow the table, the rest is not known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.language.units import KNOWN_CODES, convert, normalise_unit

NOT_FINITE = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("mmol/L", "mmol/L"),
        ("mmol/l", "mmol/L"),
        (" mmol / L ", "mmol/L"),
        ("ｍｍｏｌ／Ｌ", "mmol/L"),
        ("毫摩尔/升", "mmol/L"),
        ("MMOL/L", "mmol/L"),
        ("mg/dl", "mg/dL"),
        ("\u00b5mol/L", "umol/L"),
        ("\u03bcmol/L", "umol/L"),
        ("umol/l", "umol/L"),
        ("mmol/mol", "mmol/mol"),
        ("％", "%"),
        ("mmHg", "mm[Hg]"),
        ("毫米汞柱", "mm[Hg]"),
        ("次/分", "/min"),
        ("次／分钟", "/min"),
        ("bpm", "/min"),
        ("公斤", "kg"),
        ("ml/min/1.73m²", "mL/min/{1.73_m2}"),
        ("mL/(min·1.73㎡)", "mL/min/{1.73_m2}"),
        ("mg/mmol", "mg/mmol"),
        ("mg/g", "mg/g"),
        ("g/l", "g/L"),
        ("分", "{score}"),
    ],
)
def test_a_spelling_folds_to_its_ucum_code(written: str, unit: str) -> None:
    """What laboratories and devices print for one unit is one unit."""
    assert normalise_unit(written) == unit
    assert normalise_unit(unit) == unit


@pytest.mark.parametrize("written", ["", "G/L", "mol/L", "kPa", "斤", "g/dL", "3.9", "mmol/L/", "\ud800"])
def test_a_unit_that_is_not_listed_is_not_known(written: str) -> None:
    """An unknown unit goes to a person; in UCUM a large letter is another prefix."""
    assert normalise_unit(written) is None


@pytest.mark.parametrize(
    ("code", "value", "unit", "to", "expected"),
    [
        ("1558-6", 70.2624, "mg/dL", "mmol/L", 3.9),
        ("2345-7", 180.16, "mg/dL", "mmol/L", 10.0),
        ("14771-0", 3.9, "mmol/L", "mg/dL", 70.2624),
        ("14749-6", 3.9, "mmol/L", "mmol/l", 3.9),
        ("59261-8", 53.0, "mmol/mol", "%", 6.999483),
        ("4548-4", 7.0, "%", "mmol/mol", 53.00565),
        ("2160-0", 1.0, "mg/dL", "μmol/L", 88.4),
        ("14682-9", 88.4, "umol/L", "mg/dL", 1.0),
        ("13457-7", 100.542, "mg/dL", "mmol/L", 2.6),
        ("22748-8", 1.8, "mmol/L", "mg/dL", 69.606),
        ("9318-7", 30.0, "mg/g", "mg/mmol", 3.393665),
        ("30000-4", 3.0, "mg/mmol", "mg/g", 26.52),
        ("8480-6", 180.0, "mmHg", "mm[Hg]", 180.0),
        ("718-7", 0.1 + 0.2, "g/L", "g/L", 0.1 + 0.2),
    ],
)
def test_a_value_is_converted_by_its_code(code: str, value: float, unit: str, to: str, expected: float) -> None:
    """A converted value meets the threshold that the original meets; the same unit leaves every digit."""
    assert convert(value, code=code, unit=unit, to=to) == expected


@pytest.mark.parametrize(
    ("code", "value", "unit", "to"),
    [
        ("0000-0", 5.0, "mmol/L", "mg/dL"),
        ("14771-0", 5.0, "", "mmol/L"),
        ("14771-0", 5.0, "mmol/L", "stone"),
        ("14771-0", 5.0, "%", "mmol/L"),
        ("14771-0", 5.0, "mmol/L", "%"),
        ("59261-8", 5.0, "%", "%"),
        ("4548-4", 53.0, "mmol/mol", "%"),
        ("85354-9", 120.0, "mm[Hg]", "mm[Hg]"),
        ("8480-6", 16.0, "kPa", "mm[Hg]"),
        ("14771-0", 1e308, "mmol/L", "mg/dL"),
        *(("14771-0", value, "mmol/L", "mmol/L") for value in NOT_FINITE),
    ],
)
def test_what_is_not_in_the_table_is_not_converted(code: str, value: float, unit: str, to: str) -> None:
    """An unknown code, unit or pair gives nothing; so does an IFCC result in per cent, which is another scale."""
    assert convert(value, code=code, unit=unit, to=to) is None


@pytest.mark.parametrize("code", KNOWN_CODES)
@given(value=st.floats(min_value=0, max_value=1000))
def test_there_and_back_is_the_same_value(code: str, value: float) -> None:
    """Every unit in which a code may arrive converts to each of its scales, and is its own UCUM code."""
    analyte = KNOWN_CODES[code]
    for unit in analyte.units:
        for to in analyte.scales:
            assert normalise_unit(unit) == unit
            there = convert(value, code=code, unit=unit, to=to)
            assert there is not None
            if to in analyte.units:
                assert convert(there, code=code, unit=to, to=unit) == pytest.approx(value, abs=1e-3)


@given(st.text())
def test_any_text_has_a_unit_or_none(text: str) -> None:
    """Normalising never fails, and what it gives is stable."""
    unit = normalise_unit(text)
    assert unit is None or normalise_unit(unit) == unit
