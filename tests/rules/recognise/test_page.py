"""A body → Page: every kind of body, every budget, extremes."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.charset import Decoded, How
from rules.recognise.page import Budget, Page, kind_of, read_page, read_text

ZH = "今天我们学习了中国历史上的一些重要事件"


def everything(page: Page) -> str:
    return "\n".join((page.title, page.text, page.extras, page.strings, page.hidden))


@pytest.mark.parametrize(
    ("media", "body", "kind"),
    [
        ("text/html", b"", "html"),
        ("application/xhtml+xml", b"", "xml"),
        ("image/svg+xml", b"", "xml"),
        ("application/rss+xml", b"", "xml"),
        ("application/ld+json", b"", "json"),
        ("text/event-stream", b"", "events"),
        ("text/javascript", b"", "script"),
        ("text/markdown", b"", "plain"),
        ("text/plain", b"<p>", "plain"),
        ("text/css", b"", "style"),
        ("multipart/x-mixed-replace", b"", "parts"),
        ("message/rfc822", b"", "parts"),
        ("", b" <!doctype html>", "html"),
        ("", b'{"a":1}', "json"),
        ("*/*", b"words", "html"),
        ("image/png", b"<p>", ""),
        ("application/octet-stream", b"<p>", ""),
        ("video/mp4", b"", ""),
    ],
)
def test_kinds(media: str, body: bytes, kind: str) -> None:
    assert kind_of(media, body) == kind


BODIES: dict[str, tuple[str, str]] = {
    "html": ("text/html", f"<p>{ZH}"),
    "no type": ("", f"<p>{ZH}"),
    "xhtml": ("application/xhtml+xml", f"<html><script/><p>{ZH}</p></html>"),
    "svg": ("image/svg+xml", f"<svg><text>{ZH}</text></svg>"),
    "rss": ("application/rss+xml", f"<rss><title><![CDATA[{ZH}]]></title></rss>"),
    "json": ("application/json", json.dumps({"a": [ZH]})),
    "json, not escaped": ("application/json", json.dumps({"a": [ZH]}, ensure_ascii=False)),
    "json-ld": ("text/html", f'<script type="application/ld+json">{{"name":"{ZH}"}}</script>'),
    "island": ("text/html", f'<script id="__NEXT_DATA__">{{"p":"{ZH}"}}</script>'),
    "script": ("text/html", f"<script>document.write('{ZH}')</script>"),
    "script of templates": ("text/html", f"<script type='text/x-template'><p>{ZH}</script>"),
    "jsonp": ("application/javascript", f'cb({{"t":"{ZH}"}})'),
    "events": ("text/event-stream", "".join(f'data: {{"c":"{c}"}}\n\n' for c in ZH)),
    "plain": ("text/plain", ZH),
    "css": ("text/css", f"p::after{{content:'{ZH}'}}"),
    "style": ("text/html", f"<style>p::after{{content:'{ZH}'}}</style>"),
    "parts": ("multipart/x-mixed-replace", f"--b\nContent-Type: text/html\n\n<p>{ZH}\n--b--"),
    "data url": ("text/html", f"<iframe src='data:text/html,<p>{ZH}'></iframe>"),
    "javascript url": ("text/html", f"<a href='javascript:alert(\"{ZH}\")'>x</a>"),
    "data url, base64": (
        "text/html",
        f"<iframe src='data:text/html;base64,{base64.b64encode(ZH.encode()).decode()}'></iframe>",
    ),
    "srcdoc": ("text/html", f"<iframe srcdoc='<p>{ZH}'></iframe>"),
    "hidden": ("text/html", f"<p hidden>{ZH}</p>"),
    "alt": ("text/html", f"<img alt={ZH}>"),
    "title": ("text/html", f"<title>{ZH}</title>"),
    "too deep for a parser": ("text/html", "<div>" * 20_000 + ZH),
    "too deep, in a script": ("text/html", "<div>" * 20_000 + f"<script>x='{ZH}'</script>"),
}


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize("name", BODIES)
def test_every_kind_of_body(name: str, charset: str) -> None:
    media, body = BODIES[name]
    page = read_page(body.encode(charset), media, charset)
    assert ZH in everything(page)
    assert not page.cut


@pytest.mark.parametrize("name", BODIES)
def test_half_a_body(name: str) -> None:
    media, text = BODIES[name]
    body = text.encode()
    for size in (0, 1, len(body) // 3, len(body) - 1):
        read_page(body[:size], media)


def test_where_things_stand() -> None:
    page = read_page(
        b"<title>T</title><p>one<p hidden>two</p><img alt=three><a href=HTTP://x.example/y>four</a>"
        b"<a href=/local>five</a><a href=mailto:a@b>six</a>"
        b"<script>x='\xe5\x85\xad\xe4\xb8\x83'</script>",
        "Text/HTML ",
        "utf-8",
    )
    assert page == Page(
        title="T",
        text="one\nfour\nfive\nsix",
        extras="three",
        strings="六七",
        hidden="two",
        links=("HTTP://x.example/y", "mailto:a@b"),
        charset="utf-8",
        how=How.HEADER,
    )


def test_what_is_no_text() -> None:
    assert read_page(b"\x89PNG" + ZH.encode(), "image/png") == Page()


def test_pages_in_pages_end() -> None:
    deep = f"<p>{ZH}"
    for _ in range(6):
        deep = "<iframe src='data:text/html," + deep.replace("'", "%27").replace("%", "%25") + "'>"
    assert ZH not in everything(read_page(deep.encode(), "text/html"))
    body = b"x"
    for n in range(5):
        body = b"--b%d\nContent-Type: multipart/x\n\n%s\n--b%d--" % (n, body, n)
    assert read_page(body, "multipart/x").cut


@pytest.mark.parametrize(
    "budget",
    [Budget(bytes=100), Budget(characters=20), Budget(links=2)],
)
def test_budgets(budget: Budget) -> None:
    page = read_page(
        f"<a href=http://x.example/>{ZH}</a>".encode() * 3
        + b"<a href=http://y/>y</a><a href=http://z/>z</a>",
        "text/html",
        budget=budget,
    )
    assert page.cut
    assert len(page.text) <= budget.characters
    assert len(page.links) <= budget.links


@pytest.mark.parametrize("media", ["text/html", "text/plain", "application/json", "text/xml"])
def test_a_hundred_megabytes_on_one_line_are_not_copied(media: str) -> None:
    """A body that cannot be copied: the memory of one page, mapped over and over."""

    class Endless(bytes):
        asked = 0

        def __len__(self) -> int:
            return 100_000_000

        def __getitem__(self, key: object) -> bytes:  # type: ignore[override]
            assert isinstance(key, slice)
            Endless.asked = max(Endless.asked, key.stop)
            return b"a" * key.stop

    page = read_page(Endless(), media)
    assert page.cut
    assert Endless.asked == Budget().bytes
    assert read_page(memoryview(b"<p>x"), "text/html").text == "x"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000 + b'"deep"' + b"}" * 100_000,
        b'"' * 100_000,
        b"\\" * 100_000,
    ],
)
def test_deep_json(body: bytes) -> None:
    read_page(body, "application/json")


@pytest.mark.parametrize(
    "piece",
    [
        b"<",
        b"<p>",
        b"<div>",
        b"</",
        b"<!--",
        b"<a ",
        b"&",
        b"<b x=1>",
        b"<table>",
        b"\0",
        b"\xff",
        b"<svg>",
        b"<select><option>",
        b"<script>",
        b"<p hidden>x",
        b"\xe4",
        b"<template>",
        b"<a href=data:text/html,",
        b"<frameset>",
        b"<!doctype>",
        b"<math><mi>",
        b"<b><i></b>",
        b"<td>",
        b"<input value=",
        b"<title>",
    ],
)
def test_repetition(piece: bytes) -> None:
    read_page(piece * (100_000 // len(piece)), "text/html")


def test_text_that_is_decoded_already() -> None:
    decoded = Decoded(text="", charset="big5", how=How.META)
    page = read_text(f"<p>{ZH}", "html", decoded)
    assert (page.text, page.charset) == (ZH, "big5")
    assert read_text(ZH, "", decoded).text == ""


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "text/html",
            "application/json",
            "text/xml",
            "text/event-stream",
            "text/css",
            "text/javascript",
            "multipart/x",
            "",
            "text/plain",
            "x",
        ]
    ),
    st.sampled_from(["", "gbk", "utf-16", "x"]),
)
def test_any_bytes(body: bytes, media: str, charset: str) -> None:
    everything(read_page(body, media, charset)).encode("utf-8")
