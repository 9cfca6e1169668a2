"""Workbooks: XLSX, XLSM, XLS, XLSB and ODS. Formulas are never evaluated: stored results are read.

Excel keeps fifteen digits of a number: a longer identity or card number that was typed as a
number is spoiled for good, and said to be. Large sheets are streamed by another library.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

import openpyxl
import python_calamine

from rules.model import Text
from rules.readers.model import Bounds, Piece, Unread
from rules.readers.tables import cells

EXACT = 10**15  # from here on a number of a sheet has lost its last digits
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOCKED = Text(zh="有密码，未能读取", en="protected by a password, not read")
BROKEN = Text(zh="工作簿已损坏，未能读取", en="a damaged workbook, not read")
SPOILED = Text(
    zh="长数字被存为数值，15 位之后已丢失，无法恢复",
    en="long numbers were stored as numbers: digits beyond the 15th are lost for good",
)
_DATES = ("日期", "生日", "出生年月", "date", "birth")
_EPOCH = date(1899, 12, 30)


def sheet_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Cells of every sheet under their headers."""
    head = stream.read(8)
    stream.seek(0)
    if head.startswith(OLE) and b"E\0n\0c\0r\0y\0p\0t\0e\0d" in stream.read(bounds.whole):
        yield Unread(path=path, what=LOCKED)
        return
    stream.seek(0)
    try:
        if head.startswith(b"PK") and _largest(stream) > bounds.sheet:
            yield from _streamed(path, stream, bounds)
            return
        stream.seek(0)
        book = python_calamine.CalamineWorkbook.from_filelike(stream)
        for name in book.sheet_names:
            yield from _sheet(f"{path}#{name}", book.get_sheet_by_name(name), bounds)
    except python_calamine.PasswordError:
        yield Unread(path=path, what=LOCKED)
    except Exception:  # a reader of foreign bytes; nothing of them is quoted
        yield Unread(path=path, what=BROKEN)


def _largest(stream: BinaryIO) -> int:
    with zipfile.ZipFile(stream) as packed:
        return max((one.file_size for one in packed.infolist()), default=0)


def _sheet(path: str, sheet: Any, bounds: Bounds) -> Iterator[Piece | Unread]:
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    above = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top < 8 and bottom < len(rows):  # a header over several columns or rows
            value = rows[top][left] if left < len(rows[top]) else ""
            if left == 0 and right + 1 >= len(rows[top]):
                continue  # a title over the whole table
            above = max(above, bottom if top == bottom else 0) if right > left else above
            for row in range(top, bottom + 1):
                for column in range(left, min(right + 1, len(rows[row]))):
                    if rows[row][column] in ("", None):
                        rows[row][column] = value
    yield from _table(path, rows, bounds)


def _streamed(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    stream.seek(0)
    book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        rows = (list(row) for row in sheet.iter_rows(values_only=True))
        yield from _table(f"{path}#{sheet.title}", rows, bounds)
    book.close()


def _table(path: str, rows: Iterable[list[Any]], bounds: Bounds) -> Iterator[Piece | Unread]:
    problems: list[Unread] = []
    told = False

    def plain() -> Iterator[list[str]]:
        nonlocal told
        for number, row in enumerate(rows, 1):
            if not told and any(
                isinstance(cell, int | float) and abs(cell) >= EXACT for cell in row
            ):
                told = True
                problems.append(Unread(path=path, what=SPOILED, row=number, fatal=False))
            yield [_text(cell)[: bounds.cell] for cell in row[: bounds.columns]]

    for piece in cells(path, two_rows(plain()), bounds, problems):
        if isinstance(piece, Unread):
            if piece.what is SPOILED:
                yield piece
        else:
            yield piece._replace(text=_dated(piece.header, piece.text))


def two_rows(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Two rows of headers (the upper one merged over several columns) as one."""
    held: list[str] | None = None
    for number, row in enumerate(rows):
        if number >= 8:
            if held is not None:
                yield held
                held = None
            yield row
            yield from rows
            return
        if held is not None:
            if _below(held, row):
                row = [_both(up, down) for up, down in zip(held, row, strict=False)]  # noqa: PLW2901
                held = None
                yield row
                continue
            yield held
        held = row
    if held is not None:
        yield held


def _below(upper: list[str], lower: list[str]) -> bool:
    """The upper row repeats names that the lower row tells apart."""
    filled = [cell for cell in upper if cell]
    names = [cell for cell in lower if cell]
    return (
        2 <= len(set(filled)) < len(filled)
        and len(lower) == len(upper)
        and len(names) == len(lower)
        and all(not any(sign.isdigit() for sign in cell) for cell in names)
    )


def _both(up: str, down: str) -> str:
    return down if not up or up == down else f"{up}{down}"


def _text(cell: Any) -> str:
    """A cell as it is read; whole numbers without a decimal point."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e20:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell)


def _dated(header: str, text: str) -> str:
    """A number under the header of a date is one: days since 1899-12-30."""
    if len(text) == 5 and text.isdecimal() and any(word in header.lower() for word in _DATES):
        return (_EPOCH + timedelta(days=int(text))).isoformat()
    return text
