"""Results as a record shows them: of each the version that holds now, without what was withdrawn."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from store import tables
from store.database import Session
from store.observations import NOT_TOLD

LIFESTYLE = "social-history"
"""The category of what tells how somebody lives."""
_WITHDRAWN = ("entered-in-error", "cancelled")


def latest(session: Session, patient: str, *, lifestyle: bool, each: int) -> Sequence[tables.Observation]:
    """The patient's results by code, of each code the `each` latest effective, the latest first.

    `lifestyle`: those of that category alone, else all others. What a later version said of another patient is not
    theirs any more.
    """
    later = aliased(tables.Observation)
    replaced = (
        select(later.id)
        .where(
            later.result == tables.Observation.result,
            later.version > tables.Observation.version,
            later.state.not_in(NOT_TOLD),
        )
        .exists()
    )
    category = tables.Observation.category
    ranked = (
        select(
            tables.Observation.id,
            func.row_number()
            .over(
                partition_by=tables.Observation.code,
                order_by=(tables.Observation.effective.desc(), tables.Observation.id.desc()),
            )
            .label("rank"),
        )
        .where(
            tables.Observation.patient == patient,
            tables.Observation.state.not_in(NOT_TOLD),
            tables.Observation.status.not_in(_WITHDRAWN),
            category == LIFESTYLE if lifestyle else or_(category.is_(None), category != LIFESTYLE),
            ~replaced,
        )
        .subquery()
    )
    rows = select(tables.Observation).join(ranked, ranked.c.id == tables.Observation.id).where(ranked.c.rank <= each)
    order = (tables.Observation.effective.desc(), tables.Observation.id.desc())
    return session.scalars(rows.order_by(*order)).all()
