"""Messages of other systems, the record, merges, and what is foreseen of journeys."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LONG_AGO = "1970-01-01 00:00:00+00:00"
OPEN = sa.text("status <> 'ended' AND superseded_by IS NULL")


def upgrade() -> None:
    """Make the change."""
    for table in ("patients", "journeys", "tasks", "messages"):
        op.add_column(table, sa.Column("updated", INSTANT, nullable=False, server_default=LONG_AGO))
        op.create_index(f"ix_{table}_updated", table, ["updated"])
    # The columns that rows refer to their own table or another one by are checked by the program: SQLite cannot add
    # a foreign key to a table that is there.
    op.add_column("patients", sa.Column("merged_into", sa.Text(), nullable=True))
    op.create_index("ix_patients_merged_into", "patients", ["merged_into"])
    op.add_column("patients", sa.Column("told", INSTANT, nullable=True))
    op.add_column("patients", sa.Column("alive", INSTANT, nullable=True))
    op.add_column("journeys", sa.Column("superseded_by", sa.Text(), nullable=True))
    op.drop_index("ux_journeys_open", table_name="journeys")
    op.create_index(
        "ux_journeys_open",
        "journeys",
        ["patient", "pathway", "episode"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    for column in (
        sa.Column("issued", INSTANT, nullable=True),
        sa.Column("sent", INSTANT, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("reference_low", sa.Float(53), nullable=True),
        sa.Column("reference_high", sa.Float(53), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("interpretation", sa.Text(), nullable=True),
        sa.Column("coded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("transmission", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
    ):
        op.add_column("observations", column)
    op.create_index("ix_observations_via", "observations", ["via"])
    op.add_column("quarantine", sa.Column("notice", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("quarantine", sa.Column("transmission", sa.Text(), nullable=True))
    op.create_index("ix_quarantine_transmission", "quarantine", ["transmission"])
    op.add_column("visits", sa.Column("entry", sa.Text(), nullable=True))
    op.create_index("ix_visits_entry", "visits", ["entry"])
    _transmissions()
    _record()
    _others()


def _transmissions() -> None:
    op.create_table(
        "quarantine_identifiers",
        sa.Column("quarantine", sa.Text(), sa.ForeignKey("quarantine.id"), primary_key=True),
        sa.Column("system", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), primary_key=True),
    )
    op.create_index("ix_quarantine_identifiers", "quarantine_identifiers", ["system", "value"])
    op.create_table(
        "transmissions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index(
        "ux_transmissions_control", "transmissions", ["channel", "sender", "control", "digest"], unique=True
    )
    op.create_index("ix_transmissions_received", "transmissions", ["received", "id"])


def _record() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("patient", sa.Text(), sa.ForeignKey("patients.id"), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("code_system", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("display", sa.Text(), nullable=True),
        sa.Column("start", INSTANT, nullable=True),
        sa.Column("end", INSTANT, nullable=True),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("issued", INSTANT, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column("updated", INSTANT, nullable=False),
        sa.Column("transmission", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.UniqueConstraint("kind", "source_system", "source_id"),
    )
    op.create_index("ix_entries_patient", "entries", ["patient", "kind", "start"])
    op.create_index("ix_entries_updated", "entries", ["kind", "updated", "id"])
    op.create_index("ix_entries_via", "entries", ["via"])
    op.create_table(
        "entry_versions",
        sa.Column("entry", sa.Text(), sa.ForeignKey("entries.id"), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("issued", INSTANT, nullable=True),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.Column("transmission", sa.Text(), nullable=True),
    )


def _others() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("survivor", sa.Text(), sa.ForeignKey("patients.id"), nullable=False),
        sa.Column("retired", sa.Text(), sa.ForeignKey("patients.id"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("transmission", sa.Text(), nullable=True),
        sa.Column("moved", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
    )
    op.create_index("ix_merges_survivor", "merges", ["survivor"])
    op.create_index("ix_merges_retired", "merges", ["retired"])
    op.create_table(
        "foresights",
        sa.Column("journey", sa.Text(), sa.ForeignKey("journeys.id"), primary_key=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wakeup", INSTANT, nullable=True),
    )
    op.create_index("ix_foresights_wakeup", "foresights", ["wakeup"])
    op.create_table(
        "searches",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
    )
    op.create_index("ix_searches_created", "searches", ["created"])
