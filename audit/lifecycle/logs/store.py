"""What was read of audit logs, in one SQLite file: entries, files and how far, gaps.

Entries and the place they came up to are written in one transaction, so an import that is
killed goes on without losing or doubling one. A file is known by its first bytes, not by its
name: a rotated or compressed log is the same log. No literal of a statement is ever in here.
A door: a database of our own.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.lifecycle.logs.model import Entry, Memory, Reduced, Verb
from rules.load import WorldError

NAME = "access.sqlite"
VERSION = 1
_SCHEMA = """
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT UNIQUE, format TEXT, memory TEXT);
CREATE TABLE file (
  id INTEGER PRIMARY KEY, source INTEGER, name TEXT, size INTEGER, head TEXT, tail TEXT,
  offset INTEGER, line INTEGER, first REAL, last REAL, seen INTEGER, kept INTEGER, bad INTEGER
);
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE entry (
  source INTEGER, file INTEGER, line INTEGER, at REAL, account INTEGER, host INTEGER,
  database INTEGER, program INTEGER, session INTEGER, verb INTEGER, command INTEGER,
  tables INTEGER, columns INTEGER, flags INTEGER, filtered INTEGER, rows INTEGER, ok INTEGER
);
CREATE INDEX entry_at ON entry (at);
CREATE TABLE gap (source INTEGER, file INTEGER, line INTEGER, kind TEXT, began REAL, ended REAL,
  count INTEGER, detail TEXT);
