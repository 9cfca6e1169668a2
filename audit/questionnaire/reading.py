"""A returned workbook, cell by cell: answers, and every fault with its sheet and cell, at once.

The bytes come from anywhere, so the archive is weighed before it is opened (zip bombs), a part
that declares a DTD is refused, formulas are never evaluated, and a sheet is read as far as the
form reaches. Bytes in, values out.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from audit.catalog import Catalog
from audit.questionnaire.entry import Entry, Formula, plain, returned
from audit.questionnaire.model import COLUMNS, PLACE, Header, Returned
from audit.questionnaire.workbook import COVER, FIRST, KEYS
from rules.load import DataError, Problem

MAX_FILE = 16 * 1024 * 1024
MAX_UNPACKED = 48 * 1024 * 1024
MAX_ENTRIES = 400
MAX_ROWS = 3000
DECLARED = tuple("<!DOCTYPE".encode(one) for one in ("ascii", "utf-16-le", "utf-16-be"))
"""No part of a workbook declares a document type; entities begin there."""


def read(data: bytes, file: str, catalog: Catalog, today: date) -> Returned:
    """The answers of a workbook. Raises DataError where it is no questionnaire of ours."""
    book = opened(data, file)
    header = _header(book, file)
    expected = _expected(book)
    problems = list(_wrong_sheets(book, file, expected))
    entries: list[Entry] = []
    blocked: set[str] = set()  # keys of rows in which cells were merged
    for sheet in book.worksheets:
        if sheet.title in set(expected.values()):
            problems += _merged(sheet, file)
            rows, lost, unread = _entries(sheet, file)
            entries += rows
            problems += lost
            blocked |= unread
    there = {one.title for one in book.worksheets}
    gone = tuple(key for key, name in expected.items() if name not in there or key in blocked)
    keys = [key for key in expected if key not in gone]
    found = returned(header, entries, catalog, today, keys)
    return Returned(
        header=header,
        answers=found.answers,
        open=(*found.open, *gone),
        problems=(*problems, *found.problems),
        notices=found.notices,
    )


def opened(data: bytes, file: str) -> Workbook:
    """The workbook, if it is one of a size that a person fills in. Raises DataError."""

    def wrong(message: str) -> DataError:
        return DataError([Problem(file=file, line=1, column=1, message=message)])

    if len(data) > MAX_FILE:
        raise wrong(f"文件超过 {MAX_FILE >> 20} MiB / the file is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if len(listed) > MAX_ENTRIES or sum(one.file_size for one in listed) > MAX_UNPACKED:
                raise wrong("展开后过大，拒绝打开 / too much is packed in it: refused")
            for one in listed:
                part = archive.read(one)
                if any(word in part for word in DECLARED):
                    raise wrong("内含 DTD 声明，拒绝打开 / a DTD stands in it: refused")
        return load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except DataError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers meet
        kind = type(error).__name__
        raise wrong(
            f"不是可读的 XLSX 工作簿 ({kind}) / no workbook that can be read; 另存为 .xlsx 再交"
        ) from error


def _header(book: Workbook, file: str) -> Header:
    def wrong(place: str, message: str) -> DataError:
        return DataError([Problem(file=f"{file}!{place}", line=1, column=1, message=message)])

    if COVER not in book.sheetnames or KEYS not in book.sheetnames:
        raise wrong(
            COVER, "不是本系统发出的自查表 / not a questionnaire of ours (cover or keys missing)"
        )
    said: dict[str, Any] = {}
    for number, one in enumerate(fields(Header), 3):
        value = plain(book[COVER].cell(number, 2).value)
        if one.name in ("level", "rows"):
            if not value.isdecimal() or len(value) > 6:
                raise wrong(f"{COVER}!B{number}", f"`{value[:40]}` 不是数 / is no number")
            said[one.name] = int(value)
        else:
            said[one.name] = value
    if not said["id"]:
        raise wrong(f"{COVER}!B3", "问卷编号被删 / the id of the questionnaire is gone")
    return Header(**said)


def _expected(book: Workbook) -> dict[str, str]:
    """Key → sheet, as it was sent."""
    sheet = book[KEYS]
    rows = sheet.iter_rows(max_row=min(sheet.max_row, MAX_ROWS), max_col=2, values_only=True)
    return {plain(key): str(name) for key, name in rows if key and name}


def _wrong_sheets(book: Workbook, file: str, expected: dict[str, str]) -> Iterator[Problem]:
    wanted = dict.fromkeys(expected.values())
    for name in wanted:
        if name not in book.sheetnames:
            message = f"缺少工作表 `{name}` / the sheet is gone: its questions stay open"
            yield Problem(file=file, line=1, column=1, message=message)
    for name in book.sheetnames:
        if name not in (*wanted, COVER, KEYS):
            yield Problem(
                file=f"{file}!{name[:40]}",
                line=1,
                column=1,
                message="多出的工作表，不读取 / a sheet that is not of the form: not read",
                remedy="把答复填入原有工作表 / put the answers into the form's own sheets",
            )


def _merged(sheet: Worksheet, file: str) -> Iterator[Problem]:
    for merged in sheet.merged_cells.ranges:
        yield Problem(
            file=f"{file}!{sheet.title}!{merged.coord}",
            line=1,
            column=1,
            message="合并了单元格，不知道答的是哪一条 / merged cells: which item is meant?",
            remedy="取消合并，逐条填写 / unmerge and answer item by item",
        )


def _entries(sheet: Worksheet, file: str) -> tuple[list[Entry], list[Problem], set[str]]:
    problems = []
    last = sheet.max_row
    if last > MAX_ROWS:
        message = f"超过 {MAX_ROWS} 行 / more rows than a form has: not read further"
        problems.append(Problem(file=f"{file}!{sheet.title}", line=1, column=1, message=message))
        last = MAX_ROWS
    found, blocked = [], set()
    merged = {
        (row, column)
        for one in sheet.merged_cells.ranges
        for row in range(one.min_row, min(one.max_row, MAX_ROWS) + 1)
        for column in range(one.min_col, min(one.max_col, len(COLUMNS)) + 1)
    }
    for number in range(FIRST, last + 1):
        if any((number, place) in merged for place in range(1, len(COLUMNS) + 1)):
            blocked.add(plain(sheet.cell(number, PLACE["key"]).value))
            continue
        cells = {name: _value(sheet, number, place) for name, place in PLACE.items()}
        if any(value not in (None, "") for value in cells.values()):
            found.append(Entry(cells=cells, place=_place(file, sheet.title, number)))
    return found, problems, blocked


def _place(file: str, sheet: str, number: int) -> Any:
    return lambda name: f"{file}!{sheet}!{get_column_letter(PLACE[name])}{number}"


def _value(sheet: Worksheet, row: int, column: int) -> Any:
    cell = sheet.cell(row, column)
    return Formula(text=str(cell.value)) if cell.data_type == "f" else cell.value
