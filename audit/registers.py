"""Registers: the records a school keeps of its security work, as data that checks can read.

One YAML description each below `audit/registers/`: columns, which are needed, what kind each
holds. A register itself is a CSV table (headings by id or Chinese title) or a YAML list. Errors
are told by line and cell, all at once. An empty needed cell is no error: it is a finding later.
Counts and dates of what was read: audit/tallies.py. Pure but for `load_registers`, which reads
our own descriptions.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any

from rules.load import DataError, Problem, load_folder, loads
from rules.model import Text

REGISTERS = Path(__file__).parent / "registers"
SHANGHAI = timezone(timedelta(hours=8))
MOST_ROWS = 200_000
_YES = {"是": True, "有": True, "yes": True, "y": True, "true": True, "1": True,
        "否": False, "无": False, "no": False, "n": False, "false": False, "0": False}  # fmt: skip


class Kind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    DATE = "date"  # 2026-09-01, 2026/9/1, 2026.9.1, 2026年9月1日
    YES = "yes"  # 是 / 否
    NUMBER = "number"
    CHOICE = "choice"  # one of `values`


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `closes`: the column whose date ends what is due by this one."""

    id: str
    title: Text
    kind: Kind = Kind.TEXT
    needed: bool = False
    values: Mapping[str, Text] = field(default_factory=dict)
    closes: str = ""

    def __post_init__(self) -> None:
        if (self.kind is Kind.CHOICE) != bool(self.values):
            raise ValueError(
                f"column `{self.id}`: `values` belong to kind `choice`, and only there"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The description of one register. `dated` is the column that dates a row."""

    id: str
    title: Text
    dated: str
    columns: tuple[Column, ...]
    clauses: tuple[str, ...] = ()  # of GB/T 22239-2019 level 3, for people

    def __post_init__(self) -> None:
        known = {one.id: one for one in self.columns}
        if len(known) != len(self.columns):
            raise ValueError("a column stands twice")
        if self.dated not in known or known[self.dated].kind is not Kind.DATE:
            raise ValueError(f"`dated`: `{self.dated}` is no column of kind date")
        for one in self.columns:
            if one.closes and (one.closes not in known or one.kind is not Kind.DATE):
                raise ValueError(f"column `{one.id}`: `closes` belongs to dates and names a column")

    @property
    def needed(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.columns if one.needed)


type Row = Mapping[str, Any]
"""Column id → value (text, date, bool, float); None: the cell is empty. `line` → its line."""


def load_registers(folder: Path = REGISTERS) -> Mapping[str, Register]:
    """Every description by id. Raises DataError."""
    return load_folder(Register, folder)


def read(data: bytes, register: Register, file: str) -> tuple[Row, ...]:
    """The rows of a register, from CSV or YAML by the file's name. Raises DataError."""
    text = _decoded(data, file)
    if file.endswith((".yaml", ".yml")):
        rows, lines = _from_yaml(text, register, file)
    else:
        rows, lines = _from_csv(text, register, file)
    if len(rows) > MOST_ROWS:
        raise DataError([_problem(file, MOST_ROWS, 1, "行数太多 / too many rows")])
    found: list[Row] = []
    problems: list[Problem] = []
    for said, line in zip(rows, lines, strict=True):
        row: dict[str, Any] = {"line": line}
        for place, column in enumerate(register.columns, 1):
            try:
                row[column.id] = value(column, said.get(column.id, ""))
            except ValueError as error:
                message = f"{column.title.zh} `{column.id}`: {error}"
                problems.append(_problem(file, line, place, message))
        found.append(row)
    if problems:
        raise DataError(problems)
    return tuple(found)


def _decoded(data: bytes, file: str) -> str:
    for name in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise DataError([_problem(file, 1, 1, "既非 UTF-8 也非 GBK / neither UTF-8 nor GBK")])


def value(column: Column, text: str) -> Any:
    """The value of one cell; None where it is empty. Raises ValueError."""
    said = text.strip()
    if not said:
        return None
    match column.kind:
        case Kind.TEXT:
            return said
        case Kind.DATE:
            return day(said)
        case Kind.YES:
            if said.lower() not in _YES:
                raise ValueError(f"`{said[:40]}` 应为“是”或“否” / is neither yes nor no")
            return _YES[said.lower()]
        case Kind.NUMBER:
            if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", said, re.ASCII):
                raise ValueError(f"`{said[:40]}` 不是数 / is no number")
            return float(said)
        case Kind.CHOICE:
            for name, title in column.values.items():
                if said in (name, title.zh, title.en):
                    return name
            known = "、".join(title.zh for title in column.values.values())
            raise ValueError(f"`{said[:40]}` 不在其中 / is not one of: {known}")


def day(text: str) -> date:
    """A date as people write it. Raises ValueError."""
    hit = re.fullmatch(
        r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?",
        text,
        re.ASCII,
    )
    if hit:
        try:
            return date(int(hit[1]), int(hit[2]), int(hit[3]))
        except ValueError:
            pass
    raise ValueError(f"`{text[:40]}` 不是日期 / is no date (2026-09-01)")


def second(one: date) -> float:
    """The Unix second at which a day begins in Asia/Shanghai."""
    return datetime(one.year, one.month, one.day, tzinfo=SHANGHAI).timestamp()


def _from_csv(text: str, register: Register, file: str) -> tuple[list[dict[str, str]], list[int]]:
    rows = csv.reader(io.StringIO(text))
    try:
        head = [cell.strip().removesuffix("*") for cell in next(rows, [])]
        ids, problems = _heads(head, register, file)
        found, lines = [], []
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(head):
                message = f"{len(cells)} 格，表头 {len(head)} 格 / more cells than headings"
                problems.append(_problem(file, rows.line_num, len(head) + 1, message))
            found.append(dict(zip(ids, cells, strict=False)))
            lines.append(rows.line_num)
    except csv.Error as error:
        raise DataError([_problem(file, rows.line_num, 1, f"CSV: {error}")]) from error
    if problems:
        raise DataError(problems)
    return found, lines


def _heads(head: Sequence[str], register: Register, file: str) -> tuple[list[str], list[Problem]]:
    """The column ids of a heading line, and what is wrong with it."""
    by_name = {one.id: one.id for one in register.columns}
    by_name |= {one.title.zh: one.id for one in register.columns}
    known = "、".join(one.title.zh for one in register.columns)
    problems = [
        _problem(file, 1, place, f"列 `{name[:40]}` 未知或重复 / unknown or twice", known)
        for place, name in enumerate(head, 1)
        if name not in by_name or by_name[name] in [by_name.get(one) for one in head[: place - 1]]
    ]
    ids = [by_name.get(name, "") for name in head]
    problems += [
        _problem(file, 1, 1, f"缺列 column is missing: {one.title.zh} `{one.id}`")
        for one in register.columns
        if one.needed and one.id not in ids
    ]
    return ids, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A register as YAML: `rows:` of mappings from column id to text."""

    rows: tuple[Mapping[str, str], ...]


def _from_yaml(text: str, register: Register, file: str) -> tuple[list[dict[str, str]], list[int]]:
    found = loads(_Listed, text, file)
    known = {one.id for one in register.columns}
    problems = [
        _problem(file, number, 1, f"第 {number} 条：列 `{name[:40]}` 未知 / unknown column")
        for number, row in enumerate(found.rows, 1)
        for name in row
        if name not in known
    ]
    if problems:
        raise DataError(problems)
    return [dict(row) for row in found.rows], list(range(1, len(found.rows) + 1))


def template(register: Register) -> str:
    """An empty table to fill in: Chinese headings, `*` on what is needed."""
    out = io.StringIO()
    csv.writer(out).writerow(
        [one.title.zh + ("*" if one.needed else "") for one in register.columns]
    )
    return "\ufeff" + out.getvalue()


def _problem(file: str, line: int, column: int, message: str, remedy: str = "") -> Problem:
    return Problem(file=file, line=line, column=column, message=message, remedy=remedy)
