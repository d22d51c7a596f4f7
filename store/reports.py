"""Reports and the results that they hold: which those are is known once the results are kept."""

from collections.abc import Sequence

from sqlalchemy import select

from store import entries, observations, tables
from store.database import Session


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
