"""PostgreSQL's COPY, both ways, a batch of columns at a time.

A table is read as COPY's own text: what a plan passes through is never taken apart, and only
columns whose mask needs a number, a date or bytes become one. A type of which we do not know
how it is written (JSON, arrays) is passed or redacted here; anything else done to it
leaves the table to the ordinary reader. A door: a database connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, text
from sqlalchemy import types as sql

from audit.lifecycle.mask import Family, Step
from policies.masks_model import Algorithm

SETTINGS = (
    "SET client_encoding TO 'UTF8'",
    "SET datestyle TO 'ISO, YMD'",
    "SET timezone TO 'UTC'",
    "SET bytea_output TO 'hex'",
    "SET extra_float_digits TO 1",
)
"""What COPY's text depends on."""
NULL = "\\N"
_BLANKS = frozenset({Algorithm.PASS, Algorithm.REDACT, Algorithm.NULL})

type Columns = list[list[Any]]


class How(Enum):
    """What becomes of a cell that is read."""

    RAW = "raw"  # stays as COPY wrote it, escapes and all
    TEXT = "text"
    WHOLE = "whole"
    EXACT = "exact"
    FLOAT = "float"
    DATE = "date"
    TIME = "time"
    TRUTH = "truth"
    BYTES = "bytes"
    UUID = "uuid"


def hows(table: Table, steps: Sequence[Step]) -> list[How] | None:
    """How the columns of a table are read for masking; None where COPY cannot serve."""
    found = []
    subjects = {step.subject for step in steps if step.subject is not None}
    for place, (column, step) in enumerate(zip(table.columns, steps, strict=True)):
        algorithm, family = step.mask.algorithm, step.field.family
        if family is Family.OTHER and (algorithm not in _BLANKS or place in subjects):
            return None
        if algorithm is Algorithm.PASS and not step.permute and place not in subjects:
            found.append(How.RAW)
        else:
            found.append(_how(column.type, family))
    return found


def shown(steps: Sequence[Step]) -> list[How]:
    """How the columns of a result are read to be looked at: as text, and bytes as bytes."""
    return [How.BYTES if step.field.family is Family.BYTES else How.TEXT for step in steps]


def _how(kind: Any, family: Family) -> How:
    match family:
        case Family.WHOLE:
            return How.WHOLE
        case Family.NUMBER:
            exact = getattr(kind, "asdecimal", False) and not isinstance(kind, sql.Float)
            return How.EXACT if exact else How.FLOAT
        case Family.DATE:
            return How.DATE
        case Family.TIME:
            return How.TIME
        case Family.TRUTH:
            return How.TRUTH
        case Family.BYTES:
            return How.BYTES
        case Family.UUID:
            return How.UUID
        case _:
            return How.TEXT


class Rows:
    """What pg8000 writes COPY's rows to: `take` is given them, so many at a time."""

    def __init__(self, take: Callable[[bytes], None], size: int) -> None:
        self._take, self._size = take, size
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """One message of the server."""
        self._held.append(bytes(data))
        if len(self._held) >= self._size:
            self.flush(last=False)

    def flush(self, *, last: bool = True) -> None:
        """Give what is whole; at the end, everything."""
        whole, line, rest = b"".join(self._held).rpartition(b"\n")
        self._held = [rest] if rest else []
        if whole or line:
            self._take(whole + line)
        if last and rest:
            raise ValueError("COPY ended within a row")


def pour(
    connection: Connection,
    table: Table,
    size: int,
    take: Callable[[bytes], None],
    wanted: Iterable[str] = (),
) -> None:
    """COPY a table out: `take` is given whole rows, about `size` of them at a time."""
    quote = connection.dialect.identifier_preparer
    names = list(wanted) or [column.name for column in table.columns]
    columns = ", ".join(map(quote.quote, names))
    rows = Rows(take, size)
    for one in SETTINGS:
        connection.execute(text(one))
    cursor = connection.connection.cursor()
    statement = f"COPY (SELECT {columns} FROM {quote.format_table(table)}) TO STDOUT"  # noqa: S608
    cursor.execute(statement, stream=rows)  # type: ignore[call-arg]
    rows.flush()


def columns_of(lines: bytes, how: Sequence[How]) -> Columns:
    """Rows of COPY as columns. Raises ValueError for what is no row of so many cells."""
    told = lines.decode("utf-8")
    rows = told.split("\n")
    rows.pop()  # after the last line's end
    if not how:
        return []
    columns = [list(one) for one in zip(*[row.split("\t") for row in rows], strict=True)]
    escaped = told.count("\\") != told.count(NULL)
    return [
        column if one is How.RAW else _cells(column, one, escaped=escaped)
        for column, one in zip(columns, how, strict=True)
    ]


def _cells(cells: list[str], how: How, *, escaped: bool) -> list[Any]:
    """Cells as values; what is not written as its type (`infinity`) stays a text."""
    make = _MAKERS[how]
    if NULL not in cells and not escaped:
        if make is None:
            return cells
        with suppress(ValueError, ArithmeticError):
            return list(map(make, cells))
    found: list[Any] = []
    for cell in cells:
        if cell == NULL:
            found.append(None)
            continue
        plain = _BACK.sub(_plain, cell) if "\\" in cell else cell
        if make is not None:
            with suppress(ValueError, ArithmeticError):
                found.append(make(plain))
                continue
        found.append(plain)
    return found


_BACK = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _plain(match: re.Match[str]) -> str:
    letter = match.group(1)
    return _LETTERS.get(letter, letter)


def _bytes(cell: str) -> bytes:
    return bytes.fromhex(cell.removeprefix("\\x"))


def _truth(cell: str) -> bool:
    if cell not in ("t", "f"):
        raise ValueError(cell)
    return cell == "t"


_MAKERS: dict[How, Callable[[str], Any] | None] = {
    How.RAW: None,
    How.TEXT: None,
    How.WHOLE: int,
    How.EXACT: Decimal,
    How.FLOAT: float,
    How.DATE: date.fromisoformat,
    How.TIME: datetime.fromisoformat,
    How.TRUTH: _truth,
    How.BYTES: _bytes,
    How.UUID: UUID,
}

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = re.compile(r"[\\\t\n\r]")


def cell_of(value: Any) -> str:
    """A value in COPY's text."""
    if value is None:
        return NULL
    if value.__class__ is str:
        return str(value).translate(_ESCAPED)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\\\x" + bytes(value).hex()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value).translate(_ESCAPED)


def lines_of(columns: Sequence[Sequence[Any]], raw: Sequence[bool]) -> bytes:
    """Columns as rows of COPY; a raw column is what `columns_of` left untouched."""
    written = [
        column if kept else _written(column) for column, kept in zip(columns, raw, strict=True)
    ]
    rows = map("\t".join, zip(*written, strict=True))
    return ("\n".join(rows) + "\n").encode("utf-8")


def _written(column: Sequence[Any]) -> Sequence[str]:
    kinds = set(map(type, column))
    if kinds == {str}:
        return column if _SPECIAL.search("\0".join(column)) is None else list(map(cell_of, column))
    if kinds == {int}:
        return list(map(str, column))
    return list(map(cell_of, column))


def put(connection: Connection, into: str, lines: bytes) -> None:
    """COPY rows in: `into` is the statement."""
    cursor = connection.connection.cursor()
    cursor.execute(into, stream=BytesIO(lines))  # type: ignore[call-arg]
