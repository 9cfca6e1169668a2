"""The event store: batches → rows, each exactly once, in one SQLite file per node and day.

A day is Asia/Shanghai's. With a database URL the same tables stand in that
database (PostgreSQL) instead. A damaged file is moved aside and counted, and a
new one begun; a full disk or an absent database is a WorldError, and the batch
stays with its sender. Only the node's writer process opens a Store.
This module is a door to the file system and the database.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger
from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from gateway.batch import Batch
from gateway.database import Failure, connect, damage, dispose, migrate, trouble
from gateway.rows import SUMS, Rows, by_day, counted, day_file, plain
from gateway.tables import AggregateRow, Base, EventRow, SnapshotRow, SpanRow, TraceRow
from rules.load import WorldError

if TYPE_CHECKING:
    from gateway.metrics import Metrics

MOST_OPEN = 3  # day files: today, yesterday around midnight, an old one from spill


class Store:
    """Writes batches. One instance, one thread."""

    def __init__(
        self,
        node: str,
        folder: Path,
        *,
        url: str = "",
        snapshots: Path | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`folder` holds the day files; with a `url` that database is used instead.

        `snapshots` is the folder of policy documents, so that hashes find them.
        """
        self._node = node
        self._folder = folder
        self._url = url
        self._snapshots = snapshots
        self._metrics = metrics
        self._open: dict[str, Connection] = {}  # by day; "" is the database of the URL

    def write(self, batches: Sequence[Batch]) -> int:
        """Store these batches durably, each once. Returns how many were new (per day).

        One transaction per day. Raises WorldError where the database is absent,
        full or locked: then the batches may be written again, whole.
        """
        days = {"": list(batches)} if self._url else by_day(batches)
        return sum(self._write(day, parts) for day, parts in days.items())

    def close(self) -> None:
        """Close all files; the last one out folds the write-ahead log in."""
        for day in list(self._open):
            self._shut(day)

    def _write(self, day: str, batches: Sequence[Batch]) -> int:
        try:
            return self._transact(day, batches)
        except Failure as error:
            self._shut(day)
            wrong = damage(error)
            if not wrong or self._url:
                raise trouble(error) from error
        self._set_aside(day, wrong)
        try:
            return self._transact(day, batches)
        except Failure as error:
            self._shut(day)
            raise trouble(error) from error

    def _transact(self, day: str, batches: Sequence[Batch]) -> int:
        connection = self._connection(day)
        with connection.begin():
            fresh = [batch for batch in batches if _claim(connection, batch)]
            events = [plain(item) for batch in fresh for item in batch.events]
            if events:
                connection.execute(insert(EventRow), events)
            counts = counted(fresh)
            if counts:
                connection.execute(_adding(connection), counts)
            traces = [plain(item) for batch in fresh for item in batch.traces]
            self._keep(connection, TraceRow, "id", traces)
            self._keep(connection, SnapshotRow, "hash", self._documents(traces))
        return len(fresh)

    def _keep(self, connection: Connection, kind: type[Base], key: str, rows: Rows) -> None:
        """Insert rows whose key is new."""
        unique = {row[key]: row for row in rows}
        if unique:
            connection.execute(
                _insert(connection)(_table(kind)).on_conflict_do_nothing(),
                [unique[name] for name in sorted(unique)],
            )

    def _documents(self, traces: Rows) -> Rows:
        """Rows that say where the policy documents of these traces lie."""
        seen = {row["snapshot"]: row["seen"] for row in traces if row["snapshot"]}
        names: list[str] = []
        if seen and self._snapshots is not None and self._snapshots.is_dir():
            names = sorted(os.listdir(self._snapshots))
        return [
            {
                "hash": hashed,
                "seen": second,
                "document": next((name for name in names if name.startswith(hashed)), ""),
            }
            for hashed, second in seen.items()
        ]

    def _connection(self, day: str) -> Connection:
        connection = self._open.pop(day, None)
        if connection is None:
            for oldest in list(self._open)[: len(self._open) - MOST_OPEN + 1]:
                self._shut(oldest)
            connection = connect(self._url) if self._url else self._day_connection(day)
            try:
                migrate(connection)
            except BaseException:
                dispose(connection)
                raise
        self._open[day] = connection
        return connection

    def _day_connection(self, day: str) -> Connection:
        path = day_file(self._folder, self._node, day)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise WorldError(f"event file {path}: {error.strerror}") from error
        return connect(URL.create("sqlite", database=str(path)))

    def _shut(self, day: str) -> None:
        connection = self._open.pop(day, None)
        if connection is not None:
            dispose(connection)

    def _set_aside(self, day: str, wrong: str) -> None:
        """Move a damaged file and its logs out of the way; nothing is deleted."""
        path = day_file(self._folder, self._node, day)
        mark = f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(path.with_name(path.name + mark + suffix))
        logger.error("event file {} is damaged ({}): moved aside as *{}", path.name, wrong, mark)
        if self._metrics:
            self._metrics.damaged(wrong)


def _claim(connection: Connection, batch: Batch) -> bool:
    """Note the batch as stored; False if it already was. Adjoining numbers share one row."""
    span = _table(SpanRow).c
    mine = (span.node == batch.node) & (span.worker == batch.worker) & (span.boot == batch.boot)
    near = connection.execute(
        select(span.first, span.last).where(
            mine, span.first <= batch.seq + 1, span.last >= batch.seq - 1
        )
    ).all()
    if any(first <= batch.seq <= last for first, last in near):
        return False
    for first, _ in near:
        connection.execute(delete(SpanRow).where(mine, span.first == first))
    edges = [batch.seq, *(edge for row in near for edge in row)]
    connection.execute(
        insert(SpanRow).values(
            node=batch.node,
            worker=batch.worker,
            boot=batch.boot,
            first=min(edges),
            last=max(edges),
        )
    )
    return True


def _table(kind: type[Base]) -> Table:
    table = kind.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{kind} is not mapped to a table")
    return table


def _insert(connection: Connection) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT."""
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]


def _adding(connection: Connection) -> Any:
    """INSERT of aggregates that adds the sums where the key is known."""
    table = _table(AggregateRow)
    statement = _insert(connection)(table)
    return statement.on_conflict_do_update(
        index_elements=[table.c.key],
        set_={name: table.c[name] + statement.excluded[name] for name in SUMS},
    )
