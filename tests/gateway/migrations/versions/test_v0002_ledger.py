"""The ledger's tables and columns come and go whole, and old rows are not lost."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from gateway.migrations.versions import v0001_first_tables as first
from gateway.migrations.versions import v0002_ledger as ledger


def test_upgrade_and_downgrade(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.sqlite")
    with engine.connect() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            first.upgrade()
            connection.execute(text("INSERT INTO snapshots VALUES ('5', 'five.json', 1)"))
            ledger.upgrade()
            made = inspect(connection)
            assert {"seals", "segments", "ends"} < set(made.get_table_names())
            row = connection.execute(text("SELECT * FROM snapshots")).one()
            assert row._mapping["document"] == "five.json"
            assert (row._mapping["body"], row._mapping["seal"]) == ("", 0)
            ledger.downgrade()
        assert connection.execute(text("SELECT * FROM snapshots")).one() == ("5", "five.json", 1)
        assert "seals" not in inspect(connection).get_table_names()
    engine.dispose()
