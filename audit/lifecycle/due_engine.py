"""A database that is read for a plan, or written for a destruction: engines, locks, sentences.

Reading sessions are read-only with limits of time, as in `databases`. Writing sessions check
foreign keys and overwrite freed bytes where the database can (SQLite), and one lock of the
server lets one destruction at a time work in a database. A door.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from audit.lifecycle.databases import code, identity, parse
from audit.lifecycle.dialects import dialect_of
from rules.load import DataError, Problem, WorldError

FAMILIES = ("postgresql", "mysql", "mariadb", "sqlite")
READING, WRITING, LOCK = 900, 900, 10  # seconds of a statement; of a wait for a lock
_NAME = "qinglang-destroy"


class BusyError(WorldError):
    """Another destruction is at work in this database."""


def open_engine(
    url: str, *, write: bool, environment: Mapping[str, str] = os.environ
) -> tuple[Engine, str]:
    """(engine, what the database is called). Raises DataError, WorldError."""
    found, _ = parse(url, environment)
    family = found.get_backend_name()
    if family not in FAMILIES:
        raise DataError([Problem(file="--db", line=1, column=1,
                                 message=f"不支持的数据库 not supported: {family}",
                                 remedy=", ".join(FAMILIES))])  # fmt: skip
    name = identity(found)
    if family == "sqlite" and not Path(found.database or "").is_file():
        raise WorldError(f"{name} 没有这个文件 there is no such file")
    dialect = dialect_of(family)
    try:
        engine = create_engine(
            found if write else dialect.readonly(found),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=dialect.connect_args(),
        )
    except ModuleNotFoundError as error:
        raise WorldError(f"缺少驱动 no driver: {error.name}") from None
    orders = _writing(family) if write else dialect.session(READING, LOCK)

    @event.listens_for(engine, "connect")
    def _guard(connection: Any, _record: Any) -> None:
        if family == "sqlite":
            connection.isolation_level = None
        cursor = connection.cursor()
        for order, needed in orders:
            try:
                cursor.execute(order)
            except Exception:  # a server of another make: only what guards the data is a must
                if needed:
                    raise
        if family != "sqlite":
            connection.commit()
        cursor.close()

    if family == "sqlite":

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine, name


def _writing(family: str) -> tuple[tuple[str, bool], ...]:
    if family == "sqlite":
        return (
            ("PRAGMA foreign_keys=ON", True),
            ("PRAGMA secure_delete=ON", True),
            (f"PRAGMA busy_timeout={LOCK * 1000}", True),
        )
    if family == "postgresql":
        return (
            (f"SET statement_timeout = '{WRITING}s'", True),
            (f"SET lock_timeout = '{LOCK}s'", True),
        )
    return (
        (f"SET SESSION max_statement_time = {WRITING}", False),
        (f"SET SESSION lock_wait_timeout = {LOCK}", True),
        (f"SET SESSION innodb_lock_wait_timeout = {LOCK}", False),
        ("SET SESSION foreign_key_checks = 1", True),
        ("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')", True),
    )


def errors() -> tuple[type[Exception], ...]:
    """What a database raises, and its driver (a cut socket, a value that is no date)."""
    found: list[type[Exception]] = [
        SQLAlchemyError, OSError, ValueError, ArithmeticError, sqlite3.Error, struct.error,
    ]  # fmt: skip
    for module in ("pg8000.exceptions", "pymysql.err"):
        with suppress(ModuleNotFoundError):
            found.append(importlib.import_module(module).Error)
    return tuple(found)


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """A database's error as a sentence without a value or a statement."""
    try:
        yield
    except WorldError:
        raise
    except errors() as error:
        raise WorldError(f"{name} 数据库出错 the database failed ({code(error)})") from None


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that reads one moment and changes nothing."""
    family = engine.dialect.name
    with engine.connect() as connection:
        if family == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        elif family in ("mysql", "mariadb"):
            connection.execute(text("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            connection.commit()
            connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))
        yield connection
        connection.rollback()


def told(connection: Connection) -> dict[str, str]:
    """Which moment of which server was read."""
    orders: dict[str, str] = {}
    match connection.dialect.name:
        case "postgresql":
            orders = {
                "server": "SELECT system_identifier FROM pg_control_system()",
                "version": "SHOW server_version",
                "snapshot": "SELECT txid_current_snapshot()",
                "wal": "SELECT pg_current_wal_lsn()",
            }
        case "mysql" | "mariadb":
            orders = {
                "server": "SELECT @@server_id",
                "version": "SELECT @@version",
                "gtid": "SELECT @@gtid_current_pos",
            }
        case "sqlite":
            orders = {
                "version": "SELECT sqlite_version()",
                "schema": "PRAGMA schema_version",
                "pages": "PRAGMA page_count",
            }
    found = {}
    for name, order in orders.items():
        try:
            with connection.begin_nested():
                found[name] = str(connection.execute(text(order)).scalar())
        except errors():
            found[name] = "unknown"
    return found


@contextmanager
def one_at_a_time(engine: Engine, name: str) -> Iterator[None]:
    """The server's lock; for SQLite, one beside the file. Raises BusyError."""
    busy = BusyError(f"{name} 另一销毁任务正在运行 another destruction is at work there")
    number = int.from_bytes(hashlib.sha256(_NAME.encode()).digest()[:7])
    family = engine.dialect.name
    if family == "sqlite":
        path = Path(str(engine.url.database) + ".destroy-lock")
        handle = _locked(path, busy)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is locked: nobody waits on a file of no name
            os.close(handle)
        return
    with engine.connect() as connection:
        order = (
            f"SELECT pg_try_advisory_lock({number})"
            if family == "postgresql"
            else f"SELECT GET_LOCK(CONCAT('{_NAME}-', LEFT(DATABASE(), 40)), 0)"
        )
        if not connection.execute(text(order)).scalar():
            raise busy
        connection.commit()
        yield


def _locked(path: Path, busy: BusyError) -> int:
    """The lock file, locked and still the one of this name. Raises BusyError."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except OSError:
            os.close(handle)
            raise busy from None
        os.close(handle)  # another run ended in between and took its file away
