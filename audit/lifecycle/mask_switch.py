"""Where a masked copy is built and how it takes its place: one Stage per family of databases.

PostgreSQL: a schema beside the target, renamed within one transaction. MariaDB and MySQL: a
database beside it, all tables renamed by one statement. SQLite: a file beside it. A place that
holds something else than a copy of ours is never replaced. A door: databases, files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, UniqueConstraint, create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from audit.lifecycle import mask_copy
from audit.lifecycle.mask import Family
from audit.lifecycle.mask_tables import family_of
from rules.load import DataError, Problem, WorldError

STATE, MARK = "_qinglang_job", "_qinglang_copy"


def _refused(message: str, remedy: str) -> DataError:
    return DataError([Problem(file="--out", line=1, column=1, message=message, remedy=remedy)])


def apart(reading: Engine, source: str, writing: Engine, target: str) -> None:
    """Source and target are two places. Raises DataError."""
    family = writing.dialect.name
    if family == "postgresql" and not target:
        raise _refused("要有目标模式 a schema is wanted", "--out-schema NAME")
    one, other = reading.url, writing.url
    if family == "sqlite":
        here = Path(str(one.database or "").removeprefix("file://")).resolve()
        same = here == Path(str(other.database or "")).resolve()
    elif family == "mysql":
        same = (one.host, one.port, one.database) == (other.host, other.port, other.database)
    else:
        same = (one.host, one.port, one.database, source or "public") == (
            other.host, other.port, other.database, target,
        )  # fmt: skip
    if same:
        raise _refused("目标就是源 the target is the source", "name another schema or database")


def changes(connection: Connection, table: Table) -> str:
    """A digest of a table's content, made by the server."""
    quote = connection.dialect.identifier_preparer
    name = quote.format_table(table)
    match connection.dialect.name:
        case "postgresql":
            statement = f"SELECT sum(hashtextextended(t::text, 0)) FROM {name} AS t"  # noqa: S608
        case "mysql":
            statement = f"CHECKSUM TABLE {name}"
            return str(connection.execute(text(statement)).one()[1])
        case _:
            return _file_digest(connection)
    return str(connection.execute(text(statement)).scalar())


