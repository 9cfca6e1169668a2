"""How each kind of database is opened read-only, counted from statistics, and sampled.

A sample never sorts a table: PostgreSQL picks pages by TABLESAMPLE SYSTEM … REPEATABLE(seed),
SQLite and MySQL probe seeded places of the rowid or of a whole-number key, and what has neither
is read from its head, and says so. Long values are cut in the database. Doors: only statements.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from audit.lifecycle.discover import Found, Sample
from rules.model import Text

CUT = 4000  # characters of one value that leave the database
PROBES = 50
ENOUGH = 4  # a table of up to so many times the sample is read whole, then thinned
_HEAD = Text(zh="只取到表头部的若干行", en="only the first rows were read")
_TEXTUAL = re.compile(r"char|text|clob|string|enum|name", re.IGNORECASE)
_BYTES = re.compile(r"bytea|blob|binary|image", re.IGNORECASE)
_SIMPLE = re.compile(
    r"int|serial|numeric|decimal|real|double|float|date|time|bool|year|bit$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a catalogue knows of one table."""

    rows: int | None
    mark: str = ""  # changes when rows do
    form: str = "table"
    partition: bool = False


class Dialect:
    """Any database: the head of each table, under whatever limits it understands."""

    name = ""
    single_schema = False
    quote = '"'
    cast = "CAST({} AS VARCHAR(4000))"

    def readonly(self, url: URL) -> URL:
        return url

    def connect_args(self) -> dict[str, Any]:
        return {}

    def session(self, statement: int, lock: int) -> tuple[tuple[str, bool], ...]:  # noqa: ARG002
        """(statement, whether a session without it must not be used)."""
        return ()

    def may_write(self, connection: Connection) -> bool:  # noqa: ARG002
        return False

    def sizes(self, connection: Connection, schema: str | None) -> dict[str, Size]:  # noqa: ARG002
        return {}

    def quoted(self, name: str) -> str:
        doubled = name.replace(self.quote, self.quote * 2).replace(":", "\\:")
        return f"{self.quote}{doubled}{self.quote}"

    def columns(self, table: Found) -> str:
        """The select list: long values cut, odd types as text."""
        return ", ".join(self._column(self.quoted(name), type_) for name, type_ in table.columns)

    def _column(self, name: str, type_: str) -> str:
        if _BYTES.search(type_):
            return f"substr({name}, 1, {CUT})"
        if _TEXTUAL.search(type_):
            return f"substr({name}, 1, {CUT})"
        return name if _SIMPLE.search(type_) else f"substr({self.cast.format(name)}, 1, {CUT})"

    def place(self, table: Found) -> str:
        return ".".join(self.quoted(one) for one in (table.schema, table.name) if one)

    def sample(self, connection: Connection, table: Found, size: int, seed: int) -> Sample:
        rows = self.head(connection, table, size * ENOUGH)
        return self.thinned(rows, size, seed, whole=len(rows) < size * ENOUGH)

    def head(self, connection: Connection, table: Found, most: int) -> list[Any]:
        order = f"SELECT {self.columns(table)} FROM {self.place(table)} LIMIT {most}"  # noqa: S608
        return list(connection.execute(text(order)))

    @staticmethod
    def thinned(rows: list[Any], size: int, seed: int, *, whole: bool) -> Sample:
        """At most `size` of the rows, the same for the same seed."""
        note = None if whole else _HEAD
        counted = len(rows) if whole else None
        if len(rows) > size:
            places = sorted(random.Random(seed).sample(range(len(rows)), size))
            rows = [rows[place] for place in places]
        return Sample(rows=rows, note=note, counted=counted)


