"""Logs fall into whole records; bad ones and unfinished ones are told apart."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.logs import records
from audit.lifecycle.logs.records import (
    Split,
    by_braces,
    by_indent,
    by_line,
    by_quotes,
    lines_of,
    text_of,
)


def split(how: Split, data: bytes) -> list[tuple[int, str, int, str]]:
    found = how(lines_of(io.BytesIO(data)))
    return [(one.line, one.text, one.end, one.bad) for one in found]


def test_lines_and_the_unfinished_last_one() -> None:
    assert split(by_line, b"a\nb\r\nhalf") == [(1, "a", 2, ""), (2, "b", 5, "")]


def test_quotes_hold_line_breaks() -> None:
    assert split(by_quotes, b'1,"a\nb"\n2\n3,"') == [(1, '1,"a\nb"', 8, ""), (3, "2", 10, "")]


def test_tabs_go_on() -> None:
    assert split(by_indent, b"a\n\tb\nc\n") == [(1, "a\n\tb", 5, ""), (3, "c", 7, "")]


def test_braces_in_any_layout() -> None:
    data = b'[\n{"a": "}"},\n{\n "b": {"c": 1}\n},\n{"broken": {\n{"d": 1}\n]\n'
    found = split(by_braces, data)
    assert [(line, bad) for line, _, _, bad in found] == [
        (1, ""), (2, ""), (3, ""), (6, "a brace is never closed"), (7, ""), (8, ""),
    ]  # fmt: skip


def test_what_is_too_long_is_bad_and_reading_goes_on() -> None:
    old = records.LONGEST
    try:
        records.LONGEST = 10
        assert split(by_line, b"x" * 50 + b"\nok\n") == [(1, "", 51, "too long"), (2, "ok", 54, "")]
        assert split(by_quotes, b'"aaaa\nbbbb\ncccc\n1\n')[0][3]
    finally:
        records.LONGEST = old


def test_encodings() -> None:
    assert text_of("学生".encode()) == "学生"
    assert text_of("学生".encode("gb18030")) == "学生"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([b'"', b"{", b"}", b"\n", b"\t", b"a", b"\xff", b"["]), max_size=60),
    st.sampled_from([by_line, by_quotes, by_indent, by_braces]),
)
def test_no_line_is_lost(parts: list[bytes], how: Split) -> None:
    data = b"".join(parts)
    found = list(how(lines_of(io.BytesIO(data))))
    line = 1
    for one in found:
        assert one.line == line
        line += one.lines
    assert all(one.end <= len(data) for one in found)
