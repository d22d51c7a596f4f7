"""What was measured together is found at once."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_observations_panel", "observations", ["panel"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_observations_panel", table_name="observations")
