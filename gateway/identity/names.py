"""token → name: the only place where a pseudonym meets a person, and every row is sealed.

The identity service writes it; nothing that filters ever opens it. Reading it is for
`events reveal` and its approvals. Rows of one person over several epochs are joined by a
keyed mark, so that a rotation loses nobody. A door: SQLite.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.identity.pseudonyms import Epoch
from gateway.identity.seal import Seal, SealError
from rules.load import WorldError

SCHEMA = """
CREATE TABLE IF NOT EXISTS names (
  token TEXT PRIMARY KEY, school TEXT NOT NULL, epoch INTEGER NOT NULL,
  person TEXT NOT NULL, sealed BLOB NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_person ON names (person);
CREATE TABLE IF NOT EXISTS rotations (
  school TEXT NOT NULL, epoch INTEGER NOT NULL, since REAL NOT NULL,
  issuer TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (school, epoch)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Who a token stands for. `name` is empty where no roster knew one."""

    token: str
    school: str
    name: str
    user: str = ""
    epoch: int = 0
    at: float = 0.0


class Names:
    """The table at `path`, sealed with `key` (32 bytes). Raises WorldError where it cannot be had.

    `write=False` opens it for reading alone; a missing table is then an empty one.
    """

    def __init__(self, path: Path, key: bytes, *, write: bool = True) -> None:
        self.path = path
        self._seal = Seal(key)
        self._seen: set[tuple[str, str, str]] = set()
        with _world(path):
            self._base = _writing(path) if write else _reading(path)

    def close(self) -> None:
        self._base.close()

    def put(
        self,
        token: str,
        school: str,
        name: str,
        *,
        user: str = "",
        epoch: int = 0,
        at: float = 0.0,
    ) -> None:
        """Remember who a token stands for; a later name replaces an earlier one."""
        self.put_all([Name(token=token, school=school, name=name, user=user, epoch=epoch, at=at)])

    def put_all(self, names: Iterable[Name]) -> int:
        """Many in one transaction; what this process wrote before is not written again."""
        fresh = [one for one in names if (one.token, one.name, one.user) not in self._seen]
        with _world(self.path), self._base:
            self._base.executemany(
                "INSERT OR REPLACE INTO names VALUES (?,?,?,?,?,?)", map(self._row, fresh)
            )
        self._seen.update((one.token, one.name, one.user) for one in fresh)
        return len(fresh)

    def get(self, token: str) -> Name | None:
        """Who a token stands for. Raises WorldError where the row was tampered with."""
        with _world(self.path), closing(self._base.cursor()) as cursor:
            row = cursor.execute(
                "SELECT token, school, epoch, sealed, at FROM names WHERE token = ?", (token,)
            ).fetchone()
        return None if row is None else self._named(*row)

    def of_school(self, school: str) -> Iterator[Name]:
        """Everybody of a school, the newest epoch of each person last."""
        with _world(self.path), closing(self._base.cursor()) as cursor:
            rows = cursor.execute(
                "SELECT token, school, epoch, sealed, at FROM names WHERE school = ? "
                "ORDER BY epoch",
                (school,),
            ).fetchall()
        return (self._named(*row) for row in rows)

    def aliases(self, token: str) -> tuple[str, ...]:
        """All tokens of the same person in the same school, over all epochs, oldest first."""
        with _world(self.path), closing(self._base.cursor()) as cursor:
            rows = cursor.execute(
                "SELECT token FROM names WHERE person = "
                "(SELECT person FROM names WHERE token = ?) ORDER BY epoch",
                (token,),
            ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def forget(self, token: str) -> int:
        """Remove a person: all rows of all epochs. Returns how many there were."""
        gone = self.aliases(token)
        with _world(self.path), self._base:
            self._base.executemany("DELETE FROM names WHERE token = ?", [(one,) for one in gone])
        self._seen = {seen for seen in self._seen if seen[0] not in gone}
        return len(gone)

    def __len__(self) -> int:
        with _world(self.path):
            return int(self._base.execute("SELECT count(*) FROM names").fetchone()[0])

    def rotated(self, epochs: Iterable[Epoch]) -> tuple[Epoch, ...]:
        """Record rotations (never their keys); returns those that were new."""
        fresh = []
        with _world(self.path), self._base:
            for one in epochs:
                done = self._base.execute(
                    "INSERT OR IGNORE INTO rotations VALUES (?,?,?,?,?)",
                    (one.school, one.number, one.since, one.issuer, one.reason),
                )
                if done.rowcount:
                    fresh.append(one)
        return tuple(fresh)

    def rotations(self) -> tuple[tuple[str, int, float, str, str], ...]:
        """(school, epoch, since, issuer, reason), oldest first."""
        with _world(self.path):
            return tuple(self._base.execute("SELECT * FROM rotations ORDER BY since, school"))

    def _row(self, one: Name) -> tuple[object, ...]:
        sealed = json.dumps([one.name, one.user], ensure_ascii=False).encode()
        person = self._seal.index(f"{one.school}\0{one.user or one.name}")
        belongs = f"{one.token}\0{one.school}"
        return one.token, one.school, one.epoch, person, self._seal.seal(sealed, belongs), one.at

    def _named(self, token: str, school: str, epoch: int, sealed: bytes, at: float) -> Name:
        try:
            name, user = json.loads(self._seal.open(sealed, f"{token}\0{school}"))
        except SealError as error:
            raise WorldError(f"{self.path}: {token}: {error}") from error
        return Name(token=token, school=school, name=name, user=user, epoch=epoch, at=at)


def _writing(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    base = sqlite3.connect(path, check_same_thread=False)
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.executescript(SCHEMA)
    except sqlite3.Error:
        base.close()
        raise
    return base


def _reading(path: Path) -> sqlite3.Connection:
    if path.exists():
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    base = sqlite3.connect(":memory:")
    base.executescript(SCHEMA)
    return base


@contextmanager
def _world(path: Path) -> Iterator[None]:
    """What SQLite says is wrong, as what is wrong with the world."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise WorldError(f"{path}: 姓名表无法读写 / the table of names: {error}") from error
