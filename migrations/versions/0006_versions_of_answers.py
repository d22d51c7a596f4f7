"""Versions of answers, and when they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("answers", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.add_column("answers", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("answers", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "answers",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00+00:00"),
    )
    op.execute("UPDATE answers SET source = id, at = received")
    op.create_index("ux_answers_version", "answers", ["journey", "source", "version"], unique=True)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ux_answers_version", table_name="answers")
    for column in ("at", "withdrawn", "version", "source"):
        op.drop_column("answers", column)
