"""What the ledger needs: seals, segments, ends; rows name their seal; snapshots their text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SEALED = ("aggregates", "traces", "snapshots")


def upgrade() -> None:
    """Rows that stood before belong to the seal 0, which is made next."""
    for table in SEALED:
        op.add_column(table, sa.Column("seal", Big, nullable=False, server_default="0"))
        op.create_index(f"ix_{table}_seal", table, ["seal"])
    op.add_column(
        "snapshots", sa.Column("body", sa.LargeBinary(), nullable=False, server_default="")
    )
    op.create_table(
        "seals",
        sa.Column("seal", Big, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("first", Big, nullable=False),
        sa.Column("last", Big, nullable=False),
        sa.Column("count", Big, nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("signed", Big, nullable=False),
    )
    op.add_column("batches", sa.Column("seen", Big, nullable=False, server_default="0"))
    op.create_table(
        "ends",
        sa.Column("node", sa.Text(), primary_key=True),
        sa.Column("worker", sa.Text(), primary_key=True),
        sa.Column("boot", sa.Text(), primary_key=True),
        sa.Column("last", Big, nullable=False),
        sa.Column("at", Big, nullable=False),
        sa.Column("seal", Big, nullable=False),
    )
    op.create_table(
        "segments",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop it all."""
    op.drop_table("segments")
    op.drop_table("ends")
    op.drop_table("seals")
    with op.batch_alter_table("batches") as changed:
        changed.drop_column("seen")
    with op.batch_alter_table("snapshots") as changed:
        changed.drop_column("body")
    for table in SEALED:
        op.drop_index(f"ix_{table}_seal", table)
        with op.batch_alter_table(table) as changed:
            changed.drop_column("seal")
