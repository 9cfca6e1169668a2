"""XLSX and Parquet: values only, in batches, damaged files refused."""

from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle import mask_sheets as sheets
from audit.lifecycle.mask import Family
from rules.load import DataError


def test_a_workbook_there_and_back(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([None, None])
    book.active.append(["姓名", "出生日期"])
    book.active.append(["某测试", date(2014, 5, 6), "多"])
    book.create_sheet("空")
    book.save(tmp_path / "a.xlsx")
    reader = sheets.open_reader(tmp_path / "a.xlsx")
    (head,) = reader.tables()
    assert head.columns[:2] == ("姓名", "出生日期")
    writer = sheets.open_writer(tmp_path / "b.xlsx", ".xlsx", reader)
    writer.table(head, [False] * len(head.columns))
    writer.write([["=1+1"], [date(2014, 5, 1)], [b"x"]])
    writer.close()
    (row,) = list(openpyxl.load_workbook(tmp_path / "b.xlsx").active.values)[1:]
    assert row[0] == "'=1+1"


def test_parquet_keeps_the_types_of_kept_columns(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None], "c": [date(2020, 1, 1)] * 2, "d": [1.5, 2]})
    pq.write_table(table, tmp_path / "a.parquet")
    reader = sheets.open_reader(tmp_path / "a.parquet")
    (head,) = reader.tables()
    assert head.families == (Family.WHOLE, Family.TEXT, Family.DATE, Family.NUMBER)
    writer = sheets.open_writer(tmp_path / "b.parquet", ".parquet", reader)
    writer.table(head, [True, False, False, True])
    for batch in reader.batches(head):
        writer.write(batch)
    writer.close()
    made = pq.read_table(tmp_path / "b.parquet")
    assert list(map(str, made.schema.types)) == ["int64", "string", "string", "double"]
    assert made.column("c").to_pylist() == ["2020-01-01"] * 2


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.docx"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 19900001234")
    with pytest.raises(DataError) as error:
        sheets.open_reader(tmp_path / name)
    assert "1990000" not in str(error.value)


def test_every_suffix_has_reader_and_writer(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n", encoding="utf-8")
    reader = sheets.open_reader(tmp_path / "a.csv")
    for suffix in sheets.SUFFIXES:
        writer = sheets.open_writer(tmp_path / f"b{suffix}", suffix, reader)
        for head in reader.tables():
            writer.table(head, [False])
        writer.close()
        assert (tmp_path / f"b{suffix}").exists()
    with pytest.raises(DataError):
        sheets.open_writer(tmp_path / "b.doc", ".doc", reader)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    for suffix in (".xlsx", ".parquet"):
        path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
        path.write_bytes(content)
        with pytest.raises(DataError):
            sheets.open_reader(path)
