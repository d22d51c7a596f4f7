"""Reports and the results that they hold: which those are is known once the results are kept."""

import json
from collections.abc import Sequence
from typing import get_args

from sqlalchemy import select

from store import entries, matches, observations, shelves, tables
from store.database import Session
from store.matches import Wanted
from store.observations import Category, Comparator, Result

_MOST_PARTS = 500


def result_ids(session: Session, observed: Sequence[str]) -> list[str]:
    """The ids of results by those of their versions."""
    return [observations.read(session, one).result for one in observed]


def hold(session: Session, report: str, results: Sequence[str]) -> None:
    """The report holds these results from now on."""
    row = entries.read(session, report)
    row.content = {**row.content, "results": list(dict.fromkeys(results))}
    session.flush()


def known(session: Session, results: Sequence[str]) -> list[str]:
    """Those of the results that can be read: what still lies in quarantine cannot."""
    rows = select(tables.Observation.result).where(
        tables.Observation.result.in_(results), tables.Observation.state.in_(("accepted", "stored"))
    )
    there = set(session.scalars(rows))
    return [one for one in results if one in there]


def parts(session: Session, source_system: str, source_id: str) -> Sequence[tables.Observation]:
    """The results that a source told as parts of one, each as it stands; those that were taken back are left out."""
    wanted = Wanted(others={"part_of": ((json.dumps([source_system, source_id]),),)})
    found = [row for row, _ in matches.find(session, shelves.RESULTS, wanted, limit=_MOST_PARTS)]
    return [row for row in found if row.status not in ("cancelled", "entered-in-error")]


def as_told(row: tables.Observation) -> Result:
    """A result as its source last told it; what it was measured together with is not kept in the source's words."""
    event = observations.event_for(row, row.result, received=row.received)
    return Result(
        source_system=row.source_system,
        source_id=row.source_id,
        patient=None,
        code=row.code,
        effective=row.effective,
        status=event.status,
        value=row.value,
        unit=row.unit,
        comparator=next((one for one in get_args(Comparator) if one == row.comparator), None),
        text=row.text,
        origin=event.origin,
        issued=row.issued,
        name=row.name,
        category=next((one for one in get_args(Category) if one == row.category), None),
        reference_low=row.reference_low,
        reference_high=row.reference_high,
        reference=row.reference,
        interpretation=row.interpretation,
        coded=row.coded,
    )
