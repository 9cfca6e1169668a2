"""A table to be weighed: of a database or a file, streamed in batches of columns. A door.

A file of one plain table is read by its own reader; what people arranged (a title above the
header, several sheets, archives, dumps) by the readers that find tables in anything.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.lifecycle.databases import Database, parse
from audit.lifecycle.discover import SEED, Found
from audit.lifecycle.knowledge import load_judge
from audit.lifecycle.mask_sheets import SUFFIXES, open_reader
from audit.lifecycle.model import Address
from rules.load import DataError, Problem, WorldError
from rules.readers.files import open_pieces
from rules.readers.model import Piece
from rules.recognise.personal.kinds import Kind

HEAD = 2000  # rows that columns are judged by, where none are named
BATCH = 10_000

type Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A table: its name, its columns, its first rows (or a sample), and all rows of columns."""

    name: str
    columns: tuple[str, ...]
    head: Sequence[Row]
    rows: Callable[[Sequence[str]], Iterator[Row]]

    def kinds(self) -> Mapping[str, Kind | None]:
        """What each column holds, by its first rows and its name."""
        judge = load_judge()
        return {
            name: judge.column(
                Address(source="", table=self.name, column=name), [row[place] for row in self.head]
            ).kind
            for place, name in enumerate(self.columns)
        }

    def batches(self, wanted: Sequence[str]) -> Iterator[list[list[Any]]]:
        """All rows, as lists of values a column."""
        rows = self.rows(wanted)
        while part := list(itertools.islice(rows, BATCH)):
            yield [list(column) for column in zip(*part, strict=True)]


@contextlib.contextmanager
def opened(source: str, table: str = "") -> Iterator[Opened]:
    """The table of a URL or a file. Raises DataError and WorldError."""
    if "://" in source:
        url, replicas = parse(source)
        with Database(url, replicas) as database:
            yield _of_database(database, table)
        return
    path = Path(source)
    if not path.is_file():
        raise wrong(path.name or source, "没有这个文件 no such file", "a file or a database URL")
    yield of_file(path, table)


def _of_database(database: Database, table: str) -> Opened:
    found = _table(database.tables(), table)
    names = tuple(name for name, _ in found.columns)
    place = database.quoted(found.schema, found.name)

    def rows(wanted: Sequence[str]) -> Iterator[Row]:
        listed = ", ".join(database.quoted(one) for one in wanted)
        return database.query(f"SELECT {listed} FROM {place}")  # noqa: S608

    sample = database.sample(found, HEAD, SEED)
    if sample.problem is not None:
        raise WorldError(f"{found.name}: {sample.problem.zh} {sample.problem.en}")
    return Opened(name=found.name, columns=names, head=sample.rows, rows=rows)


def _table(tables: Iterable[Found], wanted: str) -> Found:
    listed = list(tables)
    for one in listed:
        if wanted in (one.name, f"{one.schema}.{one.name}"):
            return one
    near = ", ".join(f"{one.schema}.{one.name}" for one in listed[:50])
    raise wrong("--table", "没有这张表 no such table", near)


def of_file(path: Path, table: str = "") -> Opened:
    """The one table of a file, or the sheet that is named."""
    plain = _plain(path, table) if path.suffix.lower() in SUFFIXES else None
    if plain is not None:
        return plain
    if table:
        raise wrong("--table", "没有这张表 no such table")
    names = tuple(dict.fromkeys(_headers(path)))
    head = list(itertools.islice(_cells(path, names), HEAD))
    return Opened(name=path.name, columns=names, head=head, rows=lambda one: _cells(path, one))


def _plain(path: Path, table: str) -> Opened | None:
    """None: not one table with names in its first row."""
    with contextlib.closing(open_reader(path)) as reader:
        heads = [one for one in reader.tables() if not table or one.name == table]
    if len(heads) != 1 or any(name.startswith("column_") for name in heads[0].columns):
        return None
    (head,) = heads
    place = {name: number for number, name in enumerate(head.columns)}

    def rows(wanted: Sequence[str]) -> Generator[Row]:
        chosen = [place[one] for one in wanted]
        with contextlib.closing(open_reader(path)) as opened_:
            for batch in opened_.batches(head):
                yield from zip(*(batch[one] for one in chosen), strict=True)

    with contextlib.closing(rows(head.columns)) as all_rows:
        first = list(itertools.islice(all_rows, HEAD))
    return Opened(name=path.name, columns=head.columns, head=first, rows=rows)


def _headers(path: Path) -> Iterator[str]:
    for piece in open_pieces(path):
        if isinstance(piece, Piece):
            if piece.header:
                yield piece.header
            if piece.row > HEAD:
                return
        elif piece.fatal:
            raise WorldError(f"{path.name}: {piece.what.zh} {piece.what.en}")


def _cells(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    places = {name: place for place, name in enumerate(wanted)}
    row: list[str | None] = [None] * len(wanted)
    at: tuple[str, int] | None = None
    for piece in open_pieces(path):
        if not isinstance(piece, Piece):
            if piece.fatal:
                raise WorldError(f"{path.name}: {piece.what.zh} {piece.what.en}")
            continue
        if not piece.header:
            continue
        if (piece.path, piece.row) != at:
            if at is not None:
                yield row
            row, at = [None] * len(wanted), (piece.path, piece.row)
        if piece.header in places:
            row[places[piece.header]] = piece.text
    if at is not None:
        yield row


def wrong(where: str, message: str, remedy: str = "") -> DataError:
    """One problem of the command line."""
    return DataError([Problem(file=where, line=1, column=1, message=message, remedy=remedy)])
