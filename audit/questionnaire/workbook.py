"""A questionnaire as a workbook: one sheet per section, protected but for what is to be filled in.

The cover says whose it is and how to fill it; a hidden sheet holds the keys it was sent with.
Bytes out; reading them back is audit/questionnaire/reading.py.
"""

from __future__ import annotations

import io
import math
from dataclasses import fields

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from audit.questionnaire.model import COLUMNS, PLACE, WORDS, Header, Questionnaire, Row

COVER, KEYS = "填写说明", "_qinglang"
FIRST = 3  # the first row of questions on a sheet
HOW = (
    "1. 只填蓝底的格子；结果从下拉表中选：符合、部分符合、不符合、不适用。",
    "2. 没有查过的留空：留空是“未知”，不是符合。",
    "3. 不适用须写理由和批准人；部分符合、不符合请在说明中写明缺什么。",
    "4. 证据写文件名或记录编号，一行一个；证据文件随本表一并交回。",
    "5. 日期写作 2026-09-01。不要写公式，不要合并单元格，不要增删工作表和行。",
    "Fill in the blue cells only. Leave empty what was not looked at: empty is unknown, never a",
    "pass. Not applicable takes a reason and an approver. No formulas, no merged cells.",
    "本表用于自查，不构成等级测评结论。A self-assessment, not the conclusion of an assessment.",
)
_LABELS = {
    "id": "问卷编号 Questionnaire", "organisation": "单位编号 Unit",
    "organisation_name": "单位名称 Name of unit", "system": "定级对象编号 System",
    "system_name": "定级对象名称 Name of system", "level": "等级 Level",
    "catalog": "目录版本 Catalog", "issued": "发出日期 Issued", "due": "交回期限 Due",
    "rows": "题数 Questions",
}  # fmt: skip
_LINE = Side(style="thin", color="B0B8C0")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="DCE3EA")
_FILL = PatternFill("solid", fgColor="EAF3FB")
_WRAP = Alignment(wrap_text=True, vertical="top")
FACE, LINE = "宋体", 13.5  # points of one line at size 10
_PLAIN, _BOLD = Font(name=FACE, size=10), Font(name=FACE, size=10, bold=True)
_TITLE = Font(name=FACE, size=14, bold=True)


def workbook(questionnaire: Questionnaire) -> bytes:
    """The XLSX file."""
    book = Workbook()
    cover = book.active
    cover.title = COVER
    _cover(cover, questionnaire.header)
    for name in questionnaire.sheets:
        rows = [one for one in questionnaire.rows if one.sheet == name]
        _sheet(book.create_sheet(name), questionnaire.header, rows)
    keys = book.create_sheet(KEYS)
    for number, one in enumerate(questionnaire.rows, 1):
        keys.cell(number, 1, one.key)
        keys.cell(number, 2, one.sheet)
    keys.sheet_state = "veryHidden"
    keys.protection.sheet = True
    book.properties.creator = "Qinglang 清朗"
    book.properties.title = questionnaire.header.id
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cover(sheet: Worksheet, header: Header) -> None:
    sheet["A1"] = "网络安全等级保护自查表 Self-assessment"
    sheet["A1"].font = _TITLE
    for number, one in enumerate(fields(Header), 3):
        sheet.cell(number, 1, _LABELS[one.name]).font = _BOLD
        cell = sheet.cell(number, 2, getattr(header, one.name))
        cell.alignment, cell.font = Alignment(horizontal="left"), _PLAIN
    start = 3 + len(fields(Header)) + 1
    for number, line in enumerate(HOW, start):
        sheet.cell(number, 1, line).font = _PLAIN
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 60
    _printed(sheet, header)
    sheet.protection.sheet = True


def _sheet(sheet: Worksheet, header: Header, rows: list[Row]) -> None:
    sheet.cell(
        1, PLACE["clause"], f"{sheet.title}　{header.organisation_name} {header.system_name}"
    )
    sheet.cell(1, PLACE["clause"]).font = _TITLE
    for number, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(FIRST - 1, number, column.title)
        cell.font, cell.fill, cell.border = _BOLD, _HEAD, _FRAME
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        sheet.column_dimensions[letter].hidden = column.hidden
    sheet.row_dimensions[FIRST - 1].height = 2 * LINE + 16
    for number, row in enumerate(rows, FIRST):
        _row(sheet, number, row)
    last = FIRST + len(rows) - 1
    _rules(sheet, last)
    sheet.freeze_panes = sheet.cell(FIRST, PLACE["text"])
    sheet.protection.sheet = True
    sheet.protection.formatRows = sheet.protection.formatColumns = False
    sheet.print_title_rows = f"{FIRST - 1}:{FIRST - 1}"
    _printed(sheet, header)


def _row(sheet: Worksheet, number: int, row: Row) -> None:
    said = {
        "key": row.key, "mark": row.mark, "clause": row.clause, "point": row.point,
        "text": row.text, "questions": row.questions, "wanted": row.wanted,
    }  # fmt: skip
    sheet.row_dimensions[number].height = _height(
        {name: text for name, text in said.items() if name not in ("key", "mark")}
    )
    for place, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(number, place, said.get(column.name))
        cell.alignment, cell.border, cell.font = _WRAP, _FRAME, _PLAIN
        if column.filled:
            cell.protection, cell.fill = Protection(locked=False), _FILL
        if column.name == "date":
            cell.number_format = "yyyy-mm-dd"


def _height(row: dict[str, str]) -> float:
    """Tall enough for the longest cell: programs do not fit rows to text they did not write."""
    return LINE * max(lines(row.get(one.name, ""), one.width) for one in COLUMNS) + 3


def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two units wide."""
    room = max(2.0, width - 1.5)
    return sum(
        max(1, math.ceil(sum(2 if ord(one) > 0x2E7F else 1.1 for one in part) / room))
        for part in text.split("\n")
    )


def _rules(sheet: Worksheet, last: int) -> None:
    """What Excel and WPS let people enter."""
    words = DataValidation(
        type="list", formula1='"' + ",".join(WORDS) + '"', allow_blank=True, showErrorMessage=True
    )
    words.errorTitle, words.error = "结果 Result", "请从下拉表中选择 / choose from the list"
    dates = DataValidation(
        type="date", operator="greaterThan", formula1="36526", allow_blank=True,
        showErrorMessage=True,
    )  # fmt: skip
    dates.errorTitle, dates.error = "日期 Date", "请写作 2026-09-01"
    for name, rule in (("result", words), ("date", dates)):
        letter = get_column_letter(PLACE[name])
        rule.add(f"{letter}{FIRST}:{letter}{last}")
        sheet.add_data_validation(rule)


def _printed(sheet: Worksheet, header: Header) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.3
    margins.top = margins.bottom = 0.5
    sheet.oddFooter.left.text = header.id.replace("&", "&&")
    sheet.oddFooter.right.text = "&P / &N"
