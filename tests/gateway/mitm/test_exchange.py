"""flow → Facts and Page → flow, without a wire."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.test import tflow

from gateway.mitm.exchange import claimed, head_bytes, other_names, reader, relayed, respond
from gateway.page.model import Page

PAGE = Page(status=403, headers=(("Content-Type", "text/html"),), body="清朗".encode())


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", ""),
        ("www.example.cn", "www.example.cn"),
        ("WWW.Example.cn:8080", "www.example.cn"),
        ("www.example.cn.", "www.example.cn"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_claimed(text: str, host: str) -> None:
    assert claimed(text) == host


@pytest.mark.parametrize("text", ["a b", "a\x00b", "..", "a" * 300, "a/b"])
def test_hostile_claims(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        claimed(text)


@given(st.text(max_size=80))
def test_any_claim(text: str) -> None:
    try:
        found = claimed(text)
    except ValueError:
        return
    assert "\r" not in found
    assert "\n" not in found
    assert " " not in found


def test_other_names_are_each_there_once() -> None:
    assert other_names("a", "b", "a", "", "b", "c") == ("b", "c")


def test_reader_joins_and_lowers() -> None:
    headers = reader(((b"X-A", b"1"), (b"x-a", b"2"), (b"Host", "名".encode()), (b"B", b"\xff")))
    assert headers("x-a") == "1, 2"
    assert headers("host") == "名"
    assert headers("b") == "\ufffd"
    assert headers("none") == ""


@pytest.mark.parametrize(("method", "content"), [("GET", PAGE.body), ("HEAD", b"")])
def test_respond(method: str, content: bytes) -> None:
    flow = tflow.tflow(req=http.Request.make(method, "http://a.example/"))
    respond(flow, PAGE)
    assert flow.response is not None
    assert (flow.response.status_code, flow.response.raw_content) == (403, content)
    assert flow.response.headers["content-length"] == str(len(PAGE.body))


def test_head_bytes_is_a_whole_closing_answer() -> None:
    raw = head_bytes(PAGE)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"Connection: close" in head
    assert body == PAGE.body


def test_cookies_are_joined_as_one_header() -> None:
    headers = reader(((b"Cookie", b"a=1"), (b"cookie", b"b=2"), (b"X", b"1"), (b"x", b"2")))
    assert headers("cookie") == "a=1; b=2"
    assert headers("x") == "1, 2"


@pytest.mark.parametrize(
    ("target", "h2", "authority", "expected"),
    [
        (("a.example", 80), False, "b.example:80", "b.example"),
        (("a.example", 80), False, "", ""),
        (("a.example", 80), True, "b.example", ""),
        (None, False, "b.example:80", ""),
    ],
)
def test_relayed(target: tuple[str, int] | None, h2: bool, authority: str, expected: str) -> None:
    client: Any = SimpleNamespace(target=target)
    request: Any = SimpleNamespace(is_http2=h2, authority=authority)
    assert relayed(client, request) == expected
