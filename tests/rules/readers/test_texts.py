"""Text in any encoding, lines without end, bytes of nothing."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.model import Bounds, Piece
from rules.readers.texts import SPOILED, codec, cut_place, lines, text_pieces

ZH = "姓名：张小萌，今天我们学习了中国历史上的一些重要事件，大家都觉得很有意思。\n"


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
def test_encodings(name: str) -> None:
    data = ("a" * 300_000 * (name == "gb18030") + ZH * 3).encode(name)
    text = "".join(one.text for one in text_pieces("f", io.BytesIO(data), Bounds())
                   if isinstance(one, Piece))  # fmt: skip
    assert text.endswith(ZH * 3)
    assert not text.startswith("\ufeff")


def test_lines_without_end_are_cut_between_words() -> None:
    data = ("13800000000，" * 20_000).encode()
    pieces = [one for one in text_pieces("f", io.BytesIO(data), Bounds()) if isinstance(one, Piece)]
    assert len(pieces) > 1
    assert "".join(one.text for one in pieces) == data.decode()
    assert all(one.text.endswith("，") for one in pieces)
    assert cut_place("x" * 300) == 300


def test_rows_are_the_lines_they_begin_at() -> None:
    data = ("无" * 40_000 + "\n" + "字\n" * 40_000).encode()
    rows = [
        one.row for one in text_pieces("f", io.BytesIO(data), Bounds()) if isinstance(one, Piece)
    ]
    assert rows == sorted(rows)
    assert rows[0] == 1


def test_spoiled_bytes_are_said() -> None:
    pieces = list(text_pieces("f", io.BytesIO("好的".encode() * 50 + b"\xff\n"), Bounds()))
    assert any(getattr(one, "what", None) == SPOILED for one in pieces)


def test_empty() -> None:
    assert codec(io.BytesIO(b"")) == "utf-8"
    assert list(text_pieces("f", io.BytesIO(b""), Bounds())) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_lines(data: bytes) -> None:
    for line in lines(io.BytesIO(data), 50):
        assert len(line) <= 50
