"""Fields of request bodies."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.forms import MAX_FIELDS, MAX_VALUE, form_text

MULTIPART = (
    '--b\r\nContent-Disposition: form-data; name="词"\r\n\r\n赌博\r\n'
    '--b\r\nContent-Disposition: form-data; name="file"; filename="表.txt"\r\n'
    "Content-Type: text/plain\r\n\r\nsecret content\r\n"
    '--b\r\nContent-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n'
    '{"a":"b"}\r\n--b--\r\n'
).encode()


@pytest.mark.parametrize(
    ("body", "media", "found"),
    [
        (
            b"q=%E8%B5%8C%E5%8D%9A+x&r=",
            "application/x-www-form-urlencoded",
            (("q", "赌博 x"), ("r", "")),
        ),
        (b"q=%B6%C4%B2%A9", "application/x-www-form-urlencoded; charset=GBK", (("q", "赌博"),)),
        (
            b"_charset_=gbk&q=%B6%C4%B2%A9",
            "application/x-www-form-urlencoded",
            (("_charset_", "gbk"), ("q", "赌博")),
        ),
        (b"&&q&=v", "application/x-www-form-urlencoded", (("q", ""), ("", "v"))),
        (
            '{"m":[{"content":"你好"}]}'.encode(),
            "application/json; charset=utf-8",
            (("m[].content", "你好"),),
        ),
        (b' {"a":"b"}', "text/plain;charset=UTF-8", (("a", "b"),)),
        (b"just words", "text/plain", (("", "just words"),)),
        (b'{"a":"x"}\n{"a":"y"}', "application/x-ndjson", (("", "xy"),)),
        (b"a=b", "", (("a", "b"),)),
        (b"", "text/plain", ()),
        (b"\x00\x01", "application/octet-stream", ()),
        (
            MULTIPART,
            'multipart/form-data; boundary="b"',
            (("词", "赌博"), ("file", "表.txt"), ("j.a", "b")),
        ),
        (MULTIPART, "multipart/form-data", (("词", "赌博"), ("file", "表.txt"), ("j.a", "b"))),
    ],
)
def test_fields(body: bytes, media: str, found: tuple[tuple[str, str], ...]) -> None:
    assert form_text(body, media) == found


def test_unlabelled_gbk_is_recognised() -> None:
    words = "今天我们学习了中国的历史"
    body = ("q=" + quote(words, encoding="gbk")).encode()
    assert form_text(body, "application/x-www-form-urlencoded") == (("q", words),)


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"a=b&" * 10_000, "application/x-www-form-urlencoded"),
        (json.dumps(["x"] * 10_000).encode(), "application/json"),
        (b"q=" + b"a" * 10_000_000, "application/x-www-form-urlencoded"),
        (b"[" * 100_000, "application/json"),
        (b"--b\r\n\r\nx\r\n" * 10_000, "multipart/form-data; boundary=b"),
        (b"%" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
def test_bounds(body: bytes, media: str) -> None:
    found = form_text(body, media)
    assert len(found) <= MAX_FIELDS
    assert all(len(value) <= MAX_VALUE for _, value in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=9)), min_size=1, max_size=5
    )
)
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs, encoding="utf-8", errors="replace").encode()
    wanted = [tuple(word.encode("utf-8", "replace").decode() for word in pair) for pair in pairs]
    assert list(form_text(body, "application/x-www-form-urlencoded")) == wanted


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            "application/json",
            "text/plain",
            "",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "multipart/form-data",
            "application/x-ndjson",
        ]
    ),
)
def test_any_bytes(body: bytes, media: str) -> None:
    for name, value in form_text(body, media):
        (name + value).encode("utf-8")
