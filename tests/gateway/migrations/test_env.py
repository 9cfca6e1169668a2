"""Alembic's entrance runs on the connection handed in, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

import gateway


def test_it_migrates_the_connection_it_is_given(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(gateway.__path__[0]) / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{tmp_path}/a.sqlite")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        assert "events" in inspect(connection).get_table_names()
    engine.dispose()
    del config.attributes["connection"]
    with pytest.raises(KeyError):
        command.upgrade(config, "head")
