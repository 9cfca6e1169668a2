"""The first tables: events, aggregates, traces, snapshots, batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "aggregates",
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("bucket", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("enforced", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("gap", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("count", Big, nullable=False),
        sa.Column("bytes_up", Big, nullable=False),
        sa.Column("bytes_down", Big, nullable=False),
        sa.Column("duration_ms", Big, nullable=False),
    )
    op.create_index("ix_aggregates_bucket", "aggregates", ["bucket"])
    op.create_table(
        "batches",
        sa.Column("node", sa.Text(), primary_key=True),
        sa.Column("worker", sa.Text(), primary_key=True),
        sa.Column("boot", sa.Text(), primary_key=True),
        sa.Column("first", Big, primary_key=True),
        sa.Column("last", Big, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("seq", Big, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("ts", Big, nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("port", Big, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("status", Big, nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("gap", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("enforced", sa.Text(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("rulebase", sa.Text(), nullable=False),
        sa.Column("bytes_up", Big, nullable=False),
        sa.Column("bytes_down", Big, nullable=False),
        sa.Column("duration_ms", Big, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
    )
    op.create_index("ix_events_code", "events", ["code"])
    op.create_index("ix_events_ts", "events", ["ts"])
    op.create_table(
        "snapshots",
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("seen", Big, nullable=False),
    )
    op.create_table(
        "traces",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("seen", Big, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("traces")
    op.drop_table("snapshots")
    op.drop_table("events")
    op.drop_table("batches")
    op.drop_table("aggregates")
