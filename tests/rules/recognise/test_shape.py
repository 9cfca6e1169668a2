"""What would make a parser slow is seen before it gets it; ordinary pages are not touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from rules.recognise.shape import ATTRIBUTES, DEPTH, Shape, form, tame

PAD = b" " * 9000


def attributes(count: int, piece: str) -> bytes:
    return b"<p " + "".join(piece.format(n) for n in range(count)).encode() + b">" + PAD


HOSTILE = {
    "deep": b"<div>" * 20_000,
    "deep behind end tags": b"</div>" * 20_000 + b"<div>" * 20_000,
    "deep with foreign end tags": b"<div></x>" * 20_000,
    "deep unknown names": b"".join(b"<x%d>" % n for n in range(5000)),
    "bodies": b"".join(b"<body a%d>" % n for n in range(5000)),
    "items in items": b"<dd>x<LI>" * 9000,
    "ruby without ruby": b"<rt>" * 9000,
    "groups without a list": b"<optgroup>" * 9000,
    "tags in tags": b"<x" * 30_000,
    "attributes": attributes(10_000, "a{} "),
    "attributes with values": attributes(10_000, 'a{}="<a>" '),
    "attributes without space": attributes(10_000, 'a{}="<a>"'),
    "attributes by slash": attributes(10_000, "/a{}"),
    "attributes with a quote inside": attributes(10_000, 'a{}=b" '),
    "attributes named like tags": attributes(10_000, "<a{} "),
    "attributes, some quoted ends": attributes(
        400, 'x{0}=">" ' + "".join(f"y{{0}}{n} " for n in range(30))
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    assert form(HOSTILE[name]).shape is Shape.HOSTILE


COPIOUS = {
    "many formats, many paragraphs": b"<p>"
    + b"".join(b"<b i=%d>" % n for n in range(300))
    + b"<p>x" * 2500,
    "bare formats": b"<p><b><b><b><i><i><i><u><u><u>" + b"<p>x" * 30_000,
}


@pytest.mark.parametrize("name", COPIOUS)
def test_copious_and_tamed(name: str) -> None:
    body = COPIOUS[name]
    assert form(body).shape is Shape.COPIOUS
    tree = LexborHTMLParser(tame(body))
    assert len(tree.css("*")) < 2 * body.count(b"<") + 10
    assert tree.root is not None
    assert tree.root.text().startswith("xx")


PLAIN = {
    "empty": b"",
    "text": b"no tag at all" * 2000,
    "a list never closed": b"<ul>" + b"<li>x<br>" * 1400 + PAD,
    "a table never closed": b"<table>" + b"<tr><td>x" * 1000 + PAD,
    "data urls": b'<img src="data:image/png;base64,' + b"A/b+" * 3000 + b'">' + PAD,
    "long description": b'<meta name=description content="' + b"word " * 400 + b'">' + PAD,
    "script": b"<script>" + b"if(a<b&&c>d){x='<p a b c>'}" * 700 + b"</script>",
    "at the edge": attributes(ATTRIBUTES - 10, "a{} "),
    "deep enough": b"<div>" * (DEPTH - 10) + PAD,
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name: str) -> None:
    assert form(PLAIN[name]).shape is Shape.PLAIN


@pytest.mark.parametrize(
    ("body", "commented"),
    [
        (b"<p>a<!-- x -->b", True),
        (b"<p>\xe8\xb5\x8c<!x>b", True),
        (b"<p>a<?x?>b", True),
        (b"<!doctype html><p>a</p><!-- x --> b", False),
        (b"<p>a <!-- x -->b", False),
        (b"<", False),
    ],
)
def test_comments_inside_words(body: bytes, commented: bool) -> None:
    assert form(body).commented is commented


def test_taming_keeps_the_tokens() -> None:
    assert tame(b'<B><i class="x">a</I><bold></bold><br><s/>') == (
        b'<q><q class="x">a</q><bold></bold><br><q/>'
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 100))
def test_any_bytes(body: bytes, times: int) -> None:
    form(body * times)
    tame(body)
