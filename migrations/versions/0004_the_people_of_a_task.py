"""Departments, people, attempts and waiting of tasks; a patient's department and team; the purpose of a message."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("patients", sa.Column("department", sa.Text(), nullable=True))
    op.add_column("patients", sa.Column("team", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("tasks", sa.Column("department", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("person", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tasks", sa.Column("max_attempts", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("next_attempt", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("suspended_while", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("waiting", sa.Text(), nullable=True))
    op.create_index(op.f("ix_tasks_person"), "tasks", ["person"])
    op.add_column("task_roles", sa.Column("department", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("purpose", sa.String(length=20), nullable=False, server_default="care"))
