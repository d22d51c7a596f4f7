"""Reports, and measurements of several parts: which results they hold is known once those are kept."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from sqlalchemy import select

from store import entries, observations, shelves, tables
from store.database import Session
from store.observations import Category, Comparator, Result
from store.record import ReportContent

NO_MORE = ("cancelled", "entered-in-error")
"""The statuses of results that were taken back."""


def results_of(session: Session, observed: Collection[str]) -> Mapping[str, tables.Observation]:
    """The versions of results by their ids."""
    rows = select(tables.Observation).where(tables.Observation.id.in_(observed))
    return {row.id: row for row in session.scalars(rows)}


def hold(session: Session, report: str, results: Sequence[str]) -> None:
    """The report holds these results from now on."""
    row = entries.read(session, report)
    row.content = {**row.content, "results": list(dict.fromkeys(results))}
    session.flush()


def held(session: Session, source_system: str, source_id: str) -> Mapping[str, tables.Observation]:
    """The results that the report of this name holds, each as it stands, by id."""
    row = entries.find(session, "diagnostic-report", source_system, source_id)
    content = None if row is None else entries.content_of(row)
    return newest(session, content.results) if isinstance(content, ReportContent) else {}


def newest(session: Session, results: Collection[str]) -> Mapping[str, tables.Observation]:
    """The results of these ids, each as it stands; what lies in quarantine is not there yet."""
    rows = shelves.RESULTS.rows.where(tables.Observation.result.in_(results))
    found = {row.result: row for row in session.scalars(rows)}
    return {id: found[id] for id in results if id in found}


def of_panels(session: Session, panels: Collection[str]) -> Mapping[str, Sequence[tables.Observation]]:
    """The results that were told as parts of one, each as it stands, by the ids of the panels that they are."""
    rows = shelves.RESULTS.rows.where(tables.Observation.panel.in_(panels))
    found: defaultdict[str, list[tables.Observation]] = defaultdict(list)
    for row in session.scalars(rows.order_by(tables.Observation.received, tables.Observation.result)):
        if row.panel is not None:
            found[row.panel].append(row)
    return found


def parts(
    session: Session, sources: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[tables.Observation]]:
    """Of each system and name the results that were told as parts of it and were not taken back, as they stand."""
    panels = {observations.panel_id(*source): source for source in sources}
    if not panels:
        return {}
    return {
        panels[panel]: [row for row in rows if row.status not in NO_MORE and panel_name(row) is not None]
        for panel, rows in of_panels(session, panels).items()
    }


def panel_name(row: tables.Observation) -> str | None:
    """What its source calls the measurement that it is a part of; None where the name of the part does not say."""
    words = row.source_id.split("#")
    names = ("#".join(words[:end]) for end in range(1, len(words) + 1))
    return next((name for name in names if observations.panel_id(row.source_system, name) == row.panel), None)


def as_told(row: tables.Observation) -> Result:
    """A result as its source last told it."""
    event = observations.event_for(row, row.result, received=row.received)
    return Result(
        source_system=row.source_system,
        source_id=row.source_id,
        patient=row.patient,
        code=row.code,
        effective=row.effective,
        status=event.status,
        value=row.value,
        unit=row.unit,
        comparator=next((one for one in get_args(Comparator) if one == row.comparator), None),
        text=row.text,
        origin=event.origin,
        panel=panel_name(row),
        issued=row.issued,
        name=row.name,
        category=next((one for one in get_args(Category) if one == row.category), None),
        reference_low=row.reference_low,
        reference_high=row.reference_high,
        reference=row.reference,
        interpretation=row.interpretation,
        coded=row.coded,
    )
