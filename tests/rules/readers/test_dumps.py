"""SQL dumps: INSERT over lines, COPY, quoted quotes, names from CREATE TABLE, broken ends."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.readers.dumps import BROKEN, sql_pieces
from rules.readers.model import Bounds, Piece, Unread


def read(text: str, bounds: Bounds | None = None) -> list[tuple[str, str, str, int]]:
    return [
        (*one,) if isinstance(one, Piece) else (one.path, "!", one.what.en, one.row or 0)
        for one in sql_pieces("f", io.BytesIO(text.encode()), bounds or Bounds())
    ]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO `t` (`xm`, `sjh`) VALUES ('张\\'小,萌(a)', 138), (NULL, 'it''s');",
        "INSERT INTO db.t (xm, sjh)\nVALUES\n('张\\'小,萌(a)',\n 138),\n(NULL, 'it''s');\n",
        "CREATE TABLE t (\n  `xm` varchar(20),\n  sjh bigint,\n  PRIMARY KEY (`xm`)\n);\n"
        "insert ignore into t values ('张\\'小,萌(a)',138),(null,'it''s');",
        "CREATE TABLE IF NOT EXISTS t (xm text, sjh int);\n"
        "REPLACE INTO t VALUES ('张\\'小,萌(a)',138),(NULL,'it''s');",
    ],
)
def test_inserts(text: str) -> None:
    assert read(text) == [
        ("f#t", "xm", "张'小,萌(a)", 1), ("f#t", "sjh", "138", 1), ("f#t", "sjh", "it's", 2)
    ]  # fmt: skip


def test_copies() -> None:
    text = "COPY public.t (xm, sjh) FROM stdin;\n张小萌\t138\n\\N\t139\n\\.\n-- 完\n"
    assert read(text) == [
        ("f#t", "xm", "张小萌", 1), ("f#t", "sjh", "138", 1), ("f#t", "sjh", "139", 2),
        ("f", "", "-- 完\n", 5),
    ]  # fmt: skip


def test_broken_ends() -> None:
    assert read("INSERT INTO t (a) VALUES ('x")[-1][1:3] == ("!", BROKEN.en)
    long = "INSERT INTO t (a) VALUES ('" + "x" * 5000 + "\n"
    assert read(long, Bounds(cell=1000))[-1][2] == BROKEN.en


def test_functions_and_spaces_in_values() -> None:
    got = read("INSERT INTO t (a, b) VALUES (now(), 1.5);")
    assert got[0][:3] == ("f#t", "a", "now()")


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="INSERTOVALU tx'\"(),;\\\n1", max_size=60))
def test_any_text(text: str) -> None:
    read("INSERT INTO t (a) VALUES " + text)
    for one in sql_pieces("f", io.BytesIO(text.encode()), Bounds()):
        assert isinstance(one, Piece | Unread)
