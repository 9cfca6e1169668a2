"""Imported lists of faults: XLSX or CSV of a 测评机构, a 通报 or a 限期整改单 → steps. Pure.

The head row names the columns, in Chinese or English; what is wrong is told by cell, all at
once, and then nothing is taken. Formulas are not computed, merged cells are refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from audit.repairs import Do, Step, identity
from audit.scope import day
from rules.load import DataError, Problem

COLUMNS = {
    "number": ("编号", "问题编号", "序号", "number"),
    "clause": ("控制项", "条款", "标准条款", "clause", "control"),
    "target": ("对象", "测评对象", "资产", "target"),
    "check": ("检查", "检查项", "check"),
    "problem": ("问题", "问题描述", "安全问题", "problem"),
    "owner": ("责任人", "责任单位", "owner"),
    "due": ("期限", "整改期限", "完成时限", "due"),
}
NEEDED = ("number", "problem", "owner", "due")
MAX_ROWS = 20_000
MAX_UNPACKED = 64 * 1024 * 1024
_CLAUSE = re.compile(r"\d+(\.\d+){2,4}(\.?[a-z])?\)?")


def read_list(
    data: bytes, file: str, *, source: str, known: Iterable[str] = ()
) -> tuple[Step, ...]:
    """The opening steps of a list. `known` are control ids. Raises DataError with every cell."""
    rows = list(_xlsx(data, file) if data[:2] == b"PK" else _csv(data, file))
    if not rows:
        raise _bad(file, 1, "", "没有内容 / the list is empty")
    heads = [str(one or "").strip().lower() for one in rows[0]]
    place = {
        name: heads.index(word)
        for name, words in COLUMNS.items()
        for word in reversed(words)
        if word in heads
    }
    missing = [name for name in NEEDED if name not in place]
    if missing:
        words = ", ".join(COLUMNS[name][0] for name in missing)
        raise _bad(file, 1, "", f"缺少列 / missing columns: {words} ({', '.join(missing)})")
    controls = set(known)
    problems: list[Problem] = []
    steps: dict[str, Step] = {}
    for number, row in enumerate(rows[1:], 2):
        said = {name: _cell(row[at]) if at < len(row) else "" for name, at in place.items()}
        if not any(said.values()):
            continue
        wrong = list(_wrong(said, controls))
        problems += [
            _problem(file, number, place[name], f"{_letter(place[name])}{number}: {message}")
            for name, message in wrong
        ]
        if wrong:
            continue
        step = _step(said, source, controls)
        if step.repair in steps:
            cell = f"{_letter(place['number'])}{number}"
            problems.append(
                _problem(file, number, place["number"], f"{cell}: 编号重复 / stands twice")
            )
        steps[step.repair] = step
    if problems:
        raise DataError(problems)
    return tuple(steps.values())


def _wrong(said: dict[str, str], controls: set[str]) -> Iterator[tuple[str, str]]:
    for name in NEEDED:
        if not said[name]:
            yield name, "不能为空 / may not be empty"
    if said["due"]:
        try:
            day(said["due"])
        except ValueError:
            yield "due", f"`{said['due'][:40]}` 不是日期 / is no date like 2026-12-31"
    clause = said.get("clause", "")
    if clause and _control(clause, controls) is None:
        yield "clause", f"`{clause[:40]}` 不在目录中 / is not in the catalog"


def _control(clause: str, controls: set[str]) -> str | None:
    """`8.1.4.1.a`, `8.1.4.1 a)` or a whole id."""
    if clause in controls:
        return clause
    bare = clause.replace(" ", "").replace("）", ")").rstrip(")").lower()
    if not _CLAUSE.fullmatch(bare):
        return None
    dotted = re.sub(r"(?<=\d)([a-z])$", r".\1", bare)
    return next((one for one in sorted(controls) if one.endswith(f":{dotted}")), None)


def _step(said: dict[str, str], source: str, controls: set[str]) -> Step:
    control = _control(said.get("clause", ""), controls) or ""
    target = said.get("target", "")
    return Step(
        repair=identity(control=control, target=target, source=source, number=said["number"]),
        do=Do.OPEN,
        control=control,
        target=target,
        check=said.get("check", ""),
        number=said["number"],
        source=source,
        problem=said["problem"],
        owner=said["owner"],
        due=day(said["due"]),
    )


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str("" if value is None else value).strip()[:2000]


def _xlsx(data: bytes, file: str) -> Iterator[Sequence[Any]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > MAX_UNPACKED:
                raise _bad(file, 1, "", "文件过大 / it unpacks to too much")
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        sheet = book.worksheets[0]
        if sheet.merged_cells.ranges:
            first = sorted(str(one) for one in sheet.merged_cells.ranges)[0]
            raise _bad(file, 1, first, "有合并单元格，请先拆分 / merged cells: split them first")
        if sheet.max_row > MAX_ROWS:
            raise _bad(file, MAX_ROWS, "", "行数过多 / too many rows")
        rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    except DataError:
        raise
    except Exception as error:
        message = f"不是可读的 XLSX / no readable XLSX: {type(error).__name__}"
        raise _bad(file, 1, "", message) from error
    yield from rows


def _csv(data: bytes, file: str) -> Iterator[Sequence[Any]]:
    for code in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(code)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _bad(file, 1, "", "既非 UTF-8 也非 GBK / neither UTF-8 nor GBK")
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise _bad(file, 1, "", f"CSV: {error}") from error
    if len(rows) > MAX_ROWS:
        raise _bad(file, MAX_ROWS, "", "行数过多 / too many rows")
    yield from rows


def _letter(column: int) -> str:
    head, tail = divmod(column, 26)
    return (chr(64 + head) if head else "") + chr(65 + tail)


def _problem(file: str, line: int, column: int, message: str) -> Problem:
    return Problem(file=file, line=line, column=column + 1, message=message)


def _bad(file: str, line: int, cell: str, message: str) -> DataError:
    return DataError([_problem(file, line, 0, f"{cell}: {message}" if cell else message)])
