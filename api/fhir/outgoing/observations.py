"""Observation: a result with its range, or a panel of several that were told as one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.fhir.outgoing.parts import Resource, Showing, coded, identifiers, instant, patient, resource, without_nothing
from api.fhir.told import LOINC, UCUM
from pathways.language.units import KNOWN_CODES, normalise_unit
from store import reports, tables

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_PANELS: Mapping[frozenset[str], str] = {frozenset({"8480-6", "8462-4"}): "85354-9"}
"""Codes of panels by those of their parts."""
_TOGETHER = "同一次测量"


def show(showing: Showing, row: tables.Observation, updated: datetime) -> Resource:
    """The newest version of a result."""
    del showing
    return _whole(row, row.result, updated, row.version) | without_nothing(
        {
            "identifier": identifiers(row.source_system, row.source_id),
            "code": _code(row),
            "subject": None if row.patient is None else patient(row.patient),
        }
        | _measured(row)
    )


def panel(rows: Sequence[tables.Observation], updated: datetime) -> Resource:
    """Results that were told as the components of one Observation."""
    version = 1 + sum(one.version - 1 for one in rows)
    # A part that was taken back alone is no part any more.
    rows = [one for one in rows if one.status not in ("cancelled", "entered-in-error")] or rows
    first, *_ = rows
    source_id = reports.panel_name(first)
    parts = [one for one in rows if one.source_id != source_id]
    main = next((one for one in rows if one.source_id == source_id), None)
    code = _PANELS.get(frozenset(one.code for one in parts))
    named = {"text": _TOGETHER} if code is None else coded(LOINC, code)
    return _whole(first, first.panel or "", updated, version) | without_nothing(
        {
            "identifier": [] if source_id is None else identifiers(first.source_system, source_id),
            "code": named if main is None else _code(main),
            "subject": None if first.patient is None else patient(first.patient),
            **({} if main is None else _measured(main)),
            "component": [{"code": _code(one)} | without_nothing(_measured(one)) for one in parts],
        }
    )


def _whole(row: tables.Observation, id: str, updated: datetime, version: int) -> Resource:
    category = row.category if row.category != "other" else None
    if category is None and row.origin == "laboratory":
        category = "laboratory"
    return resource("Observation", id, updated=updated, version=version) | without_nothing(
        {
            "status": row.status,
            "category": None if category is None else [coded(_CATEGORY, category)],
            "effectiveDateTime": instant(row.effective),
            "issued": None if row.issued is None else instant(row.issued),
            "performer": [patient(row.patient)] if row.origin == "patient" and row.patient is not None else None,
            "device": {"display": "设备"} if row.origin == "device" else None,
        }
    )


def _code(row: tables.Observation) -> Resource:
    known = row.coded or row.code in KNOWN_CODES
    coding = without_nothing({"system": LOINC if known else None, "code": row.code})
    return without_nothing({"coding": [coding], "text": row.name})


def _measured(row: tables.Observation) -> Resource:
    told: Resource = {"interpretation": _interpretation(row), "referenceRange": _range(row)}
    if row.value is not None:
        told["valueQuantity"] = {"value": row.value} | without_nothing(
            {"comparator": row.comparator, "unit": row.unit} | _ucum(row.unit)
        )
    elif row.text is not None:
        told["valueString"] = row.text
    elif row.status in ("cancelled", "entered-in-error"):
        told["dataAbsentReason"] = coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")
    return told


def _ucum(unit: str | None) -> Resource:
    known = None if unit is None else normalise_unit(unit)
    return {} if known is None else {"system": UCUM, "code": known}


def _interpretation(row: tables.Observation) -> list[Resource]:
    said = row.interpretation
    if said is None:
        return []
    return [coded(_INTERPRETATION, said) if said.isascii() and len(said) <= 3 else {"text": said}]


def _range(row: tables.Observation) -> list[Resource]:
    unit = without_nothing({"unit": row.unit} | _ucum(row.unit))
    bounds = {
        name: {"value": value} | unit
        for name, value in (("low", row.reference_low), ("high", row.reference_high))
        if value is not None
    }
    found = bounds | without_nothing({"text": row.reference})
    return [found] if found else []
