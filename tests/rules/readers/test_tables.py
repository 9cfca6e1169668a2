"""CSV: dialects, ragged rows, quotes without end, any bytes."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.model import Bounds, Piece, Unread
from rules.readers.tables import BROKEN, RAGGED, csv_pieces, delimiter


def read(data: bytes, bounds: Bounds = Bounds()) -> tuple[list[Piece], list[Unread]]:  # noqa: B008
    got = list(csv_pieces("f", io.BytesIO(data), bounds))
    return [one for one in got if isinstance(one, Piece)], [
        one for one in got if isinstance(one, Unread)
    ]


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_dialects(sign: str, encoding: str) -> None:
    text = f'姓名{sign}手机\r\n张小萌{sign}13800000000\r\n"李{sign}明"{sign}"a\nb"\r\n'
    pieces, unread = read(text.encode(encoding))
    assert pieces[:2] == [Piece("f", "姓名", "张小萌", 2), Piece("f", "手机", "13800000000", 2)]
    assert [one.text for one in pieces[2:]] == [f"李{sign}明", "a\nb"]
    assert unread == []


def test_ragged_rows() -> None:
    pieces, unread = read("姓名,手机\n张小萌\n李明,1,2\n".encode())
    assert [(one.header, one.text) for one in pieces] == [
        ("姓名", "张小萌"), ("姓名", "李明"), ("手机", "1"), ("", "2")]  # fmt: skip
    assert [(one.what, one.row, one.fatal) for one in unread] == [(RAGGED, 2, False)]


def test_a_quote_without_end_does_not_swallow_the_file() -> None:
    data = '姓名,手机\n张,"' + "x\n" * 400 + "李,2\n"
    _, unread = read(data.encode(), Bounds(cell=500))
    assert unread[0].what == BROKEN


def test_delimiters() -> None:
    assert delimiter("") == ","
    assert delimiter("a;b,c\n1;2\n") == ";"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    read(data)
