"""Workbook and CSV: all rows, no formula whatever a target said, label and mark on each."""

import csv
import io

from openpyxl import load_workbook

from audit.reports import sheets
from audit.reports.model import MARK
from tests.audit.reports.made import hostile, report

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def test_every_sheet_is_there() -> None:
    book = load_workbook(io.BytesIO(sheets.workbook(report())))
    assert book.sheetnames == [
        "摘要", "单项结果", "问题与整改", "检查结果", "对象×条款", "高风险与隐患", "六层六防",
        "整改台账", "证据", "资产",
    ]  # fmt: skip
    assert book["单项结果"].max_row == 212
    assert book["高风险与隐患"].max_row == 114
    assert book["检查结果"].max_row == len(report().run.findings) + 1
    page = book["单项结果"]
    assert page.freeze_panes == "A2"
    assert "内部资料" in page.oddHeader.left.text
    assert MARK.zh in page.oddHeader.right.text


def test_no_cell_is_a_formula() -> None:
    book = load_workbook(io.BytesIO(sheets.workbook(hostile())))
    for page in book:
        for row in page.iter_rows():
            for one in row:
                assert one.data_type != "f"
                if isinstance(one.value, str):
                    assert not one.value.startswith(FORMULA)
                    assert len(one.value) < 32_768


def test_csv() -> None:
    raw = sheets.table(hostile())
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw[3:].decode())))
    assert len(rows) == 212
    assert {len(one) for one in rows} == {11}
    assert rows[1][0] == "8.1.1.1.a"
    assert rows[1][-2] == MARK.zh
    assert not any(one.startswith(FORMULA) for row in rows for one in row)


def test_rows_fit_their_columns() -> None:
    for one in sheets.sheets(report()):
        assert all(len(row) == len(one.columns) for row in one.rows), one.name