class _Keyed(Dialect):
    """Databases with a whole-number key to probe."""

    def key(self, connection: Connection, table: Found) -> str | None:  # noqa: ARG002
        types = dict(table.columns)
        if len(table.key) == 1 and re.search("int", types.get(table.key[0], ""), re.IGNORECASE):
            return self.quoted(table.key[0])
        return None

    def sample(self, connection: Connection, table: Found, size: int, seed: int) -> Sample:
        key = None if table.kind == "view" else self.key(connection, table)
        if key is None:
            return super().sample(connection, table, size, seed)
        place, columns = self.place(table), self.columns(table)
        # two statements: each is answered from one end of the index
        low = connection.execute(text(f"SELECT min({key}) FROM {place}")).scalar()  # noqa: S608
        high = connection.execute(text(f"SELECT max({key}) FROM {place}")).scalar()  # noqa: S608
        if low is None or high is None:
            return Sample(counted=0)
        if high - low < size * ENOUGH:
            return super().sample(connection, table, size, seed)
        drawn = random.Random(seed)
        each = max(1, -(-size // PROBES))
        rows: dict[int, Any] = {}
        order = text(
            f"SELECT {key}, {columns} FROM {place} WHERE {key} >= :low ORDER BY {key} LIMIT {each}"  # noqa: S608
        )
        for start in sorted(drawn.randint(int(low), int(high)) for _ in range(PROBES)):
            for row in connection.execute(order, {"low": start}):
                rows[row[0]] = row[1:]
        return Sample(rows=list(rows.values())[:size])


class SQLite(_Keyed):
    name = "sqlite"
    single_schema = True
    cast = "CAST({} AS TEXT)"

    def readonly(self, url: URL) -> URL:
        name = url.database or ""
        if not name or name == ":memory:" or name.startswith("file:"):
            return url
        return url.set(
            database=f"file:{name.replace('?', '%3f').replace('#', '%23')}",
            query={**url.query, "mode": "ro", "uri": "true"},
        )

    def session(self, statement: int, lock: int) -> tuple[tuple[str, bool], ...]:  # noqa: ARG002
        return (("PRAGMA query_only=ON", True), (f"PRAGMA busy_timeout={lock * 1000}", True))

    def place(self, table: Found) -> str:
        return self.quoted(table.name)

    def key(self, connection: Connection, table: Found) -> str | None:
        order = "SELECT sql FROM sqlite_master WHERE name = :name"
        made = connection.execute(text(order), {"name": table.name}).scalar()
        if made and re.search(r"WITHOUT\s+ROWID", str(made), re.IGNORECASE):
            return super().key(connection, table)
        return "rowid"

    def sizes(self, connection: Connection, schema: str | None) -> dict[str, Size]:  # noqa: ARG002
        """SQLite has no statistics: the highest rowid, or a count where there is no rowid."""
        found: dict[str, Size] = {}
        listed = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type='table'"))
        for name, made in list(listed):
            if re.search(r"WITHOUT\s+ROWID", str(made), re.IGNORECASE):
                order = f"SELECT count(*), count(*) FROM {self.quoted(name)}"  # noqa: S608
                low, high = connection.execute(text(order)).one()
                found[name] = Size(rows=high, mark=str(high))
                continue
            order = f"SELECT (SELECT min(rowid) FROM {self.quoted(name)}), (SELECT max(rowid) FROM {self.quoted(name)})"  # noqa: S608, E501
            low, high = connection.execute(text(order)).one()
            found[name] = Size(rows=0 if high is None else high - low + 1, mark=f"{low}-{high}")
        return found


class PostgreSQL(Dialect):
    name = "postgresql"
    cast = "CAST({} AS text)"

    def session(self, statement: int, lock: int) -> tuple[tuple[str, bool], ...]:
        return (
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", True),
            (f"SET statement_timeout = '{statement}s'", True),
            (f"SET lock_timeout = '{lock}s'", True),
            ("SET idle_in_transaction_session_timeout = '300s'", False),
            ("SET synchronize_seqscans = off", False),  # the same head every time
            ("SET extra_float_digits = 1", False),
        )

    def may_write(self, connection: Connection) -> bool:
        order = (
            "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "  # noqa: E501
            "WHERE c.relkind IN ('r','p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' "  # noqa: E501
            "AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')) FROM pg_roles WHERE rolname = current_user"  # noqa: E501
        )
        return bool(connection.exec_driver_sql(order.replace("%", "%%")).scalar())

    def sizes(self, connection: Connection, schema: str | None) -> dict[str, Size]:
        try:
            return self._sizes(connection, schema, "pg_relation_size({})")
        except SQLAlchemyError:  # a size wants a lock that somebody holds: the statistics' pages
            connection.rollback()
            pages = "(SELECT relpages::bigint * current_setting('block_size')::int FROM pg_class WHERE oid = {})"  # noqa: E501
            return self._sizes(connection, schema, pages)

    def _sizes(self, connection: Connection, schema: str | None, size: str) -> dict[str, Size]:
        own, leaf = size.format("c.oid"), size.format("t.relid")
        order = text(
            "SELECT c.relname, c.relkind, c.relispartition, c.reltuples, c.relpages, "  # noqa: S608
            f"CASE WHEN c.relkind IN ('r','m') THEN {own} / current_setting('block_size')::int END, "  # noqa: E501
            "CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(k.reltuples, 0)) FROM pg_partition_tree(c.oid) t "  # noqa: E501
            " JOIN pg_class k ON k.oid = t.relid WHERE t.isleaf) END, "
            f"CASE WHEN c.relkind = 'p' THEN (SELECT sum({leaf}) / current_setting('block_size')::int "  # noqa: E501
            " FROM pg_partition_tree(c.oid) t WHERE t.isleaf) END, "
            "coalesce(s.n_tup_ins, 0), coalesce(s.n_tup_upd, 0), coalesce(s.n_tup_del, 0) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid "
            "WHERE n.nspname = :schema AND c.relkind IN ('r','p','m','f')"
        )
        found: dict[str, Size] = {}
        for row in connection.execute(order, {"schema": schema}):
            name, kind, part, tuples, pages, now, below, pages_below = row[:8]
            kind = kind.decode() if isinstance(kind, bytes) else kind
            if kind == "p":
                rows, now = int(below or 0), pages_below
            elif tuples is None or tuples < 0:
                rows = None
            else:
                rows = int(tuples * (now / pages if pages and now else 1))
            found[name] = Size(
                rows=rows,
                mark="/".join(map(str, (now, *row[8:]))),
                form={"p": "partitioned", "m": "materialized", "f": "foreign"}.get(kind, "table"),
                partition=bool(part),
            )
        return found

    def sample(self, connection: Connection, table: Found, size: int, seed: int) -> Sample:
        pages = table.size.partition("/")[0]
        if table.kind in ("view", "foreign") or not pages.isdecimal() or int(pages) <= 64:
            return super().sample(connection, table, size, seed)
        density = (table.rows or 0) / int(pages) or 30.0
        share = min(100.0, max(100.0 * 3 * size / (density * int(pages)), 100.0 * 40 / int(pages)))
        for wider in (1, 8, 64):
            percent = min(100.0, share * wider)
            order = (
                f"SELECT {self.columns(table)} FROM {self.place(table)} "  # noqa: S608
                f"TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE ({seed % 2**31}) LIMIT {size * 12}"
            )
            rows = list(connection.execute(text(order)))
            if len(rows) >= min(size, 50) or percent >= 100.0:
                break
        taken = self.thinned(rows, size, seed, whole=True)
        return Sample(rows=taken.rows)


class MySQL(_Keyed):
    name = "mysql"
    single_schema = True
    quote = "`"
    cast = "CAST({} AS CHAR)"

    def session(self, statement: int, lock: int) -> tuple[tuple[str, bool], ...]:
        return (
            ("SET SESSION TRANSACTION READ ONLY", True),
            (f"SET SESSION max_statement_time = {statement}", False),  # MariaDB
            (f"SET SESSION max_execution_time = {statement * 1000}", False),  # MySQL
            (f"SET SESSION lock_wait_timeout = {lock}", True),
            (f"SET SESSION innodb_lock_wait_timeout = {lock}", False),
        )

    def may_write(self, connection: Connection) -> bool:
        listed = connection.exec_driver_sql("SHOW GRANTS")
        return any(
            re.match(r"GRANT [^`']*\b(ALL|INSERT|UPDATE|DELETE|DROP)\b", str(row[0]))
            for row in listed
        )

    def sizes(self, connection: Connection, schema: str | None) -> dict[str, Size]:
        order = text(
            "SELECT table_name, table_rows, data_length, update_time, auto_increment, create_options "  # noqa: E501
            "FROM information_schema.tables WHERE table_schema = :schema AND table_type <> 'VIEW'"
        )
        return {
            row[0]: Size(
                rows=row[1],
                mark="/".join(map(str, row[2:5])),
                form="partitioned" if "partitioned" in str(row[5] or "") else "table",
            )
            for row in connection.execute(order, {"schema": schema})
        }


DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "mysql": MySQL,
    "mariadb": MySQL,
}


def dialect_of(name: str) -> Dialect:
    """What is known of a kind of database; others are read from the head of each table."""
    return DIALECTS.get(name, Dialect)()
