"""A questionnaire as CSV: the same columns, and whose it is on every line.

For those without a spreadsheet program. Read as UTF-8 or GB 18030; a value that begins like a
formula is refused, because the next program would evaluate it. Text and bytes; no world.
"""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from datetime import date
from typing import Any

from audit.catalog import Catalog
from audit.questionnaire.entry import FILLED, Entry, Formula, plain, returned
from audit.questionnaire.model import COLUMNS, Header, Questionnaire, Returned
from rules.load import DataError, Problem

MAX_FILE = 8 * 1024 * 1024
MAX_LINES = 20_000
HEADER = tuple(one.name for one in fields(Header))
NAMES = (*(one.name for one in COLUMNS), *(f"q_{name}" for name in HEADER))


def text(questionnaire: Questionnaire) -> str:
    """The CSV text, with a byte order mark so that spreadsheet programs know the encoding."""
    out = io.StringIO()
    writer = csv.DictWriter(out, NAMES, lineterminator="\r\n")
    writer.writeheader()
    said = {f"q_{name}": getattr(questionnaire.header, name) for name in HEADER}
    for row in questionnaire.rows:
        asked = {one.name: getattr(row, one.name, "") for one in COLUMNS if not one.filled}
        writer.writerow({**dict.fromkeys(FILLED, ""), **asked, **said})
    return "\ufeff" + out.getvalue()


def read(data: bytes, file: str, catalog: Catalog, today: date) -> Returned:
    """The answers of a CSV questionnaire. Raises DataError where it is none of ours."""

    def wrong(message: str, line: int = 1, remedy: str = "") -> DataError:
        return DataError([Problem(file=file, line=line, column=1, message=message, remedy=remedy)])

    if len(data) > MAX_FILE:
        raise wrong(f"文件超过 {MAX_FILE >> 20} MiB / the file is too large")
    rows = csv.DictReader(io.StringIO(_decoded(data, file), newline=""))
    entries: list[Entry] = []
    first: dict[str, Any] = {}
    try:
        lacking = [name for name in NAMES if name not in (rows.fieldnames or ())]
        if lacking:
            raise wrong(f"缺少列 / columns are missing: {', '.join(lacking)}")
        for row in rows:
            if rows.line_num > MAX_LINES * 8 or len(entries) > MAX_LINES:
                raise wrong("行数过多 / too many lines", rows.line_num)
            if None in row or any(value is None for value in row.values()):
                raise wrong("列数不对 / more or fewer values than columns", rows.line_num)
            first = first or row
            if row["q_id"] != first["q_id"]:
                raise wrong("一个文件只装一份问卷 / one questionnaire a file", rows.line_num)
            entries.append(_entry(row, file, rows.line_num))
    except csv.Error as error:
        raise wrong(f"不是 CSV / no CSV: {error}", rows.line_num) from error
    if not first.get("q_id"):
        raise wrong("没有问卷编号 / no questionnaire id")
    header = _header(first, wrong)
    if len(entries) < header.rows:
        raise wrong(
            f"少了 {header.rows - len(entries)} 行 / rows are gone",
            remedy="用原表，不要删行 / keep every row",
        )
    return returned(header, entries, catalog, today)


def _decoded(data: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = "不是 UTF-8 也不是 GB 18030 / neither UTF-8 nor GB 18030"
    raise DataError([Problem(file=file, line=1, column=1, message=message)])


def _header(row: dict[str, Any], wrong: Any) -> Header:
    said: dict[str, Any] = {name: plain(row[f"q_{name}"]) for name in HEADER}
    for name in ("level", "rows"):
        if not said[name].isdecimal() or len(said[name]) > 6:
            raise wrong(f"q_{name} `{said[name][:30]}` 不是数 / is no number")
        said[name] = int(said[name])
    return Header(**said)


def _entry(row: dict[str, Any], file: str, line: int) -> Entry:
    cells = {
        name: Formula(text=value) if name in FILLED and value.startswith(("=", "@")) else value
        for name, value in row.items()
        if not name.startswith("q_")
    }
    return Entry(cells=cells, place=lambda name: f"{file}:{line}:{name}")
