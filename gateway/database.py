"""Connections to the event store's database, brought to the newest tables before use.

SQLite is opened as we want it: write-ahead log, synced commits, real
transactions around schema changes too. Knows no Event and no rows.
This module is a door to the database.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from loguru import logger
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from rules.load import WorldError

HEAD = "0002"
"""The newest migration; a database that stands at it needs no Alembic."""

Failure = (DBAPIError, sqlite3.Error)
"""What a database may raise; `trouble` makes a sentence of it."""

_DAMAGE = {1: "schema", 11: "corrupt", 26: "not-a-database"}
"""SQLite primary result codes that say the file itself is wrong (SQLITE_ERROR: tables missing)."""


def connect(url: str | URL) -> Connection:
    """A connection to a SQLite file or a server.

    Raises a Failure where it cannot be had, WorldError where the URL makes no sense.
    """
    try:
        engine = create_engine(make_url(url), poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError) as error:
        raise WorldError(f"not a database URL: {error}") from error
    except ModuleNotFoundError as error:
        raise WorldError(f"the database driver `{error.name}` is not installed") from error
    if engine.dialect.name == "sqlite":
        _careful(engine)
    try:
        return engine.connect()
    except BaseException:
        engine.dispose()
        raise


def connect_to_read(path: Path) -> Connection:
    """A connection to an existing SQLite file that cannot change it. Raises a Failure."""
    query = {"mode": "ro", "uri": "true", "timeout": "5"}
    engine = create_engine(
        URL.create("sqlite", database=path.absolute().as_uri(), query=query), poolclass=NullPool
    )
    try:
        return engine.connect()
    except BaseException:
        engine.dispose()
        raise


def _careful(engine: Engine) -> None:
    """SQLite as we want it: write-ahead log, synced commits, real transactions (DDL too)."""

    @event.listens_for(engine, "connect")
    def _(driver: Any, _record: Any) -> None:
        driver.isolation_level = None  # SQLAlchemy's BEGIN below, not the driver's guess
        for pragma in (
            "busy_timeout=2000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "journal_size_limit=67108864",
        ):
            driver.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrate(connection: Connection) -> None:
    """Bring the tables to HEAD. Raises WorldError where they are newer than this program."""
    if _version(connection) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise WorldError(f"event store: {error}; was it written by a newer version?") from error
    connection.commit()


def _version(connection: Connection) -> str:
    """The migration a database stands at; empty for a fresh one."""
    with connection.begin():
        if not connection.dialect.has_table(connection, "alembic_version"):
            return ""
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def dispose(connection: Connection) -> None:
    """Close the connection and everything behind it."""
    try:
        connection.close()
    except Failure as error:
        logger.warning("event store: closing failed: {}", error)
    connection.engine.dispose()


def damage(error: Exception) -> str:
    """What is wrong with the SQLite file itself; empty if it is something else."""
    return _DAMAGE.get(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF, "")


def trouble(error: Exception) -> WorldError:
    """The failure as a sentence."""
    return WorldError(f"event store: {type(error).__name__}: {getattr(error, 'orig', error)}")
