"""Replies from bytes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.reply import Reply, decoded, parse


def test_a_reply() -> None:
    found = parse(b"HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\nhi")
    assert found == Reply(
        status=200,
        headers=(("server", "x"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
        text="hi",
    )  # fmt: skip
    assert found is not None
    assert (found.header("none"), found.every("set-cookie")) == (None, ["a=1", "b=2"])


def test_chunks_also_when_they_break_off() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body, text in (
        (b"2\r\nhi\r\n3;x=1\r\n yo\r\n0\r\n\r\n", "hi yo"),
        (b"ff\r\nhi", "hi"),
        (b"zz\r\n", ""),
    ):
        found = parse(head + body)
        assert found is not None
        assert found.text == text


def test_text_in_gbk() -> None:
    data = "<meta charset=gb2312>学校门户".encode("gb18030")
    assert "学校门户" in decoded(data, {})
    assert "学校门户" in decoded(
        "学校门户".encode("gb18030"), {"content-type": "text/html; charset=no-such"}
    )
    assert decoded(b"\x80", {}) != ""


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    parse(data)
    assert parse(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n" + data) is not None
    if not data.startswith(b"HTTP/1."):
        assert parse(data) is None
