"""What a result was measured together with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("observations", sa.Column("panel", sa.Text(), nullable=True))
