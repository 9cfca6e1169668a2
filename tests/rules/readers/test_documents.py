"""JSON and JSON lines: paths, long lists, broken ends, depth."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.documents import BROKEN, DEEP, LARGE, json_pieces, jsonl_pieces, walk
from rules.readers.model import Bounds, Piece, Unread


def read(data: bytes, bounds: Bounds | None = None) -> list[Piece | Unread]:
    return list(json_pieces("f", io.BytesIO(data), bounds or Bounds()))


def test_paths_and_keys() -> None:
    data = {"rows": [{"姓名": "张小萌", "a": {"b": [1, None, True, 2.50]}}], "x": ""}
    assert read(json.dumps(data).encode()) == [
        Piece("f#$.rows[]", "姓名", "张小萌", 1),
        Piece("f#$.rows[].a", "b", "1", 1),
        Piece("f#$.rows[].a", "b", "2.5", 1),
    ]


def test_long_numbers_stay_as_they_are_written() -> None:
    assert read(b'{"a": 119900201001010017.0}')[0].text == "119900201001010017.0"  # type: ignore[union-attr]


def test_a_list_is_read_element_by_element() -> None:
    rows = [{"手机": f"138{number:08}"} for number in range(100_000)]
    pieces = read(json.dumps(rows).encode())
    assert len(pieces) == 100_000
    assert pieces[-1] == Piece("f#$", "手机", "13800099999", 100_000)


@pytest.mark.parametrize("data", [b'[{"a": 1}', b'{"a": ', b"{'a': 1}", b"[1,"])
def test_broken_ones(data: bytes) -> None:
    assert any(isinstance(one, Unread) and one.what == BROKEN for one in read(data))


def test_bounds() -> None:
    assert any(
        isinstance(one, Unread) and one.what == LARGE
        for one in read(b'"' + b"x" * 5_000_000, Bounds(whole=1_000_000))
    )
    deep: object = "a"
    for _ in range(80):
        deep = [deep]
    assert [one.what for one in walk("f", deep, 1, Bounds()) if isinstance(one, Unread)] == [DEEP]


def test_lines() -> None:
    got = list(jsonl_pieces("f", io.BytesIO(b'{"a": "x"}\n\nbad\n{"a": "y"}\n'), Bounds()))
    assert got == [
        Piece("f#$", "a", "x", 1),
        Unread(path="f", what=BROKEN, row=3),
        Piece("f#$", "a", "y", 4),
    ]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:1 a\\', max_size=60).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    read(data)
    list(jsonl_pieces("f", io.BytesIO(data), Bounds()))
