"""Tables in text files, read and written in batches of columns: CSV and JSON Lines.

A file of any size is read a batch at a time, strictly: bytes that are no text of their
encoding stop the job, and no error quotes a cell. A door: it reads and writes files.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from audit.lifecycle.mask import Family
from rules.load import DataError, Problem, WorldError

BATCH = 10_000
LARGEST_CELL = 1024 * 1024  # characters
LARGEST_LINE = 16 * 1024 * 1024
ENCODINGS = ("utf-8-sig", "gb18030")

type Columns = list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A table's name, its columns, and what they hold."""

    name: str
    columns: tuple[str, ...]
    families: tuple[Family, ...]


class Reader(Protocol):
    """A file of tables. `ragged` counts cells beyond the header, which are dropped."""

    ragged: int

    def tables(self) -> Iterator[Head]: ...

    def batches(self, head: Head) -> Iterator[Columns]: ...

    def close(self) -> None: ...


class Writer(Protocol):
    """The file that is made. Closed exactly once."""

    def table(self, head: Head, kept: Sequence[bool]) -> None: ...

    def write(self, columns: Sequence[Sequence[Any]]) -> None: ...

    def close(self) -> None: ...


def wrong(path: Path, message: str, remedy: str = "", line: int = 1) -> DataError:
    """A DataError that names file and line only."""
    return DataError([Problem(file=path.name, line=line, column=1, message=message, remedy=remedy)])


def named(columns: Sequence[Any]) -> tuple[str, ...]:
    """Headers made single: empty ones and repeated ones get their number."""
    found: list[str] = []
    for place, one in enumerate(columns, 1):
        name = str(one if one is not None else "").strip().lstrip("\ufeff") or f"column_{place}"
        while name in found:
            name = f"{name}_{place}"
        found.append(name)
    return tuple(found)


class _Opening:
    """Opens its file anew for every reading: nothing is left open."""

    def close(self) -> None:
        """Nothing to do."""


class CsvReader(_Opening):
    """Comma or tab separated, with a header, UTF-8 or GB18030."""

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        self.ragged = 0
        self._path, self._delimiter = path, delimiter
        self.encoding = _encoding(path)
        csv.field_size_limit(LARGEST_CELL)

    def _rows(self) -> Iterator[list[str]]:
        try:
            with self._path.open(encoding=self.encoding, newline="") as file:
                reader = csv.reader(file, delimiter=self._delimiter)
                yield from reader
        except (UnicodeDecodeError, csv.Error) as error:
            what = "编码" if isinstance(error, UnicodeDecodeError) else "格式"
            raise wrong(
                self._path, f"{what}有误 not readable as {self.encoding} CSV", "save it as UTF-8"
            ) from None

    def tables(self) -> Iterator[Head]:
        for row in self._rows():
            if any(row):
                yield Head(
                    name=self._path.stem,
                    columns=named(row),
                    families=(Family.TEXT,) * len(row),
                )
                return
        raise wrong(self._path, "空文件 the file has no header")

    def batches(self, head: Head) -> Iterator[Columns]:
        width = len(head.columns)
        rows = filter(None, self._rows())  # an empty line is no row
        for row in rows:
            if any(row):
                break  # the header
        while part := list(itertools.islice(rows, BATCH)):
            if set(map(len, part)) != {width}:
                self.ragged += sum(len(row) != width for row in part)
                part = [(row + [""] * width)[:width] for row in part]
            yield [list(column) for column in zip(*part, strict=True)]


class LineWriter:
    """UTF-8 text that another job may go on with. `at`: bytes that are there already."""

    def __init__(self, path: Path, at: int = 0) -> None:
        self._file = path.open("r+" if at else "w", encoding="utf-8", newline="")
        self._at = at
        if at:
            self._file.truncate(at)
            self._file.seek(0, os.SEEK_END)

    def size(self) -> int:
        """Bytes written, all of them on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        _close(self._file)


class CsvWriter(LineWriter):
    """UTF-8."""

    def __init__(self, path: Path, delimiter: str = ",", at: int = 0) -> None:
        super().__init__(path, at)
        self._writer = csv.writer(self._file, delimiter=delimiter, lineterminator="\n")

    def table(self, head: Head, kept: Sequence[bool]) -> None:  # noqa: ARG002
        if not self._at:
            self._writer.writerow(head.columns)

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        self._writer.writerows(zip(*columns, strict=True))


class JsonReader(_Opening):
    """One object a line. Columns are the keys of the first lines; nested ones are `a.b`."""

    def __init__(self, path: Path) -> None:
        self.ragged = 0
        self._path = path

    def _objects(self) -> Iterator[dict[str, Any]]:
        number = 0
        try:
            with self._path.open(encoding="utf-8-sig") as file:
                while line := file.readline(LARGEST_LINE + 1):
                    number += 1
                    if len(line) > LARGEST_LINE:
                        raise wrong(self._path, "行过长 the line is too long", line=number)
                    if line.strip():
                        found = json.loads(line, parse_constant=_refuse)
                        if not isinstance(found, dict):
                            raise ValueError
                        yield flat(found)
        except (ValueError, RecursionError):
            message = "不是 JSON 对象 not one JSON object a line"
            raise wrong(self._path, message, "one object a line, UTF-8", number) from None

    def tables(self) -> Iterator[Head]:
        columns: dict[str, None] = {}
        for place, one in enumerate(self._objects()):
            columns.update(dict.fromkeys(one))
            if place >= 1000:
                break
        if not columns:
            raise wrong(self._path, "空文件 the file holds no object")
        names = tuple(columns)
        yield Head(name=self._path.stem, columns=names, families=(Family.TEXT,) * len(names))

    def batches(self, head: Head) -> Iterator[Columns]:
        known = set(head.columns)
        rows: list[dict[str, Any]] = []
        for one in self._objects():
            self.ragged += sum(key not in known for key in one)
            rows.append(one)
            if len(rows) >= BATCH:
                yield [[row.get(name) for row in rows] for name in head.columns]
                rows = []
        if rows:
            yield [[row.get(name) for row in rows] for name in head.columns]


def flat(found: dict[str, Any], head: str = "", depth: int = 0) -> dict[str, Any]:
    """Nested objects as `a.b`; a list, or what is nested too deep, is one text."""
    made: dict[str, Any] = {}
    for key, value in found.items():
        name = f"{head}{key}"
        if isinstance(value, dict) and depth < 8:
            made.update(flat(value, f"{name}.", depth + 1))
        elif isinstance(value, list | dict):
            made[name] = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, str) and len(value) > LARGEST_CELL:
            raise ValueError
        else:
            made[name] = value
    return made


def _refuse(_name: str) -> Any:
    raise ValueError("not a number")


class JsonWriter(LineWriter):
    """One flat object a line."""

    _names: tuple[str, ...] = ()

    def table(self, head: Head, kept: Sequence[bool]) -> None:  # noqa: ARG002
        self._names = head.columns

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        for row in zip(*columns, strict=True):
            made = dict(zip(self._names, row, strict=True))
            self._file.write(json.dumps(made, ensure_ascii=False, default=str) + "\n")


def _encoding(path: Path) -> str:
    """UTF-8, else GB18030, by the whole file; neither is a DataError."""
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
    raise wrong(path, "编码无法识别 neither UTF-8 nor GB18030", "save the file as UTF-8")


def _close(file: Any) -> None:
    try:
        file.close()
    except OSError as error:
        raise full(error) from error


def full(error: OSError) -> WorldError:
    return WorldError(f"写不下 cannot be written: {error.strerror}")
