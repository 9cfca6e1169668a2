"""Engines that read only, one run at a time, errors without a value."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from audit.lifecycle.due_engine import (
    BusyError,
    one_at_a_time,
    open_engine,
    sentences,
    snapshot,
    told,
)
from rules.load import DataError, WorldError


@pytest.fixture
def url(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "d.db") as file:
        file.execute("CREATE TABLE t (a)")
    file.close()
    return f"sqlite:///{tmp_path}/d.db"


def test_what_can_not_be_opened() -> None:
    with pytest.raises(DataError, match="not supported"):
        open_engine("oracle://h/d", write=False)
    with pytest.raises(WorldError, match="no such file"):
        open_engine("sqlite:////nowhere/at/all.db", write=False)


def test_reading_changes_nothing(url: str) -> None:
    engine, name = open_engine(url, write=False)
    with snapshot(engine) as connection, pytest.raises(SQLAlchemyError):
        connection.execute(text("INSERT INTO t VALUES (1)"))
    with snapshot(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar_one() == 0
        found = told(connection)
    engine.dispose()
    assert "d.db" in name
    assert set(found) == {"version", "schema", "pages"}
    assert "unknown" not in found.values()


def test_writing_overwrites_and_checks(url: str) -> None:
    engine, _ = open_engine(url, write=True)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA secure_delete")).scalar_one() == 1
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_one_at_a_time(url: str, tmp_path: Path) -> None:
    engine, name = open_engine(url, write=True)
    lock = tmp_path / "d.db.destroy-lock"
    with one_at_a_time(engine, name):
        assert lock.exists()
        with pytest.raises(BusyError), one_at_a_time(engine, name):
            pass
        assert lock.exists(), "the loser took the winner's lock away"
    assert not lock.exists()
    lock.write_text("")  # left behind by a killed run
    with one_at_a_time(engine, name):
        pass
    lock.unlink(missing_ok=True)
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), one_at_a_time(engine, name):
        pass
    assert not (tmp_path / "elsewhere").exists()
    engine.dispose()


def test_sentences_hold_no_value() -> None:
    with pytest.raises(WorldError) as caught, sentences("db"):
        raise ValueError("某甲 110199201503010016")
    assert "某甲" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(BusyError), sentences("db"):
        raise BusyError("busy")
