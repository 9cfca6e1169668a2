"""CSV and JSON Lines: strict, in batches, and never a cell in an error."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle import mask_formats as formats
from audit.lifecycle.mask import Family
from rules.load import DataError


def test_headers_are_made_single() -> None:
    assert formats.named(["a", "", "a", None, "\ufeffb "]) == (
        "a",
        "column_2",
        "a_3",
        "column_4",
        "b",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("姓名,班级\n某测试,一班\n".encode(encoding))
    reader = formats.CsvReader(path)
    (head,) = reader.tables()
    assert head.columns == ("姓名", "班级")
    assert list(reader.batches(head)) == [[["某测试"], ["一班"]]]


def test_ragged_rows_are_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\na,b\n1\n1,2,3\n\n", encoding="utf-8")
    reader = formats.CsvReader(path)
    (head,) = reader.tables()
    assert list(reader.batches(head)) == [[["1", "1"], ["", "2"]]]
    assert reader.ragged == 2


def read(kind: type[Any], path: Path) -> None:
    reader = kind(path)
    for head in reader.tables():
        list(reader.batches(head))


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"a,b\n\xff\xff\x80", b'a,b\n"' + b"1" * 1_100_000 + b'"\n']
)
def test_bad_csv_says_so_without_a_cell(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read(formats.CsvReader, path)
    assert "111" not in str(error.value)


@pytest.mark.parametrize(
    "content", ["", "[1]\n", '{"a": 1}\n{"a": 19900001234', '{"a": NaN}\n', "[" * 50_000]
)
def test_bad_json_says_the_line_without_a_value(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read(formats.JsonReader, path)
    assert "1990000" not in str(error.value)


def test_json_lines_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1, "b": {"c": "x"}}\n{"a": 2, "d": [1]}\n', encoding="utf-8")
    reader = formats.JsonReader(path)
    (head,) = reader.tables()
    assert head.columns == ("a", "b.c", "d")
    (batch,) = reader.batches(head)
    assert batch == [[1, 2], ["x", None], [None, "[1]"]]
    writer = formats.JsonWriter(tmp_path / "b.jsonl")
    writer.table(head, [True] * 3)
    writer.write(batch)
    writer.close()
    assert (tmp_path / "b.jsonl").read_text("utf-8").splitlines()[0] == (
        '{"a": 1, "b.c": "x", "d": null}'
    )


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_foreign_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    for suffix, kind in ((".csv", formats.CsvReader), (".jsonl", formats.JsonReader)):
        path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
        path.write_bytes(content)
        try:
            reader = kind(path)
            for head in reader.tables():
                for batch in reader.batches(head):
                    assert len(batch) == len(head.columns)
                    assert set(head.families) == {Family.TEXT}
        except DataError:
            continue
