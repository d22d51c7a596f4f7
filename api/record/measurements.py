"""A patient's results by what was measured, with their ranges and a mark for what lies outside."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.record.sources import Source, sources_of, told_once
from pathways.language.units import normalise_unit
from store import results, tables
from store.database import Session

Mark = Literal["low", "high", "critical-low", "critical-high", "abnormal"]

_MARKS: Mapping[str, Mark] = {
    "L": "low",
    "<": "low",
    "H": "high",
    ">": "high",
    "LL": "critical-low",
    "HH": "critical-high",
    "A": "abnormal",
    "AA": "abnormal",
}
"""HL7's abnormal flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A result as it holds now. `mark` follows the laboratory's flag, and its range where there is no flag."""

    effective: datetime
    value: float | None
    unit: str | None
    comparator: str | None
    text: str | None
    reference_low: float | None
    reference_high: float | None
    reference: str | None
    interpretation: str | None
    mark: Mark | None
    status: str
    origin: str
    sources: list[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The results of one code, the latest first."""

    code: str
    name: str | None
    items: list[Measurement]
    more: bool


def series_of(session: Session, patient: str, *, lifestyle: bool, limit: int) -> list[Series]:
    """The patient's results by code, the code of the latest result first; of each at most `limit`."""
    # Each may be told by two systems.
    rows = results.latest(session, patient, lifestyle=lifestyle, each=2 * limit + 2)
    by_code: dict[str, list[tables.Observation]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    return [_series(code, group, limit) for code, group in by_code.items()]


def _series(code: str, rows: Sequence[tables.Observation], limit: int) -> Series:
    groups = told_once(rows, _same)
    return Series(
        code=code,
        name=next((row.name for row in rows if row.name), None),
        items=[_measurement(group) for group in groups[:limit]],
        more=len(groups) > limit,
    )


def _same(row: tables.Observation) -> Hashable:
    return row.effective, row.value, _unit(row), row.comparator, row.text


def _unit(row: tables.Observation) -> str | None:
    """Its UCUM code where that is known, else as it was written."""
    return None if row.unit is None else normalise_unit(row.unit) or row.unit


def _measurement(rows: Sequence[tables.Observation]) -> Measurement:
    # The one that says most of it.
    row = max(rows, key=lambda one: (_mark(one) is not None, _has_range(one), one.received, one.id))
    return Measurement(
        effective=row.effective,
        value=row.value,
        unit=_unit(row),
        comparator=row.comparator,
        text=row.text,
        reference_low=row.reference_low,
        reference_high=row.reference_high,
        reference=row.reference,
        interpretation=row.interpretation,
        mark=_mark(row),
        status=row.status,
        origin=row.origin,
        sources=sources_of(rows),
    )


def _has_range(row: tables.Observation) -> bool:
    return any(one is not None for one in (row.reference_low, row.reference_high, row.reference))


def _mark(row: tables.Observation) -> Mark | None:
    if row.interpretation is not None:
        return _MARKS.get(row.interpretation.strip().upper())
    if row.value is None:
        return None
    # "Less than 5" is surely below 6, and nobody knows whether it is below 4.
    below, above = row.comparator in ("<", "<="), row.comparator in (">", ">=")
    if row.reference_low is not None and row.value < row.reference_low and not above:
        return "low"
    if row.reference_high is not None and row.value > row.reference_high and not below:
        return "high"
    return None
