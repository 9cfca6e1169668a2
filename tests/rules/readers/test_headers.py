"""Which row names the columns."""

import pytest

from rules.readers.headers import headed, header_row, name_like, named


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([["姓名", "手机"], ["张小萌", "1"]], 0),
        ([["一班花名册", ""], ["姓名", "手机"], ["张小萌", "13800000000"]], 1),
        ([["张小萌", "13800000000"]], -1),
        ([["姓名"], ["张小萌"]], 0),
        ([[], ["姓名", "手机"]], 1),
        ([], -1),
        ([["同", "同"], ["姓名", "手机"]], -1),
    ],
)
def test_header_row(rows: list[list[str]], at: int) -> None:
    assert header_row(rows) == at


def test_headed() -> None:
    rows = [["花名册", ""], ["姓名", ""], ["张小萌", "1"]]
    got = list(headed([["花名册", ""], ["姓名", "手机"], ["张小萌", "1"]]))
    assert got == [(1, None, ["花名册", ""]), (3, ["姓名", "手机"], ["张小萌", "1"])]
    assert next(iter(headed([["1234", "a@b"]])))[1] == ["列1", "列2"]
    assert named(rows[1]) == ["姓名", "列2"]
    assert not name_like("13800000000")
