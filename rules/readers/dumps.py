"""SQL dumps: the rows of INSERT and COPY statements under the names of their columns.

Statements are read one after another, never run. Names come from the statement itself, or from
the CREATE TABLE before it. A statement longer than the bound is read in parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from rules.model import Text
from rules.readers.model import Bounds, Piece, Unread
from rules.readers.texts import lines

BROKEN = Text(zh="INSERT 语句不完整", en="an INSERT statement is not whole")
_NAME = r"[`\"\[]?[\w$\u4e00-\u9fff]+[`\"\]]?"
_INSERT = re.compile(
    rf"\s*(?:INSERT(?:\s+IGNORE)?|REPLACE)\s+INTO\s+((?:{_NAME}\.)?{_NAME})\s*(\([^()]{{0,20000}}\))?"
    r"\s*VALUES\s*",
    re.IGNORECASE,
)
_HEAD = re.compile(
    rf"\s*(?:INSERT(?:\s+IGNORE)?|REPLACE)\s+INTO\s+(?:{_NAME}\.)?{_NAME}\s*(?:\([^()]{{0,20000}}(?:\)\s*)?)?$",
    re.IGNORECASE,
)
_COPY = re.compile(
    rf"COPY\s+((?:{_NAME}\.)?{_NAME})\s*\(([^()]{{0,20000}})\)\s+FROM\s+stdin", re.IGNORECASE
)
_CREATE = re.compile(
    rf"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?((?:{_NAME}\.)?{_NAME})\s*\(", re.IGNORECASE
)
_COLUMN = re.compile(rf"\s*({_NAME})\s+[A-Za-z]")
_NO_COLUMN = (
    "primary",
    "key",
    "unique",
    "constraint",
    "foreign",
    "index",
    "fulltext",
    "check",
    ")",
)
_VALUE = re.compile(
    r"\s*(?:[NnEeBbXx]?'((?:[^'\\]|\\.|'')*)'|([^\s,()']+(?:\([^()]*\))?))\s*([,)])", re.DOTALL
)
_LONGEST = 20_000  # characters of an INSERT before its values
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_START = re.compile(r"\s*[,;]?\s*\(")


def sql_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Values of rows; other statements and comments as text."""
    known: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    creating = ""
    copied: tuple[str, list[str]] | None = None
    open_: _Open | None = None
    head = ""  # an INSERT before its VALUES
    for number, line in enumerate(lines(stream, bounds.whole), 1):
        if head or (open_ is None and copied is None and _HEAD.match(line)):
            head += line
            if len(head) < _LONGEST and _HEAD.match(head):
                continue
            line, head = head, ""  # noqa: PLW2901
        if copied is not None:
            if line.startswith("\\."):
                copied = None
                continue
            yield from _copied(path, copied, line, rows, bounds)
        elif open_ is not None or (found := _INSERT.match(line)):
            if open_ is None and found:
                table = _bare(found[1])
                names = _names(found[2][1:-1]) if found[2] else known.get(table, [])
                open_ = _Open(path, table, names, rows, bounds)
                line = line[found.end() :]  # noqa: PLW2901
            if open_ is not None:
                yield from open_.read(line)
                if open_.long:
                    yield Unread(path=path, what=BROKEN, row=number)
                open_ = None if open_.done or open_.long else open_
        elif creating:
            column = _COLUMN.match(line)
            if column and not line.strip().lower().startswith(_NO_COLUMN):
                known[creating].append(_bare(column[1]))
            if ";" in line:
                creating = ""
        elif made := _CREATE.match(line):
            creating = _bare(made[1])
            known[creating] = []
            if ";" in line:
                inner = line[made.end() : line.rfind(")")]
                known[creating] = [_bare(one.split()[0]) for one in inner.split(",") if one.split()]
                creating = ""
        elif opened := _COPY.match(line):
            copied = _bare(opened[1]), _names(opened[2])
        elif line.strip():
            yield Piece(path, "", line, number)
    if open_ is not None:
        yield Unread(path=path, what=BROKEN)


class _Open:
    """An INSERT that goes on over lines."""

    def __init__(
        self, path: str, table: str, names: list[str], rows: dict[str, int], bounds: Bounds
    ) -> None:
        self.place = f"{path}#{table}"
        self.table, self.names, self.rows, self.bounds = table, names, rows, bounds
        self.held = ""
        self.done = self.long = False

    def read(self, line: str) -> Iterator[Piece]:
        text = self.held + line
        at = 0
        while (start := _START.match(text, at)) is not None:
            values, end = _values(text, start.end())
            if values is None:
                break
            at = end
            row = self.rows[self.table] = self.rows.get(self.table, 0) + 1
            for place, value in enumerate(values):
                if value:
                    name = self.names[place] if place < len(self.names) else f"列{place + 1}"
                    yield Piece(self.place, name, value[: self.bounds.cell], row)
        rest = text[at:]
        self.held = rest
        self.done = rest.lstrip().startswith(";") or (
            bool(rest.strip()) and _START.match(rest) is None and not rest.strip().startswith(",")
        )
        self.long = not self.done and len(rest) > self.bounds.cell


def _values(text: str, at: int) -> tuple[list[str] | None, int]:
    values: list[str] = []
    while (found := _VALUE.match(text, at)) is not None:
        quoted, bare, sign = found.groups()
        if quoted is not None:
            values.append(
                _ESCAPED.sub(_plain, quoted) if "\\" in quoted or "''" in quoted else quoted
            )
        else:
            values.append("" if bare.upper() == "NULL" else bare)
        at = found.end()
        if sign == ")":
            return values, at
    return None, at


def _plain(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1]) if found[1] else "'"


def _copied(
    path: str, copied: tuple[str, list[str]], line: str, rows: dict[str, int], bounds: Bounds
) -> Iterator[Piece]:
    table, names = copied
    row = rows[table] = rows.get(table, 0) + 1
    for place, value in enumerate(line.rstrip("\r\n").split("\t")):
        if value and value != "\\N":
            name = names[place] if place < len(names) else f"列{place + 1}"
            yield Piece(f"{path}#{table}", name, value[: bounds.cell], row)


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('`"[] ')


def _names(inner: str) -> list[str]:
    return [_bare(one.strip()) for one in inner.split(",")]
