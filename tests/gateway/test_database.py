"""Connections: the newest tables from empty, real transactions, sentences for trouble."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

import gateway
from gateway.database import (
    HEAD,
    Failure,
    connect,
    connect_to_read,
    damage,
    dispose,
    migrate,
    trouble,
)
from gateway.tables import Base
from rules.load import WorldError


def url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def test_migrations_from_empty_give_the_declared_tables(tmp_path: Path) -> None:
    connection = connect(url(tmp_path / "a?b%c.sqlite"))
    migrate(connection)
    migrate(connection)  # nothing more to do
    context = MigrationContext.configure(connection)
    assert context.get_current_revision() == HEAD
    assert compare_metadata(context, Base.metadata) == []
    dispose(connection)
    assert (tmp_path / "a?b%c.sqlite").exists()


def test_head_is_the_newest_migration() -> None:
    folder = Path(gateway.__path__[0]) / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_the_log_is_written_ahead_and_synced(tmp_path: Path) -> None:
    connection = connect(url(tmp_path / "a.sqlite"))
    assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    connection.rollback()
    dispose(connection)


def test_an_interrupted_migration_leaves_nothing(tmp_path: Path) -> None:
    connection = connect(url(tmp_path / "a.sqlite"))
    with connection.begin():
        connection.execute(text("CREATE TABLE events (id INTEGER)"))  # in the way of ours
    with pytest.raises(DBAPIError):
        migrate(connection)
    connection.rollback()
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    assert tables.scalars().all() == ["events"]
    dispose(connection)


def test_a_newer_file_is_not_touched(tmp_path: Path) -> None:
    connection = connect(url(tmp_path / "a.sqlite"))
    migrate(connection)
    with connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WorldError, match="newer"):
        migrate(connection)
    dispose(connection)


def test_reading_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    connection = connect(url(path))
    migrate(connection)
    dispose(connection)
    reader = connect_to_read(path)
    with pytest.raises(DBAPIError, match="readonly"):
        reader.execute(text("DELETE FROM events"))
    dispose(reader)


def test_reading_does_not_make_a_file(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        connect_to_read(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("", "not a database URL"),
        ("hello", "not a database URL"),
        ("martian://x", "not a database URL"),
    ],
)
def test_bad_urls_are_sentences(bad: str, sentence: str) -> None:
    with pytest.raises(WorldError, match=sentence):
        connect(bad)


def test_damage_is_told_from_other_trouble(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(Failure) as caught:
        connect(url(path))
    assert damage(caught.value) == "not-a-database"
    assert "not a database" in str(trouble(caught.value))
    with pytest.raises(Failure) as caught:
        connect(url(tmp_path / "no" / "folder.sqlite"))
    assert damage(caught.value) == ""
    assert damage(sqlite3.OperationalError("without a code")) == ""
