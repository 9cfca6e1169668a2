"""Workbooks: merged headers, numbers that lost digits, dates, formulas, passwords, streams."""

import io
from datetime import date

import openpyxl
import pytest

from rules.readers.model import Bounds, Piece, Unread
from rules.readers.sheets import BROKEN, LOCKED, OLE, SPOILED, sheet_pieces, two_rows


def book(rows: list[list[object]], *merged: str) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "一班"
    for row in rows:
        sheet.append(row)
    for one in merged:
        sheet.merge_cells(one)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(sheet=1)], ids=["whole", "streamed"])
def test_cells(bounds: Bounds) -> None:
    data = book(
        [
            ["花名册", None, None, None],
            ["姓名", "手机", "出生日期", "身份证号"],
            ["张小萌", 13800000000, date(2010, 1, 1), 119900201001010017],
            ["李明", "13800000000", 40179, "119900201001010017"],
            ["=1+1", None, None, None],
        ],
    )
    got = list(sheet_pieces("f", io.BytesIO(data), bounds))
    cells = [(one.header, one.text, one.row) for one in got if isinstance(one, Piece)]
    assert ("", "花名册", 1) in cells
    assert ("手机", "13800000000", 3) in cells
    assert ("出生日期", "2010-01-01", 3) in cells
    assert ("出生日期", "2010-01-01", 4) in cells
    assert ("身份证号", "119900201001010017", 4) in cells
    assert [(one.what, one.row) for one in got if isinstance(one, Unread)] == [(SPOILED, 3)]
    assert {one.path for one in got} == {"f#一班"}
    assert not any(text == "2" for _, text, _ in cells)


def test_merged_headers() -> None:
    rows: list[list[object]] = [
        ["姓名", "家长", None], [None, "姓名", "手机"], ["张小萌", "李明", "13800000000"]
    ]  # fmt: skip
    data = book(rows, "A1:A2", "B1:C1")
    got = [one for one in sheet_pieces("f", io.BytesIO(data), Bounds()) if isinstance(one, Piece)]
    assert [(one.header, one.text) for one in got] == [
        ("姓名", "张小萌"), ("家长姓名", "李明"), ("家长手机", "13800000000")
    ]  # fmt: skip


def test_two_rows() -> None:
    rows = [["a", "b", "b"], ["a", "c", "d"], ["1", "2", "3"]]
    assert list(two_rows(iter(rows))) == [["a", "bc", "bd"], ["1", "2", "3"]]
    plain = [["a", "b"], *([["1", "2"]] * 20)]
    assert list(two_rows(iter(plain))) == plain


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), LOCKED),
        (OLE + b"\0" * 600, BROKEN),
        (b"PK\x03\x04zz", BROKEN),
        (b"", BROKEN),
    ],
)
def test_what_can_not_be_read(data: bytes, what: object) -> None:
    got = list(sheet_pieces("f", io.BytesIO(data), Bounds()))
    assert [one.what for one in got if isinstance(one, Unread)] == [what]
