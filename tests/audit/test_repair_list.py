"""Imported lists: CSV in two codes, XLSX, errors by cell, hostile files."""

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.repair_list import read_list
from rules.load import DataError

KNOWN = ("GBT22239-2019:3:8.1.4.1.a",)
HEAD = "编号,条款,对象,问题,责任人,整改期限\n"
GOOD = HEAD + "1,8.1.4.1 a),web01,口令策略缺失,信息中心,2026-12-31\n\n"


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv(code: str) -> None:
    (step,) = read_list(GOOD.encode(code), "l.csv", source="某机构", known=KNOWN)
    assert (step.control, step.owner, step.due) == (KNOWN[0], "信息中心", "2026-12-31")


def workbook(*rows: list[object], merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    if merge:
        book.worksheets[0].merge_cells(merge)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_xlsx() -> None:
    from datetime import datetime

    data = workbook(["number", "problem", "owner", "due"], [7.0, "x", "y", datetime(2026, 12, 1)])  # noqa: DTZ001
    (step,) = read_list(data, "l.xlsx", source="s")
    assert (step.number, step.due) == ("7", "2026-12-01")
    with pytest.raises(DataError, match="merged"):
        read_list(workbook(["number"], merge="A1:B2"), "l.xlsx", source="s")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (HEAD + "1,8.1.4.1.a,w,x,y,soon\n", "F2"), (HEAD + ",8.1.4.1.a,w,x,y,2026-12-01\n", "A2"),
        (HEAD + "1,9.9.9.9.z,w,x,y,2026-12-01\n", "B2"), ("编号,问题\n1,2\n", "责任人"),
        (GOOD + "1,,w,x,y,2026-12-01\n", "A4"), ("", "empty"),
    ],
)  # fmt: skip
def test_errors_by_cell(text: str, cell: str) -> None:
    with pytest.raises(DataError, match=cell):
        read_list(text.encode(), "l.csv", source="s", known=KNOWN)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda one: b"PK" + one))
def test_foreign_bytes(data: bytes) -> None:
    try:
        read_list(data, "f", source="s")
    except DataError:
        return