def _file_digest(connection: Connection) -> str:
    path = next(str(row[2]) for row in connection.execute(text("PRAGMA database_list")))
    whole = hashlib.sha256()
    for name in (path, path + "-wal"):
        if Path(name).is_file():
            with open(name, "rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def unique_of(connection: Connection, table: Table) -> None:
    """UNIQUE beside a column of SQLite: reflection misses it where the type has a length."""
    known = {tuple(one.columns.keys()) for one in table.constraints
             if isinstance(one, UniqueConstraint)}  # fmt: skip
    for index in inspect(connection).get_indexes(table.name, include_auto_indexes=True):
        names = tuple(str(one) for one in index["column_names"])
        automatic = str(index["name"]).startswith("sqlite_autoindex_")
        primary = tuple(table.primary_key.columns.keys())
        if automatic and index["unique"] and names not in known and names != primary:
            table.append_constraint(UniqueConstraint(*names))


class Writer:
    """Rows of one table, within one transaction. `raw`: columns that are COPY's own text."""

    def __init__(self, engine: Engine, table: Table, raw: Sequence[bool] = ()) -> None:
        self._connection = engine.connect()
        self._table = table
        self._names = [column.name for column in table.columns]
        self._raw = list(raw) or [False] * len(self._names)
        families = [family_of(column.type) for column in table.columns]
        self._copy = bool(raw) or (
            engine.dialect.name == "postgresql" and Family.OTHER not in families
        )
        try:
            quote = engine.dialect.identifier_preparer
            name = quote.format_table(table)
            if self._copy:
                for one in mask_copy.SETTINGS:
                    self._connection.execute(text(one))
            self._connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
            inline: list[Any] | None = None if engine.dialect.name == "sqlite" else []
            self._connection.execute(CreateTable(table, include_foreign_key_constraints=inline))
            columns = ", ".join(quote.quote(one) for one in self._names)
            self._into = f"COPY {name} ({columns}) FROM STDIN"
        except BaseException:
            self._connection.close()
            raise

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """One batch."""
        try:
            if self._copy:
                lines = mask_copy.lines_of(columns, self._raw)
                mask_copy.put(self._connection, self._into, lines)
                return
            rows = [dict(zip(self._names, row, strict=True)) for row in zip(*columns, strict=True)]
            self._connection.execute(self._table.insert(), rows)
        except BaseException:
            self._connection.close()
            raise

    def abort(self) -> None:
        """Let go of what was not committed."""
        self._connection.close()

    def close(self) -> None:
        """Commit."""
        with self._connection as connection:
            for index in self._table.indexes:
                connection.execute(CreateIndex(index))
            connection.commit()


class Stage:
    """The common part: state of a job, table by table."""

    schema = ""
    """Where the tables are built; empty where the engine itself is the place."""
    _lock = ""  # a statement that is true where the lock `:name` is ours

    def __init__(self, engine: Engine, target: str) -> None:
        self.engine, self.target = engine, target
        self._guard: Connection | None = None

    @property
    def _state(self) -> str:
        quote = self.engine.dialect.identifier_preparer
        return f"{quote.quote(self.schema)}.{STATE}" if self.schema else STATE

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The server's own lock on this target: a job on another machine is kept out too.

        Raises WorldError where somebody holds it.
        """
        statement = self._lock
        if not statement:
            yield
            return
        name = f"qinglang-mask-{hashlib.sha256(self.schema.encode()).hexdigest()[:24]}"
        with self.engine.connect() as connection:
            if not connection.execute(text(statement), {"name": name}).scalar_one():
                raise WorldError("另一个作业正在写同一目标 another job is writing the same target")
            connection.commit()  # the lock is the session's, no transaction is left open
            self._guard = connection
            try:
                yield
            finally:
                self._guard = None
                connection.invalidate()  # the lock ends with the session

    def held(self) -> None:
        """Raises what the database raises where the session of the lock is gone."""
        if self._guard is not None:
            self._guard.execute(text("SELECT 1"))
            self._guard.commit()

    def begin(self, mark: str) -> dict[str, dict[str, Any]]:
        """Finished tables of the same job; everything else that is there is dropped first."""
        self.check()
        with self.engine.connect() as connection:
            if inspect(connection).has_table(STATE, schema=self.schema or None):
                rows = connection.execute(text(f"SELECT name, told FROM {self._state}")).all()  # noqa: S608
                found = {str(name): str(told) for name, told in rows}
                if found.pop("", "") == mark:
                    return {name: json.loads(told) for name, told in found.items()}
        self.drop()
        self.make()
        with self.engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE {self._state} (name VARCHAR(200), told TEXT)"))
        self.finish("", mark)
        return {}

    def finish(self, name: str, told: Any) -> None:
        """A table is whole."""
        said = told if isinstance(told, str) else json.dumps(told)
        with self.engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO {self._state} (name, told) VALUES (:name, :told)"),  # noqa: S608
                {"name": name, "told": said},
            )

    def writer(self, copy: Table, raw: Sequence[bool] = ()) -> Writer:
        """A writer of one table, which is made first."""
        return Writer(self.engine, copy, raw)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read what was staged."""
        with self.engine.connect() as connection:
            yield connection

    def joined(self, connection: Connection, copies: Sequence[Table]) -> None:
        """Foreign keys, checked by the database over the masked rows."""
        for table in copies:
            known = {one["name"] for one in inspect(connection).get_foreign_keys(
                table.name, schema=self.schema or None)}  # fmt: skip
            for constraint in table.foreign_key_constraints:
                if constraint.name not in known:
                    connection.execute(AddConstraint(constraint, isolate_from_table=False))

    def check(self) -> None: ...

    def make(self) -> None: ...

    def drop(self) -> None: ...

    def publish(self, copies: Sequence[Table]) -> None: ...


class PostgresStage(Stage):
    """A schema, renamed."""

    _lock = "SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"

    def __init__(self, engine: Engine, target: str) -> None:
        super().__init__(engine, target)
        self.schema = f"{target}_qlstage"

    def _quoted(self, name: str) -> str:
        return self.engine.dialect.identifier_preparer.quote_identifier(name)

    def check(self) -> None:
        with self.engine.connect() as connection:
            look = inspect(connection)
            names = look.get_table_names(schema=self.target)
            if names and MARK not in names:
                raise _refused(
                    "目标模式里不是我们的副本 the schema holds something else than a copy of ours",
                    "name a new schema",
                )

    def make(self) -> None:
        with self.engine.begin() as connection:
            name = self._quoted(self.schema)
            connection.execute(text(f"CREATE SCHEMA {name}"))
            connection.execute(text(f"REVOKE ALL ON SCHEMA {name} FROM PUBLIC"))

    def drop(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {self._quoted(self.schema)} CASCADE"))

    def publish(self, copies: Sequence[Table]) -> None:
        staged, target = self._quoted(self.schema), self._quoted(self.target)
        with self.engine.begin() as connection:
            self.joined(connection, copies)
            connection.execute(text(f"DROP TABLE {self._state}"))
            connection.execute(text(f"CREATE TABLE {staged}.{MARK} (made INTEGER)"))
            connection.execute(text(f"DROP SCHEMA IF EXISTS {target} CASCADE"))
            connection.execute(text(f"ALTER SCHEMA {staged} RENAME TO {target}"))


class MysqlStage(Stage):
    """A database, whose tables are renamed by one statement."""

    _lock = "SELECT GET_LOCK(:name, 0)"

    def __init__(self, engine: Engine, target: str) -> None:
        database = str(target or engine.url.database or "")
        super().__init__(
            create_engine(
                engine.url.set(database="information_schema"),
                poolclass=NullPool,
                hide_parameters=True,
            ),
            database,
        )
        self.schema = f"{database}_qlstage"

    def _quoted(self, name: str) -> str:
        return self.engine.dialect.identifier_preparer.quote_identifier(name)

    def _names(self, connection: Connection, schema: str) -> list[str]:
        found = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = :name"),
            {"name": schema},
        )
        return [str(row[0]) for row in found]

    def check(self) -> None:
        with self.engine.connect() as connection:
            names = self._names(connection, self.target)
            if names and MARK not in names:
                raise _refused(
                    "目标库里不是我们的副本 the database holds something else than a copy of ours",
                    "name a new database",
                )

    def make(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(f"CREATE DATABASE {self._quoted(self.schema)} "
                                    "CHARACTER SET utf8mb4"))  # fmt: skip

    def drop(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {self._quoted(self.schema)}"))

    def publish(self, copies: Sequence[Table]) -> None:
        old = f"{self.target}_qlold"
        staged, target, gone = map(self._quoted, (self.schema, self.target, old))
        with self.engine.begin() as connection:
            self.joined(connection, copies)
            connection.execute(text(f"CREATE TABLE IF NOT EXISTS {staged}.{MARK} (made INTEGER)"))
            connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {target}"))
            connection.execute(text(f"DROP DATABASE IF EXISTS {gone}"))
            connection.execute(text(f"CREATE DATABASE {gone}"))
            moves = [
                f"{target}.{self._quoted(name)} TO {gone}.{self._quoted(name)}"
                for name in self._names(connection, self.target)
            ]
            moves += [
                f"{staged}.{self._quoted(name)} TO {target}.{self._quoted(name)}"
                for name in (*(table.name for table in copies), MARK)
            ]
            connection.execute(text("RENAME TABLE " + ", ".join(moves)))
            connection.execute(text(f"DROP DATABASE {staged}"))
            connection.execute(text(f"DROP DATABASE {gone}"))


class SqliteStage(Stage):
    """A file, renamed."""

    def __init__(self, engine: Engine, target: str) -> None:
        self._path = Path(str(engine.url.database or ""))
        self._part = self._path.with_name(f".{self._path.name}.part")
        url = URL.create("sqlite", database=str(self._part))
        super().__init__(create_engine(url, poolclass=NullPool, hide_parameters=True), target)

    def check(self) -> None:
        if not self._path.exists():
            return
        url = URL.create("sqlite", database=str(self._path))
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        with engine.connect() as connection:
            if not inspect(connection).has_table(MARK):
                raise _refused(
                    "目标文件不是我们的副本 the file is not a copy of ours", "name a new file"
                )

    def make(self) -> None:
        try:
            os.close(os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError:
            raise WorldError("目标写不进 the target cannot be written") from None

    def drop(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self._part.with_name(self._part.name + suffix).unlink(missing_ok=True)

    def publish(self, copies: Sequence[Table]) -> None:  # noqa: ARG002
        with self.engine.begin() as connection:
            broken = connection.execute(text("PRAGMA foreign_key_check")).first()
            if broken is not None:
                raise WorldError(f"外键不成立 a foreign key does not hold in {broken[0]}")
            connection.execute(text(f"DROP TABLE {STATE}"))
            connection.execute(text(f"CREATE TABLE {MARK} (made INTEGER)"))
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.replace(self._path)


def stage_of(engine: Engine, target: str) -> Stage:
    """The stage of an engine's family."""
    match engine.dialect.name:
        case "postgresql":
            return PostgresStage(engine, target)
        case "mysql":
            return MysqlStage(engine, target)
        case _:
            return SqliteStage(engine, target)
