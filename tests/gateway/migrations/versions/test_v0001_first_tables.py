"""The first tables come and go whole."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect

from gateway.migrations.versions import v0001_first_tables as first


def test_upgrade_and_downgrade(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.sqlite")
    with engine.connect() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
            made = inspect(connection)
            assert set(made.get_table_names()) == {
                "aggregates",
                "batches",
                "events",
                "snapshots",
                "traces",
            }
            assert {index["name"] for index in made.get_indexes("events")} == {
                "ix_events_code",
                "ix_events_ts",
            }
            first.downgrade()
        assert inspect(connection).get_table_names() == []
    engine.dispose()
