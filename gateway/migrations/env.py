"""Alembic's entrance: migrates the connection that `gateway.store` hands in."""

from __future__ import annotations

from alembic import context

from gateway.tables import Base


def migrate() -> None:
    """Run the wanted migrations in one transaction, on both databases."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate()
