"""Who did what to whom."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from store import tables
from store.database import Session


def record(session: Session, *, at: datetime, actor: str, action: str, subject: str) -> None:
    """Add a line; `subject` is an opaque id, and nothing in a line is health data."""
    session.add(tables.Audit(at=at, actor=actor, action=action, subject=subject))
    session.flush()


def list_(
    session: Session, *, subject: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[tables.Audit]:
    """Lines, the latest first; `before` is the number of the last one seen."""
    rows = select(tables.Audit)
    if subject is not None:
        rows = rows.where(tables.Audit.subject == subject)
    if before is not None:
        rows = rows.where(tables.Audit.number < before)
    return session.scalars(rows.order_by(tables.Audit.number.desc()).limit(limit)).all()
