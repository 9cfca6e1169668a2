"""A body that streams: whatever the chunks, what the whole page says is seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.growing import DECIDING, OVERLAP, WAITING, Growing, open_at_end
from rules.recognise.page import Budget, Page

HTML = (
    "<title>一个标题</title><p>今天我们学习<b>历史</b>很有意思</p><div>第二段文字赌<b>博</b>网站</div>"
    "<style>p{color:red}</style><!-- 注释 <p>不见</p> -->"
    "<script>var a='内嵌文字';</script><p>最后一段</p>"
)


def looks(body: bytes, media: str, charset: str, size: int) -> list[Page]:
    """Behind blanks enough to decide the encoding: each chunk, and the end."""
    growing = Growing(media, charset)
    growing.feed((" \n" * DECIDING).encode(charset))
    pages = [growing.look()]
    for at in range(0, len(body), size):
        growing.feed(body[at : at + size])
        pages.append(growing.look())
    return [*pages, growing.look(last=True)]


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16le"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 64, 1000])
def test_a_page_in_pieces(size: int, charset: str) -> None:
    pages = looks(HTML.encode(charset), "text/html", charset, size)
    text = "|".join(page.text for page in pages)
    for phrase in ("学习历史很有", "赌博网站", "最后一段"):
        assert phrase in text
    assert "不见" not in text
    assert "color" not in text
    assert "内嵌文字" in "|".join(page.strings for page in pages)
    assert not any(page.cut for page in pages)


@pytest.mark.parametrize(
    ("media", "body", "phrase"),
    [
        ("text/plain", "第一行\n第二行有赌博网站四字\n", "赌博网站"),
        ("application/json", '{"a":"赌博网站","b":["第二个字符串"]}', "第二个字符串"),
        ("text/event-stream", "".join(f'data: {{"c":"{c}"}}\n\n' for c in "赌博网站"), "赌博网站"),
        ("application/xml", "<a><b>赌博网站</b></a>", "赌博网站"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 30])
def test_other_kinds(media: str, body: str, phrase: str, size: int) -> None:
    pages = looks(body.encode(), media, "utf-8", size)
    assert phrase in "|".join(f"{page.text}|{page.strings}" for page in pages)


def test_blocks_stay_apart_across_a_cut() -> None:
    growing = Growing("text/html", "utf-8")
    growing.feed(b" " * DECIDING + b"<p>one</p>")
    assert growing.look().text == "one"
    growing.feed(b"<p>two</p> ")
    assert growing.look().text == "one\ntwo"
    growing.feed(b"thr")
    assert growing.look().text == "one\ntwo thr"
    growing.feed(b"ee")
    assert growing.look().text == "one\ntwo three"
    assert growing.look().text == ""


def test_the_encoding_waits_for_its_label() -> None:
    growing = Growing("text/html")
    growing.feed(b"<!doctype html>")
    assert growing.look() == Page()
    growing.feed("<meta charset=gbk><p>清朗".encode("gbk"))
    assert growing.look() == Page()
    page = growing.look(last=True)
    assert (page.text, page.charset) == ("清朗", "gb18030")


def test_the_overlap_is_short() -> None:
    growing = Growing("text/plain", "utf-8")
    growing.feed(b"x" * DECIDING)
    growing.look()
    growing.feed(b"y")
    assert growing.look().text == "x" * OVERLAP + "y"


def test_parts_are_read_whole() -> None:
    growing = Growing("multipart/x-mixed-replace")
    growing.feed(b"--b\nContent-Type: text/html\n\n<p>one</p>\n--b--")
    assert growing.look(last=True).text == "one"


def test_memory_is_bounded_and_said() -> None:
    growing = Growing("text/html", "utf-8", budget=Budget(bytes=2000))
    for _ in range(100):
        growing.feed(b"a" * 100)
    assert growing.size == 2000
    assert growing.look().cut
    growing.feed(b"b")
    assert growing.size == 1
    assert not growing.look().cut


def test_a_tag_that_never_ends_is_not_waited_for() -> None:
    growing = Growing("text/html", "utf-8")
    growing.feed(b"<p " + b"a" * (WAITING + 10))
    assert growing.look().cut
    growing.feed(b"><p>later</p>")
    assert "later" in growing.look().text


@pytest.mark.parametrize(
    "spoof",
    ['<p title="<script>">', "<p title='<!--'>", "<a href=<script>>", "<textarea></textarea>"],
)
def test_what_only_looks_open_hides_nothing(spoof: str) -> None:
    growing = Growing("text/html", "utf-8")
    growing.feed((" " * DECIDING + spoof + "one").encode())
    growing.look()
    growing.feed(b" word <i>and</i> two")
    assert growing.look().text.endswith("one word and two")


def test_what_is_open_stays_open() -> None:
    growing = Growing("text/html", "utf-8")
    growing.feed(b" " * DECIDING + b"shown<script>x=1;")
    assert growing.look().text == "shown"
    growing.feed(b"y='code';</script><!-- c <p>")
    assert growing.look().text == ""
    growing.feed(b"no</p> --><p>seen</p>")
    assert growing.look().text == "shown\nseen"


@pytest.mark.parametrize(
    ("text", "opened", "result"),
    [
        ("<p>", "", ""),
        ("<script>x", "", "<script>"),
        ("<script>x</SCRIPT>", "", ""),
        ("<script>'<!--'", "", "<script>"),
        ("<!-- <script>", "", "<!--"),
        ("--> <STYLE media=x>", "<!--", "<STYLE media=x>"),
        ("x", "<title>", "<title>"),
        ("x</title><!--", "<title>", "<!--"),
        ("<scripted>", "", ""),
    ],
)
def test_what_is_open(text: str, opened: str, result: str) -> None:
    assert open_at_end(text, opened) == result


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=30) | st.sampled_from([b"<script>", b"<!--", b"-->", b"<p", b">"]),
        max_size=12,
    ),
    st.sampled_from(
        ["text/html", "application/json", "text/event-stream", "text/plain", "multipart/x", "x"]
    ),
)
def test_any_chunks(chunks: list[bytes], media: str) -> None:
    growing = Growing(media)
    for chunk in chunks:
        growing.feed(chunk)
        growing.look().text.encode("utf-8")
    growing.look(last=True)
