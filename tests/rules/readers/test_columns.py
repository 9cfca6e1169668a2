"""Parquet: columns, nested values, damaged files."""

import io

import pytest

from rules.readers.columns import BROKEN, parquet_pieces
from rules.readers.model import Bounds, Piece, Unread

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def test_columns_and_nested_values() -> None:
    out = io.BytesIO()
    table = pa.table({"手机": ["13800000000", None], "n": [1, 2], "in": [{"a": "x"}, {"a": None}]})
    pq.write_table(table, out)
    got = list(parquet_pieces("f", io.BytesIO(out.getvalue()), Bounds()))
    assert got == [
        Piece("f", "手机", "13800000000", 1), Piece("f", "n", "1", 1), Piece("f#$.in", "a", "x", 1),
        Piece("f", "n", "2", 2),
    ]  # fmt: skip


def test_damaged() -> None:
    got = list(parquet_pieces("f", io.BytesIO(b"PAR1xxPAR1"), Bounds()))
    assert got == [Unread(path="f", what=BROKEN)]
