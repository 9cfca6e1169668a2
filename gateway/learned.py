"""What was learned on this node: votes, evidence and decisions in one SQLite file.

Written by the node's writer (votes, what follows from them) and by officers' commands
(decisions), read by anyone who asks. No page, name, address or query is kept: pages and
voters are digests under a key of this file. Decisions are only ever added, the last one
holds. A damaged file is moved aside and begun anew. This module is a door: a database.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loguru import logger

from gateway.votes import Vote
from policies.learning import Evidence
from rules.load import WorldError

_TABLES = """
CREATE TABLE IF NOT EXISTS secret (key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS votes (
  host TEXT NOT NULL, path TEXT NOT NULL, category TEXT NOT NULL, day TEXT NOT NULL,
  page BLOB NOT NULL, voter BLOB NOT NULL, shared INTEGER NOT NULL,
  PRIMARY KEY (host, path, category, day, page, voter)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clean (
  host TEXT NOT NULL, day TEXT NOT NULL, pages INTEGER NOT NULL,
  PRIMARY KEY (host, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS words (
  host TEXT NOT NULL, path TEXT NOT NULL, category TEXT NOT NULL, word TEXT NOT NULL,
  day TEXT NOT NULL, times INTEGER NOT NULL,
  PRIMARY KEY (host, path, category, word)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decisions (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL,
  category TEXT NOT NULL, state TEXT NOT NULL, issuer TEXT NOT NULL, reason TEXT NOT NULL,
  until REAL NOT NULL);
"""
MOST_VOTES = 2_000  # of one host and day: more say nothing new
MOST_ROWS = 500_000  # votes of all hosts; beyond it new ones are not taken
MOST_HOSTS = 200_000  # hosts and days whose clean pages are counted
WORDS_TOLD = 8
PATIENCE = 5.0  # seconds for the other writer of the file


class State(StrEnum):
    """What became of a candidate."""

    CANDIDATE = "candidate"  # proposed: officers are asked
    BLOCKED = "blocked"  # in the list by itself; officers are asked
    CONFIRMED = "confirmed"
    REJECTED = "rejected"  # a regression example from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The decision that holds on one host (or path) and category."""

    host: str
    path: str
    category: str
    state: State
    at: float
    issuer: str = ""
    reason: str = ""
    until: float = 0.0  # 0: for good

    @property
    def place(self) -> str:
        return f"{self.host}{self.path}"


class Learned:
    """The file. Raises WorldError where it cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._set_aside(error)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        with suppress(AttributeError):
            self._base.close()
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise WorldError(f"{self.path}: cannot be opened: {error}") from error
        aside = f"{self.path.name}.damaged-{int(time.time())}"
        logger.error("{} is damaged ({}): moved aside, learning begins anew", self.path, error)
        for tail in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + tail).replace(
                    self.path.with_name(aside + tail)
                )
        self._open()

    def _open(self) -> None:
        self._base = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self.path.chmod(0o600)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_TABLES)
        with self._transaction():
            row = self._base.execute("SELECT key FROM secret").fetchone()
            if row is None:
                row = (secrets.token_bytes(32),)
                self._base.execute("INSERT INTO secret VALUES (?)", row)
        self.key: bytes = row[0]

    def close(self) -> None:
        self._base.close()

    def take(self, votes: Iterable[Vote], clean: Iterable[tuple[str, str, int]]) -> None:
        """Store votes, and pages let through as (host, day, pages)."""
        with self._transaction():
            rows = self._one("SELECT count(*) FROM votes")
            for vote in votes:
                of_day = "SELECT count(*) FROM votes WHERE host = ? AND day = ?"
                if rows < MOST_ROWS and self._one(of_day, vote.host, vote.day) < MOST_VOTES:
                    rows += self._vote(vote)
            kept = self._one("SELECT count(*) FROM clean")
            for host, day, pages in clean:
                if kept < MOST_HOSTS:
                    self._base.execute(
                        "INSERT INTO clean VALUES (?, ?, ?) ON CONFLICT (host, day)"
                        " DO UPDATE SET pages = pages + excluded.pages",
                        (host, day, pages),
                    )

    def _vote(self, vote: Vote) -> int:
        where = (vote.host, vote.path, vote.category)
        done = self._base.execute(
            "INSERT OR IGNORE INTO votes VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*where, vote.day, vote.page, vote.voter, vote.shared),
        )
        if done.rowcount:
            self._base.executemany(
                "INSERT INTO words VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT"
                " (host, path, category, word) DO UPDATE SET times = times + 1, day = excluded.day",
                [(*where, word, vote.day) for word in vote.words],
            )
        return done.rowcount

    def evidence(self, host: str, path: str, category: str) -> Evidence:
        """What is known of one host (path) and category."""
        where = (host, path, category)
        with self._trouble():
            harmful, days, people, first, last, shared = self._base.execute(
                "SELECT count(*), count(DISTINCT day), count(DISTINCT voter), min(day), max(day),"
                " max(shared) FROM votes WHERE host = ? AND path = ? AND category = ?",
                where,
            ).fetchone()
            words = self._base.execute(
                "SELECT word FROM words WHERE host = ? AND path = ? AND category = ?"
                " ORDER BY times DESC, word LIMIT ?",
                (*where, WORDS_TOLD),
            ).fetchall()
            clean = self._one("SELECT coalesce(sum(pages), 0) FROM clean WHERE host = ?", host)
        return Evidence(
            host=host,
            path=path,
            category=category,
            harmful=harmful,
            clean=clean,
            days=days,
            people=people,
            first=first or "",
            last=last or "",
            words=tuple(word for (word,) in words),
            shared=bool(shared),
        )

    def decide(self, made: Standing) -> None:
        """Add a decision."""
        with self._transaction():
            self._base.execute(
                "INSERT INTO decisions (at, host, path, category, state, issuer, reason, until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    made.at,
                    made.host,
                    made.path,
                    made.category,
                    made.state.value,
                    made.issuer,
                    made.reason,
                    made.until,
                ),
            )

    def history(self, host: str, path: str = "") -> list[Standing]:
        """Every decision on a host (path), oldest first."""
        return self._standings("WHERE host = ? AND path = ? ORDER BY id", host, path)

    def standing(self, now: float) -> list[Standing]:
        """The last decision on each candidate; one that has expired is none."""
        last = "WHERE id IN (SELECT max(id) FROM decisions GROUP BY host, path, category)"
        return [
            one
            for one in self._standings(f"{last} ORDER BY host, path, category")
            if not 0 < one.until <= now
        ]

    def state(self, host: str, path: str, category: str, now: float) -> Standing | None:
        """The decision that holds on one candidate."""
        found = self._standings(
            "WHERE host = ? AND path = ? AND category = ? ORDER BY id DESC LIMIT 1",
            *(host, path, category),
        )
        return found[0] if found and not 0 < found[0].until <= now else None

    def forget(self, before: str) -> None:
        """Drop votes, words and counts of days before this one; decisions stay."""
        with self._transaction():
            for table in ("votes", "clean", "words"):
                self._base.execute(f"DELETE FROM {table} WHERE day < ?", (before,))  # noqa: S608

    def _standings(self, clause: str, *values: str) -> list[Standing]:
        columns = "host, path, category, state, at, issuer, reason, until"
        with self._trouble():
            rows = self._base.execute(
                f"SELECT {columns} FROM decisions {clause}",  # noqa: S608 - our own words
                values,
            ).fetchall()
        return [
            Standing(
                host=host,
                path=path,
                category=category,
                state=State(state),
                at=at,
                issuer=issuer,
                reason=reason,
                until=until,
            )
            for host, path, category, state, at, issuer, reason, until in rows
        ]

    def _one(self, query: str, *values: str) -> int:
        return int(self._base.execute(query, values).fetchone()[0])

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise WorldError(f"{self.path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._trouble():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
