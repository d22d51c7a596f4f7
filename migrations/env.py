"""Alembic's entry: it migrates the connection that `store.database` hands over, in that connection's transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import types

from store.tables import Base, UTCDateTime


def _render(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """A migration keeps the column that was made, not the program's type for it."""
    if kind == "type" and isinstance(value, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, types.JSON):
        return "sa.JSON()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=_render,
)
context.run_migrations()
