"""The usage of a node on disk: one SQLite file, written by the usage service alone.

Every batch of a worker is one transaction with its number, so that a batch that is
sent twice counts once and what was acknowledged survives any kill. A damaged file is
moved aside and begun anew: quotas then start afresh, the network does not stop.
This module is a door: a database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from loguru import logger

from gateway.usage import Mark, Place, Row, oldest
from rules.load import WorldError

_TABLES = """
CREATE TABLE IF NOT EXISTS usage (
  token TEXT NOT NULL, counter TEXT NOT NULL, day TEXT NOT NULL,
  minutes BLOB NOT NULL, bytes INTEGER NOT NULL, told INTEGER NOT NULL,
  PRIMARY KEY (token, counter, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (boot TEXT PRIMARY KEY, seq INTEGER NOT NULL, at REAL NOT NULL);
"""
_SAVE = "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?)"
_HEARD = "INSERT OR REPLACE INTO heard VALUES (?, ?, ?)"
DAY_BYTES = 180  # a bit for each minute of a day


class UsageStore:
    """All rows of the last days, in memory and on disk. Raises WorldError where it cannot write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if hasattr(self, "_base"):
                self.close()
            if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                raise WorldError(f"{path}: cannot be opened: {error}") from error
            aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
            logger.error("{} is damaged ({}): moved aside, quotas begin anew", path, error)
            for tail in ("", "-wal", "-shm"):
                with suppress(OSError):
                    path.with_name(path.name + tail).replace(aside.with_name(aside.name + tail))
            self._open()

    def _open(self) -> None:
        self._base = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.path.chmod(0o600)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_TABLES)
        self._minutes: dict[Place, int] = {}
        self._rows: dict[Place, Row] = {}
        for token, counter, day, minutes, size, told in self._base.execute("SELECT * FROM usage"):
            self._keep((token, counter, day), int.from_bytes(minutes, "big"), size, bool(told))
        self._heard = dict(self._base.execute("SELECT boot, seq FROM heard"))

    def close(self) -> None:
        self._base.close()

    def rows(self) -> list[tuple[Place, Row]]:
        """Everything that is known."""
        return list(self._rows.items())

    def apply(self, boot: str, seq: int, marks: Mapping[Place, Mark]) -> list[tuple[Place, Row]]:
        """Store a worker's batch; the rows that changed. A batch heard before changes nothing."""
        if seq <= self._heard.get(boot, 0):
            return []
        changed = {place: self._merged(place, mark) for place, mark in marks.items()}
        with self._transaction():
            self._base.executemany(_SAVE, [_values(place, *new) for place, new in changed.items()])
            self._base.execute(_HEARD, (boot, seq, time.time()))
        self._heard[boot] = seq
        for place, new in changed.items():
            self._keep(place, *new)
        return [(place, self._rows[place]) for place in changed]

    def reset(self, token: str = "", counter: str = "") -> int:
        """Forget rows of a token, a counter, both, or (neither given) all; how many."""
        gone = [
            place for place in self._rows if token in ("", place[0]) and counter in ("", place[1])
        ]
        self._remove(gone)
        return len(gone)

    def rename(self, pairs: Iterable[Sequence[str]]) -> int:
        """Tokens were rotated: what the old one used, the new one has used; how many rows."""
        names = {str(old): str(new) for old, new in pairs if old != new}
        moved = [place for place in self._rows if place[0] in names]
        fresh: dict[Place, tuple[int, int, bool]] = {}
        for place in moved:
            to = (names[place[0]], place[1], place[2])
            old, new = self._rows[place], self._rows.get(to, Row())
            fresh[to] = (
                self._minutes[place] | self._minutes.get(to, 0),
                old.bytes + new.bytes,
                old.told or new.told,
            )
        with self._transaction():
            self._base.executemany(_SAVE, [_values(place, *new) for place, new in fresh.items()])
        for place, row in fresh.items():
            self._keep(place, *row)
        self._remove(moved)
        return len(moved)

    def prune(self, day: str) -> int:
        """Remove what is too old to matter on this day, and workers long gone; how many rows."""
        first = oldest(day)
        gone = [place for place in self._rows if place[2] < first]
        self._remove(gone)
        with self._transaction():
            self._base.execute("DELETE FROM heard WHERE at < ?", (time.time() - 8 * 86_400,))
        return len(gone)

    def _remove(self, places: Sequence[Place]) -> None:
        with self._transaction():
            self._base.executemany(
                "DELETE FROM usage WHERE token = ? AND counter = ? AND day = ?", places
            )
        for place in places:
            del self._rows[place], self._minutes[place]

    def _merged(self, place: Place, mark: Mark) -> tuple[int, int, bool]:
        minutes, row = self._minutes.get(place, 0), self._rows.get(place, Row())
        for minute in mark.minutes:
            minutes |= 1 << minute
        return minutes, row.bytes + mark.bytes, row.told or mark.told

    def _keep(self, place: Place, minutes: int, size: int, told: bool) -> None:
        self._minutes[place] = minutes
        self._rows[place] = Row(minutes.bit_count(), minutes.bit_length() - 1, size, told)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
            raise WorldError(f"{self.path}: cannot be written: {error}") from error


def _values(place: Place, minutes: int, size: int, told: bool) -> tuple[object, ...]:
    return (*place, minutes.to_bytes(DAY_BYTES, "big"), size, int(told))
