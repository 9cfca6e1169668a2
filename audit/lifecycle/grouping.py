"""Rows → groups of like rows, in bounded memory: a SQLite file that is thrown away. A door.

Rows are streamed in; the database sorts on disk and groups are streamed out. The file holds
keyed digests in place of the values, and its key is forgotten with the process.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from audit.lifecycle.risk import Group
from audit.lifecycle.shapes import text_of

BATCH = 5000
PAGES = -32_000  # KiB of cache
MOST_VALUES = 50_000  # of a sensitive column; beyond it the column is left out, and said so


class Groups:
    """Gathers rows; then gives groups and totals. Use as a context manager."""

    def __init__(self, quasi: int, sensitive: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="qinglang-risk-")
        self._key = os.urandom(16)
        self._sensitive = tuple(sensitive)
        self._quasi = quasi
        self._base = sqlite3.connect(Path(self._folder.name) / "groups.db", isolation_level=None)
        self._base.execute("PRAGMA journal_mode=OFF")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.execute(f"PRAGMA cache_size={PAGES}")
        names = "".join(f", s{place}" for place in range(len(self._sensitive)))
        self._base.execute(f"CREATE TABLE rows (g BLOB{names})")

    def __enter__(self) -> Groups:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()
        self._folder.cleanup()

    def add(self, rows: Iterable[Sequence[Any]]) -> int:
        """Rows of quasi-identifiers followed by the sensitive values. Gives their number."""
        marks = ", ".join("?" * (1 + len(self._sensitive)))
        order = f"INSERT INTO rows VALUES ({marks})"  # noqa: S608
        count = 0
        waiting: list[tuple[Any, ...]] = []
        self._base.execute("BEGIN")
        for row in rows:
            texts = [text_of(value) for value in row]
            waiting.append((self._digest(texts[: self._quasi]), *texts[self._quasi :]))
            count += 1
            if len(waiting) >= BATCH:
                self._base.executemany(order, waiting)
                waiting.clear()
        self._base.executemany(order, waiting)
        self._base.execute("COMMIT")
        return count

    def _digest(self, texts: list[str]) -> bytes:
        parts = "\x1f".join(texts).encode("utf-8", "replace")
        return hashlib.blake2b(parts, digest_size=12, key=self._key).digest()

    def totals(self) -> dict[str, dict[str, int]]:
        """Counts of each sensitive column's values; columns of too many values are left out."""
        found: dict[str, dict[str, int]] = {}
        for place, name in enumerate(self._sensitive):
            order = f"SELECT s{place}, count(*) FROM rows GROUP BY 1 LIMIT {MOST_VALUES + 1}"  # noqa: S608
            counts = dict(self._base.execute(order))
            if len(counts) <= MOST_VALUES:
                counts.pop("", None)
                found[name] = counts
        return found

    def groups(self, totals: dict[str, dict[str, int]]) -> Iterator[Group]:
        """Every group, one at a time."""
        places = [(place, name) for place, name in enumerate(self._sensitive) if name in totals]
        if not places:
            for (size,) in self._base.execute("SELECT count(*) FROM rows GROUP BY g"):
                yield Group(size=size)
            return
        wanted = ", ".join(f"s{place}" for place, _ in places)
        current: bytes | None = None
        size = 0
        counts: dict[str, dict[str, int]] = {name: {} for _, name in places}
        for row in self._base.execute(f"SELECT g, {wanted} FROM rows ORDER BY g"):  # noqa: S608
            if row[0] != current:
                if current is not None:
                    yield Group(size=size, sensitive=counts)
                current, size = row[0], 0
                counts = {name: {} for _, name in places}
            size += 1
            for (_, name), value in zip(places, row[1:], strict=True):
                if value:
                    counts[name][value] = counts[name].get(value, 0) + 1
        if current is not None:
            yield Group(size=size, sensitive=counts)
