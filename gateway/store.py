"""The event store: batches → rows, each exactly once, in one SQLite file per node and day.

A day is Asia/Shanghai's. With a database URL the same tables stand in that
database (PostgreSQL) instead. A damaged file is moved aside and counted, and a
new one begun; a full disk or an absent database is a WorldError, and the batch
stays with its sender. Only the node's writer process opens a Store.
This module is a door to the file system and the database.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard
from loguru import logger
from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from gateway import seal as seals
from gateway.batch import Batch
from gateway.database import Failure, connect, damage, dispose, migrate, trouble
from gateway.rows import SUFFIX, SUMS, Rows, by_day, counted, day_file, day_of, plain
from gateway.tables import AggregateRow, Base, EndRow, EventRow, SnapshotRow, SpanRow, TraceRow
from rules.load import WorldError

if TYPE_CHECKING:
    from gateway.metrics import Metrics


@dataclass(slots=True, kw_only=True)
class _File:
    """The place of an open file in the ledger."""

    segment: str
    seal: int  # what is stored now belongs to it
    events: int = 0  # not sealed yet
    changed: bool = False


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
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`folder` holds the day files; with a `url` that database is used instead.

        `snapshots` is the folder of policy documents, so that hashes find them.
        """
        self._node = node
        self._folder = folder
        self._url = url
        self._snapshots = snapshots
        self._metrics = metrics
        self._clock = clock
        self._open: dict[str, Connection] = {}  # by day; "" is the database of the URL
        self._files: dict[str, _File] = {}  # by day: its place in the ledger
        self._segments: dict[str, str] = {}  # by day, also of files that are closed
        self._owed: set[str] = set()  # days that may hold seals not signed yet
        self._accidents: list[dict[str, Any]] = []
        self._unlooked: list[str] | None = None

    def write(self, batches: Sequence[Batch]) -> int:
        """Store these batches durably, each once. Returns how many were new (per day).

        One transaction per day. Raises WorldError where the database is absent,
        full or locked: then the batches may be written again, whole.
        """
        days = {"": list(batches)} if self._url else by_day(batches)
        for batch in batches:
            if batch.farewell and not self._url:
                days.setdefault(day_of(self._clock()), []).append(batch)
        return sum(self._write(day, parts) for day, parts in days.items())

    def close(self) -> None:
        """Close all files; the last one out folds the write-ahead log in."""
        for day in list(self._open):
            self._let_go(day)

    @property
    def unsealed(self) -> int:
        """Events stored and not sealed."""
        return sum(file.events for file in self._files.values())

    def seal(self) -> None:
        """Seal what is stored: its hashes are in the file, to be signed. Raises WorldError."""
        for day in [day for day, file in self._files.items() if file.changed]:
            try:
                self._seal(day)
            except Failure as error:
                self._shut(day)
                raise trouble(error) from error

    def owed(self) -> list[tuple[str, list[seals.Part]]]:
        """Seals to be signed, by day. Raises WorldError."""
        found = []
        for day in sorted(self._owed):
            try:
                with (connection := self._connection(day)).begin():
                    parts = seals.pending(connection)
            except Failure as error:
                self._shut(day)
                raise trouble(error) from error
            if parts:
                found.append((day, parts))
            else:
                self._owed.discard(day)
        return found

    def settle(self, day: str, parts: Sequence[seals.Part], seq: int) -> None:
        """These seals stand in checkpoint `seq`. Raises WorldError."""
        try:
            with (connection := self._connection(day)).begin():
                seals.mark(connection, [part.seal for part in parts], seq)
        except Failure as error:
            self._shut(day)
            raise trouble(error) from error

    def accidents(self) -> list[dict[str, Any]]:
        """The files moved aside since the last call."""
        found, self._accidents = self._accidents, []
        return found

    def recover(self) -> bool:
        """Look for unsealed rows in one file of an earlier run; False when none is left."""
        if self._unlooked is None:
            known = day_file(self._folder, self._node, "").name.removesuffix(SUFFIX)
            names = sorted(path.name for path in self._folder.glob(f"{known}*{SUFFIX}"))
            days = [name[len(known) :].removesuffix(SUFFIX) for name in names]
            self._unlooked = [""] if self._url else [day for day in days if len(day) == 10]
        if not self._unlooked:
            return False
        try:
            self._connection(day := self._unlooked.pop())
            self._files[day].changed = True
        except (*Failure, WorldError) as error:
            logger.warning("event file of {}: not looked into: {}", day, error)
        return True

    def _seal(self, day: str) -> None:
        connection, file = self._connection(day), self._files[day]
        with connection.begin():
            done = seals.close(connection, file.seal)
        if done:
            file.seal += 1
            self._owed.add(day)
        file.events, file.changed = 0, False

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
        file = self._files[day]
        with connection.begin():
            now = int(self._clock())
            fresh = [batch for batch in batches if _claim(connection, batch, now)]
            ends = [_end(batch, now, file.seal) for batch in fresh if batch.farewell]
            if ends:
                connection.execute(insert(EndRow), ends)
            events = [plain(item) for batch in fresh for item in batch.events]
            if events:
                connection.execute(insert(EventRow), events)
            counts = counted(fresh, file.seal)
            if counts:
                connection.execute(_adding(connection), counts)
            told = [item for batch in fresh for item in batch.traces]
            traces = [{**plain(item), "seal": file.seal} for item in told]
            self._keep(connection, TraceRow, "id", traces)
            self._keep(connection, SnapshotRow, "hash", self._documents(connection, traces))
        file.events += len(events)
        file.changed = file.changed or bool(fresh)
        return len(fresh)

    def _keep(self, connection: Connection, kind: type[Base], key: str, rows: Rows) -> None:
        """Insert rows whose key is new."""
        unique = {row[key]: row for row in rows}
        if unique:
            connection.execute(
                _insert(connection)(_table(kind)).on_conflict_do_nothing(),
                [unique[name] for name in sorted(unique)],
            )

    def _documents(self, connection: Connection, traces: Rows) -> Rows:
        """Rows that keep the policy documents of these traces, where not kept already."""
        seen = {row["snapshot"]: row for row in traces if row["snapshot"]}
        if not seen:
            return []
        kept = select(SnapshotRow.hash).where(SnapshotRow.hash.in_(seen))
        known = set(connection.execute(kept).scalars())
        return [
            {
                "hash": hashed,
                "seen": row["seen"],
                "document": document,
                "body": body,
                "seal": row["seal"],
            }
            for hashed, row in seen.items()
            if hashed not in known
            for document, body in [self._document(hashed)]
        ]

    def _document(self, hashed: str) -> tuple[str, bytes]:
        """The file name and text (zstd) of a snapshot; both empty where there is none."""
        if self._snapshots is None or not self._snapshots.is_dir():
            return "", b""
        for name in sorted(os.listdir(self._snapshots)):
            if name.startswith(hashed):
                try:
                    text = (self._snapshots / name).read_bytes()
                except OSError:
                    return name, b""
                return name, zstandard.compress(text)
        return "", b""

    def _connection(self, day: str) -> Connection:
        connection = self._open.pop(day, None)
        if connection is None:
            for oldest in list(self._open)[: len(self._open) - MOST_OPEN + 1]:
                self._let_go(oldest)
            connection = connect(self._url) if self._url else self._day_connection(day)
            try:
                migrate(connection)
                with connection.begin():
                    named = seals.segment(connection, self._node, day)
                    self._segments[day] = named
                    self._files[day] = _File(segment=named, seal=seals.open_seal(connection))
            except BaseException:
                dispose(connection)
                raise
            self._owed.add(day)
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

    def _let_go(self, day: str) -> None:
        """Seal a file for good, then close it."""
        try:
            if self._files[day].changed:
                self._seal(day)
        except Failure as error:
            logger.warning("event file of {}: not sealed now: {}", day, trouble(error))
        self._shut(day)

    def _shut(self, day: str) -> None:
        connection = self._open.pop(day, None)
        self._files.pop(day, None)
        if connection is not None:
            dispose(connection)

    def _set_aside(self, day: str, wrong: str) -> None:
        """Move a damaged file and its logs out of the way; nothing is deleted."""
        path = day_file(self._folder, self._node, day)
        segment = self._segments.get(day, "")
        mark = f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(path.with_name(path.name + mark + suffix))
        self._accidents.append(
            {"day": day, "segment": segment, "file": path.name + mark, "reason": wrong}
        )
        logger.error("event file {} is damaged ({}): moved aside as *{}", path.name, wrong, mark)
        if self._metrics:
            self._metrics.damaged(wrong)


def _claim(connection: Connection, batch: Batch, now: int) -> bool:
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
            seen=now,
        )
    )
    return True


def _end(batch: Batch, now: int, number: int) -> dict[str, Any]:
    """The row that says a worker ended as it should."""
    return {
        "node": batch.node,
        "worker": batch.worker,
        "boot": batch.boot,
        "last": batch.seq,
        "at": now,
        "seal": number,
    }


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
