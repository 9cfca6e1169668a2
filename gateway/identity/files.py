"""`<data>/identity/`: the imported tables and what a restart needs. A door: files.

`hosts.csv` and `prefixes.csv` are text; the roster, which holds names, is sealed when it
is imported (`roster.sealed`). A `roster.csv` put there by hand is used as it is, and
complained of. A table that cannot be read leaves its last good copy in force.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgpack

from gateway.authority import private_folder, write_private
from gateway.identity.book import Place
from gateway.identity.seal import Seal, SealError
from gateway.identity.tables import Host, Roster, read_hosts, read_prefixes, read_roster
from rules.load import DataError, Problem

LARGEST = 256 * 1024 * 1024
NAMES = "names.sqlite"
STATE = "sessions.sealed"
SEALED = "roster.sealed"
PLAIN = "roster.csv"
GOOD = ".good"


class Table(StrEnum):
    """What can be imported."""

    ROSTER = "roster"
    HOSTS = "hosts"
    PREFIXES = "prefixes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The tables of a folder, and what was wrong with them."""

    roster: Roster
    hosts: tuple[Host, ...]
    prefixes: tuple[Place, ...]
    problems: tuple[Problem, ...]
    plain_roster: bool


class Folder:
    """The folder of one node."""

    def __init__(self, path: Path, seal: Seal) -> None:
        self.path = path
        self._seal = seal
        private_folder(path)

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever one of the tables does."""
        found = []
        for name in (SEALED, PLAIN, f"{Table.HOSTS}.csv", f"{Table.PREFIXES}.csv"):
            try:
                seen = (self.path / name).stat()
            except OSError:
                continue
            found.append((name, seen.st_mtime_ns, seen.st_size))
        return tuple(found)

    def read(self, today: date) -> Imported:
        """All tables; each that is wrong leaves its last good copy."""
        problems: list[Problem] = []
        roster, plain = self._roster(today, problems)
        return Imported(
            roster=roster,
            hosts=self._table(f"{Table.HOSTS}.csv", read_hosts, problems),
            prefixes=self._table(f"{Table.PREFIXES}.csv", read_prefixes, problems),
            problems=tuple(problems),
            plain_roster=plain,
        )

    def put(self, table: Table, data: bytes, file: str, today: date) -> int:
        """Import one table, whole or not at all: the rows taken. Raises DataError."""
        if table is Table.ROSTER:
            rows = len(read_roster(data, file, today).persons)
            write_private(self.path / SEALED, self._seal.seal(data, SEALED))
            return rows
        read: Callable[[bytes, str], Sequence[object]]
        read = read_hosts if table is Table.HOSTS else read_prefixes
        rows = len(read(data, file))
        write_private(self.path / f"{table}.csv", data)
        return rows

    def keep(self, state: dict[str, Any]) -> None:
        """What a restart needs, sealed. Raises OSError."""
        packed: bytes = msgpack.packb(state)
        write_private(self.path / STATE, self._seal.seal(packed, STATE))

    def kept(self) -> dict[str, Any]:
        """What `keep` wrote; empty where there is none. Raises ValueError where it is damaged."""
        data = _bytes(self.path / STATE)
        if data is None:
            return {}
        try:
            found = msgpack.unpackb(self._seal.open(data, STATE))
        except (SealError, msgpack.UnpackException, ValueError) as error:
            raise ValueError(f"{STATE}: {error}") from error
        if not isinstance(found, dict):
            raise ValueError(f"{STATE}: not a map")
        return found

    def _roster(self, today: date, problems: list[Problem]) -> tuple[Roster, bool]:
        plain = _bytes(self.path / PLAIN)
        sealed = _bytes(self.path / SEALED)
        if plain is not None:
            try:
                return read_roster(plain, str(self.path / PLAIN), today), True
            except DataError as error:
                problems += error.problems
        if sealed is not None:
            try:
                data = self._seal.open(sealed, SEALED)
                return read_roster(data, SEALED, today), plain is not None
            except SealError as error:
                problems.append(
                    Problem(file=str(self.path / SEALED), line=1, column=1, message=str(error))
                )
            except DataError as error:
                problems += error.problems
        return Roster(), plain is not None

    def _table[T](
        self,
        name: str,
        read: Callable[[bytes, str], tuple[T, ...]],
        problems: list[Problem],
    ) -> tuple[T, ...]:
        path = self.path / name
        data = _bytes(path)
        if data is None:
            return ()
        good = path.with_suffix(GOOD)
        try:
            found = read(data, str(path))
        except DataError as error:
            problems += error.problems
            before = _bytes(good)
            try:
                return read(before, str(good)) if before is not None else ()
            except DataError:
                return ()
        if _bytes(good) != data:
            write_private(good, data)
        return found


def _bytes(path: Path) -> bytes | None:
    """A file's content; None where it is not there or is no table at all."""
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError:
        return None