"""
_EXPORT, _AUDITING, _CUT = 1, 2, 4


@dataclass(slots=True, kw_only=True)
class LogFile:
    """One log and how far it was read. `offset` and `line` are of the next record."""

    id: int = 0
    source: int = 0
    name: str = ""
    size: int = 0  # how many first bytes `head` is of
    head: str = ""
    tail: str = ""  # of the last bytes before `offset`
    offset: int = 0
    line: int = 1
    first: float | None = None
    last: float | None = None
    seen: int = 0
    kept: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where a log does not say what it should: unreadable, missing, idle, changed."""

    source: str
    file: str
    line: int
    kind: str
    began: float
    ended: float
    count: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One entry, and where it stands: source, `file:line`."""

    source: str
    place: str
    entry: Entry


class Store:
    """Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / NAME
        self._line = sqlite3.connect(self.path, isolation_level=None, timeout=60)
        try:
            self._prepare()
        except (WorldError, sqlite3.Error) as error:
            self._line.close()
            if isinstance(error, WorldError):
                raise
            raise WorldError(f"存储打不开 the store cannot be opened: {error}") from None
        self._words: dict[str, int] = {}

    def _prepare(self) -> None:
        self.path.chmod(0o600)
        self._line.execute("PRAGMA journal_mode=WAL")
        self._line.execute("PRAGMA cache_size=-16000")
        version = self._line.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._line.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={VERSION};COMMIT")
        elif version != VERSION:
            raise WorldError(f"存储版本不符 another version of the store: {version}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One import at a time: two would read the same lines twice."""
        with (self.path.parent / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WorldError("另一导入正在进行 another import is running; try again") from None
            yield

    def begin(self) -> None:
        """One transaction, from here to `commit`."""
        self._line.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._line.execute("COMMIT")

    def source(self, name: str, kind: str) -> tuple[int, Memory]:
        """The source of a name, made where there is none, and what its reader remembered."""
        self._line.execute(
            "INSERT OR IGNORE INTO source (name, format, memory) VALUES (?, ?, '')", (name, kind)
        )
        row = self._line.execute("SELECT id, memory FROM source WHERE name = ?", (name,)).fetchone()
        told = json.loads(row[1]) if row[1] else {}
        return row[0], Memory(numbers=told.get("numbers", {}), who=told.get("who", {}))

    def files(self, source: int) -> list[LogFile]:
        """The files of a source."""
        rows = self._line.execute(f"SELECT {_FIELDS} FROM file WHERE source = ?", (source,))  # noqa: S608
        return [LogFile(**dict(zip(_FIELDS.split(", "), row, strict=True))) for row in rows]

    def save(self, file: LogFile, memory: Memory, batch: Iterable[Entry]) -> None:
        """Entries, and how far the file was read: all of it, or nothing."""
        names = _FIELDS.split(", ")[1:]
        if not file.id:
            made = self._line.execute("INSERT INTO file (source) VALUES (?)", (file.source,))
            file.id = made.lastrowid or 0
        told = ", ".join(f"{name} = ?" for name in names)
        self._line.execute(
            f"UPDATE file SET {told} WHERE id = ?",  # noqa: S608 - names of our own
            (*(getattr(file, name) for name in names), file.id),
        )
        self._line.execute(
            "UPDATE source SET memory = ? WHERE id = ?",
            (json.dumps({"numbers": memory.numbers, "who": memory.who}), file.source),
        )
        self._line.executemany(
            "INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (self._row(file, one) for one in batch),
        )

    def gap(
        self,
        file: LogFile,
        line: int,
        kind: str,
        *,
        began: float,
        ended: float,
        count: int = 1,
        detail: str = "",
    ) -> None:
        """Remember a gap."""
        self._line.execute(
            "INSERT INTO gap VALUES (?,?,?,?,?,?,?,?)",
            (file.source, file.id, line, kind, began, ended, count, detail),
        )

    def gaps(self) -> list[Gap]:
        """Every gap."""
        rows = self._line.execute(_GAPS).fetchall()
        return [
            Gap(source=s, file=f or "", line=n, kind=k, began=b, ended=e, count=c, detail=d)
            for s, f, n, k, b, e, c, d in rows
        ]

    def spans(self) -> list[tuple[str, str, float, float]]:
        """Source, file, first and last time of each file that holds any."""
        return self._line.execute(
            "SELECT s.name, f.name, first, last FROM file f JOIN source s ON s.id = f.source "
            "WHERE first IS NOT NULL ORDER BY first"
        ).fetchall()

    def entries(self, since: float | None = None, until: float | None = None) -> Iterator[Kept]:
        """Entries in the order of time."""
        with closing(self._line.cursor()) as cursor:
            cursor.execute(
                _ENTRIES,
                (since if since is not None else -1e18, until if until is not None else 1e18),
            )
            for row in cursor:
                yield _kept(row)

    def _word(self, text: str) -> int:
        found = self._words.get(text)
        if found is None:
            if len(self._words) > 50_000:
                self._words.clear()
            self._line.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
            row = self._line.execute("SELECT id FROM word WHERE text = ?", (text,)).fetchone()
            found = self._words[text] = int(row[0])
        return found

    def _row(self, file: LogFile, one: Entry) -> tuple[object, ...]:
        did = one.did
        return (
            file.source,
            file.id,
            one.line,
            one.at,
            self._word(one.account),
            self._word(one.host),
            self._word(one.database),
            self._word(one.program),
            self._word(one.session),
            _VERBS.index(did.verb),
            self._word(did.command),
            self._word("\n".join(did.tables)),
            self._word("\n".join(did.columns)),
            _EXPORT * did.export | _AUDITING * did.auditing | _CUT * did.cut,
            did.filtered,
            one.rows,
            one.ok,
        )


_VERBS = list(Verb)
_FIELDS = "id, source, name, size, head, tail, offset, line, first, last, seen, kept, bad"
_GAPS = """
SELECT s.name, f.name, g.line, g.kind, g.began, g.ended, g.count, g.detail FROM gap g
JOIN source s ON s.id = g.source LEFT JOIN file f ON f.id = g.file ORDER BY g.began, g.rowid
"""
_ENTRIES = """
SELECT s.name, f.name, e.line, e.at, a.text, h.text, d.text, p.text, n.text, e.verb, c.text,
  t.text, k.text, e.flags, e.filtered, e.rows, e.ok
FROM entry e JOIN source s ON s.id = e.source JOIN file f ON f.id = e.file
JOIN word a ON a.id = e.account JOIN word h ON h.id = e.host JOIN word d ON d.id = e.database
JOIN word p ON p.id = e.program JOIN word n ON n.id = e.session JOIN word c ON c.id = e.command
JOIN word t ON t.id = e.tables JOIN word k ON k.id = e.columns
WHERE e.at >= ? AND e.at < ? ORDER BY e.at, e.rowid
"""


def _kept(row: tuple[object, ...]) -> Kept:
    (source, file, line, at, account, host, database, program, session, verb, command, tables,
     columns, flags, filtered, rows, ok) = row  # fmt: skip
    bits = int(str(flags))
    did = Reduced(
        verb=_VERBS[int(str(verb))],
        command=str(command),
        tables=tuple(str(tables).split("\n")) if tables else (),
        columns=tuple(str(columns).split("\n")) if columns else (),
        export=bool(bits & _EXPORT),
        auditing=bool(bits & _AUDITING),
        cut=bool(bits & _CUT),
        filtered=None if filtered is None else bool(filtered),
    )
    entry = Entry(
        at=float(str(at)),
        line=int(str(line)),
        did=did,
        account=str(account),
        host=str(host),
        database=str(database),
        program=str(program),
        session=str(session),
        rows=None if rows is None else int(str(rows)),
        ok=None if ok is None else bool(ok),
    )
    return Kept(source=str(source), place=f"{file}:{line}", entry=entry)
