"""A table of a file or a database, as columns and rows."""

import sqlite3

import openpyxl
import pytest

from audit.lifecycle.risk_source import of_file, opened
from rules.load import DataError, WorldError
from rules.recognise.personal.kinds import Kind


def test_a_plain_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("xb,csrq\n男,2013-04-09\n女\n", encoding="gb18030")
    found = of_file(path)
    assert found.columns == ("xb", "csrq")
    assert list(found.rows(["csrq", "xb"])) == [("2013-04-09", "男"), ("", "女")]
    assert list(found.batches(["xb"])) == [[["男", "女"]]]
    assert found.kinds()["csrq"] is Kind.BIRTH_DATE


def test_a_title_above_the_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("学生名单,,\n姓名,性别,班级\n甲,男,1\n乙,女,2\n", encoding="utf-8")
    found = of_file(path)
    assert found.columns == ("姓名", "性别", "班级")
    assert list(found.rows(["性别"])) == [["男"], ["女"]]


def test_a_sheet(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "一"
    for sheet in (book.active, book.create_sheet("二")):
        sheet.append(["xb", "nl"])
        sheet.append([sheet.title, 7])
    book.save(tmp_path / "a.xlsx")
    with opened(str(tmp_path / "a.xlsx"), "二") as found:
        assert list(found.rows(["xb"])) == [("二",)]
    with opened(str(tmp_path / "a.xlsx")) as found:
        assert len(list(found.rows(["xb"]))) == 2
    with pytest.raises(DataError, match="no such table"), opened(str(tmp_path / "a.xlsx"), "三"):
        pass


def test_a_database(tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE s (xb, nl)")
        base.execute("INSERT INTO s VALUES ('男', 7)")
    base.close()
    with opened(f"sqlite:///{tmp_path}/a.db", "s") as found:
        assert [tuple(row) for row in found.rows(["nl", "xb"])] == [(7, "男")]
    with pytest.raises(DataError, match="no such table"), opened(f"sqlite:///{tmp_path}/a.db"):
        pass


def test_no_file_and_no_table(tmp_path):
    with pytest.raises(DataError, match="no such file"), opened(str(tmp_path / "none.csv")):
        pass
    broken = tmp_path / "a.xls"
    broken.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(WorldError):
        list(of_file(broken).rows([]))
