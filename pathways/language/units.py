"""Units of measure (UCUM) of the observations that pathways use, and the conversions between them.

Codes are LOINC. What is not in these tables is not known: nothing is ever inferred from the size of a number, and an
unknown unit or code is left for a person to decide.
"""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

DECIMALS = 6
"""To which a converted value is rounded.

70.2624 mg/dL of glucose is 3.9 mmol/L and must meet a rule for 3.9; laboratories report three decimals at most.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyte:
    """What a code measures.

    `units` are those in which a value of the code may arrive. `scales` has, for each unit in which the analyte is
    expressed, the factor and the offset of: value = reference x factor + offset.
    """

    name: str
    units: tuple[str, ...]
    scales: Mapping[str, tuple[float, float]]


def _analyte(name: str, scales: Mapping[str, tuple[float, float]]) -> Analyte:
    return Analyte(name=name, units=tuple(scales), scales=MappingProxyType(dict(scales)))


def _in_one_unit(name: str, unit: str) -> Analyte:
    return _analyte(name, {unit: (1.0, 0.0)})


# Factors: molar masses, and for HbA1c the IFCC-NGSP master equation, mmol/mol = (% - 2.15) x 10.929.
_GLUCOSE = _analyte("glucose", {"mmol/L": (1.0, 0.0), "mg/dL": (18.016, 0.0)})
_HBA1C = _analyte("hba1c", {"%": (1.0, 0.0), "mmol/mol": (10.929, -2.15 * 10.929)})
_CREATININE = _analyte("creatinine", {"mg/dL": (1.0, 0.0), "umol/L": (88.4, 0.0)})
_LDL = _analyte("ldl-cholesterol", {"mmol/L": (1.0, 0.0), "mg/dL": (38.67, 0.0)})
_ACR = _analyte("urine-albumin-creatinine-ratio", {"mg/mmol": (1.0, 0.0), "mg/g": (8.84, 0.0)})

KNOWN_CODES: Mapping[str, Analyte] = MappingProxyType(
    {
        "14771-0": _GLUCOSE,
        "14770-2": _GLUCOSE,
        "1558-6": _GLUCOSE,
        "14749-6": _GLUCOSE,
        "2345-7": _GLUCOSE,
        # A per cent is NGSP's under the one code alone: an IFCC result in per cent is another scale.
        "4548-4": replace(_HBA1C, units=("%",)),
        "59261-8": replace(_HBA1C, units=("mmol/mol",)),
        # The panel carries its two pressures, and no value of its own.
        "85354-9": _analyte("blood-pressure", {}),
        "8480-6": _in_one_unit("systolic-pressure", "mm[Hg]"),
        "8462-4": _in_one_unit("diastolic-pressure", "mm[Hg]"),
        "8867-4": _in_one_unit("heart-rate", "/min"),
        "29463-7": _in_one_unit("weight", "kg"),
        "14682-9": _CREATININE,
        "2160-0": _CREATININE,
        "98979-8": _in_one_unit("egfr", "mL/min/{1.73_m2}"),
        "22748-8": _LDL,
        "13457-7": _LDL,
        "30000-4": _ACR,
        "9318-7": _ACR,
        "718-7": _in_one_unit("haemoglobin", "g/L"),
        "99046-5": _in_one_unit("epds-total", "{score}"),
        "44261-6": _in_one_unit("phq-9-total", "{score}"),
        "55758-7": _in_one_unit("phq-2-total", "{score}"),
        "70274-6": _in_one_unit("gad-7-total", "{score}"),
        "72514-3": _in_one_unit("pain-nrs", "{score}"),
    }
)
"""Every code that can be taken in, with what it measures."""

# Beside the unit itself, as it looks after folding: NFKC, no space, the Greek mu as u. Case counts in UCUM (g is gram,
# G is giga), so a spelling that is not listed is not known.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "mmol/L": ("mmol/l", "MMOL/L", "毫摩尔/升", "毫摩/升"),
    "mg/dL": ("mg/dl", "MG/DL", "毫克/分升"),
    "umol/L": ("umol/l", "UMOL/L", "微摩尔/升", "微摩/升"),
    "mmol/mol": ("MMOL/MOL",),
    "%": (),
    "mm[Hg]": ("mmHg", "mmhg", "MMHG", "MM[HG]", "毫米汞柱"),
    "/min": ("次/分", "次/分钟", "次/min", "1/min", "{beats}/min", "beats/min", "bpm", "BPM"),
    "kg": ("KG", "Kg", "公斤", "千克"),
    "mL/min/{1.73_m2}": (
        "mL/min/1.73m2",
        "ml/min/1.73m2",
        "mL/min/1.73m^2",
        "ml/min/1.73m^2",
        "mL/(min·1.73m2)",
        "ml/(min·1.73m2)",
        "mL/(min*1.73m2)",
        "ml/(min*1.73m2)",
        "ml/min/{1.73_m2}",
    ),
    "mg/mmol": ("MG/MMOL",),
    "mg/g": ("MG/G",),
    "g/L": ("g/l", "克/升"),
    "{score}": ("score", "分"),
    "Cel": ("°C", "摄氏度"),
}
_UNITS: Mapping[str, str] = {
    spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in (unit, *spellings)
}


def normalise_unit(text: str) -> str | None:
    """The UCUM code of a unit as laboratories and devices write it (`μmol/L`, `次/分`); None if not known."""
    folded = "".join(unicodedata.normalize("NFKC", text).split()).replace("μ", "u")
    return _UNITS.get(folded)


def convert(value: float, *, code: str, unit: str, to: str) -> float | None:
    """The value of a LOINC code, given in `unit`, in the unit `to`; both in any spelling that `normalise_unit` knows.

    None where the code, a unit or the pair is not known, or the value is not finite. The same unit gives the value
    itself, a conversion one rounded to `DECIMALS`.
    """
    analyte = KNOWN_CODES.get(code)
    given, wanted = normalise_unit(unit), normalise_unit(to)
    if analyte is None or given is None or wanted is None or not math.isfinite(value):
        return None
    if given not in analyte.units or wanted not in analyte.scales:
        return None
    if given == wanted:
        return value
    factor, offset = analyte.scales[given]
    wanted_factor, wanted_offset = analyte.scales[wanted]
    converted = (value - offset) / factor * wanted_factor + wanted_offset
    return round(converted, DECIMALS) if math.isfinite(converted) else None
