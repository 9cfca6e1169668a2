"""Inventory → HTML and XLSX for people. Pure: text and bytes in, no file, no value of anybody.

The HTML is one file without a network and prints; the workbook has a sheet of tables, one of
columns, one of links. Cells that begin like a formula are written as text.
"""

from __future__ import annotations

import datetime
import io
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.styles import Font

from audit.lifecycle.model import By, Inventory, Judged
from rules.recognise.personal.kind_words import WORDS

BEIJING = datetime.timezone(datetime.timedelta(hours=8))
TOLD = {
    By.VALUES: "值",
    By.HEADER: "表头",
    By.BOTH: "值与表头",
    By.OFFICER: "人工",
    By.NOTHING: "—",
}


@cache
def environment() -> Environment:
    """The templates of reports of the data lifecycle."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["personal"] = personal
    return made


def when(at: float) -> str:
    """A moment as the school district's clock shows it."""
    return datetime.datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M")


def personal(one: Judged) -> bool:
    """Whether a column is worth a line of the report."""
    return one.kind is not None or bool(one.mixed) or one.conflict


def html(inventory: Inventory) -> str:
    """The report, whole."""
    kinds = Counter(one.kind for table in inventory.tables for one in table.columns if one.kind)
    return (
        environment()
        .get_template("inventory.html")
        .render(
            inventory=inventory,
            when=when(inventory.at),
            words=WORDS,
            told=TOLD,
            personal=personal,
            kinds=sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])),
            columns=sum(len(table.columns) for table in inventory.tables),
            marked=sum(personal(one) for table in inventory.tables for one in table.columns),
            unknown=[table for table in inventory.tables if table.problem is not None],
            conflicts=[one for table in inventory.tables for one in table.columns if one.conflict],
        )
    )


def xlsx(inventory: Inventory) -> bytes:
    """The workbook."""
    book = Workbook(write_only=True)
    sheet(
        book,
        "表 Tables",
        [
            "数据源",
            "模式",
            "表",
            "形式",
            "行数",
            "列数",
            "个人信息列",
            "主体",
            "14 岁以下占比",
            "问题",
        ],
        (
            [
                t.source,
                t.schema,
                t.name,
                t.form,
                t.rows,
                len(t.columns),
                sum(map(personal, t.columns)),
                t.subjects.zh if t.subjects else "",
                t.minors,
                t.problem.zh if t.problem else "",
            ]
            for t in inventory.tables
        ),
    )
    sheet(
        book,
        "列 Columns",
        [
            "数据源",
            "模式",
            "表",
            "列",
            "类型",
            "类别",
            "依据",
            "已验证",
            "疑似",
            "空值",
            "样本数",
            "表头称",
            "值称",
            "冲突",
            "文本中含",
            "说明",
        ],
        (
            [
                c.at.source,
                c.at.schema,
                c.at.table,
                c.at.column,
                c.type,
                _word(c.kind),
                TOLD[c.by],
                c.verified,
                c.suspected,
                c.empty,
                c.sampled,
                _word(c.header_says),
                _word(c.values_say),
                "是" if c.conflict else "",
                "、".join(_word(kind) for kind in c.mixed),
                c.note.zh if c.note else "",
            ]
            for t in inventory.tables
            for c in t.columns
        ),
    )
    sheet(
        book,
        "关联 Links",
        ["列", "关联到", "依据"],
        (
            [str(link.column), str(link.other), "推断" if link.inferred else "外键"]
            for t in inventory.tables
            for link in t.links
        ),
    )
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _word(kind: Any) -> str:
    return WORDS[kind].zh if kind is not None else ""


def sheet(book: Any, title: str, heads: list[str], rows: Any) -> None:
    """One sheet of a write-only workbook; what looks like a formula is text."""
    made = book.create_sheet(title)
    made.freeze_panes = "A2"
    bold = []
    for head in heads:
        cell = WriteOnlyCell(made, value=head)
        cell.font = Font(bold=True)
        bold.append(cell)
    made.append(bold)
    for row in rows:
        made.append([_cell(made, value) for value in row])


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000])
    cell.data_type = "s"
    return cell
